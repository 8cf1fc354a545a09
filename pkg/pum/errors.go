// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"errors"
	"fmt"
	"strings"
)

// ErrTooLarge says that PUM's text is larger than the limit.
var ErrTooLarge = errors.New("pum status output is too large")

// A SyntaxError says where PUM's text could not be understood.
type SyntaxError struct {
	Line int    // from 1
	Text string // the line, cut if it is long
	Err  error  // what is wrong with it
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("pum status output, line %d: %v: %q", e.Line, e.Err, e.Text)
}

func (e *SyntaxError) Unwrap() error { return e.Err }

// An IncompleteError says that PUM's text is truncated, or may be: reading it again is harmless
// and may help.
type IncompleteError struct {
	Got  int   // entries that came whole
	Want int   // entries that the header announces, -1 if there is no header
	Err  error // how the cut shows
}

func (e *IncompleteError) Error() string {
	if e.Want < 0 {
		return fmt.Sprintf("pum status output is incomplete: %v", e.Err)
	}
	return fmt.Sprintf("pum status output is incomplete: got %d of %d entries: %v", e.Got, e.Want, e.Err)
}

func (e *IncompleteError) Unwrap() error { return e.Err }

// A fault is an error at an offset of the text.
type fault struct {
	at  int
	cut bool // the text is right as far as it goes
	err error
}

// explain turns a fault into the error that users of the package see. A last line without a
// line break was truncated, whatever else is wrong with it.
func explain(f *fault, text string, got, want int) error {
	if errors.Is(f.err, ErrTooLarge) {
		return f.err
	}
	if f.cut {
		return &IncompleteError{Got: got, Want: want, Err: f.err}
	}
	start := strings.LastIndexByte(text[:f.at], '\n') + 1
	n := strings.Count(text[:start], "\n") + 1
	line, _, whole := strings.Cut(text[start:], "\n")
	if !whole {
		return &IncompleteError{Got: got, Want: want, Err: fmt.Errorf("cut in line %d: %w", n, f.err)}
	}
	return &SyntaxError{Line: n, Text: shorten(strings.TrimRight(line, "\r")), Err: f.err}
}

// shorten cuts a line to what an error message can hold.
func shorten(line string) string {
	const most = 120
	if len(line) <= most {
		return line
	}
	return strings.ToValidUTF8(line[:most], "") + "..."
}
