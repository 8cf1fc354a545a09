// SPDX-License-Identifier: Apache-2.0

package joblogs

import "time"

// A position is how far a log was read.
type position struct {
	last   time.Time // of the last whole line
	same   int       // how many of the last whole lines have that time
	latest time.Time // of all whole lines: times may be out of order
	begun  time.Time // of a line of which only the beginning came
	bytes  int       // of that line
}

// advance moves the position behind a piece.
func (b *position) advance(p Piece) {
	if p.Begins() {
		b.begun, b.bytes = p.Time, 0
	}
	if b.begun.IsZero() {
		return // the end of a line whose beginning was not asked for
	}
	b.bytes += len(p.Text)
	if !p.Ends() {
		return
	}
	if b.begun.Equal(b.last) {
		b.same++
	} else {
		b.last, b.same = b.begun, 1
	}
	if b.latest.Before(b.begun) {
		b.latest = b.begun
	}
	b.begun, b.bytes = time.Time{}, 0
}

// set reports whether anything was read.
func (b *position) set() bool { return !b.last.IsZero() || !b.begun.IsZero() }

// A finder looks for a position in a log that is read again.
type finder struct {
	mark  position
	part  bool // what came before in the log is not read again
	seen  int  // lines with the time of the mark's last
	skip  int  // bytes of the line that the mark is in
	found bool // what comes now is new
}

func newFinder(mark position) *finder { return &finder{mark: mark, found: !mark.set()} }

// newTailFinder returns a finder for the last lines of a log.
func newTailFinder(mark position) *finder {
	f := newFinder(mark)
	f.part = true
	return f
}

// reached reports whether all that is older than the position came, so that
// what comes next is new.
func (f *finder) reached() bool {
	if f.found {
		return f.skip == 0
	}
	return f.seen == f.mark.same && f.mark.begun.IsZero()
}

// A lineAge is what a finder makes of a piece.
type lineAge int

const (
	old     lineAge = iota // from before the position
	fresh                  // from behind it
	missing                // too little of what came before it was read again
)

// classify tells a piece that was read before from a new one, of which it returns
// what is new.
func (f *finder) classify(p Piece) (Piece, lineAge) {
	if f.found {
		return f.rest(p)
	}
	if !p.Begins() {
		return p, old
	}
	part := f.part
	f.part = false
	switch {
	case part && p.Time.Equal(f.mark.last):
		return p, missing // one of several with this time, and nobody knows which
	case f.seen < f.mark.same && p.Time.Equal(f.mark.last):
		f.seen++
		return p, old
	case f.seen < f.mark.same && p.Time.After(f.mark.latest):
		return p, missing
	case f.seen < f.mark.same:
		return p, old
	case f.mark.begun.IsZero():
		f.found = true
		return p, fresh
	case p.Time.Equal(f.mark.begun):
		f.found, f.skip = true, f.mark.bytes
		return f.rest(p)
	case f.mark.same == 0 && p.Time.Before(f.mark.begun):
		return p, old
	}
	return p, missing
}

// rest takes from a piece what was read of its line before.
func (f *finder) rest(p Piece) (Piece, lineAge) {
	if f.skip == 0 {
		return p, fresh
	}
	n := min(f.skip, len(p.Text))
	f.skip -= n
	p = Piece{Text: p.Text[n:]}
	if len(p.Text) == 0 {
		return p, old
	}
	return p, fresh
}
