// SPDX-License-Identifier: Apache-2.0

package report

import (
	"io"
	"strconv"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
)

// A List is the reports of several installations in one, the gravest first.
type List struct {
	title    string
	outcome  state
	word     string
	headline string
	version  string
	parts    []part
}

// A part is one of the installations.
type part struct {
	label, why string // its name among the others, and why it is not done
	*Report
}

// NewList makes one report of the document of several installations and the report of each, in
// the same order.
func NewList(doc *output.StatusList, reports []*Report) *List {
	l := &List{title: doc.Title(), outcome: outcomeState(doc.Outcome), word: doc.Word(), headline: clean(doc.Headline(), mostLine)}
	for _, i := range doc.GravestFirst() {
		p := part{clean(doc.Label(i), mostName), clean(doc.Items[i].Why(), mostReason), reports[i]}
		p.title = p.label + ": " + p.title
		l.parts, l.version = append(l.parts, p), p.version
	}
	return l
}

// Write writes the report.
func (l *List) Write(w io.Writer, f Format) error { return write(l, w, f) }

// cells are a row of the table of all installations.
func (p part) cells() []string {
	return []string{p.label, p.word, p.release, strconv.Itoa(int(p.exitCode)), p.why}
}

// markdown writes the table of all installations, and as much of each as fits, the gravest first.
func (l *List) markdown(w io.Writer) error {
	s := &sheet{}
	s.line("## %s %s: %s\n", sign(l.outcome.tone), l.word, quoted(l.title))
	s.line("%s\n", quoted(l.headline))
	var rows [][]string
	for _, p := range l.parts {
		row := []string{}
		for _, text := range p.cells() {
			row = append(row, quoted(text))
		}
		row[1] = sign(p.outcome.tone) + " " + row[1]
		rows = append(rows, row)
	}
	s.table([]string{"Installation", "Verdict", "Release", "Exit code", "Why"}, rows)
	for _, p := range l.parts {
		p.sheet(s)
	}
	return s.write(w)
}

// junit writes the suites of each installation, with its name before theirs.
func (l *List) junit(w io.Writer) error {
	var all []junit.Testsuite
	for _, p := range l.parts {
		for _, s := range p.suites() {
			for i := range s.Testcases {
				s.Testcases[i].Classname = "tpe." + p.label + "." + s.Name
			}
			s.Name = p.label + ": " + s.Name
			all = append(all, s)
		}
	}
	return writeSuites(w, l.title, 0, all)
}
