// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"cmp"
	"slices"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
)

// Judge returns the verdict of a snapshot.
func Judge(s Snapshot) Verdict {
	v := Verdict{ExitCode: ExitDone, where: s.Where, podsRead: s.reads("Pod")}
	process := s.process()
	v.processing = process != nil && !process.State.Final()
	v.processLogs = v.logsOfProcess(&s, process)
	goal := s.Asks()
	s.uncounted = s.standings()
	v.uncounted = s.uncounted
	if s.Assessment != nil && goal.Workloads() {
		v.impact(s.Assessment)
		v.workloads(s.Assessment)
		v.jobs(&s)
		v.goneJobs(s.GoneFailed)
		v.causes(&s)
		v.crashes(s.Assessment)
		v.warnings(s.Assessment)
		v.gaps(s.Assessment.Gaps)
	}
	if s.Answer != nil && goal.Entries() {
		v.entries(&s)
	}
	if v.Vanished = s.Vanished; len(v.Vanished) > 0 {
		v.hold(ExitPending)
	}
	if s.Outdated() { // the answer does not have what the job did last
		v.hold(ExitPending)
	}
	if s.Goal == "" || s.Goal == GoalAll {
		v.releases(&s)
	}
	v.disconnected(&s)
	v.unconfirmed(&s)
	if goal.Workloads() {
		v.failedToAsk("workloads", s.AssessmentErr)
	}
	v.noAnswer(&s)
	v.kept(&s)
	if s.onlyReleases() && s.Releases == nil && s.ReleasesErr == nil {
		v.hold(ExitError) // nothing was observed
	}
	v.Moving = s.moving()
	slices.SortStableFunc(v.Findings, func(a, b Finding) int {
		return cmp.Compare(a.Level.rank(), b.Level.rank())
	})
	v.Outcome = v.ExitCode.outcome()
	return v
}

// hold notes an exit code that applies. The gravest stays.
func (v *Verdict) hold(code ExitCode) {
	v.ExitCode, v.withoutAborted = graver(v.ExitCode, code), graver(v.withoutAborted, code)
	v.failed = v.failed || code == ExitFailed
}

// find notes a finding, and the exit code that applies because of it. A finding always says
// what to do next: by default, the command that explains it.
func (v *Verdict) find(code ExitCode, f Finding) {
	v.hold(code)
	f.Detail = cmp.Or(f.Detail, "no further details")
	f.Impact = v.impactOf(f.Objects)
	if f.Next == nil {
		f.Next = []string{explain(f.Code)}
	}
	v.Findings = append(v.Findings, f)
}

// workloads judges the workloads. An empty namespace is not success: they may not have been
// created yet.
func (v *Verdict) workloads(p *readiness.Assessment) {
	if len(p.Workloads) == 0 && readiness.Unread(p.Gaps, "Deployment", "StatefulSet") == nil {
		v.find(ExitPending, Finding{
			Code: CodeNoWorkloads, Level: LevelError,
			Summary: "there is no workload in this namespace",
			Detail:  "no Deployment, StatefulSet, DaemonSet or StrimziPodSet was found, so nothing shows that ThingPark Enterprise runs here",
			Next:    []string{v.findPUM()},
		})
	}
	for _, w := range p.Workloads {
		if !w.Done() {
			v.workload(w)
		}
	}
}

// workload judges a workload that is not done.
func (v *Verdict) workload(w readiness.Workload) {
	o := w.Object()
	f := Finding{Since: w.Since, Detail: w.Reason, Objects: []Object{o}, Next: []string{v.describe(o)}}
	switch w.State {
	case readiness.Failed:
		v.hold(ExitFailed)
		if explained(w.Causes) {
			return
		}
		f.Code, f.Level = CodeWorkloadFailed, LevelError
		f.Summary = o.String() + " will not become ready by itself"
		v.find(ExitFailed, f)
	case readiness.AwaitingRestart:
		f.Code, f.Level, f.Next = CodeAwaitingRestart, LevelInfo, nil
		f.Summary = o.String() + " serves, but pods of an old version await a restart"
		v.find(ExitPending, f)
	case readiness.Paused:
		f.Code, f.Level = CodePaused, LevelWarning
		f.Summary = o.String() + " is paused, and will not continue until it is resumed"
		v.find(ExitPending, f)
	case readiness.Unknown:
		f.Code, f.Level = CodeStateUnclear, LevelWarning
		f.Summary = "it is unknown whether " + o.String() + " is ready"
		v.find(ExitPending, f)
	default:
		v.hold(ExitPending)
	}
}

// Next returns commands to copy, the first to try first: how to wait, how to learn what the
// gravest finding means, and what the findings say.
func (v Verdict) Next() []string {
	if v.worthWaiting() {
		return append([]string{v.kubectl("tpe wait")}, v.remedies()...)
	}
	return v.remedies()
}

// worthWaiting reports whether something is at work on a cluster.
func (v *Verdict) worthWaiting() bool {
	return (v.ExitCode == ExitPending || v.ExitCode == ExitFailed && v.atWork()) && v.where.Namespace != "" && v.where.From == ""
}

// NextMeanwhile returns the commands for who waits already, in another window: those of
// Next, or if there is nothing to do yet, the one that shows all.
func (v Verdict) NextMeanwhile() []string {
	if next := v.remedies(); len(next) > 0 || !v.worthWaiting() {
		return next
	}
	return []string{v.kubectl("tpe status -o wide")}
}

// remedies are the commands that findings offer, and the one that shows what PUM logs.
func (v *Verdict) remedies() []string {
	var next []string
	listed := map[string]bool{}
	add := func(text string) {
		if !listed[text] {
			listed[text] = true
			next = append(next, text)
		}
	}
	if v.worthWaiting() && v.processing {
		add(v.kubectl("tpe logs -f"))
	}
	for i, f := range v.Findings {
		if i == 0 && f.Level == LevelError {
			add(explain(f.Code))
		}
		for _, text := range f.Next {
			if f.Level != LevelInfo {
				add(text)
			}
		}
	}
	return next
}

// explain returns the command that explains a code.
func explain(code Code) string { return "kubectl tpe explain " + string(code) }

// explained reports whether a cause that cannot recover by itself has a finding of its own.
func explained(causes []readiness.Cause) bool {
	return slices.ContainsFunc(causes, func(c readiness.Cause) bool { return c.Permanent && !c.Code.Starting() })
}

// logs returns the command that shows the last attempt of a job. If no pod is left, that is the next
// attempt, or what became of the job: the pods of one that failed with the restart policy OnFailure
// are deleted (kubernetes.io/docs/concepts/workloads/controllers/job, Pod backoff failure policy).
func (v *Verdict) logs(j *readiness.Job) string {
	words, gone := "tpe logs --attempt=last", v.podsRead && len(j.Pods) == 0
	switch {
	case gone && j.State.Final():
		return v.describe(j.Object())
	case gone:
		words = "tpe logs -f"
	}
	if j.Name != pum.ProcessJob {
		words += " --job=" + j.Name
	}
	return v.kubectl(words)
}

// logsOfProcess returns the command that shows what PUM's job logged, none if there is no such job.
func (v *Verdict) logsOfProcess(s *Snapshot, job *readiness.Job) []string {
	switch {
	case job != nil:
		return []string{v.logs(job)}
	case s.jobsRead():
		return nil
	}
	return []string{v.kubectl("tpe logs --attempt=last")}
}

// kubectl returns a command to copy.
func (v *Verdict) kubectl(words ...string) string { return v.where.Kubectl(words...) }
