// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"fmt"
	"strings"
)

// jsyaml writes a value as js-yaml 4 does with forceQuotes; it never folds.
func jsyaml(value any) string {
	s, ok := value.(string)
	if !ok {
		return yamlPlain(value)
	}
	for _, r := range s {
		if !jsyamlPrintable(r) {
			return jsyamlDouble(s)
		}
	}
	return yamlSingle(s)
}

func yamlPlain(value any) string {
	if value == nil {
		return "null"
	}
	return fmt.Sprint(value)
}

func yamlSingle(s string) string {
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

func jsyamlDouble(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case jsyamlEscapes[r] != "":
			b.WriteString(jsyamlEscapes[r])
		case jsyamlPrintable(r):
			b.WriteRune(r)
		case r <= 0xff:
			fmt.Fprintf(&b, `\x%02X`, r)
		default:
			fmt.Fprintf(&b, `\u%04X`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// jsyamlPrintable reports whether js-yaml lets a character stand as it is.
func jsyamlPrintable(r rune) bool {
	if r == 0x2028 || r == 0x2029 || r == 0xfeff {
		return false
	}
	return 0x20 <= r && r <= 0x7e || 0xa1 <= r && r <= 0xfffd || r >= 0x10000
}

var jsyamlEscapes = map[rune]string{
	0x00: `\0`, 0x07: `\a`, '\b': `\b`, '\t': `\t`, '\n': `\n`, 0x0b: `\v`, '\f': `\f`, '\r': `\r`,
	0x1b: `\e`, '"': `\"`, '\\': `\\`, 0x85: `\N`, 0xa0: `\_`, 0x2028: `\L`, 0x2029: `\P`,
}

// yaml2 writes a value as the package yaml, version 2, does with single quotes
// wanted: folded over lines of 80. How it writes line breaks and control
// characters is not played here; a scenario that wants them carries the text.
func yaml2(key string, value any) (string, error) {
	s, ok := value.(string)
	if !ok {
		return yamlPlain(value), nil
	}
	if strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 && r != '\t' || 0x7f <= r && r <= 0x9f }) {
		return "", fmt.Errorf("%s: the stand-in does not know how yaml2 writes line breaks and control characters: give the answer as text", key)
	}
	return yamlFold(yamlSingle(s), len(key)+2), nil
}

// yamlFold breaks a quoted value that begins in the given column. It breaks at
// single spaces, as late as 80 columns allow, and indents what follows by two.
// A word that is too long stays whole.
func yamlFold(s string, column int) string {
	const width, indent = 80, 2
	text := []rune(s)
	if len(text) <= width-indent+1 {
		return s
	}
	blank := func(i int) bool { return text[i] == ' ' || text[i] == '\t' }
	var b strings.Builder
	start, limit, space := 0, width-column, 0
	for i := 1; i < len(text)-1; i++ { // the first and the last are quotes
		if text[i] == ' ' && !blank(i-1) && !blank(i+1) {
			space = i
		}
		if i >= limit && space > 0 {
			b.WriteString(string(text[start:space]) + "\n" + strings.Repeat(" ", indent))
			start, limit, space = space+1, space+1+width-indent, 0
		}
	}
	b.WriteString(string(text[start:]))
	return b.String()
}
