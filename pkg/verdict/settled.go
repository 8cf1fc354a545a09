// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"slices"
	"strconv"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
)

// Over reports whether there is nothing left to wait for: all is done, or something failed
// and nothing that was observed will change by itself; see [Verdict.Moving]. With failFast any
// failure is the end, even beside a graver code, as when PUM gives no answer because its own
// image cannot be pulled.
//
// A refusal by the API server ends a wait, too. A namespace that is not found, or an API server
// that cannot be reached, does not: the namespace may be created, and the connection restored.
//
// It judges what was seen. The caller must read it again to confirm it.
func Over(v Verdict, failFast bool) bool {
	switch v.ExitCode {
	case ExitDone, ExitWarnings, ExitForbidden:
		return true
	case ExitFailed:
		return failFast || len(v.Moving) == 0
	}
	return failFast && v.failed
}

// TimedOut returns the verdict for a wait that ran out of time: a failure stays a failure, and
// what is pending is a timeout. If nothing failed but an entry, and PUM was still working on
// others or may have been trying that one again, it is a timeout, too.
func (v Verdict) TimedOut() Verdict {
	if v.ExitCode == ExitFailed && v.pumAtWork {
		v.ExitCode = v.withoutAborted
	}
	v.ExitCode = graver(v.ExitCode, ExitTimeout)
	return v
}

// moving returns what may still change by itself. If nothing may, the snapshot is settled.
// Only what was asked for counts:
//
//   - A workload that is Ready or ScaledToZero is settled. One that is Failed is not: somebody
//     may be about to fix it, so only --fail-fast ends the wait then.
//   - A job that is Complete or Failed is settled. One that is suspended is not. One that is not
//     part of ThingPark Enterprise is, and so is the one that runs this command.
//   - An entry in a final state is settled if PUM was asked after its pods and its job last
//     changed. One that is not final is settled only if PUM does not work on it: the job
//     pum-process is over or absent, and the entry made no progress from poll to poll.
//   - What PUM did is settled ten minutes after the application was upgraded to another version of
//     its chart, or once a job pum-process or an entry of that upgrade was seen.
//   - A restart is settled when its job or every entry shows the result.
//   - What vanished is settled only after a while: see [Absences].
//   - A Helm release is settled unless Helm is working on it, or has yet to install it. While
//     Helm waits for this command, which is its hook, nothing else is known of the release.
//
// What could not be read is not settled.
func (s *Snapshot) moving() []Object {
	var found []Object
	if s.Asks().Workloads() {
		found = s.movingWorkloads()
	}
	if s.Asks().Entries() {
		found = append(found, s.movingEntries()...)
	}
	if s.Asks() == GoalAll {
		found = append(found, s.movingReleases()...)
	}
	return append(found, s.Vanished...)
}

func (s *Snapshot) movingWorkloads() (found []Object) {
	if s.Assessment == nil {
		if s.AssessmentErr != nil {
			found = append(found, Object{Kind: "Namespace", Name: s.Namespace})
		}
		return found
	}
	for _, w := range s.Assessment.Workloads {
		if !w.Done() {
			found = append(found, w.Object())
		}
	}
	for _, j := range s.Assessment.Jobs {
		if !j.State.Final() && s.uncounted[j.Name] == "" {
			found = append(found, j.Object())
		}
	}
	return found
}

func (s *Snapshot) movingEntries() (found []Object) {
	process := s.process()
	running := process != nil && !process.State.Final() && !s.Asks().Workloads() // else it is among the jobs
	if running || s.unbegun() || s.Restart != nil && !s.restartOver() {
		found = append(found, processObject)
	}
	switch {
	case s.AnswerErr != nil && s.Answer == nil, s.Outdated():
		return append(found, Object{Kind: entryKind, Name: "all"})
	case s.Answer == nil:
		return found
	}
	over := s.processOver()
	for i := range s.Answer.Entries {
		e := &s.Answer.Entries[i]
		if !e.State.Final() && (!over || s.Movements[e.UID].Stall == nil) {
			found = append(found, entryObject(e.UID))
		}
	}
	return found
}

func (s *Snapshot) movingReleases() (found []Object) {
	if s.Releases == nil {
		return nil // this account cannot read them
	}
	for i := range s.Releases.Items {
		r := &s.Releases.Items[i]
		if release.Pending(r.Status) && !s.stuck(r) && !s.waitsForUs(r) ||
			r.Status == release.StatusMissing && s.Releases.State == release.Underway {
			found = append(found, Object{Kind: "Release", Name: r.Name})
		}
	}
	return found
}

// atWork reports whether PUM or a job may still change something.
func (v *Verdict) atWork() bool {
	return slices.ContainsFunc(v.Moving, func(o Object) bool { return o.Kind == entryKind || o.Kind == jobKind })
}

// The kinds of objects that stand for entries, and of jobs.
const entryKind, jobKind = "Entry", "Job"

func entryObject(uid int64) Object { return Object{Kind: entryKind, Name: strconv.FormatInt(uid, 10)} }

var processObject = Object{Kind: jobKind, Name: pum.ProcessJob}
