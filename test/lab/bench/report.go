// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"
)

// A Report is all that was measured in one run.
type Report struct {
	Machine, Versions string
	Rows              []Row
	Latencies         []Latency // of waits, ours first
}

// The aims of a wait: how soon it ends after the change, in the middle and at worst.
const (
	medianAim = 10 * time.Millisecond
	worstAim  = 30 * time.Millisecond
)

// Write writes the report in Markdown.
func (r Report) Write(w io.Writer) error {
	var s strings.Builder
	fmt.Fprintf(&s, "%s; %s. Medians; a ratio below 1 says that the plugin needs less.\n\n", r.Machine, r.Versions)
	s.WriteString("| plugin | beside | where | wall | CPU | memory | requests | kB over the network |\n|---|---|---|---|---|---|---|---|\n")
	for _, row := range r.Rows {
		fmt.Fprintf(&s, "| `%s` | %s | %s | %s | %.2f | %s | %d, %d | %d, %d |\n", row.Name, beside(row.Theirs), row.Place,
			measured(row.Wall, row.Aim.Wall, row.OursTook.Wall.Round(time.Millisecond)), row.CPU,
			measured(row.Memory, row.Aim.Memory, fmt.Sprintf("%d MB", row.OursTook.Memory>>20)), row.OursCost.Requests, row.TheirsCost.Requests,
			row.OursCost.Bytes>>10, row.TheirsCost.Bytes>>10)
	}
	if len(r.Latencies) > 0 {
		s.WriteString("\n| until it ends after the last change | median | worst |\n|---|---|---|\n")
	}
	for _, l := range r.Latencies {
		fmt.Fprintf(&s, "| %s | %s | %s |\n", beside([]Program{l.Program}), ms(l.Median()), ms(l.Worst()))
	}
	_, err := io.WriteString(w, s.String())
	return err
}

// Missed names the aims that were missed.
func (r Report) Missed() []string {
	var missed []string
	for _, row := range r.Rows {
		for _, m := range row.missed() {
			missed = append(missed, fmt.Sprintf("%s, %s: %s", row.Name, row.Place, m))
		}
	}
	if len(r.Latencies) > 0 {
		ours := r.Latencies[0]
		if ours.Median() > medianAim {
			missed = append(missed, "wait: median "+ms(ours.Median()))
		}
		if ours.Worst() > worstAim {
			missed = append(missed, "wait: worst "+ms(ours.Worst()))
		}
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

func measured(ratio, aim float64, took any) string {
	text := fmt.Sprintf("%.2f (%v)", ratio, took)
	if aim > 0 {
		text += fmt.Sprintf(", aim %.2f", aim)
	}
	return text
}

func ms(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
}
