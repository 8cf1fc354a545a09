// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// RestartCommands returns the command lines that run the post-upgrade
// procedure again, in the order in which to try them.
//
// The first is that of the vendor's upgrade page. The second is a guess: of
// the 8.0 image only the argument display is known, see StatusCommands.
func RestartCommands() [][]string {
	return [][]string{
		{"restart"},
		{"/nodejs/bin/node", "app.js", "restart"},
	}
}

// Restart tells PUM to run the post-upgrade procedure again.
//
// It is sent at most once. A spelling that the image does not have was not
// sent, so the next is tried; after anything else nobody can tell whether PUM
// saw it, and asking for the entries is the safe way to find out. What the
// command prints and how it ends is not documented: it proves nothing, and is
// returned to be shown.
func (c *Client) Restart(ctx context.Context, commands [][]string) (Output, error) {
	out, err := c.Runner.Run(ctx, commands...)
	missing := (*MissingCommandError)(nil)
	switch {
	case errors.As(err, &missing):
		return Output{}, fmt.Errorf("%w: %w", ErrNoAnswer, err)
	case err != nil && out.Command == nil: // nothing was run
		return out, err
	case err != nil:
		return out, fmt.Errorf("run %q: %w", strings.Join(out.Command, " "), err)
	}
	return out, nil
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

// UID returns the uid of the entry.
func (c Change) UID() int64 {
	if c.After != nil {
		return c.After.UID
	}
	return c.Before.UID
}

// Restarted reports whether the change cannot come from work that was under
// way: an entry left a final state, or one of its counters went down, or it
// is new.
func (c Change) Restarted() bool {
	if c.Before == nil || c.After == nil {
		return c.After != nil
	}
	return c.Before.Final && !c.After.Final ||
		less(c.After.IterationCounter, c.Before.IterationCounter) ||
		less(c.After.ErrorCounter, c.Before.ErrorCounter)
}

func less(a, b *int64) bool { return a != nil && b != nil && *a < *b }

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

// Changes returns the entries whose state, stateTimestamp or counters differ
// between two answers, in the order of the later one, and then those that are
// gone.
func Changes(before, after []Entry) []Change {
	old := map[int64]*Entry{}
	for i := range before {
		old[before[i].UID] = &before[i]
	}
	var changes []Change
	for i := range after {
		e := &after[i]
		if was := old[e.UID]; was == nil || differs(was, e) {
			changes = append(changes, Change{was, e})
		}
		delete(old, e.UID)
	}
	for i := range before {
		if was := old[before[i].UID]; was != nil {
			changes = append(changes, Change{was, nil})
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
