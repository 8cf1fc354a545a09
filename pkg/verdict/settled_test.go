// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/command"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/podexec"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
)

var midday = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// process is the job that works through the entries, which ended some time before midday.
func process(state readiness.JobState, ago time.Duration) readiness.Job {
	j := readiness.Job{Name: pum.ProcessJob, State: state, UID: "old", CreatedAt: midday.Add(-ago - time.Minute)}
	if state.Final() {
		j.FinishedAt = midday.Add(-ago)
	}
	return j
}

// helm are the four releases, whose newest revisions were begun so long before midday.
func helm(ago ...time.Duration) *Releases {
	r := &Releases{Consistency: release.Consistency{State: release.Consistent}}
	for i, part := range release.Parts() {
		at := midday.Add(-ago[min(i, len(ago)-1)])
		r.Items = append(r.Items, release.Release{Name: part.Name, Chart: part.Chart, Version: "1", Status: release.StatusDeployed, Revision: 2, BegunAt: at, UpdatedAt: at})
	}
	return r
}

// readyWith is one workload that is ready, and jobs.
func readyWith(jobs ...readiness.Job) *readiness.Assessment {
	return withJobs(workloads(readiness.Ready), jobs...)
}

func stalled(uid int64) map[int64]pum.Movement {
	return map[int64]pum.Movement{uid: {Stall: &pum.Stall{Kind: pum.StallSilent, Since: midday.Add(-time.Hour)}}}
}

func TestSettled(t *testing.T) {
	const aborted, initial, processed = pum.StateAborted, pum.StateInit, pum.StateProcessed
	atWork := helm(time.Minute)
	atWork.Items[3].Status = release.StatusPendingUpgrade
	died := helm(40 * 24 * time.Hour)
	died.Items[3].Status = release.StatusPendingUpgrade
	coming := helm(time.Minute)
	coming.State, coming.Items[3].Status = release.Underway, release.StatusMissing
	for _, tt := range []struct {
		name   string
		in     Snapshot
		moving []string
	}{
		{"all at rest", Snapshot{Assessment: readyWith(process(readiness.JobComplete, time.Hour)), Answer: entries(processed)}, nil},
		{"a workload on its way", Snapshot{Assessment: workloads(readiness.Progressing), Answer: entries(aborted)}, []string{"Deployment w0"}},
		{"a workload that somebody may mend", Snapshot{Assessment: workloads(readiness.Failed), Answer: entries(aborted)}, []string{"Deployment w0"}},
		{"a job at work", Snapshot{Assessment: readyWith(process(readiness.JobRunning, 0)), Answer: entries(aborted)}, []string{"Job pum-process"}},
		{"a job that is suspended", Snapshot{Assessment: readyWith(process(readiness.JobSuspended, 0)), Answer: entries(aborted)}, []string{"Job pum-process"}},
		{"a job that failed", Snapshot{Assessment: readyWith(process(readiness.JobFailed, time.Hour)), Answer: entries(aborted)}, nil},
		{"one aborted, another to do", Snapshot{Assessment: readyWith(), Answer: entries(aborted, initial)}, []string{"Entry 1"}},
		{"and nobody does it", Snapshot{Assessment: readyWith(process(readiness.JobFailed, time.Hour)), Answer: entries(aborted, initial), Movements: stalled(1)}, nil},
		{"its job was removed", Snapshot{Assessment: readyWith(), Answer: entries(aborted, initial), Movements: stalled(1)}, nil},
		{"whether it has one is unknown", Snapshot{Assessment: withGap(readyWith(), "Job", readiness.Forbidden), Answer: entries(aborted, initial), Movements: stalled(1)}, []string{"Entry 1"}},
		{"stalled, and its job at work", Snapshot{Assessment: readyWith(process(readiness.JobRunning, 0)), Answer: entries(aborted, initial), Movements: stalled(1)}, []string{"Job pum-process", "Entry 1"}},
		{"an unknown state is not final", Snapshot{Assessment: readyWith(), Answer: entries("PAUSED")}, []string{"Entry 0"}},
		{"only entries, and the job at work", Snapshot{Goal: GoalEntries, Assessment: withJobs(workloads(readiness.Progressing), process(readiness.JobRunning, 0)), Answer: entries(aborted)}, []string{"Job pum-process"}},
		{"only workloads", Snapshot{Goal: GoalWorkloads, Assessment: readyWith(), Answer: entries(initial)}, nil},
		{"PUM was asked before its job changed", Snapshot{Assessment: readyWith(), Answer: entries(aborted), AskedAt: midday, PUMChangedAt: midday}, []string{"Entry all"}},
		{"and asked again", Snapshot{Assessment: readyWith(), Answer: entries(aborted), AskedAt: midday.Add(1), PUMChangedAt: midday}, nil},
		{"PUM is silent", Snapshot{Assessment: readyWith(process(readiness.JobFailed, time.Hour)), AnswerErr: errNoAnswer}, []string{"Entry all"}},
		{"the workloads are unknown", Snapshot{AssessmentErr: errors.New("503"), Answer: entries(aborted), Where: command.Where{Namespace: "tpe"}}, []string{"Namespace tpe"}},
		{"Helm is at work", Snapshot{ObservedAt: midday, Assessment: readyWith(), Answer: entries(aborted), Releases: atWork}, []string{"Release tpe"}},
		{"Helm died at work", Snapshot{ObservedAt: midday, Assessment: readyWith(), Answer: entries(aborted), Releases: died}, nil},
		{"a release is to come", Snapshot{ObservedAt: midday, Assessment: readyWith(), Answer: entries(aborted), Releases: coming}, []string{"Release tpe"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var moving []string
			for _, o := range Judge(tt.in).Moving {
				moving = append(moving, o.Kind+" "+o.Name)
			}
			if !slices.Equal(moving, tt.moving) {
				t.Errorf("moving: %q, want %q", moving, tt.moving)
			}
		})
	}
}

func TestOver(t *testing.T) {
	for _, tt := range []struct {
		name           string
		in             Snapshot
		over, failFast bool
	}{
		{"done", Snapshot{Assessment: workloads(readiness.Ready), Answer: entries(pum.StateProcessed)}, true, true},
		{"pending", Snapshot{Assessment: workloads(readiness.Progressing), Answer: entries(pum.StateProcessed)}, false, false},
		{"failed and settled", Snapshot{Assessment: workloads(readiness.Ready), Answer: entries(pum.StateAborted)}, true, true},
		{"failed, and not settled", Snapshot{Assessment: workloads(readiness.Failed), Answer: entries(pum.StateProcessed)}, false, true},
		{"PUM is silent", Snapshot{Assessment: workloads(readiness.Ready), AnswerErr: errNoAnswer}, false, false},
		{"PUM is silent, and a workload failed", Snapshot{Assessment: workloads(readiness.Failed), AnswerErr: errNoAnswer}, false, true},
		{"PUM is not there, and a workload failed", Snapshot{Assessment: workloads(readiness.Failed), AnswerErr: errNotFound}, false, true},
		{"not authorized", Snapshot{Assessment: workloads(readiness.Progressing), AnswerErr: errForbidden}, true, true},
	} {
		v := Judge(tt.in)
		if over, fast := Over(v, false), Over(v, true); over != tt.over || fast != tt.failFast {
			t.Errorf("%s: over %v, with fail-fast %v; want %v, %v", tt.name, over, fast, tt.over, tt.failFast)
		}
	}
}

// Out of time is not failed as long as PUM is at work, and nothing else failed.
func TestTimedOutWithAnEntryAborted(t *testing.T) {
	aborted := func(ago time.Duration, others ...pum.State) *pum.Answer {
		a := entries(append([]pum.State{pum.StateAborted}, others...)...)
		a.Entries[0].StateTimestamp = new(midday.Add(-ago).Format(time.RFC3339))
		return a
	}
	running, failed := process(readiness.JobRunning, time.Minute), readiness.Job{Name: "twa-seed", State: readiness.JobFailed}
	for _, tt := range []struct {
		name string
		in   Snapshot
		want ExitCode
	}{
		{"PUM works on another", Snapshot{Assessment: readyWith(running), Answer: aborted(time.Hour, pum.StateInit)}, ExitTimeout},
		{"PUM's job is not seen", Snapshot{Assessment: readyWith(), Answer: aborted(time.Hour, pum.StateInProgress)}, ExitTimeout},
		{"PUM's job failed", Snapshot{Assessment: readyWith(process(readiness.JobFailed, time.Minute)), Answer: aborted(time.Hour, pum.StateInit)}, ExitFailed},
		{"the job may run it again", Snapshot{Assessment: readyWith(running), Answer: aborted(time.Hour, pum.StateProcessed)}, ExitTimeout},
		{"the job aborted it", Snapshot{Assessment: readyWith(running), Answer: aborted(0, pum.StateProcessed)}, ExitFailed},
		{"nobody works", Snapshot{Assessment: readyWith(), Answer: aborted(time.Hour)}, ExitFailed},
		{"another job failed, too", Snapshot{Assessment: readyWith(running, failed), Answer: aborted(time.Hour, pum.StateInit)}, ExitFailed},
		{"a workload cannot recover, too", Snapshot{Assessment: withJobs(workloads(readiness.Failed), running), Answer: aborted(time.Hour, pum.StateInit)}, ExitFailed},
	} {
		if got := Judge(tt.in).TimedOut().ExitCode; got != tt.want {
			t.Errorf("%s: exit code %d, want %d", tt.name, got, tt.want)
		}
	}
}

// What ended before the current upgrade began is history; an entry is not, for its data
// was never migrated.
func TestWhatFailedBeforeTheUpgrade(t *testing.T) {
	const hour = time.Hour
	failed := func(ago time.Duration, of string) *readiness.Assessment {
		return withJobs(workloads(readiness.Ready), readiness.Job{Name: "hook", State: readiness.JobFailed, FinishedAt: midday.Add(-ago), Release: of, Origin: readiness.Origin{Hook: true}})
	}
	undated := helm(2 * hour)
	undated.Items[1].BegunAt = time.Time{}
	for _, tt := range []struct {
		name string
		in   Snapshot
		want ExitCode
		code Code
	}{
		{"60 days ago", Snapshot{Assessment: failed(60*24*hour, ""), Releases: helm(2 * hour)}, ExitDone, CodeJobFormerly},
		{"in this upgrade", Snapshot{Assessment: failed(hour, ""), Releases: helm(2 * hour)}, ExitFailed, CodeJobFailed},
		{"of the first of the four releases", Snapshot{Assessment: failed(4*hour+hour/2, ""), Releases: helm(5*hour, 4*hour, 3*hour, hour)}, ExitFailed, CodeJobFailed},
		{"of the first, six hours before the second", Snapshot{Assessment: failed(7*hour+hour/2, ""), Releases: helm(8*hour, 2*hour)}, ExitFailed, CodeJobFailed},
		{"of yesterday's upgrade, before a fix of one", Snapshot{Assessment: failed(23*hour, ""), Releases: helm(24*hour, 24*hour, 24*hour, hour)}, ExitDone, CodeJobFormerly},
		{"before its own release was tried again", Snapshot{Assessment: failed(2*hour, "tpe"), Releases: helm(3*hour, 3*hour, 3*hour, hour)}, ExitDone, CodeJobFormerly},
		{"after its own release was upgraded", Snapshot{Assessment: failed(2*hour, "tpe-data"), Releases: helm(3*hour, 3*hour, 3*hour, hour)}, ExitFailed, CodeJobFailed},
		{"Helm may not be read", Snapshot{Assessment: failed(60*24*hour, ""), ReleasesErr: errForbidden}, ExitFailed, CodeJobFailed},
		{"when Helm began is unknown", Snapshot{Assessment: failed(60*24*hour, ""), Releases: undated}, ExitFailed, CodeJobFailed},
		{"without a Helm release", Snapshot{Assessment: failed(60*24*hour, ""), Releases: &Releases{}}, ExitFailed, CodeJobFailed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.in.ObservedAt, tt.in.Goal = midday, GoalWorkloads
			if v := Judge(tt.in); v.ExitCode != tt.want || v.Findings[0].Code != tt.code {
				t.Errorf("exit code %d, %s; want %d, %s", v.ExitCode, v.Findings[0].Code, tt.want, tt.code)
			}
		})
	}
	aborted := entries(pum.StateAborted)
	aborted.Entries[0].StateTimestamp = new(midday.Add(-48 * hour).Format(time.RFC3339))
	v := Judge(Snapshot{ObservedAt: midday, Assessment: workloads(readiness.Ready), Answer: aborted, Releases: helm(hour)})
	if f := v.Findings[0]; v.ExitCode != ExitFailed || f.Code != CodeEntryAborted || f.Detail != "the service has not responded; that was at 2026-02-27 12:00 UTC, before the current upgrade began at 2026-03-01 11:00 UTC, and its data has not been migrated since" {
		t.Errorf("exit code %d, %s: %s", v.ExitCode, f.Code, f.Detail)
	}
}

func TestNoEntries(t *testing.T) {
	const hour = time.Hour
	pending := helm(hour)
	pending.Items[3].Status = release.StatusPendingUpgrade
	for _, tt := range []struct {
		name string
		in   Snapshot
		want ExitCode
		code Code
	}{
		{"the job completed", Snapshot{Assessment: readyWith(process(readiness.JobComplete, hour))}, ExitDone, ""},
		{"in this upgrade", Snapshot{Assessment: readyWith(process(readiness.JobComplete, hour)), Releases: helm(2 * hour)}, ExitDone, ""},
		{"in an earlier one", Snapshot{Assessment: readyWith(process(readiness.JobComplete, hour)), Releases: helm(time.Minute)}, ExitPending, CodeNoEntries},
		{"in an earlier one, and it did not run for long", Snapshot{Assessment: readyWith(process(readiness.JobComplete, 2*hour)), Releases: helm(hour)}, ExitDone, CodeProcessUnseen},
		{"the job is at work", Snapshot{Assessment: readyWith(process(readiness.JobRunning, 0)), Releases: helm(hour)}, ExitPending, CodeNoEntries},
		{"the job failed", Snapshot{Assessment: readyWith(process(readiness.JobFailed, hour)), Releases: helm(2 * hour)}, ExitFailed, CodeNoEntries},
		{"no job yet", Snapshot{Assessment: readyWith(), Releases: helm(time.Minute)}, ExitPending, CodeNoEntries},
		{"no job any more", Snapshot{Assessment: readyWith(), Releases: helm(hour)}, ExitDone, CodeProcessUnseen},
		{"no job after ten minutes", Snapshot{Assessment: readyWith(), Releases: helm(10 * time.Minute)}, ExitDone, CodeProcessUnseen},
		{"no job after almost ten minutes", Snapshot{Assessment: readyWith(), Releases: helm(10*time.Minute - 1)}, ExitPending, CodeNoEntries},
		{"no job, and Helm is at work", Snapshot{Assessment: readyWith(), Releases: pending}, ExitPending, CodeNoEntries},
		{"no job, and Helm is unknown", Snapshot{Assessment: readyWith()}, ExitPending, CodeNoEntries},
		{"jobs may not be read", Snapshot{Assessment: withGap(readyWith(), "Job", readiness.Forbidden), Releases: helm(hour)}, ExitPending, CodeNoEntries},
		{"nobody looked for the job", Snapshot{}, ExitPending, CodeNoEntries},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.in.ObservedAt, tt.in.Goal, tt.in.Answer = midday, GoalEntries, entries()
			v := Judge(tt.in)
			var code Code
			if len(v.Findings) > 0 {
				code = v.Findings[0].Code
			}
			if v.ExitCode != tt.want || code != tt.code {
				t.Errorf("exit code %d, %q; want %d, %q", v.ExitCode, code, tt.want, tt.code)
			}
		})
	}
}

// Entries of before an upgrade say nothing of it, as long as PUM may be about to begin.
func TestEntriesOfBefore(t *testing.T) {
	const minute, hour = time.Minute, time.Hour
	upgraded := func(ago time.Duration, before string) *Releases {
		r := helm(hour, hour, hour, ago)
		r.Items[3].VersionBefore = before
		return r
	}
	dated := func(state pum.State, ago time.Duration) *pum.Answer {
		a := entries(state, pum.StateSkipped)
		a.Entries[0].StateTimestamp = new(midday.Add(-ago).Format(time.RFC3339))
		return a
	}
	of := func(r *Releases, a *pum.Answer, jobs ...readiness.Job) Snapshot {
		return Snapshot{Assessment: readyWith(jobs...), Releases: r, Answer: a}
	}
	old, added := dated(pum.StateProcessed, hour), dated(pum.StateProcessed, hour)
	added.Entries[1].CreationTimestamp = new(midday.Add(-minute).Format(time.RFC3339))
	back, atWork := upgraded(2*minute, "0"), upgraded(2*minute, "0")
	back.Items[3].RolledBack = &release.Rollback{To: 1}
	atWork.Items[3].Status = release.StatusPendingUpgrade
	restarted := of(upgraded(2*minute, "0"), old)
	restarted.Restart = &pum.Restart{At: midday.Add(-hour), Entries: entries(pum.StateInit, pum.StateInit).Entries}
	unread := of(upgraded(2*minute, "0"), old)
	unread.Assessment = nil
	for _, tt := range []struct {
		name   string
		in     Snapshot
		want   ExitCode
		noted  bool
		moving bool
	}{
		{"no job", of(upgraded(2*minute, "0"), old), ExitPending, true, true},
		{"a job of before", of(upgraded(2*minute, "0"), old, process(readiness.JobComplete, 3*minute)), ExitPending, true, true},
		{"jobs were not read", unread, ExitPending, true, true},
		{"almost ten minutes ago", of(upgraded(10*minute-1, "0"), old), ExitPending, true, true},
		{"ten minutes ago", of(upgraded(10*minute, "0"), old), ExitDone, true, false},
		{"an entry was aborted before", of(upgraded(2*minute, "0"), dated(pum.StateAborted, hour)), ExitFailed, true, true},
		{"an entry was aborted before, ten minutes ago", of(upgraded(10*minute, "0"), dated(pum.StateAborted, hour)), ExitFailed, true, false},
		{"the job is of this upgrade", of(upgraded(2*minute, "0"), old, process(readiness.JobComplete, minute)), ExitDone, false, false},
		{"the job is at work", of(upgraded(2*minute, "0"), old, process(readiness.JobRunning, 0)), ExitPending, false, true},
		{"an entry is of this upgrade", of(upgraded(2*minute, "0"), dated(pum.StateProcessed, minute)), ExitDone, false, false},
		{"an entry was added by this upgrade", of(upgraded(2*minute, "0"), added), ExitDone, false, false},
		{"an entry is not final", of(upgraded(2*minute, "0"), dated(pum.StateInit, hour)), ExitPending, false, true},
		{"the same version", of(upgraded(2*minute, "1"), old), ExitDone, false, false},
		{"the version before is unknown", of(upgraded(2*minute, ""), old), ExitDone, false, false},
		{"a rollback", of(back, old), ExitDone, false, false},
		{"Helm is at work", of(atWork, old), ExitDone, false, false},
		{"the releases were not read", of(nil, old), ExitDone, false, false},
		{"a restart, which changed every entry", restarted, ExitDone, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.in.ObservedAt, tt.in.Goal = midday, GoalEntries
			v := Judge(tt.in)
			noted := slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.Code == CodeProcessUnseen })
			if moving := len(v.Moving) > 0; v.ExitCode != tt.want || noted != tt.noted || moving != tt.moving {
				t.Errorf("exit code %d, noted %v, moving %v; want %d, %v, %v", v.ExitCode, noted, moving, tt.want, tt.noted, tt.moving)
			}
		})
	}
}

// A wait that cannot end by itself says why, and what would end it.
func TestNoEntriesSayWhyTheyStayPending(t *testing.T) {
	for _, tt := range []struct {
		name, detail string
		in           Snapshot
	}{
		{"Helm cannot be read", "the Helm releases, which show when this upgrade began, cannot be read (secrets is forbidden)", Snapshot{ReleasesErr: errors.New("secrets is forbidden")}},
		{"Helm was not read", "the Helm releases, which show when this upgrade began, were not read", Snapshot{}},
		{"it was not installed with Helm", "no Helm release of the application shows when this upgrade began", Snapshot{Releases: &Releases{}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.in.ObservedAt, tt.in.Goal, tt.in.Answer, tt.in.Assessment = midday, GoalEntries, entries(), readyWith()
			f := Judge(tt.in).Findings[0]
			if f.Code != CodeNoEntries || !strings.Contains(f.Detail, tt.detail+", so this stays pending until a job pum-process is seen") || !strings.Contains(strings.Join(f.Next, "\n"), "tpe doctor") {
				t.Errorf("%s: %s\n%v", f.Code, f.Detail, f.Next)
			}
		})
	}
}

// Entries and jobs from before a restart prove nothing of what it led to.
func TestRestartIsJudgedByWhatCameAfterIt(t *testing.T) {
	const done, aborted, working = pum.StateProcessed, pum.StateAborted, pum.StateInProgress
	after := func(state readiness.JobState) []readiness.Job {
		return []readiness.Job{{Name: pum.ProcessJob, UID: "new", State: state, CreatedAt: midday, FinishedAt: midday.Add(time.Minute)}}
	}
	before := func(state readiness.JobState) []readiness.Job { return []readiness.Job{process(state, time.Hour)} }
	older := after(readiness.JobComplete)
	older[0].CreatedAt = midday.Add(-time.Minute)
	for _, tt := range []struct {
		name        string
		before, now *pum.Answer
		jobs        []readiness.Job
		want        ExitCode
		settled     bool
	}{
		{"nothing happened yet, all was ready", entries(done), entries(done), before(readiness.JobComplete), ExitPending, false},
		{"nothing happened yet, one was aborted", entries(aborted), entries(aborted), before(readiness.JobFailed), ExitPending, false},
		{"the job has begun", entries(done), entries(done), after(readiness.JobRunning), ExitPending, false},
		{"the job has begun, one is still aborted", entries(aborted), entries(aborted), after(readiness.JobRunning), ExitPending, false},
		{"the job has begun, one was aborted again", entries(done, done), entries(aborted, done), after(readiness.JobRunning), ExitFailed, false},
		{"the job is over, and there was nothing to do", entries(done), entries(done), after(readiness.JobComplete), ExitDone, true},
		{"the job is over, one is still aborted", entries(aborted), entries(aborted), after(readiness.JobComplete), ExitFailed, true},
		{"the job failed", entries(done), entries(done), after(readiness.JobFailed), ExitFailed, true},
		{"the job is over, no entries", entries(), entries(), after(readiness.JobComplete), ExitDone, true},
		{"another job, older than the restart", entries(done), entries(done), older, ExitPending, false},
		{"no job, a new entry is still at work", entries(aborted), entries(working), nil, ExitPending, false},
		{"no job, every entry changed", entries(aborted, aborted), entries(done, done), nil, ExitDone, true},
		{"no job, one changed", entries(aborted, done), entries(done, done), nil, ExitPending, false},
		{"every entry changed, by the job from before", entries(working), entries(done), before(readiness.JobRunning), ExitPending, false},
		{"no job, no entries", entries(), entries(), nil, ExitPending, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := Snapshot{
				ObservedAt: midday.Add(time.Hour), Goal: GoalEntries, Assessment: withJobs(workloads(readiness.Ready), tt.jobs...), Answer: tt.now,
				Restart: &pum.Restart{At: midday, Job: "old", Entries: tt.before.Entries},
			}
			v := Judge(s)
			if settled := len(v.Moving) == 0; v.ExitCode != tt.want || settled != tt.settled {
				t.Errorf("exit code %d, settled %v; want %d, %v: %v", v.ExitCode, settled, tt.want, tt.settled, v.Findings)
			}
			unseen := slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.Code == CodeProcessUnseen })
			if over, begun := s.restartOver(), s.restartJob() != nil; unseen != (!over && !begun) {
				t.Errorf("the result is not visible: %v, although the restart is over: %v, and its job began: %v", unseen, over, begun)
			}
		})
	}
}

func TestASilentPUMThatRollsOutIsPending(t *testing.T) {
	assessment := func(state readiness.State, rolling bool) *readiness.Assessment {
		return &readiness.Assessment{Workloads: []readiness.Workload{{Kind: "Deployment", Name: "pum", State: state, Rolling: rolling}}}
	}
	typed := fmt.Errorf("%w: %w", pum.ErrNoAnswer, podexec.ErrRolling)
	for _, tt := range []struct {
		name string
		in   Snapshot
		want ExitCode
	}{
		{"it rolls", Snapshot{Assessment: assessment(readiness.Progressing, true), AnswerErr: errNoAnswer}, ExitPending},
		{"the error says so", Snapshot{Goal: GoalEntries, AnswerErr: typed}, ExitPending},
		{"only the error says so", Snapshot{Assessment: assessment(readiness.Progressing, false), AnswerErr: typed}, ExitPending},
		{"the error says so, but its new pods cannot recover", Snapshot{Assessment: assessment(readiness.Failed, false), AnswerErr: typed}, ExitNoAnswer},
		{"its new pods cannot recover", Snapshot{Assessment: assessment(readiness.Failed, true), AnswerErr: errNoAnswer}, ExitNoAnswer},
		{"its rollout is over or late", Snapshot{Assessment: assessment(readiness.Progressing, false), AnswerErr: errNoAnswer}, ExitNoAnswer},
		{"it is ready and silent", Snapshot{Assessment: assessment(readiness.Ready, false), AnswerErr: errNoAnswer}, ExitNoAnswer},
		{"it may not be asked", Snapshot{Assessment: assessment(readiness.Progressing, true), AnswerErr: errForbidden}, ExitForbidden},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.in.PUM = "pum"
			if v := Judge(tt.in); v.ExitCode != tt.want {
				t.Errorf("exit code %d, want %d: %v", v.ExitCode, tt.want, v.Findings)
			}
		})
	}
}
