// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/version"
)

// An Outcome is what was seen of a fault.
type Outcome struct {
	Fault
	Result
	Problems []string
}

// A Run is what was seen of the faults of a campaign, on one version of Kubernetes.
type Run struct {
	Kubernetes string
	Rows       []Row
	Notes      []string // what else was tried
}

// A Row is what a run tells of a fault.
type Row struct {
	Name     string // of the fault
	Fault    string // see [Fault.Sum]
	Seen     string
	Problems []string
	Again    bool // it was tried alone, after the others
}

// Row returns what is told of an outcome.
func (o Outcome) Row() Row {
	return Row{Name: o.Name, Fault: o.Sum(), Seen: o.seen(), Problems: o.Problems}
}

// Sum tells a fault from what it was before it was changed.
func (f Fault) Sum() string {
	text, _ := json.Marshal(f) // was read from JSON
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// Over returns a run with what the one before it on that version of Kubernetes saw of all other
// faults, if it is only of some.
func (r Run) Over(before []Run) Run {
	i := slices.IndexFunc(before, func(b Run) bool { return b.Kubernetes == r.Kubernetes })
	if i < 0 {
		return r
	}
	rest := slices.DeleteFunc(slices.Clone(before[i].Rows), func(b Row) bool {
		return slices.ContainsFunc(r.Rows, func(row Row) bool { return row.Name == b.Name })
	})
	if len(rest) == 0 {
		return r
	}
	for i := range r.Rows {
		r.Rows[i].Again = true
	}
	r.Rows = append(r.Rows, rest...)
	if len(r.Notes) == 0 {
		r.Notes = before[i].Notes
	}
	return r
}

// whole reports whether a run is of all faults, as they are now.
func (r Run) whole(all []Fault) bool {
	return !slices.ContainsFunc(all, func(f Fault) bool {
		return !slices.ContainsFunc(r.Rows, func(row Row) bool { return row.Name == f.Name })
	})
}

// Keep keeps a run in a folder, in place of the one before on that version.
func (r Run) Keep(dir string) error {
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	return errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, r.Kubernetes+".json"), text, 0o644))
}

// Kept returns the runs in a folder, that on the newest version first, without faults that were
// changed since.
func Kept(dir string, all []Fault) ([]Run, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	var runs []Run
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var r Run
		if err := json.Unmarshal(text, &r); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if _, err := version.ParseSemantic(r.Kubernetes); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		r.Rows = slices.DeleteFunc(r.Rows, func(row Row) bool {
			return !slices.ContainsFunc(all, func(f Fault) bool { return f.Name == row.Name && f.Sum() == row.Fault })
		})
		runs = append(runs, r)
	}
	slices.SortFunc(runs, func(a, b Run) int {
		if version.MustParseSemantic(a.Kubernetes).LessThan(version.MustParseSemantic(b.Kubernetes)) {
			return 1
		}
		return -1
	})
	return runs, nil
}

// Write writes the runs that are of all faults in Markdown: what each came to, and all that the
// first one saw.
func Write(w io.Writer, all []Fault, runs []Run) error {
	runs = slices.DeleteFunc(slices.Clone(runs), func(r Run) bool { return !r.whole(all) })
	if len(runs) == 0 {
		return errors.New("no run is of all faults")
	}
	var s strings.Builder
	s.WriteString("# Faults survived\n\nWritten by `make faults`, from `test/lab/fault/campaign.yaml`.\n")
	for _, r := range runs {
		fmt.Fprintf(&s, "\n## On Kubernetes %s\n\n%s\n", r.Kubernetes, r.sum())
		for _, note := range r.Notes {
			fmt.Fprintf(&s, "\n%s\n", note)
		}
	}
	var groups []string
	for _, f := range all {
		if !slices.Contains(groups, f.Group) {
			groups = append(groups, f.Group)
		}
	}
	for _, group := range groups {
		fmt.Fprintf(&s, "\n## %s\n\n| fault | command | wanted | seen on %s |\n|---|---|---|---|\n", group, runs[0].Kubernetes)
		for _, f := range all {
			i := slices.IndexFunc(runs[0].Rows, func(row Row) bool { return row.Name == f.Name })
			if f.Group == group && i >= 0 {
				fmt.Fprintf(&s, "| %s | `%s` | %s | %s |\n", cell(f.Breaks), cell(f.command()), f.wanted(), cell(runs[0].Rows[i].Seen))
			}
		}
	}
	_, err := io.WriteString(w, s.String())
	return err
}

// sum says in a line how a run went.
func (r Run) sum() string {
	amiss := slices.DeleteFunc(slices.Clone(r.Rows), func(row Row) bool { return len(row.Problems) == 0 })
	again := ""
	if n := len(slices.DeleteFunc(slices.Clone(r.Rows), func(row Row) bool { return !row.Again })); n > 0 {
		again = fmt.Sprintf(" %d of them were changed or failed, and tried again alone.", n)
	}
	return fmt.Sprintf("%d of %d faults ended as they should: %d false successes, %d repeated restarts, %d crashes, %d hangs past the deadline.%s",
		len(r.Rows)-len(amiss), len(r.Rows), count(amiss, "FALSE SUCCESS"), count(amiss, "PUM WAS RESTARTED"), count(amiss, "IT CRASHED"), count(amiss, "it hangs"), again)
}

func count(amiss []Row, problem string) int {
	n := 0
	for _, row := range amiss {
		if slices.ContainsFunc(row.Problems, func(p string) bool { return strings.HasPrefix(p, problem) }) {
			n++
		}
	}
	return n
}

// command is the command line, without what only a lab needs.
func (f Fault) command() string {
	return regexp.MustCompile(` -n \$NS\b`).ReplaceAllString(strings.TrimSpace(f.Run), "")
}

// bad is what the table says of a fault that did not end as wanted.
const bad = "NOT AS WANTED"

func (f Fault) wanted() string {
	if f.Script != "" {
		return "as the script says"
	}
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(f.Exit), " ", " or "), "[]")
}

// seen is the exit code, and the line that says what the fault wants to be said.
func (o Outcome) seen() string {
	if len(o.Problems) > 0 {
		return bad + ": " + strings.Join(o.Problems, "; ")
	}
	if o.Script != "" {
		return "that"
	}
	return fmt.Sprintf("%d: %s", o.Result.Exit, line(o.Output(), pattern(o.Says[0])))
}

// line returns the line in which a pattern is.
func line(text string, pattern *regexp.Regexp) string {
	at := pattern.FindStringIndex(text)
	if at == nil {
		return ""
	}
	start := strings.LastIndexByte(text[:at[0]], '\n') + 1
	end := len(text)
	if i := strings.IndexByte(text[max(at[1], start):], '\n'); i >= 0 {
		end = max(at[1], start) + i
	}
	return strings.Join(strings.Fields(text[start:end]), " ")
}

// cell makes a text one that a cell of a table can hold.
func cell(text string) string {
	const most = 160
	text = strings.NewReplacer("\n", " ", "|", `\|`).Replace(text)
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
