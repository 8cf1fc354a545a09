// SPDX-License-Identifier: Apache-2.0

package compare

import (
	"context"
	_ "embed" // questions and known differences
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// A Step is a question, or a change before the next question.
type Step struct {
	Question `json:",inline"`

	Apply  string `json:"apply"`  // YAML documents
	Delete string `json:"delete"` // KIND/NAME
}

//go:embed steps.yaml
var stepsFile []byte

// Steps returns what is asked, in order.
func Steps() ([]Step, error) {
	var steps []Step
	return steps, yaml.UnmarshalStrict(stepsFile, &steps)
}

// known is differences that are meant.
type known struct {
	Names  []string `json:"names"`  // of questions
	Only   []string `json:"only"`   // with these minor versions of Kubernetes; with all if absent
	Mostly bool     `json:"mostly"` // they depend on what else happens, and may be absent
	Reason string   `json:"reason"` // why the simulated server answers otherwise
}

//go:embed known.yaml
var knownFile []byte

// A Known is a difference that is meant.
type Known struct {
	Reason string // why the simulated server answers otherwise
	Mostly bool   // it depends on what else happens, and may be absent
}

// KnownDifferences returns the differences that are meant from a real server of this minor
// version, such as "1.33", by the name of the question.
func KnownDifferences(minor string) (map[string]Known, error) {
	var all []known
	differences := map[string]Known{}
	err := yaml.UnmarshalStrict(knownFile, &all)
	for _, k := range all {
		for _, name := range k.Names {
			if len(k.Only) == 0 || slices.Contains(k.Only, minor) {
				differences[name] = Known{k.Reason, k.Mostly}
			}
		}
	}
	return differences, err
}

// A Pair of servers is asked the same. Real is the one that is right.
type Pair struct {
	Namespace       string
	Real, Simulated *Side

	// Change makes a change on both sides.
	Change func(ctx context.Context, step Step) error
}

// Run takes each step and returns, for each question, how the answers differ: empty if they
// do not.
func (p *Pair) Run(ctx context.Context, steps []Step) (map[string]string, error) {
	differences := map[string]string{}
	for _, step := range steps {
		if step.Name == "" {
			if err := p.Change(ctx, step); err != nil {
				return nil, err
			}
			continue
		}
		if _, ok := differences[step.Name]; ok {
			return nil, fmt.Errorf("two questions are named %s", step.Name)
		}
		expected, err := p.Real.Ask(ctx, p.Namespace, step.Question)
		if err != nil {
			return nil, fmt.Errorf("ask the real server: %s: %w", step.Name, err)
		}
		got, err := p.Simulated.Ask(ctx, p.Namespace, step.Question)
		if err != nil {
			return nil, fmt.Errorf("ask the simulated server: %s: %w", step.Name, err)
		}
		differences[step.Name] = Difference(step.Question, expected, got)
	}
	return differences, nil
}

// Difference tells how an answer differs from that of the real server.
func Difference(q Question, expected, got Answer) string {
	if q.Known {
		expected.Body, got.Body = inBoth(expected.Body, got.Body)
	}
	expected.Body, got.Body = sameColumns(expected.Body, got.Body)
	return diff(strings.Split(expected.String(), "\n"), strings.Split(got.String(), "\n"))
}

// most is how many lines of a difference are shown.
const most = 24

// diff returns the lines that are in one of two texts only, in order; empty if there are none.
func diff(a, b []string) string {
	var lines []string
	for len(a) > 0 || len(b) > 0 {
		if len(a) > 0 && len(b) > 0 && a[0] == b[0] {
			a, b = a[1:], b[1:]
			continue
		}
		inA, inB := -1, -1 // where the other text goes on
		if len(b) > 0 {
			inA = slices.Index(a, b[0])
		}
		if len(a) > 0 {
			inB = slices.Index(b, a[0])
		}
		if len(a) > 0 && (inB < 0 || inA >= 0 && inA <= inB) {
			lines, a = append(lines, "- "+a[0]), a[1:]
		}
		if len(b) > 0 && (inA < 0 || inB >= 0 && inB < inA) {
			lines, b = append(lines, "+ "+b[0]), b[1:]
		}
	}
	if len(lines) > most {
		lines = append(lines[:most], fmt.Sprintf("… and %d lines more", len(lines)-most))
	}
	return strings.Join(lines, "\n")
}

// inBoth leaves of two lists of resources or groups what both have, with their names only.
func inBoth(a, b string) (string, string) {
	names := func(text string) (all []string) {
		var list struct {
			Resources []struct {
				Name, SingularName, Kind string
				Namespaced               bool
				ShortNames               []string
			}
			Groups []struct {
				Name     string
				Versions []struct{ GroupVersion string }
			}
		}
		if err := json.Unmarshal([]byte(text), &list); err != nil {
			return []string{err.Error()}
		}
		for _, r := range list.Resources {
			all = append(all, fmt.Sprintf("%+v", r))
		}
		for _, g := range list.Groups {
			all = append(all, g.Name)
		}
		return all
	}
	real, simulated := names(a), names(b)
	real = slices.DeleteFunc(real, func(name string) bool { return !slices.Contains(simulated, name) })
	slices.Sort(real)
	slices.Sort(simulated)
	return strings.Join(real, "\n"), strings.Join(simulated, "\n")
}

// sameColumns leaves in tables the columns that both have: the simulated server has the first
// few only.
func sameColumns(a, b string) (string, string) {
	real, simulated := tables(a), tables(b)
	if len(real) == 0 || len(simulated) == 0 {
		return a, b
	}
	ofReal, ofSimulated := real[0].columns(), simulated[0].columns()
	keep := func(name string) bool { return slices.Contains(ofReal, name) && slices.Contains(ofSimulated, name) }
	return cut(real, keep), cut(simulated, keep)
}

type aTable map[string]any

// tables returns the tables of an answer, be they its body or the objects of its events.
func tables(text string) []aTable {
	var found []aTable
	decoder := json.NewDecoder(strings.NewReader(text))
	for decoder.More() {
		var value map[string]any
		if decoder.Decode(&value) != nil {
			return nil
		}
		table := value
		if object, ok := value["object"].(map[string]any); ok {
			table = object
			table["event"] = value["type"]
		}
		if table["kind"] != "Table" {
			return nil
		}
		found = append(found, table)
	}
	return found
}

// columns returns the names of the columns.
func (t aTable) columns() []string {
	var names []string
	definitions, _ := t["columnDefinitions"].([]any)
	for _, d := range definitions {
		if definition, ok := d.(map[string]any); ok {
			names = append(names, fmt.Sprint(definition["name"]))
		}
	}
	return names
}

// cut removes columns. Only the first table of a watch has their names.
func cut(tables []aTable, keep func(name string) bool) string {
	var text []string
	columns := tables[0].columns()
	for _, t := range tables {
		var names []string
		for _, name := range t.columns() {
			if keep(name) {
				names = append(names, name)
			}
		}
		t["columnDefinitions"] = names
		rows, _ := t["rows"].([]any)
		for _, r := range rows {
			row, _ := r.(map[string]any)
			cells, _ := row["cells"].([]any)
			var left []string
			for i, cell := range cells {
				if i < len(columns) && keep(columns[i]) {
					left = append(left, fmt.Sprint(cell))
				}
			}
			row["cells"] = left
			delete(row, "conditions") // of rows in grey
		}
		text = append(text, indented(map[string]any(t)))
	}
	return strings.Join(text, "\n")
}
