// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

const readme = "../../README.md"

// The tables of the documentation are those of explain. They stand between two
// comments, and UPDATE=1 rewrites them.
func TestDocumentedTables(t *testing.T) {
	topics, err := verdict.Topics()
	if err != nil {
		t.Fatal(err)
	}
	tabulate(t, readme, topics[:1])
	tabulate(t, "../../docs/findings.md", topics[1:])
}

func tabulate(t *testing.T, file string, topics []verdict.Topic) {
	t.Helper()
	text, err := os.ReadFile(file)
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
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("%s (-want +got); make golden rewrites it:\n%s", file, diff)
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

// The terminal sessions in the documentation are run: a comment before each
// names what was recorded in the lab, and the plugin shows it again. UPDATE=1
// rewrites them. Only a wait cannot be had so; such a session says where it is
// from.
func TestDocumentedSessions(t *testing.T) {
	session := regexp.MustCompile("(<!-- [^\n]* -->\n)?```\n\\$ kubectl tpe [^`]*```\n")
	replayed := regexp.MustCompile("^<!-- recorded ([a-z0-9.-]+) -->\n")
	dir := sessionDir(t)
	for _, file := range []string{readme, "../../CHANGELOG.md", "../../docs/screens.md", "../../docs/json.md", "../../docs/troubleshooting.md"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		got := session.ReplaceAllStringFunc(string(text), func(block string) string {
			n++
			if strings.HasPrefix(block, "<!-- from make demo -->\n") {
				return block
			}
			name := replayed.FindStringSubmatch(block)
			if name == nil {
				t.Errorf("%s: nothing says where this is from:\n%s", file, block)
				return block
			}
			return name[0] + "```\n" + replaySession(t, dir, name[1], block) + "```\n"
		})
		if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if n == 0 || strings.Count(string(text), "\n$ kubectl tpe ") < n {
			t.Errorf("%s: %d sessions found", file, n)
		}
		if diff := cmp.Diff(string(text), got); diff != "" {
			t.Errorf("%s (-written +real); make golden rewrites it:\n%s", file, diff)
		}
	}
}

// sessionDir makes a folder in which sessions run: with a kubectl that knows
// one plugin, a kubeconfig, and PUM's output saved before.
func sessionDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	sample, err := os.ReadFile("../../pkg/pum/testdata/documented/doc.inspect.flush.txt")
	if err != nil {
		t.Fatal(err)
	}
	const config = `{apiVersion: v1, kind: Config, current-context: lab, contexts: [{name: lab, context: {cluster: lab}}],
  clusters: [{name: lab, cluster: {server: "http://127.0.0.1:1"}}]}`
	for name, text := range map[string]string{
		"kubectl": "#!/bin/sh\nshift\nexec kubectl-tpe \"$@\"\n", "config": config, "pum-status.txt": string(sample),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// replaySession runs the commands of a session and returns it as it would be.
func replaySession(t *testing.T, dir, name, block string) string {
	t.Helper()
	var b strings.Builder
	for line := range strings.Lines(block) {
		command, ok := strings.CutPrefix(line, "$ ")
		if !ok {
			continue
		}
		sh := exec.Command("sh", "-c", command)
		sh.Dir = dir
		sh.Env = append(os.Environ(), "RECORDED="+name, "KUBECONFIG="+filepath.Join(dir, "config"),
			"PATH="+dir+string(os.PathListSeparator)+os.Getenv("PATH"))
		out, err := sh.CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		b.WriteString(line)
		b.Write(out)
		if code := sh.ProcessState.ExitCode(); code != 0 {
			fmt.Fprintf(&b, "(exit code %d)\n", code)
		}
	}
	return b.String()
}
