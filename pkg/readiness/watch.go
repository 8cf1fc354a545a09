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

// A Sighting is the latest picture of a namespace, and how fresh it is.
type Sighting struct {
	Picture *Picture  // nil as long as nothing could be read
	HeardAt time.Time // when the API server last said something of what is in the picture
	Err     error     // why the API server cannot be asked now; nil if it can
	LostAt  time.Time // since when it cannot
}

const (
	// shortest is the least time between two pictures: a busy upgrade changes
	// something every few milliseconds.
	shortest = 20 * time.Millisecond

	// patience is for how long nothing is said of what changed while one kind is
	// between two watches: beside the others it would be out of date.
	patience = 3 * time.Second

	// evidenceEvery is how often events, claims and the last lines of crashed
	// containers are read again while something is held up.
	evidenceEvery = 5 * time.Second
)

// comeBack is how soon a list or watch that failed is tried again: a lost API
// server is to be noticed soon after it is back.
func comeBack() *wait.Backoff {
	return &wait.Backoff{Duration: 200 * time.Millisecond, Factor: 1.5, Jitter: 0.2, Steps: 100, Cap: 2 * time.Second}
}

// Watch calls see with a sighting of the namespace when all of it was read
// once, and then with each change, until ctx ends.
//
// It goes on where a watch was cut and lists anew where that is too long ago,
// so that no change is missed for good. A resource that may not be read or is
// not served is a gap, and is tried again: rights are given, and custom
// resources defined, in the course of an upgrade. Pods are watched at all times:
// at rest, too, they alone tell which of MongoDB's await a restart, and how Kafka
// is to whoever may not read StrimziPodSets. While the API server cannot
// be asked the picture stays as it was, and the sighting says since when.
func Watch(ctx context.Context, c Clients, namespace string, now func() time.Time, see func(Sighting)) {
	w := &watcher{Clients: c, namespace: namespace, now: now, changed: make(chan struct{}, 1)}
	for _, s := range w.shelves() {
		go cache.NewReflectorWithOptions(s.source, nil, s, cache.ReflectorOptions{
			Name: s.kind, TypeDescription: s.kind, Backoff: comeBack(),
		}).RunWithContext(ctx)
	}
	w.run(ctx, see)
}

// run shows what the shelves hold whenever that changed.
func (w *watcher) run(ctx context.Context, see func(Sighting)) {
	tick := time.NewTicker(evidenceEvery)
	defer tick.Stop()
	heldUp := false
	for ctx.Err() == nil {
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
		sighting, ok := w.look()
		if !ok {
			continue
		}
		see(sighting)
		before := heldUp
		if heldUp = sighting.heldUp(); heldUp && !before {
			go w.readEvidence(ctx)
		}
		select {
		case <-ctx.Done():
		case <-time.After(shortest):
		}
	}
}

// heldUp reports whether there are causes to look for, and somebody to ask.
func (s Sighting) heldUp() bool { return s.Err == nil && !s.Picture.complete() }

// look returns a sighting of what is on the shelves. It is false as long as
// a kind was neither listed nor refused, and while one is not followed.
func (w *watcher) look() (Sighting, bool) {
	w.lock.Lock()
	defer w.lock.Unlock()
	whole, behind, lost := w.requests()
	if behind && lost == nil {
		return Sighting{}, false
	}
	switch {
	case lost == nil:
		w.lostAt = time.Time{}
	case w.lostAt.IsZero():
		w.lostAt = w.now()
	}
	s := Sighting{HeardAt: w.heardAt, Err: lost, LostAt: w.lostAt}
	if !whole {
		return s, lost != nil
	}
	p := Assess(w.objects(), w.now())
	p.recall(w.words)
	s.Picture = &p
	return s, true
}

// requests tells from the last request of each shelf whether every kind was
// listed or refused at least once, whether one is between two watches, and why the
// API server is lost, if it is.
func (w *watcher) requests() (whole, behind bool, lost error) {
	whole = true
	for _, s := range w.all {
		switch since := w.now().Sub(s.endedAt); {
		case s.endedAt.IsZero():
		case since < patience:
			behind = true
		default:
			lost = errUnanswered
		}
		if s.err != nil && !refused(s.err) {
			lost = s.err
		}
		if s.items == nil && s.refusal == nil {
			whole = false
		}
	}
	return whole, behind, lost
}

// objects returns what is on the shelves, and a gap for each that may not be
// filled.
func (w *watcher) objects() Objects {
	o := Objects{Events: w.events, Claims: w.claims}
	for _, s := range w.all {
		if s.items == nil {
			o.Gaps = append(o.Gaps, newGap(s.kind, s.resource, s.refusal))
			continue
		}
		s.keep(&o, slices.Collect(maps.Values(s.items)))
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

	p := Assess(r.objects, w.now())
	r.lastWords(p)
	w.lock.Lock()
	w.words = p.words()
	w.lock.Unlock()
	w.signal()
}
