// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Whatever is there, the assessment is not empty.
func TestEmpty(t *testing.T) {
	for _, tt := range []struct {
		workloads, jobs, cronJobs int
		want                      bool
	}{
		{0, 0, 0, true}, {1, 0, 0, false}, {0, 1, 0, false}, {0, 0, 1, false}, {1, 1, 0, false}, {1, 0, 1, false}, {0, 1, 1, false}, {2, 1, 1, false},
	} {
		a := Assessment{Workloads: make([]Workload, tt.workloads), Jobs: make([]Job, tt.jobs), CronJobs: make([]CronJob, tt.cronJobs)}
		if got := a.empty(); got != tt.want {
			t.Errorf("%d workloads, %d jobs, %d CronJobs: empty %v", tt.workloads, tt.jobs, tt.cronJobs, got)
		}
	}
}

func TestBeingDeleted(t *testing.T) {
	p := twa()
	if got := beingDeleted(p); got != "being deleted" {
		t.Error(got)
	}
	p.Finalizers = []string{"a/b", "c"}
	if got := beingDeleted(p); got != "being deleted, waiting for a/b, c" {
		t.Error(got)
	}
}

// What is normal while a pod starts is nothing that a status hides.
func TestBroken(t *testing.T) {
	probed := runs(time.Hour, func(s *corev1.ContainerStatus) {})
	for name, tt := range map[string]struct {
		pod  *corev1.Pod
		want int
	}{
		"a probe":  {twa(notReady(time.Hour), hasContainer(time.Hour, probed)), 0},
		"an image": {twa(notReady(time.Hour), pullFails("ImagePullBackOff", time.Hour)), 1},
	} {
		f := newFinder(Objects{Pods: []*corev1.Pod{tt.pod}}, now)
		if all := f.onContainers(tt.pod); len(all) != 1 {
			t.Errorf("%s: %+v", name, all)
		}
		if got := f.broken([]*corev1.Pod{tt.pod}); len(got) != tt.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// How the last run ended is said of one that was restarted.
func TestStartupSummary(t *testing.T) {
	for restarts, want := range map[int32]string{0: "startup probe: has not passed yet", 1: "startup probe: has not passed yet, 1 restart, last exit code 1"} {
		c := Cause{Code: StartupProbe, Restarts: restarts, LastExit: "last exit code 1"}
		if got := c.startupSummary(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// The warnings of a claim, which many pods may share, are searched for once.
func TestWarningsAreSearchedForOnce(t *testing.T) {
	c := claim("data", corev1.ClaimPending)
	f := newFinder(Objects{Claims: []*corev1.PersistentVolumeClaim{c}}, now)
	f.warningsOf(c)
	if _, ok := f.warned["data"]; !ok {
		t.Error("what was found is forgotten")
	}
}

// An eviction explains why another pod starts, until ten minutes later.
func TestEvictedUntil(t *testing.T) {
	for since, want := range map[time.Duration]int{long: 1, long + 1: 0} {
		p := twa(notReady(since), func(p *corev1.Pod) { p.Status.Phase, p.Status.Reason = corev1.PodFailed, "Evicted" })
		if got := newFinder(Objects{}, now).evicted([]*corev1.Pod{p}, every); len(got) != want {
			t.Errorf("%s ago: %+v", since, got)
		}
	}
}

// How far a running job is: several completions are counted, one is not.
func TestRunningReason(t *testing.T) {
	for _, tt := range []struct {
		completions    *int32
		active, failed int32
		attempts       int
		want           string
	}{
		{nil, 0, 0, 1, "running"}, {new(int32(1)), 1, 0, 1, "running"}, {new(int32(2)), 1, 0, 1, "running, 0 of 2 completions"},
		{nil, 0, 1, 1, "attempt 1 of at most 7 failed"}, {nil, 1, 1, 1, "running"}, {nil, 1, 1, 2, "attempt 2 of at most 7"},
	} {
		j := &batchv1.Job{Spec: batchv1.JobSpec{Completions: tt.completions}, Status: batchv1.JobStatus{Active: tt.active, Failed: tt.failed}}
		if got := runningReason(j, tt.attempts); got != tt.want {
			t.Errorf("%d active, %d failed: %q, want %q", tt.active, tt.failed, got, tt.want)
		}
	}
}

// What is found on the pods of a job is a reason only while its end is not decided.
func TestReasonsOfCauses(t *testing.T) {
	causes := []Cause{Cause{Code: ImagePull, Message: "no such host"}.judged(now)}
	for _, tt := range []struct {
		status batchv1.JobStatus
		want   string
	}{
		{batchv1.JobStatus{Active: 1}, "running, " + causes[0].Summary()},
		{batchv1.JobStatus{Failed: 7, Conditions: []batchv1.JobCondition{jobIs(batchv1.JobFailureTarget, "BackoffLimitExceeded", "")}}, "failing, BackoffLimitExceeded"},
		{batchv1.JobStatus{Failed: 7, Conditions: []batchv1.JobCondition{jobIs(batchv1.JobFailed, "BackoffLimitExceeded", "")}}, "BackoffLimitExceeded"},
	} {
		if got := JobOf(&batchv1.Job{Status: tt.status}, nil, causes).Reason; got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

// ZooKeeper nodes are wanted if there is one, and of the nodes that the status lists those are brokers
// that are no controllers.
func TestNodesThatAreWanted(t *testing.T) {
	labeled := func(name, component, role string) *corev1.Pod {
		return pod("StrimziPodSet", "x", name, func(p *corev1.Pod) {
			p.Labels = map[string]string{"strimzi.io/cluster": "x", "strimzi.io/name": "x-" + component, "strimzi.io/broker-role": role}
		})
	}
	zoo := custom("x", tree{"kafka": tree{"replicas": int64(3)}, "zookeeper": tree{"replicas": int64(3)}}, nil)
	for want, pods := range map[int32][]*corev1.Pod{0: {labeled("a", "kafka", "true")}, 3: {labeled("a", "kafka", "true"), labeled("z", "zookeeper", "")}} {
		if got := nodesOf(zoo, Objects{Pods: pods}).zookeepers.want; got != want {
			t.Errorf("%d ZooKeeper nodes are wanted, want %d", got, want)
		}
	}
	listed := custom("x", nil, tree{"kafkaNodePools": []any{tree{"nodeIds": []any{int64(0), int64(1), int64(2), int64(3), int64(4)}}}})
	if c := nodesOf(listed, Objects{Pods: []*corev1.Pod{labeled("a", "kafka", "false"), labeled("b", "kafka", "false")}}); c.brokers.want != 3 || c.controllers.want != 2 || !c.known {
		t.Errorf("%+v", c)
	}
}

// The lists of pods say who is a broker.
func TestNodesOfPodSets(t *testing.T) {
	of := func(role string) tree {
		return tree{"metadata": tree{"labels": tree{"strimzi.io/broker-role": role}}}
	}
	set := custom("x-kafka", tree{"pods": []any{of("true"), of("false"), of("false"), of("")}}, nil)
	set.SetLabels(map[string]string{"strimzi.io/cluster": "x", "strimzi.io/name": "x-kafka"})
	var c kafkaNodes
	if ok := c.wantPodSets([]*unstructured.Unstructured{set}); !ok || c.brokers.want != 2 || c.controllers.want != 2 {
		t.Errorf("%v, %+v", ok, c)
	}
}

// ZooKeeper is in use until a migration begins.
func TestUsesZooKeeper(t *testing.T) {
	for _, tt := range []struct {
		state, kraft string
		want         bool
	}{
		{"", "", true}, {"ZooKeeper", "", true}, {"ZooKeeper", "disabled", true}, {"", "disabled", true},
		{"ZooKeeper", "migration", false}, {"", "enabled", false}, {"KRaft", "", false}, {"KRaftMigration", "disabled", false},
	} {
		k := custom("x", nil, tree{"kafkaMetadataState": tt.state})
		k.SetAnnotations(map[string]string{"strimzi.io/kraft": tt.kraft})
		if got := usesZooKeeper(k); got != tt.want {
			t.Errorf("state %q, annotation %q: %v", tt.state, tt.kraft, got)
		}
	}
}

// A pod is cut off if its node gave no reason of its own why it is not ready.
func TestCutOff(t *testing.T) {
	for reason, want := range map[string]bool{"": true, "NodeLost": true, "ContainersNotReady": false} {
		p := twa()
		setCondition(p, corev1.PodReady, corev1.ConditionFalse, reason, "", time.Hour)
		if got := cutOff(p); got != want {
			t.Errorf("not ready for the reason %q: cut off %v", reason, got)
		}
	}
	for want, statuses := range map[bool][]corev1.ContainerStatus{false: nil, true: {{Ready: true}}} {
		p := twa()
		p.Status.Conditions, p.Status.ContainerStatuses = nil, statuses
		if got := containersReady(p); got != want {
			t.Errorf("%d containers: ready %v", len(statuses), got)
		}
	}
}

// What a status counts are a job's active pods, or a workload's ready ones.
func TestBehindSummary(t *testing.T) {
	for o, want := range map[Object]string{
		{"Job", "twa-sql"}:     "the status counts pods as active that are not",
		{"StatefulSet", "lrc"}: "the status counts pods as ready that are not",
	} {
		if got := (Cause{Code: StatusBehind, Object: o}).Summary(); got != want {
			t.Errorf("%s: %q, want %q", o, got, want)
		}
	}
	if got := (Object{"Pod", "lrc-0"}).String(); got != "Pod lrc-0" {
		t.Error(got)
	}
}

// A pod is a hook of its own while it may succeed, unless a job made it.
func TestHooksThatArePods(t *testing.T) {
	hook := func(p *corev1.Pod) {
		p.OwnerReferences, p.Annotations = nil, map[string]string{isHook: "pre-upgrade"}
	}
	for name, tt := range map[string]struct {
		edits []func(*corev1.Pod)
		want  bool
	}{
		"at work":            {[]func(*corev1.Pod){hook}, true},
		"no hook":            {[]func(*corev1.Pod){func(p *corev1.Pod) { p.OwnerReferences = nil }}, false},
		"of a job":           {[]func(*corev1.Pod){hook, func(p *corev1.Pod) { p.OwnerReferences = controller("Job", "twa-sql") }}, false},
		"ended":              {[]func(*corev1.Pod){hook, func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded }}, false},
		"it cannot succeed":  {[]func(*corev1.Pod){hook, pullFails("InvalidImageName", time.Hour)}, false},
		"it may yet succeed": {[]func(*corev1.Pod){hook, pullFails("ImagePullBackOff", time.Second)}, true},
	} {
		a := Assess(Objects{Pods: []*corev1.Pod{twa(tt.edits...)}}, now)
		if got := a.Hooks(); len(got) > 0 != tt.want || tt.want && got[0].Object != (Object{"Pod", "twa-0"}) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// A StatefulSet that is ready with pods of before is held back.
func TestHeldBack(t *testing.T) {
	for _, tt := range []struct {
		kind    string
		state   State
		updated int32
		want    bool
	}{
		{"StatefulSet", Ready, 2, true}, {"StatefulSet", Ready, 3, false}, {"StatefulSet", Progressing, 2, false}, {"Deployment", Ready, 2, false},
	} {
		if got := (Workload{Kind: tt.kind, State: tt.state, Want: 3, Updated: tt.updated}).HeldBack(); got != tt.want {
			t.Errorf("%+v: %v", tt, got)
		}
	}
}

// What pods run is their images and restarts; a Deployment without pods would run those of its template.
func TestRunningImages(t *testing.T) {
	image := func(image string, restarts int32) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			p.Spec.Containers = []corev1.Container{{Image: image}}
			p.Status.ContainerStatuses = []corev1.ContainerStatus{{RestartCount: restarts}}
		}
	}
	of := func(name string) *appsv1.Deployment {
		d := deployment(func(d *appsv1.Deployment) { d.Name = name })
		d.Spec.Template.Spec.Containers = []corev1.Container{{Image: "template"}}
		return d
	}
	empty := statefulSet(func(s *appsv1.StatefulSet) { s.Name, s.UID = "zookeeper", "zookeeper-uid" })
	o := Objects{
		Deployments: []*appsv1.Deployment{of("twa"), of("idle")}, StatefulSets: []*appsv1.StatefulSet{statefulSet(func(*appsv1.StatefulSet) {}), empty},
		Pods: []*corev1.Pod{twaPod("twa-x-1", "x", image("b", 1)), twaPod("twa-x-2", "x", image("a", 2)), twaPod("twa-x-3", "x", image("old", 7), deletedAgo(0)), lrcPod(0, "lrc-new", image("c", 0))},
	}
	want := map[Object]Running{{"Deployment", "twa"}: {[]string{"a", "b"}, 3}, {"Deployment", "idle"}: {[]string{"template"}, 0}, {"StatefulSet", "lrc"}: {[]string{"c"}, 0}}
	if diff := cmp.Diff(want, o.Running()); diff != "" {
		t.Errorf("running (-want +got):\n%s", diff)
	}
}

// Of a container's probes it is kept that there are any.
func TestStripKeepsProbes(t *testing.T) {
	for _, startup := range []*corev1.Probe{nil, {PeriodSeconds: 7}} {
		for _, ready := range []*corev1.Probe{nil, {PeriodSeconds: 7}} {
			got := stripContainers([]corev1.Container{{StartupProbe: startup, ReadinessProbe: ready}})[0]
			if (got.StartupProbe != nil) != (startup != nil) || (got.ReadinessProbe != nil) != (ready != nil) {
				t.Errorf("startup probe %v, readiness probe %v: %+v", startup, ready, got)
			}
		}
	}
}

// What is no object of its kind is an error, which names the kind.
func TestDecode(t *testing.T) {
	k := KeptKind(KeptKinds(), "Job")
	if o, err := k.Decode([]byte(`{"metadata":{"name":"twa-sql"}}`)); err != nil || o.GetName() != "twa-sql" {
		t.Errorf("%v, %v", o, err)
	}
	if o, err := k.Decode([]byte(`{"metadata":7}`)); err == nil || !strings.HasPrefix(err.Error(), "read a Job: ") {
		t.Errorf("%v, %v", o, err)
	}
}
