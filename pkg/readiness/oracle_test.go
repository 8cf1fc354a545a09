// SPDX-License-Identifier: Apache-2.0

//go:build kubectl

package readiness

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/kubectl/pkg/polymorphichelpers"
)

// How many random objects of each kind kubectl judges, too.
const oracleRounds = 100_000

// A difference is a case in which we wait although kubectl does not.
type difference[T any] struct {
	name    string // what we wait for, and why
	applies func(T) bool
}

// The rules follow kubectl rollout status: whatever the object, what is done
// for us is done for kubectl. Where kubectl is done and we are not, one of
// these must be the reason, and each of them must occur.
var (
	deploymentDifferences = []difference[*appsv1.Deployment]{
		{"surplus pods left after scaling down: they are no part of what was asked for", func(d *appsv1.Deployment) bool {
			return d.Status.UpdatedReplicas > replicas(d.Spec.Replicas)
		}},
		{"nil replicas are one, as for the API server; kubectl takes them for none", func(d *appsv1.Deployment) bool {
			return d.Spec.Replicas == nil
		}},
	}
	daemonSetDifferences = []difference[*appsv1.DaemonSet]{
		{"no node is chosen, and pods are left on others; kubectl does not look", func(d *appsv1.DaemonSet) bool {
			return d.Status.DesiredNumberScheduled == 0 && d.Status.NumberMisscheduled > 0
		}},
	}
	statefulSetDifferences = []difference[*appsv1.StatefulSet]{
		{"surplus pods left after scaling down: their claims are in use", func(s *appsv1.StatefulSet) bool {
			return s.Status.Replicas > replicas(s.Spec.Replicas)
		}},
		{"minReadySeconds not over; kubectl does not look", func(s *appsv1.StatefulSet) bool {
			return s.Spec.MinReadySeconds > 0 && s.Status.AvailableReplicas < replicas(s.Spec.Replicas)
		}},
		{"nil replicas are one, as for the API server; kubectl takes them for none", func(s *appsv1.StatefulSet) bool {
			return s.Spec.Replicas == nil
		}},
		{"no partition is partition zero, as for the API server; kubectl then ignores old pods", func(s *appsv1.StatefulSet) bool {
			return s.Spec.UpdateStrategy.RollingUpdate.Partition == nil
		}},
	}
)

// Besides, kubectl has no answer for two kinds of objects that we judge:
//   - A Deployment past its progress deadline is an error for it, though such
//     rollouts do complete. It is asked about the same object without that.
//   - OnDelete is an error for it. It is asked about the same object with
//     RollingUpdate: nothing is done before all pods are updated.

func TestDeploymentAgreesWithKubectl(t *testing.T) {
	t.Parallel()
	random, steps := seeded(t), newSteps()
	seen := map[string]int{}
	kubectl := newOracle(&polymorphichelpers.DeploymentStatusViewer{})
	for range rounds(oracleRounds) {
		d := randomDeployment(random)
		message, want := kubectl.ask(t, tree{
			"metadata": tree{"name": d.Name, "generation": d.Generation},
			"spec":     withReplicas(tree{}, d.Spec.Replicas),
			"status": tree{
				"observedGeneration": d.Status.ObservedGeneration,
				"replicas":           int64(d.Status.Replicas),
				"updatedReplicas":    int64(d.Status.UpdatedReplicas),
				"availableReplicas":  int64(d.Status.AvailableReplicas),
			},
		})
		got := Deployment(d, nil)
		compare(t, seen, deploymentDifferences, d, got, message, want)
		if !want && d.Spec.Replicas != nil {
			steps.compare(t, d, got, message)
		}
	}
	eachOccurs(t, seen, deploymentDifferences)
}

func TestStatefulSetAgreesWithKubectl(t *testing.T) {
	t.Parallel()
	random := seeded(t)
	seen := map[string]int{}
	kubectl := newOracle(&polymorphichelpers.StatefulSetStatusViewer{})
	for range rounds(oracleRounds) {
		s := randomStatefulSet(random)
		update := tree{}
		if p := s.Spec.UpdateStrategy.RollingUpdate.Partition; p != nil {
			update["partition"] = int64(*p)
		}
		message, want := kubectl.ask(t, tree{
			"metadata": tree{"name": s.Name, "generation": s.Generation},
			"spec":     withReplicas(tree{"updateStrategy": tree{"type": "RollingUpdate", "rollingUpdate": update}}, s.Spec.Replicas),
			"status": tree{
				"observedGeneration": s.Status.ObservedGeneration,
				"readyReplicas":      int64(s.Status.ReadyReplicas),
				"updatedReplicas":    int64(s.Status.UpdatedReplicas),
				"currentRevision":    s.Status.CurrentRevision,
				"updateRevision":     s.Status.UpdateRevision,
			},
		})
		compare(t, seen, statefulSetDifferences, s, statefulSetRule(s, nil, nil), message, want)
	}
	eachOccurs(t, seen, statefulSetDifferences)
}

func TestDaemonSetAgreesWithKubectl(t *testing.T) {
	t.Parallel()
	random, steps := seeded(t), newSteps()
	seen := map[string]int{}
	kubectl := newOracle(&polymorphichelpers.DaemonSetStatusViewer{})
	for range rounds(oracleRounds) {
		d := randomDaemonSet(random)
		message, want := kubectl.ask(t, tree{
			"metadata": tree{"name": d.Name, "generation": d.Generation},
			"spec":     tree{"updateStrategy": tree{"type": "RollingUpdate"}},
			"status": tree{
				"observedGeneration":     d.Status.ObservedGeneration,
				"desiredNumberScheduled": int64(d.Status.DesiredNumberScheduled),
				"updatedNumberScheduled": int64(d.Status.UpdatedNumberScheduled),
				"numberAvailable":        int64(d.Status.NumberAvailable),
			},
		})
		got := DaemonSet(d, nil)
		compare(t, seen, daemonSetDifferences, d, got, message, want)
		if !want && d.Spec.UpdateStrategy.Type == appsv1.RollingUpdateDaemonSetStrategyType {
			steps.compare(t, d, got, message)
		}
	}
	eachOccurs(t, seen, daemonSetDifferences)
}

// compare checks one object against kubectl's answer.
func compare[T any](t *testing.T, seen map[string]int, differences []difference[T], object T, got Workload, message string, want bool) {
	t.Helper()
	if got.Done() && want || !got.Done() && !want {
		seen[fmt.Sprint("both done: ", want)]++
		return
	}
	if want {
		for _, d := range differences {
			if d.applies(object) {
				seen[d.name]++
				return
			}
		}
	}
	t.Fatalf("%s\nis %s, %q; kubectl says done %v: %s", brief(t, object), got.State, got.Reason, want, message)
}

// Steps tell where kubectl's messages and our reasons say that a rollout is
// stuck, with the same numbers.
type steps struct {
	rules []struct {
		kubectl *regexp.Regexp
		ours    string
	}
	compiled map[string]*regexp.Regexp // ours, with the numbers filled in
}

func newSteps() steps {
	s := steps{compiled: map[string]*regexp.Regexp{}}
	s.rules = append(s.rules, []struct {
		kubectl *regexp.Regexp
		ours    string
	}{
		{regexp.MustCompile(`spec update to be observed`), `^waiting for the controller`},
		{regexp.MustCompile(`(\d+) out of (\d+) new (?:replicas|pods) have been updated`), `^(paused while )?rolling out, $1 of $2 pods? updated$`},
		{regexp.MustCompile(`(\d+) old replicas are pending termination`), `^(paused while )?rolling out, $1 old pods? terminating$`},
		{regexp.MustCompile(`(\d+) of (\d+) updated (?:replicas|pods) are available`), `^(paused while )?(starting, $1 of $2 pods? available|scaling down, \d+ pods? too many)$`},
	}...)
	return s
}

// compare checks that a workload is stuck where kubectl says it is.
func (steps steps) compare(t *testing.T, object any, got Workload, message string) {
	t.Helper()
	for _, s := range steps.rules {
		match := s.kubectl.FindStringSubmatchIndex(message)
		if match == nil {
			continue
		}
		ours := string(s.kubectl.ExpandString(nil, s.ours, message, match))
		if steps.compiled[ours] == nil {
			steps.compiled[ours] = regexp.MustCompile(ours)
		}
		if !steps.compiled[ours].MatchString(got.Reason) {
			t.Fatalf("%s\nreason %q, want %s as kubectl says %q", brief(t, object), got.Reason, ours, message)
		}
		return
	}
	t.Fatalf("kubectl says what this test does not know: %q", message)
}

// eachOccurs checks that the random objects reach both answers and every
// difference: a test that compares nothing agrees with everything.
func eachOccurs[T any](t *testing.T, seen map[string]int, differences []difference[T]) {
	t.Helper()
	names := []string{"both done: true", "both done: false"}
	for _, d := range differences {
		names = append(names, d.name)
	}
	for _, name := range names {
		t.Logf("%6d %s", seen[name], name)
		if seen[name] < rounds(oracleRounds)/1000 {
			t.Errorf("%d of %d objects: %s; want more", seen[name], oracleRounds, name)
		}
	}
}

// withReplicas adds to a tree, which holds only the fields that kubectl looks at:
// converting the whole object would take a hundred times as long as judging it.
func withReplicas(spec tree, n *int32) tree {
	if n != nil {
		spec["replicas"] = int64(*n)
	}
	return spec
}

// An oracle is one of kubectl's viewers. It remembers its answers: among so
// many objects, most are alike in all that kubectl looks at.
type oracle struct {
	polymorphichelpers.StatusViewer
	answers map[string]answer
}

type answer struct {
	message string
	done    bool
}

func newOracle(viewer polymorphichelpers.StatusViewer) oracle {
	return oracle{viewer, map[string]answer{}}
}

func (o oracle) ask(t *testing.T, object tree) (string, bool) {
	t.Helper()
	key := fmt.Sprint(object)
	a, ok := o.answers[key]
	if !ok {
		var err error
		if a.message, a.done, err = o.Status(&unstructured.Unstructured{Object: object}, 0); err != nil {
			t.Fatalf("kubectl has no answer for %v: %v", object, err)
		}
		o.answers[key] = a
	}
	return a.message, a.done
}

// Random objects are near a finished rollout, so that both answers are common:
// each number is mostly the one wanted.
func near(random *rand.Rand, want int32) int32 {
	if random.IntN(4) > 0 {
		return want
	}
	return random.Int32N(5)
}

func randomReplicas(random *rand.Rand) *int32 {
	if random.IntN(10) == 0 {
		return nil
	}
	return new(random.Int32N(4))
}

func randomDeployment(random *rand.Rand) *appsv1.Deployment {
	d := &appsv1.Deployment{ObjectMeta: meta("twa", random.Int64N(3))}
	d.Spec.Replicas = randomReplicas(random)
	d.Spec.Paused = random.IntN(10) == 0
	updated := near(random, replicas(d.Spec.Replicas))
	d.Status = appsv1.DeploymentStatus{
		ObservedGeneration: int64(near(random, int32(d.Generation))),
		Replicas:           near(random, updated), UpdatedReplicas: updated,
		ReadyReplicas: random.Int32N(5), AvailableReplicas: near(random, updated),
	}
	if random.IntN(10) == 0 {
		d.Status.Conditions = []appsv1.DeploymentCondition{
			{Type: appsv1.DeploymentProgressing, Status: corev1.ConditionFalse, Reason: "ProgressDeadlineExceeded"},
		}
	}
	return d
}

func randomStatefulSet(random *rand.Rand) *appsv1.StatefulSet {
	s := &appsv1.StatefulSet{ObjectMeta: meta("lrc", random.Int64N(3))}
	s.Spec.Replicas = randomReplicas(random)
	s.Spec.MinReadySeconds = random.Int32N(2)
	s.Spec.UpdateStrategy.Type = appsv1.RollingUpdateStatefulSetStrategyType
	s.Spec.UpdateStrategy.RollingUpdate = &appsv1.RollingUpdateStatefulSetStrategy{}
	if random.IntN(10) > 0 {
		s.Spec.UpdateStrategy.RollingUpdate.Partition = new(random.Int32N(2) * random.Int32N(5))
	}
	if random.IntN(5) == 0 {
		s.Spec.UpdateStrategy = appsv1.StatefulSetUpdateStrategy{Type: appsv1.OnDeleteStatefulSetStrategyType,
			RollingUpdate: &appsv1.RollingUpdateStatefulSetStrategy{Partition: new(int32(0))}}
	}
	want := replicas(s.Spec.Replicas)
	s.Status = appsv1.StatefulSetStatus{
		ObservedGeneration: int64(near(random, int32(s.Generation))),
		Replicas:           near(random, want), UpdatedReplicas: near(random, want),
		ReadyReplicas: near(random, want), AvailableReplicas: near(random, want),
		CurrentRevision: fmt.Sprint("lrc-", random.IntN(2)), UpdateRevision: "lrc-1",
	}
	return s
}

func randomDaemonSet(random *rand.Rand) *appsv1.DaemonSet {
	d := &appsv1.DaemonSet{ObjectMeta: meta("agent", random.Int64N(3))}
	d.Spec.UpdateStrategy.Type = appsv1.RollingUpdateDaemonSetStrategyType
	if random.IntN(5) == 0 {
		d.Spec.UpdateStrategy.Type = appsv1.OnDeleteDaemonSetStrategyType
	}
	want := random.Int32N(4)
	d.Status = appsv1.DaemonSetStatus{
		ObservedGeneration:     int64(near(random, int32(d.Generation))),
		DesiredNumberScheduled: want, UpdatedNumberScheduled: near(random, want),
		NumberReady: random.Int32N(5), NumberAvailable: near(random, want),
		NumberMisscheduled: near(random, 0),
	}
	return d
}
