// SPDX-License-Identifier: Apache-2.0

// Package pipelines lints workflows of GitHub: those of this repository, and the one in
// docs/pipelines.md; and the blocks there for GitLab and Jenkins. It is a module of its own for
// the sake of the linters.
package pipelines

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/rhysd/actionlint"
)

// block returns a block of docs/pipelines.md.
func block(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("../../docs/pipelines.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?s)<!-- pipeline " + name + " -->\n```[a-z]*\n(.*?)```\n").FindSubmatch(text)
	if found == nil {
		t.Fatalf("docs/pipelines.md has no block %q", name)
	}
	return found[1]
}

// workflows returns the text of each workflow, by where it is from.
func workflows(t *testing.T) map[string][]byte {
	t.Helper()
	all := map[string][]byte{"docs/pipelines.md": block(t, "github")}
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
