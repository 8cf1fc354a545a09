// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kubejob"
)

// strip removes from an object what no rule uses, which is most of it: a wait keeps
// thousands of objects.
func strip(object metav1.Object) {
	if custom, ok := object.(*unstructured.Unstructured); ok {
		stripCustom(custom)
		return
	}
	object.SetManagedFields(nil)
	switch o := object.(type) {
	case *corev1.Pod:
		stripPod(o)
	case *appsv1.Deployment:
		o.Spec.Template = stripTemplate(o.Spec.Template)
	case *appsv1.StatefulSet:
		o.Spec.Template, o.Spec.VolumeClaimTemplates = corev1.PodTemplateSpec{}, nil
	case *appsv1.DaemonSet:
		o.Spec.Template = corev1.PodTemplateSpec{}
	case *batchv1.Job:
		o.Spec.Template = stripTemplate(o.Spec.Template)
	case *batchv1.CronJob:
		o.Spec.JobTemplate = batchv1.JobTemplateSpec{}
	}
}

// stripCustom keeps of what was changed by whom only when that was last.
func stripCustom(u *unstructured.Unstructured) {
	at := changedAt(u)
	u.SetManagedFields(nil)
	if metadata, ok := u.Object["metadata"].(map[string]any); ok && !at.IsZero() {
		metadata["managedFields"] = []any{map[string]any{"time": at.UTC().Format(time.RFC3339)}}
	}
}

// stripPod keeps the annotations that rules use, the pod's node and claims, and of each
// container its name, image, restart policy and whether there are probes.
func stripPod(p *corev1.Pod) {
	p.Annotations = stripAnnotations(p.Annotations)
	spec := corev1.PodSpec{NodeName: p.Spec.NodeName, RestartPolicy: p.Spec.RestartPolicy, ReadinessGates: p.Spec.ReadinessGates}
	for _, v := range p.Spec.Volumes {
		if claimName(p, v) != "" {
			spec.Volumes = append(spec.Volumes, v)
		}
	}
	spec.InitContainers, spec.Containers = stripContainers(p.Spec.InitContainers), stripContainers(p.Spec.Containers)
	p.Spec = spec
	for _, statuses := range [][]corev1.ContainerStatus{p.Status.InitContainerStatuses, p.Status.ContainerStatuses} {
		for i := range statuses {
			statuses[i].ImageID, statuses[i].VolumeMounts, statuses[i].Resources, statuses[i].User = "", nil, nil, nil
		}
	}
}

// stripTemplate keeps what distinguishes a Job's own containers from those added to its
// pods (see kubejob), and the images: that of Strimzi's operator has its version.
func stripTemplate(t corev1.PodTemplateSpec) corev1.PodTemplateSpec {
	stripped := corev1.PodTemplateSpec{}
	stripped.Annotations = stripAnnotations(t.Annotations)
	stripped.Spec.RestartPolicy, stripped.Spec.Containers = t.Spec.RestartPolicy, stripContainers(t.Spec.Containers)
	return stripped
}

// stripAnnotations keeps the annotations that rules use.
func stripAnnotations(all map[string]string) map[string]string {
	var kept map[string]string
	for _, key := range []string{revision, kubejob.DefaultContainer, isHook} {
		if value, ok := all[key]; ok {
			if kept == nil {
				kept = map[string]string{}
			}
			kept[key] = value
		}
	}
	return kept
}

func stripContainers(all []corev1.Container) []corev1.Container {
	stripped := make([]corev1.Container, len(all))
	for i, c := range all {
		stripped[i] = corev1.Container{Name: c.Name, Image: c.Image, RestartPolicy: c.RestartPolicy}
		if c.StartupProbe != nil {
			stripped[i].StartupProbe = &corev1.Probe{}
		}
		if c.ReadinessProbe != nil {
			stripped[i].ReadinessProbe = &corev1.Probe{}
		}
	}
	return stripped
}
