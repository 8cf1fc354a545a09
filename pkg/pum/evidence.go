// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// A Moment is what a restart changes, as it was at one moment.
type Moment struct {
	At      time.Time // when it was read, by the API server's clock
	Entries []Entry
	Process Process
}

// Restart returns what a restart that is sent now is measured against.
func (m Moment) Restart() *Restart {
	return &Restart{At: m.At, Job: m.Process.Job, Entries: m.Entries}
}

// A Restart is what there was before a restart was sent. Entries and jobs from before it
// are no result of it.
type Restart struct {
	At      time.Time // just before it was sent, by the API server's clock
	Job     types.UID // of the job pum-process as it was then; empty if there was none
	Entries []Entry   // as PUM listed them then
}

// Changed returns the uids of those of the entries that PUM worked on since the restart,
// and of those that are new.
func (r *Restart) Changed(entries []Entry) map[int64]bool {
	changed := map[int64]bool{}
	for _, c := range Changes(r.Entries, entries) {
		if c.After != nil {
			changed[c.After.UID] = true
		}
	}
	return changed
}

// Evidence returns what shows that PUM took a restart that was sent after the
// first moment and before the second, one line each. Only what nothing else explains
// shows it:
//
//   - The job pum-process has another uid. A new pod of a job that existed before shows
//     nothing, even if it is the first: a quota may have held it back. If the account cannot
//     read jobs, a pod of a job not seen before does, if it was created after.
//   - An entry left a final state, or its iterations began again.
//   - An entry changed otherwise, while nothing was at work before.
//   - An entry is new, and was created after all that PUM knew before.
//
// An entry whose time went back shows nothing: a backup was restored, or another PUM answered.
// Nor does one that cannot be distinguished from another.
func Evidence(before, after Moment) []string {
	var lines []string
	atWork := before.Process.AtWork || slices.ContainsFunc(before.Entries, func(e Entry) bool { return e.State == StateInProgress })
	newest := newestTime(before.Entries)
	twice := ambiguous(before.Entries, after.Entries)
	for _, c := range Changes(before.Entries, after.Entries) {
		if c.After != nil && !twice[identity(c.After)] && c.proves(atWork, newest) {
			lines = append(lines, c.String())
		}
	}
	return append(lines, jobEvidence(before, after)...)
}

// clockMargin is how inexactly the API server's clock is known: its times have whole seconds.
const clockMargin = 2 * time.Second

// jobEvidence returns what the job and its pods show.
func jobEvidence(before, after Moment) []string {
	p, since := after.Process, before.At.Add(-clockMargin)
	if before.Process.Read && p.Read {
		if p.Job != "" && !before.Process.knows(p.Job) && !p.CreatedAt.Before(since) {
			return []string{"new job " + ProcessJob}
		}
		return nil
	}
	var lines []string
	for _, pod := range p.Pods {
		if len(before.Process.Pods) > 0 && !before.Process.knows(pod.Job) && !pod.CreatedAt.Before(since) {
			lines = append(lines, "new job pod "+pod.Name)
		}
	}
	return lines
}

// proves reports whether only a restart explains a change.
func (c Change) proves(atWork bool, newest time.Time) bool {
	if c.Before == nil {
		created, ok := c.After.Created()
		return ok && !newest.IsZero() && created.After(newest)
	}
	was, dated := c.Before.Since()
	if is, ok := c.After.Since(); ok && dated && is.Before(was) {
		return false
	}
	return !atWork || c.Before.Final && !c.After.Final || less(c.After.IterationCounter, c.Before.IterationCounter)
}

func less(a, b *int64) bool { return a != nil && b != nil && *a < *b }

// newestTime returns the newest time that entries have, zero if they have none.
func newestTime(entries []Entry) time.Time {
	var newest time.Time
	for i := range entries {
		for _, timeOf := range []func() (time.Time, bool){entries[i].Created, entries[i].Since} {
			if at, ok := timeOf(); ok && at.After(newest) {
				newest = at
			}
		}
	}
	return newest
}

// ambiguous returns the identities that more than one entry of a list has.
func ambiguous(lists ...[]Entry) map[entryID]bool {
	twice := map[entryID]bool{}
	for _, entries := range lists {
		seen := map[entryID]bool{}
		for i := range entries {
			id := identity(&entries[i])
			twice[id] = twice[id] || seen[id]
			seen[id] = true
		}
	}
	return twice
}

// Repeated returns the uids that more than one of the entries has, in their order.
func Repeated(entries []Entry) []int64 {
	seen := map[int64]int{}
	var repeated []int64
	for i := range entries {
		uid := entries[i].UID
		if seen[uid]++; seen[uid] == 2 {
			repeated = append(repeated, uid)
		}
	}
	return repeated
}
