// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// An Outcome is what was seen of a fault.
type Outcome struct {
	Fault
	Result
	Problems []string
}

// Write writes what was seen in Markdown. The notes say what else was tried.
func Write(w io.Writer, seen []Outcome, notes ...string) error {
	var s strings.Builder
	amiss := slices.DeleteFunc(slices.Clone(seen), func(o Outcome) bool { return len(o.Problems) == 0 })
	fmt.Fprintf(&s, "%d of %d faults ended as they should: %d false successes, %d repeated restarts, %d crashes, %d hangs past the deadline.\n",
		len(seen)-len(amiss), len(seen), count(amiss, "FALSE SUCCESS"), count(amiss, "PUM WAS RESTARTED"), count(amiss, "IT CRASHED"), count(amiss, "it hangs"))
	for _, note := range notes {
		fmt.Fprintf(&s, "\n%s\n", note)
	}
	var groups []string
	for _, o := range seen {
		if !slices.Contains(groups, o.Group) {
			groups = append(groups, o.Group)
		}
	}
	for _, group := range groups {
		fmt.Fprintf(&s, "\n## %s\n\n| fault | command | wanted | seen |\n|---|---|---|---|\n", group)
		for _, o := range seen {
			if o.Group == group {
				fmt.Fprintf(&s, "| %s | `%s` | %s | %s |\n", cell(o.Breaks), cell(o.command()), o.wanted(), cell(o.seen()))
			}
		}
	}
	_, err := io.WriteString(w, s.String())
	return err
}

func count(amiss []Outcome, problem string) int {
	n := 0
	for _, o := range amiss {
		if slices.ContainsFunc(o.Problems, func(p string) bool { return strings.HasPrefix(p, problem) }) {
			n++
		}
	}
	return n
}

// command is the command line, without what only a lab needs.
func (o Outcome) command() string {
	return regexp.MustCompile(` -n \$NS\b`).ReplaceAllString(strings.TrimSpace(o.Run), "")
}

// bad is what the table says of a fault that did not end as wanted.
const bad = "NOT AS WANTED"

func (o Outcome) wanted() string {
	if o.Script != "" {
		return "as the script says"
	}
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(o.Fault.Exit), " ", " or "), "[]")
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
