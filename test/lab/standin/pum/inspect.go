// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"fmt"
	"strings"
	"unicode/utf16"
)

// These are the limits of Node.js' util.inspect with its default options.
const (
	inspectWidth     = 80    // breakLength
	inspectMaxString = 10000 // maxStringLength
)

// inspect writes a value as util.inspect of Node.js 20 does at this depth of
// indentation; testdata/formatters.json holds Node's own answers.
func inspect(value any, indent int, color bool) string {
	paint := func(code, text, off string) string {
		if !color {
			return text
		}
		return "\x1b[" + code + "m" + text + "\x1b[" + off + "m"
	}
	switch v := value.(type) {
	case nil:
		return paint("1", "null", "22")
	case string:
		return inspectString(v, indent, func(literal string) string { return paint("32", literal, "39") })
	default:
		return paint("33", fmt.Sprint(v), "39")
	}
}

// inspectString quotes a string. One that has line breaks and does not fit on
// a line becomes several literals joined by +, each quoted on its own.
func inspectString(s string, indent int, paint func(string) string) string {
	s, trailer := inspectCut(s)
	length := jsLength(s)
	if length <= 16 || length <= inspectWidth-indent-4 {
		return paint(inspectQuote(s)) + trailer
	}
	var literals []string
	for line := range strings.Lines(s) {
		literals = append(literals, paint(inspectQuote(line)))
	}
	return strings.Join(literals, " +\n"+strings.Repeat(" ", indent+2)) + trailer
}

// inspectCut shortens very long strings and says by how much.
func inspectCut(s string) (kept, trailer string) {
	units := utf16.Encode([]rune(s))
	more := len(units) - inspectMaxString
	switch {
	case more <= 0:
		return s, ""
	case more == 1:
		trailer = "... 1 more character"
	default:
		trailer = fmt.Sprintf("... %d more characters", more)
	}
	return string(utf16.Decode(units[:inspectMaxString])), trailer
}

// inspectQuote chooses the quotes that need no escape, in the order ' " `.
func inspectQuote(s string) string {
	quote := "'"
	if strings.Contains(s, "'") {
		switch {
		case !strings.Contains(s, `"`):
			quote = `"`
		case !strings.Contains(s, "`") && !strings.Contains(s, "${"):
			quote = "`"
		}
	}
	var b strings.Builder
	b.WriteString(quote)
	for _, r := range s {
		switch {
		case r == '\'' && quote == "'":
			b.WriteString(`\'`)
		case inspectEscapes[r] != "":
			b.WriteString(inspectEscapes[r])
		case r < 0x20 || 0x7f <= r && r <= 0x9f:
			fmt.Fprintf(&b, `\x%02X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteString(quote)
	return b.String()
}

var inspectEscapes = map[rune]string{
	'\b': `\b`, '\t': `\t`, '\n': `\n`, '\f': `\f`, '\r': `\r`, '\\': `\\`,
}

// jsLength is the length that JavaScript gives a string: UTF-16 code units.
func jsLength(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}
