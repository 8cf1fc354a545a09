// SPDX-License-Identifier: Apache-2.0

//go:build linux

package bench

import (
	"bytes"
	"context"
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
		if row.Wall <= 0 || row.CPU <= 0 || row.Memory <= 0 || asked == (row.Kind == Offline) {
			t.Errorf("%s, %s: not all was measured: %+v", row.Name, row.Place, row)
		}
	}
	if want := len(waiting("")); len(report.Latencies) != want {
		t.Errorf("%d latencies, want %d", len(report.Latencies), want)
	}
	var table bytes.Buffer
	if err := report.Write(&table); err != nil {
		t.Fatal(err)
	}
	if lines, want := strings.Count(table.String(), "\n| "), len(report.Rows)+len(report.Latencies)+2; lines != want {
		t.Errorf("%d lines of tables, want %d:\n%s", lines, want, &table)
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
