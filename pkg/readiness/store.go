// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
)

// A watcher keeps what a namespace holds, each kind in a store of its own. Its own times
// are this machine's: they say in which order things happened.
type watcher struct {
	Clients
	namespace string
	now       func() time.Time // by which ages are measured
	evidence  bool             // whether to look for causes, too
	changed   chan struct{}    // something is different since the last look

	lock    sync.Mutex // of all that follows, and of what is in the stores
	all     []*kindStore
	heardAt time.Time
	lostAt  time.Time
	events  []*corev1.Event
	claims  []*corev1.PersistentVolumeClaim
	logs    map[containerName][]string
}

// A kindStore holds the objects of one kind. It is the store of a reflector, and
// knows how its last request went.
type kindStore struct {
	kind
	watcher *watcher
	source  *cache.ListWatch
	objects map[string]any // by name; nil as long as nothing was listed, and again once it is refused
	refusal error          // why there are none, if the API server said so; a connection that is lost since unsays nothing
	err     error          // of the last request
	endedAt time.Time      // of the last watch, until something was asked after it
}

// addStores adds a store for each kind.
func (w *watcher) addStores(only []string) {
	for _, k := range kinds(w.Clients, w.namespace, only) {
		s := &kindStore{watcher: w, kind: k}
		s.source = s.observed(&cache.ListWatch{ListWithContextFunc: k.list, WatchFuncWithContext: k.watch})
		w.all = append(w.all, s)
	}
}

// observed notes how each request to a source went.
func (s *kindStore) observed(source *cache.ListWatch) *cache.ListWatch {
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			if o.ResourceVersion == "0" {
				// client-go would begin with what a watch cache has, however old that is
				// (kubernetes/kubernetes#59848). Nothing is true because it was so.
				o.ResourceVersion = ""
			}
			list, err := source.ListWithContextFunc(ctx, o)
			s.recordResult(ctx, err)
			return list, err
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			events, err := source.WatchFuncWithContext(ctx, o)
			streamed := o.SendInitialEvents != nil && *o.SendInitialEvents
			switch {
			case refused(err): // who may list and not watch reads it again and again; without the right to list that says so
				s.pause(ctx)
			case err == nil && unanswered(events):
				s.recordResult(ctx, errUnanswered)
			case err != nil || !streamed: // a list that is streamed was read when it is replaced
				s.recordResult(ctx, err)
			}
			if err != nil {
				return nil, err
			}
			return notifyEnd(events, func() { s.ended(ctx) }), nil
		},
	}
}

// ended notes that a watch is over: what happens from now on is not known before
// the next one.
func (s *kindStore) ended(ctx context.Context) {
	if ctx.Err() != nil {
		return
	}
	s.watcher.lock.Lock()
	s.endedAt = time.Now()
	s.watcher.lock.Unlock()
	time.AfterFunc(betweenWatches, s.watcher.signal)
}

// An endNotifier is a watch that tells when it is over, before anybody else can know.
type endNotifier struct {
	watch.Interface
	events  chan watch.Event
	stopped chan struct{}
	stop    sync.Once
}

func notifyEnd(events watch.Interface, ended func()) watch.Interface {
	a := &endNotifier{Interface: events, events: make(chan watch.Event), stopped: make(chan struct{})}
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
func (a *endNotifier) ResultChan() <-chan watch.Event { return a.events }

// Stop ends the watch.
func (a *endNotifier) Stop() {
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

// recordResult notes how a request went. What is not served or not allowed is not
// asked for at the pace of a lost connection.
func (s *kindStore) recordResult(ctx context.Context, err error) {
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
				s.watcher.heardAt = time.Now()
			}
			s.objects, s.refusal = nil, s.err
		}
	})
	if refused(err) {
		s.pause(ctx)
	}
}

// pause is what follows a refusal, unless nothing was read yet and is tried another way.
func (s *kindStore) pause(ctx context.Context) {
	s.watcher.lock.Lock()
	untried := s.objects == nil && s.refusal == nil
	s.watcher.lock.Unlock()
	if untried {
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(2 * evidenceEvery):
	}
}

// refused reports whether the API server answered that there is nothing here
// to read.
func refused(err error) bool { return apierrors.IsForbidden(err) || apierrors.IsNotFound(err) }

// change changes a store, and says that something is different.
func (s *kindStore) change(apply func()) {
	s.watcher.lock.Lock()
	apply()
	s.watcher.lock.Unlock()
	s.watcher.signal()
}

// changeHeard is change by what the API server said.
func (s *kindStore) changeHeard(apply func()) {
	s.change(func() {
		apply()
		s.watcher.heardAt = time.Now()
	})
}

func (w *watcher) signal() {
	select {
	case w.changed <- struct{}{}:
	default: // nobody looked since the last signal
	}
}

// The methods of a reflector's store.

// Transformer strips objects as they come, not when all have come.
func (s *kindStore) Transformer() cache.TransformFunc {
	return func(object any) (any, error) {
		strip(object.(metav1.Object))
		return object, nil
	}
}

// Add puts an object in the store.
func (s *kindStore) Add(object any) error {
	o := object.(metav1.Object)
	strip(o)
	s.changeHeard(func() {
		if s.objects != nil { // else there will be a list
			s.objects[o.GetName()] = object
		}
	})
	return nil
}

// Update replaces an object.
func (s *kindStore) Update(object any) error { return s.Add(object) }

// Delete takes an object away.
func (s *kindStore) Delete(object any) error {
	s.changeHeard(func() { delete(s.objects, object.(metav1.Object).GetName()) })
	return nil
}

// Replace replaces all that is there.
func (s *kindStore) Replace(objects []any, _ string) error {
	found := make(map[string]any, len(objects))
	for _, object := range objects {
		o := object.(metav1.Object)
		strip(o)
		found[o.GetName()] = object
	}
	s.changeHeard(func() { s.objects, s.refusal, s.err, s.endedAt = found, nil, nil, time.Time{} })
	return nil
}

// Resync does nothing: whoever looks sees everything.
func (s *kindStore) Resync() error { return nil }
