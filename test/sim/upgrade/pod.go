// SPDX-License-Identifier: Apache-2.0

package upgrade

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// pod returns a pod of a controller, of which nothing has happened yet.
func (s rollout) pod(name, version string, labels map[string]string, kind, controller string) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Name: name, UID: uid("Pod", name+"-"+version), Labels: labels, OwnerReferences: owned(apiVersions[kind], kind, controller),
	}}
	p.Kind, p.APIVersion = "Pod", "v1"
	p.Spec = corev1.PodSpec{
		NodeName: "node-1", RestartPolicy: corev1.RestartPolicyAlways, TerminationGracePeriodSeconds: new(int64(30)),
		Containers: []corev1.Container{{Name: s.container(), Image: s.image(version)}},
	}
	return p
}

// container returns the name of the container in the workload's pods.
func (s rollout) container() string {
	if s.Kind == "StrimziPodSet" {
		return "kafka"
	}
	return s.Name
}

// lives makes a pod one that is ready, and goes in a stage.
func (s rollout) lives(p *corev1.Pod, created, ready time.Duration, goes, stage int) {
	p.CreationTimestamp = s.when(created)
	s.running(p, created, ready, true)
	if stage == goes {
		p.DeletionTimestamp, p.DeletionGracePeriodSeconds = new(s.when(s.begins(goes)+30*time.Second)), new(int64(30))
	}
}

// grows makes a pod one that is made in a stage, starts in the next and is ready after that.
func (s rollout) grows(p *corev1.Pod, made, stage int) {
	created := s.begins(made)
	p.CreationTimestamp = s.when(created)
	switch {
	case stage > made:
		s.running(p, s.begins(made+1), s.begins(min(stage, made+2)), stage >= made+2)
	default:
		p.Status = corev1.PodStatus{Phase: corev1.PodPending, StartTime: new(s.when(created)), Conditions: []corev1.PodCondition{
			s.condition(corev1.PodScheduled, true, created), s.condition(corev1.PodInitialized, true, created),
			s.condition(corev1.PodReady, false, created), s.condition(corev1.ContainersReady, false, created),
		}, ContainerStatuses: []corev1.ContainerStatus{{
			Name: p.Spec.Containers[0].Name, Image: p.Spec.Containers[0].Image,
			State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}},
		}}}
	}
}

// running makes a pod one that runs since a moment, and is ready, or is not, since another.
func (s rollout) running(p *corev1.Pod, started, since time.Duration, ready bool) {
	c := p.Spec.Containers[0]
	p.Status = corev1.PodStatus{Phase: corev1.PodRunning, StartTime: new(s.when(started)), Conditions: []corev1.PodCondition{
		s.condition(corev1.PodScheduled, true, started), s.condition(corev1.PodInitialized, true, started),
		s.condition(corev1.PodReady, ready, since), s.condition(corev1.ContainersReady, ready, since),
	}, ContainerStatuses: []corev1.ContainerStatus{{
		Name: c.Name, Image: c.Image, ImageID: "sha256:" + hash(c.Image, 16), ContainerID: "containerd://" + hash(string(p.UID), 16), Ready: ready, Started: new(true),
		State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: s.when(started)}},
	}}}
}

func (s rollout) condition(kind corev1.PodConditionType, yes bool, since time.Duration) corev1.PodCondition {
	c := corev1.PodCondition{Type: kind, Status: corev1.ConditionTrue, LastTransitionTime: s.when(since)}
	if !yes {
		c.Status, c.Reason = corev1.ConditionFalse, "ContainersNotReady"
	}
	return c
}
