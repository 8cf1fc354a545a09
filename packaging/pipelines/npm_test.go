// SPDX-License-Identifier: Apache-2.0

package pipelines

import (
	"bytes"
	"encoding/json"
	"errors"
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
	write := func(name string, text []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mistaken := func(text []byte, was, wrong string) []byte {
		t.Helper()
		if !bytes.Contains(text, []byte(was)) {
			t.Fatalf("there is no %q to make a mistake of", was)
		}
		return bytes.Replace(text, []byte(was), []byte(wrong), 1)
	}
	t.Run("gitlab", func(t *testing.T) {
		lint := func(text []byte) ([]byte, error) {
			write(".gitlab-ci.yml", text)
			return run(filepath.Join(dir, "node_modules", ".bin", "gitlab-ci-local"), "--preview")
		}
		text := block(t, "gitlab")
		if out, err := lint(text); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		if out, err := lint(mistaken(text, "max: 1", "max: 7")); err == nil {
			t.Errorf("a mistake passes\n%s", out)
		}
	})
	t.Run("jenkins", func(t *testing.T) {
		text := block(t, "jenkins")
		write("Jenkinsfile", text)
		write("Jenkinsfile-wrong", mistaken(text, "stages {", "stages ("))
		out, err := run(filepath.Join(dir, "node_modules", ".bin", "npm-groovy-lint"), "--noserver", "--failon=none", "--output=json", "Jenkinsfile*")
		var linted struct {
			Files map[string]struct {
				Errors []struct{ Severity, Msg string }
			}
		}
		if err := errors.Join(err, json.Unmarshal(out, &linted)); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		for name, wrong := range map[string]bool{"Jenkinsfile": false, "Jenkinsfile-wrong": true} {
			found := ""
			for _, e := range linted.Files[filepath.Join(dir, name)].Errors {
				if e.Severity == "error" {
					found += e.Msg + "\n"
				}
			}
			if _, ok := linted.Files[filepath.Join(dir, name)]; !ok || (found != "") != wrong {
				t.Errorf("%s, which is wrong: %v, linted: %v\n%s", name, wrong, ok, found)
			}
		}
	})
}
