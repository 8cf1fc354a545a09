// SPDX-License-Identifier: Apache-2.0

package joblogs

import (
	"bytes"
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Position is a place in the log of one run, behind the lines that were
// read: what an interrupted reader hands to the next one.
type Position struct {
	Pod       string
	Container string
	Restart   int       // of the container in its pod
	Time      time.Time // of the last whole line; zero if there was none
	Lines     int       // how many of the last whole lines have that time
	Latest    time.Time // of all whole lines: times may be out of order
}

// String returns the position as ParsePosition reads it:
// POD/CONTAINER/RESTART@TIME+LINES, and where the latest line is not the last,
// by how many nanoseconds it is later: +NANOSECONDS.
func (p Position) String() string {
	text := fmt.Sprintf("%s/%s/%d", p.Pod, p.Container, p.Restart)
	if p.Time.IsZero() {
		return text
	}
	text += fmt.Sprintf("@%s+%d", p.Time.UTC().Format(time.RFC3339Nano), p.Lines)
	if later := p.Latest.Sub(p.Time); later > 0 {
		text += fmt.Sprintf("+%d", later.Nanoseconds())
	}
	return text
}

// ParsePosition reads what String returns.
func ParsePosition(text string) (Position, error) {
	bad := fmt.Errorf("%q: want POD/CONTAINER/RESTART@TIME+LINES, as an interrupted kubectl tpe logs prints it", text)
	run, place, placed := strings.Cut(text, "@")
	parts := strings.Split(run, "/")
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" {
		return Position{}, bad
	}
	p := Position{Pod: parts[0], Container: parts[1]}
	var err error
	if p.Restart, err = strconv.Atoi(parts[2]); err != nil || p.Restart < 0 {
		return Position{}, bad
	}
	if !placed {
		return p, nil
	}
	at, lines, _ := strings.Cut(place, "+")
	if p.Time, err = time.Parse(time.RFC3339Nano, at); err != nil {
		return Position{}, bad
	}
	lines, later, _ := strings.Cut(lines, "+")
	if p.Lines, err = strconv.Atoi(lines); err != nil || p.Lines < 1 {
		return Position{}, bad
	}
	p.Latest = p.Time
	if nanoseconds, err := strconv.ParseInt(cmp.Or(later, "0"), 10, 64); err == nil && nanoseconds >= 0 {
		p.Latest = p.Time.Add(time.Duration(nanoseconds))
		return p, nil
	}
	return Position{}, bad
}

// is reports whether the position is in the log of a run, or of one of those
// that a run without a log stands for.
func (p Position) is(r Run) bool {
	return p.Pod == r.Pod && p.Container == r.Container &&
		(p.Restart == r.restart || r.To > 0 && p.Restart < r.restart)
}

// mark returns the position as a mark to look for.
func (p Position) mark() mark {
	return mark{last: lineMark{at: p.Time}, same: p.Lines, latest: p.Latest}
}

// A mark is how far a log was read.
type mark struct {
	last   lineMark  // the last whole line
	same   int       // how many of the last whole lines have its time
	latest time.Time // of all whole lines: times may be out of order
	open   lineMark  // a line of which only the beginning came
}

// A lineMark is what is kept of a line to know it again.
type lineMark struct {
	at    time.Time
	bytes int
	head  []byte // its first bytes; nil if they are not known
}

// mostHead is how many bytes of a line are kept to know it again.
const mostHead = 128

// add adds the text of a piece.
func (l *lineMark) add(text []byte) {
	if room := mostHead - len(l.head); room > 0 {
		l.head = append(l.head, text[:min(room, len(text))]...)
	}
	l.bytes += len(text)
}

// begins reports whether a line may be the one that is marked, as far as its
// text tells. Two lines may have the same time, and a node may rotate one
// of them away.
func (l *lineMark) begins(p Piece) bool {
	if l.head == nil {
		return true
	}
	if p.Ends() && len(p.Text) < l.bytes {
		return false
	}
	n := min(len(l.head), len(p.Text))
	return bytes.Equal(l.head[:n], p.Text[:n])
}

// advance moves the mark behind a piece.
func (m *mark) advance(p Piece) {
	if p.Begins() {
		m.open.at, m.open.bytes, m.open.head = p.Time, 0, m.open.head[:0]
	}
	if m.open.at.IsZero() {
		return // the end of a line whose beginning was not asked for
	}
	m.open.add(p.Text)
	if !p.Ends() {
		return
	}
	if m.open.at.Equal(m.last.at) {
		m.same++
	} else {
		m.same = 1
	}
	if m.latest.Before(m.open.at) {
		m.latest = m.open.at
	}
	m.last, m.open = m.open, m.last
	m.open.at = time.Time{}
}

// set reports whether anything was read.
func (m *mark) set() bool { return !m.last.at.IsZero() || m.cut() }

// cut reports whether the last line is not whole.
func (m *mark) cut() bool { return !m.open.at.IsZero() }

// A finder looks for a mark in a log that is read again.
type finder struct {
	mark  *mark
	part  bool // what came before in the log is not read again
	seen  int  // lines with the time of the mark's last
	skip  int  // bytes of the line that the mark is in
	found bool // what comes now is new
}

func newFinder(m *mark) *finder { return &finder{mark: m, found: !m.set()} }

// newTailFinder returns a finder for the last lines of a log.
func newTailFinder(m *mark) *finder {
	f := newFinder(m)
	f.part = true
	return f
}

// reached reports whether all that is older than the mark came, so that what
// comes next is new.
func (f *finder) reached() bool {
	if f.found {
		return f.skip == 0
	}
	return f.seen == f.mark.same && !f.mark.cut()
}

// A lineAge is what a finder makes of a piece.
type lineAge int

const (
	old     lineAge = iota // from before the mark
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
	m := f.mark
	switch {
	case part && p.Time.Equal(m.last.at):
		return p, missing // one of several with this time, and it is not known which
	case f.seen < m.same:
		return p, f.again(p)
	case !m.cut():
		f.found = true
		return p, fresh
	case p.Time.Equal(m.open.at) && m.open.begins(p):
		f.found, f.skip = true, m.open.bytes
		return f.rest(p)
	case m.same == 0 && p.Time.Before(m.open.at):
		return p, old
	}
	return p, missing
}

// again says what a piece is while lines at the time of the mark are still to be read again.
func (f *finder) again(p Piece) lineAge {
	m := f.mark
	switch {
	case !p.Time.Equal(m.last.at) && p.Time.After(m.latest):
		return missing
	case p.Time.Equal(m.last.at) && (f.seen+1 < m.same || m.last.begins(p)):
		f.seen++
	}
	return old
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
