// SPDX-License-Identifier: Apache-2.0

//go:build linux

package bench

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/build"
	"github.com/kubectl-tpe/kubectl-tpe/test/lab/node"
	"github.com/kubectl-tpe/kubectl-tpe/test/lab/tpe"
)

// TestRun is the whole bench in its smallest form. What it measures on a machine
// that does other things says nothing; that each side of each contest ends as it
// should, and is measured, is what the test wants.
func TestRun(t *testing.T) {
	lab, plugin := newLab(t), t.TempDir()
	if err := lab.Compile(t.Context(), "../../cmd/kubectl-tpe", filepath.Join(plugin, "kubectl-tpe")); err != nil {
		t.Fatal(err)
	}
	report, err := Run(t.Context(), lab, plugin, Options{
		Runs: 1, Latencies: 1, Sizes: []int{3}, Rest: 2 * time.Second, Set: tpe.SetPUM, Chatty: "chatty", Log: t.Output(),
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := 2*len(asking("")) + len(following("", "")) + len(listing("", 0)); len(report.Rows) != want {
		t.Errorf("%d rows, want %d", len(report.Rows), want)
	}
	for _, row := range report.Rows {
		asked := row.OursCost.Requests > 0 && row.TheirsCost.Requests > 0
		floored := row.FloorRatio.Wall > 0 && row.FloorRatio.CPU > 0 && row.FloorRatio.Memory > 0
		if row.Wall <= 0 || row.CPU <= 0 || row.Memory <= 0 || asked == (row.Kind == Offline) || floored != (row.Floor != nil) {
			t.Errorf("%s, %s: not all was measured: %+v", row.Name, row.Place, row)
		}
	}
	if want := len(waiting("")); len(report.Latencies) != want {
		t.Errorf("%d latencies, want %d", len(report.Latencies), want)
	}
	if report.Listed.Memory <= 0 {
		t.Error("the least that lists is not measured")
	}
	var table bytes.Buffer
	if err := report.Write(&table); err != nil {
		t.Fatal(err)
	}
	if lines, want := strings.Count(table.String(), "\n| "), len(report.Rows)+len(report.Latencies)+2; lines != want {
		t.Errorf("%d lines of tables, want %d:\n%s", lines, want, &table)
	}
}

func TestReplace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bench.md")
	if err := os.WriteFile(file, []byte("before\n<!-- bench -->\nold\n<!-- end -->\nafter\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	rows := []Row{{Contest: Contest{Name: "status", Aim: Ratio{Wall: 0.7}}, Place: "here", Ratio: Ratio{Wall: 0.75}, FloorRatio: Ratio{Wall: 0.71}}}
	if err := (Report{Rows: rows}).Replace(file); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"before\n<!-- bench -->\n", "| 0.75 (0s), floor 0.71, aim 0.70 |", "- `status`, here: wall 0.75 instead of 0.70 (floor 0.71)\n<!-- end -->\nafter\n"} {
		if !strings.Contains(string(got), want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(string(got), "old") {
		t.Errorf("what was there is still there:\n%s", got)
	}
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := (Report{}).Replace(file); err == nil {
		t.Error("a file without a place for the tables is no error")
	}
}

func newLab(t *testing.T) *node.Node {
	t.Helper()
	builder, err := build.New(t.Output())
	if err != nil {
		t.Fatal(err)
	}
	n, err := node.New("test-bench", "", builder, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Down(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	if err := n.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	return n
}
