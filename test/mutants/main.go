// SPDX-License-Identifier: Apache-2.0

// Mutants writes a table of what gremlins found, and the mutants that no test noticed, for
// make mutants: go run ./test/mutants REPORT.json... >docs/mutants.md
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
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

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

func main() {
	if err := write(os.Stdout, "test/mutants/reasons.yaml", os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

const intro = `# Mutants

` + "`make mutants`" + ` changes one operator of the product after the other and runs the unit tests of its package, with gremlins.
A change is killed if a test fails, or does not end, two times in a row. It lives if all tests pass. It is not covered if no test runs the line.
The tests run with ` + "`-short`" + `: changes that only slow tests notice are said to live. Changes that do not compile do not count.

| package | killed | lived | not covered | of all, covered | of the covered, killed |
|---|---|---|---|---|---|
`

// write reads reports and the reasons why a survivor is none.
func write(w io.Writer, reasonsFile string, reports []string) error {
	text, err := os.ReadFile(reasonsFile)
	if err != nil {
		return err
	}
	t := table{reasons: map[string]string{}, left: map[string]bool{}}
	if err := yaml.UnmarshalStrict(text, &t.reasons); err != nil {
		return fmt.Errorf("%s: %w", reasonsFile, err)
	}
	for _, name := range reports {
		if err := t.add(name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if len(t.left) > 0 {
		return fmt.Errorf("%s has reasons for what is killed: %s", reasonsFile, strings.Join(slices.Sorted(maps.Keys(t.left)), "; "))
	}
	others, err := t.others()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s%s\nNot measured: %s.\n\n## What lives\n\nThe operator that is changed stands after «.\n\n| where | change | line | why |\n|---|---|---|---|\n%s", intro, &t.rows, strings.Join(others, ", "), &t.survivors)
	return err
}

// A table is what the reports say.
type table struct {
	rows, survivors strings.Builder
	reasons         map[string]string // by survivor.key
	left            map[string]bool   // reasons without a survivor
	measured        []string          // packages
}

// others returns the packages of which there is no report.
func (t *table) others() ([]string, error) {
	dirs, err := os.ReadDir("pkg")
	if err != nil {
		return nil, err
	}
	var others []string
	for _, d := range dirs {
		if d.IsDir() && !slices.Contains(t.measured, d.Name()) {
			others = append(others, d.Name())
		}
	}
	return others, nil
}

// add adds the report of one package.
func (t *table) add(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil {
		return err
	}
	dir := path.Join("pkg", strings.TrimSuffix(filepath.Base(name), ".json"))
	for key := range t.reasons {
		if strings.HasPrefix(key, dir+"/") {
			t.left[key] = true
		}
	}
	t.measured = append(t.measured, path.Base(dir))
	counts := map[string]int{}
	slices.SortFunc(r.Files, func(a, b file) int { return cmp.Compare(a.Name, b.Name) })
	for _, f := range r.Files {
		if err := t.addFile(path.Join(dir, path.Base(f.Name)), f.Mutations, counts); err != nil {
			return err
		}
	}
	killed := counts["KILLED"] + counts["TIMED OUT"]
	covered := killed + counts["LIVED"]
	if covered == 0 {
		return errors.New("no mutant was tried")
	}
	fmt.Fprintf(&t.rows, "| %s | %d | %d | %d | %.1f%% | %.1f%% |\n", path.Base(dir), killed, counts["LIVED"], counts["NOT COVERED"],
		100*float64(covered)/float64(covered+counts["NOT COVERED"]), 100*float64(killed)/float64(covered))
	return nil
}

// addFile counts the mutants of a file, and lists the survivors with their reasons.
func (t *table) addFile(name string, mutations []mutation, counts map[string]int) error {
	source, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	lines := strings.Split(string(source), "\n")
	slices.SortFunc(mutations, func(a, b mutation) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Type, b.Type))
	})
	for _, m := range mutations {
		counts[m.Status]++
		if m.Status != "LIVED" {
			continue
		}
		if m.Line < 1 || m.Line > len(lines) || m.Column < 1 || m.Column > len(lines[m.Line-1]) {
			return fmt.Errorf("%s has no line %d, or no column %d in it: it has changed since", name, m.Line, m.Column)
		}
		line := lines[m.Line-1]
		change := strings.ReplaceAll(strings.ToLower(m.Type), "_", " ")
		marked := strings.TrimSpace(line[:m.Column-1] + "«" + line[m.Column-1:])
		key := name + ": " + change + ": " + marked
		why := t.reasons[key]
		if delete(t.left, key); why == "" {
			why = "a test is missing"
		}
		fmt.Fprintf(&t.survivors, "| %s:%d | %s | `%s` | %s |\n", name, m.Line, change, strings.ReplaceAll(marked, "|", `\|`), why)
	}
	return nil
}
