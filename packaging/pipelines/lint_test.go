// SPDX-License-Identifier: Apache-2.0

// Package pipelines lints workflows of GitHub: those of this repository, and the one in
// docs/pipelines.md. It is a module of its own for the sake of the linter.
package pipelines

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/rhysd/actionlint"
)

// workflows returns the text of each workflow, by where it is from.
func workflows(t *testing.T) map[string][]byte {
	t.Helper()
	text, err := os.ReadFile("../../docs/pipelines.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)<!-- pipeline github -->\n```yaml\n(.*?)```\n").FindSubmatch(text)
	if block == nil {
		t.Fatal("docs/pipelines.md has no workflow")
	}
	all := map[string][]byte{"docs/pipelines.md": block[1]}
	files, err := filepath.Glob("../../.github/workflows/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d workflows: %v", len(files), err)
	}
	for _, file := range files {
		if all[file], err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestWorkflows(t *testing.T) {
	for from, text := range workflows(t) {
		if problems := lint(t, text); len(problems) > 0 {
			t.Errorf("%s: %v", from, problems)
		}
	}
}

// A tag can be moved to other code: every action is named by its digest.
func TestActionsArePinned(t *testing.T) {
	uses, digest := regexp.MustCompile(`(?m)^\s*(?:- )?uses:\s*(\S+)`), regexp.MustCompile(`@[0-9a-f]{40}$`)
	for from, text := range workflows(t) {
		for _, action := range uses.FindAllSubmatch(text, -1) {
			if !digest.Match(action[1]) {
				t.Errorf("%s: %s is not pinned by a digest", from, action[1])
			}
		}
	}
}

// The linter sees what is wrong.
func TestWrongWorkflow(t *testing.T) {
	if len(lint(t, []byte("on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    timeout: 5\n    steps:\n    - run: true\n"))) == 0 {
		t.Error("timeout is no key of a job, and nobody noticed")
	}
}

func lint(t *testing.T, text []byte) []*actionlint.Error {
	t.Helper()
	linter, err := actionlint.NewLinter(io.Discard, &actionlint.LinterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	problems, err := linter.Lint("workflow.yaml", text, nil)
	if err != nil {
		t.Fatal(err)
	}
	return problems
}
