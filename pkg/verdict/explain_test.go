// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
)

// Every word that answers have is explained, and no other: the constants of
// the source are what there is.
func TestEveryWordIsExplained(t *testing.T) {
	want := map[string][]string{
		"exit code":      constants(t, "exit.go", "ExitCode"),
		"finding":        constants(t, "finding.go", "Code"),
		"entry state":    pum.States(),
		"workload state": constants(t, "../readiness/workload.go", "State"),
		"job state":      constants(t, "../kubejob/job.go", "State"),
		"Helm status": {
			release.StatusDeployed, release.StatusSuperseded, release.StatusFailed,
			release.StatusPendingInstall, release.StatusPendingUpgrade, release.StatusPendingRollback,
			release.StatusUninstalling, release.StatusUninstalled, release.StatusUnknown, release.StatusMissing,
		},
		"state of the releases": constants(t, "../release/consistency.go", "State"),
		"check of preflight":    checks(first(before(t, "7.3.6", "8.0.0", 26).Judge(""))),
		"check of doctor":       checks(healthy().Judge("")),
		"basis of a step":       constants(t, "../output/plan.go", "Basis"),
		"line of progress":      {"bar", "estimate"},
	}
	topics, err := Topics()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, topic := range topics {
		for _, e := range topic.Explanations {
			got[topic.Topic] = append(got[topic.Topic], e.Word)
			if e.Brief == "" || e.Means == "" || len(e.Do) == 0 {
				t.Errorf("%s %s is not explained in full", topic.Topic, e.Word)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("words (-in the source +explained):\n%s", diff)
	}
}

func first(list Checklist, _ []release.Step) Checklist { return list }

// checks returns the names of checks. Of those for each command there is one.
func checks(list Checklist) []string {
	var names []string
	for _, c := range list.Checks {
		name, _, _ := strings.Cut(c.Name, ":")
		names = append(names, name)
	}
	return slices.Compact(names)
}

// Every code is found by some rule, and every finding has a code that is
// explained.
func TestEveryCodeIsFound(t *testing.T) {
	var found []string
	for _, s := range everything() {
		for _, f := range Judge(s).Findings {
			found = append(found, string(f.Code))
		}
	}
	for _, v := range unaskedVerdicts() {
		found = append(found, string(v.Findings[0].Code))
	}
	slices.Sort(found)
	if diff := cmp.Diff(constants(t, "finding.go", "Code"), slices.Compact(found)); diff != "" {
		t.Errorf("codes (-declared +found):\n%s", diff)
	}
}

// A script may look for a code, so a code is never used again for something else: this list
// has every code that there was, with the name of what it stands for. A new code is added. A
// code that is not found any more stays in the list, without its constant: "retired".
func TestCodesAreNeverReused(t *testing.T) {
	data, err := os.ReadFile("testdata/codes.txt")
	if err != nil {
		t.Fatal(err)
	}
	ever, retired := map[string]string{}, map[string]bool{}
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		code, name, _ := strings.Cut(line, " ")
		if ever[code] != "" {
			t.Errorf("two lines for %s", code)
		}
		name, wasRetired := strings.CutSuffix(name, " retired")
		ever[code], retired[code] = name, wasRetired
	}
	for code, name := range names(t, "finding.go", "Code") {
		if ever[code] != name || retired[code] {
			t.Errorf("%s is %s, and testdata/codes.txt has %q (retired: %v); a new meaning needs a new code", code, name, ever[code], retired[code])
		}
		delete(ever, code)
	}
	for code, name := range ever {
		if !retired[code] {
			t.Errorf("%s, %s, is not in the source any more: it is retired", code, name)
		}
	}
}

// names returns the names of a file's constants of a type, by their values.
func names(t *testing.T, file, typ string) map[string]string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	ast.Inspect(parsed, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 {
			if name, ok := spec.Type.(*ast.Ident); ok && name.Name == typ {
				value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
				if err != nil || found[value] != "" {
					t.Errorf("%s is the value of %s and %s: %v", value, found[value], spec.Names[0].Name, err)
				}
				found[value] = spec.Names[0].Name
			}
		}
		return true
	})
	return found
}

// constants returns the values of a file's constants of a type.
func constants(t *testing.T, file, typ string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		if name, ok := spec.Type.(*ast.Ident); ok && name.Name == typ {
			literal := spec.Values[0].(*ast.BasicLit).Value
			if text, err := strconv.Unquote(literal); err == nil {
				literal = text
			}
			values = append(values, literal)
		}
		return true
	})
	if len(values) == 0 {
		t.Fatalf("%s has no constants of type %s", file, typ)
	}
	return values
}

func TestExplain(t *testing.T) {
	tests := []struct {
		word string
		want []string
	}{
		{"TPE111", []string{"finding TPE111"}},
		{" TPE111\t", []string{"finding TPE111"}},
		{"tpe111", []string{"finding TPE111"}},
		{"aborted", []string{"entry state ABORTED"}},
		{"8", []string{"exit code 8"}},
		{"pending", []string{"exit code 8", "job state Pending"}},
		{"superseded", []string{"Helm status superseded"}},
		{"rights: status, wait", []string{"check of preflight rights", "check of doctor rights"}},
		{"", nil},
		{"nosuch", nil},
	}
	for _, tt := range tests {
		topics, err := Explain(tt.word)
		var got []string
		for _, topic := range topics {
			got = append(got, topic.Topic+" "+topic.Explanations[0].Word)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
			t.Errorf("Explain(%q): %v (-want +got):\n%s", tt.word, err, diff)
		}
	}
}
