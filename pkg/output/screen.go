// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// A screen is built in memory, section by section.
type screen struct {
	bytes.Buffer
	view   View
	format *Format
}

// render returns a document as people see it, with the colors of the view.
func render(doc Document, f *Format, v View) []byte {
	s := screen{view: v, format: f}
	doc.show(&s)
	return v.paint(s.Bytes())
}

// line writes one line, cut to the width.
func (s *screen) line(format string, args ...any) {
	s.WriteString(s.fitted(fmt.Sprintf(format, args...)) + "\n")
}

// fitted makes a text fit for one line.
func (s *screen) fitted(text string) string { return s.view.clip(s.view.plain(escape(text))) }

// section writes a table under a title, or nothing if it is empty.
func (s *screen) section(title string, t *table) {
	if len(t.rows) == 0 {
		return
	}
	if title != "" {
		s.line("")
		s.line("%s", title)
	}
	s.table(t)
}

// table writes a table, if only its header.
func (s *screen) table(t *table) {
	t.write(&s.Buffer, s.view)
}

// place says what an answer is about, and where it was observed.
func (s *screen) place(title string, p Place) {
	s.from(p.From)
	s.line("%s", placeLine(title, p))
	s.line("")
}

func placeLine(title string, p Place) string {
	text := title + "   namespace " + p.Namespace
	if p.Context != "" {
		text += "   context " + p.Context
	}
	return text
}

// part returns a table as a part of a screen.
func (s *screen) part(name, title string, t *table) *part {
	p := &part{name: name, gap: true}
	if len(t.rows) == 0 {
		return p
	}
	rows := t.lines(s.view)
	p.title, p.rows = append([]string{title}, rows[0].lines...), rows[1:]
	return p
}

// allFindings writes findings below each other.
func (s *screen) allFindings(findings []verdict.Finding) {
	if len(findings) > 0 {
		s.line("")
	}
	for _, f := range findings {
		s.row(s.finding(f))
	}
}

// finding returns a finding: its summary, and the detail below it.
func (s *screen) finding(f verdict.Finding) row {
	summary := f.Summary
	switch age := s.view.age(f.Since); {
	case age == "":
	case f.Code.Past():
		summary += ", " + age + " ago"
	default:
		summary += ", for " + age
	}
	head := fmt.Sprintf("%-7s  %s  ", strings.ToUpper(string(f.Level)), f.Code)
	detail := s.wrap(f.Detail, len(head))
	switch {
	case s.format.Wide():
	case strings.Contains(f.Summary, f.Detail):
		detail = nil
	case len(detail) > mostDetail:
		detail = append(detail[:mostDetail-1], detail[mostDetail-1]+" …")
	}
	lines := s.wrap(summary, len(head))
	flow := len(lines)
	lines = append(lines, detail...)
	if f.Impact != "" && s.format.Wide() {
		lines = append(lines, "impact: "+f.Impact)
	}
	r := s.hanging(head, lines)
	r.flow = flow
	return r
}

// mostDetail is how many lines of a screen the detail of a finding takes. Wide
// screens and documents have all of it.
const mostDetail = 3

// wrap breaks a text into lines that fit beside something.
func (s *screen) wrap(text string, indent int) []string {
	return s.view.wrap(s.view.plain(escape(text)), indent)
}

// hang writes lines beside a head.
func (s *screen) hang(head string, lines []string) { s.row(s.hanging(head, lines)) }

// hanging returns lines beside a head.
func (s *screen) hanging(head string, lines []string) row {
	var r row
	for _, line := range lines {
		r.lines = append(r.lines, s.fitted(head+line))
		head = strings.Repeat(" ", len(head))
	}
	return r
}

// mostNext is how many commands a screen offers. JSON has those of each
// finding.
const mostNext = 6

// next offers commands to copy.
func (s *screen) next(commands []string) {
	s.lay(&fitting{view: s.view, parts: []*part{s.nextPart(commands)}})
}

// nextPart are commands to copy.
func (s *screen) nextPart(commands []string) *part {
	p := &part{name: "command", gap: true, title: []string{"NEXT"}}
	for _, text := range commands[:min(len(commands), mostNext)] {
		p.rows = append(p.rows, row{lines: s.commandLines("", text)})
	}
	return p
}

// command writes a command to copy, whole, however wide the screen is.
func (s *screen) command(indent, text string) {
	s.row(row{lines: s.commandLines(indent, text)})
}

// commandLines returns a command to copy. One that is too wide continues on the next line, before
// one of its flags, as a shell takes it.
func (s *screen) commandLines(indent, text string) []string {
	line := indent + s.view.plain(escape(text))
	var lines []string
	for s.view.Continue != "" && s.view.Width > 0 && width(line) > s.view.Width {
		at := breakOf(line, s.view.Width-len(s.view.Continue)-1)
		if at <= 0 {
			break
		}
		lines, line = append(lines, line[:at]+" "+s.view.Continue), indent+"  "+line[at+1:]
	}
	return append(lines, line)
}

// breakOf returns the last place up to a width where a flag begins in a command, outside of
// quotes; 0 if there is none.
func breakOf(line string, most int) int {
	at, quoted := 0, false
	for i := range line {
		if line[i] == '\'' {
			quoted = !quoted
		}
		if i <= most && !quoted && strings.TrimSpace(line[:i]) != "" && strings.HasPrefix(line[i:], " -") {
			at = i
		}
	}
	return at
}
