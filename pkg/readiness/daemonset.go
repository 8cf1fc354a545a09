// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	appsv1 "k8s.io/api/apps/v1"
)

// DaemonSet tells how far a DaemonSet is, given the causes found for it.
//
// The rule is that of kubectl rollout status: the spec is observed, the pods
// of all chosen nodes are updated, and all are available. With OnDelete, where
// kubectl refuses to answer, pods of an old spec await restart. Where no node
// is chosen, none is wanted.
func DaemonSet(d *appsv1.DaemonSet, causes []Cause) Workload {
	st := d.Status
	w := Workload{
		Kind: "DaemonSet", Name: d.Name, Strategy: string(d.Spec.UpdateStrategy.Type),
		Want: st.DesiredNumberScheduled, Ready: st.NumberReady, Updated: st.UpdatedNumberScheduled,
	}
	if st.ObservedGeneration < d.Generation {
		return w.at(unseen("the controller"), nil)
	}
	if w.Want == 0 {
		return w.at(step{state: ScaledToZero, doing: "no node is chosen for it"}, nil)
	}
	onDelete := d.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType
	switch old := w.Want - w.Updated; {
	case old > 0 && !onDelete:
		return w.at(progress("rolling", "%d of %s updated", w.Updated, pods(w.Want)), causes)
	case st.NumberAvailable < w.Want:
		return w.at(progress("starting", "%d of %s available", st.NumberAvailable, pods(w.Want)), causes)
	case old > 0:
		return w.at(awaiting(pods(old)+" of an old spec", old, d), causes)
	}
	return w.at(step{state: Ready}, nil)
}
