// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func campaignOf(t *testing.T) []Fault {
	t.Helper()
	all, err := Campaign()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestCampaign(t *testing.T) {
	short := 0
	all := campaignOf(t)
	for _, f := range all {
		if f.Short {
			short++
		}
	}
	if len(all) < 60 || short < 20 {
		t.Errorf("%d faults, %d of them short, want 60 and 20", len(all), short)
	}
}

// The table is that of this campaign, and says that it went well.
func TestTableIsOfThisCampaign(t *testing.T) {
	text, err := os.ReadFile("../../../docs/faults.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range campaignOf(t) {
		if row := "| " + cell(f.Breaks) + " | `" + cell(f.command()) + "` |"; !strings.Contains(string(text), row) {
			t.Errorf("docs/faults.md lacks %s; make faults writes it", f.Name)
		}
	}
	if strings.Contains(string(text), bad) {
		t.Error("docs/faults.md has a fault that did not end as wanted")
	}
}

func TestFaultsThatCouldNotFailAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"[{name: a, group: g, breaks: b, run: r, in: s, exit: [1]}]":                                             "says",
		"[{name: a, group: g, breaks: b, run: r, in: s, says: [x]}]":                                             "exit",
		"[{name: a, group: g, breaks: b, run: r, in: s, exit: [1], says: ['(']}]":                                "missing",
		"[{name: a, group: g, breaks: b, run: r, in: s, exit: [1], says: [x], then: [{signal: INT}]}]":           "waits for nothing",
		"[{name: a, group: g, breaks: b, run: r, in: s, exit: [1], says: [x], exot: 1}]":                         "unknown field",
		"[{name: a, group: g, breaks: b, run: r, script: s}, {name: a, group: g, breaks: b, run: r, script: s}]": "two faults",
	} {
		if _, err := parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("parse(%s): error %v, want one with %q", text, err, want)
		}
	}
}

func TestProblems(t *testing.T) {
	fault := Fault{Run: "kubectl tpe status -n x", Exit: []int{8}, Says: []string{"^PENDING"}}
	fine := Result{Exit: 8, Stdout: []byte("x\nPENDING\n")}
	tests := []struct {
		name   string
		change func(*Fault, *Result)
		want   string // nothing if there is no problem
	}{
		{"as wanted", func(*Fault, *Result) {}, ""},
		{"another exit code", func(_ *Fault, r *Result) { r.Exit = 1 }, "exit code 1, want [8]"},
		{"silence", func(_ *Fault, r *Result) { r.Stdout = nil }, "it does not say ^PENDING"},
		{"too much", func(f *Fault, _ *Result) { f.Never = "x" }, "it says x"},
		{"a hang", func(_ *Fault, r *Result) { r.Hung = true }, "it hangs"},
		{"a restart", func(_ *Fault, r *Result) { r.Restarts = 1 }, "restarted 1 times"},
		{"two restarts, as wanted", func(f *Fault, r *Result) { f.Restarts, r.Restarts = []int{2}, 2 }, "PUM WAS RESTARTED 2 TIMES"},
		{"a panic", func(_ *Fault, r *Result) { r.Stderr = []byte("panic: x\n") }, "IT CRASHED"},
		{"a stack", func(_ *Fault, r *Result) { r.Stderr = []byte("goroutine 1 [running]:\n") }, "IT CRASHED"},
		{"a library's line", func(_ *Fault, r *Result) { r.Stderr = []byte("E1122 20:53:05.123456 reflector.go:166] x\n") }, "library"},
		{"an escape", func(_ *Fault, r *Result) { r.Stderr = []byte("\x1b[2J") }, "escape"},
		{"an escape on a terminal", func(f *Fault, r *Result) { f.Terminal, r.Stderr = true, []byte("\x1b[2J") }, ""},
		{"no cursor", func(f *Fault, r *Result) { f.Terminal, r.Stdout = true, []byte("\nPENDING\x1b[?25h\x1b[?25l") }, "cursor"},
		{"another screen", func(f *Fault, r *Result) { f.Terminal, r.Stdout = true, []byte("\nPENDING\x1b[?1049h") }, "cursor"},
		{"another state of the terminal", func(_ *Fault, r *Result) { r.Changed = true }, "terminal"},
		{"a child", func(_ *Fault, r *Result) { r.Left = []string{"helper"} }, "left behind: helper"},
		{"nothing broken", func(_ *Fault, r *Result) { r.Idle = []string{"/exec"} }, "nothing was broken"},
		{"success that is none", func(f *Fault, r *Result) { f.Exit, r.Exit, r.WorkloadsDone = []int{0}, 0, true }, "FALSE SUCCESS"},
		{"success that is none, of workloads", func(f *Fault, r *Result) { f.Exit, r.Exit, r.EntriesDone = []int{0}, 0, true }, "FALSE SUCCESS"},
		{"success of a recording that is none", func(f *Fault, r *Result) {
			f.Run, f.Exit, r.Exit, r.WorkloadsDone = "kubectl tpe record r.jsonl", []int{0}, 0, true
		}, "FALSE SUCCESS"},
		{"success of a file", func(f *Fault, r *Result) { f.Run, f.Exit, r.Exit = "kubectl tpe wait --from r.jsonl", []int{0}, 0 }, ""},
		{"much memory", func(_ *Fault, r *Result) { r.Memory = 1 << 30 }, "1024 MB of memory"},
		{"a check", func(_ *Fault, r *Result) { r.Unchecked = errors.New("no") }, "afterwards: no"},
		{"success", func(f *Fault, r *Result) { f.Exit, r.Exit, r.EntriesDone, r.WorkloadsDone = []int{0}, 0, true, true }, ""},
		{"success of what was asked for", func(f *Fault, r *Result) {
			f.Run, f.Exit, r.Exit, r.WorkloadsDone = "kubectl tpe wait --for=workloads", []int{0}, 0, true
		}, ""},
		{"a document", func(f *Fault, r *Result) { f.Run, f.Says, r.Stdout = "x -o json", nil, []byte(`{"exitCode": 8}`) }, ""},
		{"a document with another exit code", func(f *Fault, r *Result) { f.Run, f.Says, r.Stdout = "x -o json", nil, []byte(`{"exitCode": 0}`) }, "the document has exit code 0"},
		{"half a document", func(f *Fault, r *Result) { f.Run, f.Says, r.Stdout = "x -o json", nil, []byte(`{"exitCode": `) }, "no JSON"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, r := fault, fine
			tt.change(&f, &r)
			got := strings.Join(f.Problems(r), "\n")
			if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
				t.Errorf("problems %q, want %q", got, tt.want)
			}
		})
	}
}

func TestInterleavingsEndWell(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		m := NewModel()
		changes := Interleaving(random)
		for i, c := range changes {
			for j, w := range m.Workloads {
				if w.Kind == c.After.Kind && w.Name == c.After.Name {
					m.Workloads[j] = c.After
				}
			}
			if i == 0 && c.After.good() {
				t.Fatalf("all is good after the first change: %+v", changes)
			}
		}
		n := 0
		for _, w := range m.Workloads {
			if !w.Exists {
				continue
			}
			if n++; !w.good() {
				t.Fatalf("it does not end well: %+v", changes)
			}
		}
		if n == 0 {
			t.Fatalf("nothing is left: %+v", changes)
		}
	}
}

func TestDifferences(t *testing.T) {
	object := func(revision, ready int64) unstructured.Unstructured {
		return unstructured.Unstructured{Object: map[string]any{
			"kind": "Deployment", "metadata": map[string]any{"name": "w", "generation": int64(1), "resourceVersion": fmt.Sprint(revision)},
			"spec":   map[string]any{"replicas": int64(2)},
			"status": map[string]any{"observedGeneration": int64(1), "replicas": int64(2), "updatedReplicas": int64(2), "readyReplicas": ready, "availableReplicas": ready},
		}}
	}
	all := func(objects ...unstructured.Unstructured) []unstructured.Unstructured { return objects }
	for _, tt := range []struct {
		name      string
		read, now []unstructured.Unstructured
		want      string // nothing if there is no difference
	}{
		{"nothing there", nil, nil, ""},
		{"good, and so it is", all(object(90, 2)), all(object(90, 2)), ""},
		{"it was not good", all(object(90, 1)), all(object(101, 2)), "was not good when it was read"},
		{"good until after it was read", all(object(90, 2)), all(object(101, 1)), ""},
		{"the list was older than it says", all(object(90, 2)), all(object(95, 1)), "is not good since revision 95, and revision 100 was read"},
		{"made before it was read, and not in it", nil, all(object(100, 1)), "is not good since revision 100"},
		{"made after it was read", nil, all(object(101, 1)), ""},
		{"gone since", all(object(90, 2)), nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			read := &unstructured.UnstructuredList{Object: map[string]any{"metadata": map[string]any{"resourceVersion": "100"}}, Items: tt.read}
			got := strings.Join(Differences(read, tt.now), "; ")
			if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
				t.Errorf("differences %q, want %q", got, tt.want)
			}
		})
	}
}

func TestTable(t *testing.T) {
	var s strings.Builder
	fine := Fault{Name: "a", Group: "G", Breaks: "a | b", Run: "kubectl tpe status -n $NS", Exit: []int{5, 8}, Says: []string{"^PENDING"}}
	hung := fine
	hung.Name = "b"
	rows := []Row{
		Outcome{fine, Result{Exit: 8, Stdout: []byte("x\n\x1b[1mPENDING\x1b[0m   all\n")}, nil}.Row(),
		Outcome{hung, Result{Exit: 137, Hung: true}, []string{"it hangs: x"}}.Row(),
	}
	changed := hung
	changed.Exit = []int{1}
	old := Outcome{changed, Result{Exit: 1}, []string{"it hangs: x"}}.Row()
	all, dir := []Fault{fine, hung}, filepath.Join(t.TempDir(), "runs")
	for _, run := range []Run{
		{"v1.9.1", rows, nil}, {"v1.36.2", rows, []string{"a note"}}, {"v1.28.15", []Row{rows[0], old}, []string{"another note"}}, {"v1.37.0", rows[:1], nil},
	} {
		if err := run.Keep(dir); err != nil {
			t.Fatal(err)
		}
	}
	runs, err := Kept(dir, all)
	if err != nil {
		t.Fatal(err)
	}
	if err := (Run{Kubernetes: "v1.28.15", Rows: []Row{{Name: hung.Name, Fault: hung.Sum()}}}).Over(runs).Keep(dir); err != nil {
		t.Fatal(err)
	}
	if runs, err = Kept(dir, all); err != nil {
		t.Fatal(err)
	}
	if err := Write(&s, all, runs); err != nil {
		t.Fatal(err)
	}
	want := `# Faults survived

Written by ` + "`make faults`, from `test/lab/fault/campaign.yaml`" + `.

## On Kubernetes v1.36.2

1 of 2 faults ended as they should: 0 false successes, 0 repeated restarts, 0 crashes, 1 hangs past the deadline.

a note

## On Kubernetes v1.28.15

2 of 2 faults ended as they should: 0 false successes, 0 repeated restarts, 0 crashes, 0 hangs past the deadline. 1 of them were changed or failed, and tried again alone.

another note

## On Kubernetes v1.9.1

1 of 2 faults ended as they should: 0 false successes, 0 repeated restarts, 0 crashes, 1 hangs past the deadline.

## G

| fault | command | wanted | seen on v1.36.2 |
|---|---|---|---|
| a \| b | ` + "`kubectl tpe status`" + ` | 5 or 8 | 8: PENDING all |
| a \| b | ` + "`kubectl tpe status`" + ` | 5 or 8 | NOT AS WANTED: it hangs: x |
`
	if got := s.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
