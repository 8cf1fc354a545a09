// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

var begin = time.Date(2026, 3, 14, 22, 0, 0, 0, time.UTC)

const minute = time.Minute

func after(d time.Duration) time.Time { return begin.Add(d) }

// shot is a snapshot at a time after the beginning, with the GUI ready or not.
func shot(at time.Duration, ready bool) verdict.Snapshot {
	w := readiness.Workload{Kind: "Deployment", Name: "tp-gui", Want: 1, Ready: 1, State: readiness.Ready}
	if !ready {
		w.Ready, w.State = 0, readiness.Progressing
	}
	return verdict.Snapshot{
		ObservedAt: after(at), HeardAt: after(at),
		Assessment: &readiness.Assessment{Workloads: []readiness.Workload{w}},
		Answer:     &pum.Answer{Entries: []pum.Entry{{UID: 4, State: pum.StateProcessed, Final: true}}},
	}
}

// fed is a timeline of snapshots, one a second.
func fed(length time.Duration, at func(time.Duration) verdict.Snapshot) (*Timeline, verdict.Snapshot) {
	t := &Timeline{}
	var s verdict.Snapshot
	for d := time.Duration(0); d <= length; d += time.Second {
		if s = at(d); !s.ObservedAt.IsZero() {
			t.Add(s, verdict.Judge(s))
		}
	}
	return t, s
}

func made(t *Timeline, s verdict.Snapshot) *Report {
	return New(Input{Place: output.Place{Namespace: "tpe", Context: "eu"}, Snapshot: s, Verdict: verdict.Judge(s), Timeline: t})
}

func written(t *testing.T, r writable, f Format) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Write(&b, f); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// What users felt is what was observed: no less, and nothing counts as good that nobody saw.
func TestWhatUsersFelt(t *testing.T) {
	down := func(from, to time.Duration) func(time.Duration) verdict.Snapshot {
		return func(d time.Duration) verdict.Snapshot { return shot(d, d < from || d >= to) }
	}
	lost := func(at func(time.Duration) verdict.Snapshot, from, to time.Duration) func(time.Duration) verdict.Snapshot {
		return func(d time.Duration) verdict.Snapshot {
			if d < from || d >= to {
				return at(d)
			}
			s := at(from - time.Second)
			s.ObservedAt, s.LostAt, s.LostErr = after(d), after(from), errors.New("connection refused")
			return s
		}
	}
	asleep := func(at func(time.Duration) verdict.Snapshot, from, to time.Duration) func(time.Duration) verdict.Snapshot {
		return func(d time.Duration) verdict.Snapshot {
			if d > from && d < to {
				return verdict.Snapshot{}
			}
			return at(d)
		}
	}
	played := func(at func(time.Duration) verdict.Snapshot, from, to time.Duration) func(time.Duration) verdict.Snapshot {
		return func(d time.Duration) verdict.Snapshot {
			s := at(d)
			if d > from && d < to {
				s = at(from)
				s.ObservedAt = after(d) // a recording that has nothing of that time
			}
			return s
		}
	}
	tests := []struct {
		name         string
		at           func(time.Duration) verdict.Snapshot
		down, unseen string
	}{
		{"an outage of 6 minutes", down(4*minute, 10*minute), "6 min", ""},
		{"none", down(0, 0), "", ""},
		{"half a minute", down(4*minute, 4*minute+30*time.Second), "30 s", ""},
		{"it began before", down(0, 6*minute), "at least 6 min", ""},
		{"it is not over", down(14*minute, 100*minute), "at least 6 min", ""},
		{"nobody saw a part of it", lost(down(4*minute, 10*minute), 6*minute, 12*minute), "at least 2 min", "6 min"},
		{"nobody saw whether there was one", lost(down(0, 0), 6*minute, 12*minute), "", "6 min"},
		{"the observer slept", asleep(down(4*minute, 10*minute), 6*minute, 12*minute), "at least 2 min", "6 min"},
		{"a recording was interrupted", played(down(4*minute, 10*minute), 6*minute, 12*minute), "at least 2 min", "6 min"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			timeline, s := fed(20*minute, tt.at)
			r := made(timeline, s)
			if len(r.services) != 1 || r.services[0].name != "GUI" {
				t.Fatalf("services: %+v", r.services)
			}
			if felt := r.services[0]; felt.down != tt.down || felt.unseen != tt.unseen {
				t.Errorf("down %q, not observed %q; want %q, %q", felt.down, felt.unseen, tt.down, tt.unseen)
			}
			if tt.down != "" && !strings.Contains(written(t, r, HTML), "down <b>"+tt.down+"</b>") {
				t.Error("the page does not say so")
			}
			if tt.down != "" && !strings.Contains(written(t, r, Markdown), "| GUI | ") {
				t.Error("the summary does not say so")
			}
		})
	}
}

// The sum of what is drawn is the time that was observed, for every row.
func TestNoTimeIsLost(t *testing.T) {
	timeline, _ := fed(30*minute, func(d time.Duration) verdict.Snapshot { return shot(d, int(d.Seconds())%7 < 3) })
	for _, r := range timeline.rows {
		var sum time.Duration
		for s := range r.totals {
			sum += r.took(s, timeline.last)
		}
		if _, counted := r.totals[r.now()]; !counted {
			sum += r.took(r.now(), timeline.last)
		}
		if sum != 30*minute {
			t.Errorf("%s: %s in all states, want 30m", r.name, sum)
		}
		if len(r.spans) > mostSpans {
			t.Errorf("%s has %d spans", r.name, len(r.spans))
		}
	}
	for _, l := range timeline.chart().lanes {
		if len(l.spans) > mostStretches {
			t.Errorf("%s is drawn in %d parts", l.name, len(l.spans))
		}
		for i, s := range l.spans {
			if i > 0 && !s.from.Equal(l.spans[i-1].to) || i == 0 && !s.from.Equal(begin) {
				t.Errorf("%s: nothing is drawn before %s", l.name, s.from)
			}
		}
	}
}

// What could not be read is not gone, and was not absent before.
func TestWhatIsNotReadIsNotObserved(t *testing.T) {
	const third = 10 * time.Second
	gap := readiness.Gap{Kind: "StrimziPodSet", Reason: readiness.Forbidden, Err: errors.New("forbidden")}
	tests := []struct {
		name   string
		change func(*verdict.Snapshot, time.Duration)
		key    key
		want   []string // the words of its states
	}{
		{"PUM is silent in the middle", func(s *verdict.Snapshot, d time.Duration) {
			if d >= third && d < 2*third {
				s.Answer, s.AnswerErr = nil, pum.ErrNoAnswer
			}
		}, key{groupEntries, "4"}, []string{"PROCESSED", "not observed", "PROCESSED"}},
		{"PUM answers late", func(s *verdict.Snapshot, d time.Duration) {
			if d < third {
				s.Answer, s.AnswerErr = nil, pum.ErrNoAnswer
			}
		}, key{groupEntries, "4"}, []string{"not observed", "PROCESSED"}},
		{"an entry is added", func(s *verdict.Snapshot, d time.Duration) {
			if d < third {
				s.Answer.Entries = nil
			}
		}, key{groupEntries, "4"}, []string{"not there yet", "PROCESSED"}},
		{"a workload is deleted", func(s *verdict.Snapshot, d time.Duration) {
			if d >= third {
				s.Assessment.Workloads = nil
			}
		}, key{groupWorkloads, "Deployment tp-gui"}, []string{"Ready", "gone"}},
		{"and its service cannot be told", func(s *verdict.Snapshot, d time.Duration) {
			if d >= third {
				s.Assessment.Workloads = nil
			}
		}, key{groupServices, "GUI"}, []string{"serving", "without workloads"}},
		{"a kind that may not be read hides no other", func(s *verdict.Snapshot, d time.Duration) {
			s.Assessment.Gaps = []readiness.Gap{gap}
			if d < third {
				s.Assessment.Workloads = nil
			}
		}, key{groupWorkloads, "Deployment tp-gui"}, []string{"not there yet", "Ready"}},
		{"Deployments cannot be read in the middle", func(s *verdict.Snapshot, d time.Duration) {
			if d >= third && d < 2*third {
				s.Assessment = &readiness.Assessment{Gaps: []readiness.Gap{{Kind: "Deployment", Reason: readiness.ReadFailed, Err: errors.New("timeout")}}}
			}
		}, key{groupServices, "GUI"}, []string{"serving", "not observed", "serving"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			timeline, _ := fed(3*third, func(d time.Duration) verdict.Snapshot {
				s := shot(d, true)
				tt.change(&s, d)
				return s
			})
			var have []string
			for _, s := range timeline.byKey[tt.key].spans {
				have = append(have, s.state.word)
			}
			if fmt.Sprint(have) != fmt.Sprint(tt.want) {
				t.Errorf("%q, want %q", have, tt.want)
			}
		})
	}
}

// Failures, restarts of the procedure and a lost connection are marked when they happened.
func TestMarks(t *testing.T) {
	timeline, s := fed(5*minute, func(d time.Duration) verdict.Snapshot {
		s := shot(d, true)
		e := &s.Answer.Entries[0]
		j := readiness.Job{Name: pum.ProcessJob, UID: "first", State: readiness.JobRunning, Attempts: 1}
		switch {
		case d >= 4*minute:
			j = readiness.Job{Name: pum.ProcessJob, UID: "second", State: readiness.JobRunning, Attempts: 1}
			e.State, e.Final = pum.StateInProgress, false
		case d >= 3*minute:
			e.State = pum.StateAborted
		case d >= 2*minute:
			j.Attempts, e.ErrorCounter = 2, new(int64(1))
			e.State, e.Final = pum.StateTransientError, false
		default:
			e.ErrorCounter = new(int64(0))
		}
		if d >= minute && d < minute+5*time.Second {
			s.LostAt = after(minute)
		}
		s.Assessment.Jobs = []readiness.Job{j}
		return s
	})
	var have []string
	for _, m := range timeline.marks {
		have = append(have, fmt.Sprintf("%s %s %s", m.at.Sub(begin), m.kind, m.text))
	}
	want := []string{
		"1m0s lost connection to the API server lost",
		"2m0s failure job pum-process began attempt 2",
		"2m0s failure entry 4 failed: error 1",
		"3m0s failure entry 4 was aborted",
		"4m0s restart the post-upgrade procedure started again",
	}
	if strings.Join(have, "\n") != strings.Join(want, "\n") {
		t.Errorf("have:\n%s\nwant:\n%s", strings.Join(have, "\n"), strings.Join(want, "\n"))
	}
	page := written(t, made(timeline, s), HTML)
	for _, m := range timeline.marks {
		if !strings.Contains(page, m.text) {
			t.Errorf("the page does not say %q", m.text)
		}
	}
}

// Rows that do not fit are drawn as one, as bad as the worst of them at each time.
func TestManyRowsAreOne(t *testing.T) {
	timeline := &Timeline{}
	for d := time.Duration(0); d <= 110*time.Second; d += time.Second {
		s := verdict.Snapshot{ObservedAt: after(d), Assessment: &readiness.Assessment{}}
		for i := range 98 {
			w := readiness.Workload{Kind: "Deployment", Name: fmt.Sprintf("w%02d", i), Want: 1, Ready: 1, State: readiness.Ready}
			switch {
			case int(d.Seconds()) == i+1:
				w.State = readiness.Progressing
			case i == 97 && d > 105*time.Second:
				w.State = readiness.Failed
			}
			s.Assessment.Workloads = append(s.Assessment.Workloads, w)
		}
		timeline.Add(s, verdict.Judge(s))
	}
	lanes := timeline.lanes(groupWorkloads)
	if len(lanes) != mostLanes+1 {
		t.Fatalf("%d lanes", len(lanes))
	}
	rest := lanes[mostLanes]
	words := []string{}
	for _, s := range rest.spans {
		words = append(words, s.state.word)
	}
	if rest.name != "50 more that changed" || fmt.Sprint(words) != "[Ready Progressing Ready Failed]" {
		t.Errorf("%s: %s", rest.name, words)
	}
}

func TestLasting(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", 400 * time.Millisecond: "0 s", 59 * time.Second: "59 s", 6 * minute: "6 min", 6*minute + 5*time.Second: "6 min 5 s",
		42*minute + 40*time.Second: "43 min", 60 * minute: "1 h", 150 * minute: "2 h 30 min", 59*minute + 59*time.Second: "60 min",
	} {
		if have := lasting(d); have != want {
			t.Errorf("%s is %q, want %q", d, have, want)
		}
	}
}
