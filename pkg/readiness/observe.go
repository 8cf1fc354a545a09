// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kube"
)

// Clients are the ways to ask the API server. See [NewClients].
type Clients struct {
	Kube    *kube.Client      // built-in kinds
	Dynamic dynamic.Interface // custom resources
}

// NewClients returns clients that share their connections, ask for protobuf
// where it is served, and leave the limiting of requests to the API server:
// there are few. The config is not changed.
func NewClients(config *rest.Config) (Clients, error) {
	config = rest.CopyConfig(config)
	config.QPS, config.RateLimiter = -1, nil
	httpClient, err := rest.HTTPClientFor(config)
	if err != nil {
		return Clients{}, fmt.Errorf("make a client for %s: %w", config.Host, err)
	}
	custom, err := dynamic.NewForConfigAndClient(config, httpClient)
	if err != nil {
		return Clients{}, fmt.Errorf("make a client for %s: %w", config.Host, err)
	}
	config.ContentType = "application/vnd.kubernetes.protobuf"
	config.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	builtIn, err := kube.NewWith(config, httpClient)
	if err != nil {
		return Clients{}, fmt.Errorf("make a client for %s: %w", config.Host, err)
	}
	return Clients{builtIn, custom}, nil
}

// Observe reads what is in the namespace and assesses it, as it is now: each
// list is the latest, not one from a cache. It asks for each kind once, for all
// at the same time, and for events, claims and the last lines of a few crashed
// containers only if something is held up.
//
// What could be read is in the picture, what could not is among its gaps. There
// is an error only if nothing could be read and not for want of rights, or if
// there is no such namespace (apierrors.IsNotFound).
func Observe(ctx context.Context, c Clients, namespace string, now time.Time) (Picture, error) {
	r := reader{ctx: ctx, Clients: c, namespace: namespace}
	r.workloads()
	if err := r.inVain(); err != nil {
		return Picture{}, err
	}
	p := Assess(r.objects, now)
	if len(r.objects.Pods) == 0 && p.empty() {
		return p, r.checkNamespace()
	}
	if !p.complete() {
		r.evidence()
		p = Assess(r.objects, now)
		r.lastWords(p)
	}
	return p, nil
}

// A reader reads lists at the same time.
type reader struct {
	Clients
	ctx       context.Context
	namespace string

	wait    sync.WaitGroup
	lock    sync.Mutex // of what follows
	objects Objects
	read    int // how many lists were read
}

// workloads reads all that can be judged, and the pods.
func (r *reader) workloads() {
	k, o := r.Kube, &r.objects
	list(r, "Deployment", appsv1.Resource("deployments"), k.Deployments(r.namespace).List,
		func(l *appsv1.DeploymentList) []appsv1.Deployment { return l.Items }, &o.Deployments)
	list(r, "StatefulSet", appsv1.Resource("statefulsets"), k.StatefulSets(r.namespace).List,
		func(l *appsv1.StatefulSetList) []appsv1.StatefulSet { return l.Items }, &o.StatefulSets)
	list(r, "DaemonSet", appsv1.Resource("daemonsets"), k.DaemonSets(r.namespace).List,
		func(l *appsv1.DaemonSetList) []appsv1.DaemonSet { return l.Items }, &o.DaemonSets)
	list(r, "Job", batchv1.Resource("jobs"), k.Jobs(r.namespace).List,
		func(l *batchv1.JobList) []batchv1.Job { return l.Items }, &o.Jobs)
	list(r, "CronJob", batchv1.Resource("cronjobs"), k.CronJobs(r.namespace).List,
		func(l *batchv1.CronJobList) []batchv1.CronJob { return l.Items }, &o.CronJobs)
	list(r, "Pod", corev1.Resource("pods"), k.Pods(r.namespace).List,
		func(l *corev1.PodList) []corev1.Pod { return l.Items }, &o.Pods)
	for _, c := range customResources() {
		r.custom(c)
	}
	r.wait.Wait()
}

// evidence reads what may tell why something is held up. Of the events only
// warnings can, and they are the fewer; where a pod finds no node, also what
// others than scheduler and kubelets say of pods: whether a node is to come.
func (r *reader) evidence() {
	k, o := r.Kube, &r.objects
	events := func(ctx context.Context, options metav1.ListOptions) (*corev1.EventList, error) {
		options.FieldSelector = "type=" + corev1.EventTypeWarning
		found, err := k.Events(r.namespace).List(ctx, options)
		if err != nil || !slices.ContainsFunc(o.Pods, hasNoNode) {
			return found, err
		}
		options.FieldSelector = "type=" + corev1.EventTypeNormal + ",involvedObject.kind=Pod,source!=kubelet,source!=default-scheduler"
		others, err := k.Events(r.namespace).List(ctx, options)
		if err != nil {
			return nil, err // without them a pod may look hopeless
		}
		found.Items = append(found.Items, others.Items...)
		return found, nil
	}
	list(r, "Event", corev1.Resource("events"), events,
		func(l *corev1.EventList) []corev1.Event { return l.Items }, &o.Events)
	list(r, "PersistentVolumeClaim", corev1.Resource("persistentvolumeclaims"), k.PersistentVolumeClaims(r.namespace).List,
		func(l *corev1.PersistentVolumeClaimList) []corev1.PersistentVolumeClaim { return l.Items }, &o.Claims)
	r.wait.Wait()
}

// list starts to read the objects of one kind.
func list[L, T any](r *reader, kind string, resource schema.GroupResource,
	ask func(context.Context, metav1.ListOptions) (L, error), items func(L) []T, into *[]*T,
) {
	r.wait.Go(func() {
		answer, err := ask(r.ctx, metav1.ListOptions{})
		r.keep(kind, resource, err, func() { *into = pointers(items(answer)) })
	})
}

// A customResource is a resource of an operator, in the versions we know, so
// that no discovery is needed.
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

// firstServed asks for one version after the other until one is served.
func firstServed[A any](versions []string, ask func(version string) (A, error)) (answer A, err error) {
	for _, version := range versions {
		if answer, err = ask(version); !apierrors.IsNotFound(err) {
			break
		}
	}
	return answer, err
}

// custom starts to read a custom resource.
func (r *reader) custom(c customResource) {
	r.wait.Go(func() {
		answer, err := firstServed(c.versions, func(version string) (*unstructured.UnstructuredList, error) {
			return r.Dynamic.Resource(c.resource.WithVersion(version)).Namespace(r.namespace).List(r.ctx, metav1.ListOptions{})
		})
		r.keep(c.kind, c.resource, err, func() { *c.into(&r.objects) = pointers(answer.Items) })
	})
}

// keep notes what a request brought: a list, or a gap.
func (r *reader) keep(kind string, resource schema.GroupResource, err error, store func()) {
	r.lock.Lock()
	defer r.lock.Unlock()
	if err != nil {
		err = fmt.Errorf("list %s in namespace %q: %w", resource, r.namespace, err)
		r.objects.Gaps = append(r.objects.Gaps, newGap(kind, resource, err))
		return
	}
	r.read++
	store()
}

// inVain returns the error for which nothing could be read. Not to have the
// rights is none: the gaps tell.
func (r *reader) inVain() error {
	if r.read > 0 {
		return nil
	}
	served := false
	for _, g := range r.objects.Gaps {
		if g.Reason == Broken {
			return g.Err
		}
		served = served || g.Reason != NotServed
	}
	if !served {
		return fmt.Errorf("this is no Kubernetes API server: %w", r.objects.Gaps[0].Err)
	}
	return nil
}

// checkNamespace returns an error if there is no such namespace. The API server
// has an empty list for it, too. Whoever may not ask does not know.
func (r *reader) checkNamespace() error {
	_, err := r.Kube.Namespaces().Get(r.ctx, r.namespace, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return fmt.Errorf("look for namespace %q: %w", r.namespace, err)
	}
	return nil
}

// pointers returns the items, without what no rule looks at.
func pointers[T any](items []T) []*T {
	list := make([]*T, len(items))
	for i := range items {
		list[i] = &items[i]
		if o, ok := any(list[i]).(metav1.Object); ok {
			slim(o)
		}
	}
	return list
}
