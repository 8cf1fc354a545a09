// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// make install asks go install alone, which every system has, and obeys GOBIN.
func TestMakeInstallObeysGOBIN(t *testing.T) {
	bin := t.TempDir()
	cmd := exec.Command("make", "-C", "..", "install")
	cmd.Env = append(os.Environ(), "GOBIN="+bin, "MAKEFLAGS=", "MAKELEVEL=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.Command(filepath.Join(bin, "kubectl-tpe"), "version").Output()
	if err != nil || !strings.Contains(string(out), "-dev") {
		t.Errorf("what was installed says %q, error %v", out, err)
	}
}

// The README installs what a release uploads: the manifest on the main branch may be of
// archives that are not there yet.
func TestTheReadmeInstallsWhatAReleaseUploads(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	const manifest = "plugins.yaml"
	if !strings.Contains(string(readme), "/releases/latest/download/"+manifest) || strings.Contains(string(readme), "/main/"+manifest) {
		t.Error("the README does not install the manifest of the newest release")
	}
	workflow, err := os.ReadFile(filepath.Join("..", ".github", "workflows", "release.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(workflow)) {
		if strings.Contains(line, "gh release create") && strings.Contains(line, " "+manifest+" ") {
			return
		}
	}
	t.Error("the release does not upload its manifest")
}
