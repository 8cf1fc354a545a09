// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A package is measured alone: what is kept of the others stays, and so do the reasons.
func TestMeasuredAlone(t *testing.T) {
	t.Chdir(t.TempDir())
	put := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, pkg := range []string{"one", "other", "third"} {
		put("pkg/"+pkg+"/a.go", "package p\n\n\tif a < b || c > d {\n")
	}
	put(reasonsFile, `"pkg/one/a.go: conditionals boundary: if a «< b || c > d {": "they differ"
"pkg/third/a.go: conditionals boundary: if a «< b || c > d {": "it is not measured yet"`)
	put(resultsDir+"/one.yaml", "day: \"2026-03-01\"\nkilled: 9\nnotCovered: 10\nlived:\n"+
		"- {file: pkg/one/a.go, line: 3, change: conditionals boundary, text: 'if a «< b || c > d {'}\n")
	put("bin/other.json", `{"files": [{"file_name": "a.go", "mutations": [
		{"type": "CONDITIONALS_BOUNDARY", "status": "LIVED", "line": 3, "column": 16}, {"type": "CONDITIONALS_NEGATION", "status": "KILLED", "line": 3, "column": 16},
		{"type": "CONDITIONALS_NEGATION", "status": "TIMED OUT", "line": 3, "column": 7}, {"type": "CONDITIONALS_BOUNDARY", "status": "NOT VIABLE", "line": 3, "column": 7},
		{"type": "CONDITIONALS_BOUNDARY", "status": "NOT COVERED", "line": 3, "column": 7}]}]}`)
	if err := keep("bin/other.json"); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| one | 2026-03-01 | 9 | 1 | 10 | 50.0% | 90.0% |\n", " | 2 | 1 | 1 | 75.0% | 66.7% |\n", "\nNot measured: third.\n",
		"| pkg/one/a.go:3 | conditionals boundary | `if a «< b \\|\\| c > d {` | they differ |\n",
		"| pkg/other/a.go:3 | conditionals boundary | `if a < b \\|\\| c «> d {` | a test is missing |\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("want %q in:\n%s", want, &b)
		}
	}
	put(resultsDir+"/one.yaml", "day: \"2026-03-02\"\nkilled: 10\nnotCovered: 10\nlived: []\n")
	if err := write(&b); err == nil || !strings.Contains(err.Error(), "reasons for what does not live: pkg/one/a.go") {
		t.Errorf("a reason is left: %v", err)
	}
	put("bin/third.json", `{"files": []}`)
	if err := keep("bin/third.json"); err == nil {
		t.Error("a report of nothing is kept")
	}
	put("bin/third.json", `{"files": [{"file_name": "a.go", "mutations": [{"type": "CONDITIONALS_BOUNDARY", "status": "LIVED", "line": 4, "column": 16}]}]}`)
	if err := keep("bin/third.json"); err == nil || !strings.Contains(err.Error(), "it has changed since") {
		t.Errorf("a report of other code: %v", err)
	}
}
