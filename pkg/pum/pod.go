// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// revisionAnnotation numbers the ReplicaSets of a Deployment; the greatest
// is the newest (k8s.io/kubectl/pkg/util/deployment).
const revisionAnnotation = "deployment.kubernetes.io/revision"

// choosePod returns the pod to ask: a ready one, not terminating, of the
// newest ReplicaSet of the Deployment. Owners decide, not labels, because
// selectors may overlap (kubernetes#112755). An older ReplicaSet is never
// asked: during an upgrade it would answer for the release before. The error is a
// *NoPodError.
func choosePod(d *appsv1.Deployment, sets []appsv1.ReplicaSet, pods []corev1.Pod) (*corev1.Pod, error) {
	set := newest(d, sets)
	if set == nil {
		return nil, &NoPodError{Deployment: d.Name, Err: fmt.Errorf("deployment %q has no ReplicaSet yet", d.Name)}
	}
	none := &NoPodError{Deployment: d.Name}
	var others []string
	for _, pod := range slices.SortedFunc(slices.Values(pods), youngerFirst) {
		if !metav1.IsControlledBy(&pod, set) {
			continue
		}
		if why := unusable(&pod); why != "" {
			none.Pod = cmp.Or(none.Pod, pod.Name)
			others = append(others, pod.Name+" is "+why)
			continue
		}
		return &pod, nil
	}
	none.Err = fmt.Errorf("no ready pod in deployment %q: %s", d.Name, orNone(others))
	return nil, none
}

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
	if pod.DeletionTimestamp != nil {
		return "Terminating"
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
	return string(pod.Status.Phase)
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "it has no pods"
	}
	return strings.Join(list, ", ")
}
