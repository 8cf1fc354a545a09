// SPDX-License-Identifier: Apache-2.0

package joblogs

// A tailSearch decides for how many of a log's last lines to ask in order to find
// a position. Too few do not reach it; with too many, a connection that is cut
// repeatedly is cut before anything new came.
//
// It begins with few, asks for more until the position is among them, and
// halves in between. Lines that are written meanwhile move the position away
// from the end: then it begins again.
type tailSearch struct {
	lines     int  // to ask for; 0 for all since the position's time
	low, high int  // were too few and too many; 0 if not known
	all       bool // all since the position's time were asked for
}

const (
	fewLines  = 32
	manyLines = 8 << 10 // from here on it is asked once for all
	mostLines = 1 << 30
)

func newTailSearch() tailSearch { return tailSearch{lines: fewLines} }

// tooFew records that the position was not among the lines. It returns false if those were all
// lines: then the position's line is gone.
func (s *tailSearch) tooFew() bool {
	if s.lines == 0 {
		return false
	}
	s.low = s.lines
	switch {
	case s.high > 0:
		s.halve()
	case s.lines >= manyLines && !s.all:
		s.lines, s.all = 0, true
	case s.lines >= mostLines:
		*s = newTailSearch()
	default:
		s.lines *= 4
	}
	return true
}

// tooMany records that the connection was cut before anything new came.
func (s *tailSearch) tooMany() {
	if s.lines == 0 {
		s.lines = max(s.low*4, manyLines)
		return
	}
	s.high = s.lines
	s.halve()
}

func (s *tailSearch) halve() {
	if s.high-s.low < 2 {
		*s = newTailSearch()
		return
	}
	s.lines = (s.low + s.high) / 2
}

// found records that new lines came after so many old ones, and begins the next search where
// the position is now if nothing was written in the meantime. It reports whether more lines are
// known to follow.
func (s *tailSearch) found(old, fresh int) bool {
	behind := max(0, s.lines-old-fresh)
	*s = newTailSearch()
	if behind > 0 {
		s.lines = behind + max(1, (old+fresh)/4)
	}
	return behind > 0
}

// end begins a search for the position at the very end of the log, where same
// lines have its time. It is so short that it is not cut by chance.
func (s *tailSearch) end(same int) { *s = tailSearch{lines: same + 2} }
