// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
)

func TestDaemonSet(t *testing.T) {
	tests := []struct {
		name   string
		edit   func(*appsv1.DaemonSet)
		state  State
		reason string
	}{
		{"finished", func(*appsv1.DaemonSet) {}, Ready, ""},
		{"spec not observed", func(d *appsv1.DaemonSet) { d.Generation = 3 }, Progressing, "waiting for the controller to observe the latest spec"},
		{"half updated", func(d *appsv1.DaemonSet) { d.Status.UpdatedNumberScheduled = 1 }, Progressing, "rolling out, 1 of 3 pods updated"},
		{"starting", func(d *appsv1.DaemonSet) { d.Status.NumberAvailable = 2 }, Progressing, "starting, 2 of 3 pods available"},
		{"no node is chosen", func(d *appsv1.DaemonSet) { d.Status = appsv1.DaemonSetStatus{ObservedGeneration: 2} }, ScaledToZero, "no node is eligible"},
		{"OnDelete, one old", func(d *appsv1.DaemonSet) {
			d.Spec.UpdateStrategy.Type, d.Status.UpdatedNumberScheduled = appsv1.OnDeleteDaemonSetStrategyType, 2
		}, AwaitingRestart, "1 old pod awaits restart: OnDelete, to be deleted by hand"},
		{"OnDelete, one old and one not available", func(d *appsv1.DaemonSet) {
			d.Spec.UpdateStrategy.Type, d.Status.UpdatedNumberScheduled = appsv1.OnDeleteDaemonSetStrategyType, 2
			d.Status.NumberAvailable = 2
		}, Progressing, "starting, 2 of 3 pods available"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := &appsv1.DaemonSet{ObjectMeta: meta("agent", 2)}
			d.Spec.UpdateStrategy.Type = appsv1.RollingUpdateDaemonSetStrategyType
			d.Status = appsv1.DaemonSetStatus{ObservedGeneration: 2, DesiredNumberScheduled: 3, UpdatedNumberScheduled: 3, NumberReady: 3, NumberAvailable: 3}
			tt.edit(d)
			w := DaemonSet(d, nil)
			if w.State != tt.state || w.Reason != tt.reason {
				t.Errorf("got %s %q, want %s %q", w.State, w.Reason, tt.state, tt.reason)
			}
		})
	}
}
