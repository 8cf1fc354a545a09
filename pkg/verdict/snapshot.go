// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/command"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
)

// A Snapshot is all that was observed at one moment. A part that was asked
// for has its value or its error; a part that was not asked for has neither,
// and says nothing about the outcome.
//
// All times are by the API server's clock, as far as it is known. Only times by the same clock
// are compared.
type Snapshot struct {
	ObservedAt    time.Time
	command.Where      // where it was taken, and where commands to copy ask; without a namespace if the entries were saved before
	Goal          Goal // what it is judged by; where it is empty, by all that was asked for
	Self          Self // where this command runs

	Assessment    *readiness.Assessment // workloads and jobs
	AssessmentErr error
	HeardAt       time.Time // when the API server last sent something, where the assessment is kept up to date
	LostAt        time.Time // since when that could not be done; zero if it can
	LostErr       error     // why

	PUM          string      // PUM's Deployment
	Answer       *pum.Answer // entries
	AnswerErr    error
	AskedAt      time.Time              // when PUM began to be asked for them
	PUMChangedAt time.Time              // when PUM's pods or its job were last seen to change; zero if they were not
	Movements    map[int64]pum.Movement // by uid, how entries moved from poll to poll; nil if they were asked for once

	Releases    *Releases // Helm's
	ReleasesErr error
	Hooks       []readiness.Hook // what Helm waits for, where no workloads were asked for
	HooksErr    error            // why that is not known

	GoneFailed []Finding // the failures of jobs that are not there any more; see Absences

	Vanished []Object // what is not there any more, since a moment ago; see Absences

	Restart *pum.Restart // the state before the restart that is waited for; nil if there was none

	Kept      []Finding                      // findings about the file that the snapshot was read from; nil if it was taken of a cluster
	uncounted map[string]readiness.Uncounted // by name, the jobs on which the outcome does not depend

	UnconfirmedErr error // why the result could not be confirmed by a second read; nil if it was, or if that was not tried
}

// Releases are the four Helm releases, and what they are together. Without any item
// there is no Helm release of ThingPark Enterprise.
type Releases struct {
	release.Consistency
	Items []release.Release
}

// onlyReleases reports whether nothing but the Helm releases was asked for.
func (s *Snapshot) onlyReleases() bool {
	return s.Assessment == nil && s.AssessmentErr == nil && s.Answer == nil && s.AnswerErr == nil
}

// Asks returns what the snapshot is judged by.
func (s *Snapshot) Asks() Goal {
	switch {
	case s.Goal != "":
		return s.Goal
	case s.Assessment == nil && s.AssessmentErr == nil:
		return GoalEntries
	case s.Answer == nil && s.AnswerErr == nil:
		return GoalWorkloads
	}
	return GoalAll
}

// clockMargin is how much later something may have happened than a time in an object
// says: those have whole seconds, and so has the Date of the API server's answers.
const clockMargin = 2 * time.Second

// Outdated reports whether PUM may have other entries by now: it was asked before its
// pods or its job were seen to change, or, if they were not watched, before the job ended.
func (s *Snapshot) Outdated() bool {
	if s.AskedAt.IsZero() {
		return false
	}
	if !s.PUMChangedAt.IsZero() {
		return !s.AskedAt.After(s.PUMChangedAt)
	}
	job := s.process()
	return job != nil && job.State.Final() && s.AskedAt.Before(job.FinishedAt.Add(clockMargin))
}

// process returns the job that works through the entries, nil if it was not seen.
func (s *Snapshot) process() *readiness.Job {
	if s.Assessment == nil {
		return nil
	}
	for i := range s.Assessment.Jobs {
		if s.Assessment.Jobs[i].Name == pum.ProcessJob {
			return &s.Assessment.Jobs[i]
		}
	}
	return nil
}

// processOver reports whether the job that works through the entries is known to be over,
// or not to be there.
func (s *Snapshot) processOver() bool {
	if job := s.process(); job != nil {
		return job.State.Final()
	}
	return s.jobsRead()
}

// jobsRead reports whether the jobs of the namespace are known.
func (s *Snapshot) jobsRead() bool {
	return s.Assessment != nil && readiness.Unread(s.Assessment.Gaps, "Job") == nil
}

// A Verdict is what a snapshot means.
type Verdict struct {
	Outcome  Outcome
	ExitCode ExitCode
	Findings []Finding // the gravest first
	Impact   []Impact  // nil if too little was read to say that there is none
	Moving   []Object  // what may still change by itself; without any, all is settled
	Vanished []Object  // those of them that are not there now: they may be about to be replaced

	services       []service     // as services.yaml has them; nil if no workloads were judged
	where          command.Where // where commands to copy ask
	podsRead       bool          // which pods there are is known
	processLogs    []string      // the command that shows what PUM's job logged, if there may be a log
	processing     bool          // the job that works through the entries is not over
	failed         bool          // something failed, even if a graver code decides
	withoutAborted ExitCode      // that would hold without the entries that are ABORTED
	pumAtWork      bool          // PUM works on other entries, or on those again
	unkept         ExitCode      // that holds, if all else is done, because a file does not have a part
	uncounted      map[string]readiness.Uncounted
}
