// SPDX-License-Identifier: Apache-2.0

package tpe

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// kafka is the spec of a Kafka cluster. The pods of the stand-in's operators
// write its status: see the folder standin/operators.
func (r renderer) kafka(w Workload) map[string]any {
	_, version, _ := strings.Cut(r.image("kafka-cluster-kafka"), "-kafka-")
	spec := map[string]any{"kafka": map[string]any{"replicas": int64(w.Replicas), "version": version}}
	if r.scenario.Set == SetFull { // the small set has none of their pods
		spec["zookeeper"] = map[string]any{"replicas": int64(3)}
		spec["entityOperator"] = map[string]any{"topicOperator": map[string]any{}}
	}
	return map[string]any{"spec": spec}
}

// mongoDB is the spec of a MongoDB cluster, whose operator restarts one pod
// after the other (SmartUpdate) unless a scenario says OnDelete.
func (r renderer) mongoDB(Workload) map[string]any {
	arbiter := r.scenario.Set == SetFull
	return map[string]any{"spec": map[string]any{
		"image":          r.image("mongo-replicaset-rs0"),
		"updateStrategy": "SmartUpdate",
		"replsets": []any{map[string]any{
			"name": "rs0", "size": int64(2),
			"arbiter": map[string]any{"enabled": arbiter, "size": int64(1)},
		}},
	}}
}

func (r renderer) image(workload string) string {
	for _, w := range r.inventory.Workloads {
		if w.Name == workload {
			return w.Image(r.release)
		}
	}
	return ""
}

// podSet holds each of its pods in full, as Strimzi's does, with a revision by
// which the operator sees whether a pod is up to date.
func (r renderer) podSet(w Workload, template corev1.PodTemplateSpec) (map[string]any, error) {
	text, err := json.Marshal(template)
	if err != nil {
		return nil, err
	}
	revision := fmt.Sprintf("%x", sha256.Sum256(text))[:8]
	var pods []any
	for ordinal := range w.Replicas {
		pod, err := r.podSetPod(w, template, ordinal, revision)
		if err != nil {
			return nil, err
		}
		pods = append(pods, pod)
	}
	selector := map[string]any{}
	for _, key := range []string{"strimzi.io/cluster", "strimzi.io/kind", "strimzi.io/name"} {
		selector[key] = labels(w)[key]
	}
	return map[string]any{"spec": map[string]any{"selector": map[string]any{"matchLabels": selector}, "pods": pods}}, nil
}

func (r renderer) podSetPod(w Workload, template corev1.PodTemplateSpec, ordinal int32, revision string) (map[string]any, error) {
	name := fmt.Sprintf("%s-%d", w.Name, ordinal)
	pod := corev1.Pod{ObjectMeta: template.ObjectMeta, Spec: *template.Spec.DeepCopy()}
	pod.APIVersion, pod.Kind = "v1", "Pod"
	pod.Name, pod.Namespace = name, r.namespace
	pod.Labels = merge(labels(w), map[string]string{
		"strimzi.io/pod-name":        name,
		"strimzi.io/controller":      "strimzipodset",
		"strimzi.io/controller-name": w.Name,
	})
	pod.Annotations = map[string]string{"strimzi.io/revision": revision}
	for volume := range w.Claims {
		pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{Name: volume, VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: volume + "-" + name},
		}})
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&pod)
	if err != nil {
		return nil, err
	}
	delete(content, "status")
	return content, nil
}
