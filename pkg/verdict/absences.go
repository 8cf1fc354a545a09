// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
)

// Absences follow which workloads, jobs and entries vanish from one snapshot to the next. They may
// be about to be replaced: kubectl replace --force, helm upgrade --force and the hook policy
// before-hook-creation delete an object and create it again, and a PUM that has just started may
// have no entries yet. Until they have stayed away for a while, nobody knows that nothing is left
// to wait for.
//
// The zero value has seen nothing.
type Absences struct {
	Interval time.Duration // between two questions to PUM: two of them must show that an entry stays away

	there  map[Object]bool // what there was when it was last read, of what counts
	since  map[Object]time.Time
	failed map[Object]Finding // of the jobs that had failed when they were last read
	last   compared
}

// compared is what was compared: with the same again, nothing can have vanished.
type compared struct {
	assessment *readiness.Assessment
	answer     *pum.Answer
	outdated   bool
}

// staysAway is how long something must stay away at least. An object that is replaced is back
// within seconds.
const staysAway = 10 * time.Second

// Judge returns the verdict of a snapshot that follows those that were judged before, and notes
// in the snapshot what vanished a moment ago.
func (a *Absences) Judge(s *Snapshot) Verdict {
	if a.there == nil {
		a.there, a.since, a.failed = map[Object]bool{}, map[Object]time.Time{}, map[Object]Finding{}
	}
	now := compared{s.Assessment, s.Answer, s.Outdated()}
	changed := now != a.last
	a.last = now
	var present map[Object]bool
	if changed {
		present = s.present()
		a.compare(s, present)
	}
	limit := max(staysAway, 2*a.Interval)
	maps.DeleteFunc(a.since, func(_ Object, since time.Time) bool { return s.ObservedAt.Sub(since) >= limit })
	s.Vanished = slices.SortedFunc(maps.Keys(a.since), func(a, b Object) int { return strings.Compare(a.String(), b.String()) })
	s.GoneFailed = a.goneFailed()
	v := Judge(*s)
	a.noteFailed(present, v)
	for o := range present {
		if o.Kind != jobKind || v.uncounted[o.Name] == "" {
			a.there[o] = true
		}
	}
	return v
}

// compare notes what is not there any more, and what is there again. What cannot be read may be there.
func (a *Absences) compare(s *Snapshot, present map[Object]bool) {
	for o := range a.there {
		if !present[o] && s.reads(o.Kind) {
			a.since[o] = s.ObservedAt
			delete(a.there, o)
		}
	}
	for o := range present {
		delete(a.since, o)
		delete(a.failed, o)
	}
}

// noteFailed notes which of the jobs that are there failed.
func (a *Absences) noteFailed(present map[Object]bool, v Verdict) {
	for _, f := range v.Findings {
		if f.Code == CodeJobFailed && present[f.Objects[0]] {
			a.failed[f.Objects[0]] = f
		}
	}
}

// goneFailed returns the failures of jobs that were deleted since, and stay away: nobody can see
// them any more.
func (a *Absences) goneFailed() []Finding {
	var gone []Finding
	for o, f := range a.failed {
		if _, young := a.since[o]; !a.there[o] && !young {
			gone = append(gone, f)
		}
	}
	slices.SortFunc(gone, func(a, b Finding) int { return strings.Compare(a.Summary, b.Summary) })
	return gone
}

// present returns the workloads, jobs and entries that were read, of those that are asked for.
func (s *Snapshot) present() map[Object]bool {
	found := map[Object]bool{}
	if s.Assessment != nil {
		for _, w := range s.Assessment.Workloads {
			if s.Asks().Workloads() {
				found[w.Object()] = true
			}
		}
		for _, j := range s.Assessment.Jobs {
			if s.Asks().Workloads() || j.Name == pum.ProcessJob {
				found[j.Object()] = true
			}
		}
	}
	if s.reads(entryKind) && s.Asks().Entries() {
		for i := range s.Answer.Entries {
			found[entryObject(s.Answer.Entries[i].UID)] = true
		}
	}
	return found
}

// reads reports whether it is known which objects of a kind there are.
func (s *Snapshot) reads(kind string) bool {
	if kind == entryKind {
		return s.Answer != nil && !s.Outdated()
	}
	return s.Assessment != nil && readiness.Unread(s.Assessment.Gaps, kind) == nil
}
