// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"slices"
	"strings"
)

// A value that PUM is not known to print does not make the list unreadable: it is kept as it was
// printed, as long as it is clear where it ends. Newer Node.js prints such values with
// util.inspect:
//
//	[Object: null prototype] { a: 1 }     <ref *1> { self: [Circular *1] }     Map(1) { 'a' => 1 }
//	Error: connect ECONNREFUSED           Symbol(x)     [Getter]     Invalid Date
//	    at connect (node:net:1494:16) {
//	  errno: -111
//	}

// rawLine reads a value that begins at an offset and is on a line of its key, which is in
// a column: the line, what is in brackets that it opens, and lines that are indented
// deeper. What begins with a quote is no such value, nor is what ends with the text.
func (s *scanner) rawLine(start, column int) (value, bool) {
	length := strings.IndexByte(s.text[start:], '\n')
	if length < 0 || !s.beginsRaw(start) || holdsKey(s.text[start:start+length]) {
		return value{}, false
	}
	strict := strings.IndexByte("{[", s.text[start]) >= 0
	if group := (scanner{text: s.text, pos: start, dialect: s.dialect}); strict && group.skipBrackets() != nil {
		return value{}, false
	}
	first := start + length
	end, open := first, bracketDepth(s.text[start:first], 0)
	for {
		known, more := s.lineAfter(end, column)
		switch {
		case open < 0, open > 0 && known: // it was no bracket: Unexpected token { in JSON
			return s.raw(start, first), !strict
		case open == 0 && !more:
			return s.raw(start, end), true
		}
		if length = strings.IndexByte(s.text[end+1:], '\n'); length < 0 {
			return value{}, false
		}
		open = bracketDepth(s.text[end+1:end+1+length], open)
		end += 1 + length
	}
}

// lineAfter says of the line after one that ends at an offset whether it begins with one
// of the twelve keys, and whether it is more of a value whose key is in a column.
func (s *scanner) lineAfter(end, column int) (known, more bool) {
	line, _, _ := strings.Cut(s.text[end+1:], "\n")
	words := strings.TrimLeft(line, " \t")
	indent := len(line) - len(words)
	known = leadingKey(line) >= 0 && indent <= column
	return known, !known && strings.TrimSpace(words) != "" && (indent > column || strings.HasPrefix(words, "at "))
}

// rawMember reads such a value of an entry in brackets: up to the comma or the bracket
// after it.
func (s *scanner) rawMember(start int) (value, bool) {
	if !s.beginsRaw(start) {
		return value{}, false
	}
	depth := 0
	for n := start; n < len(s.text); n++ {
		switch c := s.text[n]; {
		case depth == 0 && (c == ',' || c == '}' || c == ']'):
			if holdsKey(s.text[start:n]) {
				return value{}, false
			}
			return s.raw(start, n), true
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		case c == '\'' || c == '"' || c == '`':
			n += literalLen(s.text[n:]) - 1
		}
	}
	return value{}, false
}

func (s *scanner) beginsRaw(start int) bool {
	return start < len(s.text) && strings.IndexByte("'\"`,}]\n", s.text[start]) < 0
}

// holdsKey reports whether one of the twelve keys stands in a value, outside of brackets:
// then that is more than one.
func holdsKey(text string) bool {
	text, _, _ = strings.Cut(text, "{")
	return slices.ContainsFunc(keys[:], func(key string) bool { return strings.Contains(text, " "+key+":") })
}

// raw is a value as it was printed, behind which the scanner is then.
func (s *scanner) raw(start, end int) value {
	s.pos = end
	s.ambiguous = true
	s.raws++
	return value{kindRaw, strings.TrimSpace(printed(s.text[start:end]))}
}

// bracketDepth returns how many brackets are open after a line; less than 0 if one is
// closed that was not opened. What is in quotes does not count.
func bracketDepth(line string, depth int) int {
	for n := 0; n < len(line) && depth >= 0; n++ {
		switch line[n] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '\'', '"', '`':
			n += literalLen(line[n:]) - 1
		case 0x1b:
			n += max(colorLen(line[n:]), 1) - 1 // has a bracket of its own
		}
	}
	return depth
}

// literalLen returns the length of the text in quotes that begins here, 1 if it does not
// end on its line: then it is an apostrophe.
func literalLen(text string) int {
	for n := 1; n < len(text) && text[n] != '\n'; n++ {
		switch text[n] {
		case '\\':
			n++
		case text[0]:
			return n + 1
		}
	}
	return 1
}
