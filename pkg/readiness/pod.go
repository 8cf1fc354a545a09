// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// ownedBy returns those of the pods whose controller has the UID. A pod that
// only has the labels, or whose owner of the same name is gone, is not owned.
func ownedBy(uid types.UID, pods []*corev1.Pod) []*corev1.Pod {
	return filter(pods, func(p *corev1.Pod) bool {
		c := metav1.GetControllerOf(p)
		return c != nil && c.UID == uid
	})
}

// podsByOwner finds the pods of each workload in one pass.
type podsByOwner struct {
	byUID        map[types.UID][]*corev1.Pod
	byDeployment map[string][]*corev1.Pod
}

func groupByOwner(pods []*corev1.Pod) podsByOwner {
	g := podsByOwner{map[types.UID][]*corev1.Pod{}, map[string][]*corev1.Pod{}}
	for _, p := range pods {
		c := metav1.GetControllerOf(p)
		if c == nil {
			continue
		}
		g.byUID[c.UID] = append(g.byUID[c.UID], p)
		if name, ok := deploymentOf(p, c); ok {
			g.byDeployment[name] = append(g.byDeployment[name], p)
		}
	}
	return g
}

// deploymentOf returns the Deployment of a pod whose controller is a ReplicaSet. The
// Deployment controller names a ReplicaSet after the Deployment and the hash in the
// pods' label (kubernetes: pkg/controller/deployment/sync.go), so that ReplicaSets
// need not be read.
func deploymentOf(p *corev1.Pod, controller *metav1.OwnerReference) (string, bool) {
	hash := p.Labels["pod-template-hash"]
	if controller.Kind != "ReplicaSet" || hash == "" {
		return "", false
	}
	return strings.CutSuffix(controller.Name, "-"+hash)
}

// latest accepts the pods of the latest revision of a Deployment or DaemonSet. A
// revision is the value of a label. The status does not say which is the latest, only
// how many of its pods there are.
//
// It is the revision with as many pods (kubernetes: pkg/controller/deployment/util,
// GetActualReplicaCountForReplicaSets). Of several it is the one whose first pod was
// created last: a new pod may have an old revision, if it replaces one that was lost
// during a rollout. Pods that terminate or have ended are not counted. If no revision
// fits, as when the pods were read after the status, no pod is accepted.
func latest(updated int32, pods []*corev1.Pod, label string) func(*corev1.Pod) bool {
	first, count := map[string]time.Time{}, map[string]int32{}
	for _, p := range pods {
		hash := p.Labels[label]
		if created, ok := first[hash]; !ok || p.CreationTimestamp.Time.Before(created) {
			first[hash] = p.CreationTimestamp.Time
		}
		if !isStopping(p) && !hasEnded(p) {
			count[hash]++
		}
	}
	var fits []string
	var last time.Time
	for hash, created := range first {
		switch {
		case count[hash] != updated || created.Before(last):
		case created.After(last):
			fits, last = []string{hash}, created
		default:
			fits = append(fits, hash)
		}
	}
	return func(p *corev1.Pod) bool { return slices.Contains(fits, p.Labels[label]) }
}

// newest returns when the last of the pods was created.
func newest(pods []*corev1.Pod) time.Time {
	var last time.Time
	for _, p := range pods {
		last = later(last, p.CreationTimestamp.Time)
	}
	return last
}

func podCondition(p *corev1.Pod, kind corev1.PodConditionType) *corev1.PodCondition {
	for i := range p.Status.Conditions {
		if p.Status.Conditions[i].Type == kind {
			return &p.Status.Conditions[i]
		}
	}
	return nil
}

// serves reports whether the pod is ready, has not ended and is not being deleted. One that a kubelet
// ended when its node was shut down may still be called ready (kubernetes#117822).
func serves(p *corev1.Pod) bool {
	c := podCondition(p, corev1.PodReady)
	return c != nil && c.Status == corev1.ConditionTrue && p.DeletionTimestamp == nil && !hasEnded(p)
}

// notReadySince returns since when the pod has not been ready.
func notReadySince(p *corev1.Pod) time.Time {
	for _, kind := range []corev1.PodConditionType{corev1.ContainersReady, corev1.PodReady} {
		if c := podCondition(p, kind); c != nil && c.Status == corev1.ConditionFalse && !c.LastTransitionTime.IsZero() {
			return c.LastTransitionTime.Time
		}
	}
	return time.Time{}
}

// unreadySince returns since when the first of the pods is not ready.
func unreadySince(pods []*corev1.Pod) time.Time { return earliest(pods, notReadySince) }

// deletedSince returns when the deletion of the first of the pods was requested.
// A deletion timestamp is when the grace period ends.
func deletedSince(pods []*corev1.Pod) time.Time {
	return earliest(pods, func(p *corev1.Pod) time.Time {
		if p.DeletionTimestamp == nil || p.DeletionGracePeriodSeconds == nil {
			return time.Time{}
		}
		return p.DeletionTimestamp.Add(-time.Duration(*p.DeletionGracePeriodSeconds) * time.Second)
	})
}

// ordinal returns the number at the end of a StatefulSet's pod's name, or -1.
func ordinal(p *corev1.Pod) int {
	n, err := strconv.Atoi(p.Name[strings.LastIndexByte(p.Name, '-')+1:])
	if err != nil || n < 0 {
		return -1
	}
	return n
}

func isStopping(p *corev1.Pod) bool { return p.DeletionTimestamp != nil }

// hasEnded reports whether all containers of a pod ended permanently.
func hasEnded(p *corev1.Pod) bool {
	return hasFailed(p) || p.Status.Phase == corev1.PodSucceeded
}

func filter[T any](items []T, keep func(T) bool) []T {
	var kept []T
	for _, item := range items {
		if keep(item) {
			kept = append(kept, item)
		}
	}
	return kept
}

func not(accept func(*corev1.Pod) bool) func(*corev1.Pod) bool {
	return func(p *corev1.Pod) bool { return !accept(p) }
}

// earliest returns the earliest of the items' times; an item may have none.
func earliest[T any](items []T, of func(T) time.Time) time.Time {
	var first time.Time
	for _, item := range items {
		first = earlier(first, of(item))
	}
	return first
}

// names lists the pods' names, at most three of them.
func names(pods []*corev1.Pod) string {
	var list []string
	for _, p := range pods[:min(len(pods), 3)] {
		list = append(list, p.Name)
	}
	if more := len(pods) - len(list); more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(list, ", "), more)
	}
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	last := len(list) - 1
	return strings.Join(list[:last], ", ") + " and " + list[last]
}
