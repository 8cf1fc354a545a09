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

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kube"
)

// A watcher keeps the objects of a namespace, each kind in a store of its own. Its own
// times are this machine's: they order what happened.
type watcher struct {
	kube.Clients
	namespace string
	now       func() time.Time // the clock for ages
	evidence  bool             // whether to search for causes
	changed   chan struct{}    // something changed since the last update

	lock     sync.Mutex // of all that follows, and of what is in the stores
	all      []*kindStore
	heardAt  time.Time
	lostAt   time.Time
	behindAt time.Time // since when there was always a kind between two watches
	lackAt   time.Time // since when statuses have counted pods that are not there
	events   []*corev1.Event
	claims   []*corev1.PersistentVolumeClaim
	logs     map[ContainerName][]string
}

// A kindStore holds the objects of one kind. It is the store of a reflector, and knows
// the result of its last request.
type kindStore struct {
	kind
	watcher  *watcher
	source   *cache.ListWatch
	objects  map[string]metav1.Object // by name; nil until they are listed, and after a refusal
	refusal  error                    // why the API server refused to list them; it stays while the connection is lost
	err      error                    // of the last request
	brokenAt time.Time                // since when a request fails or no watch goes on; zero if neither
	broken   time.Time                // the same by the clock of ages
	silent   bool                     // the last watch said nothing, and the next nothing yet
}

// addStores adds a store for each kind.
func (w *watcher) addStores(only []string) {
	for _, k := range kinds(w.Clients, w.namespace, only) {
		s := &kindStore{watcher: w, kind: k}
		s.source = s.observed(&cache.ListWatch{ListWithContextFunc: k.list, WatchFuncWithContext: k.watch})
		w.all = append(w.all, s)
	}
}

// observed records the result of each request to a source.
func (s *kindStore) observed(source *cache.ListWatch) *cache.ListWatch {
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			if o.ResourceVersion == "0" {
				// client-go would begin with a watch cache, however old that is
				// (kubernetes/kubernetes#59848).
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
			case refused(err): // an account that can list and not watch lists repeatedly; one that cannot list is refused there
				s.pause(ctx)
			case err == nil && unanswered(events):
				s.recordResult(ctx, errUnanswered)
			case err != nil || !streamed && !s.isSilent(): // a streamed list has been read when Replace is called
				s.recordResult(ctx, err)
			}
			if err != nil {
				return nil, err
			}
			patience := longestSilence
			if streamed {
				patience = firstSilence
			}
			return s.supervised(ctx, events, patience), nil
		},
	}
}

const (
	// longestSilence is how long a watch may say nothing. An API server sends a bookmark every minute
	// or so (cacher.go in k8s.io/apiserver, bookmarkFrequency). Proxies and load balancers lose
	// streams without ending them (kubernetes#107266).
	longestSilence = 150 * time.Second

	// firstSilence is how long it may say nothing where it begins with what there is.
	firstSilence = 15 * time.Second
)

// ended records that a watch ended, by itself or because it said nothing: until the next one,
// changes are not known.
func (s *kindStore) ended(ctx context.Context, silent bool) {
	if ctx.Err() != nil {
		return
	}
	s.watcher.lock.Lock()
	s.breaks()
	s.silent = s.silent || silent
	s.watcher.lock.Unlock()
	time.AfterFunc(betweenWatches, s.watcher.signal)
}

// breaks notes since when the kind is not followed.
func (s *kindStore) breaks() {
	if s.brokenAt.IsZero() {
		s.brokenAt, s.broken = time.Now(), s.watcher.now()
	}
}

func (s *kindStore) isSilent() bool {
	s.watcher.lock.Lock()
	defer s.watcher.lock.Unlock()
	return s.silent
}

// spoke notes that a watch said something.
func (s *kindStore) spoke() {
	if s.isSilent() {
		s.change(func() { s.silent, s.brokenAt = false, time.Time{} })
	}
}

// A supervised watch records its end before its channel is closed, and ends if it is silent.
type supervised struct {
	watch.Interface
	events  chan watch.Event
	stopped chan struct{}
	stop    sync.Once
}

func (s *kindStore) supervised(ctx context.Context, events watch.Interface, patience time.Duration) watch.Interface {
	a := &supervised{Interface: events, events: make(chan watch.Event), stopped: make(chan struct{})}
	go func() {
		defer close(a.events)
		silence := time.NewTimer(patience)
		defer silence.Stop()
		for {
			select {
			case e, open := <-events.ResultChan():
				if !open {
					s.ended(ctx, false)
					return
				}
				s.spoke()
				select {
				case a.events <- e:
				case <-a.stopped:
				}
				silence.Reset(longestSilence)
			case <-silence.C:
				s.ended(ctx, true)
				events.Stop()
				for range events.ResultChan() { // until it is closed
				}
				return
			}
		}
	}()
	return a
}

// ResultChan returns the events.
func (a *supervised) ResultChan() <-chan watch.Event { return a.events }

// Stop ends the watch.
func (a *supervised) Stop() {
	a.stop.Do(func() { close(a.stopped) })
	a.Interface.Stop()
}

var errUnanswered = errors.New("the connection was closed without an answer")

// unanswered reports whether a watch is empty: client-go hides that a connection ended
// before there was an answer (rest.Request.Watch), as behind a load balancer whose API
// servers are gone.
func unanswered(events watch.Interface) bool {
	return reflect.TypeOf(events) == reflect.TypeOf(watch.NewEmptyWatch())
}

// recordResult records the result of a request. What is not served or not allowed is
// retried less often than a lost connection.
func (s *kindStore) recordResult(ctx context.Context, err error) {
	if ctx.Err() != nil || apierrors.IsResourceExpired(err) || apierrors.IsGone(err) || apierrors.IsInvalid(err) {
		return // the reflector lists again, without streaming if the API server does not support that
	}
	s.change(func() {
		if s.err = err; err != nil {
			s.err = fmt.Errorf("list %s in namespace %q: %w", s.Resource, s.watcher.namespace, err)
		}
		if err == nil || refused(err) {
			s.brokenAt = time.Time{}
		} else {
			s.breaks()
		}
		if refused(err) { // the objects may have changed since
			if s.refusal == nil { // a repeated one proves nothing about the other kinds
				s.watcher.heardAt = time.Now()
			}
			s.objects, s.refusal = nil, s.err
		}
	})
	if refused(err) {
		s.pause(ctx)
	}
}

// pause waits after a refusal, unless this is the first request, or the first after the connection
// was lost: the reflector tries a list after a watch, and only that says that it is back.
func (s *kindStore) pause(ctx context.Context) {
	s.watcher.lock.Lock()
	untried := s.objects == nil && s.refusal == nil
	lost := s.err != nil && !refused(s.err)
	s.watcher.lock.Unlock()
	if untried || lost {
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(2 * evidenceEvery):
	}
}

// refused reports whether the API server refused to let this be read.
func refused(err error) bool { return apierrors.IsForbidden(err) || apierrors.IsNotFound(err) }

// change changes a store, and signals it.
func (s *kindStore) change(apply func()) {
	s.watcher.lock.Lock()
	apply()
	s.watcher.lock.Unlock()
	s.watcher.signal()
}

// changeHeard is change by an answer of the API server.
func (s *kindStore) changeHeard(apply func()) {
	s.change(func() {
		apply()
		s.watcher.heardAt = time.Now()
	})
}

func (w *watcher) signal() {
	select {
	case w.changed <- struct{}{}:
	default: // there is a signal already
	}
}

// The methods of a reflector's store.

// Transformer strips objects as they arrive, not when all have.
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
		if s.objects != nil { // else a list follows
			s.objects[o.GetName()] = o
		}
	})
	return nil
}

// Update replaces an object.
func (s *kindStore) Update(object any) error { return s.Add(object) }

// Delete removes an object.
func (s *kindStore) Delete(object any) error {
	s.changeHeard(func() { delete(s.objects, object.(metav1.Object).GetName()) })
	return nil
}

// Replace replaces all objects.
func (s *kindStore) Replace(objects []any, _ string) error {
	found := make(map[string]metav1.Object, len(objects))
	for _, object := range objects {
		o := object.(metav1.Object)
		strip(o)
		found[o.GetName()] = o
	}
	s.changeHeard(func() { s.objects, s.refusal, s.err, s.brokenAt = found, nil, nil, time.Time{} })
	return nil
}

// Resync does nothing: each update reads all objects.
func (s *kindStore) Resync() error { return nil }
