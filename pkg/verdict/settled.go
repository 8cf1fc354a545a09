// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"slices"
	"strconv"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
)

// A Settled says whether anything that was observed may still change by itself.
type Settled struct {
	Moving []Object  // what may; empty if nothing does
	Since  time.Time // when the last of it came to rest, by the API server's clock; zero if nothing tells
}

// settledOf says what of a snapshot may still change by itself. As far as it was asked for:
//
//   - A workload that is Ready or ScaledToZero is settled. One that is Failed is not: whoever
//     runs the upgrade may be about to mend it, so that only --fail-fast ends then.
//   - A job that is Complete or Failed is settled. One that is suspended is not.
//   - An entry in a final state is settled, if PUM was asked after its pods and its job last
//     changed. One that is not final is settled only if nobody works on it: the job pum-process
//     is over, or there is none, and from poll to poll the entry made no progress.
//   - What a restart led to is settled as its job or every entry shows.
//   - A Helm release is settled unless Helm is at work on it, or on others and it is to come.
//
// What could not be read is not settled.
func settledOf(s Snapshot) Settled {
	var found Settled
	if s.Asks().Workloads() {
		found.workloads(s)
	}
	if s.Asks().Entries() {
		found.entries(s)
	}
	if s.Asks() == GoalAll {
		found.releases(s)
	}
	return found
}

// all reports whether nothing may change any more.
func (f *Settled) all() bool { return len(f.Moving) == 0 }

// atWork reports whether PUM or a job is still at work.
func (f *Settled) atWork() bool {
	return slices.ContainsFunc(f.Moving, func(o Object) bool { return o.Kind == "Entry" || o.Kind == "Job" })
}

func (f *Settled) moves(kind, name string) {
	f.Moving = append(f.Moving, Object{Kind: kind, Name: name})
}

// rested notes when something came to rest.
func (f *Settled) rested(at time.Time) {
	if at.After(f.Since) {
		f.Since = at
	}
}

func (f *Settled) workloads(s Snapshot) {
	if s.Assessment == nil {
		if s.AssessmentErr != nil {
			f.moves("Namespace", s.Namespace)
		}
		return
	}
	for _, w := range s.Assessment.Workloads {
		if !w.Done() {
			f.moves(w.Kind, w.Name)
		}
	}
	for _, j := range s.Assessment.Jobs {
		if !j.State.Final() {
			f.moves("Job", j.Name)
		}
		f.rested(j.FinishedAt)
	}
}

func (f *Settled) entries(s Snapshot) {
	process := s.process()
	if !s.Asks().Workloads() && process != nil { // else it was among the jobs
		if !process.State.Final() {
			f.moves("Job", process.Name)
		}
		f.rested(process.FinishedAt)
	}
	if s.Restart != nil && !s.restartOver() {
		f.moves("Job", pum.ProcessJob)
	}
	if s.Answer == nil && s.AnswerErr != nil || s.Outdated() {
		f.moves("Entry", "all")
		return
	}
	if s.Answer == nil {
		return
	}
	over := s.processOver()
	for i := range s.Answer.Entries {
		e := &s.Answer.Entries[i]
		if !e.State.Final() && (!over || s.Movements[e.UID].Stall == nil) {
			f.moves("Entry", strconv.FormatInt(e.UID, 10))
		}
	}
}

func (f *Settled) releases(s Snapshot) {
	if s.Releases == nil {
		return // whoever may not read them knows nothing of them
	}
	for i := range s.Releases.Items {
		r := &s.Releases.Items[i]
		if release.Pending(r.Status) && !r.Stuck(s.ObservedAt) ||
			r.Status == release.StatusMissing && s.Releases.State == release.Underway {
			f.moves("Release", r.Name)
		}
	}
}
