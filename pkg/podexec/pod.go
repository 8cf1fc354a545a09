// SPDX-License-Identifier: Apache-2.0

package podexec

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// revisionAnnotation numbers the ReplicaSets of a Deployment; the greatest
// is the newest (k8s.io/kubectl/pkg/util/deployment).
const revisionAnnotation = "deployment.kubernetes.io/revision"

// ErrRolling says that there is no pod because the Deployment rolls out, or would if it were
// not paused: that is no failure. Pods of the previous spec are never asked.
var ErrRolling = errors.New("the deployment is rolling out")

// choosePod returns the pod to ask: a ready one, not terminating, of the ReplicaSet
// with the current spec of the Deployment. Owners decide, not labels, because
// selectors may overlap (kubernetes#112755). Pods of an older spec are never
// asked: during an upgrade they would answer for the release before. The error is a
// *NoPodError, and ErrRolling while a pod of the current spec is about to come.
func choosePod(d *appsv1.Deployment, sets []appsv1.ReplicaSet, pods []corev1.Pod) (*corev1.Pod, error) {
	none := &NoPodError{Deployment: d.Name}
	set := newest(d, sets)
	switch {
	case d.Spec.Replicas != nil && *d.Spec.Replicas == 0:
		none.Err = fmt.Errorf("deployment %q is %w", d.Name, ErrScaledToZero)
		return nil, none
	case d.Status.ObservedGeneration < d.Generation:
		none.Err = fmt.Errorf("%w: its controller has not seen the current spec of %q yet", ErrRolling, d.Name)
		return nil, none
	case set == nil:
		none.Err = whileRolling(d, fmt.Errorf("deployment %q has no ReplicaSet yet", d.Name))
		return nil, none
	case !ofPresentSpec(d, set):
		none.Err = fmt.Errorf("%w: %q has no ReplicaSet of its current spec%s", ErrRolling, d.Name, whilePaused(d))
		return nil, none
	}
	var others []string
	starting := false
	for _, pod := range slices.SortedFunc(slices.Values(pods), youngerFirst) {
		if !metav1.IsControlledBy(&pod, set) {
			continue
		}
		if why := unusable(&pod); why != "" {
			if none.Pod == "" {
				none.Pod, none.NotStarted = pod.Name, !started(&pod)
			}
			others = append(others, pod.Name+" is "+why)
			starting = starting || !held(&pod)
			if at := replaced(&pod); at.After(none.Replaced) {
				none.Replaced = at
			}
			continue
		}
		return &pod, nil
	}
	none.Err = fmt.Errorf("no ready pod in deployment %q: %s", d.Name, orNone(others))
	if starting || len(others) == 0 {
		none.Err = whileRolling(d, none.Err)
	}
	return nil, none
}

// replaced returns when a pod that is starting was created, or one that is terminating was deleted,
// as when its node is drained. A pod that failed, that cannot start, or that was ready before is
// neither.
func replaced(pod *corev1.Pod) time.Time {
	switch {
	case pod.DeletionTimestamp != nil: // which is when its grace period ends
		var grace int64
		if pod.DeletionGracePeriodSeconds != nil {
			grace = *pod.DeletionGracePeriodSeconds
		}
		return pod.DeletionTimestamp.Add(-time.Duration(grace) * time.Second)
	case pod.Status.Phase == corev1.PodFailed, pod.Status.Phase == corev1.PodSucceeded, held(pod), wasReady(pod):
		return time.Time{}
	}
	return pod.CreationTimestamp.Time
}

// wasReady reports whether a pod that is not ready was so before: the kubelet says that a pod is not
// ready when it takes it up, and next when that changed.
func wasReady(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionFalse && slices.ContainsFunc(pod.Status.ContainerStatuses, func(s corev1.ContainerStatus) bool {
			return s.State.Running != nil && c.LastTransitionTime.After(s.State.Running.StartedAt.Time)
		})
	})
}

// started reports whether a container of a pod has run.
func started(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.ContainerStatuses, func(c corev1.ContainerStatus) bool {
		return c.State.Running != nil || c.State.Terminated != nil || c.LastTerminationState.Terminated != nil || c.RestartCount > 0
	})
}

// held reports whether something holds up the start of a pod, such as an image that
// cannot be pulled: then that is why there is no answer, and not the rollout.
func held(pod *corev1.Pod) bool {
	return slices.ContainsFunc(slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses), func(c corev1.ContainerStatus) bool {
		w := c.State.Waiting
		return w != nil && w.Reason != "" && w.Reason != "PodInitializing" && w.Reason != "ContainerCreating"
	})
}

// whileRolling returns why there is no pod, as ErrRolling if the rollout is why.
func whileRolling(d *appsv1.Deployment, err error) error {
	if rolling(d) {
		return fmt.Errorf("%w: %w", ErrRolling, err)
	}
	return err
}

// ofPresentSpec reports whether a ReplicaSet has the pod template of the Deployment.
// That is how the Deployment's controller finds its newest one
// (k8s.io/kubernetes/pkg/controller/deployment/util, FindNewReplicaSet). A paused
// Deployment gets none for a spec that came later, though its generation is observed.
func ofPresentSpec(d *appsv1.Deployment, set *appsv1.ReplicaSet) bool {
	template := set.Spec.Template.DeepCopy()
	delete(template.Labels, appsv1.DefaultDeploymentUniqueLabelKey)
	return equality.Semantic.DeepEqual(&d.Spec.Template, template)
}

func whilePaused(d *appsv1.Deployment) string {
	if d.Spec.Paused {
		return ", and is paused"
	}
	return ""
}

// rolling reports whether a Deployment's rollout is why it has no pod: the rollout has not
// completed since the spec last changed, nor run out of time, or waits because the Deployment is
// paused. A Deployment without a deadline has no such condition, and that of a paused one is
// unknown; then the counts decide. (The rule in pkg/readiness differs: a paused Deployment is
// no rollout to wait for.)
func rolling(d *appsv1.Deployment) bool {
	for _, c := range d.Status.Conditions {
		if c.Type == appsv1.DeploymentProgressing && c.Status != corev1.ConditionUnknown {
			return c.Status == corev1.ConditionTrue && c.Reason != newReplicaSetAvailable
		}
	}
	return d.Status.UpdatedReplicas < d.Status.Replicas || d.Spec.Replicas != nil && d.Status.UpdatedReplicas < *d.Spec.Replicas
}

// newReplicaSetAvailable is the reason of the condition Progressing once a rollout has completed
// (k8s.io/kubectl/pkg/util/deployment).
const newReplicaSetAvailable = "NewReplicaSetAvailable"

// newest returns the ReplicaSet of the Deployment with the greatest revision.
func newest(d *appsv1.Deployment, sets []appsv1.ReplicaSet) *appsv1.ReplicaSet {
	var found *appsv1.ReplicaSet
	greatest := -1
	for i := range sets {
		revision, _ := strconv.Atoi(sets[i].Annotations[revisionAnnotation])
		if metav1.IsControlledBy(&sets[i], d) && revision > greatest {
			found, greatest = &sets[i], revision
		}
	}
	return found
}

// youngerFirst orders pods by their start, so that with several ready ones
// the choice does not depend on the order of a list.
func youngerFirst(a, b corev1.Pod) int {
	if order := b.CreationTimestamp.Compare(a.CreationTimestamp.Time); order != 0 {
		return order
	}
	return strings.Compare(a.Name, b.Name)
}

// unusable says why a pod cannot be asked, in kubectl's words, or nothing.
func unusable(pod *corev1.Pod) string {
	switch {
	case pod.DeletionTimestamp != nil:
		return "Terminating"
	case pod.Status.Phase == corev1.PodFailed, pod.Status.Phase == corev1.PodSucceeded:
		return cmp.Or(pod.Status.Reason, string(pod.Status.Phase)) // its conditions may stay as they were
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
			return ""
		}
	}
	for _, c := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		if w := c.State.Waiting; w != nil && w.Reason != "" && w.Reason != "PodInitializing" {
			return w.Reason
		}
	}
	if pod.Status.Phase == corev1.PodRunning {
		return "Running, but not ready"
	}
	return cmp.Or(string(pod.Status.Phase), "not ready")
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "it has no pods"
	}
	return strings.Join(list, ", ")
}
