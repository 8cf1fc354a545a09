// SPDX-License-Identifier: Apache-2.0

package pum

import "strings"

// flow reads an object or array in brackets, { a: 1 } or [ 1, 'x' ], which
// becomes compact JSON as JSON.stringify would write it. What is not JSON is
// kept as printed: util.inspect puts [Object] below its depth.
func (s *scanner) flow() (value, *fault) {
	start := s.pos
	if f := s.skipBrackets(); f != nil {
		return value{}, f
	}
	raw := s.text[start:s.pos]
	sub := scanner{text: raw, dialect: s.dialect}
	json, ok := sub.flowJSON(nil, 0)
	s.ambiguous = s.ambiguous || sub.ambiguous
	if ok {
		return value{kindObject, string(json)}, nil
	}
	return value{kindRaw, printed(raw)}, nil
}

// printed takes out of a text what a terminal put into it.
func printed(text string) string {
	if strings.IndexByte(text, 0x1b) < 0 && strings.IndexByte(text, '\r') < 0 {
		return text
	}
	var b strings.Builder
	for n := 0; n < len(text); {
		switch color := colorLen(text[n:]); {
		case color > 0:
			n += color
		case strings.HasPrefix(text[n:], "\r\n"):
			n++
		default:
			b.WriteByte(text[n])
			n++
		}
	}
	return b.String()
}

// skipBrackets steps over what is in brackets, whatever it is, as long as
// brackets and quotes are closed.
func (s *scanner) skipBrackets() *fault {
	var closers []byte
	for !s.eof() {
		switch c := s.text[s.pos]; {
		case c == '{':
			closers = append(closers, '}')
		case c == '[':
			closers = append(closers, ']')
		case c == '}' || c == ']':
			if closers[len(closers)-1] != c {
				return s.want("the closing bracket " + string(closers[len(closers)-1]))
			}
			closers = closers[:len(closers)-1]
		case colorLen(s.text[s.pos:]) > 0: // has a bracket of its own
			s.skipBlanks()
			continue
		case s.isQuote(c) && !s.atApostrophe():
			if _, f := s.quoted(); f != nil {
				return f
			}
			continue
		}
		s.pos++
		if len(closers) == 0 {
			return nil
		}
	}
	return s.want("the closing bracket " + string(closers[len(closers)-1]))
}

// atApostrophe reports whether the quote at hand is none: it follows a letter, as in the
// words of a bare error, and no other ends what it would begin.
func (s *scanner) atApostrophe() bool {
	before := s.text[s.pos-1]
	return s.text[s.pos] == '\'' && (before|0x20 >= 'a' && before|0x20 <= 'z') && literalLen(s.text[s.pos:]) == 1
}

// flowJSON appends the value at hand as JSON, false if it is none.
func (s *scanner) flowJSON(b []byte, depth int) ([]byte, bool) {
	if depth > maxDepth {
		return nil, false
	}
	s.skipSpace()
	switch {
	case s.eat("{"):
		return s.flowMembers(append(b, '{'), '}', depth)
	case s.eat("["):
		return s.flowMembers(append(b, '['), ']', depth)
	}
	v, f := s.value()
	if f != nil {
		return nil, false
	}
	return appendJSON(b, v), true
}

// flowMembers appends the members of an object or array. Like JSON.stringify
// it leaves out keys without a value and those in brackets: [length]: 3.
func (s *scanner) flowMembers(b []byte, closer byte, depth int) ([]byte, bool) {
	first := len(b)
	for {
		s.skipSpace()
		if s.peek() == closer {
			s.pos++
			return append(b, closer), true
		}
		before := len(b)
		if before > first {
			b = append(b, ',')
		}
		hidden := s.hiddenKey()
		if closer == '}' && !hidden {
			key, f := s.key()
			if f != nil {
				return nil, false
			}
			b = append(appendJSONText(b, key), ':')
		}
		s.skipSpace()
		undefined := closer == '}' && strings.HasPrefix(s.text[s.pos:], "undefined")
		var ok bool
		if b, ok = s.flowJSON(b, depth+1); !ok {
			return nil, false
		}
		if hidden || undefined {
			b = b[:before]
		}
		s.skipSpace()
		if !s.eat(",") && s.peek() != closer {
			return nil, false
		}
	}
}

// hiddenKey steps over the key of a property that is not JSON's, such as
// [length]: or [Symbol(x)]:, and reports whether one is at hand.
func (s *scanner) hiddenKey() bool {
	if s.peek() != '[' {
		return false
	}
	n := strings.IndexAny(s.text[s.pos+1:], "]{}'\",\n")
	if n < 0 || !strings.HasPrefix(s.text[s.pos+1+n:], "]: ") {
		return false
	}
	s.pos += 1 + n + len("]: ")
	return true
}

// appendJSON appends a value as JSON.
func appendJSON(b []byte, v value) []byte {
	switch v.kind {
	case kindNull:
		return append(b, "null"...)
	case kindNumber, kindBool, kindObject:
		return append(b, v.text...)
	}
	return appendJSONText(b, v.text)
}
