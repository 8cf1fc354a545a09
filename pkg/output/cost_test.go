// SPDX-License-Identifier: Apache-2.0

package output

import (
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/command"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
	"github.com/kubectl-tpe/kubectl-tpe/test/cost"
)

// many is a snapshot with n of everything that is not over: entries that
// stall, workloads that have too few pods, jobs.
func many(n int) verdict.Snapshot {
	at := time.Unix(1e9, 0)
	s := verdict.Snapshot{Where: command.Where{Namespace: "ns"}, ObservedAt: at, Assessment: &readiness.Assessment{ObservedAt: at}, Answer: &pum.Answer{}, Movements: map[int64]pum.Movement{}}
	for i := range n {
		name := fmt.Sprintf("request-%d", i)
		s.Answer.Entries = append(s.Answer.Entries, pum.Entry{UID: int64(i), RequestID: &name, State: pum.StateInProgress})
		s.Movements[int64(i)] = pum.Movement{ETA: new(time.Minute), Stall: &pum.Stall{Kind: pum.StallSilent, Since: at}}
		s.Assessment.Workloads = append(s.Assessment.Workloads, readiness.Workload{Kind: "Deployment", Name: "twa-" + name, Want: 1, State: readiness.Failed})
		s.Assessment.Jobs = append(s.Assessment.Jobs, readiness.Job{Name: "twa-j" + name, State: readiness.JobSuspended})
	}
	return s
}

// What it takes to judge and show an answer grows with its size, not with the
// square of it: four times as much takes four times as long, where the square
// would take sixteen times.
func TestCostGrowsWithTheSize(t *testing.T) {
	screen := View{Now: time.Unix(1e9+60, 0), Width: 80, Height: 40, Terminal: true, Redraw: true, Color: true}
	file := View{Now: screen.Now}
	verdicts := map[int]verdict.Verdict{}
	judged := func(n int) (verdict.Snapshot, verdict.Verdict) {
		s := many(n)
		if _, ok := verdicts[n]; !ok {
			verdicts[n] = verdict.Judge(s)
		}
		return s, verdicts[n]
	}
	status := func(n int) *Status { s, v := judged(n); return NewStatus(Place{}, s, v) }
	list := func(n int) *EntryList { s, v := judged(n); return NewEntryList(Place{}, s, v) }
	changed := func(doc *Status) *Status {
		c := *doc
		c.Jobs = append([]readiness.Job{{Name: "new"}}, doc.Jobs...)
		c.Findings = append([]verdict.Finding{{Summary: "new"}}, doc.Findings...)
		return &c
	}
	tests := map[string]func(n int) func() error{
		"judge": func(n int) func() error { s := many(n); return func() error { verdict.Judge(s); return nil } },
		"next":  func(n int) func() error { _, v := judged(n); return func() error { v.Next(); return nil } },
		"document": func(n int) func() error {
			s, v := judged(n)
			return func() error { NewStatus(Place{}, s, v); return nil }
		},
		"a wait on a terminal": func(n int) func() error {
			doc, p, i := status(n), NewWaitProgress(io.Discard), 0
			return func() error { i++; return p.Show(doc, screen, Waiting{Elapsed: time.Duration(i) * time.Second}) }
		},
		"a wait elsewhere": func(n int) func() error {
			one, p := status(n), NewWaitProgress(io.Discard)
			other := changed(one)
			must(t, p.Show(one, file, Waiting{}))
			return func() error {
				one, other = other, one
				return p.Show(one, file, Waiting{})
			}
		},
		"a difference": func(n int) func() error {
			before, after := status(n), changed(status(n))
			return func() error { NewSnapshotDiff(file.Now, before, after); return nil }
		},
		"entries on a terminal": func(n int) func() error {
			doc, p := list(n), NewStream(io.Discard, &Format{})
			return func() error { return p.Show(doc, screen) }
		},
	}
	for name, prepare := range tests {
		t.Run(name, func(t *testing.T) {
			cost.Linear(t, 500, 10_000, func(n int) func() {
				do := prepare(n)
				return func() { must(t, do()) }
			})
		})
	}
}

// A screen with 20,000 entries that stall is redrawn before anybody notices.
func TestAScreenIsRedrawnAtOnce(t *testing.T) {
	const most = 100 * time.Millisecond
	screen := View{Now: time.Unix(1e9+60, 0), Width: 80, Height: 40, Terminal: true, Redraw: true, Color: true}
	s := many(20_000)
	s.Assessment.Workloads, s.Assessment.Jobs = nil, nil
	v := verdict.Judge(s)
	doc, list := NewStatus(Place{}, s, v), NewEntryList(Place{}, s, v)
	t.Run("judge", func(t *testing.T) { cost.Within(t, most, func() { verdict.Judge(s) }) })
	t.Run("a wait", func(t *testing.T) {
		p, i := NewWaitProgress(io.Discard), 0
		cost.Within(t, most, func() { i++; must(t, p.Show(doc, screen, Waiting{Elapsed: time.Duration(i) * time.Second})) })
	})
	t.Run("entries", func(t *testing.T) {
		p := NewStream(io.Discard, &Format{})
		cost.Within(t, most, func() { must(t, p.Show(list, screen)) })
	})
}
