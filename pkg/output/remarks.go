// SPDX-License-Identifier: Apache-2.0

package output

import (
	"fmt"
	"strings"
)

// Remarks says in words what the table of entries does not: the outcome,
// where it was observed, and the findings. It is for standard error.
func Remarks(doc *EntryList, v View) string { return doc.remarks(v) }

func (l *EntryList) remarks(v View) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", l.Outcome, l.headline())
	if l.Namespace != "" {
		fmt.Fprintf(&b, ", namespace %s", l.Namespace)
	}
	if l.Context != "" {
		fmt.Fprintf(&b, ", context %s", escape(l.Context))
	}
	b.WriteString("\n")
	for _, f := range l.Findings {
		fmt.Fprintf(&b, "%s %s: %s", f.Level, f.Code, escape(f.Summary))
		if f.Detail != "" {
			fmt.Fprintf(&b, ": %s", escape(f.Detail))
		}
		b.WriteString("\n")
	}
	return v.plain(b.String())
}

// headline says in one line what is wrong, and how far the entries are.
func (l *EntryList) headline() string {
	return room(wrong(l.Head), []string{entriesLine(l.Summary)}, 0)
}

// entriesLine counts the entries that are final.
func entriesLine(s *Summary) string {
	if s == nil {
		return "entries unknown"
	}
	return fmt.Sprintf("%d of %d entries final", s.Final, s.Total)
}

// remarks are empty: the screen of a status has everything.
func (doc *Status) remarks(View) string { return "" }
