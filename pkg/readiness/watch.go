// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"context"
	"maps"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/tools/cache"
)

// An Update is the latest assessment of a namespace, and how fresh it is. The times are this
// machine's: they say what came first.
type Update struct {
	Assessment *Assessment // nil as long as nothing could be read
	HeardAt    time.Time   // when the API server last said something of what is in the assessment
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
	// containers are read again while something is held up.
	evidenceEvery = 5 * time.Second
)

// comeBack is how soon a list or watch that failed is tried again: a lost API
// server is to be noticed soon after it is back.
func comeBack() *wait.Backoff {
	return &wait.Backoff{Duration: 200 * time.Millisecond, Factor: 1.5, Jitter: 0.2, Steps: 100, Cap: 2 * time.Second}
}

// Watch returns updates of the namespace: one when all of it was read once, and then one
// with each change, until ctx ends. Then the channel is closed. Kinds may be named; then
// only they are followed, and no causes are looked for.
//
// It goes on where a watch was cut and lists anew where that is too long ago,
// so that no change is missed for good. The first lists are from quorum, but what a watch
// does not tell nobody knows: whoever must be sure reads anew, with [Observe]. A resource that may not be read or is
// not served is a gap, and is tried again: rights are given, and custom
// resources defined, in the course of an upgrade. Pods are watched at all times:
// at rest, too, they alone tell which of MongoDB's await a restart, and how Kafka
// is to whoever may not read StrimziPodSets. While the API server cannot
// be asked the assessment stays as it was, and the update says since when.
func Watch(ctx context.Context, c Clients, namespace string, now func() time.Time, only ...string) <-chan Update {
	w := &watcher{Clients: c, namespace: namespace, now: now, evidence: len(only) == 0, changed: make(chan struct{}, 1)}
	w.addStores(only)
	for _, s := range w.all {
		go cache.NewReflectorWithOptions(s.source, nil, s, cache.ReflectorOptions{
			Name: s.name, TypeDescription: s.name, Backoff: comeBack(),
		}).RunWithContext(ctx)
	}
	updates := make(chan Update)
	go func() {
		defer close(updates)
		w.run(ctx, updates)
	}()
	return updates
}

// run hands over what the stores hold whenever that changed.
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

// heldUp reports whether there are causes to look for, and somebody to ask.
func (u Update) heldUp() bool { return u.Err == nil && !u.Assessment.complete() }

// latest returns an update with what is in the stores. It is false as long as
// a kind was neither listed nor refused, and while one is not followed.
func (w *watcher) latest() (Update, bool) {
	w.lock.Lock()
	defer w.lock.Unlock()
	whole, behind, lost := w.requests()
	if behind && lost == nil {
		return Update{}, false
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
	a.addLogs(w.logs)
	u.Assessment = &a
	return u, true
}

// requests tells from the last request of each store whether every kind was
// listed or refused at least once, whether one is between two watches, and why the
// API server is lost, if it is.
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

// objects returns what is in the stores, and a gap for each that may not be
// filled.
func (w *watcher) objects() Objects {
	o := Objects{Events: w.events, Claims: w.claims}
	for _, s := range w.all {
		if s.objects == nil {
			o.Gaps = append(o.Gaps, newGap(s.name, s.resource, s.refusal))
			continue
		}
		s.keep(&o, slices.Collect(maps.Values(s.objects)))
	}
	return o
}

// readEvidence reads what may tell why something is held up.
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
