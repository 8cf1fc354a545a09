// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// deployment returns a finished Deployment of two pods, changed by the edit.
func deployment(edit func(*appsv1.Deployment)) *appsv1.Deployment {
	d := &appsv1.Deployment{ObjectMeta: meta("twa", 7)}
	d.Spec.Replicas = new(int32(2))
	d.Spec.Strategy.Type = appsv1.RollingUpdateDeploymentStrategyType
	d.Status = appsv1.DeploymentStatus{ObservedGeneration: 7, Replicas: 2, UpdatedReplicas: 2, ReadyReplicas: 2, AvailableReplicas: 2}
	edit(d)
	return d
}

func deploymentCondition(kind appsv1.DeploymentConditionType, status corev1.ConditionStatus, reason, message string, since time.Duration) appsv1.DeploymentCondition {
	return appsv1.DeploymentCondition{Type: kind, Status: status, Reason: reason, Message: message, LastTransitionTime: ago(since)}
}

func TestDeployment(t *testing.T) {
	unavailable := deploymentCondition(appsv1.DeploymentAvailable, corev1.ConditionFalse, "MinimumReplicasUnavailable", "", 4*time.Minute)
	tests := []struct {
		name   string
		edit   func(*appsv1.Deployment)
		state  State
		reason string
		since  time.Duration
	}{
		{"finished", func(d *appsv1.Deployment) {}, Ready, "", 0},
		{"nil replicas are one", func(d *appsv1.Deployment) {
			d.Spec.Replicas = nil
			d.Status = appsv1.DeploymentStatus{ObservedGeneration: 7}
		}, Progressing, "rolling out, 0 of 1 pod updated", 0},
		{"spec not observed, though all counts are right", func(d *appsv1.Deployment) { d.Generation = 8 },
			Progressing, "waiting for the controller to observe the latest spec", 0},
		{"new, nothing observed", func(d *appsv1.Deployment) { d.Status = appsv1.DeploymentStatus{} },
			Progressing, "waiting for the controller to observe the latest spec", 0},
		{"half updated", func(d *appsv1.Deployment) { d.Status.UpdatedReplicas = 1 },
			Progressing, "rolling out, 1 of 2 pods updated", 0},
		{"old pods left", func(d *appsv1.Deployment) { d.Status.Replicas = 3 },
			Progressing, "rolling out, 1 old pod terminating", 0},
		{"surplus pods left", func(d *appsv1.Deployment) {
			d.Spec.Replicas = new(int32(1))
		}, Progressing, "scaling down, 1 pod too many", 0},
		{"ready but not available yet", func(d *appsv1.Deployment) { d.Status.AvailableReplicas = 1 },
			Progressing, "starting, 1 of 2 pods available", 0},
		{"unavailable since", func(d *appsv1.Deployment) {
			d.Status.ReadyReplicas, d.Status.AvailableReplicas = 0, 0
			d.Status.Conditions = []appsv1.DeploymentCondition{unavailable}
		}, Progressing, "starting, 0 of 2 pods available", 4 * time.Minute},
		{"finished, a stale condition tells nothing", func(d *appsv1.Deployment) {
			d.Status.Conditions = []appsv1.DeploymentCondition{unavailable}
		}, Ready, "", 0},
		{"scaled to zero", func(d *appsv1.Deployment) {
			d.Spec.Replicas = new(int32(0))
			d.Status = appsv1.DeploymentStatus{ObservedGeneration: 7}
		}, ScaledToZero, "scaled to zero", 0},
		{"scaled to zero, a pod left", func(d *appsv1.Deployment) {
			d.Spec.Replicas = new(int32(0))
			d.Status = appsv1.DeploymentStatus{ObservedGeneration: 7, Replicas: 1, UpdatedReplicas: 1}
		}, Progressing, "scaling down, 1 pod too many", 0},
		{"paused in the middle", func(d *appsv1.Deployment) {
			d.Spec.Paused = true
			d.Status.UpdatedReplicas = 1
			d.Status.Conditions = []appsv1.DeploymentCondition{unavailable,
				deploymentCondition(appsv1.DeploymentProgressing, corev1.ConditionUnknown, "DeploymentPaused", "", 9*time.Minute)}
		}, Paused, "paused while rolling out, 1 of 2 pods updated", 9 * time.Minute},
		{"paused, nothing to do", func(d *appsv1.Deployment) { d.Spec.Paused = true },
			Ready, "paused: a later change will not roll out", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := deployment(tt.edit)
			want := Workload{
				Kind: "Deployment", Name: "twa", Strategy: "RollingUpdate", State: tt.state, Reason: tt.reason,
				Want: replicas(d.Spec.Replicas), Ready: d.Status.ReadyReplicas, Updated: d.Status.UpdatedReplicas,
			}
			if tt.since > 0 {
				want.Since = now.Add(-tt.since)
			}
			if diff := cmp.Diff(want, Deployment(d, nil), cmpopts.IgnoreFields(Workload{}, "Doing")); diff != "" {
				t.Errorf("Deployment (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDeploymentTellsItsOwnCauses(t *testing.T) {
	quota := `pods "twa-5f-x" is forbidden: exceeded quota: tpe, requested: pods=1, used: pods=10, limited: pods=10`
	tests := []struct {
		name      string
		condition appsv1.DeploymentCondition
		state     State
		reason    string
	}{
		{"quota, a moment ago", deploymentCondition(appsv1.DeploymentReplicaFailure, corev1.ConditionTrue, "FailedCreate", quota, time.Minute),
			Progressing, "rolling out, exceeded quota: tpe, requested: pods=1, used: pods=10, limited: pods=10"},
		{"quota, for long", deploymentCondition(appsv1.DeploymentReplicaFailure, corev1.ConditionTrue, "FailedCreate", quota, time.Hour),
			Failed, "rolling out, exceeded quota: tpe, requested: pods=1, used: pods=10, limited: pods=10"},
		{"another refusal", deploymentCondition(appsv1.DeploymentReplicaFailure, corev1.ConditionTrue, "FailedCreate", `pods "twa-5f-x" is forbidden: no PriorityClass with name thingpark-datapath was found`, time.Hour),
			Failed, "rolling out, cannot create pods: no PriorityClass with name thingpark-datapath was found"},
		{"a refusal that is over", deploymentCondition(appsv1.DeploymentReplicaFailure, corev1.ConditionFalse, "FailedCreate", quota, time.Hour),
			Progressing, "rolling out, 1 of 2 pods updated"},
		{"the progress deadline makes nothing fail", deploymentCondition(appsv1.DeploymentProgressing, corev1.ConditionFalse, "ProgressDeadlineExceeded", "", time.Hour),
			Progressing, "rolling out, no progress within its deadline"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := deployment(func(d *appsv1.Deployment) {
				d.Status.UpdatedReplicas = 1
				d.Status.Conditions = []appsv1.DeploymentCondition{tt.condition}
			})
			w := Assess(Objects{Deployments: []*appsv1.Deployment{d}}, now).Workloads[0]
			if w.State != tt.state || w.Reason != tt.reason {
				t.Errorf("got %s %q, want %s %q", w.State, w.Reason, tt.state, tt.reason)
			}
		})
	}
}

// A Deployment that crashed before the upgrade and starts well now is on its
// way: its old pods are about to be replaced.
func TestOldPodsDoNotDoomADeployment(t *testing.T) {
	d := deployment(func(d *appsv1.Deployment) { d.Status.UpdatedReplicas, d.Status.AvailableReplicas = 1, 0 })
	of := func(hash string, created time.Duration) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			p.Labels["pod-template-hash"] = hash
			p.OwnerReferences = controller("ReplicaSet", "twa-"+hash)
			p.CreationTimestamp = ago(created)
		}
	}
	old := pod("", "", "twa-old-1", of("old", 9*time.Hour), pullFails("InvalidImageName", 9*time.Hour))
	young := pod("", "", "twa-new-1", of("new", time.Minute), notReady(time.Minute))
	assess := func(pods ...*corev1.Pod) State {
		return Assess(Objects{Deployments: []*appsv1.Deployment{d}, Pods: pods}, now).Workloads[0].State
	}
	if got := assess(old, young); got != Progressing {
		t.Errorf("with an old pod that cannot recover: %s, want %s", got, Progressing)
	}
	if got := assess(old); got != Failed {
		t.Errorf("with only pods that cannot recover: %s, want %s", got, Failed)
	}
}

func TestRollingOut(t *testing.T) {
	rollout := func(generation, observed int64, updated int32, reason string) *appsv1.Deployment {
		d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Generation: generation}}
		d.Status = appsv1.DeploymentStatus{ObservedGeneration: observed, UpdatedReplicas: updated}
		if reason != "" {
			d.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentProgressing, Reason: reason}}
		}
		return d
	}
	paused := rollout(2, 2, 0, "DeploymentPaused")
	paused.Spec.Paused = true
	for _, tt := range []struct {
		name string
		d    *appsv1.Deployment
		want bool
	}{
		{"not observed", rollout(2, 1, 1, "NewReplicaSetAvailable"), true},
		{"its new pod starts", rollout(2, 2, 1, "ReplicaSetUpdated"), true},
		{"no new pod yet", rollout(2, 2, 0, "NewReplicaSetCreated"), true},
		{"too late", rollout(2, 2, 1, "ProgressDeadlineExceeded"), false},
		{"all were available once", rollout(2, 2, 1, "NewReplicaSetAvailable"), false},
		{"scaled up since", rollout(2, 2, 0, "NewReplicaSetAvailable"), true},
		{"without a deadline", rollout(2, 2, 0, ""), true},
		{"without a deadline, updated", rollout(2, 2, 1, ""), false},
		{"paused", paused, false},
	} {
		if got := rollingOut(tt.d); got != tt.want {
			t.Errorf("%s: rolling = %v", tt.name, got)
		}
	}
}
