// SPDX-License-Identifier: Apache-2.0

package pum

import "time"

// A Progress follows the entries of one PUM from poll to poll. The zero value
// is ready for use.
//
// What counts as progress is that remaining falls. PUM's done is no measure:
// it is that of the last iteration, and starts again with each.
type Progress struct {
	// StallAfter is how long an entry may look the same before that is a
	// stall, DefaultStallAfter if 0.
	StallAfter time.Duration

	tracks map[int64]*track
	moved  time.Time // when any entry last changed
	now    time.Time // when the entries were last observed
}

// DefaultStallAfter leaves room for a slow POST. How long PUM lets one take
// is not documented.
const DefaultStallAfter = 2 * time.Minute

// A Movement is how one entry moves.
type Movement struct {
	Remaining *int64         // what is left, if the last response says so
	ETA       *time.Duration // until nothing is left, if it goes on like this; nil if unknown or overdue
	Stall     *Stall         // nil if it moves, or may
}

// A Stall is a time without progress of an entry that is not final.
type Stall struct {
	Kind  StallKind
	Since time.Time
}

// A StallKind says how an entry stalls.
type StallKind string

// The kinds of stall.
const (
	StallSilent StallKind = "silent" // nothing about it changes
	StallIdle   StallKind = "idle"   // iteration follows iteration, and nothing gets done
	StallErrors StallKind = "errors" // one error follows the other
)

// What makes a stall. One failure or one empty iteration is none yet.
const (
	stallPolls      = 3 // polls that look the same, beside StallAfter
	stallIterations = 2 // iterations without progress
	stallErrors     = 3 // errors without progress
)

// maxPoints is how many steps of remaining an estimate looks back.
const maxPoints = 8

// maxETA bounds what is worth saying.
const maxETA = 365 * 24 * time.Hour

// A track is the history of one entry.
type track struct {
	entry   Entry
	changed time.Time // when it first looked as it does
	polls   int       // polls since then
	start   point     // when remaining last fell, or the entry was first seen
	points  []point   // the last times that remaining fell, oldest first
}

// A point is an entry at a time.
type point struct {
	at         time.Time
	remaining  *int64
	iterations int64
	errors     int64
}

// Observe takes the entries as PUM listed them at a time. Entries that share a uid cannot be
// distinguished, so that nothing is known of their progress.
func (p *Progress) Observe(at time.Time, entries []Entry) {
	if p.tracks == nil {
		p.tracks = map[int64]*track{}
		p.moved = at
	}
	p.now = at
	repeated := map[int64]bool{}
	for _, uid := range Repeated(entries) {
		repeated[uid] = true
		delete(p.tracks, uid)
	}
	for _, e := range entries {
		if repeated[e.UID] {
			continue
		}
		t := p.tracks[e.UID]
		if t == nil {
			t = &track{}
			p.tracks[e.UID] = t
		} else if looksSame(&t.entry, &e) {
			t.polls++
			continue
		}
		t.observe(at, e)
		p.moved = at
	}
}

// looksSame reports whether nothing that PUM changes while it works is
// different.
func looksSame(a, b *Entry) bool {
	return !differs(a, b) && samePointed(a.LastResponse, b.LastResponse)
}

func (t *track) observe(at time.Time, e Entry) {
	last := t.entry
	t.entry, t.changed, t.polls = e, at, 0
	now := point{at: at, remaining: e.remaining(), iterations: orZero(e.IterationCounter), errors: orZero(e.ErrorCounter)}
	before := t.start
	switch {
	case before.at.IsZero(), now.iterations < before.iterations,
		now.remaining != nil && before.remaining != nil && *now.remaining > *before.remaining:
		t.points = nil // seen for the first time, or begun again
	case now.remaining == nil: // an iteration without an error is all that can be seen of progress
		if now.iterations <= orZero(last.IterationCounter) || now.errors > orZero(last.ErrorCounter) {
			return
		}
		t.points = nil
	case before.remaining != nil && *now.remaining == *before.remaining:
		return
	}
	t.start = now
	if now.remaining != nil {
		t.points = append(t.points, now)
		t.points = t.points[max(0, len(t.points)-maxPoints):]
	}
}

// Of returns how the entry moves, as of the last observation. It is empty for
// an entry that is final, or that was never observed.
func (p *Progress) Of(uid int64) Movement {
	t := p.tracks[uid]
	if t == nil || t.entry.State.Final() {
		return Movement{}
	}
	m := Movement{Remaining: t.entry.remaining(), Stall: p.stall(t)}
	if m.Stall == nil && m.Remaining != nil {
		m.ETA = t.eta(p.now)
	}
	return m
}

func (p *Progress) stall(t *track) *Stall {
	switch e := &t.entry; {
	case orZero(e.ErrorCounter)-t.start.errors >= stallErrors:
		return &Stall{StallErrors, t.start.at}
	case orZero(e.IterationCounter)-t.start.iterations >= stallIterations && orZero(t.start.remaining) > 0:
		return &Stall{StallIdle, t.start.at}
	}
	since, after := t.changed, p.StallAfter
	if t.entry.State == StateInit && p.moved.After(since) {
		since = p.moved // it waits its turn as long as others move
	}
	if after == 0 {
		after = DefaultStallAfter
	}
	if t.polls >= stallPolls && p.now.Sub(since) >= after {
		return &Stall{StallSilent, since}
	}
	if kind, ok := t.entry.Stalled(); ok && len(t.points) < 2 {
		return &Stall{kind, t.changed}
	}
	return nil
}

// eta estimates how long it takes until nothing remains.
func (t *track) eta(now time.Time) *time.Duration {
	if len(t.points) < 2 {
		return nil
	}
	first, last := t.points[0], t.points[len(t.points)-1]
	fell := float64(*first.remaining) - float64(*last.remaining)
	left := last.at.Sub(first.at).Seconds()/fell*float64(*last.remaining) - now.Sub(last.at).Seconds()
	if left < 0 || left > maxETA.Seconds() {
		return nil
	}
	eta := time.Duration(left * float64(time.Second))
	return &eta
}

// Stalled reports whether the entry shows at first sight that it makes no
// progress, and how: it was iterated more than once and the last iteration
// did nothing of what remains, as in the vendor's own example, or it failed
// repeatedly.
func (e *Entry) Stalled() (StallKind, bool) {
	switch {
	case e.State == StateTransientError && orZero(e.ErrorCounter) >= stallErrors:
		return StallErrors, true
	case e.State == StatePartiallyProcessed && orZero(e.IterationCounter) >= stallIterations &&
		e.Response != nil && e.Response.Done != nil && *e.Response.Done == 0 && orZero(e.remaining()) > 0:
		return StallIdle, true
	}
	return "", false
}

// remaining returns what is left to do, if the last response says so.
func (e *Entry) remaining() *int64 {
	if e.Response == nil {
		return nil
	}
	return e.Response.Remaining
}

// orZero returns what is pointed to, or the zero value.
func orZero[T any](p *T) T {
	if p == nil {
		return *new(T)
	}
	return *p
}
