// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/podexec"
)

// RestartCommands returns the command lines that run the post-upgrade procedure again,
// in the order in which to try them, where a command printed the entries: which of its
// spellings an image has, the read found out, and it is harmless. Of a command that we
// do not know, nothing follows.
func RestartCommands(status []string) [][]string {
	var commands [][]string
	for _, s := range spellings {
		if slices.Equal(s.status, status) {
			return [][]string{s.restart}
		}
		commands = append(commands, s.restart)
	}
	return commands
}

// Restart tells PUM to run the post-upgrade procedure again.
//
// It is sent at most once. The next spelling is tried only where something shows that
// the one before did not run (RanNot); after anything else nobody can tell whether PUM
// saw it, and asking for the entries is the safe way to find out. What the
// command prints and how it ends is not documented: it proves nothing, and is
// returned to be shown. The error is ErrNoAnswer if none ran.
func (c *Client) Restart(ctx context.Context, commands [][]string) (podexec.Output, error) {
	var failed []Attempt
	for _, command := range commands {
		out, err := c.Runner.Run(ctx, command)
		switch {
		case out.Command == nil:
			return out, unasked(err) // nothing was run
		case apierrors.IsForbidden(err), apierrors.IsUnauthorized(err):
			return out, err // nor will another be
		case out.Ran != podexec.RanNot && err != nil:
			return out, fmt.Errorf("run %q: %w", strings.Join(command, " "), err)
		case out.Ran != podexec.RanNot:
			return out, nil
		case err == nil:
			err = &podexec.ExitError{Code: out.ExitCode, Stdout: out.Stdout, Stderr: out.Stderr}
		}
		failed = append(failed, Attempt{command, out.Pod, err})
	}
	return podexec.Output{Ran: podexec.RanNot}, fmt.Errorf("%w: %w", ErrNoAnswer, &UnansweredError{failed})
}

// RunAgain returns the entries that PUM may run again after a restart: the
// aborted ones and those that are not final. What PUM really does is not
// documented beyond "execute again the post-upgrade procedure".
func RunAgain(entries []Entry) []Entry {
	var again []Entry
	for _, e := range entries {
		if e.State == StateAborted || !e.Final {
			again = append(again, e)
		}
	}
	return again
}

// A Change is how an entry differs between two answers.
type Change struct {
	Before, After *Entry // nil if the entry was not there
}

// String says the change in one line.
func (c Change) String() string {
	switch {
	case c.Before == nil:
		return fmt.Sprintf("entry %d is new, %s", c.After.UID, c.After.State)
	case c.After == nil:
		return fmt.Sprintf("entry %d is gone", c.Before.UID)
	case c.Before.State != c.After.State:
		return fmt.Sprintf("entry %d %s -> %s", c.After.UID, c.Before.State, c.After.State)
	}
	return fmt.Sprintf("entry %d %s, worked on again", c.After.UID, c.After.State)
}

// An entryID is what tells an entry from others. That PUM gives a uid once is not
// documented.
type entryID struct {
	uid              int64
	created, request string
}

func identity(e *Entry) entryID {
	return entryID{e.UID, orEmpty(e.CreationTimestamp), orEmpty(e.RequestID)}
}

func orEmpty(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// Changes returns the entries whose state, stateTimestamp or counters differ
// between two answers, in the order of the later one, and then those that are
// gone.
func Changes(before, after []Entry) []Change {
	old := map[entryID][]*Entry{}
	for i := range before {
		id := identity(&before[i])
		old[id] = append(old[id], &before[i])
	}
	var changes []Change
	for i := range after {
		e := &after[i]
		var was *Entry
		if same := old[identity(e)]; len(same) > 0 {
			was, old[identity(e)] = same[0], same[1:]
		}
		if was == nil || differs(was, e) {
			changes = append(changes, Change{was, e})
		}
	}
	for i := range before {
		if same := old[identity(&before[i])]; len(same) > 0 && same[0] == &before[i] {
			changes = append(changes, Change{same[0], nil})
			old[identity(&before[i])] = same[1:]
		}
	}
	return slices.Clip(changes)
}

// differs reports whether PUM worked on an entry.
func differs(a, b *Entry) bool {
	return a.State != b.State ||
		!samePointed(a.StateTimestamp, b.StateTimestamp) ||
		!samePointed(a.ErrorCounter, b.ErrorCounter) ||
		!samePointed(a.IterationCounter, b.IterationCounter)
}
