// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"bytes"
	"errors"
	"os/exec"
	"testing"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
	"github.com/kubectl-tpe/kubectl-tpe/test/recorded"
)

// On a cluster that is played from a recording the plugin says what it said when that was made.
func TestRecordingsArePlayed(t *testing.T) {
	for _, name := range []string{"healthy", "entry-aborted"} {
		t.Run(name, func(t *testing.T) {
			want, err := recorded.Snapshot(name)
			if err != nil {
				t.Fatal(err)
			}
			c, err := FromRecording("../recorded/testdata/"+name+".jsonl", 1)
			if err != nil {
				t.Fatal(err)
			}
			p, err := c.Play(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := p.Close(); err != nil {
					t.Error(err)
				}
			}()
			var out bytes.Buffer
			cmd := exec.Command(plugin, "status", "--kubeconfig="+p.Kubeconfig())
			cmd.Stdout, cmd.Stderr = &out, &out
			err = cmd.Run()
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			if code := cmd.ProcessState.ExitCode(); code != int(verdict.Judge(want).ExitCode) {
				t.Errorf("exit code %d, want %d:\n%s", code, verdict.Judge(want).ExitCode, out.String())
			}
		})
	}
}
