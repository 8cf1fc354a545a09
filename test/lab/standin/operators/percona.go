// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// percona plays Percona's operator for MongoDB: the status of every cluster,
// and with the update strategy SmartUpdate the restart of pods that are old.
func (o operators) percona(ctx context.Context) error {
	resource := o.dynamic.Resource(schema.GroupVersionResource{Group: "psmdb.percona.com", Version: "v1", Resource: "perconaservermongodbs"})
	clusters, err := resource.List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("list PerconaServerMongoDBs: %w", err)
	}
	for i := range clusters.Items {
		cluster := &clusters.Items[i]
		sets, err := o.statefulSets(ctx, cluster)
		if err != nil {
			return err
		}
		strategy, _, _ := unstructured.NestedString(cluster.Object, "spec", "updateStrategy")
		if strategy == "SmartUpdate" {
			if err := o.smartUpdate(ctx, sets); err != nil {
				return err
			}
		}
		if err := o.report(ctx, resource.Namespace(cluster.GetNamespace()), cluster, o.mongoStatus(cluster, sets, strategy)); err != nil {
			return err
		}
	}
	return nil
}

func (o operators) statefulSets(ctx context.Context, cluster *unstructured.Unstructured) ([]appsv1.StatefulSet, error) {
	list, err := o.typed.AppsV1().StatefulSets(cluster.GetNamespace()).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list StatefulSets: %w", err)
	}
	return slices.DeleteFunc(list.Items, func(s appsv1.StatefulSet) bool { return !owned(&s, cluster) }), nil
}

// smartUpdate deletes one old pod when all are ready, the last one first.
func (o operators) smartUpdate(ctx context.Context, sets []appsv1.StatefulSet) error {
	if slices.ContainsFunc(sets, func(s appsv1.StatefulSet) bool { return !settled(s) }) {
		return nil
	}
	for _, set := range sets {
		pods, err := o.typed.CoreV1().Pods(set.Namespace).List(ctx, metav1.ListOptions{LabelSelector: metav1.FormatLabelSelector(set.Spec.Selector)})
		if err != nil {
			return err
		}
		slices.SortFunc(pods.Items, func(a, b corev1.Pod) int { return strings.Compare(b.Name, a.Name) })
		for _, pod := range pods.Items {
			if pod.Labels[appsv1.StatefulSetRevisionLabel] != set.Status.UpdateRevision {
				return o.typed.CoreV1().Pods(set.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{})
			}
		}
	}
	return nil
}

// settled reports whether the controller has seen the set, and all pods are ready.
func settled(s appsv1.StatefulSet) bool {
	return s.Status.ObservedGeneration >= s.Generation && s.Status.ReadyReplicas == *s.Spec.Replicas
}

// mongoStatus is the status of a cluster. Old pods count as an initializing
// cluster only if the operator is going to restart them.
func (o operators) mongoStatus(cluster *unstructured.Unstructured, sets []appsv1.StatefulSet, strategy string) map[string]any {
	var size, ready int64
	state := "ready"
	for _, s := range sets {
		size += int64(*s.Spec.Replicas)
		ready += int64(s.Status.ReadyReplicas)
		if !settled(s) || strategy == "SmartUpdate" && s.Status.UpdatedReplicas != *s.Spec.Replicas {
			state = "initializing"
		}
	}
	if len(sets) == 0 {
		state = "initializing"
	}
	image, _, _ := unstructured.NestedString(cluster.Object, "spec", "image")
	_, tag, _ := strings.Cut(image, ":")
	before, _, _ := unstructured.NestedMap(cluster.Object, "status")
	return map[string]any{
		"state": state, "size": size, "ready": ready, "observedGeneration": cluster.GetGeneration(),
		"host":       fmt.Sprintf("%s-rs0.%s.svc.cluster.local", cluster.GetName(), cluster.GetNamespace()),
		"mongoImage": image, "mongoVersion": tag,
		"replsets":   map[string]any{"rs0": map[string]any{"initialized": true, "status": state, "size": size, "ready": ready}},
		"conditions": []any{o.condition(before, state, seconds)},
	}
}
