// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ErrNoAnswer says that PUM could not be asked, or that what came is not its
// whole answer.
var ErrNoAnswer = errors.New("no answer from PUM")

// A Runner runs commands where PUM lives.
type Runner interface {
	// Run runs the first of these commands that is there, once, and returns
	// what it printed and how it ended. The error is a *MissingCommandError if
	// none is there, a *NoPodError if there is no pod, and a *LostError if the
	// end of the command was not seen.
	Run(ctx context.Context, commands ...[]string) (Output, error)
}

// An Output is what a command printed, where it ran and how it ended.
type Output struct {
	Pod       string
	Container string
	Command   []string // the one that was run
	Stdout    []byte
	Stderr    []byte // its beginning, if there was much of it
	ExitCode  int    // no proof of anything: a runtime that dies reports 0
}

// A MissingCommandError says that the container has no such executable.
type MissingCommandError struct {
	Command []string
	Err     error // as the container runtime put it
}

func (e *MissingCommandError) Error() string {
	return fmt.Sprintf("no command %q in the container: %v", strings.Join(e.Command, " "), e.Err)
}

func (e *MissingCommandError) Unwrap() error { return e.Err }

// A NoPodError says that there is no pod to run a command in.
type NoPodError struct {
	Deployment string
	Pod        string // the youngest of those that cannot be asked, if there is one
	Err        error
}

func (e *NoPodError) Error() string { return e.Err.Error() }

func (e *NoPodError) Unwrap() error { return e.Err }

// A LostError says that the command was started, or may have been, and that
// its end was not seen.
type LostError struct{ Err error }

func (e *LostError) Error() string { return "lost the command: " + e.Err.Error() }

func (e *LostError) Unwrap() error { return e.Err }

// An ExitError says that the command failed, and printed no list.
type ExitError struct {
	Code   int
	Stderr []byte
}

func (e *ExitError) Error() string {
	text := fmt.Sprintf("command terminated with exit code %d", e.Code)
	if last := lastLine(e.Stderr); last != "" {
		text += ": " + last
	}
	return text
}

// lastLine returns the last line that says something: a program that gives
// up says why last.
func lastLine(text []byte) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

// StatusCommands returns the command lines that print the entries, in the
// order in which to try them.
//
// The first is that of the vendor's upgrade page. The second is that of the
// audit script of release 8.0 (scripts/generate-audit-report.sh in
// github.com/actility/thingpark-enterprise-kubernetes), whose image has no
// shell and no executable of the name status.
func StatusCommands() [][]string {
	return [][]string{
		{"status"},
		{"/nodejs/bin/node", "app.js", "display"},
	}
}

// A Source says where an answer came from and how it was read.
type Source struct {
	Pod       string   `json:"pod,omitempty"` // absent, as the next two, if the output was saved before
	Container string   `json:"container,omitempty"`
	Command   []string `json:"command,omitempty"`
	Dialect   Dialect  `json:"dialect"`
	Declared  int      `json:"declared"` // the number of entries that PUM's header announces
	Parsed    int      `json:"parsed"`   // the number of entries read; the same, or there is no answer
}

// An Answer is PUM's whole list, with its source.
type Answer struct {
	Source  Source
	Entries []Entry

	// Stderr and ExitCode are warnings and never a failure: the count in
	// PUM's header proves the list, and nothing else does.
	Stderr   []byte
	ExitCode int
}

// A Client asks PUM. It remembers which spelling of a command PUM knows, so
// that a client that asks again and again does not try them all each time.
type Client struct {
	Runner   Runner
	Limit    int           // the largest answer to read, in bytes
	Pause    time.Duration // before the first repetition of a read; doubled before each further one
	Commands [][]string    // the spellings of the status command, most likely first
}

// attempts is how often a read that came cut is tried in all. A runtime that
// restarts is back within a few seconds.
const attempts = 4

// longestPause is the most that passes between two reads.
const longestPause = 2 * time.Second

// Status asks PUM for its entries.
//
// An answer that came cut, or whose connection was lost, is asked for again:
// a read is harmless. If its pod is gone by then, the next one is waited for
// as long as ctx allows. The error is ErrNoAnswer if PUM could not be asked or
// did not answer in full, a *SyntaxError if it could not be understood, and
// what the API server said otherwise.
func (c *Client) Status(ctx context.Context) (Answer, error) {
	pause := c.Pause
	for cuts := 0; ; {
		answer, err := c.ask(ctx)
		if cut(err) {
			cuts++
		}
		again := cut(err) && cuts < attempts || cuts > 0 && podless(err)
		if err == nil || !again {
			return answer, err
		}
		select {
		case <-ctx.Done():
			return Answer{}, err
		case <-time.After(pause):
		}
		pause = min(2*pause, longestPause)
	}
}

// podless reports whether err says that there is no pod to ask.
func podless(err error) bool {
	var none *NoPodError
	return errors.As(err, &none)
}

// cut reports whether err says that an answer was lost on its way, so that
// asking again may help.
func cut(err error) bool {
	var incomplete *IncompleteError
	var lost *LostError
	var exit *ExitError
	return errors.As(err, &incomplete) || errors.As(err, &lost) ||
		errors.As(err, &exit) && exit.Code > 128 // killed by a signal
}

// ask asks once, with the first spelling of the command that PUM knows. The
// next time that one comes first.
func (c *Client) ask(ctx context.Context) (Answer, error) {
	out, err := c.Runner.Run(ctx, c.Commands...)
	var lost *LostError
	var missing *MissingCommandError
	switch {
	case errors.As(err, &lost):
		return Answer{}, fmt.Errorf("%w: run %q: %w", ErrNoAnswer, strings.Join(out.Command, " "), err)
	case errors.As(err, &missing):
		return Answer{}, fmt.Errorf("%w: %w", ErrNoAnswer, err)
	case err != nil:
		return Answer{}, err
	}
	if i := slices.IndexFunc(c.Commands, func(known []string) bool { return slices.Equal(known, out.Command) }); i > 0 {
		c.Commands[0], c.Commands[i] = c.Commands[i], c.Commands[0]
	}
	return c.read(out)
}

// read makes an answer of what the command printed.
func (c *Client) read(out Output) (Answer, error) {
	answer, err := ReadSaved(bytes.NewReader(out.Stdout), c.Limit)
	if err != nil {
		return Answer{}, unreadable(out, err)
	}
	answer.Source.Pod, answer.Source.Container, answer.Source.Command = out.Pod, out.Container, out.Command
	answer.Stderr, answer.ExitCode = out.Stderr, out.ExitCode
	return answer, nil
}

// unreadable says why the output of a command is no answer. A command that
// failed is to blame itself.
func unreadable(out Output, err error) error {
	if out.ExitCode != 0 {
		err = fmt.Errorf("%w: %w", ErrNoAnswer, &ExitError{out.ExitCode, out.Stderr})
	}
	return fmt.Errorf("run %q in pod %s: %w", strings.Join(out.Command, " "), out.Pod, err)
}
