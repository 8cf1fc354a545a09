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

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kube"
)

// Observe reads the namespace and assesses it: each list is the latest, not one from
// a cache (an empty resourceVersion is a read from quorum;
// kubernetes.io/docs/reference/using-api/api-concepts). It lists all kinds at the same
// time, and events, claims and the last lines of a few crashed containers only if
// something is not done. If kinds are named, only they are read.
//
// now is called after the answers, which may set the clock; see kube.Clock.
//
// What could be read is in the assessment, what could not is in its gaps. There is an
// error only if nothing could be read for another reason than authorization, or if
// the namespace does not exist (apierrors.IsNotFound).
func Observe(ctx context.Context, c kube.Clients, namespace string, now func() time.Time, only ...string) (Assessment, error) {
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
		a.Objects.Logs = a.logs()
	}
	return a, nil
}

// A reader sends requests at the same time.
type reader struct {
	kube.Clients
	ctx       context.Context
	namespace string

	wait    sync.WaitGroup
	lock    sync.Mutex // of what follows
	objects Objects
	read    int // how many lists were read
}

// workloads reads all that is assessed, and the pods. A kind that is not answered leaves time for
// what may hold causes.
func (r *reader) workloads(only []string) {
	ctx, cancel := r.ctx, context.CancelFunc(func() {})
	if end, ok := ctx.Deadline(); ok {
		ctx, cancel = context.WithTimeout(ctx, time.Until(end)*5/6)
	}
	defer cancel()
	for _, k := range kinds(r.Clients, r.namespace, only) {
		r.wait.Go(func() {
			answer, err := k.list(ctx, metav1.ListOptions{})
			r.keep(k.Kind, k.Resource, err, func() { k.set(&r.objects, strippedItems(answer)) })
		})
	}
	r.wait.Wait()
}

// evidence reads what may hold causes: events and claims.
func (r *reader) evidence() {
	k := r.Kube
	r.wait.Go(func() {
		events, err := r.events()
		r.keep("Event", "events", err, func() { r.objects.Events = addresses(events) })
	})
	r.wait.Go(func() {
		claims, err := k.PersistentVolumeClaims(r.namespace).List(r.ctx, metav1.ListOptions{})
		r.keep("PersistentVolumeClaim", "persistentvolumeclaims", err, func() { r.objects.Claims = addresses(claims.Items) })
	})
	r.wait.Wait()
}

// events reads warnings, and for pods without a node also other events that neither
// the scheduler nor kubelets sent: whether a node is being added.
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
		return nil, err // without them a pod may seem unable to recover
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

// keep stores the result of a request: a list, or a gap.
func (r *reader) keep(kind, resource string, err error, store func()) {
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

// failure returns why nothing could be read, if nothing could. It is not an error to
// be unauthorized: that is in the gaps.
func (r *reader) failure() error {
	if r.read > 0 {
		return nil
	}
	served := false
	for _, g := range r.objects.Gaps {
		if g.Reason == ReadFailed {
			return g.Err
		}
		served = served || g.Reason != NotServed
	}
	if !served {
		return fmt.Errorf("this is not a Kubernetes API server: %w", r.objects.Gaps[0].Err)
	}
	return nil
}

// checkNamespace returns an error if the namespace does not exist: its lists are
// empty, too. An account that cannot read namespaces gets none.
func (r *reader) checkNamespace() error {
	_, err := r.Kube.Namespaces().Get(r.ctx, r.namespace, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return fmt.Errorf("get namespace %q: %w", r.namespace, err)
	}
	return nil
}
