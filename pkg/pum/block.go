// SPDX-License-Identifier: Apache-2.0

package pum

import "strings"

// block reads the value of a key that ends its line, as YAML prints objects
// and arrays: on the lines below, indented deeper than the key. It becomes
// compact JSON. Nothing indented deeper is null.
//
//	lastResponse:
//	  status: 200
//	  list:
//	    - 'a'
func (s *scanner) block(keyColumn int) (value, *fault) {
	at, column := s.nextLine()
	if column <= keyColumn {
		return value{kind: kindNull}, nil
	}
	s.ambiguous = true
	s.pos = at
	if s.isQuote(s.peek()) && !s.atKey() {
		return s.value()
	}
	b, f := s.node(nil, 0)
	if f != nil {
		return value{}, f
	}
	if at, column := s.nextLine(); column > keyColumn {
		s.pos = at
		return value{}, s.want("the indentation of a line before")
	}
	return value{kindObject, string(b)}, nil
}

// nextLine returns the offset and the column of the next thing that is not
// blank, -1 if there is none. The scanner is at the end of a line; it stays
// there, or goes to the end of the last blank line.
func (s *scanner) nextLine() (at, column int) {
	for at = s.pos; at < len(s.text); at++ {
		switch s.text[at] {
		case ' ', '\t', '\r':
			column++
		case '\n':
			s.pos, column = at, 0
		default:
			return at, column
		}
	}
	return at, -1
}

// column returns the column of an offset.
func (s *scanner) column(at int) int {
	return at - strings.LastIndexByte(s.text[:at], '\n') - 1
}

// node appends the mapping, sequence or single value at hand as JSON, and
// stops at the end of its last line.
func (s *scanner) node(b []byte, depth int) ([]byte, *fault) {
	switch {
	case depth > maxDepth:
		return nil, s.want("less nesting")
	case s.atBullet():
		return s.sequence(b, depth)
	case s.atKey():
		return s.mapping(b, depth)
	}
	v, f := s.value()
	if f != nil {
		return nil, f
	}
	return appendJSON(b, v), s.endLine()
}

func (s *scanner) sequence(b []byte, depth int) ([]byte, *fault) {
	b = append(b, '[')
	for column := s.column(s.pos); ; b = append(b, ',') {
		s.pos++
		s.skipBlanks()
		var f *fault
		if b, f = s.nodeHere(b, column, depth+1); f != nil {
			return nil, f
		}
		if !s.nextIn(column) || !s.atBullet() {
			return append(b, ']'), nil
		}
	}
}

func (s *scanner) mapping(b []byte, depth int) ([]byte, *fault) {
	b = append(b, '{')
	for column := s.column(s.pos); ; b = append(b, ',') {
		key, f := s.blockKey()
		if f != nil {
			return nil, f
		}
		b = append(appendJSONText(b, key), ':')
		if b, f = s.nodeHere(b, column, depth+1); f != nil {
			return nil, f
		}
		if !s.nextIn(column) {
			return append(b, '}'), nil
		}
	}
}

// nodeHere appends what stands after a bullet or a key in this column: on the
// same line, or on the lines below and deeper, or nothing.
func (s *scanner) nodeHere(b []byte, column, depth int) ([]byte, *fault) {
	if !s.eof() && s.peek() != '\n' {
		return s.node(b, depth)
	}
	at, next := s.nextLine()
	if next <= column {
		return append(b, "null"...), nil
	}
	s.pos = at
	return s.node(b, depth)
}

// nextIn steps to the next line if it begins in the column.
func (s *scanner) nextIn(column int) bool {
	at, next := s.nextLine()
	if next != column {
		return false
	}
	s.pos = at
	return true
}

// atBullet reports whether the bullet of a list is at hand.
func (s *scanner) atBullet() bool {
	return s.peek() == '-' && (s.pos+1 == len(s.text) || strings.IndexByte(" \r\n", s.text[s.pos+1]) >= 0)
}

// atKey reports whether a key is at hand.
func (s *scanner) atKey() bool {
	ahead := *s
	_, f := ahead.blockKey()
	return f == nil
}

// blockKey reads a key with its colon. Without quotes, it may hold anything
// but a colon before a blank.
func (s *scanner) blockKey() (string, *fault) {
	if s.isQuote(s.peek()) {
		key, f := s.key()
		s.skipBlanks()
		return key, f
	}
	line, _, _ := strings.Cut(s.text[s.pos:], "\n")
	line = strings.TrimRight(line, "\r")
	n := strings.Index(line, ": ")
	if n < 0 && strings.HasSuffix(line, ":") {
		n = len(line) - 1
	}
	if n <= 0 || strings.IndexByte("{[", line[0]) >= 0 {
		return "", s.want("a key")
	}
	s.pos += n + 1
	s.skipBlanks()
	return line[:n], nil
}
