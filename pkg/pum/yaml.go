// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"strings"
	"unicode/utf8"
)

// yamlText reads a text in quotes of YAML, which may go over several lines: a
// line break is a blank, and further ones are line breaks.
//
//	'it''s one line
//	  and
//
//	  here is another'
func (s *scanner) yamlText() (string, *fault) {
	quote := s.text[s.pos]
	s.pos++
	b := s.buffer[:0]
	solid := 0 // bytes of b that folding must not trim: they were escaped
	for start := s.pos; !s.eof(); {
		switch c := s.text[s.pos]; {
		case c == quote:
			b = append(b, s.text[start:s.pos]...)
			s.pos++
			if quote == '"' || s.peek() != '\'' {
				s.buffer = b
				return string(b), nil
			}
			start = s.pos // the second of two quotes stands for itself
			s.pos++
		case c == '\n':
			b = append(b, s.text[start:s.pos]...)
			b = s.fold(trimBlanks(b, solid))
			start, solid = s.pos, len(b)
		case c == '\\' && quote == '"':
			b = append(b, s.text[start:s.pos]...)
			var ok bool
			if b, ok = s.yamlEscape(b); !ok {
				return "", s.want("an escape of YAML after the backslash")
			}
			start, solid = s.pos, len(b)
		default:
			s.pos++
		}
	}
	return "", s.want("the closing quote")
}

// trimBlanks cuts blanks off the end of b, but not below its first solid bytes.
func trimBlanks(b []byte, solid int) []byte {
	for len(b) > solid && strings.IndexByte(" \t\r", b[len(b)-1]) >= 0 {
		b = b[:len(b)-1]
	}
	return b
}

// fold appends what a line break at hand and the empty lines after it mean.
func (s *scanner) fold(b []byte) []byte {
	s.pos++
	n := len(b)
	if b = s.emptyLines(b); len(b) == n {
		b = append(b, ' ')
	}
	return b
}

// emptyLines appends a line break for each empty line at hand and steps over
// the indentation of the line that follows.
func (s *scanner) emptyLines(b []byte) []byte {
	for ; !s.eof(); s.pos++ {
		switch s.text[s.pos] {
		case ' ', '\t', '\r':
		case '\n':
			b = append(b, '\n')
		default:
			return b
		}
	}
	return b
}

// yamlEscape appends what an escape in double quotes stands for.
func (s *scanner) yamlEscape(b []byte) ([]byte, bool) {
	rest := s.text[s.pos+1:]
	if next, ok := strings.CutPrefix(strings.TrimLeft(rest, "\r"), "\n"); ok { // the line goes on
		s.pos = len(s.text) - len(next)
		return s.emptyLines(b), true
	}
	if rest == "" {
		return b, false
	}
	const letters, bytes = "\\\"/ \t0abtnvfre", "\\\"/ \t\x00\a\b\t\n\v\f\r\x1b"
	if n := strings.IndexByte(letters, rest[0]); n >= 0 {
		s.pos += 2
		return append(b, bytes[n]), true
	}
	if n := strings.IndexByte("N_LP", rest[0]); n >= 0 {
		s.pos += 2
		return utf8.AppendRune(b, []rune("\u0085\u00a0\u2028\u2029")[n]), true
	}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[rest[0]]
	r, ok := s.hexEscape(digits)
	return utf8.AppendRune(b, r), ok
}
