// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"context"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
)

// A kind is a resource that [Observe] lists and [Watch] follows.
type kind struct {
	name     string // such as Deployment
	resource schema.GroupResource
	list     func(context.Context, metav1.ListOptions) (runtime.Object, error)
	watch    func(context.Context, metav1.ListOptions) (watch.Interface, error)
	items    func(runtime.Object) []any // pointers to the items of a list
	keep     func(*Objects, []any)      // stores such items
}

// kinds returns the kinds that are assessed, and pods; or only those with the names.
func kinds(c Clients, namespace string, only []string) []kind {
	k := c.Kube
	all := []kind{
		builtIn("Deployment", appsv1.Resource("deployments"), k.Deployments(namespace),
			func(l *appsv1.DeploymentList) []appsv1.Deployment { return l.Items }, func(o *Objects) *[]*appsv1.Deployment { return &o.Deployments }),
		builtIn("StatefulSet", appsv1.Resource("statefulsets"), k.StatefulSets(namespace),
			func(l *appsv1.StatefulSetList) []appsv1.StatefulSet { return l.Items }, func(o *Objects) *[]*appsv1.StatefulSet { return &o.StatefulSets }),
		builtIn("DaemonSet", appsv1.Resource("daemonsets"), k.DaemonSets(namespace),
			func(l *appsv1.DaemonSetList) []appsv1.DaemonSet { return l.Items }, func(o *Objects) *[]*appsv1.DaemonSet { return &o.DaemonSets }),
		builtIn("Job", batchv1.Resource("jobs"), k.Jobs(namespace),
			func(l *batchv1.JobList) []batchv1.Job { return l.Items }, func(o *Objects) *[]*batchv1.Job { return &o.Jobs }),
		builtIn("CronJob", batchv1.Resource("cronjobs"), k.CronJobs(namespace),
			func(l *batchv1.CronJobList) []batchv1.CronJob { return l.Items }, func(o *Objects) *[]*batchv1.CronJob { return &o.CronJobs }),
		builtIn("Pod", corev1.Resource("pods"), k.Pods(namespace),
			func(l *corev1.PodList) []corev1.Pod { return l.Items }, func(o *Objects) *[]*corev1.Pod { return &o.Pods }),
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
}, items func(L) []T, into func(*Objects) *[]*T) kind {
	return kind{
		name: name, resource: resource, watch: client.Watch, keep: keepIn(into),
		list:  func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) { return client.List(ctx, o) },
		items: func(list runtime.Object) []any { return pointers(items(list.(L))) },
	}
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

// pointers returns pointers to the stripped items.
func pointers[T any](items []T) []any {
	list := make([]any, len(items))
	for i := range items {
		strip(any(&items[i]).(metav1.Object))
		list[i] = &items[i]
	}
	return list
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
func (r customResource) in(c Clients, namespace string) kind {
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
		items: func(list runtime.Object) []any { return pointers(list.(*unstructured.UnstructuredList).Items) },
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
