// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
)

// What vanishes is waited for until it has stayed away for a while; what cannot be read, or does
// not count, is not.
func TestAbsences(t *testing.T) {
	const done, pending = ExitDone, ExitPending
	lrc := readiness.Workload{Kind: "StatefulSet", Name: "lrc", State: readiness.Progressing, Want: 1}
	with := func(w ...readiness.Workload) *readiness.Assessment {
		p := readyWith()
		p.Workloads = append(p.Workloads, w...)
		return p
	}
	unread := with()
	unread.Gaps = []readiness.Gap{{Kind: "StatefulSet", Reason: readiness.ReadFailed, Err: errors.New("503")}}
	job := func(state readiness.JobState) readiness.Job { return readiness.Job{Name: "twa-seed", State: state} }
	entries := func(states ...pum.State) *pum.Answer {
		a := &pum.Answer{}
		for i, state := range states {
			a.Entries = append(a.Entries, pum.Entry{UID: int64(i), State: state, Final: state.Final()})
		}
		return a
	}
	const processed, progress = pum.StateProcessed, pum.StateInProgress
	gone := []Object{{Kind: "StatefulSet", Name: "lrc"}}
	type seen struct {
		at   time.Duration
		s    Snapshot
		code ExitCode
		gone []Object
	}
	for _, tt := range []struct {
		name     string
		interval time.Duration
		seen     []seen
	}{
		{"a workload that was not ready stays away", 0, []seen{
			{0, Snapshot{Assessment: with(lrc)}, pending, nil},
			{time.Second, Snapshot{Assessment: with()}, pending, gone},
			{10 * time.Second, Snapshot{Assessment: with()}, pending, gone},
			{11 * time.Second, Snapshot{Assessment: with()}, done, nil},
		}},
		{"it comes back, and goes again", 0, []seen{
			{0, Snapshot{Assessment: with(lrc)}, pending, nil},
			{time.Second, Snapshot{Assessment: with()}, pending, gone},
			{5 * time.Second, Snapshot{Assessment: with(lrc)}, pending, nil},
			{9 * time.Second, Snapshot{Assessment: with()}, pending, gone},
			{18 * time.Second, Snapshot{Assessment: with()}, pending, gone},
			{19 * time.Second, Snapshot{Assessment: with()}, done, nil},
		}},
		{"it was ready", 0, []seen{
			{0, Snapshot{Assessment: with(readiness.Workload{Kind: "StatefulSet", Name: "lrc", State: readiness.Ready, Want: 1})}, done, nil},
			{time.Second, Snapshot{Assessment: with()}, pending, gone},
			{11 * time.Second, Snapshot{Assessment: with()}, done, nil},
		}},
		{"its kind cannot be read, and can again", 0, []seen{
			{0, Snapshot{Assessment: with(lrc)}, pending, nil},
			{time.Second, Snapshot{Assessment: unread}, ExitError, nil},
			{2 * time.Second, Snapshot{Assessment: with()}, pending, gone},
			{12 * time.Second, Snapshot{Assessment: with()}, done, nil},
		}},
		{"a job that ran", 0, []seen{
			{0, Snapshot{Assessment: readyWith(job(readiness.JobRunning))}, pending, nil},
			{time.Second, Snapshot{Assessment: readyWith()}, pending, []Object{{Kind: "Job", Name: "twa-seed"}}},
			{11 * time.Second, Snapshot{Assessment: readyWith()}, done, nil},
		}},
		{"a job that was complete", 0, []seen{
			{0, Snapshot{Assessment: readyWith(job(readiness.JobComplete))}, done, nil},
			{time.Second, Snapshot{Assessment: readyWith()}, pending, []Object{{Kind: "Job", Name: "twa-seed"}}},
			{11 * time.Second, Snapshot{Assessment: readyWith()}, done, nil},
		}},
		{"a job of others", 0, []seen{
			{0, Snapshot{Assessment: readyWith(readiness.Job{Name: "backup", State: readiness.JobRunning})}, done, nil},
			{time.Second, Snapshot{Assessment: readyWith()}, done, nil},
		}},
		{"jobs, and only entries are asked for", 0, []seen{
			{0, Snapshot{Goal: GoalEntries, Answer: entries(processed), Assessment: readyWith(job(readiness.JobComplete))}, done, nil},
			{time.Second, Snapshot{Goal: GoalEntries, Answer: entries(processed), Assessment: &readiness.Assessment{}}, done, nil},
		}},
		{"an entry that was not final, with long pauses between questions", time.Minute, []seen{
			{0, Snapshot{Answer: entries(processed, progress)}, pending, nil},
			{time.Minute, Snapshot{Answer: entries(processed)}, pending, []Object{{Kind: "Entry", Name: "1"}}},
			{2 * time.Minute, Snapshot{Answer: entries(processed)}, pending, []Object{{Kind: "Entry", Name: "1"}}},
			{3 * time.Minute, Snapshot{Answer: entries(processed)}, done, nil},
		}},
		{"PUM gives no answer in between", 0, []seen{
			{0, Snapshot{Answer: entries(processed, progress)}, pending, nil},
			{time.Second, Snapshot{AnswerErr: errors.New("no pod")}, ExitError, nil},
			{2 * time.Second, Snapshot{Answer: entries(processed)}, pending, []Object{{Kind: "Entry", Name: "1"}}},
			{3 * time.Second, Snapshot{AnswerErr: errors.New("no pod")}, ExitError, []Object{{Kind: "Entry", Name: "1"}}},
			{4 * time.Second, Snapshot{Answer: entries(processed, processed)}, done, nil},
		}},
		{"PUM changes after it was asked, and then has none", 0, []seen{
			{0, Snapshot{Answer: entries(progress)}, pending, nil},
			{time.Second, Snapshot{Answer: entries(progress), AskedAt: midday, PUMChangedAt: midday.Add(time.Second)}, pending, nil},
			{2 * time.Second, Snapshot{Answer: entries(), Assessment: readyWith(process(readiness.JobComplete, time.Hour))}, pending, []Object{{Kind: "Entry", Name: "0"}}},
			{12 * time.Second, Snapshot{Answer: entries(), Assessment: readyWith(process(readiness.JobComplete, time.Hour))}, done, nil},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := Absences{Interval: tt.interval}
			for _, want := range tt.seen {
				s := want.s
				s.ObservedAt = midday.Add(want.at)
				v := a.Judge(&s)
				if v.ExitCode != want.code || len(v.Vanished)+len(want.gone) > 0 && !reflect.DeepEqual(v.Vanished, want.gone) {
					t.Errorf("after %s: %d with %v gone, want %d with %v", want.at, v.ExitCode, v.Vanished, want.code, want.gone)
				}
				if over := Over(v, false); over != (want.code == done) {
					t.Errorf("after %s: over is %t", want.at, over)
				}
			}
		})
	}
}

// That a job failed is still said when it stays gone, and not once another of its name is there.
func TestJobThatFailedAndIsGone(t *testing.T) {
	with := func(jobs ...readiness.Job) Snapshot {
		p := readyWith()
		p.Jobs = append(p.Jobs, jobs...)
		return Snapshot{Assessment: p}
	}
	job := func(state readiness.JobState) Snapshot { return with(readiness.Job{Name: "twa-seed", State: state}) }
	for _, tt := range []struct {
		name string
		seen []Snapshot // ten seconds apart
		want bool
	}{
		{"it failed, and is gone", []Snapshot{job(readiness.JobFailed), with(), with()}, true},
		{"a moment ago", []Snapshot{job(readiness.JobFailed), with()}, false},
		{"another succeeded, and is gone", []Snapshot{job(readiness.JobFailed), with(), job(readiness.JobComplete), with(), with()}, false},
		{"another is there after long", []Snapshot{job(readiness.JobFailed), with(), with(), job(readiness.JobRunning)}, false},
		{"it succeeded, and is gone", []Snapshot{job(readiness.JobComplete), with(), with()}, false},
	} {
		var a Absences
		var v Verdict
		for i, s := range tt.seen {
			s.ObservedAt = time.Unix(1e9, 0).Add(time.Duration(i) * 10 * time.Second)
			v = a.Judge(&s)
		}
		got := slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.Code == CodeJobGone && f.Level == LevelWarning })
		if got != tt.want || got && v.ExitCode != ExitDone {
			t.Errorf("%s: exit code %d, %v", tt.name, v.ExitCode, v.Findings)
		}
	}
}
