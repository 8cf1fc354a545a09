// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
)

// restartJob returns the job pum-process if the restart began it, else nil: it is not the job
// from before, and not older than the restart. Times of objects have whole seconds.
func (s *Snapshot) restartJob() *readiness.Job {
	job := s.process()
	if job == nil || job.UID == s.Restart.Job || job.CreatedAt.Before(s.Restart.At.Add(-clockMargin)) {
		return nil
	}
	return job
}

// restartOver reports whether the restart is over: the job that it began has ended or, if there
// is none, every entry changed since and no job works on them. That some entries changed is not
// enough: the others may follow.
func (s *Snapshot) restartOver() bool {
	if job := s.restartJob(); job != nil {
		return job.State.Final()
	}
	if job := s.process(); job != nil && !job.State.Final() || s.Answer == nil {
		return false // the job from before explains the changes
	}
	return len(s.Answer.Entries) > 0 && len(s.Restart.Changed(s.Answer.Entries)) == len(s.Answer.Entries)
}

// restarted judges the entries after a restart. Entries and jobs as they were before it
// prove nothing, neither success nor failure.
func (v *Verdict) restarted(s *Snapshot) {
	over, job := s.restartOver(), s.restartJob()
	switch {
	case !over && job != nil:
		v.hold(ExitPending)
	case !over:
		v.find(ExitPending, Finding{
			Code: CodeProcessUnseen, Level: LevelInfo,
			Summary: "the result of the restart is not visible yet",
			Detail:  "no new job " + pum.ProcessJob + " was seen, and not every entry changed since the restart was sent",
			Objects: []Object{processObject},
			Next:    []string{v.kubectl("tpe pum status"), v.kubectl("tpe logs")},
		})
	case job != nil && job.State == readiness.JobFailed:
		v.failedJob(job)
	}
	changed := s.Restart.Changed(s.Answer.Entries)
	for i := range s.Answer.Entries {
		if e := &s.Answer.Entries[i]; over || changed[e.UID] {
			v.entry(s, e)
		}
	}
}
