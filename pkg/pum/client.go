// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kube"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/podexec"
)

// ErrNoAnswer says that PUM could not be asked, or that what came is not its
// whole answer.
var ErrNoAnswer = errors.New("no answer from PUM")

// A Runner runs commands where PUM lives.
type Runner interface {
	// Run runs a command, once, as podexec.Runner does.
	Run(ctx context.Context, command []string) (podexec.Output, error)

	// Try runs commands that only read, in one pod, until enough says of what came
	// of one that it is. Some may run at the same time.
	Try(ctx context.Context, commands [][]string, enough func(podexec.Output, error) bool) error
}

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
	Entries []Entry // as many as the header announces, in PUM's order; never nil
	Ignored string  // text behind the list, as kubectl or a shell may add
	Text    []byte  // all that PUM printed, if it was asked

	// Stderr and ExitCode are warnings and never a failure: the count in
	// PUM's header proves the list, and nothing else does.
	Stderr   []byte
	ExitCode int
}

// A Client asks PUM. It remembers which spelling of a command PUM knows, so
// that a client that asks repeatedly does not try them all each time.
type Client struct {
	Runner   Runner
	Limit    int           // the largest answer to read, in bytes
	Pause    time.Duration // before the first repetition of a read; doubled before each further one
	Commands [][]string    // the spellings of the status command, most likely first
}

// attempts is how often a truncated read is tried in all. A container runtime that restarts is
// back within a few seconds.
const attempts = 4

// longestPause is the most that passes between two reads.
const longestPause = 2 * time.Second

// Status asks PUM for its entries.
//
// If the answer was truncated, or the connection lost, it asks again: a read is harmless. If
// the pod is gone by then, it waits for the next one as long as ctx allows. The error is
// ErrNoAnswer if PUM could not be asked or did not answer completely, a *SyntaxError if the
// answer could not be understood, and the API server's otherwise.
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
	var none *podexec.NoPodError
	return errors.As(err, &none)
}

// cut reports whether an answer was lost on its way, so that asking again may help.
func cut(err error) bool {
	var all *UnansweredError
	if errors.As(err, &all) {
		return slices.ContainsFunc(all.Attempts, func(a Attempt) bool { return cut(a.Err) })
	}
	var incomplete *IncompleteError
	var lost *podexec.LostError
	var exit *podexec.ExitError
	return errors.As(err, &incomplete) || errors.As(err, &lost) || errors.As(err, &exit) && exit.Killed()
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
	enough := func(out podexec.Output, err error) bool {
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
		return Answer{}, unasked(err)
	}
	if last == nil && answer.Entries == nil {
		return Answer{}, fmt.Errorf("%w: %w", ErrNoAnswer, &UnansweredError{failed})
	}
	return answer, last
}

// unasked returns the error of a command that was not run: a missing pod counts as no answer.
func unasked(err error) error {
	if podexec.NoAnswer(err) {
		return fmt.Errorf("%w: %w", ErrNoAnswer, err)
	}
	return err
}

// prefer has a spelling tried first from now on.
func (c *Client) prefer(command []string) {
	if i := slices.IndexFunc(c.Commands, func(known []string) bool { return slices.Equal(known, command) }); i > 0 {
		c.Commands[0], c.Commands[i] = c.Commands[i], c.Commands[0]
	}
}

// read makes an answer of the output of a command, or says why it is no answer. It is mine if
// no other spelling has to be tried: PUM answered, if not completely, or the command was not
// authorized.
func (c *Client) read(out podexec.Output, err error) (answer Answer, mine bool, why error) {
	var lost *podexec.LostError
	switch {
	case apierrors.IsForbidden(err), kube.NotLoggedIn(err), errors.Is(err, context.Canceled):
		return Answer{}, true, err
	case errors.Is(err, podexec.ErrTooLarge):
		return Answer{}, true, unreadable(out, err)
	case errors.As(err, &lost) && out.Ran == podexec.RanNot: // nor would another be sent
		return Answer{}, true, unreadable(out, err)
	case err != nil && !announces(out.Stdout):
		return Answer{}, false, err
	}
	answer, unread := Parse(out.Stdout, c.Limit)
	switch {
	case unread == nil: // and the count proves it, however the command ended
		answer.Source.Pod, answer.Source.Container, answer.Source.Command = out.Pod, out.Container, out.Command
		answer.Stderr, answer.ExitCode, answer.Text = out.Stderr, out.ExitCode, out.Stdout
		return answer, true, nil
	case out.ExitCode != 0:
		unread = &podexec.ExitError{Code: out.ExitCode, Stdout: out.Stdout, Stderr: out.Stderr}
	case err != nil:
		unread = err
	}
	if announces(out.Stdout) {
		return Answer{}, true, unreadable(out, unread)
	}
	return Answer{}, false, unread
}

// announces reports whether a text has PUM's header, which only PUM's command prints.
func announces(text []byte) bool {
	_, f := findHeader(string(text))
	return f == nil
}

// unreadable says why a command is no answer.
func unreadable(out podexec.Output, err error) error {
	var syntax *SyntaxError
	if !errors.As(err, &syntax) && !errors.Is(err, ErrNoAnswer) {
		err = fmt.Errorf("%w: %w", ErrNoAnswer, err)
	}
	return (&Attempt{out.Command, out.Pod, err}).wrap()
}
