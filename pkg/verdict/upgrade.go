// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"fmt"
	"slices"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
)

// oneUpgrade is how long after one of the four Helm releases the next may be begun, if both
// belong to one upgrade: between them one waits for the workloads.
const oneUpgrade = 6 * time.Hour

// began returns when the current upgrade began, by the API server's clock: when Helm began
// the newest revision of the four, or the first of those that belong to the same upgrade. It
// is false if that is unknown.
func (r *Releases) began() (time.Time, bool) {
	if r == nil {
		return time.Time{}, false
	}
	var times []time.Time
	for _, item := range r.Items {
		switch {
		case item.Status == release.StatusMissing:
		case item.BegunAt.IsZero():
			return time.Time{}, false
		default:
			times = append(times, item.BegunAt)
		}
	}
	if len(times) == 0 {
		return time.Time{}, false
	}
	slices.SortFunc(times, func(a, b time.Time) int { return b.Compare(a) })
	first := times[0]
	for _, t := range times[1:] {
		if first.Sub(t) <= oneUpgrade {
			first = t
		}
	}
	return first, true
}

// application returns the Helm release that PUM is part of, false if it is unknown.
func (r *Releases) application() (release.Release, bool) {
	if r == nil {
		return release.Release{}, false
	}
	for _, item := range r.Items {
		if item.Chart == release.Parts()[len(release.Parts())-1].Chart && item.Status != release.StatusMissing {
			return item, !item.BegunAt.IsZero()
		}
	}
	return release.Release{}, false
}

// failedBefore returns what says that a job failed before the current upgrade began, or before
// the Helm release that it belongs to was upgraded last; nothing if it did not, or if that
// is unknown. Both times are by the cluster's clock.
func (s *Snapshot) failedBefore(j readiness.Job) string {
	if j.State != readiness.JobFailed || j.FinishedAt.IsZero() || s.Releases == nil {
		return ""
	}
	for _, r := range s.Releases.Items {
		if j.Release != "" && r.Name == j.Release && j.FinishedAt.Before(r.BegunAt) {
			return fmt.Sprintf("revision %d of release %s was begun at %s", r.Revision, r.Name, timeText(r.BegunAt))
		}
	}
	if began, ok := s.Releases.began(); ok && j.FinishedAt.Before(began) {
		return "the current upgrade began at " + timeText(began)
	}
	return ""
}

// otherClock is how much the clock of PUM's node may differ from the API server's.
const otherClock = 5 * time.Minute

// abortedBefore says that an entry came into its state before the current upgrade, or nothing.
// PUM's times are by the clock of its pod.
func (s *Snapshot) abortedBefore(e *pum.Entry) string {
	since, dated := e.Since()
	began, known := s.Releases.began()
	if !dated || !known || since.After(began.Add(-otherClock)) {
		return ""
	}
	return fmt.Sprintf("; that was at %s, before the current upgrade began at %s, and its data has not been migrated since", timeText(since), timeText(began))
}

// timeText is a time as a sentence has it.
func timeText(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }
