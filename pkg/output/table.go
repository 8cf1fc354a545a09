// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bytes"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// A table is rows under a header, in kubectl's look.
type table struct {
	header []string
	rows   [][]string
	shrink []string // columns that are cut, in this order, where the width is too small
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

// write writes the table within the width of a view, each row on one line.
// Rows that are below the screen for sure are empty lines.
func (t *table) write(b *bytes.Buffer, v View) error {
	below := 0
	if v.most > 0 && len(t.rows) > v.most {
		below = len(t.rows) - v.most
		t.rows = t.rows[:v.most]
	}
	defer func() { b.WriteString(strings.Repeat("\n", below)) }()
	for _, row := range t.rows {
		for i := range row {
			row[i] = v.plain(row[i])
		}
	}
	t.fit(v)
	var out bytes.Buffer
	cells := tw.CellConfig{
		Formatting: tw.CellFormatting{AutoFormat: tw.Off, AutoWrap: tw.WrapNone},
		Alignment:  tw.CellAlignment{Global: tw.AlignLeft},
		Padding:    tw.CellPadding{Global: tw.Padding{Right: strings.Repeat(" ", columnSpacing), Overwrite: true}},
	}
	w := tablewriter.NewTable(&out,
		tablewriter.WithConfig(tablewriter.Config{
			Header: cells, Row: cells, Behavior: tw.Behavior{TrimSpace: tw.Off},
		}),
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders:  tw.BorderNone,
			Settings: tw.Settings{Separators: tw.SeparatorsNone, Lines: tw.LinesNone},
		})))
	w.Header(t.header)
	if err := w.Bulk(t.rows); err != nil {
		return err
	}
	if err := w.Render(); err != nil {
		return err
	}
	for line := range strings.Lines(out.String()) {
		b.WriteString(v.clip(strings.TrimSuffix(line, "\n")) + "\n")
	}
	return nil
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
