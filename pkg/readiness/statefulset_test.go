// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// statefulSet returns a finished StatefulSet of three pods, changed by the edit.
func statefulSet(edit func(*appsv1.StatefulSet)) *appsv1.StatefulSet {
	s := &appsv1.StatefulSet{ObjectMeta: meta("lrc", 3)}
	s.Spec.Replicas = new(int32(3))
	s.Spec.UpdateStrategy.Type = appsv1.RollingUpdateStatefulSetStrategyType
	s.Spec.UpdateStrategy.RollingUpdate = &appsv1.RollingUpdateStatefulSetStrategy{Partition: new(int32(0))}
	s.Status = appsv1.StatefulSetStatus{
		ObservedGeneration: 3, Replicas: 3, UpdatedReplicas: 3, ReadyReplicas: 3, AvailableReplicas: 3,
		CurrentRevision: "lrc-old", UpdateRevision: "lrc-new",
	}
	edit(s)
	return s
}

func onDelete(s *appsv1.StatefulSet) {
	s.Spec.UpdateStrategy = appsv1.StatefulSetUpdateStrategy{Type: appsv1.OnDeleteStatefulSetStrategyType}
}

func lrcPod(n int, hash string, edits ...func(*corev1.Pod)) *corev1.Pod {
	return pod("StatefulSet", "lrc", fmt.Sprintf("lrc-%d", n), append(edits, ofRevision(hash))...)
}

func TestStatefulSet(t *testing.T) {
	updated := func(n int32) func(*appsv1.StatefulSet) {
		return func(s *appsv1.StatefulSet) { s.Status.UpdatedReplicas = n }
	}
	oldPods := []*corev1.Pod{lrcPod(0, "lrc-old"), lrcPod(1, "lrc-old"), lrcPod(2, "lrc-new")}
	tests := []struct {
		name   string
		edit   func(*appsv1.StatefulSet)
		pods   []*corev1.Pod
		state  State
		reason string
	}{
		{"finished", func(*appsv1.StatefulSet) {}, nil, Ready, ""},
		{"nil replicas are one", func(s *appsv1.StatefulSet) {
			s.Spec.Replicas = nil
			s.Status = appsv1.StatefulSetStatus{ObservedGeneration: 3, UpdatedReplicas: 1, Replicas: 1}
		}, nil, Progressing, "starting, 0 of 1 pod ready"},
		{"spec not observed", func(s *appsv1.StatefulSet) { s.Generation = 4 }, nil,
			Progressing, "waiting for the controller to observe the latest spec"},
		{"nothing observed", func(s *appsv1.StatefulSet) { s.Generation, s.Status.ObservedGeneration = 0, 0 }, nil,
			Progressing, "waiting for the controller to observe the latest spec"},

		{"rolling out, the next is known", updated(1), oldPods, Progressing, "rolling out, lrc-1 next"},
		{"rolling out, ordinals are numbers", func(s *appsv1.StatefulSet) {
			s.Status.UpdatedReplicas, s.Spec.Replicas = 1, new(int32(11))
		}, []*corev1.Pod{lrcPod(9, "lrc-old"), lrcPod(10, "lrc-old")}, Progressing, "rolling out, lrc-10 next"},
		{"rolling out, waiting for a pod", updated(1),
			[]*corev1.Pod{lrcPod(0, "lrc-old"), lrcPod(1, "lrc-old"), lrcPod(2, "lrc-new", notReady(time.Minute))},
			Progressing, "rolling out, 1 of 3 pods updated, waiting for lrc-2"},
		{"rolling out, pods not read", updated(1), nil, Progressing, "rolling out, 1 of 3 pods updated"},
		{"a pod is stopping", func(*appsv1.StatefulSet) {}, []*corev1.Pod{lrcPod(2, "lrc-new", deletedAgo(0))},
			Progressing, "restarting, waiting for lrc-2 to stop"},
		{"updated, starting", func(s *appsv1.StatefulSet) { s.Status.ReadyReplicas = 2 }, nil, Progressing, "starting, 2 of 3 pods ready"},
		{"ready, not for long enough", func(s *appsv1.StatefulSet) {
			s.Spec.MinReadySeconds, s.Status.AvailableReplicas = 30, 1
		}, nil, Progressing, "starting, 1 of 3 pods ready for 30 seconds"},
		{"available is not counted by old API servers", func(s *appsv1.StatefulSet) { s.Status.AvailableReplicas = 0 }, nil, Ready, ""},

		{"partition reached", func(s *appsv1.StatefulSet) {
			s.Spec.UpdateStrategy.RollingUpdate.Partition, s.Status.UpdatedReplicas = new(int32(2)), 1
		}, oldPods, Ready, "held back by its partition, 1 of 3 pods updated"},
		{"partition not reached", func(s *appsv1.StatefulSet) {
			s.Spec.UpdateStrategy.RollingUpdate.Partition, s.Status.UpdatedReplicas = new(int32(1)), 1
		}, nil, Progressing, "rolling out, 1 of 2 pods updated"},
		{"partition, an old pod above it makes up for a new one below", func(s *appsv1.StatefulSet) {
			s.Spec.UpdateStrategy.RollingUpdate.Partition, s.Status.UpdatedReplicas = new(int32(1)), 2
		}, []*corev1.Pod{lrcPod(0, "lrc-new"), lrcPod(1, "lrc-old"), lrcPod(2, "lrc-new")}, Progressing, "rolling out, lrc-1 next"},
		{"partition beyond the last pod", func(s *appsv1.StatefulSet) {
			s.Spec.UpdateStrategy.RollingUpdate.Partition, s.Status.UpdatedReplicas = new(int32(9)), 0
		}, nil, Ready, "held back by its partition, 0 of 3 pods updated"},

		{"scaling down", func(s *appsv1.StatefulSet) { s.Spec.Replicas = new(int32(1)) }, nil, Progressing, "scaling down, 2 pods too many"},
		{"a surplus pod in place of a wanted one", func(s *appsv1.StatefulSet) {},
			[]*corev1.Pod{lrcPod(0, "lrc-new"), lrcPod(1, "lrc-new"), lrcPod(3, "lrc-new")}, Progressing, "scaling down, 1 pod too many"},
		{"ordinals that start at two", func(s *appsv1.StatefulSet) { s.Spec.Ordinals = &appsv1.StatefulSetOrdinals{Start: 2} },
			[]*corev1.Pod{lrcPod(2, "lrc-new"), lrcPod(3, "lrc-new"), lrcPod(4, "lrc-new")}, Ready, ""},
		{"scaled to zero", func(s *appsv1.StatefulSet) {
			s.Spec.Replicas, s.Status = new(int32(0)), appsv1.StatefulSetStatus{ObservedGeneration: 3}
		}, nil, ScaledToZero, "scaled to zero"},
		{"scaled to zero, a pod left", func(s *appsv1.StatefulSet) {
			s.Spec.Replicas, s.Status = new(int32(0)), appsv1.StatefulSetStatus{ObservedGeneration: 3, Replicas: 1}
		}, nil, Progressing, "scaling down, 1 pod too many"},

		{"OnDelete, all restarted: currentRevision stays behind", onDelete,
			[]*corev1.Pod{lrcPod(0, "lrc-new"), lrcPod(1, "lrc-new"), lrcPod(2, "lrc-new")}, Ready, ""},
		{"OnDelete, one old", func(s *appsv1.StatefulSet) {
			onDelete(s)
			s.Status.UpdatedReplicas = 2
		}, []*corev1.Pod{lrcPod(0, "lrc-old"), lrcPod(1, "lrc-new"), lrcPod(2, "lrc-new")},
			AwaitingRestart, "lrc-0 awaits restart: OnDelete, to be deleted by hand"},
		{"OnDelete, two old, with an operator", func(s *appsv1.StatefulSet) {
			onDelete(s)
			s.Status.UpdatedReplicas = 1
			s.OwnerReferences = controller("PerconaServerMongoDB", "mongo-replicaset")
		}, oldPods, AwaitingRestart, "lrc-1 and lrc-0 await restart by its operator"},
		{"OnDelete, many old", func(s *appsv1.StatefulSet) {
			onDelete(s)
			s.Spec.Replicas, s.Status.Replicas, s.Status.ReadyReplicas = new(int32(5)), 5, 5
		}, []*corev1.Pod{lrcPod(0, "lrc-old"), lrcPod(1, "lrc-old"), lrcPod(2, "lrc-old"), lrcPod(3, "lrc-old"), lrcPod(4, "lrc-old")},
			AwaitingRestart, "lrc-4, lrc-3, lrc-2 and 2 more await restart: OnDelete, to be deleted by hand"},
		{"OnDelete, the status is behind its pods", onDelete, oldPods[:1],
			AwaitingRestart, "lrc-0 awaits restart: OnDelete, to be deleted by hand"},
		{"OnDelete, pods not read", func(s *appsv1.StatefulSet) {
			onDelete(s)
			s.Status.UpdatedReplicas = 1
		}, nil, AwaitingRestart, "2 old pods await restart: OnDelete, to be deleted by hand"},
		{"OnDelete, half way", func(s *appsv1.StatefulSet) {
			onDelete(s)
			s.Status.UpdatedReplicas, s.Status.ReadyReplicas = 1, 2
		}, oldPods, Progressing, "starting, 2 of 3 pods ready"},
		{"OnDelete, the old pods are of another StatefulSet of that name", onDelete,
			[]*corev1.Pod{pod("StatefulSet", "lrc", "lrc-0", ofRevision("lrc-old"), func(p *corev1.Pod) { p.OwnerReferences[0].UID = "gone" })},
			Ready, ""},
		{"OnDelete, the old pod only has the labels", onDelete,
			[]*corev1.Pod{lrcPod(0, "lrc-old", func(p *corev1.Pod) { p.OwnerReferences = nil })}, Ready, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := statefulSetRule(statefulSet(tt.edit), tt.pods, nil)
			if w.State != tt.state || w.Reason != tt.reason {
				t.Errorf("got %s %q, want %s %q", w.State, w.Reason, tt.state, tt.reason)
			}
		})
	}
}

func TestStatefulSetIsHeldUpSince(t *testing.T) {
	late := []*corev1.Pod{lrcPod(0, "lrc-new", notReady(2*time.Minute)), lrcPod(1, "lrc-old", notReady(3*time.Minute)), lrcPod(2, "lrc-new")}
	for name, edit := range map[string]func(*appsv1.StatefulSet){
		"rolling":  func(s *appsv1.StatefulSet) { s.Status.UpdatedReplicas = 2 },
		"starting": func(s *appsv1.StatefulSet) { onDelete(s); s.Status.ReadyReplicas = 1 },
	} {
		if w := statefulSetRule(statefulSet(edit), late, nil); !w.Since.Equal(now.Add(-3 * time.Minute)) {
			t.Errorf("%s since %v, want since three minutes (%s)", name, w.Since, w.Reason)
		}
	}
	stopping := lrcPod(0, "lrc-new", deletedAgo(-10*time.Second), func(p *corev1.Pod) { p.DeletionGracePeriodSeconds = new(int64(30)) })
	if w := statefulSetRule(statefulSet(func(*appsv1.StatefulSet) {}), []*corev1.Pod{stopping}, nil); !w.Since.Equal(now.Add(-20 * time.Second)) {
		t.Errorf("restarting since %v, want since twenty seconds", w.Since)
	}
	old := []*corev1.Pod{lrcPod(0, "lrc-old")}
	if w := statefulSetRule(statefulSet(onDelete), old, nil); !w.Since.IsZero() {
		t.Errorf("awaiting restart since %v, which nobody told", w.Since)
	}
}

// A model of the controller: it writes the status from the pods, as
// computeReplicaStatus in kubernetes does. Whatever the pods, the StatefulSet
// is done exactly if each wanted ordinal has a pod that serves and has the
// latest revision, unless it is below the partition, and no other pod is there.
func TestStatefulSetAgreesWithItsPods(t *testing.T) {
	const seed = 7
	rounds := rounds(20_000)
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, seed))
	done := 0
	for range rounds {
		s := statefulSet(func(s *appsv1.StatefulSet) {
			*s.Spec.Replicas = int32(random.IntN(4))
			*s.Spec.UpdateStrategy.RollingUpdate.Partition = int32(random.IntN(2) * random.IntN(4))
			if random.IntN(2) == 0 {
				onDelete(s)
			}
			s.Status = appsv1.StatefulSetStatus{ObservedGeneration: 3, CurrentRevision: "lrc-old", UpdateRevision: "lrc-new"}
		})
		var pods []*corev1.Pod
		want := true
		for n := range 4 {
			wanted := n < int(*s.Spec.Replicas)
			if random.IntN(20) == 0 == wanted {
				want = want && !wanted
				continue
			}
			p := lrcPod(n, "lrc-new")
			if random.IntN(8) == 0 {
				ofRevision("lrc-old")(p)
			}
			if random.IntN(8) == 0 {
				notReady(time.Minute)(p)
			}
			if random.IntN(12) == 0 {
				deletedAgo(0)(p)
			}
			pods = append(pods, p)
			old := p.Labels[appsv1.ControllerRevisionHashLabelKey] == "lrc-old"
			want = want && wanted && serves(p) && (!old || n < int(partition(s)))
			count(&s.Status, p)
		}
		w := statefulSetRule(s, append(pods, pod("StatefulSet", "other", "other-0", ofRevision("lrc-old"), notReady(0))), nil)
		if w.Done() != want {
			t.Fatalf("done %v (%s %q), want %v\n%s\n%s", w.Done(), w.State, w.Reason, want, brief(t, s), brief(t, pods))
		}
		if want {
			done++
		}
	}
	if done < rounds/20 || done > rounds*19/20 {
		t.Errorf("%d of %d were done: the random pods test one side only", done, rounds)
	}
}

// count adds a pod to the status as the StatefulSet controller does.
func count(st *appsv1.StatefulSetStatus, p *corev1.Pod) {
	st.Replicas++
	if podCondition(p, corev1.PodReady).Status == corev1.ConditionTrue {
		st.ReadyReplicas++
	}
	if p.DeletionTimestamp == nil && p.Labels[appsv1.ControllerRevisionHashLabelKey] == st.UpdateRevision {
		st.UpdatedReplicas++
	}
}
