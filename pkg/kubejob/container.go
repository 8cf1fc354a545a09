// SPDX-License-Identifier: Apache-2.0

package kubejob

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// A Container is a container of a job's pod, with its status.
type Container struct {
	Name   string
	Role   Role
	Init   bool // it is among the init containers
	Status corev1.ContainerStatus
}

// A Role is what a container is for.
type Role string

// The roles.
const (
	Init    Role = "init"    // runs to its end before the main ones
	Main    Role = ""        // does the job's work
	Sidecar Role = "sidecar" // runs beside them: the job does not wait for its end
)

// Restarts returns how often the container was started again.
func (c Container) Restarts() int { return max(0, int(c.Status.RestartCount)) }

// DefaultContainer is the annotation by which kubectl logs and kubectl exec
// choose a container (kubernetes: staging/src/k8s.io/kubectl/pkg/cmd/util/podcmd).
const DefaultContainer = "kubectl.kubernetes.io/default-container"

// proxies are the names of common sidecars.
var proxies = []string{
	"istio-proxy", "linkerd-proxy", "kuma-sidecar", "consul-dataplane", "envoy-sidecar",
	"daprd", "vault-agent", "cloud-sql-proxy", "cloudsql-proxy",
}

// Containers returns a pod's containers in the order of their logs: init
// containers, the main ones, sidecars. Without the job's template a container
// that was added to the pod counts as a main one.
func Containers(template *corev1.PodTemplateSpec, p *corev1.Pod) []Container {
	var first, mains, sidecars []Container
	for _, c := range p.Spec.InitContainers {
		found := Container{c.Name, Init, true, statusOf(c.Name, p.Status.InitContainerStatuses)}
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			found.Role = Sidecar
			sidecars = append(sidecars, found)
		} else {
			first = append(first, found)
		}
	}
	own := ownContainers(template, p)
	for _, c := range p.Spec.Containers {
		found := Container{c.Name, Main, false, statusOf(c.Name, p.Status.ContainerStatuses)}
		if slices.Contains(own, c.Name) {
			mains = append(mains, found)
		} else {
			found.Role = Sidecar
			sidecars = append(sidecars, found)
		}
	}
	return slices.Concat(first, mains, sidecars)
}

// OwnContainer returns the name of the first container that does a pod's own work, as
// ownContainers has it. kubectl would take the first of all, which a webhook may have put there
// (linkerd/linkerd2#7122).
func OwnContainer(template *corev1.PodTemplateSpec, p *corev1.Pod) string {
	if own := ownContainers(template, p); len(own) > 0 {
		return own[0]
	}
	return ""
}

// ownContainers returns the names of the containers that do the job's work: kubectl's
// default container if an annotation names one, else those of the owner's template
// without common proxies. What a webhook adds is in the pod, and not in the template.
func ownContainers(template *corev1.PodTemplateSpec, p *corev1.Pod) []string {
	names := func(containers []corev1.Container) []string {
		var list []string
		for _, c := range containers {
			list = append(list, c.Name)
		}
		return list
	}
	all := names(p.Spec.Containers)
	if template == nil {
		template = &corev1.PodTemplateSpec{}
	}
	for _, annotations := range []map[string]string{p.Annotations, template.Annotations} {
		if name := annotations[DefaultContainer]; slices.Contains(all, name) {
			return []string{name}
		}
	}
	inTemplate := names(template.Spec.Containers)
	isAdded := func(name string) bool { return !slices.Contains(inTemplate, name) }
	isProxy := func(name string) bool { return slices.Contains(proxies, name) }
	for _, drop := range []func(string) bool{isAdded, isProxy} {
		if left := slices.DeleteFunc(slices.Clone(all), drop); len(left) > 0 {
			all = left
		}
	}
	return all
}

func statusOf(name string, all []corev1.ContainerStatus) corev1.ContainerStatus {
	i := slices.IndexFunc(all, func(s corev1.ContainerStatus) bool { return s.Name == name })
	if i < 0 {
		return corev1.ContainerStatus{State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{}}}
	}
	return all[i]
}
