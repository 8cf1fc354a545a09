// SPDX-License-Identifier: Apache-2.0

package tpe

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var noOptions = metav1.GetOptions{}

// Ready reports whether every workload of a namespace runs as wanted.
func Ready(ctx context.Context, kubeconfig, namespace string) (bool, error) {
	c, err := connect(kubeconfig)
	if err != nil {
		return false, err
	}
	return c.ready(ctx, namespace)
}

// PUMReady waits until PUM of a namespace can be asked.
func PUMReady(ctx context.Context, kubeconfig, namespace string) error {
	c, err := connect(kubeconfig)
	if err != nil {
		return err
	}
	return until(ctx, "PUM is ready", func(ctx context.Context) (bool, error) { return c.pumReady(ctx, namespace) })
}

// ready reports whether every workload of a namespace runs as wanted. It is
// good enough for a loader; the plugin under test has rules of its own.
func (c *cluster) ready(ctx context.Context, namespace string) (bool, error) {
	deployments, err := c.typed.AppsV1().Deployments(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return false, err
	}
	for _, d := range deployments.Items {
		if !deploymentReady(&d) {
			return false, nil
		}
	}
	sets, err := c.typed.AppsV1().StatefulSets(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return false, err
	}
	for _, s := range sets.Items {
		st := s.Status
		if st.ObservedGeneration < s.Generation || st.ReadyReplicas != *s.Spec.Replicas || st.UpdatedReplicas != *s.Spec.Replicas {
			return false, nil
		}
	}
	return c.customReady(ctx, namespace)
}

func deploymentReady(d *appsv1.Deployment) bool {
	want, st := *d.Spec.Replicas, d.Status
	return st.ObservedGeneration >= d.Generation && st.UpdatedReplicas == want && st.Replicas == want && st.AvailableReplicas == want
}

func (c *cluster) customReady(ctx context.Context, namespace string) (bool, error) {
	rules := map[schema.GroupVersionResource]func(*unstructured.Unstructured) bool{
		{Group: "kafka.strimzi.io", Version: "v1beta2", Resource: "kafkas"}: func(u *unstructured.Unstructured) bool {
			return condition(u, "Ready") && observed(u)
		},
		{Group: "psmdb.percona.com", Version: "v1", Resource: "perconaservermongodbs"}: func(u *unstructured.Unstructured) bool {
			state, _, _ := unstructured.NestedString(u.Object, "status", "state")
			return state == "ready" && observed(u)
		},
	}
	for resource, rule := range rules {
		list, err := c.dynamic.Resource(resource).Namespace(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, err
		}
		for i := range list.Items {
			if !rule(&list.Items[i]) {
				return false, nil
			}
		}
	}
	return true, nil
}

func observed(u *unstructured.Unstructured) bool {
	generation, _, _ := unstructured.NestedInt64(u.Object, "status", "observedGeneration")
	return generation >= u.GetGeneration()
}

// pumReady reports whether PUM can be asked.
func (c *cluster) pumReady(ctx context.Context, namespace string) (bool, error) {
	d, err := c.typed.AppsV1().Deployments(namespace).Get(ctx, "pum", noOptions)
	return err == nil && deploymentReady(d), err
}
