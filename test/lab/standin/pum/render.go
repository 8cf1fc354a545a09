// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"fmt"
	"slices"
	"strings"
)

// The dialects that agree with the only public sample, byte for byte: they
// quote unusual values differently.
const (
	DialectInspect = "inspect" // util.inspect of Node.js on each value
	DialectJSYAML  = "jsyaml"  // js-yaml with forceQuotes
	DialectYAML2   = "yaml2"   // the package yaml, version 2, with QUOTE_SINGLE
)

// The layouts of the entries around the values. The public sample lost its
// white space, so that none of them can be ruled out.
const (
	LayoutFlush  = "flush"  // no indentation, nothing between entries
	LayoutBlank  = "blank"  // an empty line after each entry
	LayoutIndent = "indent" // four spaces before each line, an empty line after each entry
	LayoutList   = "list"   // "- " before the first key, two spaces before the others
	LayoutArray  = "array"  // console.log of the array of entries: inspect only
	LayoutEach   = "each"   // console.log of each entry: inspect only
)

// Dialects and Layouts list the names in a fixed order.
func Dialects() []string { return []string{DialectInspect, DialectJSYAML, DialectYAML2} }

// Layouts: see [Dialects].
func Layouts() []string {
	return []string{LayoutFlush, LayoutBlank, LayoutIndent, LayoutList, LayoutArray, LayoutEach}
}

// A Format is how PUM's text looks. The zero value is inspect, flush.
type Format struct {
	Dialect string `json:"dialect,omitempty"`
	Layout  string `json:"layout,omitempty"`
	Color   bool   `json:"color,omitempty"` // as console.log does on a terminal: inspect only
	CRLF    bool   `json:"crlf,omitempty"`  // as a terminal ends lines
}

// Render returns the header, which announces so many entries, and the entries.
func (f Format) Render(announced int, entries []Entry) (string, error) {
	if err := f.check(); err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d entrie(s)\n", announced)
	if err := f.entries(&b, entries); err != nil {
		return "", err
	}
	if f.CRLF {
		return strings.ReplaceAll(b.String(), "\n", "\r\n"), nil
	}
	return b.String(), nil
}

func (f Format) check() error {
	switch {
	case f.Dialect != "" && !slices.Contains(Dialects(), f.Dialect):
		return fmt.Errorf("dialect %q: want one of %s", f.Dialect, strings.Join(Dialects(), ", "))
	case f.Layout != "" && !slices.Contains(Layouts(), f.Layout):
		return fmt.Errorf("layout %q: want one of %s", f.Layout, strings.Join(Layouts(), ", "))
	case (f.Layout == LayoutArray || f.Layout == LayoutEach || f.Color) && !f.inspects():
		return fmt.Errorf("dialect %s has neither colour nor the layouts array and each", f.Dialect)
	case f.Layout == LayoutList && f.Dialect == DialectYAML2:
		return fmt.Errorf("dialect yaml2 is not played in the layout list: its folds depend on it")
	}
	return nil
}

func (f Format) inspects() bool {
	return f.Dialect == "" || f.Dialect == DialectInspect
}

func (f Format) entries(b *strings.Builder, entries []Entry) error {
	switch f.Layout {
	case LayoutArray:
		f.objects(b, entries, "  ", ",")
		return nil
	case LayoutEach:
		f.objects(b, entries, "", "")
		return nil
	}
	for i, entry := range entries {
		for j, field := range entry.fields() {
			value, err := f.value(field)
			if err != nil {
				return fmt.Errorf("entry %d: %w", i+1, err)
			}
			prefix := f.prefix(j == 0)
			text := prefix + field.Key + ": " + value
			b.WriteString(strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", len(prefix))) + "\n")
		}
		if f.Layout == LayoutBlank || f.Layout == LayoutIndent {
			b.WriteString("\n")
		}
	}
	return nil
}

func (f Format) value(field Field) (string, error) {
	switch f.Dialect {
	case DialectJSYAML:
		return jsyaml(field.Value), nil
	case DialectYAML2:
		return yaml2(field.Key, field.Value)
	default:
		return inspect(field.Value, 0, f.Color), nil
	}
}

func (f Format) prefix(first bool) string {
	switch {
	case f.Layout == LayoutIndent:
		return "    "
	case f.Layout == LayoutList && first:
		return "- "
	case f.Layout == LayoutList:
		return "  "
	default:
		return ""
	}
}

// objects writes the entries as console.log writes objects: in an array when
// they are indented, else one by one.
func (f Format) objects(b *strings.Builder, entries []Entry, indent, comma string) {
	if comma != "" {
		if len(entries) == 0 {
			b.WriteString("[]\n")
			return
		}
		b.WriteString("[\n")
	}
	for i, entry := range entries {
		var lines []string
		for _, field := range entry.fields() {
			lines = append(lines, indent+"  "+field.Key+": "+inspect(field.Value, len(indent)+2, f.Color))
		}
		if i == len(entries)-1 {
			comma = ""
		}
		fmt.Fprintf(b, "%s{\n%s\n%s}%s\n", indent, strings.Join(lines, ",\n"), indent, comma)
	}
	if indent != "" {
		b.WriteString("]\n")
	}
}
