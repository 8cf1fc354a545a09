// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/command"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
	"github.com/kubectl-tpe/kubectl-tpe/schema/schematest"
)

// listed makes a list of installations at places, each in one of some states.
func listed(places []Place, states ...string) *StatusList {
	workload := func(state readiness.State, ready int32) verdict.Snapshot {
		w := readiness.Workload{Kind: "Deployment", Name: "twa", Want: 2, Ready: ready, Updated: 2, State: state, Reason: "starting"}
		answer := list(pum.Entry{UID: 1, State: pum.StateProcessed, Final: true})
		return verdict.Snapshot{ObservedAt: now, Assessment: &readiness.Assessment{Workloads: []readiness.Workload{w}}, Answer: answer}
	}
	var docs []*Status
	var wheres []command.Where
	for i, place := range places {
		where := command.Where{Namespace: place.Namespace, Context: place.Context}
		s := verdict.Snapshot{ObservedAt: now}
		var v verdict.Verdict
		switch states[i] {
		case "done":
			s = workload(readiness.Ready, 2)
			v = verdict.Judge(s)
		case "pending":
			s = workload(readiness.Progressing, 1)
			v = verdict.Judge(s)
		case "failed":
			s = workload(readiness.Failed, 0)
			v = verdict.Judge(s)
		case "unusable":
			v = verdict.ContextUnusable(where, errors.New("no such user"))
		case "unheard":
			v = verdict.NotHeardYet()
		}
		docs = append(docs, NewStatus(place, s, v))
		wheres = append(wheres, where)
	}
	return NewStatusList(now, docs, wheres)
}

func screenOf(t *testing.T, l *StatusList, f *Format, v View) string {
	t.Helper()
	return string(render(l, f, v))
}

// The list says each installation in a line, the gravest verdict first, and leaves out what
// is the same for all.
func TestStatusListScreen(t *testing.T) {
	clusters := []Place{{Context: "eu", Namespace: "tpe"}, {Context: "us", Namespace: "tpe"}, {Context: "ap", Namespace: "tpe"}, {Context: "gone", Namespace: "tpe"}}
	got := screenOf(t, listed(clusters, "done", "failed", "pending", "unusable"), &Format{}, View{Now: now})
	want := `ThingPark Enterprise, 4 installations   namespace tpe

UNKNOWN  1 failed, 1 unknown, 1 pending, 1 done

VERDICT  CONTEXT  RELEASE  WORKLOADS  ENTRIES  WHY
DONE     eu       -        1/1        1/1      -
FAILED   us       -        0/1        1/1      Deployment twa will not become ready by itself
PENDING  ap       -        0/1        1/1      waiting for deployment/twa
UNKNOWN  gone     -        -          -        this context cannot be used: no such user

NEXT
kubectl tpe status -n tpe --context=us
kubectl tpe status -n tpe --context=gone
kubectl tpe status -n tpe --context=ap
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	got = screenOf(t, listed([]Place{{Context: "eu", Namespace: "a"}, {Context: "eu", Namespace: "b"}}, "done", "done"), &Format{}, View{Now: now})
	want = `ThingPark Enterprise, 2 installations   context eu

DONE     2 done

VERDICT  NAMESPACE  RELEASE  WORKLOADS  ENTRIES  WHY
DONE     a          -        1/1        1/1      -
DONE     b          -        1/1        1/1      -
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("of one context (-want +got):\n%s", diff)
	}
	wide := screenOf(t, listed(clusters[:2], "done", "failed"), &Format{name: "wide"}, View{Now: now})
	for _, says := range []string{"FINDINGS of us\n", "TPE101", " CODE "} {
		if !strings.Contains(wide, says) {
			t.Errorf("wide does not say %q:\n%s", says, wide)
		}
	}
}

// A list of many that is redrawn fits the screen, with the verdict, a command, and those that
// are not well; what is left out is counted.
func TestManyInstallationsFit(t *testing.T) {
	const many = 100
	var places []Place
	var states []string
	for i := range many {
		places = append(places, Place{Context: fmt.Sprintf("cluster-of-a-customer-with-a-long-name-%03d", i), Namespace: "thingpark-enterprise"})
		states = append(states, "done")
	}
	states[97], states[98], states[99] = "pending", "unusable", "failed"
	for _, size := range [][2]int{{60, 15}, {80, 24}, {100, 30}, {200, 50}} {
		for _, note := range []string{"", "6m of 30m; safe to interrupt"} {
			l := listed(places, states...)
			l.note = note
			text := redrawn(l, &Format{}, View{Now: now, Width: size[0], Height: size[1], Terminal: true, Redraw: true, Continue: `\`})
			lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
			if len(lines) >= size[1] {
				t.Errorf("%v: %d lines", size, len(lines))
			}
			shown := 0
			for _, line := range lines {
				if width(line) > size[0] {
					t.Errorf("%v: wraps: %q", size, line)
				}
				if strings.HasPrefix(line, "DONE     cluster") || strings.HasPrefix(line, "DONE     eu") {
					shown++
				}
			}
			for _, says := range []string{"UNKNOWN  1 failed, 1 unknown, 1 pending, 97 done", "\nFAILED   c", "\nUNKNOWN  c", "\nPENDING  c", "\nNEXT\n", "-099", note, fmt.Sprintf("not shown: %d installations", 97-shown)} {
				if !strings.Contains(text, says) {
					t.Errorf("%v: does not say %q:\n%s", size, says, text)
				}
			}
		}
	}
}

// A list that is interrupted says the same verdict, and one that cannot be reached says so first.
func TestStatusListWords(t *testing.T) {
	h := Head{Judged: Judged{Outcome: verdict.OutcomeUnknown, ExitCode: verdict.ExitForbidden}, Findings: []verdict.Finding{
		{Code: verdict.CodeForbidden, Level: verdict.LevelError, Summary: "entries unknown"},
	}}
	l := NewStatusList(now, []*Status{{Head: h}}, make([]command.Where, 1))
	for _, l := range []*StatusList{l, l.Interrupted()} {
		if got := screenOf(t, l, &Format{}, View{Now: now}); !strings.Contains(got, "\nFORBIDDEN  1 forbidden\n") {
			t.Errorf("exit code %d:\n%s", l.ExitCode, got)
		}
	}
	h.ExitCode, h.Findings = verdict.ExitError, []verdict.Finding{
		{Code: verdict.CodeUnreachable, Level: verdict.LevelError, Summary: "workloads unknown", Detail: "list pods: connection refused"},
	}
	if got, want := (&Status{Head: h}).Why(), "API server unreachable: list pods: connection refused"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// What decides is the exit code's order; none is better than the gravest, nor is one that was
// interrupted.
func TestStatusListVerdict(t *testing.T) {
	two := []Place{{Context: "eu", Namespace: "tpe"}, {Context: "us", Namespace: "tpe"}}
	tests := []struct {
		states  []string
		code    verdict.ExitCode
		outcome verdict.Outcome
	}{
		{[]string{"done", "done"}, 0, verdict.OutcomeDone},
		{[]string{"done", "pending"}, 8, verdict.OutcomePending},
		{[]string{"pending", "failed"}, 3, verdict.OutcomeFailed},
		{[]string{"failed", "unusable"}, 1, verdict.OutcomeUnknown},
		{[]string{"done", "unheard"}, 8, verdict.OutcomeUnknown},
	}
	for _, tt := range tests {
		for range 2 {
			l := listed(two, tt.states...)
			if l.ExitCode != tt.code || l.Outcome != tt.outcome {
				t.Errorf("%s: %d, %s", tt.states, l.ExitCode, l.Outcome)
			}
			if i := l.Interrupted(); i.ExitCode != verdict.ExitInterrupted || i.Outcome != tt.outcome {
				t.Errorf("%s interrupted: %d, %s", tt.states, i.ExitCode, i.Outcome)
			}
			tt.states[0], tt.states[1] = tt.states[1], tt.states[0]
		}
	}
}

// Names in each format, and a document of the published schema.
func TestStatusListFormats(t *testing.T) {
	l := listed([]Place{{Context: "eu", Namespace: "a"}, {Context: "us", Namespace: "b"}, {Context: "", Namespace: ""}}, "done", "unheard", "unusable")
	if diff := cmp.Diff([]string{"installation/eu/a", "installation/us/b", "installation/-/-"}, l.names()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	var b bytes.Buffer
	if err := Write(&b, &Format{name: "json"}, l, View{}); err != nil {
		t.Fatal(err)
	}
	if err := schematest.Validate(b.Bytes()); err != nil {
		t.Error(err)
	}
	var labels []string
	for i := range l.Items {
		labels = append(labels, l.Label(i))
	}
	if diff := cmp.Diff([]string{"eu/a", "us/b", "-"}, labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
}

// Off a terminal each change is a line behind the name of its installation, and a minute is
// never silent.
func TestListProgress(t *testing.T) {
	two := []Place{{Context: "eu", Namespace: "tpe"}, {Context: "us\x1b[31m", Namespace: "tpe"}}
	var b bytes.Buffer
	p := NewListProgress(&b)
	at := now
	show := func(after time.Duration, states ...string) {
		at = at.Add(after)
		l := listed(two, states...)
		open := l.Open(func(i int) bool { return states[i] == "done" })
		if err := p.Show(l, View{Now: at}, open, Waiting{}); err != nil {
			t.Fatal(err)
		}
	}
	show(0, "pending", "unheard")
	show(time.Second, "pending", "unheard")
	show(time.Second, "done", "unheard")
	show(time.Second, "done", "failed")
	show(2*time.Minute, "done", "failed")
	var got []string
	for line := range strings.Lines(b.String()) {
		got = append(got, strings.TrimSpace(line[len(time.TimeOnly):]))
	}
	want := []string{
		`waiting for 2 of 2 installations: eu, us\x1b[31m`, "eu: pending: waiting for deployment/twa",
		"eu: deployment/twa ready (2/2)", "eu: done: 1 of 1 workloads ready, 1 of 1 entries final",
		`us\x1b[31m: failed: Deployment twa will not become ready by itself`,
		`still waiting for 1 of 2 installations: us\x1b[31m`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
