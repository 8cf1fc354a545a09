// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// MostMarkdown is the size that a report in Markdown has at most, in bytes: well below the
// 1 MiB that GitHub takes of all summaries of a job, and what people read.
const MostMarkdown = 64_000

// What the summary has at most of each list; the page has all.
const (
	mostFindings = 15
	mostListed   = 40
	mostTasks    = 30
)

// A sheet is Markdown that is built up. What no longer fits is left out, line by line, and
// said at the end.
type sheet struct {
	strings.Builder
	cut bool
}

// mostTail is kept free for what closes a block, and for the last line.
const mostTail = 300

func (s *sheet) line(format string, args ...any) bool {
	line := fmt.Sprintf(format, args...) + "\n"
	if s.cut = s.cut || s.Len()+len(line) > MostMarkdown-mostTail; s.cut {
		return false
	}
	s.WriteString(line)
	return true
}

// markdown writes the report as a short summary, in GitHub's grammar. All text is quoted: it
// renders as it is, and as nothing else.
func (r *Report) markdown(w io.Writer) error {
	s := &sheet{}
	r.sheet(s)
	return s.write(w)
}

func (s *sheet) write(w io.Writer) error {
	if s.cut {
		s.WriteString("\nToo long for a summary; the rest is left out.\n")
	}
	_, err := io.WriteString(w, s.String())
	return err
}

func (r *Report) sheet(s *sheet) {
	s.line("## %s %s: %s\n", sign(r.outcome.tone), r.word, quoted(r.title))
	if r.gravest != "" {
		s.line("**%s**\n", quoted(r.gravest))
	}
	s.line("%s\n", quoted(r.headline))
	if r.ended != "" {
		s.line("%s\n", quoted(r.ended))
	}
	rows := [][]string{}
	for _, f := range r.facts {
		rows = append(rows, []string{quoted(f.name), quoted(f.value)})
	}
	s.table([]string{"", ""}, rows)
	r.servicesSheet(s)
	r.findingsSheet(s)
	r.entriesSheet(s)
	r.workloadsSheet(s)
	r.jobsSheet(s)
	r.releasesSheet(s)
	r.gantt(s)
}

// sign stands for a tone where there is no color.
func sign(t tone) string {
	switch t {
	case toneGood:
		return "✅"
	case toneBad:
		return "❌"
	case toneBusy, toneIdle:
		return "⏳"
	case toneWeak:
		return "⚠️"
	}
	return "❔"
}

func (s *sheet) table(header []string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	s.line("| %s |", strings.Join(header, " | "))
	s.line("|%s", strings.Repeat(" --- |", len(header)))
	for i, row := range rows {
		if i == mostListed {
			s.line("\nand %d more", len(rows)-i)
			break
		}
		s.line("| %s |", strings.Join(row, " | "))
	}
	s.line("")
}

func (r *Report) servicesSheet(s *sheet) {
	s.line("### What users felt\n")
	if r.unsure != "" {
		s.line("%s\n", quoted(r.unsure))
	}
	var rows [][]string
	for _, v := range r.services {
		rows = append(rows, []string{quoted(v.name), sign(v.now.tone) + " " + quoted(v.now.word), orDash(v.down), orDash(v.degraded), orDash(v.unseen)})
	}
	s.table([]string{"Service", "Now", "Down", "Degraded", "Not observed"}, rows)
}

func orDash(text string) string {
	if text == "" {
		return "–"
	}
	return quoted(text)
}

func (r *Report) findingsSheet(s *sheet) {
	if len(r.findings) == 0 {
		return
	}
	s.line("### Findings\n")
	for i, f := range r.findings {
		if i == mostFindings {
			s.line("and %d more findings\n", len(r.findings)-i)
			break
		}
		s.line("**%s %s** %s\n", strings.ToUpper(f.level), f.code, quoted(f.summary))
		if f.detail != "" {
			s.line("%s\n", quoted(clean(f.detail, mostLine)))
		}
		if len(f.next) > 0 {
			s.code(f.next)
		}
	}
}

// code writes commands to copy. A fence is longer than any in the text.
func (s *sheet) code(lines []string) {
	fence := "```"
	for strings.Contains(strings.Join(lines, "\n"), fence) {
		fence += "`"
	}
	text := fence + "sh\n" + strings.Join(lines, "\n") + "\n" + fence + "\n"
	s.line("%s", text)
}

func (r *Report) entriesSheet(s *sheet) {
	if r.entries == nil {
		if r.asked.Entries() {
			s.line("### Entries\n\nPUM gave no complete answer.\n")
		}
		return
	}
	s.line("### Entries: %s\n", r.entries.summary)
	var rows [][]string
	for _, e := range r.entries.items {
		rows = append(rows, []string{e.uid, quoted(e.request), sign(e.state.tone) + " " + quoted(e.state.word), e.iterations, e.errors, e.remaining, e.took})
	}
	s.table([]string{"UID", "Request", "State", "Iterations", "Errors", "Remaining", "Took"}, rows)
}

func (r *Report) workloadsSheet(s *sheet) {
	if r.workloads == nil {
		if r.asked.Workloads() {
			s.line("### Workloads\n\nThey could not be read.\n")
		}
		return
	}
	var rows [][]string
	for _, w := range r.workloads {
		if !w.done {
			rows = append(rows, []string{w.kind, quoted(w.name), w.ready, sign(w.state.tone) + " " + quoted(w.state.word), quoted(w.reason)})
		}
	}
	s.line("### Workloads: %d of %d ready\n", len(r.workloads)-len(rows), len(r.workloads))
	s.table([]string{"Kind", "Name", "Ready", "State", "Why"}, rows)
}

func (r *Report) jobsSheet(s *sheet) {
	var rows [][]string
	for _, j := range r.jobs {
		if j.state.tone != toneGood || j.attempts != "1" {
			rows = append(rows, []string{quoted(j.name), sign(j.state.tone) + " " + quoted(j.state.word), j.attempts, j.took, quoted(j.reason)})
		}
	}
	if len(rows) > 0 {
		s.line("### Jobs\n")
		s.table([]string{"Job", "State", "Attempts", "Took", "Why"}, rows)
	}
}

func (r *Report) releasesSheet(s *sheet) {
	s.line("### Releases: %s\n", quoted(r.manifest))
	var rows [][]string
	for _, h := range r.releases {
		rows = append(rows, []string{quoted(h.name), quoted(h.version), quoted(h.want), quoted(h.status), h.revision})
	}
	s.table([]string{"Release", "Version", "Release Manifest", "Status", "Revision"}, rows)
}

// quoted returns text that GitHub's Markdown renders as it is. A backslash takes the meaning of
// any punctuation (GFM, 6.1). What GitHub looks for after that, addresses and mentions, is broken
// by an empty comment.
func quoted(text string) string {
	var b strings.Builder
	text = strings.TrimSpace(strings.ToValidUTF8(text, "\uFFFD"))
	for i, c := range text {
		after := text[i+utf8.RuneLen(c):]
		switch {
		case c == '@' || c == '#':
			b.WriteString("\\" + string(c) + "<!-- -->")
		case strings.ContainsRune("\\`*_[]<>&~|$", c),
			c == ':' && after != "" && after[0] > ' ' && (after[0] < '0' || after[0] > '9'), // https://, :emoji:
			c == '.' && i >= 3 && strings.EqualFold(text[i-3:i], "www"),
			i == 0 && strings.ContainsRune("-+=", c):
			b.WriteString("\\" + string(c))
		default:
			b.WriteRune(c)
		}
	}
	return listNumber.ReplaceAllString(b.String(), `$1\$2$3`)
}

// listNumber is what would begin a list.
var listNumber = regexp.MustCompile(`^([0-9]+)([.)])($|\s)`)

// gantt draws the services and what else fits, as mermaid does. Its text knows no quoting: what
// is not a letter, a digit or harmless is a blank.
func (r *Report) gantt(s *sheet) {
	if r.chart == nil || s.cut {
		return
	}
	text, n := ganttHead, 0
	section := groupOutcome
	lanes := slices.Clone(r.chart.lanes)
	slices.SortStableFunc(lanes, func(a, b *lane) int { return cmp.Compare(ganttOrder[a.group], ganttOrder[b.group]) })
	for _, l := range lanes {
		if l.group == groupOutcome || n == mostTasks {
			continue
		}
		if l.group != section {
			section = l.group
			text += "    section " + section.title() + "\n"
		}
		for _, st := range l.spans {
			if tag, ok := ganttTags[st.state.tone]; ok && n < mostTasks {
				text += fmt.Sprintf("    %s %s :%s%s, %s\n", task(l.name), task(st.state.word), tag, stamp(st.from), stamp(st.to))
				n++
			}
		}
	}
	if n > 0 {
		s.line("### Timeline\n")
		s.line("%s```\n", text)
	}
}

// ganttOrder has what matters most first: what does not fit is left out.
var ganttOrder = map[group]int{groupServices: 1, groupEntries: 2, groupJobs: 3, groupWorkloads: 4}

const ganttHead = "```mermaid\ngantt\n    dateFormat YYYY-MM-DDTHH:mm:ss\n    axisFormat %H:%M\n"

// ganttTags are the tones that are drawn, and how.
var ganttTags = map[tone]string{toneBusy: "active, ", toneWeak: "active, ", toneBad: "crit, ", toneUnseen: "done, "}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05") }

var notInTasks = regexp.MustCompile(`[^\p{L}\p{N} ._/-]+`)

func task(text string) string {
	return strings.TrimSpace(notInTasks.ReplaceAllString(clean(text, mostWord), " "))
}
