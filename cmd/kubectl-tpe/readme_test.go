// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

const readme = "../../README.md"

// The tables of the README are those of explain. They stand between two
// comments, and UPDATE=1 rewrites them.
func TestREADMETables(t *testing.T) {
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	topics, err := verdict.Topics()
	if err != nil {
		t.Fatal(err)
	}
	want := string(text)
	for _, topic := range topics {
		if want, err = replaceBetween(want, "table "+topic.Topic, output.Markdown(topic)); err != nil {
			t.Error(err)
		}
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(readme, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("README.md (-want +got); make golden rewrites it:\n%s", diff)
	}
}

// replaceBetween puts text between the comments of a name.
func replaceBetween(all, name, text string) (string, error) {
	begin, end := "<!-- "+name+" -->\n", "<!-- end -->\n"
	before, rest, ok := strings.Cut(all, begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return all, fmt.Errorf("no place for %q: want %s … %s", name, begin, end)
	}
	return before + begin + text + end + after, nil
}

// The exit codes in the help of the plugin are those of explain.
func TestHelpHasEveryExitCode(t *testing.T) {
	topics, err := verdict.Topics()
	if err != nil {
		t.Fatal(err)
	}
	help := newRootCmd(&app{}).Long
	for _, e := range topics[0].Explanations {
		if line := fmt.Sprintf("\n  %-4s %s", e.Word, e.Brief); !strings.Contains(help, line) {
			t.Errorf("the help has no line %q", strings.TrimSpace(line))
		}
	}
}
