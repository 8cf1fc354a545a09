// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// DaemonSet assesses a DaemonSet, given the causes found for it.
//
// The rule is that of kubectl rollout status: the spec is observed, the pods of all
// eligible nodes are updated, and all are available. With OnDelete, where kubectl
// refuses to answer, old pods await restart.
//
// Where no node is eligible, no pod is wanted. Unlike kubectl it waits for the pods
// that are left on nodes that were eligible before.
func DaemonSet(d *appsv1.DaemonSet, causes []Cause) Workload {
	st := d.Status
	w := Workload{
		Kind: "DaemonSet", Name: d.Name, Strategy: string(d.Spec.UpdateStrategy.Type),
		Want: st.DesiredNumberScheduled, Ready: st.NumberReady, Updated: st.UpdatedNumberScheduled,
	}
	if st.ObservedGeneration < d.Generation {
		return w.at(unseen("the controller"), nil)
	}
	if w.Want == 0 && st.NumberMisscheduled > 0 {
		return w.at(progress("scaling down", "%s left on nodes that are no longer eligible", pods(st.NumberMisscheduled)), causes)
	}
	if w.Want == 0 {
		return w.at(step{state: ScaledToZero, doing: "no node is eligible"}, nil)
	}
	onDelete := d.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType
	switch old := w.Want - w.Updated; {
	case old > 0 && !onDelete:
		return w.at(progress("rolling out", "%d of %s updated", w.Updated, pods(w.Want)), causes)
	case st.NumberAvailable < w.Want:
		return w.at(progress("starting", "%d of %s available", st.NumberAvailable, pods(w.Want)), causes)
	case old > 0:
		return w.at(awaiting(counted(old, "old pod"), old, operated(d)), causes)
	}
	return w.at(step{state: Ready}, nil)
}

// ofLatest accepts the pods of a DaemonSet's latest spec. The API server numbers the
// templates in an annotation, and the controller copies the number to the pods it
// creates; after a rollback, pods of the same hash count as updated, too
// (kubernetes: pkg/controller/daemon/util, IsPodUpdated). ControllerRevisions, which few
// accounts can read, are not needed.
func ofLatest(d *appsv1.DaemonSet, pods []*corev1.Pod) func(*corev1.Pod) bool {
	const hash, generation = appsv1.ControllerRevisionHashLabelKey, "pod-template-generation"
	var hashes []string
	wanted, ok := d.Annotations[appsv1.DeprecatedTemplateGeneration]
	for _, p := range pods {
		if ok && p.Labels[generation] == wanted && !slices.Contains(hashes, p.Labels[hash]) {
			hashes = append(hashes, p.Labels[hash])
		}
	}
	if len(hashes) == 0 {
		return latest(d.Status.UpdatedNumberScheduled, pods, hash)
	}
	return func(p *corev1.Pod) bool { return slices.Contains(hashes, p.Labels[hash]) }
}

// daemonSetCauses returns the causes found on a DaemonSet's pods. Those of old pods are
// never permanent: the controller deletes the ones that are not ready before any other
// (kubernetes: pkg/controller/daemon, rollingUpdate). With OnDelete it does not.
func (f finder) daemonSetCauses(d *appsv1.DaemonSet, pods []*corev1.Pod) []Cause {
	isLatest := ofLatest(d, pods)
	causes := f.onPods(pods, isLatest)
	if d.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType {
		causes = append(causes, f.leftBehind(filter(pods, not(isLatest)))...)
	}
	return causes
}
