// SPDX-License-Identifier: Apache-2.0

//go:build shells

package shells

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubectl-tpe/kubectl-tpe/test/sim"
)

// What completion powershell prints is PowerShell, and half of it is not.
func TestPowerShellsScriptParses(t *testing.T) {
	dir := t.TempDir()
	plugin, err := sim.BuildPlugin(dir)
	if err != nil {
		t.Fatal(err)
	}
	script, err := exec.CommandContext(t.Context(), plugin, "completion", "powershell").Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, "parser"), os.DirFS("powershell")); err != nil {
		t.Fatal(err)
	}
	install := exec.CommandContext(t.Context(), "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	install.Dir = filepath.Join(dir, "parser")
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("the parser: %v\n%s", err, out)
	}
	parse := func(text string) (string, error) {
		cmd := exec.CommandContext(t.Context(), "node", "parse.js")
		cmd.Dir, cmd.Stdin = install.Dir, strings.NewReader(text)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if said, err := parse(string(script)); err != nil || !strings.HasSuffix(said, " nodes\n") {
		t.Errorf("%v: %s", err, said)
	}
	if said, err := parse(string(script[:len(script)/2])); err == nil {
		t.Errorf("half of it parses: %s", said)
	}
}
