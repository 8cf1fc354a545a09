// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"context"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kube"
)

// KeptKinds returns all kinds that are read, and may be kept in a file. [Observe] lists and
// [Watch] follows those that are no evidence.
func KeptKinds() []Kept {
	apps, batch, core := appsv1.SchemeGroupVersion, batchv1.SchemeGroupVersion, corev1.SchemeGroupVersion
	kinds := []Kept{
		kept("Deployment", apps.WithResource("deployments"), func(o *Objects) *[]*appsv1.Deployment { return &o.Deployments }),
		kept("StatefulSet", apps.WithResource("statefulsets"), func(o *Objects) *[]*appsv1.StatefulSet { return &o.StatefulSets }),
		kept("DaemonSet", apps.WithResource("daemonsets"), func(o *Objects) *[]*appsv1.DaemonSet { return &o.DaemonSets }),
		kept("Job", batch.WithResource("jobs"), func(o *Objects) *[]*batchv1.Job { return &o.Jobs }),
		kept("CronJob", batch.WithResource("cronjobs"), func(o *Objects) *[]*batchv1.CronJob { return &o.CronJobs }),
		kept("Pod", core.WithResource("pods"), func(o *Objects) *[]*corev1.Pod { return &o.Pods }),
	}
	for _, c := range customResources() {
		k := kept(c.kind, c.resource.WithVersion(""), c.into)
		k.APIVersion, k.version = "", c.version
		kinds = append(kinds, k)
	}
	evidence := []Kept{
		kept("Event", core.WithResource("events"), func(o *Objects) *[]*corev1.Event { return &o.Events }),
		kept("PersistentVolumeClaim", core.WithResource("persistentvolumeclaims"), func(o *Objects) *[]*corev1.PersistentVolumeClaim { return &o.Claims }),
	}
	for i := range evidence {
		evidence[i].Evidence = true
	}
	return append(kinds, evidence...)
}

// A kind is one that [Observe] lists and [Watch] follows.
type kind struct {
	Kept
	source
}

// A source lists and watches the objects of a kind.
type source struct {
	list  func(context.Context, metav1.ListOptions) (runtime.Object, error)
	watch func(context.Context, metav1.ListOptions) (watch.Interface, error)
}

// kinds returns the kinds that are assessed, and pods; or only those with the names.
func kinds(c kube.Clients, namespace string, only []string) []kind {
	k := c.Kube
	builtIn := map[string]source{
		"Deployment":  sourceOf(k.Deployments(namespace)),
		"StatefulSet": sourceOf(k.StatefulSets(namespace)),
		"DaemonSet":   sourceOf(k.DaemonSets(namespace)),
		"Job":         sourceOf(k.Jobs(namespace)),
		"CronJob":     sourceOf(k.CronJobs(namespace)),
		"Pod":         sourceOf(k.Pods(namespace)),
	}
	var all []kind
	for _, kept := range KeptKinds() {
		switch {
		case kept.Evidence || len(only) > 0 && !slices.Contains(only, kept.Kind):
		case kept.version != "":
			all = append(all, kind{kept, kept.customSource(c, namespace)})
		default:
			all = append(all, kind{kept, builtIn[kept.Kind]})
		}
	}
	return all
}

// sourceOf makes a source of a typed client.
func sourceOf[L runtime.Object](client interface {
	List(context.Context, metav1.ListOptions) (L, error)
	Watch(context.Context, metav1.ListOptions) (watch.Interface, error)
}) source {
	list := func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) { return client.List(ctx, o) }
	return source{list: list, watch: client.Watch}
}

// strippedItems returns pointers to the items of a list, which it strips.
func strippedItems(list runtime.Object) []metav1.Object {
	var items []metav1.Object
	_ = apimeta.EachListItem(list, func(item runtime.Object) error { // no error: what is listed here has items
		object := item.(metav1.Object)
		strip(object)
		items = append(items, object)
		return nil
	})
	return items
}

// A customResource is a resource of an operator in the version that it likely has, so that
// discovery is needed only where it does not.
type customResource struct {
	kind     string
	resource schema.GroupResource
	version  string
	into     func(*Objects) *[]*unstructured.Unstructured
}

func customResources() []customResource {
	type list = *[]*unstructured.Unstructured
	return []customResource{
		{"Kafka", schema.GroupResource{Group: "kafka.strimzi.io", Resource: "kafkas"}, "v1beta2",
			func(o *Objects) list { return &o.Kafkas }},
		{"KafkaNodePool", schema.GroupResource{Group: "kafka.strimzi.io", Resource: "kafkanodepools"}, "v1beta2",
			func(o *Objects) list { return &o.KafkaNodePools }},
		{"StrimziPodSet", schema.GroupResource{Group: "core.strimzi.io", Resource: "strimzipodsets"}, "v1beta2",
			func(o *Objects) list { return &o.StrimziPodSets }},
		{"PerconaServerMongoDB", schema.GroupResource{Group: "psmdb.percona.com", Resource: "perconaservermongodbs"}, "v1",
			func(o *Objects) list { return &o.MongoDBs }},
	}
}

// customSource lists and watches a custom resource in a version that is served.
func (k Kept) customSource(c kube.Clients, namespace string) source {
	resource := schema.ParseGroupResource(k.Resource)
	in := func(version string) dynamic.ResourceInterface {
		return c.Dynamic.Resource(resource.WithVersion(version)).Namespace(namespace)
	}
	return source{
		list: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			return served(ctx, c.Kube, resource.Group, k.version, func(version string) (*unstructured.UnstructuredList, error) {
				return in(version).List(ctx, o)
			})
		},
		watch: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			return served(ctx, c.Kube, resource.Group, k.version, func(version string) (watch.Interface, error) {
				return in(version).Watch(ctx, o)
			})
		},
	}
}

// served asks for a version, and if it is not served, for those of the group that are: Strimzi has
// v1beta2 up to 0.48, and nothing but v1 since 1.0. The rules prove nothing by what is not where they expect it.
func served[A any](ctx context.Context, c *kube.Client, group, version string, ask func(version string) (A, error)) (A, error) {
	answer, missing := ask(version)
	if !apierrors.IsNotFound(missing) {
		return answer, missing
	}
	versions, err := c.Versions(ctx, group)
	switch {
	case apierrors.IsNotFound(err):
		return answer, missing
	case err != nil:
		return answer, fmt.Errorf("it is not served as %s; get the versions of %s: %w", version, group, err)
	}
	for _, other := range versions {
		if other == version {
			continue
		}
		if answer, err := ask(other); !apierrors.IsNotFound(err) {
			return answer, err
		}
	}
	return answer, missing
}
