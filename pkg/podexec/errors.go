// SPDX-License-Identifier: Apache-2.0

package podexec

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrTooLarge says that a command printed more than the limit.
var ErrTooLarge = errors.New("the command printed more than the limit")

// ErrScaledToZero says that there is no pod because the Deployment has no replicas.
var ErrScaledToZero = errors.New("scaled to zero")

// A NoPodError says that there is no pod to run a command in.
type NoPodError struct {
	Deployment string
	Pod        string // the youngest of those in which none can run, if there is one
	NotStarted bool   // no container of that pod has started, so that there is no log
	Err        error

	// Replaced is when the newest pod that is starting was created, or the newest that is terminating
	// was deleted. Unless that was long ago, a pod is about to be ready. It is zero if there is neither.
	Replaced time.Time
}

func (e *NoPodError) Error() string { return e.Err.Error() }

func (e *NoPodError) Unwrap() error { return e.Err }

// A NotRunError says that a command did not run, because the container has no such
// executable.
type NotRunError struct{ Err error } // as the container's runtime put it

func (e *NotRunError) Error() string { return e.Err.Error() }

func (e *NotRunError) Unwrap() error { return e.Err }

// A LostError says that the end of a command was not seen.
type LostError struct {
	Err error
	Ran Ran // as in the Output: RanNot if the request was refused, or there was no connection
}

func (e *LostError) Error() string {
	if e.Ran == RanNot {
		return "the command did not run: " + e.Err.Error()
	}
	return "connection lost while the command ran: " + e.Err.Error()
}

func (e *LostError) Unwrap() error { return e.Err }

// A GivenUpError says that the end of a command was not waited for, and why.
type GivenUpError struct{ Err error }

func (e *GivenUpError) Error() string { return e.Err.Error() }

func (e *GivenUpError) Unwrap() error { return e.Err }

// An ExitError says that a command failed.
type ExitError struct {
	Code   int
	Stdout []byte
	Stderr []byte
}

func (e *ExitError) Error() string {
	text := fmt.Sprintf("exit code %d", e.Code)
	if last := cmp.Or(lastLine(e.Stderr), lastLine(e.Stdout)); last != "" {
		text += ": " + last
	}
	return text
}

// lastLine returns the last line that says something: a program that gives
// up says why last.
func lastLine(text []byte) string {
	const most = 4 << 10 // what is before is no part of a line that one reads
	text = bytes.TrimSpace(text)
	text = text[max(0, len(text)-most):]
	text = bytes.TrimSpace(text[bytes.LastIndexByte(text, '\n')+1:])
	const long = 200
	if len(text) <= long {
		return string(text)
	}
	return strings.ToValidUTF8(string(text[:long]), "") + "..."
}

// Killed reports whether the exit code says that a signal ended the command, as a shell
// counts: 255 is no such thing.
func (e *ExitError) Killed() bool {
	const signals = 64
	return e.Code > 128 && e.Code <= 128+signals
}

// NoAnswer reports whether an error says that a command could not be run, or not to its
// end: neither that something was not allowed, nor that it was not found.
func NoAnswer(err error) bool {
	var noPod *NoPodError
	var notRun *NotRunError
	var lost *LostError
	var givenUp *GivenUpError
	var exit *ExitError
	return errors.Is(err, ErrTooLarge) || errors.As(err, &noPod) || errors.As(err, &notRun) ||
		errors.As(err, &lost) || errors.As(err, &givenUp) || errors.As(err, &exit)
}
