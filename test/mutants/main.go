// SPDX-License-Identifier: Apache-2.0

// Mutants writes a table of what gremlins found, and the mutants that no test noticed, for
// make mutants: go run ./test/mutants REPORT.json... >docs/mutants.md
//
// gremlins (github.com/go-gremlins/gremlins) changes one operator after the other and runs the
// package's unit tests. Go's coverage has no block for the condition of a case, so gremlins
// counts such mutants as not covered, whatever the tests do.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

// A report is what gremlins writes about one package.
type report struct {
	Files []struct {
		Name      string `json:"file_name"`
		Mutations []mutation
	} `json:"files"`
}

type mutation struct {
	Type   string `json:"type"`
	Status string `json:"status"`
	Line   int    `json:"line"`
}

func main() {
	if err := write(os.Stdout, "test/mutants/reasons.yaml", os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

// write reads reports and the reasons why a survivor is none: by the file and the text of
// the line, so that they survive other changes.
func write(w io.Writer, reasonsFile string, reports []string) error {
	text, err := os.ReadFile(reasonsFile)
	if err != nil {
		return err
	}
	reasons := map[string]string{}
	if err := yaml.UnmarshalStrict(text, &reasons); err != nil {
		return fmt.Errorf("%s: %w", reasonsFile, err)
	}
	var survivors strings.Builder
	fmt.Fprint(w, "# Mutants\n\n`make mutants` changes one operator of the product after the other and runs the unit tests of its package.\nConditions of a `case` have no coverage in Go and count as not covered.\n\n")
	fmt.Fprint(w, "| package | killed | timed out | lived | not covered | of the covered, noticed |\n|---|---|---|---|---|---|\n")
	for _, file := range reports {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var r report
		if err := json.Unmarshal(text, &r); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		pkg := strings.TrimSuffix(filepath.Base(file), ".json")
		counts := map[string]int{}
		for _, f := range r.Files {
			name := path.Join("pkg", pkg, path.Base(f.Name))
			source, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			lines := strings.Split(string(source), "\n")
			for _, m := range f.Mutations {
				counts[m.Status]++
				if m.Status != "LIVED" {
					continue
				}
				if m.Line < 1 || m.Line > len(lines) {
					return fmt.Errorf("%s: %s has no line %d", file, name, m.Line)
				}
				line := strings.TrimSpace(lines[m.Line-1])
				why := reasons[name+": "+line]
				if why == "" {
					why = "a test is missing"
				}
				fmt.Fprintf(&survivors, "| %s:%d | %s | `%s` | %s |\n", name, m.Line, strings.ToLower(m.Type), strings.ReplaceAll(line, "|", `\|`), why)
			}
		}
		noticed := counts["KILLED"] + counts["TIMED OUT"]
		if noticed+counts["LIVED"] == 0 {
			return fmt.Errorf("%s: no mutant was tried", file)
		}
		fmt.Fprintf(w, "| %s | %d | %d | %d | %d | %d%% |\n", pkg,
			counts["KILLED"], counts["TIMED OUT"], counts["LIVED"], counts["NOT COVERED"], 100*noticed/(noticed+counts["LIVED"]))
	}
	fmt.Fprintf(w, "\n## Survivors\n\n| where | mutation | line | why |\n|---|---|---|---|\n%s", survivors.String())
	return nil
}
