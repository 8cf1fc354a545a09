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

	second string    // of the last stamp, as it is spelled
	start  time.Time // of that second
}

func newSplitter(r io.Reader) *splitter {
	return &splitter{r: bufio.NewReaderSize(r, bufferSize)}
}

// next returns the next piece. A truncated timestamp is no piece: nothing of its line is known.
// Text may have no timestamp: a kubelet may write why there is no log, without a line break.
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
		p = s.stamped(text)
	}
	if len(p.Text) == 0 || s.err != nil && !s.inside && !p.Begins() && isCutStamp(text) {
		return Piece{}, s.err
	}
	s.inside = !p.Ends()
	return p, nil
}

// longestStamp is how long a stamp is at most.
const longestStamp = len("2006-01-02T15:04:05.000000000+00:00")

// isCutStamp reports whether the text may be the beginning of a stamp.
func isCutStamp(text []byte) bool {
	return len(text) <= longestStamp && len(bytes.Trim(text, "0123456789-:.+TZ")) == 0
}

// stamped takes the timestamp from the start of a line. Most lines were written in the same
// second as the line before: then only the digits after it are read.
func (s *splitter) stamped(line []byte) Piece {
	n := bytes.IndexByte(line[:min(len(line), longestStamp+1)], ' ')
	if n < 0 {
		return Piece{Text: line}
	}
	p := Piece{Stamp: line[:n], Text: line[n+1:]}
	const second = len("2006-01-02T15:04:05")
	if n > second && string(line[:second]) == s.second {
		if nanoseconds, ok := fraction(line[second:n]); ok {
			p.Time = s.start.Add(nanoseconds)
			return p
		}
	}
	if p.Time.UnmarshalText(line[:n]) != nil {
		return Piece{Text: line}
	}
	if s.second = ""; line[n-1] == 'Z' {
		s.second, s.start = string(line[:second]), p.Time.Truncate(time.Second)
	}
	return p
}

// fraction reads the end of a stamp in UTC, such as .123456789Z.
func fraction(text []byte) (time.Duration, bool) {
	last := len(text) - 1
	if last < 2 || last > len(".000000000") || text[0] != '.' || text[last] != 'Z' {
		return 0, false
	}
	var n time.Duration
	for _, digit := range text[1:last] {
		if digit < '0' || digit > '9' {
			return 0, false
		}
		n = n*10 + time.Duration(digit-'0')
	}
	for range len(".000000000") - last {
		n *= 10
	}
	return n, true
}
