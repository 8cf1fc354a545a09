// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"cmp"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// StatefulSet tells how far a StatefulSet is, given the pods of its namespace
// and the causes found for it. All numbers are from its status; the pods that
// it owns say which of them are of an old spec.
//
// The rule for RollingUpdate is that of kubectl rollout status: the spec is
// observed, the pods from the partition up are updated, all wanted pods are
// ready. It also waits for surplus and stopping pods, whose claims may be in
// use, and for minReadySeconds. Pods beyond the last ordinal are surplus even
// if a missing one makes the numbers right.
//
// With OnDelete, where kubectl refuses to answer, pods of the old spec serve
// on until someone deletes them: an operator, as a rule. A pod is old if its
// label controller-revision-hash is not the status's updateRevision. The
// status's currentRevision tells nothing, it is only advanced for RollingUpdate
// (kubernetes: pkg/controller/statefulset, completeRollingUpdate).
func StatefulSet(s *appsv1.StatefulSet, all []*corev1.Pod, causes []Cause) Workload {
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
	surplus := filter(owned, func(p *corev1.Pod) bool { return ordinal(p) >= end(s) })
	if n := max(st.Replicas-w.Want, int32(len(surplus))); n > 0 {
		return w.at(progress("scaling down", "%s left to stop", pods(n)), causes)
	}
	if stopping := filter(owned, isStopping); len(stopping) > 0 {
		return w.at(progress("restarting", "waiting for %s to stop", names(stopping)).from(deletedSince(stopping)), causes)
	}
	step := rollingStep
	if s.Spec.UpdateStrategy.Type == appsv1.OnDeleteStatefulSetStrategyType {
		step = onDeleteStep
	}
	return w.at(step(s, w, owned), causes)
}

// rollingStep trusts neither the numbers nor the pods alone: too few updated
// pods, or an old pod from the partition up, and the rollout goes on.
func rollingStep(s *appsv1.StatefulSet, w Workload, owned []*corev1.Pod) step {
	update := max(0, w.Want-partition(s))
	first := end(s) - int(update)
	old := filter(owned, func(p *corev1.Pod) bool { return isOld(s)(p) && ordinal(p) >= first })
	if w.Updated >= update && len(old) == 0 {
		if step, late := startingStep(s, w, owned); late {
			return step
		}
		step := finished(w.Want)
		if w.Updated < w.Want {
			step.doing, step.detail = "partitioned", fmt.Sprintf("%d of %s updated as asked", w.Updated, pods(w.Want))
		}
		return step
	}
	// The controller restarts the highest ordinal first, and the next one
	// only when all are ready.
	if late := filter(owned, func(p *corev1.Pod) bool { return !serves(p) }); len(late) > 0 {
		return progress("rolling", "%d of %s updated, waiting for %s", w.Updated, pods(update), names(late)).from(unreadySince(late))
	}
	if len(old) > 0 {
		return progress("rolling", "%s next", old[0].Name)
	}
	return progress("rolling", "%d of %s updated", w.Updated, pods(update))
}

// onDeleteStep names the pods that still are of an old spec. Where the pods
// could not be read, or are younger than the status, the status counts them.
func onDeleteStep(s *appsv1.StatefulSet, w Workload, owned []*corev1.Pod) step {
	if step, late := startingStep(s, w, owned); late {
		return step
	}
	old := filter(owned, isOld(s))
	n, who := int32(len(old)), names(old)
	if n == 0 {
		n = w.Want - w.Updated
		who = pods(n) + " of an old spec"
	}
	if n <= 0 {
		return finished(w.Want)
	}
	return awaiting(who, n, s)
}

// startingStep is the step of a StatefulSet whose pods do not all serve yet.
func startingStep(s *appsv1.StatefulSet, w Workload, owned []*corev1.Pod) (step, bool) {
	if w.Ready < w.Want {
		return progress("starting", "%d of %s ready", w.Ready, pods(w.Want)).from(unreadySince(owned)), true
	}
	if n := s.Status.AvailableReplicas; s.Spec.MinReadySeconds > 0 && n < w.Want {
		return progress("starting", "%d of %s ready for %d seconds", n, pods(w.Want), s.Spec.MinReadySeconds), true
	}
	return step{}, false
}

// isOld tells the pods that are not of the latest spec.
func isOld(s *appsv1.StatefulSet) func(*corev1.Pod) bool {
	return func(p *corev1.Pod) bool {
		return p.Labels[appsv1.ControllerRevisionHashLabelKey] != s.Status.UpdateRevision
	}
}

// end returns the ordinal after the last one that is wanted.
func end(s *appsv1.StatefulSet) int {
	n := int(replicas(s.Spec.Replicas))
	if s.Spec.Ordinals != nil {
		n += int(s.Spec.Ordinals.Start)
	}
	return n
}

// partition returns how many pods, from ordinal zero up, keep their old spec.
func partition(s *appsv1.StatefulSet) int32 {
	if r := s.Spec.UpdateStrategy.RollingUpdate; r != nil && r.Partition != nil {
		return *r.Partition
	}
	return 0
}
