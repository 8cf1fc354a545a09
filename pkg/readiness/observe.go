// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
		return Clients{}, fmt.Errorf("create a client for %s: %w", config.Host, err)
	}
	custom, err := dynamic.NewForConfigAndClient(config, httpClient)
	if err != nil {
		return Clients{}, fmt.Errorf("create a client for %s: %w", config.Host, err)
	}
	config.ContentType = "application/vnd.kubernetes.protobuf"
	config.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	builtIn, err := kube.NewWith(config, httpClient)
	if err != nil {
		return Clients{}, fmt.Errorf("create a client for %s: %w", config.Host, err)
	}
	return Clients{builtIn, custom}, nil
}

// Observe reads what is in the namespace and assesses it: each list is the latest when it
// was asked for, not one from a cache (an empty resourceVersion is a read from quorum;
// kubernetes.io/docs/reference/using-api/api-concepts). It asks for each kind once, for all
// at the same time, and for events, claims and the last lines of a few crashed
// containers only if something is held up. Kinds may be named; then only they are read.
//
// The time is asked for when the answers are there: they may tell it; see kube.Clock.
//
// What could be read is in the assessment, what could not is among its gaps. There
// is an error only if nothing could be read and not for want of rights, or if
// there is no such namespace (apierrors.IsNotFound).
func Observe(ctx context.Context, c Clients, namespace string, now func() time.Time, only ...string) (Assessment, error) {
	r := reader{ctx: ctx, Clients: c, namespace: namespace}
	r.workloads(only)
	if err := r.failure(); err != nil {
		return Assessment{}, err
	}
	a := Assess(r.objects, now())
	if len(r.objects.Pods) == 0 && a.empty() {
		return a, r.checkNamespace()
	}
	if len(only) == 0 && !a.complete() {
		r.evidence()
		a = Assess(r.objects, now())
		r.readLogs(a)
	}
	return a, nil
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
func (r *reader) workloads(only []string) {
	for _, k := range kinds(r.Clients, r.namespace, only) {
		r.wait.Go(func() {
			answer, err := k.list(r.ctx, metav1.ListOptions{})
			r.keep(k.name, k.resource, err, func() { k.keep(&r.objects, k.items(answer)) })
		})
	}
	r.wait.Wait()
}

// evidence reads what may tell why something is held up. Of the events only
// warnings can, and they are the fewer; where a pod finds no node, also what
// others than scheduler and kubelets say of pods: whether a node is to come.
func (r *reader) evidence() {
	k := r.Kube
	r.wait.Go(func() {
		events, err := r.events()
		r.keep("Event", corev1.Resource("events"), err, func() { r.objects.Events = addresses(events) })
	})
	r.wait.Go(func() {
		claims, err := k.PersistentVolumeClaims(r.namespace).List(r.ctx, metav1.ListOptions{})
		r.keep("PersistentVolumeClaim", corev1.Resource("persistentvolumeclaims"), err, func() { r.objects.Claims = addresses(claims.Items) })
	})
	r.wait.Wait()
}

// events reads the events that may tell.
func (r *reader) events() ([]corev1.Event, error) {
	events := r.Kube.Events(r.namespace)
	found, err := events.List(r.ctx, metav1.ListOptions{FieldSelector: "type=" + corev1.EventTypeWarning})
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(r.objects.Pods, hasNoNode) {
		return found.Items, nil
	}
	others, err := events.List(r.ctx, metav1.ListOptions{
		FieldSelector: "type=" + corev1.EventTypeNormal + ",involvedObject.kind=Pod,source!=kubelet,source!=default-scheduler",
	})
	if err != nil {
		return nil, err // without them a pod may look hopeless
	}
	return append(found.Items, others.Items...), nil
}

func addresses[T any](items []T) []*T {
	list := make([]*T, len(items))
	for i := range items {
		list[i] = &items[i]
	}
	return list
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

// failure returns the error for which nothing could be read. Not to have the
// rights is none: the gaps tell.
func (r *reader) failure() error {
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
		return fmt.Errorf("this is not a Kubernetes API server: %w", r.objects.Gaps[0].Err)
	}
	return nil
}

// checkNamespace returns an error if there is no such namespace. The API server
// has an empty list for it, too. Whoever may not ask does not know.
func (r *reader) checkNamespace() error {
	_, err := r.Kube.Namespaces().Get(r.ctx, r.namespace, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return fmt.Errorf("get namespace %q: %w", r.namespace, err)
	}
	return nil
}
