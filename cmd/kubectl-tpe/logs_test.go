// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/joblogs"
)

// The command that goes on has the flags of the one that was interrupted, and
// is read as it was written.
func TestResumeKeepsTheFlags(t *testing.T) {
	begun := time.Date(2026, 1, 31, 10, 0, 0, 0, time.UTC)
	shown := []joblogs.Position{{Pod: "p", Container: "c", Restart: 2, Time: begun.Add(time.Nanosecond), Lines: 3, Latest: begun.Add(5)}}
	const after = " --after=p/c/2@2026-01-31T10:00:00.000000001Z+3+4"
	tests := []struct {
		args     []string
		attempts string
		want     string
	}{
		{nil, "all", ""},
		{[]string{"-f", "-c", "c", "-o", "json"}, "all", "-f -c c -o json"},
		{[]string{"-p", "--timestamps", "--tail=0"}, "4", "--attempt=4 --tail=0 --timestamps"},
		{[]string{"--attempt=last", "-f", "--timeout=5m"}, "all", "-f --timeout=5m0s"},
		{[]string{"--since=10m", "--job=twa-x"}, "all", "--since-time=2026-01-31T09:50:00Z --job=twa-x"},
		{[]string{"--since-time=2026-01-31T09:00:00.5Z"}, "all", "--since-time=2026-01-31T09:00:00.5Z"},
	}
	for _, tt := range tests {
		var f logsFlags
		cmd := &cobra.Command{}
		f.add(cmd)
		if err := cmd.ParseFlags(tt.args); err != nil {
			t.Fatal(err)
		}
		if err := f.check(); err != nil {
			t.Fatal(err)
		}
		want := tt.want + after
		if tt.want == "" {
			want = after[1:]
		}
		if got := f.resume(tt.attempts, shown, begun); got != want {
			t.Errorf("%q go on with %q, want %q", tt.args, got, want)
		}
	}
	var f logsFlags
	cmd := &cobra.Command{}
	f.add(cmd)
	if err := cmd.ParseFlags([]string{after[1:]}); err != nil || f.check() != nil || len(f.After) != 1 || f.After[0] != shown[0] {
		t.Errorf("%s is read as %+v, error %v", after, f.After, err)
	}
}
