// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bytes"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter"
)

// A table is rows under a header, in kubectl's look.
type table struct {
	header []string
	rows   [][]string
	shrink []string // columns that are cut, in this order, where the width is too small
	wrap   int      // how many lines the last column may have, if more than one
}

// columnSpacing is the space between two columns.
const columnSpacing = 2

// narrowest is how narrow a column may become by being cut.
const narrowest = 12

// add adds a row. Cells come from clusters and pods, and are made safe here.
// An empty cell becomes a dash.
func (t *table) add(cells ...string) {
	for i, cell := range cells {
		if cells[i] = escape(cell); cell == "" {
			cells[i] = "-"
		}
	}
	t.rows = append(t.rows, cells)
}

// drop removes columns.
func (t *table) drop(names ...string) {
	for _, name := range names {
		column := slices.Index(t.header, name)
		t.header = slices.Delete(t.header, column, column+1)
		for i := range t.rows {
			t.rows[i] = slices.Delete(t.rows[i], column, column+1)
		}
	}
}

// write writes the table within the width of a view.
func (t *table) write(b *bytes.Buffer, v View) {
	for _, r := range t.lines(v) {
		b.WriteString(strings.Join(append(r.lines, ""), "\n"))
	}
}

// lines returns the header and the rows within the width of a view, each on one line unless
// the last column is wrapped.
func (t *table) lines(v View) []row {
	for _, row := range t.rows {
		for i := range row {
			row[i] = v.plain(row[i])
		}
	}
	rest, indent := t.wrapped(v)
	t.fit(v)
	var out bytes.Buffer
	w := tablewriter.NewWriter(&out)
	w.SetAutoWrapText(false)
	w.SetAutoFormatHeaders(false)
	w.SetHeaderAlignment(tablewriter.ALIGN_LEFT)
	w.SetAlignment(tablewriter.ALIGN_LEFT)
	w.SetColumnSeparator("")
	w.SetHeaderLine(false)
	w.SetBorder(false)
	w.SetNoWhiteSpace(true)
	w.SetTablePadding(strings.Repeat(" ", columnSpacing))
	w.SetHeader(t.header)
	w.AppendBulk(t.rows)
	w.Render()
	var rows []row
	for line := range strings.Lines(out.String()) {
		r := row{flow: 1 + len(rest[len(rows)]), lines: []string{v.clip(strings.TrimSuffix(line, "\n"))}}
		for _, more := range rest[len(rows)] {
			r.lines = append(r.lines, v.clip(strings.Repeat(" ", indent)+more))
		}
		rows = append(rows, r)
	}
	return rows
}

// wrapped breaks what is too wide for the last column into lines, leaves the first in the
// table, and returns the others, by the line of the table, with their indent. Before that
// it cuts the columns that may be cut.
func (t *table) wrapped(v View) (rest map[int][]string, indent int) {
	rest = map[int][]string{}
	if v.Width <= 0 || t.wrap < 2 {
		return rest, 0
	}
	last := len(t.header) - 1
	whole := -columnSpacing
	for i := range t.header {
		whole += t.width(i) + columnSpacing
	}
	for _, name := range t.shrink {
		i := slices.Index(t.header, name)
		for _, row := range t.rows {
			if whole > v.Width {
				row[i] = v.cutMiddle(row[i], max(20, v.Width*3/10))
			}
		}
	}
	for i := range last {
		indent += t.width(i) + columnSpacing
	}
	for i, row := range t.rows {
		lines := v.wrap(row[last], indent)
		if len(lines) > t.wrap {
			lines = append(lines[:t.wrap-1:t.wrap-1], v.cut(strings.Join(lines[t.wrap-1:], " "), v.Width-indent))
		}
		row[last], rest[i+1] = lines[0], lines[1:]
	}
	return rest, indent
}

// fit cuts cells so that no line is wider than the view, as far as that
// leaves something to read.
func (t *table) fit(v View) {
	if v.Width <= 0 {
		return
	}
	excess := -columnSpacing - v.Width
	for i := range t.header {
		excess += t.width(i) + columnSpacing
	}
	for _, name := range append(t.shrink, t.header[len(t.header)-1]) {
		if excess <= 0 {
			return
		}
		i := slices.Index(t.header, name)
		wide := t.width(i)
		narrow := max(wide-excess, min(wide, narrowest))
		for _, row := range t.rows {
			row[i] = v.cut(row[i], narrow)
		}
		excess -= wide - narrow
	}
}

// width returns the width of a column's widest cell.
func (t *table) width(column int) int {
	widest := width(t.header[column])
	for _, row := range t.rows {
		widest = max(widest, width(row[column]))
	}
	return widest
}
