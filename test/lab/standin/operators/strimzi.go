// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

const revisionAnnotation = "strimzi.io/revision"

// strimzi plays Strimzi's cluster operator: the pods of every StrimziPodSet, and
// the status of these and of every Kafka.
func (o operators) strimzi(ctx context.Context) error {
	podSets := o.dynamic.Resource(schema.GroupVersionResource{Group: "core.strimzi.io", Version: "v1beta2", Resource: "strimzipodsets"})
	kafkas := o.dynamic.Resource(schema.GroupVersionResource{Group: "kafka.strimzi.io", Version: "v1beta2", Resource: "kafkas"})
	sets, err := podSets.List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("list StrimziPodSets: %w", err)
	}
	for i := range sets.Items {
		set := &sets.Items[i]
		status, err := o.podSet(ctx, set)
		if err != nil {
			return fmt.Errorf("StrimziPodSet %s/%s: %w", set.GetNamespace(), set.GetName(), err)
		}
		if err := o.report(ctx, podSets.Namespace(set.GetNamespace()), set, status); err != nil {
			return err
		}
	}
	clusters, err := kafkas.List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("list Kafkas: %w", err)
	}
	for i := range clusters.Items {
		kafka := &clusters.Items[i]
		if err := o.report(ctx, kafkas.Namespace(kafka.GetNamespace()), kafka, o.kafkaStatus(kafka, sets.Items)); err != nil {
			return err
		}
	}
	return nil
}

// podSet makes the pods that are missing, deletes one of an old revision when
// all are ready, and returns the set's status.
func (o operators) podSet(ctx context.Context, set *unstructured.Unstructured) (map[string]any, error) {
	want, err := specPods(set)
	if err != nil {
		return nil, err
	}
	selector, _, _ := unstructured.NestedStringMap(set.Object, "spec", "selector", "matchLabels")
	list, err := o.typed.CoreV1().Pods(set.GetNamespace()).List(ctx, metav1.ListOptions{LabelSelector: metav1.FormatLabelSelector(metav1.SetAsLabelSelector(selector))})
	if err != nil {
		return nil, err
	}
	there := map[string]*corev1.Pod{}
	for i := range list.Items {
		there[list.Items[i].Name] = &list.Items[i]
	}
	ready, current := 0, 0
	var old *corev1.Pod
	for _, pod := range want {
		existing := there[pod.Name]
		if existing == nil {
			if err := o.create(ctx, set, pod); err != nil {
				return nil, err
			}
			continue
		}
		if podReady(existing) {
			ready++
		}
		if existing.Annotations[revisionAnnotation] == pod.Annotations[revisionAnnotation] {
			current++
		} else {
			old = existing
		}
	}
	if old != nil && ready == len(want) {
		if err := o.typed.CoreV1().Pods(old.Namespace).Delete(ctx, old.Name, metav1.DeleteOptions{}); err != nil {
			return nil, err
		}
	}
	return map[string]any{
		"observedGeneration": set.GetGeneration(),
		"pods":               int64(len(want)), "readyPods": int64(ready), "currentPods": int64(current),
	}, nil
}

// specPods are the pods that a set describes.
func specPods(set *unstructured.Unstructured) ([]*corev1.Pod, error) {
	items, _, err := unstructured.NestedSlice(set.Object, "spec", "pods")
	if err != nil {
		return nil, err
	}
	var pods []*corev1.Pod
	for _, item := range items {
		content, _ := item.(map[string]any)
		pod := &corev1.Pod{}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(content, pod); err != nil {
			return nil, err
		}
		pods = append(pods, pod)
	}
	return pods, nil
}

func (o operators) create(ctx context.Context, set *unstructured.Unstructured, pod *corev1.Pod) error {
	if set.GetDeletionTimestamp() != nil {
		return nil
	}
	pod.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(set, set.GroupVersionKind())}
	_, err := o.typed.CoreV1().Pods(set.GetNamespace()).Create(ctx, pod, metav1.CreateOptions{})
	return err
}

func podReady(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue && pod.DeletionTimestamp == nil
		}
	}
	return false
}

// kafkaStatus is the status of a Kafka with these sets of pods. While pods are
// being replaced it stays as it was, with the generation that it was for: the
// operator reports at the end of a reconciliation.
func (o operators) kafkaStatus(kafka *unstructured.Unstructured, sets []unstructured.Unstructured) map[string]any {
	done, found := true, false
	for i := range sets {
		if !owned(&sets[i], kafka) {
			continue
		}
		found = true
		pods, _, _ := unstructured.NestedInt64(sets[i].Object, "status", "pods")
		for _, counter := range []string{"readyPods", "currentPods"} {
			n, ok, _ := unstructured.NestedInt64(sets[i].Object, "status", counter)
			done = done && ok && n == pods
		}
	}
	before, _, _ := unstructured.NestedMap(kafka.Object, "status")
	version, _, _ := unstructured.NestedString(kafka.Object, "spec", "kafka", "version")
	switch {
	case found && done:
		return map[string]any{
			"observedGeneration": kafka.GetGeneration(), "clusterId": "made-up-by-the-lab", "kafkaVersion": version,
			"conditions": []any{o.condition(before, "Ready", nanoseconds)},
		}
	case len(before) == 0:
		return map[string]any{
			"observedGeneration": kafka.GetGeneration(),
			"conditions":         []any{with(o.condition(before, "NotReady", nanoseconds), "reason", "Creating", "message", "Kafka cluster is being deployed")},
		}
	default:
		return before
	}
}

// How the operators write times.
const (
	nanoseconds = "2006-01-02T15:04:05.000000000Z" // Strimzi
	seconds     = "2006-01-02T15:04:05Z"           // Percona
)

// condition is a true condition, with the time of an equal one before.
func (o operators) condition(status map[string]any, name, layout string) map[string]any {
	stamp := any(o.now().UTC().Format(layout))
	conditions, _, _ := unstructured.NestedSlice(status, "conditions")
	for _, c := range conditions {
		if c, ok := c.(map[string]any); ok && c["type"] == name && c["lastTransitionTime"] != nil {
			stamp = c["lastTransitionTime"]
		}
	}
	return map[string]any{"type": name, "status": "True", "lastTransitionTime": stamp}
}

// with adds keys and values to a condition.
func with(condition map[string]any, pairs ...string) map[string]any {
	for i := 0; i < len(pairs); i += 2 {
		condition[pairs[i]] = pairs[i+1]
	}
	return condition
}

// report writes a status that has changed.
func (o operators) report(ctx context.Context, resource dynamic.ResourceInterface, u *unstructured.Unstructured, status map[string]any) error {
	before, _, _ := unstructured.NestedMap(u.Object, "status")
	if equality.Semantic.DeepEqual(before, status) {
		return nil
	}
	u.Object["status"] = status
	_, err := resource.UpdateStatus(ctx, u, metav1.UpdateOptions{})
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return nil // looked at again soon
	}
	return err
}
