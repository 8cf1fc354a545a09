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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func born(d time.Duration) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.CreationTimestamp = ago(d) }
}

func labelled(key, value string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Labels[key] = value }
}

// inLoop makes a pod that has been in a crash loop for so long.
func inLoop(d time.Duration) func(*corev1.Pod) {
	return hasContainer(d, loops(ended(1, "Error", "", d)))
}

// twaPod is a pod of the Deployment twa.
func twaPod(name, hash string, edits ...func(*corev1.Pod)) *corev1.Pod {
	p := pod("ReplicaSet", "twa-"+hash, name, edits...)
	p.Labels["pod-template-hash"] = hash
	return p
}

func judged(t *testing.T, o Objects) Workload {
	t.Helper()
	p := Assess(o, now)
	if len(p.Workloads) != 1 {
		t.Fatalf("%d workloads, want one", len(p.Workloads))
	}
	return p.Workloads[0]
}

func TestOldPodsOfADeployment(t *testing.T) {
	const hour = time.Hour
	tests := []struct {
		name    string
		updated int32
		pods    []*corev1.Pod
		want    State
	}{
		{"the new pod crashes", 1, []*corev1.Pod{twaPod("a", "old", born(9*hour)), twaPod("b", "new", born(hour), inLoop(hour))}, Failed},
		{"an old pod crashes", 1, []*corev1.Pod{twaPod("a", "old", born(9*hour), inLoop(hour)), twaPod("b", "new", born(hour))}, Progressing},
		{"an old pod was replaced in the middle, and crashes", 1, []*corev1.Pod{
			twaPod("a", "old", born(9*hour)), twaPod("b", "old", born(hour), inLoop(hour)), twaPod("c", "new", born(2*hour)),
		}, Progressing},
		{"no new pod could be created", 0, []*corev1.Pod{twaPod("a", "old", born(9*hour), inLoop(hour)), twaPod("b", "old", born(9*hour), inLoop(hour))}, Progressing},
		{"rolled back to the old spec", 2, []*corev1.Pod{
			twaPod("a", "old", born(9*hour)), twaPod("b", "old", born(9*hour)), twaPod("c", "new", born(hour), inLoop(hour)),
		}, Progressing},
		{"the new pods crash, one is evicted", 1, []*corev1.Pod{
			twaPod("a", "old", born(9*hour)), twaPod("c", "new", born(hour), inLoop(hour)),
			twaPod("d", "new", born(2*hour), func(p *corev1.Pod) { p.Status.Phase = corev1.PodFailed }),
		}, Failed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := deployment(func(d *appsv1.Deployment) {
				d.Status.UpdatedReplicas, d.Status.Replicas, d.Status.AvailableReplicas = tt.updated, int32(len(tt.pods)), 1
			})
			if w := judged(t, Objects{Deployments: []*appsv1.Deployment{d}, Pods: tt.pods}); w.State != tt.want {
				t.Errorf("%s %q, want %s", w.State, w.Reason, tt.want)
			}
		})
	}
}

func TestOldPodsOfADaemonSet(t *testing.T) {
	const hour = time.Hour
	agent := func(name, hash, generation string, edits ...func(*corev1.Pod)) *corev1.Pod {
		return pod("DaemonSet", "agent", name, append(edits, ofRevision(hash), labelled("pod-template-generation", generation))...)
	}
	onDelete := func(d *appsv1.DaemonSet) { d.Spec.UpdateStrategy.Type = appsv1.OnDeleteDaemonSetStrategyType }
	annotated := func(d *appsv1.DaemonSet) {
		d.Annotations = map[string]string{appsv1.DeprecatedTemplateGeneration: "2"}
	}
	tests := []struct {
		name    string
		edit    func(*appsv1.DaemonSet)
		updated int32
		pods    []*corev1.Pod
		want    State
	}{
		{"the old pod crashes", annotated, 1, []*corev1.Pod{agent("a", "old", "1", born(9*hour), inLoop(hour)), agent("b", "new", "2", born(hour))}, Progressing},
		{"the new pod crashes", annotated, 1, []*corev1.Pod{agent("a", "old", "1", born(9*hour)), agent("b", "new", "2", born(hour), inLoop(hour))}, Failed},
		{"the old pod crashes, no annotation", nil, 1, []*corev1.Pod{agent("a", "old", "1", born(9*hour), inLoop(hour)), agent("b", "new", "2", born(hour))}, Progressing},
		{"the new pod crashes, no annotation", nil, 1, []*corev1.Pod{agent("a", "old", "1", born(9*hour)), agent("b", "new", "2", born(hour), inLoop(hour))}, Failed},
		{"none is updated yet", annotated, 0, []*corev1.Pod{agent("a", "old", "1", born(9*hour), inLoop(hour)), agent("b", "old", "1", born(9*hour))}, Progressing},
		{"rolled back: pods of the hash are updated", func(d *appsv1.DaemonSet) {
			d.Annotations = map[string]string{appsv1.DeprecatedTemplateGeneration: "3"}
		}, 2, []*corev1.Pod{
			agent("a", "old", "1", born(9*hour), inLoop(hour)), agent("b", "old", "3", born(time.Minute)), agent("c", "new", "2", born(hour)),
		}, Failed},
		{"OnDelete: nobody replaces the old pod", onDelete, 1, []*corev1.Pod{agent("a", "old", "1", born(9*hour), inLoop(hour)), agent("b", "new", "2", born(hour))}, Failed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := &appsv1.DaemonSet{ObjectMeta: meta("agent", 2)}
			n := int32(len(tt.pods))
			d.Status = appsv1.DaemonSetStatus{ObservedGeneration: 2, DesiredNumberScheduled: n, UpdatedNumberScheduled: tt.updated, NumberReady: n - 1, NumberAvailable: n - 1}
			if tt.edit != nil {
				tt.edit(d)
			}
			if w := judged(t, Objects{DaemonSets: []*appsv1.DaemonSet{d}, Pods: tt.pods}); w.State != tt.want {
				t.Errorf("%s %q, want %s", w.State, w.Reason, tt.want)
			}
		})
	}
}

func TestOldPodsOfAStatefulSet(t *testing.T) {
	const hour, minute = time.Hour, time.Minute
	parallel := func(s *appsv1.StatefulSet) { s.Spec.PodManagementPolicy = appsv1.ParallelPodManagement }
	at := func(partition int32) func(*appsv1.StatefulSet) {
		return func(s *appsv1.StatefulSet) { s.Spec.UpdateStrategy.RollingUpdate.Partition = &partition }
	}
	// Not ready since it was created, or only since later.
	never := func(d time.Duration) func(*corev1.Pod) { return all(born(d), notReady(d)) }
	since := func(d time.Duration) func(*corev1.Pod) { return all(born(99*hour), notReady(d)) }
	tests := []struct {
		name  string
		edit  func(*appsv1.StatefulSet)
		pod   func(*corev1.Pod)
		want  State
		stuck bool // the pod is to be deleted
	}{
		{"a pod of a bad revision never became ready", nil, never(25 * minute), Failed, true},
		{"it may yet", nil, never(5 * minute), Progressing, false},
		{"it was ready before, and may be again", nil, since(20 * minute), Progressing, false},
		{"it was ready before, long ago", nil, since(40 * minute), Failed, true},
		{"it cannot have its image", nil, all(born(5*minute), pullFails("ImagePullBackOff", 5*minute)), Failed, true},
		{"it crashes", nil, all(born(hour), inLoop(hour)), Failed, true},
		{"no node takes it", nil, all(born(hour), unscheduled("Unschedulable", "", hour)), Failed, true},
		{"it is stopping already", nil, all(never(hour), deletedAgo(-minute)), Progressing, false},
		{"it failed: Kubernetes makes another", nil, all(never(hour), func(p *corev1.Pod) { p.Status.Phase = corev1.PodFailed }), Progressing, false},
		{"Parallel: Kubernetes replaces it", parallel, all(born(hour), inLoop(hour)), Progressing, false},
		{"Parallel, with maxUnavailable", func(s *appsv1.StatefulSet) {
			parallel(s)
			s.Spec.UpdateStrategy.RollingUpdate.MaxUnavailable = new(intstr.FromInt32(1))
		}, all(born(hour), inLoop(hour)), Progressing, false},
		{"below the partition no other revision is wanted", at(2), all(born(hour), inLoop(hour)), Failed, false},
		{"below the partition, and slow", at(2), never(25 * minute), Progressing, false},
		{"OnDelete: nobody replaces it", onDelete, all(born(hour), inLoop(hour)), Failed, true},
		{"OnDelete, with an operator that waits for it", func(s *appsv1.StatefulSet) {
			onDelete(s)
			s.OwnerReferences = controller("PerconaServerMongoDB", "mongo-replicaset")
		}, all(born(hour), inLoop(hour)), Failed, true},
		{"no revision is told", func(s *appsv1.StatefulSet) { s.Status.UpdateRevision = "" }, all(born(hour), inLoop(hour)), Failed, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := statefulSet(func(s *appsv1.StatefulSet) {
				s.Status.UpdatedReplicas, s.Status.ReadyReplicas = 1, 2
				if tt.edit != nil {
					tt.edit(s)
				}
			})
			pods := []*corev1.Pod{lrcPod(0, "lrc-old"), lrcPod(1, "lrc-bad", tt.pod), lrcPod(2, "lrc-new")}
			w := judged(t, Objects{StatefulSets: []*appsv1.StatefulSet{s}, Pods: pods})
			stuck := len(w.Causes) > 0 && w.Causes[0].Code == OldRevision || len(w.Causes) > 1 && w.Causes[1].Code == OldRevision
			if w.State != tt.want || stuck != tt.stuck {
				t.Errorf("%s %q, to be deleted %v; want %s, %v\n%+v", w.State, w.Reason, stuck, tt.want, tt.stuck, w.Causes)
			}
		})
	}
}

// A surplus pod is about to go, whatever is wrong with it.
func TestSurplusPodsFailNothing(t *testing.T) {
	s := statefulSet(func(s *appsv1.StatefulSet) { s.Status.Replicas = 4 })
	pods := []*corev1.Pod{lrcPod(0, "lrc-new"), lrcPod(1, "lrc-new"), lrcPod(2, "lrc-new"), lrcPod(3, "lrc-new", inLoop(time.Hour))}
	if w := judged(t, Objects{StatefulSets: []*appsv1.StatefulSet{s}, Pods: pods}); w.State != Progressing {
		t.Errorf("%s %q, want %s", w.State, w.Reason, Progressing)
	}
}

// Ordinals may begin elsewhere than at zero: those before are surplus.
func TestOrdinalsOfAStatefulSet(t *testing.T) {
	pods := func(names ...int) (list []*corev1.Pod) {
		for _, n := range names {
			list = append(list, lrcPod(n, "lrc-new"))
		}
		return list
	}
	tests := []struct {
		name string
		pods []*corev1.Pod
		want string
	}{
		{"as wanted", pods(5, 6, 7), ""},
		{"one from before is left, one is missing", pods(0, 5, 6), "scaling down, 1 pod too many"},
		{"one too many", pods(6, 7, 8), "scaling down, 1 pod too many"},
	}
	for _, tt := range tests {
		s := statefulSet(func(s *appsv1.StatefulSet) { s.Spec.Ordinals = &appsv1.StatefulSetOrdinals{Start: 5} })
		if w := statefulSetRule(s, tt.pods, nil); w.Reason != tt.want {
			t.Errorf("%s: %s %q, want %q", tt.name, w.State, w.Reason, tt.want)
		}
	}
	s := statefulSet(func(s *appsv1.StatefulSet) {
		s.Spec.Ordinals = &appsv1.StatefulSetOrdinals{Start: 5}
		s.Spec.UpdateStrategy.RollingUpdate.Partition = new(int32(2))
		s.Status.UpdatedReplicas = 1
	})
	old := []*corev1.Pod{lrcPod(5, "lrc-old"), lrcPod(6, "lrc-old"), lrcPod(7, "lrc-new")}
	if w := statefulSetRule(s, old, nil); !w.HeldBack() {
		t.Errorf("a partition of two: %s %q, want two pods held back", w.State, w.Reason)
	}
	old[2] = lrcPod(7, "lrc-old")
	if w := statefulSetRule(s, old, nil); w.Done() {
		t.Errorf("the pod above the partition is old: %s %q", w.State, w.Reason)
	}
}

// Percona's operator deletes no pods where spec.updateStrategy is OnDelete.
func TestWhoDeletesOldPodsOfMongoDB(t *testing.T) {
	for strategy, want := range map[string]string{
		"SmartUpdate": "lrc-0 awaits restart by its operator",
		"OnDelete":    "lrc-0 awaits restart: OnDelete, to be deleted by hand",
	} {
		m := custom("mongo-replicaset", tree{"updateStrategy": strategy}, tree{"state": "ready", "ready": int64(1), "size": int64(1)})
		s := statefulSet(func(s *appsv1.StatefulSet) {
			onDelete(s)
			s.OwnerReferences = controller("PerconaServerMongoDB", "mongo-replicaset")
		})
		p := Assess(Objects{StatefulSets: []*appsv1.StatefulSet{s}, MongoDBs: []*unstructured.Unstructured{m}, Pods: []*corev1.Pod{lrcPod(0, "lrc-old"), lrcPod(1, "lrc-new"), lrcPod(2, "lrc-new")}}, now)
		if got := p.Workloads[1].Reason; got != want {
			t.Errorf("%s: %q, want %q", strategy, got, want)
		}
	}
}

func TestDaemonSetLeavesPodsBehind(t *testing.T) {
	d := &appsv1.DaemonSet{ObjectMeta: meta("agent", 2)}
	d.Status = appsv1.DaemonSetStatus{ObservedGeneration: 2, NumberMisscheduled: 2}
	if w := DaemonSet(d, nil); w.State != Progressing || w.Reason != "scaling down, 2 pods left on nodes that are no longer eligible" {
		t.Errorf("%s %q", w.State, w.Reason)
	}
}

// A rollout is complete without its last pod, which is noted all the same.
func TestLingeringPods(t *testing.T) {
	d := deployment(func(*appsv1.Deployment) {})
	pods := []*corev1.Pod{
		twaPod("b", "old", deletedAgo(20*time.Minute), func(p *corev1.Pod) { p.Finalizers = []string{"example.com/hold"} }),
		twaPod("a", "old", deletedAgo(20*time.Minute)), twaPod("c", "old", deletedAgo(-10*time.Second)), twaPod("d", "new"), twaPod("e", "new"),
	}
	p := Assess(Objects{Deployments: []*appsv1.Deployment{d}, Pods: pods}, now)
	var names []string
	for _, c := range p.Lingering {
		names = append(names, c.Pod)
	}
	if diff := cmp.Diff([]string{"a", "b"}, names); diff != "" || p.Workloads[0].State != Ready {
		t.Errorf("%s, lingering (-want +got):\n%s", p.Workloads[0].State, diff)
	}
}

// A status that nobody writes any more: its pods tell otherwise.
func TestStatusThatIsOutOfDate(t *testing.T) {
	d := deployment(func(*appsv1.Deployment) {})
	s := statefulSet(func(*appsv1.StatefulSet) {})
	tests := []struct {
		name string
		in   Objects
		want State
	}{
		{"Deployment", Objects{Deployments: []*appsv1.Deployment{d}, Pods: []*corev1.Pod{twaPod("a", "x"), twaPod("b", "x", inLoop(time.Hour))}}, Failed},
		{"Deployment, a moment ago", Objects{Deployments: []*appsv1.Deployment{d}, Pods: []*corev1.Pod{twaPod("a", "x"), twaPod("b", "x", inLoop(time.Second))}}, Progressing},
		{"Deployment, one more pod starts", Objects{Deployments: []*appsv1.Deployment{d}, Pods: []*corev1.Pod{twaPod("a", "x"), twaPod("b", "x"), twaPod("c", "x", notReady(time.Second))}}, Ready},
		{"Deployment, one more pod stops", Objects{Deployments: []*appsv1.Deployment{d}, Pods: []*corev1.Pod{twaPod("a", "x"), twaPod("b", "x"), twaPod("c", "x", inLoop(time.Hour), deletedAgo(0))}}, Ready},
		{"StatefulSet", Objects{StatefulSets: []*appsv1.StatefulSet{s}, Pods: []*corev1.Pod{lrcPod(0, "lrc-new", pullFails("ImagePullBackOff", time.Hour))}}, Failed},
	}
	for _, tt := range tests {
		if w := judged(t, tt.in); w.State != tt.want {
			t.Errorf("%s: %s %q, want %s", tt.name, w.State, w.Reason, tt.want)
		}
	}
}

// Where fewer pods are ready than a status counts, it is not ready. That it is out of date is said
// only after the time that a controller takes.
func TestStatusThatCountsTooMany(t *testing.T) {
	d := deployment(func(d *appsv1.Deployment) {
		d.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": "twa"}}
	})
	adopted := func(p *corev1.Pod) { p.OwnerReferences[0].Name, p.Labels["app"] = "other-x", "twa" }
	ofRollout := func(p *corev1.Pod) { p.Labels["rollouts-pod-template-hash"] = "y" }
	before := func(kind string) []Gap { return []Gap{{Kind: kind, Reason: ReadFailed, Stale: true}} }
	s := statefulSet(onDelete)
	s.Status.UpdatedReplicas = 1
	a := &appsv1.DaemonSet{ObjectMeta: meta("agent", 2)}
	a.Status = appsv1.DaemonSetStatus{ObservedGeneration: 2, DesiredNumberScheduled: 2, UpdatedNumberScheduled: 2, NumberReady: 2, NumberAvailable: 2}
	agent := func(name string, edits ...func(*corev1.Pod)) *corev1.Pod {
		return pod("DaemonSet", "agent", name, edits...)
	}
	const no, not = "", "not ready, although its status says ready"
	tests := []struct {
		name   string
		in     Objects
		state  State
		ready  int32
		reason string
		code   Code
	}{
		{"pods were not read", Objects{Deployments: []*appsv1.Deployment{d}}, Ready, 2, no, no},
		{"all are there", Objects{Deployments: []*appsv1.Deployment{d}, Pods: []*corev1.Pod{twaPod("a", "x"), twaPod("b", "x")}}, Ready, 2, no, no},
		{"of a ReplicaSet with another name", Objects{Deployments: []*appsv1.Deployment{d}, Pods: []*corev1.Pod{twaPod("a", "x", adopted), twaPod("b", "x", adopted)}}, Ready, 2, no, no},
		{"some of a ReplicaSet with another name", Objects{Deployments: []*appsv1.Deployment{d}, Pods: []*corev1.Pod{twaPod("a", "x"), twaPod("b", "x", adopted)}}, Ready, 2, no, no},
		{"some of a Rollout", Objects{Deployments: []*appsv1.Deployment{d}, Pods: []*corev1.Pod{twaPod("a", "x"), twaPod("b", "x", adopted, ofRollout)}}, Progressing, 1, not, StatusBehind},
		{"only pods of before are known", Objects{Deployments: []*appsv1.Deployment{d}, Pods: []*corev1.Pod{twaPod("a", "x", inLoop(time.Hour))}, Gaps: before("Pod")}, Ready, 2, no, no},
		{"only Deployments of before are known", Objects{Deployments: []*appsv1.Deployment{d}, Pods: []*corev1.Pod{twaPod("a", "x")}, Gaps: before("Deployment")}, Progressing, 1, "starting, 1 of 2 pods ready", no},
		{"one is gone", Objects{Deployments: []*appsv1.Deployment{d}, Pods: []*corev1.Pod{twaPod("a", "x")}}, Progressing, 1, not, StatusBehind},
		{"none is left", Objects{Deployments: []*appsv1.Deployment{d}, Pods: []*corev1.Pod{}}, Progressing, 0, not, StatusBehind},
		{"one has just become unready", Objects{Deployments: []*appsv1.Deployment{d}, Pods: []*corev1.Pod{twaPod("a", "x"), twaPod("b", "x", notReady(time.Second))}}, Progressing, 1, "starting, 1 of 2 pods ready", no},
		{"one has been unready for a minute", Objects{Deployments: []*appsv1.Deployment{d}, Pods: []*corev1.Pod{twaPod("a", "x"), twaPod("b", "x", notReady(time.Minute))}}, Progressing, 1, not, StatusBehind},
		{"one was just created", Objects{Deployments: []*appsv1.Deployment{d}, Pods: []*corev1.Pod{twaPod("a", "x"), twaPod("b", "x", born(time.Second), notReady(time.Second))}}, Progressing, 1, "starting, 1 of 2 pods ready", no},
		{"one has ended and is called ready", Objects{Deployments: []*appsv1.Deployment{d}, Pods: []*corev1.Pod{twaPod("a", "x"), twaPod("b", "x", func(p *corev1.Pod) { p.Status.Phase = corev1.PodFailed })}}, Progressing, 1, not, ContainerFailed},
		{"one stops, as a DaemonSet's controller counts it", Objects{DaemonSets: []*appsv1.DaemonSet{a}, Pods: []*corev1.Pod{agent("a"), agent("b", deletedAgo(-20*time.Second))}}, Progressing, 1, "starting, 1 of 2 pods ready", no},
		{"one of a DaemonSet is gone", Objects{DaemonSets: []*appsv1.DaemonSet{a}, Pods: []*corev1.Pod{agent("a")}}, Progressing, 1, not, StatusBehind},
		{"one that awaits its restart is gone", Objects{StatefulSets: []*appsv1.StatefulSet{s}, Pods: []*corev1.Pod{lrcPod(0, "lrc-old"), lrcPod(1, "lrc-new")}}, Progressing, 2, not, StatusBehind},
	}
	for _, tt := range tests {
		w := judged(t, tt.in)
		var code Code
		if len(w.Causes) > 0 {
			code = w.Causes[len(w.Causes)-1].Code
		}
		if w.State != tt.state || w.Ready != tt.ready || !strings.HasPrefix(w.Reason, tt.reason) || code != tt.code {
			t.Errorf("%s: %s %d %q %s", tt.name, w.State, w.Ready, w.Reason, code)
		}
	}
}

func TestJobThatCountsTooMany(t *testing.T) {
	began := func(d time.Duration) *batchv1.Job {
		j := &batchv1.Job{ObjectMeta: meta("migrate", 1)}
		j.Status = batchv1.JobStatus{Active: 1, StartTime: new(ago(d))}
		return j
	}
	remote := began(time.Hour)
	remote.Spec.ManagedBy = new("kueue.x-k8s.io/multikueue")
	of := func(edits ...func(*corev1.Pod)) *corev1.Pod { return pod("Job", "migrate", "migrate-a", edits...) }
	succeeded := func(d time.Duration) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			hasContainer(d, corev1.ContainerStatus{State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{FinishedAt: ago(d)}}})(p)
			notReady(time.Hour)(p)
			p.Status.Phase = corev1.PodSucceeded
		}
	}
	for name, tt := range map[string]struct {
		job  *batchv1.Job
		pods []*corev1.Pod
		want bool
	}{
		"pods were not read":       {began(time.Hour), nil, false},
		"its pod is there":         {began(time.Hour), []*corev1.Pod{of()}, false},
		"its pod is gone":          {began(time.Hour), []*corev1.Pod{}, true},
		"it has just begun":        {began(time.Second), []*corev1.Pod{}, false},
		"its pod has just ended":   {began(time.Hour), []*corev1.Pod{of(succeeded(time.Second))}, false},
		"its pod ended long ago":   {began(time.Hour), []*corev1.Pod{of(succeeded(time.Minute))}, true},
		"its pod is being deleted": {began(time.Hour), []*corev1.Pod{of(deletedAgo(0))}, false},
		"it runs elsewhere":        {remote, []*corev1.Pod{}, false},
	} {
		j := Assess(Objects{Jobs: []*batchv1.Job{tt.job}, Pods: tt.pods}, now).Jobs[0]
		if got := len(j.Causes) > 0 && j.Causes[0].Code == StatusBehind; got != tt.want || j.State.Final() || j.CannotRecover() {
			t.Errorf("%s: %s %q", name, j.State, j.Reason)
		}
	}
}

func TestNumbersBelowZeroProveNothing(t *testing.T) {
	d := deployment(func(d *appsv1.Deployment) {
		d.Spec.Replicas, d.Status = new(int32(-1)), appsv1.DeploymentStatus{ObservedGeneration: 7}
	})
	s := statefulSet(func(s *appsv1.StatefulSet) {
		s.Status.UpdatedReplicas, s.Spec.UpdateStrategy.RollingUpdate.Partition = -1, new(int32(9))
	})
	a := &appsv1.DaemonSet{ObjectMeta: meta("agent", 2)}
	a.Status = appsv1.DaemonSetStatus{ObservedGeneration: 2, DesiredNumberScheduled: -2, NumberAvailable: -2}
	for _, w := range []Workload{Deployment(d, nil), statefulSetRule(s, nil, nil), DaemonSet(a, nil)} {
		if w.State != Unknown {
			t.Errorf("%s: %s %q, want %s", w.Kind, w.State, w.Reason, Unknown)
		}
	}
}

func TestWordsOfOldPods(t *testing.T) {
	s := statefulSet(func(s *appsv1.StatefulSet) { s.Status.ReadyReplicas, s.Status.UpdatedReplicas = 1, 1 })
	bad := func(n int) *corev1.Pod { return lrcPod(n, "lrc-bad", born(time.Hour), notReady(time.Hour)) }
	w := judged(t, Objects{StatefulSets: []*appsv1.StatefulSet{s}, Pods: []*corev1.Pod{bad(0), bad(1), lrcPod(2, "lrc-new")}})
	c := w.Causes[0]
	if c.Summary() != "lrc-0 of an old revision blocks the rollout" || c.Group != "their old revision blocks the rollout" || w.Causes[1].Group != c.Group {
		t.Errorf("%q, %q", c.Summary(), c.Group)
	}
}
