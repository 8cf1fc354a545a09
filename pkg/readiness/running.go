// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A Running is what the pods of a workload run.
type Running struct {
	Images   []string // of their containers, sorted
	Restarts int32    // of their containers, in all
}

// Running returns what the pods of each workload run; without pods what a Deployment's
// would. Pods that are being deleted do not count.
func (o *Objects) Running() map[Object]Running {
	pods := groupByOwner(o.Pods)
	running := map[Object]Running{}
	add := func(kind, name string, of []*corev1.Pod) {
		if r := runningIn(of); len(r.Images) > 0 {
			running[Object{Kind: kind, Name: name}] = r
		}
	}
	for _, d := range o.Deployments {
		if add("Deployment", d.Name, pods.byDeployment[d.Name]); len(pods.byDeployment[d.Name]) == 0 {
			running[Object{Kind: "Deployment", Name: d.Name}] = Running{Images: imagesOf(nil, d.Spec.Template.Spec.Containers)}
		}
	}
	for kind, owners := range map[string][]metav1.Object{
		"StatefulSet": objectsOf(o.StatefulSets), "DaemonSet": objectsOf(o.DaemonSets), "StrimziPodSet": objectsOf(o.StrimziPodSets),
	} {
		for _, owner := range owners {
			add(kind, owner.GetName(), pods.byUID[owner.GetUID()])
		}
	}
	return running
}

func objectsOf[T metav1.Object](list []T) []metav1.Object {
	objects := make([]metav1.Object, len(list))
	for i := range list {
		objects[i] = list[i]
	}
	return objects
}

func runningIn(pods []*corev1.Pod) Running {
	var r Running
	for _, p := range pods {
		if isStopping(p) {
			continue
		}
		r.Images = imagesOf(r.Images, p.Spec.Containers)
		for i := range p.Status.ContainerStatuses {
			r.Restarts += p.Status.ContainerStatuses[i].RestartCount
		}
	}
	return r
}

// imagesOf adds the images of containers to others, sorted.
func imagesOf(images []string, containers []corev1.Container) []string {
	for _, c := range containers {
		images = append(images, c.Image)
	}
	slices.Sort(images)
	return slices.Compact(images)
}
