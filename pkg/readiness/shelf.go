// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
)

// A watcher keeps what a namespace holds, each kind on a shelf of its own.
type watcher struct {
	Clients
	namespace string
	now       func() time.Time
	changed   chan struct{} // something is different since the last look

	lock    sync.Mutex // of all that follows, and of what is on the shelves
	all     []*shelf
	heardAt time.Time
	lostAt  time.Time
	events  []*corev1.Event
	claims  []*corev1.PersistentVolumeClaim
	words   map[place][]string
}

// A shelf holds the objects of one kind. It is the store of a reflector, and
// knows how its last request went.
type shelf struct {
	watcher  *watcher
	kind     string
	resource schema.GroupResource
	source   *cache.ListWatch
	keep     func(*Objects, []any) // puts the items where they belong
	items    map[string]any        // by name; nil as long as nothing was listed, and again once it is refused
	refusal  error                 // why there are none, if the API server said so; a connection that is lost since unsays nothing
	err      error                 // of the last request
	endedAt  time.Time             // of the last watch, until something was asked after it
}

// shelves returns a shelf for each kind that is judged, and one for pods.
func (w *watcher) shelves() []*shelf {
	k := w.Kube
	put(w, "Deployment", appsv1.Resource("deployments"), listWatch(k.Deployments(w.namespace).List, k.Deployments(w.namespace).Watch),
		func(o *Objects) *[]*appsv1.Deployment { return &o.Deployments })
	put(w, "StatefulSet", appsv1.Resource("statefulsets"), listWatch(k.StatefulSets(w.namespace).List, k.StatefulSets(w.namespace).Watch),
		func(o *Objects) *[]*appsv1.StatefulSet { return &o.StatefulSets })
	put(w, "DaemonSet", appsv1.Resource("daemonsets"), listWatch(k.DaemonSets(w.namespace).List, k.DaemonSets(w.namespace).Watch),
		func(o *Objects) *[]*appsv1.DaemonSet { return &o.DaemonSets })
	put(w, "Job", batchv1.Resource("jobs"), listWatch(k.Jobs(w.namespace).List, k.Jobs(w.namespace).Watch),
		func(o *Objects) *[]*batchv1.Job { return &o.Jobs })
	put(w, "CronJob", batchv1.Resource("cronjobs"), listWatch(k.CronJobs(w.namespace).List, k.CronJobs(w.namespace).Watch),
		func(o *Objects) *[]*batchv1.CronJob { return &o.CronJobs })
	put(w, "Pod", corev1.Resource("pods"), listWatch(k.Pods(w.namespace).List, k.Pods(w.namespace).Watch),
		func(o *Objects) *[]*corev1.Pod { return &o.Pods })
	for _, c := range customResources() {
		put(w, c.kind, c.resource, w.untyped(c), c.into)
	}
	return w.all
}

// put adds a shelf.
func put[T any](w *watcher, kind string, resource schema.GroupResource, source *cache.ListWatch, into func(*Objects) *[]*T) {
	s := &shelf{watcher: w, kind: kind, resource: resource}
	s.source = s.observed(source)
	s.keep = func(o *Objects, items []any) {
		list := make([]*T, 0, len(items))
		for _, item := range items {
			list = append(list, item.(*T))
		}
		*into(o) = list
	}
	w.all = append(w.all, s)
}

// listWatch makes a source of the methods of a typed client.
func listWatch[L runtime.Object](
	list func(context.Context, metav1.ListOptions) (L, error),
	follow func(context.Context, metav1.ListOptions) (watch.Interface, error),
) *cache.ListWatch {
	return &cache.ListWatch{
		ListWithContextFunc:  func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) { return list(ctx, o) },
		WatchFuncWithContext: follow,
	}
}

// untyped makes a source of a custom resource, in the first of its versions
// that is served.
func (w *watcher) untyped(c customResource) *cache.ListWatch {
	client := func(version string) interface {
		List(context.Context, metav1.ListOptions) (*unstructured.UnstructuredList, error)
		Watch(context.Context, metav1.ListOptions) (watch.Interface, error)
	} {
		return w.Dynamic.Resource(c.resource.WithVersion(version)).Namespace(w.namespace)
	}
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			return firstServed(c.versions, func(version string) (*unstructured.UnstructuredList, error) {
				return client(version).List(ctx, o)
			})
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			return firstServed(c.versions, func(version string) (watch.Interface, error) {
				return client(version).Watch(ctx, o)
			})
		},
	}
}

// observed notes how each request to a source went.
func (s *shelf) observed(source *cache.ListWatch) *cache.ListWatch {
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			list, err := source.ListWithContextFunc(ctx, o)
			s.asked(ctx, err)
			return list, err
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			events, err := source.WatchFuncWithContext(ctx, o)
			streamed := o.SendInitialEvents != nil && *o.SendInitialEvents
			switch {
			case err == nil && unanswered(events):
				s.asked(ctx, errUnanswered)
			case err != nil || !streamed: // a list that is streamed was read when it is replaced
				s.asked(ctx, err)
			}
			if err != nil {
				return nil, err
			}
			return attend(events, func() { s.ended(ctx) }), nil
		},
	}
}

// ended notes that a watch is over: what happens from now on is not known before
// the next one.
func (s *shelf) ended(ctx context.Context) {
	if ctx.Err() != nil {
		return
	}
	s.watcher.lock.Lock()
	s.endedAt = s.watcher.now()
	s.watcher.lock.Unlock()
	time.AfterFunc(patience, s.watcher.signal)
}

// An attended watch tells when it is over, before anybody else can know.
type attended struct {
	watch.Interface
	events  chan watch.Event
	stopped chan struct{}
	stop    sync.Once
}

func attend(events watch.Interface, ended func()) watch.Interface {
	a := &attended{Interface: events, events: make(chan watch.Event), stopped: make(chan struct{})}
	go func() {
		defer close(a.events)
		defer ended()
		for e := range events.ResultChan() {
			select {
			case a.events <- e:
			case <-a.stopped:
			}
		}
	}()
	return a
}

// ResultChan has the events.
func (a *attended) ResultChan() <-chan watch.Event { return a.events }

// Stop ends the watch.
func (a *attended) Stop() {
	a.stop.Do(func() { close(a.stopped) })
	a.Interface.Stop()
}

var errUnanswered = errors.New("the connection was closed without an answer")

// unanswered reports whether a watch is none: client-go hides that a connection
// ended before there was an answer (rest.Request.Watch), as it does behind a load
// balancer whose API servers are gone.
func unanswered(events watch.Interface) bool {
	return reflect.TypeOf(events) == reflect.TypeOf(watch.NewEmptyWatch())
}

// asked notes how a request went. What is not served or not allowed is not
// asked for at the pace of a lost connection.
func (s *shelf) asked(ctx context.Context, err error) {
	if ctx.Err() != nil || apierrors.IsResourceExpired(err) || apierrors.IsGone(err) || apierrors.IsInvalid(err) {
		return // the reflector lists anew, or, if the API server cannot stream lists, lists at all
	}
	s.change(func() {
		s.endedAt = time.Time{}
		if s.err = err; err != nil {
			s.err = fmt.Errorf("list %s in namespace %q: %w", s.resource, s.watcher.namespace, err)
		}
		if refused(err) { // what was there may be otherwise by now
			if s.refusal == nil { // one that is repeated tells nothing of the other kinds
				s.watcher.heardAt = s.watcher.now()
			}
			s.items, s.refusal = nil, s.err
		}
	})
	if refused(err) {
		select {
		case <-ctx.Done():
		case <-time.After(2 * evidenceEvery):
		}
	}
}

// refused reports whether the API server answered that there is nothing here
// to read.
func refused(err error) bool { return apierrors.IsForbidden(err) || apierrors.IsNotFound(err) }

// change changes a shelf, and says that something is different.
func (s *shelf) change(apply func()) {
	s.watcher.lock.Lock()
	apply()
	s.watcher.lock.Unlock()
	s.watcher.signal()
}

// hear is change by what the API server said.
func (s *shelf) hear(apply func()) {
	s.change(func() {
		apply()
		s.watcher.heardAt = s.watcher.now()
	})
}

func (w *watcher) signal() {
	select {
	case w.changed <- struct{}{}:
	default: // nobody looked since the last signal
	}
}

// The methods of a reflector's store.

// Transformer slims objects as they come, not when all have come.
func (s *shelf) Transformer() cache.TransformFunc {
	return func(object any) (any, error) {
		slim(object.(metav1.Object))
		return object, nil
	}
}

// Add puts an object on the shelf.
func (s *shelf) Add(object any) error {
	o := object.(metav1.Object)
	slim(o)
	s.hear(func() {
		if s.items != nil { // else there will be a list
			s.items[o.GetName()] = object
		}
	})
	return nil
}

// Update replaces an object.
func (s *shelf) Update(object any) error { return s.Add(object) }

// Delete takes an object away.
func (s *shelf) Delete(object any) error {
	s.hear(func() { delete(s.items, object.(metav1.Object).GetName()) })
	return nil
}

// Replace replaces all that is there.
func (s *shelf) Replace(objects []any, _ string) error {
	items := make(map[string]any, len(objects))
	for _, object := range objects {
		o := object.(metav1.Object)
		slim(o)
		items[o.GetName()] = object
	}
	s.hear(func() { s.items, s.refusal, s.err, s.endedAt = items, nil, nil, time.Time{} })
	return nil
}

// Resync does nothing: whoever looks sees everything.
func (s *shelf) Resync() error { return nil }
