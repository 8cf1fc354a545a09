// SPDX-License-Identifier: Apache-2.0

package tpe

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// A cluster is the lab's API server, asked without any limit of our own.
type cluster struct {
	config  *rest.Config
	typed   kubernetes.Interface
	dynamic dynamic.Interface
}

func connect(kubeconfig string) (*cluster, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("connect to the lab: %w", err)
	}
	config.QPS = -1
	config.UserAgent = "kubectl-tpe-lab"
	typed, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the lab: %w", err)
	}
	objects, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the lab: %w", err)
	}
	return &cluster{config, typed, objects}, nil
}

func (c *cluster) resource(u *unstructured.Unstructured) dynamic.ResourceInterface {
	gvk := u.GroupVersionKind()
	plural := strings.ToLower(gvk.Kind) + "s"
	resource := c.dynamic.Resource(schema.GroupVersionResource{Group: gvk.Group, Version: gvk.Version, Resource: plural})
	if u.GetNamespace() == "" {
		return resource
	}
	return resource.Namespace(u.GetNamespace())
}

// apply makes an object be as given. A job is recreated: most of it cannot be
// changed.
func (c *cluster) apply(ctx context.Context, u *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	if u.GetKind() == "Job" {
		if err := c.remove(ctx, u); err != nil {
			return nil, fmt.Errorf("replace %s %s: %w", u.GetKind(), u.GetName(), err)
		}
	}
	text, err := json.Marshal(u)
	if err != nil {
		return nil, err
	}
	force := true
	applied, err := c.resource(u).Patch(ctx, u.GetName(), types.ApplyPatchType, text, metav1.PatchOptions{FieldManager: "helm", Force: &force})
	if err != nil {
		return nil, fmt.Errorf("apply %s %s: %w", u.GetKind(), u.GetName(), err)
	}
	return applied, nil
}

// remove deletes an object and what it owns, and waits until they are gone.
func (c *cluster) remove(ctx context.Context, u *unstructured.Unstructured) error {
	foreground := metav1.DeletePropagationForeground
	err := c.resource(u).Delete(ctx, u.GetName(), metav1.DeleteOptions{PropagationPolicy: &foreground})
	for err == nil {
		if _, err = c.resource(u).Get(ctx, u.GetName(), metav1.GetOptions{}); err == nil {
			err = pause(ctx)
		}
	}
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// pause is the time between two questions about something that takes a while.
func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(100 * time.Millisecond):
		return nil
	}
}

// until asks until the answer is yes, and then returns nil.
func until(ctx context.Context, what string, done func(context.Context) (bool, error)) error {
	err := wait.PollUntilContextCancel(ctx, 200*time.Millisecond, true, done)
	if err != nil {
		return fmt.Errorf("wait until %s: %w", what, err)
	}
	return nil
}

// namespaced are the resources of which a namespace is cleared, in that order:
// first what makes pods, then pods, then what pods use.
var namespaced = []schema.GroupVersionResource{
	{Group: "kafka.strimzi.io", Version: "v1beta2", Resource: "kafkas"},
	{Group: "psmdb.percona.com", Version: "v1", Resource: "perconaservermongodbs"},
	{Group: "core.strimzi.io", Version: "v1beta2", Resource: "strimzipodsets"},
	{Group: "batch", Version: "v1", Resource: "cronjobs"},
	{Group: "batch", Version: "v1", Resource: "jobs"},
	{Group: "apps", Version: "v1", Resource: "deployments"},
	{Group: "apps", Version: "v1", Resource: "statefulsets"},
	{Group: "apps", Version: "v1", Resource: "daemonsets"},
	{Group: "apps", Version: "v1", Resource: "replicasets"},
	{Version: "v1", Resource: "pods"},
	{Version: "v1", Resource: "persistentvolumeclaims"},
	{Version: "v1", Resource: "services"},
	{Version: "v1", Resource: "secrets"},
	{Version: "v1", Resource: "resourcequotas"},
	{Version: "v1", Resource: "limitranges"},
	{Group: "policy", Version: "v1", Resource: "poddisruptionbudgets"},
	{Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "rolebindings"},
	{Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "roles"},
	{Group: "events.k8s.io", Version: "v1", Resource: "events"},
}

// clear empties a namespace and waits until no pod, claim or volume is left.
// That is faster by far than to delete the namespace and make it again. As long
// as something is left, it deletes again: a controller that lags behind may have
// made pods again, or the job pum-process.
func (c *cluster) clear(ctx context.Context, namespace string) error {
	err := until(ctx, "namespace "+namespace+" is empty", func(ctx context.Context) (bool, error) {
		if err := c.deleteAll(ctx, namespace); err != nil {
			return false, err
		}
		return c.empty(ctx, namespace)
	})
	if err != nil {
		return fmt.Errorf("clear namespace %s: %w", namespace, err)
	}
	return nil
}

func (c *cluster) deleteAll(ctx context.Context, namespace string) error {
	second, background := int64(1), metav1.DeletePropagationBackground
	for _, resource := range namespaced {
		options := metav1.DeleteOptions{PropagationPolicy: &background}
		if resource.Resource == "pods" {
			options.GracePeriodSeconds = &second
		}
		err := c.dynamic.Resource(resource).Namespace(namespace).DeleteCollection(ctx, options, metav1.ListOptions{})
		if err != nil {
			return fmt.Errorf("delete %s: %w", resource.Resource, err)
		}
	}
	if err := c.typed.CoreV1().PersistentVolumes().DeleteCollection(ctx, metav1.DeleteOptions{}, volumesOf(namespace)); err != nil {
		return fmt.Errorf("delete volumes: %w", err)
	}
	return nil
}

// empty reports whether no pod, claim or volume of a namespace is left.
func (c *cluster) empty(ctx context.Context, namespace string) (bool, error) {
	pods, err := c.typed.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
	if err != nil || len(pods.Items) > 0 {
		return false, err
	}
	claims, err := c.typed.CoreV1().PersistentVolumeClaims(namespace).List(ctx, metav1.ListOptions{})
	if err != nil || len(claims.Items) > 0 {
		return false, err
	}
	volumes, err := c.typed.CoreV1().PersistentVolumes().List(ctx, volumesOf(namespace))
	return err == nil && len(volumes.Items) == 0, err
}

func volumesOf(namespace string) metav1.ListOptions {
	return metav1.ListOptions{LabelSelector: volumeLabel + "=" + namespace}
}
