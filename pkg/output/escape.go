// SPDX-License-Identifier: Apache-2.0

package output

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// escape makes text from a pod fit for one line of a screen: what does not
// print, and what would turn, hide or move other text, is shown as an escape
// of Go. Printable text of any script stays.
func escape(text string) string {
	if clean(text) {
		return text
	}
	return escapeBut(text, "")
}

// Safe makes whole output fit for a terminal: line breaks and tabs stay.
func Safe(text string) string { return escapeBut(text, "\n\t") }

func clean(text string) bool {
	return utf8.ValidString(text) && strings.IndexFunc(text, unprintable) < 0
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) }

func unprintableInText(r rune) bool { return r != '\n' && unprintable(r) }

func escapeBut(text, keep string) string {
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case unicode.IsPrint(r), strings.ContainsRune(keep, r):
			b.WriteRune(r)
		default:
			b.WriteString(escaped(r))
		}
		text = text[size:]
	}
	return b.String()
}

// escaped writes a rune as Go's quotes do, without the quotes.
func escaped(r rune) string {
	switch r {
	case '\n':
		return `\n`
	case '\r':
		return `\r`
	case '\t':
		return `\t`
	}
	switch {
	case r < 0x80:
		return fmt.Sprintf(`\x%02x`, r)
	case r < 0x10000:
		return fmt.Sprintf(`\u%04x`, r)
	}
	return fmt.Sprintf(`\U%08x`, r)
}

// printsAsIs reports whether text is of ASCII that a terminal prints as it is,
// with line breaks and tabs. It is what most logs are made of.
func printsAsIs(text []byte) bool {
	for _, b := range text {
		if (b < ' ' || b >= 0x7f) && b != '\n' && b != '\t' {
			return false
		}
	}
	return true
}
