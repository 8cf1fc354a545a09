// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"context"
	"errors"
	"fmt"
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
	Err        error       // why nothing can be followed now; nil if something can
	LostAt     time.Time   // since when
	BlindAt    time.Time   // since when some kinds cannot, which are gaps then; zero if all can
}

const (
	// shortest is the least time between two assessments: a busy upgrade changes
	// something every few milliseconds.
	shortest = 20 * time.Millisecond

	// betweenWatches is how long updates wait for a kind that is between two watches, or whose
	// requests fail: it would be out of date beside the others.
	betweenWatches = 3 * time.Second

	// betweenKinds is how long updates wait for the pods that a status counts and that are not there:
	// each kind has a watch of its own, and that of the pods may be late.
	betweenKinds = 2 * time.Second

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
// be reached, the assessment stays the same, and the update says since when. Where only some
// kinds cannot be followed, the others are, and what was last known of those stands in.
func Watch(ctx context.Context, c kube.Clients, namespace string, now func() time.Time, only ...string) <-chan Update {
	w := &watcher{Clients: c, namespace: namespace, now: now, evidence: len(only) == 0, changed: make(chan struct{}, 1)}
	w.addStores(only)
	for _, s := range w.all {
		go cache.NewReflectorWithOptions(s.source, nil, s, cache.ReflectorOptions{
			Name: s.Kind, TypeDescription: s.Kind, Backoff: backoff(),
		}).RunWithContext(ctx)
	}
	go w.unanswered(ctx)
	updates := make(chan Update)
	go func() {
		defer close(updates)
		w.run(ctx, updates)
	}()
	return updates
}

// unanswered notes which kinds had no answer at all for long: the others do not wait for them.
func (w *watcher) unanswered(ctx context.Context) {
	for _, d := range []time.Duration{firstSilence, betweenWatches} {
		select {
		case <-ctx.Done():
			return
		case <-time.After(d):
		}
		w.lock.Lock()
		for _, s := range w.all {
			if s.objects == nil && s.refusal == nil {
				s.breaks()
			}
		}
		w.lock.Unlock()
		w.signal()
	}
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

// errBreaking is said where there is always a kind that is not followed, and errEnded where a watch
// does not begin again.
var (
	errBreaking = errors.New("watches break off repeatedly")
	errEnded    = errors.New("the watch ended or says nothing, and there is no answer yet")
)

// latest returns an update with what is in the stores. It is false as long as a kind was neither
// listed nor refused, and while one is not followed, unless that is so for long: then it is a gap, or
// the watches are as good as lost.
func (w *watcher) latest() (Update, bool) {
	w.lock.Lock()
	defer w.lock.Unlock()
	s := w.standing()
	lost := s.lost
	if !s.behind {
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
	u := Update{HeardAt: w.heardAt, Err: lost, LostAt: w.lostAt, BlindAt: s.blindAt}
	if !s.whole {
		return u, lost != nil
	}
	a := Assess(w.objects(s), w.now())
	u.Assessment = &a
	return u, w.agree(&a) || lost != nil
}

// agree reports whether all pods that statuses count are there, or some have been missing for longer
// than the watches of two kinds differ.
func (w *watcher) agree(a *Assessment) bool {
	if !slices.ContainsFunc(a.Workloads, Workload.lacksPods) {
		w.lackAt = time.Time{}
		return true
	}
	if w.lackAt.IsZero() {
		w.lackAt = time.Now()
		time.AfterFunc(betweenKinds, w.signal)
	}
	return time.Since(w.lackAt) >= betweenKinds
}

// A standing is what the last requests of all kinds say together.
type standing struct {
	whole   bool      // every kind was listed or refused at least once, or is a gap
	behind  bool      // one is between two watches
	lost    error     // why nothing is followed, if nothing is
	blindAt time.Time // since when one at least is not followed, for longer than between two watches
}

func (w *watcher) standing() standing {
	all := standing{whole: true}
	var failure error
	for _, s := range w.all {
		switch since := time.Since(s.brokenAt); {
		case s.brokenAt.IsZero():
			continue
		case since < betweenWatches:
			all.behind = true
			if s.err == nil {
				continue
			}
		case all.blindAt.IsZero() || s.brokenAt.Before(all.blindAt):
			all.blindAt = s.brokenAt
		}
		failure = s.failure()
	}
	if !slices.ContainsFunc(w.all, (*kindStore).isAlive) {
		all.lost = failure
	}
	loggedOut := func(s *kindStore) bool { return kube.NotLoggedIn(s.err) }
	if i := slices.IndexFunc(w.all, loggedOut); i >= 0 { // a login is no matter of one kind
		all.lost = w.all[i].err
	}
	for _, s := range w.all {
		known := s.objects != nil || s.refusal != nil
		all.whole = all.whole && (known || all.lost == nil && s.isGap())
	}
	return all
}

// isAlive reports whether a kind is followed, or not tried yet.
func (s *kindStore) isAlive() bool {
	return s.brokenAt.IsZero() && (s.objects != nil || s.refusal == nil)
}

// failure returns why a kind is not followed.
func (s *kindStore) failure() error {
	if s.err != nil {
		return s.err
	}
	return fmt.Errorf("watch %s in namespace %q: %w", s.Resource, s.watcher.namespace, errEnded)
}

// isGap reports whether a kind is not followed for longer than between two watches.
func (s *kindStore) isGap() bool {
	return !s.brokenAt.IsZero() && time.Since(s.brokenAt) >= betweenWatches
}

// objects returns what is in the stores, and a gap for each kind that is refused, or is not followed
// while others are.
func (w *watcher) objects(now standing) Objects {
	o := Objects{Events: w.events, Claims: w.claims, Logs: w.logs}
	for _, s := range w.all {
		if s.objects != nil {
			s.set(&o, slices.Collect(maps.Values(s.objects)))
		}
		switch {
		case s.refusal != nil:
			o.Gaps = append(o.Gaps, newGap(s.Kind, s.Resource, s.refusal))
		case s.isGap() && now.lost == nil:
			g := newGap(s.Kind, s.Resource, s.failure())
			g.Since, g.Stale = s.broken, s.objects != nil
			o.Gaps = append(o.Gaps, g)
		}
	}
	return o
}

// readEvidence reads events, claims and logs, which may hold causes.
func (w *watcher) readEvidence(ctx context.Context) {
	r := reader{ctx: ctx, Clients: w.Clients, namespace: w.namespace}
	w.lock.Lock()
	r.objects.Pods = w.objects(w.standing()).Pods
	w.lock.Unlock()
	r.evidence()
	if ctx.Err() != nil {
		return
	}
	w.lock.Lock()
	w.events, w.claims = r.objects.Events, r.objects.Claims
	r.objects = w.objects(w.standing())
	w.lock.Unlock()
	w.signal()

	a := Assess(r.objects, w.now())
	r.readLogs(a)
	w.lock.Lock()
	w.logs = a.logs()
	w.lock.Unlock()
	w.signal()
}
