// SPDX-License-Identifier: Apache-2.0

package pipelines

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// GitLab's own schema, which gitlab-ci-local has, takes the block for GitLab, and Groovy parses the
// one for Jenkins. Neither takes one with a mistake.
func TestOtherPipelines(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("linters")); err != nil {
		t.Fatal(err)
	}
	run := func(name string, args ...string) ([]byte, error) {
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Dir = dir
		return cmd.CombinedOutput()
	}
	must := func(name string, args ...string) {
		t.Helper()
		if out, err := run(name, args...); err != nil {
			t.Fatalf("%s %q: %v\n%s", name, args, err, out)
		}
	}
	must("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	must("git", "init", "--quiet")
	must("git", "remote", "add", "origin", "https://gitlab.invalid/a/b.git") // gitlab-ci-local wants one, and does not ask it
	for system, tt := range map[string]struct {
		file       string
		was, wrong string // a mistake that must be noticed
		lint       []string
	}{
		"gitlab":  {".gitlab-ci.yml", "max: 1", "max: 7", []string{"gitlab-ci-local", "--preview"}},
		"jenkins": {"Jenkinsfile", "stages {", "stages (", []string{"npm-groovy-lint", "--noserver", "--failon=error", "Jenkinsfile"}},
	} {
		t.Run(system, func(t *testing.T) {
			lint := func(text []byte) ([]byte, error) {
				if err := os.WriteFile(filepath.Join(dir, tt.file), text, 0o600); err != nil {
					t.Fatal(err)
				}
				return run(filepath.Join(dir, "node_modules", ".bin", tt.lint[0]), tt.lint[1:]...)
			}
			text := block(t, system)
			if out, err := lint(text); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
			mistake := bytes.Replace(text, []byte(tt.was), []byte(tt.wrong), 1)
			if out, err := lint(mistake); err == nil || bytes.Equal(mistake, text) {
				t.Errorf("%q passes\n%s", tt.wrong, out)
			}
		})
	}
}
