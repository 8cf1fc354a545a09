// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kubectl-tpe/kubectl-tpe/test/sim"
)

// Each command of the demo has its exit code, and the README shows lines of it.
func TestDemo(t *testing.T) {
	plugin, err := sim.BuildPlugin(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", "") // as where there is no kubectl
	t.Setenv("HOME", filepath.Join(t.TempDir(), "none"))
	var out bytes.Buffer
	err = onUpgrade(t.Context(), t.TempDir(), 1, plugin, func(ctx context.Context, e environment) error { return demo(ctx, e, &out) })
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	readme, err := os.ReadFile("../../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, ok := strings.Cut(string(readme), "<!-- demo -->\n```\n")
	block, _, closed := strings.Cut(block, "```\n")
	if !ok || !closed {
		t.Fatal("the README shows nothing of the demo")
	}
	rest := masked(out.String())
	for line := range strings.Lines(masked(block)) {
		if strings.HasPrefix(line, "…") {
			continue
		}
		// On a busy machine a line may say more: that a restart made a new job, beside the entry.
		_, after, found := strings.Cut("\n"+rest, "\n"+strings.TrimSuffix(line, "\n"))
		if !found {
			t.Fatalf("the demo does not show, where the README does, %q:\n%s", line, out.String())
		}
		rest = after
	}
}

// What the shell and the demo say of themselves fits a terminal of 80 columns.
func TestWordsFit(t *testing.T) {
	text := advice(environment{kubectl: "kubectl"}) + opening + "\n"
	for _, s := range scenes() {
		text += "# " + s.why + "\n"
	}
	for line := range strings.Lines(text) {
		if n := len(line) - 1; n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

// masked returns a text without what is otherwise each time: times, ages and made-up names; and
// with the plugin called as in the README.
func masked(text string) string {
	text = strings.ReplaceAll(text, "kubectl-tpe", "kubectl tpe")
	text = regexp.MustCompile(`\d\d:\d\d:\d\d|\b(\d+[hms])+\b`).ReplaceAllString(text, "#")
	return regexp.MustCompile(` +`).ReplaceAllString(text, " ")
}
