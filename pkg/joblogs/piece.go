// SPDX-License-Identifier: Apache-2.0

package joblogs

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"time"
)

// bufferSize is how much of a log is in memory at a time.
const bufferSize = 64 << 10

// A Piece is a line of a log, or a part of one that is longer than a buffer.
// Its bytes are good until the next piece is read.
type Piece struct {
	Stamp []byte    // when the line was written, as the node spells it; empty unless the piece begins its line
	Time  time.Time // the same
	Text  []byte    // as the container wrote it, with the line break if the piece ends its line
}

// Begins reports whether a line begins with the piece.
func (p Piece) Begins() bool { return len(p.Stamp) > 0 }

// Ends reports whether a line ends with the piece.
func (p Piece) Ends() bool { return len(p.Text) > 0 && p.Text[len(p.Text)-1] == '\n' }

// A splitter reads pieces from a log with stamps.
type splitter struct {
	r      *bufio.Reader
	inside bool // the last piece did not end its line
	err    error
}

func newSplitter(r io.Reader) *splitter {
	return &splitter{r: bufio.NewReaderSize(r, bufferSize)}
}

// next returns the next piece. A stamp that was cut is no piece: nothing of
// its line is known. Text without a stamp comes without one.
func (s *splitter) next() (Piece, error) {
	if s.err != nil {
		return Piece{}, s.err
	}
	text, err := s.r.ReadSlice('\n')
	if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
		s.err = err
	}
	p := Piece{Text: text}
	if !s.inside {
		p = stamped(text)
	}
	if len(p.Text) == 0 || s.err != nil && !s.inside && !p.Begins() {
		return Piece{}, s.err
	}
	s.inside = !p.Ends()
	return p, nil
}

// stamped takes the stamp from the start of a line.
func stamped(line []byte) Piece {
	const longest = len("2006-01-02T15:04:05.000000000+00:00")
	n := bytes.IndexByte(line[:min(len(line), longest+1)], ' ')
	if n < 0 {
		return Piece{Text: line}
	}
	var t time.Time
	if t.UnmarshalText(line[:n]) != nil {
		return Piece{Text: line}
	}
	return Piece{Stamp: line[:n], Time: t, Text: line[n+1:]}
}
