// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// inspectText reads a text as util.inspect prints it: literals of JavaScript
// joined with +, each with the quote that suits it, and at the end perhaps
// how much was left out.
//
//	'first line\n' +
//	  "it's the second"... 50 more characters
func (s *scanner) inspectText() (string, *fault) {
	b := s.buffer[:0]
	for {
		var f *fault
		if b, f = s.literal(b); f != nil {
			return "", f
		}
		end := s.pos
		s.skipBlanks()
		if !s.eat("+") {
			s.pos = end
			break
		}
		if s.skipSpace(); !s.isQuote(s.peek()) {
			return "", s.want("a text in quotes after the +")
		}
	}
	s.buffer = append(b, s.leftOut()...)
	return string(s.buffer), nil
}

// literal appends one literal of JavaScript.
func (s *scanner) literal(b []byte) ([]byte, *fault) {
	quote := s.text[s.pos]
	s.pos++
	for start := s.pos; !s.eof(); {
		switch c := s.text[s.pos]; c {
		case quote:
			b = append(b, s.text[start:s.pos]...)
			s.pos++
			return b, nil
		case '\n':
			return nil, s.want("the closing quote before the end of the line")
		case '\\':
			b = append(b, s.text[start:s.pos]...)
			r, ok := s.inspectEscape()
			if !ok {
				return nil, s.want("an escape of JavaScript after the backslash")
			}
			b = utf8.AppendRune(b, r)
			start = s.pos
		default:
			s.pos++
		}
	}
	return nil, s.want("the closing quote")
}

// inspectEscape reads an escape that util.inspect uses, and no other: that
// tells its text from YAML with a backslash. It escapes control characters
// and halves of surrogate pairs, which Go cannot hold: those become U+FFFD.
func (s *scanner) inspectEscape() (r rune, ok bool) {
	rest := s.text[s.pos+1:]
	if rest == "" {
		return 0, false
	}
	const letters, runes = `\'bfnrt`, "\\'\b\f\n\r\t"
	if n := strings.IndexByte(letters, rest[0]); n >= 0 {
		s.pos += 2
		return rune(runes[n]), true
	}
	digits := map[byte]int{'x': 2, 'u': 4}[rest[0]]
	r, ok = s.hexEscape(digits)
	return r, ok && (unicode.IsControl(r) || utf16.IsSurrogate(r))
}

// hexEscape reads an escape such as \x1B, with so many digits.
func (s *scanner) hexEscape(digits int) (rune, bool) {
	from := s.pos + 2
	if from+digits > len(s.text) {
		return 0, false
	}
	n, err := strconv.ParseUint(s.text[from:from+digits], 16, 32)
	if err != nil {
		return 0, false
	}
	s.pos = from + digits
	return rune(n), true
}

// leftOut reads what util.inspect prints after the first 10,000 characters of
// a longer text, "... 50 more characters". It stays in the value: what is cut
// must not look whole.
func (s *scanner) leftOut() string {
	start := s.pos
	s.skipBlanks()
	from := s.pos
	if s.eat("... ") {
		for c := s.peek(); c >= '0' && c <= '9'; c = s.peek() {
			s.pos++
		}
		if s.eat(" more character") {
			s.eat("s")
			return s.text[from:s.pos]
		}
	}
	s.pos = start
	return ""
}
