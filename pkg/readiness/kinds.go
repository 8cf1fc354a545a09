// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"context"
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

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kube"
)

// A kind is a resource that [Observe] lists and [Watch] follows.
type kind struct {
	name     string // such as Deployment
	resource schema.GroupResource
	list     func(context.Context, metav1.ListOptions) (runtime.Object, error)
	watch    func(context.Context, metav1.ListOptions) (watch.Interface, error)
	keep     func(*Objects, []any) // stores such items
}

// kinds returns the kinds that are assessed, and pods; or only those with the names.
func kinds(c kube.Clients, namespace string, only []string) []kind {
	k := c.Kube
	all := []kind{
		builtIn("Deployment", appsv1.Resource("deployments"), k.Deployments(namespace), func(o *Objects) *[]*appsv1.Deployment { return &o.Deployments }),
		builtIn("StatefulSet", appsv1.Resource("statefulsets"), k.StatefulSets(namespace), func(o *Objects) *[]*appsv1.StatefulSet { return &o.StatefulSets }),
		builtIn("DaemonSet", appsv1.Resource("daemonsets"), k.DaemonSets(namespace), func(o *Objects) *[]*appsv1.DaemonSet { return &o.DaemonSets }),
		builtIn("Job", batchv1.Resource("jobs"), k.Jobs(namespace), func(o *Objects) *[]*batchv1.Job { return &o.Jobs }),
		builtIn("CronJob", batchv1.Resource("cronjobs"), k.CronJobs(namespace), func(o *Objects) *[]*batchv1.CronJob { return &o.CronJobs }),
		builtIn("Pod", corev1.Resource("pods"), k.Pods(namespace), func(o *Objects) *[]*corev1.Pod { return &o.Pods }),
	}
	for _, custom := range customResources() {
		all = append(all, custom.in(c, namespace))
	}
	if len(only) > 0 {
		all = slices.DeleteFunc(all, func(k kind) bool { return !slices.Contains(only, k.name) })
	}
	return all
}

// builtIn makes a kind of a typed client.
func builtIn[T any, L runtime.Object](name string, resource schema.GroupResource, client interface {
	List(context.Context, metav1.ListOptions) (L, error)
	Watch(context.Context, metav1.ListOptions) (watch.Interface, error)
}, into func(*Objects) *[]*T) kind {
	list := func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) { return client.List(ctx, o) }
	return kind{name: name, resource: resource, list: list, watch: client.Watch, keep: keepIn(into)}
}

// keepIn returns a function that stores items in a list of Objects.
func keepIn[T any](into func(*Objects) *[]*T) func(*Objects, []any) {
	return func(o *Objects, items []any) {
		list := make([]*T, 0, len(items))
		for _, item := range items {
			list = append(list, item.(*T))
		}
		*into(o) = list
	}
}

// strippedItems returns pointers to the items of a list, which it strips.
func strippedItems(list runtime.Object) []any {
	var items []any
	_ = apimeta.EachListItem(list, func(item runtime.Object) error { // no error: what is listed here has items
		strip(item.(metav1.Object))
		items = append(items, item)
		return nil
	})
	return items
}

// A customResource is a resource of an operator in its known versions, so that no
// discovery is needed.
type customResource struct {
	kind     string
	resource schema.GroupResource
	versions []string // the likeliest first
	into     func(*Objects) *[]*unstructured.Unstructured
}

func customResources() []customResource {
	type list = *[]*unstructured.Unstructured
	strimzi := []string{"v1beta2", "v1"}
	return []customResource{
		{"Kafka", schema.GroupResource{Group: "kafka.strimzi.io", Resource: "kafkas"}, strimzi,
			func(o *Objects) list { return &o.Kafkas }},
		{"KafkaNodePool", schema.GroupResource{Group: "kafka.strimzi.io", Resource: "kafkanodepools"}, strimzi,
			func(o *Objects) list { return &o.KafkaNodePools }},
		{"StrimziPodSet", schema.GroupResource{Group: "core.strimzi.io", Resource: "strimzipodsets"}, strimzi,
			func(o *Objects) list { return &o.StrimziPodSets }},
		{"PerconaServerMongoDB", schema.GroupResource{Group: "psmdb.percona.com", Resource: "perconaservermongodbs"}, []string{"v1"},
			func(o *Objects) list { return &o.MongoDBs }},
	}
}

// in returns the kind in a namespace, in the first of its versions that is served.
func (r customResource) in(c kube.Clients, namespace string) kind {
	return kind{
		name: r.kind, resource: r.resource, keep: keepIn(r.into),
		list: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			return firstServed(r.versions, func(version string) (*unstructured.UnstructuredList, error) {
				return c.Dynamic.Resource(r.resource.WithVersion(version)).Namespace(namespace).List(ctx, o)
			})
		},
		watch: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			return firstServed(r.versions, func(version string) (watch.Interface, error) {
				return c.Dynamic.Resource(r.resource.WithVersion(version)).Namespace(namespace).Watch(ctx, o)
			})
		},
	}
}

// firstServed asks for one version after the other until one is served.
func firstServed[A any](versions []string, ask func(version string) (A, error)) (answer A, err error) {
	for _, version := range versions {
		if answer, err = ask(version); !apierrors.IsNotFound(err) {
			break
		}
	}
	return answer, err
}
