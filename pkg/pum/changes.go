// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"fmt"
	"slices"
)

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
	return fmt.Sprintf("entry %d %s, processed again", c.After.UID, c.After.State)
}

// An entryID is what tells an entry from others. That PUM gives a uid once is not
// documented.
type entryID struct {
	uid              int64
	created, request string
}

func identity(e *Entry) entryID {
	return entryID{e.UID, orZero(e.CreationTimestamp), orZero(e.RequestID)}
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
