// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// ErrNoAnswer says that PUM could not be asked, or that what came is not its
// whole answer.
var ErrNoAnswer = errors.New("no answer from PUM")

// A Runner runs commands where PUM lives.
type Runner interface {
	// Run runs a command, once, and returns what it printed and how it ended. The
	// error is a *NoPodError if there is no pod, a *NotRunError if the command did
	// not run, and a *LostError if its end was not seen. Output.Ran says what is
	// known of whether it ran, beside an error too.
	Run(ctx context.Context, command []string) (Output, error)

	// Try runs commands that only read, in one pod, until enough says of what came
	// of one that it is. Some may run at the same time.
	Try(ctx context.Context, commands [][]string, enough func(Output, error) bool) error
}

// An Output is what a command printed, where it ran and how it ended.
type Output struct {
	Pod       string
	Container string
	Command   []string
	Ran       Ran
	Stdout    []byte
	Stderr    []byte // its beginning, if there was much of it
	ExitCode  int    // no proof of anything: a runtime that dies reports 0
}

// A NotRunError says that a command did not run, because the container has no such
// executable.
type NotRunError struct{ Err error } // as the container's runtime put it

func (e *NotRunError) Error() string { return e.Err.Error() }

func (e *NotRunError) Unwrap() error { return e.Err }

// An UnansweredError says that no spelling of PUM's command gave a list, and what came of
// each.
type UnansweredError struct{ Attempts []Attempt }

// An Attempt is a command that gave no list.
type Attempt struct {
	Command []string
	Pod     string
	Err     error // why it is no answer
}

func (e *UnansweredError) Error() string {
	var each []string
	for _, a := range e.Attempts {
		each = append(each, a.wrap().Error())
	}
	return strings.Join(each, "; ")
}

// Unwrap returns the error of each attempt.
func (e *UnansweredError) Unwrap() []error {
	var each []error
	for _, a := range e.Attempts {
		each = append(each, a.Err)
	}
	return each
}

// wrap says what came of which command.
func (a *Attempt) wrap() error {
	return fmt.Errorf("run %q in pod %s: %w", strings.Join(a.Command, " "), a.Pod, a.Err)
}

// A NoPodError says that there is no pod to run a command in.
type NoPodError struct {
	Deployment string
	Pod        string // the youngest of those that cannot be asked, if there is one
	Err        error
}

func (e *NoPodError) Error() string { return e.Err.Error() }

func (e *NoPodError) Unwrap() error { return e.Err }

// Rolling reports whether the rollout of the Deployment is why: see ErrRolling.
func (e *NoPodError) Rolling() bool { return errors.Is(e.Err, ErrRolling) }

// A LostError says that the end of a command was not seen. Whether it was started is
// for Output.Ran to say.
type LostError struct{ Err error }

func (e *LostError) Error() string { return "connection lost while the command ran: " + e.Err.Error() }

func (e *LostError) Unwrap() error { return e.Err }

// An ExitError says that the command failed, and printed no list.
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
	return shorten(string(bytes.TrimSpace(text[bytes.LastIndexByte(text, '\n')+1:])))
}

// spellings are PUM's commands as its images have them: what prints the entries, and what
// runs the procedure again.
//
// The first are those of the vendor's upgrade page. Of the second, display is that of
// the audit script of release 8.0 (scripts/generate-audit-report.sh in
// github.com/actility/thingpark-enterprise-kubernetes), whose image has no
// shell and no executable of the name status; restart is a guess.
var spellings = []struct{ status, restart []string }{
	{[]string{"status"}, []string{"restart"}},
	{[]string{"/nodejs/bin/node", "app.js", "display"}, []string{"/nodejs/bin/node", "app.js", "restart"}},
}

// StatusCommands returns the command lines that print the entries, in the
// order in which to try them.
func StatusCommands() [][]string {
	var commands [][]string
	for _, s := range spellings {
		commands = append(commands, s.status)
	}
	return commands
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
	Ignored string // text behind the list, which its count proves to be whole

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
	var all *UnansweredError
	if errors.As(err, &all) {
		return slices.ContainsFunc(all.Attempts, func(a Attempt) bool { return cut(a.Err) })
	}
	var incomplete *IncompleteError
	var lost *LostError
	var exit *ExitError
	return errors.As(err, &incomplete) || errors.As(err, &lost) || errors.As(err, &exit) && killed(exit.Code)
}

// killed reports whether an exit code says that a signal ended the command, as a shell
// counts: 255 is no such thing.
func killed(code int) bool {
	const signals = 64
	return code > 128 && code <= 128+signals
}

// ask asks once, with the first spelling of the command that PUM knows. The
// next time that one comes first.
//
// A command is taken for PUM's if it prints PUM's header, and for nothing else: the
// next spelling is tried otherwise, which is harmless.
func (c *Client) ask(ctx context.Context) (Answer, error) {
	var answer Answer
	var last error // of the attempt that decides, if one does
	var failed []Attempt
	enough := func(out Output, err error) bool {
		var mine bool
		answer, mine, last = c.read(out, err)
		if mine {
			c.prefer(out.Command)
			return true
		}
		failed, last = append(failed, Attempt{out.Command, out.Pod, last}), nil
		return ctx.Err() != nil
	}
	if err := c.Runner.Try(ctx, slices.Clone(c.Commands), enough); err != nil {
		return Answer{}, err
	}
	if last == nil && answer.Entries == nil {
		return Answer{}, fmt.Errorf("%w: %w", ErrNoAnswer, &UnansweredError{failed})
	}
	return answer, last
}

// prefer has a spelling tried first from now on.
func (c *Client) prefer(command []string) {
	if i := slices.IndexFunc(c.Commands, func(known []string) bool { return slices.Equal(known, command) }); i > 0 {
		c.Commands[0], c.Commands[i] = c.Commands[i], c.Commands[0]
	}
}

// read makes an answer of what came of a command, or says why it is none. It is mine if
// no other spelling has to be tried: PUM answered, if not in full, or nobody let us ask.
func (c *Client) read(out Output, err error) (answer Answer, mine bool, why error) {
	var lost *LostError
	switch {
	case apierrors.IsForbidden(err), apierrors.IsUnauthorized(err), errors.Is(err, ErrTooLarge), errors.Is(err, context.Canceled):
		return Answer{}, true, err
	case errors.As(err, &lost) && out.Ran == RanNot: // nor would another be sent
		return Answer{}, true, unreadable(out, err)
	case err != nil && !announces(out.Stdout):
		return Answer{}, false, err
	}
	answer, unread := ReadSaved(bytes.NewReader(out.Stdout), c.Limit)
	switch {
	case unread == nil: // and the count proves it, however the command ended
		answer.Source.Pod, answer.Source.Container, answer.Source.Command = out.Pod, out.Container, out.Command
		answer.Stderr, answer.ExitCode = out.Stderr, out.ExitCode
		return answer, true, nil
	case out.ExitCode != 0:
		unread = &ExitError{out.ExitCode, out.Stdout, out.Stderr}
	case err != nil:
		unread = err
	}
	if announces(out.Stdout) {
		return Answer{}, true, unreadable(out, unread)
	}
	return Answer{}, false, unread
}

// announces reports whether a text has PUM's header, so that nobody but PUM's command
// can have printed it.
func announces(text []byte) bool {
	_, f := findHeader(string(text))
	return f == nil
}

// unreadable says why a command is no answer.
func unreadable(out Output, err error) error {
	var syntax *SyntaxError
	if !errors.As(err, &syntax) && !errors.Is(err, ErrNoAnswer) {
		err = fmt.Errorf("%w: %w", ErrNoAnswer, err)
	}
	return (&Attempt{out.Command, out.Pod, err}).wrap()
}
