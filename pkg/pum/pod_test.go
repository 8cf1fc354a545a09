// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

var deployment = &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "pum", UID: "deployment"}}

func owned(name string, owner types.UID) metav1.ObjectMeta {
	controller := true
	return metav1.ObjectMeta{
		Name: name, UID: types.UID(name),
		OwnerReferences: []metav1.OwnerReference{{UID: owner, Controller: &controller}},
	}
}

func set(name, revision string) appsv1.ReplicaSet {
	rs := appsv1.ReplicaSet{ObjectMeta: owned(name, "deployment")}
	rs.Annotations = map[string]string{revisionAnnotation: revision}
	return rs
}

func pod(name, owner string, status corev1.PodStatus) corev1.Pod {
	return corev1.Pod{ObjectMeta: owned(name, types.UID(owner)), Status: status}
}

func terminating(p corev1.Pod) corev1.Pod {
	p.DeletionTimestamp = &metav1.Time{Time: time.Unix(0, 0)}
	return p
}

func TestChoosePod(t *testing.T) {
	ready := corev1.PodStatus{
		Phase:      corev1.PodRunning,
		Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
	}
	running := corev1.PodStatus{Phase: corev1.PodRunning}
	crashing := corev1.PodStatus{
		Phase: corev1.PodRunning,
		ContainerStatuses: []corev1.ContainerStatus{{
			State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}},
		}},
	}
	stranger := set("other", "99")
	stranger.OwnerReferences[0].UID = "another deployment"
	tests := []struct {
		name string
		sets []appsv1.ReplicaSet
		pods []corev1.Pod
		want string
		err  string // the whole message: it is what the user reads
	}{
		{
			name: "the ready one",
			sets: []appsv1.ReplicaSet{set("a", "1")},
			pods: []corev1.Pod{pod("p1", "a", running), pod("p2", "a", ready)},
			want: "p2",
		},
		{
			name: "of the newest ReplicaSet, by number",
			sets: []appsv1.ReplicaSet{set("a", "9"), set("b", "10")},
			pods: []corev1.Pod{pod("p1", "a", ready), pod("p2", "b", ready)},
			want: "p2",
		},
		{
			name: "not one of the release before",
			sets: []appsv1.ReplicaSet{set("a", "1"), set("b", "2")},
			pods: []corev1.Pod{pod("p1", "a", ready), pod("p2", "b", crashing)},
			err:  `no ready pod in deployment "pum": p2 is CrashLoopBackOff`,
		},
		{
			name: "not a terminating one, though it is ready",
			sets: []appsv1.ReplicaSet{set("a", "1")},
			pods: []corev1.Pod{terminating(pod("p1", "a", ready))},
			err:  `no ready pod in deployment "pum": p1 is Terminating`,
		},
		{
			name: "not one that only has the labels",
			sets: []appsv1.ReplicaSet{stranger, set("a", "1")},
			pods: []corev1.Pod{pod("p1", "other", ready)},
			err:  `no ready pod in deployment "pum": it has no pods`,
		},
		{
			name: "running is not ready",
			sets: []appsv1.ReplicaSet{set("a", "1")},
			pods: []corev1.Pod{pod("p1", "a", running)},
			err:  `no ready pod in deployment "pum": p1 is Running, but not ready`,
		},
		{name: "no ReplicaSet", err: `deployment "pum" has no ReplicaSet yet`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := choosePod(deployment, tt.sets, tt.pods)
			switch {
			case tt.err != "" && (err == nil || err.Error() != tt.err):
				t.Errorf("error = %v, want %s", err, tt.err)
			case tt.err == "" && (err != nil || got.Name != tt.want):
				t.Errorf("pod = %v, %v, want %s", got, err, tt.want)
			}
		})
	}
}
