// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/tools/cache"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kube"
)

// An Update is the latest assessment of a namespace, and how fresh it is. The times are
// this machine's: they order updates and questions.
type Update struct {
	Assessment *Assessment // nil until everything was read once
	HeardAt    time.Time   // when the API server last sent something
	Err        error       // why the API server cannot be asked now; nil if it can
	LostAt     time.Time   // since when it cannot
}

const (
	// shortest is the least time between two assessments: a busy upgrade changes
	// something every few milliseconds.
	shortest = 20 * time.Millisecond

	// betweenWatches is how long updates wait for a kind that is between two watches:
	// it would be out of date beside the others.
	betweenWatches = 3 * time.Second

	// evidenceEvery is how often events, claims and the last lines of crashed
	// containers are read again while something is not done.
	evidenceEvery = 5 * time.Second
)

// backoff is how soon a list or watch that failed is retried: an API server that is
// back is noticed soon.
func backoff() *wait.Backoff {
	return &wait.Backoff{Duration: 200 * time.Millisecond, Factor: 1.5, Jitter: 0.2, Steps: 100, Cap: 2 * time.Second}
}

// Watch returns updates of the namespace: one when everything was read once, then one
// after each change, until ctx ends. Then the channel is closed. If kinds are named,
// only they are followed, and no causes are searched for.
//
// It resumes a watch that was cut, and lists again if that was too long ago, so that no
// change is missed permanently. The first lists are from quorum, but a watch may be
// late: use [Observe] to be sure. A resource that is forbidden or not served is a gap,
// and is retried: permissions are granted, and custom resources defined, during an
// upgrade. Pods are always watched: only they show which of MongoDB's await a restart,
// and the state of Kafka if StrimziPodSets cannot be read. While the API server cannot
// be reached, the assessment stays the same, and the update says since when.
func Watch(ctx context.Context, c kube.Clients, namespace string, now func() time.Time, only ...string) <-chan Update {
	w := &watcher{Clients: c, namespace: namespace, now: now, evidence: len(only) == 0, changed: make(chan struct{}, 1)}
	w.addStores(only)
	for _, s := range w.all {
		go cache.NewReflectorWithOptions(s.source, nil, s, cache.ReflectorOptions{
			Name: s.Kind, TypeDescription: s.Kind, Backoff: backoff(),
		}).RunWithContext(ctx)
	}
	updates := make(chan Update)
	go func() {
		defer close(updates)
		w.run(ctx, updates)
	}()
	return updates
}

// run sends an update whenever the stores changed.
func (w *watcher) run(ctx context.Context, updates chan<- Update) {
	tick := time.NewTicker(evidenceEvery)
	defer tick.Stop()
	heldUp := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if heldUp {
				go w.readEvidence(ctx)
			}
			continue
		case <-w.changed:
		}
		update, ok := w.latest()
		if !ok {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case updates <- update:
		}
		before := heldUp
		if heldUp = w.evidence && update.heldUp(); heldUp && !before {
			go w.readEvidence(ctx)
		}
		select {
		case <-ctx.Done():
		case <-time.After(shortest):
		}
	}
}

// heldUp reports whether there are causes to search for, and an API server to ask.
func (u Update) heldUp() bool { return u.Err == nil && !u.Assessment.complete() }

// errBreaking is said where there is always a kind that is not followed.
var errBreaking = errors.New("watches break off repeatedly")

// latest returns an update with what is in the stores. It is false as long as a kind was neither
// listed nor refused, and while one is not followed, unless that is so for long: then the
// watches are as good as lost.
func (w *watcher) latest() (Update, bool) {
	w.lock.Lock()
	defer w.lock.Unlock()
	whole, behind, lost := w.requests()
	if !behind {
		w.behindAt = time.Time{}
	} else if lost == nil {
		if w.behindAt.IsZero() {
			w.behindAt = time.Now()
		}
		if time.Since(w.behindAt) < 2*betweenWatches {
			return Update{}, false
		}
		lost = errBreaking
	}
	switch {
	case lost == nil:
		w.lostAt = time.Time{}
	case w.lostAt.IsZero():
		w.lostAt = time.Now()
	}
	u := Update{HeardAt: w.heardAt, Err: lost, LostAt: w.lostAt}
	if !whole {
		return u, lost != nil
	}
	a := Assess(w.objects(), w.now())
	u.Assessment = &a
	return u, true
}

// requests returns, by the last request of each store, whether every kind was listed or
// refused at least once, whether one is between two watches, and why the API server
// cannot be reached, if it cannot.
func (w *watcher) requests() (whole, behind bool, lost error) {
	whole = true
	for _, s := range w.all {
		switch since := time.Since(s.endedAt); {
		case s.endedAt.IsZero():
		case since < betweenWatches:
			behind = true
		default:
			lost = errUnanswered
		}
		if s.err != nil && !refused(s.err) {
			lost = s.err
		}
		if s.objects == nil && s.refusal == nil {
			whole = false
		}
	}
	return whole, behind, lost
}

// objects returns what is in the stores, and a gap for each refused one.
func (w *watcher) objects() Objects {
	o := Objects{Events: w.events, Claims: w.claims, Logs: w.logs}
	for _, s := range w.all {
		if s.objects == nil {
			o.Gaps = append(o.Gaps, newGap(s.Kind, s.Resource, s.refusal))
			continue
		}
		s.set(&o, slices.Collect(maps.Values(s.objects)))
	}
	return o
}

// readEvidence reads events, claims and logs, which may hold causes.
func (w *watcher) readEvidence(ctx context.Context) {
	r := reader{ctx: ctx, Clients: w.Clients, namespace: w.namespace}
	w.lock.Lock()
	r.objects.Pods = w.objects().Pods
	w.lock.Unlock()
	r.evidence()
	if ctx.Err() != nil {
		return
	}
	w.lock.Lock()
	w.events, w.claims = r.objects.Events, r.objects.Claims
	r.objects = w.objects()
	w.lock.Unlock()
	w.signal()

	a := Assess(r.objects, w.now())
	r.readLogs(a)
	w.lock.Lock()
	w.logs = a.logs()
	w.lock.Unlock()
	w.signal()
}
