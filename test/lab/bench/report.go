// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A Report is all that was measured in one run.
type Report struct {
	Machine, Versions string
	Rows              []Row
	Listed            Sample    // by the floor of all commands, which lists the Deployments once
	Latencies         []Latency // of waits, ours first, and its floor last
}

// The aims of a wait: how soon it ends after the change, in the middle and at worst.
const (
	medianAim = 10 * time.Millisecond
	worstAim  = 30 * time.Millisecond
)

// Write writes the report in Markdown.
func (r Report) Write(w io.Writer) error {
	_, err := io.WriteString(w, r.markdown())
	return err
}

// Replace replaces what is between <!-- bench --> and <!-- end --> in a file with the report.
func (r Report) Replace(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	const begin, end = "<!-- bench -->\n", "<!-- end -->\n"
	before, rest, begins := strings.Cut(string(text), begin)
	_, after, ends := strings.Cut(rest, end)
	if !begins || !ends {
		return fmt.Errorf("%s has no place for the tables: want %s and %s", file, begin, end)
	}
	return os.WriteFile(file, []byte(before+begin+r.markdown()+end+after), 0o644)
}

func (r Report) markdown() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s; %s. Medians; a ratio below 1 says that the plugin needs less.\n\n", r.Machine, r.Versions)
	if len(r.Rows) > 0 {
		s.WriteString("| plugin | beside | where | wall | CPU | memory | requests | kB over the network |\n|---|---|---|---|---|---|---|---|\n")
	}
	for _, row := range r.Rows {
		fmt.Fprintf(&s, "| `%s` | %s | %s | %s | %.2f | %s | %d, %d | %d, %d |\n", row.Name, beside(row.Theirs), row.Place,
			measured(row.Wall, row.FloorRatio.Wall, row.Aim.Wall, row.OursTook.Wall.Round(time.Millisecond)), row.CPU,
			measured(row.Memory, row.FloorRatio.Memory, row.Aim.Memory, fmt.Sprintf("%d MB", row.OursTook.Memory>>20)),
			row.OursCost.Requests, row.TheirsCost.Requests,
			row.OursCost.Bytes>>10, row.TheirsCost.Bytes>>10)
	}
	if len(r.Latencies) > 0 {
		s.WriteString("\n| until it ends after the last change | median | worst |\n|---|---|---|\n")
	}
	for _, l := range r.Latencies {
		fmt.Fprintf(&s, "| %s | %s | %s |\n", beside([]Program{l.Program}), ms(l.Median()), ms(l.Worst()))
	}
	if r.Listed.Memory > 0 {
		fmt.Fprintf(&s, "\nA bare program that lists the Deployments once needs %d MB.\n", r.Listed.Memory>>20)
	}
	if missed := r.Missed(); len(missed) > 0 {
		fmt.Fprintf(&s, "\nWhat misses its aim:\n\n- %s\n", strings.Join(missed, "\n- "))
	}
	return s.String()
}

// Missed names the aims that were missed.
func (r Report) Missed() []string {
	var missed []string
	for _, row := range r.Rows {
		for _, m := range row.missed() {
			missed = append(missed, fmt.Sprintf("`%s`, %s: %s", row.Name, row.Place, m))
		}
	}
	if len(r.Latencies) == 0 {
		return missed
	}
	ours, floor := r.Latencies[0], r.Latencies[len(r.Latencies)-1]
	if ours.Median() > medianAim {
		missed = append(missed, fmt.Sprintf("the end of `wait`: median %s instead of %s (floor %s)", ms(ours.Median()), ms(medianAim), ms(floor.Median())))
	}
	if ours.Worst() > worstAim {
		missed = append(missed, fmt.Sprintf("the end of `wait`: worst %s instead of %s (floor %s)", ms(ours.Worst()), ms(worstAim), ms(floor.Worst())))
	}
	return missed
}

func beside(programs []Program) string {
	var names []string
	for _, p := range programs {
		var words []string
		for _, arg := range p.Args {
			if strings.HasPrefix(arg, "-n=") || strings.HasPrefix(arg, "bench-") {
				continue
			}
			if name, path, ok := strings.Cut(arg, "="); ok && filepath.IsAbs(path) {
				arg = name + "=" + filepath.Base(path)
			}
			words = append(words, arg)
		}
		names = append(names, "`"+strings.Join(words, " ")+"`")
	}
	return strings.Join(names, ", ")
}

func measured(ratio, floor, aim float64, took any) string {
	text := fmt.Sprintf("%.2f (%v)", ratio, took)
	if floor > 0 {
		text += fmt.Sprintf(", floor %.2f", floor)
	}
	if aim > 0 {
		text += fmt.Sprintf(", aim %.2f", aim)
	}
	return text
}

func ms(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
}
