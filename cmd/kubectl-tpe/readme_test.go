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
		if want, err = replaceBetween(want, "table "+topic.Topic, markdownRows(topic)); err != nil {
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

// The README says of speed in sentences what docs/bench.md has in tables. Columns are
// counted from wall, the first one behind where.
func TestReadmeClaimsTheSpeedThatWasMeasured(t *testing.T) {
	const exec, wall, memory = "`kubectl exec deploy/pum -- status` | loopback", 0, 2
	const large = " | 5000 Deployments, 10000 pods"
	claims := between(t, readme, "bench")
	rows := readFile(t, docs+"/bench.md")
	tests := []struct {
		claim    string
		row      string
		column   int
		from, to float64
	}{
		{"`pum status` takes about 40% less time", "`pum status` | " + exec, wall, 0.55, 0.65},
		{"`pum status` takes about 40% less time", "`pum status` | `kubectl exec deploy/pum -- status` | 50ms each way", wall, 0.55, 0.65},
		{"and about half the memory", "`pum status` | " + exec, memory, 0.45, 0.55},
		{"`status` takes about 30% less time", "`status` | " + exec, wall, 0.65, 0.75},
		{"`status` takes about 30% less time and 60% of the memory", "`status` | " + exec, memory, 0.55, 0.65},
		{"`status` takes about a tenth of the time", "`status` | `kubectl get deployments,statefulsets,pods -o=name`" + large, wall, 0.08, 0.12},
		{"`logs` takes 10 to 15% more time", "`logs` | `kubectl logs job/pum-process` | chatty-large", wall, 1.1, 1.15},
		{"`wait` ends about 20 ms after", "`kubectl-tpe wait --for=workloads --timeout=1m`", wall, 19.5, 20.5},
		{"`kubectl rollout status` ends after 7 ms", "`kubectl rollout status deployment/late --timeout=1m`", wall, 6.5, 7.5},
		{"`wait` takes 40% of the memory", "`wait at rest` | `kubectl get deployments --watch --request-timeout=10s`, `kubectl get replicasets --watch --request-timeout=10s`, `kubectl get pods --watch --request-timeout=10s`" + large, memory, 0.35, 0.45},
	}
	for _, tt := range tests {
		if !strings.Contains(claims, tt.claim) {
			t.Errorf("the README does not say %q", tt.claim)
		}
		_, rest, ok := strings.Cut(rows, "\n| "+tt.row+" | ")
		if !ok {
			t.Errorf("bench.md has no row %q", tt.row)
			continue
		}
		var ratio float64
		if _, err := fmt.Sscan(strings.TrimRight(strings.Fields(strings.Split(rest, " | ")[tt.column])[0], ","), &ratio); err != nil {
			t.Error(err)
		}
		if ratio < tt.from || ratio > tt.to {
			t.Errorf("%q: bench.md has %v, want %v to %v", tt.claim, ratio, tt.from, tt.to)
		}
	}
	if lines := strings.Count(claims, "\n"); lines != 6 {
		t.Errorf("the README makes %d claims, want 6: those tested here", lines)
	}
}

// What the README says of faults stands in docs/faults.md, which make faults writes.
func TestReadmeClaimsTheFaultsThatWereSurvived(t *testing.T) {
	survived, claims := readFile(t, docs+"/faults.md"), between(t, readme, "faults")
	if len(claims) < 100 {
		t.Errorf("the README claims nothing but %q", claims)
	}
	for line := range strings.Lines(claims) {
		if !strings.Contains(survived, "\n"+line) {
			t.Errorf("faults.md has no line %q", line)
		}
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// between returns what stands in a file between the comments of a name.
func between(t *testing.T, file, name string) string {
	t.Helper()
	_, rest, ok := strings.Cut(readFile(t, file), "<!-- "+name+" -->\n")
	text, _, closed := strings.Cut(rest, "<!-- end -->\n")
	if !ok || !closed {
		t.Fatalf("%s has no place for %q", file, name)
	}
	return text
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

// Every block in the documentation is run by somebody, and the comment before it says
// by whom:
//
//	<!-- recorded NAME -->  here, beside what was recorded in the lab; UPDATE=1 rewrites it
//	<!-- lab SCRIPT -->     by a script of test/lab/e2e, which reads the same block
//	<!-- demo -->           by TestDemo of test/sim/cmd/sim, which reads the same block
//	<!-- make -->           by those who call make; its targets are there
//	<!-- role -->           by TestDocumentedRights
//	<!-- pipeline NAME -->  by TestPipelines of this package and of test/sim, which read the same block
//	<!-- not run: WHY -->   by nobody
func TestDocumentedBlocks(t *testing.T) {
	block := regexp.MustCompile("(?m)(?:^<!-- (.*) -->\n)?^```.*\n(?s:(.*?))^```\n")
	dir := sessionDir(t)
	files, err := filepath.Glob(docs + "/*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d documents: %v", len(files), err)
	}
	for _, file := range append(files, readme, "../../CHANGELOG.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(string(text), "```") != 2*len(block.FindAll(text, -1)) {
			t.Errorf("%s: not every ``` begins or ends a block", file)
		}
		got := block.ReplaceAllStringFunc(string(text), func(all string) string {
			parts := block.FindStringSubmatch(all)
			switch by, which, _ := strings.Cut(parts[1], " "); by {
			case "recorded":
				return strings.Replace(all, parts[2], replaySession(t, dir, which, parts[2]), 1)
			case "lab":
				wantScript(t, which, file)
			case "make":
				wantTargets(t, parts[2])
			case "demo", "role", "pipeline", "not":
			default:
				t.Errorf("%s: nothing says who runs this:\n%s", file, all)
			}
			return all
		})
		if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(string(text), got); diff != "" {
			t.Errorf("%s (-written +real); make golden rewrites it:\n%s", file, diff)
		}
	}
}

// wantScript wants that a script of the lab runs what a document says it does.
func wantScript(t *testing.T, name, file string) {
	t.Helper()
	text, err := os.ReadFile("../../test/lab/e2e/testdata/scripts/" + name + ".txtar")
	if err != nil {
		t.Fatal(err)
	}
	document := "$DOCS/" + filepath.Base(file)
	if file == readme {
		document = "$README"
	}
	if !strings.Contains(string(text), "\ndocumented "+document+"\n") {
		t.Errorf("the script %s does not run the commands of %s", name, file)
	}
}

// wantTargets wants that what is made can be.
func wantTargets(t *testing.T, block string) {
	t.Helper()
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(block) {
		words := strings.Fields(line)
		if len(words) < 2 || words[0] != "make" || !strings.Contains(string(makefile), "\n"+words[1]+":") {
			t.Errorf("the Makefile has no target for %q", line)
		}
	}
}

// Every command and flag that the documentation and the explanations name is there.
func TestDocumentedCommandsExist(t *testing.T) {
	mention := regexp.MustCompile("kubectl tpe( [^`\n|>#;(&\"\\]]*)")
	files := []string{readme, "../../CHANGELOG.md", "../../CONTRIBUTING.md", "../../SECURITY.md", "../../pkg/verdict/explain.yaml"}
	for _, pattern := range []string{docs + "/*.md", docs + "/commands/*.md"} {
		more, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, more...)
	}
	n := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(file) == "faults.md" { // the last column is what was seen
			text = regexp.MustCompile(`(?m)\| [^|\n]* \|$`).ReplaceAll(text, nil)
		}
		for _, m := range mention.FindAllStringSubmatch(string(text), -1) {
			n++
			var words []string
			for _, word := range strings.Fields(m[1]) {
				if word = strings.TrimRight(word, ".,:'"); word != strings.ToUpper(word) && word != "[flags" { // something to fill in
					words = append(words, word)
				}
			}
			if err := exists(words); err != nil {
				t.Errorf("%s: %s: %v", file, m[0], err)
			}
		}
	}
	if n < 100 {
		t.Errorf("%d commands found", n)
	}
}

// exists looks for a command and its flags, whatever their values.
func exists(words []string) error {
	cmd, args, err := newRootCmd(&app{}).Find(words)
	if err != nil {
		return err
	}
	if cmd.HasSubCommands() && len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		return fmt.Errorf("there is no command %s", args[0])
	}
	for _, word := range words {
		name, _, _ := strings.Cut(strings.TrimLeft(word, "-"), "=")
		switch {
		case !strings.HasPrefix(word, "-"):
		case strings.HasPrefix(word, "--"):
			if cmd.Flag(name) == nil && name != "help" {
				return fmt.Errorf("there is no flag %s", word)
			}
		case cmd.Flags().ShorthandLookup(name[:1]) == nil && cmd.InheritedFlags().ShorthandLookup(name[:1]) == nil:
			return fmt.Errorf("there is no flag %s", word)
		}
	}
	return nil
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

// markdownRows writes a topic as the rows of a table of Markdown.
func markdownRows(t verdict.Topic) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| %s | |\n|---|---|\n", t.Topic)
	for _, e := range t.Explanations {
		means := e.Brief
		if e.Name != "" {
			means = e.Name + ": " + means
		}
		fmt.Fprintf(&b, "| %s | %s |\n", e.Word, means)
	}
	return b.String()
}
