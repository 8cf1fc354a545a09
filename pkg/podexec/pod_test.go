// SPDX-License-Identifier: Apache-2.0

package podexec

import (
	"errors"
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
	of := func(s appsv1.ReplicaSet, image string) appsv1.ReplicaSet {
		s.Spec.Template.Labels = map[string]string{"app": "pum", appsv1.DefaultDeploymentUniqueLabelKey: "hash"}
		s.Spec.Template.Spec.Containers = []corev1.Container{{Name: "pum", Image: image}}
		return s
	}
	progressing := func(status corev1.ConditionStatus, reason string) func(*appsv1.Deployment) {
		return func(d *appsv1.Deployment) {
			d.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentProgressing, Status: status, Reason: reason}}
		}
	}
	present := func(d *appsv1.Deployment) {
		d.Generation, d.Status.ObservedGeneration = 2, 2
		d.Spec.Template.Labels = map[string]string{"app": "pum"}
		d.Spec.Template.Spec.Containers = []corev1.Container{{Name: "pum", Image: "new"}}
	}
	tests := []struct {
		name    string
		change  func(*appsv1.Deployment)
		sets    []appsv1.ReplicaSet
		pods    []corev1.Pod
		want    string
		err     string // the whole message: it is what the user reads
		rolling bool
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
		{
			name: "not one that has failed, though its conditions stayed",
			sets: []appsv1.ReplicaSet{set("a", "1")},
			pods: []corev1.Pod{pod("p1", "a", corev1.PodStatus{Phase: corev1.PodFailed, Reason: "Evicted", Conditions: ready.Conditions})},
			err:  `no ready pod in deployment "pum": p1 is Evicted`,
		},
		{name: "no ReplicaSet", err: `deployment "pum" has no ReplicaSet yet`},
		{
			name: "of the current spec", change: present,
			sets: []appsv1.ReplicaSet{of(set("a", "1"), "old"), of(set("b", "2"), "new")},
			pods: []corev1.Pod{pod("p1", "a", ready), pod("p2", "b", ready)},
			want: "p2",
		},
		{
			name: "not of the spec before while the controller has not seen the new one",
			change: func(d *appsv1.Deployment) {
				present(d)
				d.Status.ObservedGeneration = 1
			},
			sets:    []appsv1.ReplicaSet{of(set("a", "1"), "old")},
			pods:    []corev1.Pod{pod("p1", "a", ready)},
			err:     `the deployment is rolling out: its controller has not seen the current spec of "pum" yet`,
			rolling: true,
		},
		{
			name: "not of the spec before while the rollout is paused, though the generation is observed",
			change: func(d *appsv1.Deployment) {
				present(d)
				d.Spec.Paused = true
			},
			sets:    []appsv1.ReplicaSet{of(set("a", "1"), "old")},
			pods:    []corev1.Pod{pod("p1", "a", ready)},
			err:     `the deployment is rolling out: "pum" has no ReplicaSet of its current spec, and is paused`,
			rolling: true,
		},
		{
			name: "not of the spec before while Recreate stops its pods", change: present,
			sets:    []appsv1.ReplicaSet{of(set("a", "1"), "old")},
			pods:    []corev1.Pod{pod("p1", "a", ready)},
			err:     `the deployment is rolling out: "pum" has no ReplicaSet of its current spec`,
			rolling: true,
		},
		{
			name: "a paused one that rolled out before", change: func(d *appsv1.Deployment) {
				progressing(corev1.ConditionUnknown, "DeploymentPaused")(d)
				d.Spec.Paused = true
			},
			sets: []appsv1.ReplicaSet{set("a", "1")},
			pods: []corev1.Pod{pod("p1", "a", ready)},
			want: "p1",
		},
		{
			name: "the new pod is not ready yet", change: progressing(corev1.ConditionTrue, "ReplicaSetUpdated"),
			sets:    []appsv1.ReplicaSet{set("a", "1")},
			pods:    []corev1.Pod{pod("p1", "a", running)},
			err:     `the deployment is rolling out: no ready pod in deployment "pum": p1 is Running, but not ready`,
			rolling: true,
		},
		{
			name: "the new pod is held up", change: progressing(corev1.ConditionTrue, "ReplicaSetUpdated"),
			sets: []appsv1.ReplicaSet{set("a", "1")},
			pods: []corev1.Pod{pod("p1", "a", crashing)},
			err:  `no ready pod in deployment "pum": p1 is CrashLoopBackOff`,
		},
		{
			name: "the new pod is to come", change: progressing(corev1.ConditionTrue, "NewReplicaSetCreated"),
			sets:    []appsv1.ReplicaSet{set("a", "1")},
			err:     `the deployment is rolling out: no ready pod in deployment "pum": it has no pods`,
			rolling: true,
		},
		{
			name: "the new pod was ready, and is no more", change: progressing(corev1.ConditionTrue, newReplicaSetAvailable),
			sets: []appsv1.ReplicaSet{set("a", "1")},
			pods: []corev1.Pod{pod("p1", "a", crashing)},
			err:  `no ready pod in deployment "pum": p1 is CrashLoopBackOff`,
		},
		{
			name: "the rollout ran out of time", change: progressing(corev1.ConditionFalse, "ProgressDeadlineExceeded"),
			sets: []appsv1.ReplicaSet{set("a", "1")},
			pods: []corev1.Pod{pod("p1", "a", crashing)},
			err:  `no ready pod in deployment "pum": p1 is CrashLoopBackOff`,
		},
		{
			name: "without a deadline, the counts tell",
			change: func(d *appsv1.Deployment) {
				d.Status.Replicas, d.Status.UpdatedReplicas = 2, 1
			},
			sets:    []appsv1.ReplicaSet{set("a", "1")},
			pods:    []corev1.Pod{pod("p1", "a", running)},
			err:     `the deployment is rolling out: no ready pod in deployment "pum": p1 is Running, but not ready`,
			rolling: true,
		},
		{
			name:   "scaled to zero",
			change: func(d *appsv1.Deployment) { d.Spec.Replicas = new(int32) },
			sets:   []appsv1.ReplicaSet{set("a", "1")},
			err:    `deployment "pum" is scaled to zero`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := deployment.DeepCopy()
			if tt.change != nil {
				tt.change(d)
			}
			got, err := choosePod(d, tt.sets, tt.pods)
			if errors.Is(err, ErrRolling) != tt.rolling {
				t.Errorf("error = %v, is ErrRolling: want %v", err, tt.rolling)
			}
			switch {
			case tt.err != "" && (err == nil || err.Error() != tt.err):
				t.Errorf("error = %v, want %s", err, tt.err)
			case tt.err == "" && (err != nil || got.Name != tt.want):
				t.Errorf("pod = %v, %v, want %s", got, err, tt.want)
			}
		})
	}
}

// A pod of which no container has started has no log to look at.
func TestChoosePodTellsWhetherThereIsALog(t *testing.T) {
	waiting := corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff"}}
	ended := corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1}}
	for name, tt := range map[string]struct {
		status     corev1.ContainerStatus
		notStarted bool
	}{
		"no image":         {corev1.ContainerStatus{State: waiting}, true},
		"not ready":        {corev1.ContainerStatus{State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}, false},
		"ended":            {corev1.ContainerStatus{State: ended}, false},
		"waits after":      {corev1.ContainerStatus{State: waiting, LastTerminationState: ended}, false},
		"waits, restarted": {corev1.ContainerStatus{State: waiting, RestartCount: 1}, false},
	} {
		younger, older := pod("b", "a", corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{tt.status}}), pod("a", "a", corev1.PodStatus{})
		younger.CreationTimestamp = metav1.Unix(1, 0)
		_, err := choosePod(deployment, []appsv1.ReplicaSet{set("a", "1")}, []corev1.Pod{older, younger})
		var none *NoPodError
		if !errors.As(err, &none) || none.Pod != "b" || none.NotStarted != tt.notStarted {
			t.Errorf("%s: %+v, %v", name, none, err)
		}
	}
}
