// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// A printer prints entries as PUM might, for tests that need more texts than
// testdata/formatters has.
type printer struct {
	dialect Dialect
	layout  string
	fold    bool // break texts over lines where the dialect may
}

var layouts = []string{"flush", "blank", "indent", "list", "docs", "each", "array"}

// print prints a list.
func (p printer) print(entries []Entry) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "%d entrie(s)\n", len(entries))
	if p.layout == "array" {
		b.WriteString("[\n")
	}
	for i := range entries {
		b.WriteString(p.entry(&entries[i]))
		if p.layout == "array" && i < len(entries)-1 {
			b.WriteString(",")
		}
		if p.layout == "blank" || p.layout == "each" || p.layout == "array" {
			b.WriteString("\n")
		}
	}
	if p.layout == "array" {
		b.WriteString("]\n")
	}
	return []byte(b.String())
}

func (p printer) entry(e *Entry) string {
	pairs := make([]string, 0, len(keys))
	for n, key := range keys {
		pairs = append(pairs, key+": "+p.value(e, n))
	}
	lines := strings.Join(pairs, "\n") + "\n"
	switch p.layout {
	case "indent":
		return indent(lines, "    ")
	case "list":
		return "- " + indent(lines, "  ")[2:]
	case "docs":
		return "---\n" + lines
	case "each", "array":
		return "{\n" + indent(strings.Join(pairs, ",\n")+"\n", "  ") + "}"
	}
	return lines
}

func indent(lines, by string) string {
	return by + strings.ReplaceAll(strings.TrimSuffix(lines, "\n"), "\n", "\n"+by) + "\n"
}

func (p printer) value(e *Entry, key int) string {
	if field := e.text(key); field != nil {
		if *field == nil {
			return "null"
		}
		return p.quote(**field)
	}
	switch field := e.count(key); {
	case key == keyUID:
		return strconv.FormatInt(e.UID, 10)
	case key == keyState:
		return p.quote(string(e.State))
	case *field == nil:
		return "null"
	default:
		return strconv.FormatInt(**field, 10)
	}
}

func (p printer) quote(text string) string {
	switch {
	case p.dialect == DialectInspect && p.fold:
		lines := strings.SplitAfter(text, "\n")
		if len(lines) > 1 && lines[len(lines)-1] == "" {
			lines = lines[:len(lines)-1]
		}
		for i := range lines {
			lines[i] = inspectQuote(lines[i])
		}
		return strings.Join(lines, " +\n  ")
	case p.dialect == DialectInspect:
		return inspectQuote(text)
	case strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && unicode.IsControl(r) }):
		return yamlDouble(text)
	case !strings.Contains(text, "\n"):
		return yamlSingle(text)
	case p.fold && !blankAtBreak.MatchString(text):
		return yamlSingle(breaks.ReplaceAllString(text, "\n$0  "))
	}
	return yamlDouble(text)
}

var (
	breaks       = regexp.MustCompile(`\n+`)
	blankAtBreak = regexp.MustCompile(`[ \t]\n|\n[ \t]`)
)

// inspectQuote quotes as util.inspect.
func inspectQuote(text string) string {
	quote := "'"
	switch {
	case !strings.Contains(text, "'"):
	case !strings.Contains(text, `"`):
		quote = `"`
	case !strings.Contains(text, "`") && !strings.Contains(text, "${"):
		quote = "`"
	}
	short := map[rune]string{'\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`, '\\': `\\`}
	if quote == "'" {
		short['\''] = `\'`
	}
	return quote + escape(text, short, `\x%02X`) + quote
}

// yamlDouble quotes as js-yaml quotes what does not fit on a line as it is.
func yamlDouble(text string) string {
	return `"` + escape(text, map[rune]string{
		0: `\0`, 7: `\a`, 8: `\b`, 9: `\t`, 10: `\n`, 11: `\v`, 12: `\f`, 13: `\r`, 27: `\e`,
		'"': `\"`, '\\': `\\`, 0x85: `\N`, 0xa0: `\_`, 0x2028: `\L`, 0x2029: `\P`,
	}, `\x%02X`) + `"`
}

func yamlSingle(text string) string {
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

func escape(text string, short map[rune]string, control string) string {
	var b strings.Builder
	for _, r := range text {
		switch s, ok := short[r]; {
		case ok:
			b.WriteString(s)
		case unicode.IsControl(r):
			fmt.Fprintf(&b, control, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
