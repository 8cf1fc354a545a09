// SPDX-License-Identifier: Apache-2.0

package output

import (
	"fmt"
	"strings"
)

// A part is a section of a screen: rows under a title. Where a screen is too small for all of
// them, parts give up lines and then rows.
type part struct {
	name  string   // of one row, where rows are left out and counted; in the plural, if they are not counted
	title []string // goes with the last row
	gap   bool     // whether an empty line stands above
	rows  []row

	hidden int // items beside these, which no screen has room for
}

// A row is what stays or goes as a whole, such as a finding. Its lines are as they are written:
// they fit the view, and are safe.
type row struct {
	lines []string
	items int    // that it stands for; 0 is 1
	flow  int    // how many of its lines are one text
	hue   string // the color of the columns from and to of its first line
	from  int
	to    int
}

// colorFirst gives the first cell of a row a color.
func (r *row) colorFirst(hue string) {
	if at := strings.Index(r.lines[0], "  "); at > 0 {
		r.hue, r.from, r.to = hue, 0, at
	}
}

// colorWord gives a word of a row a color.
func (r *row) colorWord(word, hue string) {
	if at := strings.Index(r.lines[0], "  "+word); at >= 0 {
		r.hue, r.from, r.to = hue, at+2, at+2+len(word)
	}
}

// height returns how many lines the part takes.
func (p *part) height() int {
	if len(p.rows) == 0 {
		return 0
	}
	n := len(p.title)
	if p.gap {
		n++
	}
	for _, r := range p.rows {
		n += len(r.lines)
	}
	return n
}

// A step is a way to make a screen smaller.
type step struct {
	part  *part
	fold  int  // how many lines each row may have; 0 for no limit
	least int  // how many rows stay
	rows  bool // whether rows go
	all   bool // whether they go together
}

// A fitting makes the parts of a screen fit into its height.
type fitting struct {
	view  View
	parts []*part
	hint  string // how to see what is left out
	most  int    // lines that there are; 0 for no limit
}

// fit takes steps until the parts fit, and no more than that takes.
func (f *fitting) fit(steps []step) {
	if f.most <= 0 {
		return
	}
	apart := map[*part]bool{}
	for _, p := range f.parts {
		apart[p] = p.gap
	}
	for _, s := range steps {
		if f.over() <= 0 {
			break
		}
		f.take(s)
	}
	for i := len(f.parts) - 1; i >= 0 && f.over() < 0; i-- { // a step may have made more room than it took
		f.parts[i].gap = apart[f.parts[i]]
	}
}

// over returns by how many lines the parts are too many.
func (f *fitting) over() int {
	n := -f.most
	hidden := 0
	for _, p := range f.parts {
		n, hidden = n+p.height(), hidden+p.hidden
	}
	return n + min(1, hidden)
}

func (f *fitting) take(s step) {
	if s.part == nil {
		for _, p := range f.parts {
			p.gap = false
		}
		return
	}
	for i := len(s.part.rows) - 1; i >= 0 && s.fold > 0 && f.over() > 0; i-- {
		if r := &s.part.rows[i]; len(r.lines) > s.fold {
			last := flowed(r.lines[s.fold-1 : max(s.fold, r.flow)])
			r.flow = min(s.fold, r.flow)
			if width(last) <= f.view.Width {
				last = f.view.more(last)
			}
			last = f.view.cut(last, f.view.Width)
			r.lines = append(r.lines[:s.fold-1:s.fold-1], last)
		}
	}
	for s.rows && len(s.part.rows) > s.least && (s.all || f.over() > 0) {
		last := len(s.part.rows) - 1
		s.part.hidden += max(1, s.part.rows[last].items)
		s.part.rows = s.part.rows[:last]
	}
}

// note says what was left out, and how to see it; nothing if that is nothing.
func (f *fitting) note() string {
	var order, names []string
	counted := map[string]int{}
	for _, p := range f.parts {
		if p.hidden > 0 {
			if counted[p.name] == 0 {
				order = append(order, p.name)
			}
			counted[p.name] += p.hidden
		}
	}
	for _, name := range order {
		switch n := counted[name]; {
		case strings.HasSuffix(name, "s"):
			names = append(names, name)
		case n == 1:
			names = append(names, "1 "+name)
		case strings.HasSuffix(name, "y"):
			names = append(names, fmt.Sprintf("%d %sies", n, strings.TrimSuffix(name, "y")))
		default:
			names = append(names, fmt.Sprintf("%d %ss", n, name))
		}
	}
	if len(names) == 0 {
		return ""
	}
	// How to see it must not be cut off: what was left out is shortened before.
	head, tail := "… not shown: ", " ("+f.hint+")"
	list := strings.Join(names, ", ")
	if room := f.view.Width - width(f.view.plain(head)) - width(tail); f.view.Width > 0 && width(list) > room {
		list = f.view.cut(list, max(narrowest, room))
	}
	return head + list + tail
}

// flowed returns lines that are one text as one line.
func flowed(lines []string) string {
	var b strings.Builder
	b.WriteString(lines[0])
	for _, line := range lines[1:] {
		b.WriteString(" " + strings.TrimLeft(line, " "))
	}
	return b.String()
}

// more says that a line goes on.
func (v View) more(line string) string {
	if v.Width > 0 && width(line)+2 > v.Width {
		return v.cut(line+"  ", v.Width)
	}
	return line + " " + v.ellipsis()
}

// lay writes the parts, and before the last of them what was left out.
func (s *screen) lay(f *fitting) {
	for i, p := range f.parts {
		if note := f.note(); note != "" && i == len(f.parts)-1 {
			s.line("%s", note)
		}
		if len(p.rows) == 0 {
			continue
		}
		if p.gap {
			s.line("")
		}
		for _, line := range p.title {
			s.line("%s", line)
		}
		for _, r := range p.rows {
			s.row(r)
		}
	}
}

// row writes a row with its color.
func (s *screen) row(r row) {
	for i, line := range r.lines {
		if i == 0 && r.hue != "" && s.view.Color && r.from < r.to && r.to <= len(line) {
			line = line[:r.from] + r.hue + line[r.from:r.to] + reset + line[r.to:]
		}
		s.WriteString(line + "\n")
	}
}

func (v View) ellipsis() string {
	if v.ASCII {
		return "..."
	}
	return "…"
}
