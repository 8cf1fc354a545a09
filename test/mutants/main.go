// SPDX-License-Identifier: Apache-2.0

// Mutants keeps what gremlins found in packages, and writes a table of all that is kept, with the
// mutants that no test noticed, for make mutants: go run ./test/mutants REPORT.json... >docs/mutants.md
//
// gremlins (github.com/go-gremlins/gremlins) changes one operator after the other and runs the
// package's unit tests. See gotest for how it runs them.
package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/yaml"
)

// A report is what gremlins writes about one package.
type report struct {
	Files []file `json:"files"`
}

type file struct {
	Name      string     `json:"file_name"`
	Mutations []mutation `json:"mutations"`
}

type mutation struct {
	Type   string `json:"type"`
	Status string `json:"status"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// A result is what is kept of a report: one file for each package, so that one can be measured alone.
type result struct {
	Day        string     `json:"day"` // of the report, in UTC
	Killed     int        `json:"killed"`
	NotCovered int        `json:"notCovered"`
	Lived      []survivor `json:"lived"`
}

// A survivor is a mutant that no test noticed.
type survivor struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Change string `json:"change"`
	Text   string `json:"text"` // the line, with « before the operator
}

// key is what reasons.yaml has the survivor under.
func (s survivor) key() string { return s.File + ": " + s.Change + ": " + s.Text }

const (
	reasonsFile = "test/mutants/reasons.yaml"
	resultsDir  = "test/mutants/results"
)

func main() {
	for _, name := range os.Args[1:] {
		if err := keep(name); err != nil {
			fail(fmt.Errorf("%s: %w", name, err))
		}
	}
	if err := write(os.Stdout); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "mutants:", err)
	os.Exit(1)
}

// keep writes the result of the package that a report is named after.
func keep(name string) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil {
		return err
	}
	pkg := strings.TrimSuffix(filepath.Base(name), ".json")
	kept := result{Day: info.ModTime().UTC().Format(time.DateOnly)}
	slices.SortFunc(r.Files, func(a, b file) int { return cmp.Compare(a.Name, b.Name) })
	for _, f := range r.Files {
		if err := kept.add(path.Join("pkg", pkg, path.Base(f.Name)), f.Mutations); err != nil {
			return err
		}
	}
	if kept.Killed+len(kept.Lived) == 0 {
		return errors.New("no mutant was tried")
	}
	if text, err = yaml.Marshal(kept); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(resultsDir, pkg+".yaml"), text, 0o644)
}

// add counts the mutants of a file, and lists the survivors.
func (r *result) add(name string, mutations []mutation) error {
	source, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	lines := strings.Split(string(source), "\n")
	slices.SortFunc(mutations, func(a, b mutation) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Type, b.Type))
	})
	for _, m := range mutations {
		switch m.Status {
		case "KILLED", "TIMED OUT":
			r.Killed++
		case "NOT COVERED":
			r.NotCovered++
		case "LIVED":
			if m.Line < 1 || m.Line > len(lines) || m.Column < 1 || m.Column > len(lines[m.Line-1]) {
				return fmt.Errorf("%s has no line %d, or no column %d in it: it has changed since", name, m.Line, m.Column)
			}
			line := lines[m.Line-1]
			r.Lived = append(r.Lived, survivor{
				File: name, Line: m.Line, Change: strings.ReplaceAll(strings.ToLower(m.Type), "_", " "),
				Text: strings.TrimSpace(line[:m.Column-1] + "«" + line[m.Column-1:]),
			})
		}
	}
	return nil
}

const intro = `# Mutants

` + "`make mutants`" + ` changes one operator of the product after the other and runs the unit tests of its package, with gremlins.
A change is killed if a test fails, or does not end, two times in a row. It lives if all tests pass. It is not covered if no test runs the line.
The tests run with ` + "`-short`" + `: changes that only slow tests notice are said to live. Changes that do not compile do not count.
Each package stands as it was on the day that it was measured.

| package | measured | killed | lived | not covered | of all, covered | of the covered, killed |
|---|---|---|---|---|---|---|
`

// write writes the table of all results, with the reasons why a survivor is none.
func write(w io.Writer) error {
	text, err := os.ReadFile(reasonsFile)
	if err != nil {
		return err
	}
	t := table{reasons: map[string]string{}, left: map[string]bool{}}
	if err := yaml.UnmarshalStrict(text, &t.reasons); err != nil {
		return fmt.Errorf("%s: %w", reasonsFile, err)
	}
	packages, err := os.ReadDir("pkg")
	if err != nil {
		return err
	}
	for _, p := range packages {
		if !p.IsDir() {
			continue
		}
		if err := t.add(p.Name()); err != nil {
			return err
		}
	}
	if len(t.left) > 0 {
		return fmt.Errorf("%s has reasons for what does not live: %s", reasonsFile, strings.Join(slices.Sorted(maps.Keys(t.left)), "; "))
	}
	_, err = fmt.Fprintf(w, "%s%s\nNot measured: %s.\n\n## What lives\n\nThe operator that is changed stands after «.\n\n| where | change | line | why |\n|---|---|---|---|\n%s", intro, &t.rows, strings.Join(t.others, ", "), &t.survivors)
	return err
}

// A table is what the results say.
type table struct {
	rows, survivors strings.Builder
	reasons         map[string]string // by survivor.key
	left            map[string]bool   // reasons without a survivor, of packages that were measured
	others          []string          // packages without a result
}

// add adds the result of a package, if it has one.
func (t *table) add(pkg string) error {
	name := filepath.Join(resultsDir, pkg+".yaml")
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		t.others = append(t.others, pkg)
		return nil
	}
	if err != nil {
		return err
	}
	var r result
	if err := yaml.UnmarshalStrict(text, &r); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for key := range t.reasons {
		if strings.HasPrefix(key, "pkg/"+pkg+"/") {
			t.left[key] = true
		}
	}
	covered := r.Killed + len(r.Lived)
	fmt.Fprintf(&t.rows, "| %s | %s | %d | %d | %d | %.1f%% | %.1f%% |\n", pkg, r.Day, r.Killed, len(r.Lived), r.NotCovered,
		100*float64(covered)/float64(covered+r.NotCovered), 100*float64(r.Killed)/float64(covered))
	for _, s := range r.Lived {
		why, ok := t.reasons[s.key()]
		if delete(t.left, s.key()); !ok {
			why = "a test is missing"
		}
		fmt.Fprintf(&t.survivors, "| %s:%d | %s | `%s` | %s |\n", s.File, s.Line, s.Change, strings.ReplaceAll(s.Text, "|", `\|`), why)
	}
	return nil
}
