// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

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
		if got := RollingOut(tt.d); got != tt.want {
			t.Errorf("%s: rolling = %v", tt.name, got)
		}
	}
}

func TestJobsAreIdentified(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	job := func(annotations, labels map[string]string) *batchv1.Job {
		return &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: "j", UID: "u", CreationTimestamp: metav1.NewTime(at), Annotations: annotations, Labels: labels}}
	}
	for want, o := range map[string]*batchv1.Job{
		"tpe":      job(map[string]string{"meta.helm.sh/release-name": "tpe"}, map[string]string{"app.kubernetes.io/instance": "x"}),
		"tpe-data": job(nil, map[string]string{"app.kubernetes.io/instance": "tpe-data"}),
		"":         job(nil, nil),
	} {
		p := Assess(Objects{Jobs: []*batchv1.Job{o}}, at)
		if got := p.Jobs[0]; got.Release != want || got.UID != "u" || !got.CreatedAt.Equal(at) {
			t.Errorf("%+v, want release %q", got, want)
		}
	}
}
