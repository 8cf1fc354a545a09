// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kubejob"
)

// StatefulSet assesses a StatefulSet, given whether an operator deletes its old pods, the
// pods of its namespace and the causes found for it. All numbers are from its status; its
// pods say which of them are old.
//
// The rule for RollingUpdate is that of kubectl rollout status: the spec is observed,
// the pods from the partition up are updated, all wanted pods are ready. It also waits
// for surplus and terminating pods, whose claims may be in use, and for
// minReadySeconds. Pods outside the wanted ordinals are surplus even if a missing one
// makes the numbers right.
//
// With OnDelete, where kubectl refuses to answer, old pods continue to serve until
// someone deletes them, usually an operator. A pod is old if its label
// controller-revision-hash is not the status's updateRevision. currentRevision does
// not count: it only advances with RollingUpdate (kubernetes:
// pkg/controller/statefulset, completeRollingUpdate).
func StatefulSet(s *appsv1.StatefulSet, byOperator bool, all []*corev1.Pod, causes []Cause) Workload {
	st := s.Status
	w := Workload{
		Kind: "StatefulSet", Name: s.Name, Strategy: string(s.Spec.UpdateStrategy.Type),
		Want: replicas(s.Spec.Replicas), Ready: st.ReadyReplicas, Updated: st.UpdatedReplicas,
	}
	if st.ObservedGeneration == 0 || st.ObservedGeneration < s.Generation {
		return w.at(unseen("the controller"), nil)
	}
	owned := ownedBy(s.UID, all)
	slices.SortFunc(owned, func(a, b *corev1.Pod) int { return cmp.Compare(ordinal(b), ordinal(a)) })
	surplus := filter(owned, isSurplus(s))
	if n := max(st.Replicas-w.Want, int32(len(surplus))); n > 0 {
		return w.at(progress("scaling down", "%s too many", pods(n)), causes)
	}
	if stopping := filter(owned, isStopping); len(stopping) > 0 {
		return w.at(progress("restarting", "waiting for %s to stop", names(stopping)).from(deletedSince(stopping)), causes)
	}
	if isOnDelete(s) {
		return w.at(onDeleteStep(s, w, owned, byOperator), causes)
	}
	return w.at(rollingStep(s, w, owned), causes)
}

// rollingStep trusts neither the numbers nor the pods alone: too few updated
// pods, or an old pod from the partition up, and the rollout goes on.
func rollingStep(s *appsv1.StatefulSet, w Workload, owned []*corev1.Pod) step {
	update := max(0, w.Want-partition(s))
	old := filter(owned, isReplaced(s))
	if w.Updated >= update && len(old) == 0 {
		if step, late := startingStep(s, w, owned); late {
			return step
		}
		step := finished(w.Want)
		if w.Updated < w.Want {
			step.doing, step.detail = "held back by its partition", fmt.Sprintf("%d of %s updated", w.Updated, pods(w.Want))
		}
		return step
	}
	// The controller restarts the highest ordinal first, and the next one
	// only when all are ready.
	if late := filter(owned, not(serves)); len(late) > 0 {
		return progress("rolling out", "%d of %s updated, waiting for %s", w.Updated, pods(update), names(late)).from(unreadySince(late))
	}
	if len(old) > 0 {
		return progress("rolling out", "%s next", old[0].Name)
	}
	return progress("rolling out", "%d of %s updated", w.Updated, pods(update))
}

// onDeleteStep names the old pods. If the pods could not be read, or are younger than
// the status, the status counts them.
func onDeleteStep(s *appsv1.StatefulSet, w Workload, owned []*corev1.Pod, byOperator bool) step {
	if step, late := startingStep(s, w, owned); late {
		return step
	}
	old := filter(owned, isOld(s))
	n, who := int32(len(old)), names(old)
	if n == 0 {
		n = w.Want - w.Updated
		who = counted(n, "old pod")
	}
	if n <= 0 {
		return finished(w.Want)
	}
	return awaiting(who, n, byOperator)
}

// startingStep is the step of a StatefulSet whose pods are not all ready yet.
func startingStep(s *appsv1.StatefulSet, w Workload, owned []*corev1.Pod) (step, bool) {
	if w.Ready < w.Want {
		return progress("starting", "%d of %s ready", w.Ready, pods(w.Want)).from(unreadySince(owned)), true
	}
	if n := s.Status.AvailableReplicas; s.Spec.MinReadySeconds > 0 && n < w.Want {
		return progress("starting", "%d of %s ready for %d seconds", n, pods(w.Want), s.Spec.MinReadySeconds), true
	}
	return step{}, false
}

// statefulSetCauses returns the causes found on a StatefulSet's pods. Those of pods
// that a rollout replaces, and those of surplus pods, are never permanent.
//
// But the controller replaces no pod while one is not ready, even the one that the
// rollout would fix: with OrderedReady, the default, it stops at the first that is not
// (kubernetes: pkg/controller/statefulset, processReplica; kubernetes#67250). Somebody
// has to delete such a pod. With Parallel it replaces pods that are not ready, except
// in one version (kubernetes#137409). With OnDelete nothing is replaced, not even by
// Percona's operator, which waits until all are ready (smartUpdate).
func (f finder) statefulSetCauses(s *appsv1.StatefulSet, pods []*corev1.Pod) []Cause {
	isReplaced, isSurplus := isReplaced(s), isSurplus(s)
	causes := f.onPods(pods, func(p *corev1.Pod) bool { return !isReplaced(p) && !isSurplus(p) })
	if s.Spec.PodManagementPolicy == appsv1.ParallelPodManagement && !isOnDelete(s) {
		return causes
	}
	old := filter(pods, func(p *corev1.Pod) bool { return isReplaced(p) && !isSurplus(p) })
	return append(causes, f.leftBehind(old)...)
}

// How long an old pod that was ready before, or that never was, may take to become
// ready before the rollout counts as failed.
const (
	againGrace = 30 * time.Minute
	everGrace  = 10 * time.Minute
)

// leftBehind returns a cause for each pod of an old revision that is not expected to
// become ready: it has a permanent cause, or it has not been ready for long. Only
// deleting it helps.
func (f finder) leftBehind(old []*corev1.Pod) []Cause {
	var causes []Cause
	for _, p := range old {
		if serves(p) || isStopping(p) || hasEnded(p) {
			continue
		}
		since, grace := notReadySince(p), againGrace
		if since.IsZero() {
			since = p.CreationTimestamp.Time
		}
		if begun := later(p.CreationTimestamp.Time, kubejob.TimeOf(p.Status.StartTime)); since.Sub(begun) < time.Minute {
			grace = everGrace
		}
		if !anyPermanent(f.onPod(p)) && (since.IsZero() || f.now.Sub(since) < grace) {
			continue
		}
		c := f.cause(p, OldRevision, "OldRevision", "it is not ready, and is replaced only once it is ready or deleted", since)
		c.Permanent = true
		causes = append(causes, c)
	}
	return causes
}

// isOld accepts the pods that are not of the latest spec.
func isOld(s *appsv1.StatefulSet) func(*corev1.Pod) bool {
	latest := s.Status.UpdateRevision
	return func(p *corev1.Pod) bool {
		return latest != "" && p.Labels[appsv1.ControllerRevisionHashLabelKey] != latest
	}
}

// isReplaced accepts the old pods to replace: those from the partition up, and with
// OnDelete all.
func isReplaced(s *appsv1.StatefulSet) func(*corev1.Pod) bool {
	isOld, first := isOld(s), start(s)
	if !isOnDelete(s) {
		first += int(partition(s))
	}
	return func(p *corev1.Pod) bool { return isOld(p) && ordinal(p) >= first }
}

// isSurplus accepts the pods whose ordinals are not wanted.
func isSurplus(s *appsv1.StatefulSet) func(*corev1.Pod) bool {
	first := start(s)
	return func(p *corev1.Pod) bool {
		n := ordinal(p)
		return n >= 0 && (n < first || n >= first+int(replicas(s.Spec.Replicas)))
	}
}

func isOnDelete(s *appsv1.StatefulSet) bool {
	return s.Spec.UpdateStrategy.Type == appsv1.OnDeleteStatefulSetStrategyType
}

// start returns the first ordinal that is wanted.
func start(s *appsv1.StatefulSet) int {
	if s.Spec.Ordinals == nil {
		return 0
	}
	return int(s.Spec.Ordinals.Start)
}

// partition returns how many pods, from the first ordinal up, keep their old
// spec.
func partition(s *appsv1.StatefulSet) int32 {
	if r := s.Spec.UpdateStrategy.RollingUpdate; r != nil && r.Partition != nil {
		return *r.Partition
	}
	return 0
}
