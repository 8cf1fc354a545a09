// SPDX-License-Identifier: Apache-2.0

package podexec

import (
	"errors"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestAGuessIsUsedOnlyIfItHasAll(t *testing.T) {
	observed := func() *appsv1.Deployment {
		d := deployment.DeepCopy()
		d.Generation, d.Status.ObservedGeneration = 3, 3
		d.Annotations = map[string]string{revisionAnnotation: "2"}
		d.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{nameLabel: "pum", "app.kubernetes.io/instance": "tpe"}}
		return d
	}
	stranger := set("other", "2")
	stranger.OwnerReferences[0].UID = "another deployment"
	tests := []struct {
		name   string
		change func(*appsv1.Deployment)
		guess  selection
		want   bool
	}{
		{name: "all", guess: selection{sets: []appsv1.ReplicaSet{set("a", "1"), set("b", "2")}}, want: true},
		{name: "refused", guess: selection{err: errors.New("forbidden")}},
		{name: "of another Deployment", guess: selection{sets: []appsv1.ReplicaSet{stranger}}},
		{name: "without the newest ReplicaSet", guess: selection{sets: []appsv1.ReplicaSet{set("a", "1")}}},
		{
			name:   "before the newest ReplicaSet is there",
			change: func(d *appsv1.Deployment) { d.Generation = 4 },
			guess:  selection{sets: []appsv1.ReplicaSet{set("b", "2")}},
		},
		{
			name:   "whose labels are others",
			change: func(d *appsv1.Deployment) { d.Spec.Selector.MatchLabels = map[string]string{"app": "pum"} },
			guess:  selection{sets: []appsv1.ReplicaSet{set("b", "2")}},
		},
		{
			name:   "of a Deployment that an API server made up",
			change: func(d *appsv1.Deployment) { d.Spec.Selector = nil },
			guess:  selection{sets: []appsv1.ReplicaSet{set("b", "2")}},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := observed()
			if test.change != nil {
				test.change(d)
			}
			if got := test.guess.usableFor(d); got != test.want {
				t.Errorf("complete: %v, want %v", got, test.want)
			}
		})
	}
}
