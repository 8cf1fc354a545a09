// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package sim

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A wait for several that is interrupted is no better than what it saw last. Windows has no
// signal that a test could send.
func TestInterruptedWaitForInstallations(t *testing.T) {
	t.Parallel()
	rolling, err := Load("cases/pum-rolling.yaml")
	if err != nil {
		t.Fatal(err)
	}
	environment := several(t, map[string]*Case{"done": {}, "stays": rolling})
	cmd := exec.Command(plugin, "wait", "--contexts=done,stays", "-o", "json")
	cmd.Env = environment
	var stdout, stderr bytes.Buffer
	said, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = &stdout, w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	late := time.AfterFunc(30*time.Second, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	for !strings.Contains(stderr.String(), " done: ") || !strings.Contains(stderr.String(), " stays: ") { // until all were heard
		part := make([]byte, 4096)
		n, err := said.Read(part)
		if err != nil {
			t.Fatalf("%v\n%s", err, &stderr)
		}
		stderr.Write(part[:n])
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_, _ = stderr.ReadFrom(said)
	if err := cmd.Wait(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	a := pluginAnswer{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode(), 0}
	want := map[string]int{"done" + Namespace: 0, "stays" + Namespace: 8}
	if diff := cmp.Diff(want, codes(t, a)); diff != "" || a.code != 130 || !strings.Contains(a.stdout, `"outcome": "pending"`) {
		t.Errorf("exit code %d (-want +got):\n%s\n%s%s", a.code, diff, a.stdout, a.stderr)
	}
	if !strings.Contains(a.stderr, "error: interrupted; continue with the same command") {
		t.Error(a.stderr)
	}
}
