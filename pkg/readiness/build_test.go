// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// now is the moment of every observation in these tests.
var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func ago(d time.Duration) metav1.Time { return metav1.NewTime(now.Add(-d)) }

func meta(name string, generation int64) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, UID: types.UID(name + "-uid"), Generation: generation}
}

func controller(kind, name string) []metav1.OwnerReference {
	return []metav1.OwnerReference{{Kind: kind, Name: name, UID: types.UID(name + "-uid"), Controller: new(true)}}
}

// pod returns a ready pod of an owner, changed by the edits.
func pod(kind, owner, name string, edits ...func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: meta(name, 0)}
	p.OwnerReferences = controller(kind, owner)
	p.Labels = map[string]string{}
	p.CreationTimestamp = ago(time.Hour)
	p.Spec.NodeName = "node-1"
	p.Status.Phase = corev1.PodRunning
	for _, kind := range []corev1.PodConditionType{corev1.PodScheduled, corev1.ContainersReady, corev1.PodReady} {
		p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{Type: kind, Status: corev1.ConditionTrue, LastTransitionTime: ago(time.Hour)})
	}
	for _, edit := range edits {
		edit(p)
	}
	return p
}

// ofRevision makes a pod of a StatefulSet's revision.
func ofRevision(hash string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Labels[appsv1.ControllerRevisionHashLabelKey] = hash }
}

// notReady makes a pod that has not been ready for a while.
func notReady(since time.Duration) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		setCondition(p, corev1.ContainersReady, corev1.ConditionFalse, "ContainersNotReady", "", since)
		setCondition(p, corev1.PodReady, corev1.ConditionFalse, "ContainersNotReady", "", since)
	}
}

func setCondition(p *corev1.Pod, kind corev1.PodConditionType, status corev1.ConditionStatus, reason, message string, since time.Duration) {
	c := corev1.PodCondition{Type: kind, Status: status, Reason: reason, Message: message, LastTransitionTime: ago(since)}
	if old := podCondition(p, kind); old != nil {
		*old = c
		return
	}
	p.Status.Conditions = append(p.Status.Conditions, c)
}

// deletedAgo makes a pod whose grace period ended a while ago.
func deletedAgo(d time.Duration) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.DeletionTimestamp = new(ago(d)) }
}

// brief shows an object without its empty fields.
func brief(t *testing.T, object any) string {
	t.Helper()
	text, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func statefulSetRule(s *appsv1.StatefulSet, pods []*corev1.Pod, causes []Cause) Workload {
	return StatefulSet(s, operated(s), pods, causes)
}

// rounds is how many random objects a test tries, of which there may be as many.
func rounds(n int) int {
	if testing.Short() {
		return n / 50
	}
	return n
}

func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	const seed = 20260102
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, seed))
}

// A tree is an object, or a part of one, as JSON has it.
type tree = map[string]any
