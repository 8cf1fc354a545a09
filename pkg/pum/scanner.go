// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"errors"
	"strings"
	"time"
	"unicode/utf8"
)

// A scanner reads values from a text in one dialect. It looks at each byte a
// bounded number of times.
type scanner struct {
	text      string
	pos       int
	dialect   Dialect
	buffer    []byte
	ambiguous bool // some value may read differently, or not at all, in the other dialect
	raws      int  // values that are kept as they were printed
}

// A value is what stands after a key.
type value struct {
	kind kind
	text string // decoded if quoted, else as printed; compact JSON of an object
}

type kind int

const (
	kindNull   kind = iota // null, undefined
	kindText               // quoted, or a bare time
	kindNumber             // of JSON
	kindBool               // true, false
	kindWord               // a number that JSON does not have: NaN
	kindObject             // an object or array that is JSON
	kindRaw                // what is none of these, as it was printed
)

func (s *scanner) eof() bool { return s.pos >= len(s.text) }

// peek returns the byte at hand, or 0 at the end of the text.
func (s *scanner) peek() byte {
	if s.eof() {
		return 0
	}
	return s.text[s.pos]
}

// eat steps over the token if it is at hand.
func (s *scanner) eat(token string) bool {
	if !strings.HasPrefix(s.text[s.pos:], token) {
		return false
	}
	s.pos += len(token)
	return true
}

// want says what should stand here.
func (s *scanner) want(what string) *fault {
	return &fault{at: s.pos, err: errors.New("want " + what)}
}

// skipBlanks steps over what may stand between tokens of a line: blanks, the
// carriage returns and the colors of a terminal.
func (s *scanner) skipBlanks() {
	for !s.eof() {
		switch s.text[s.pos] {
		case ' ', '\t', '\r':
			s.pos++
		case 0x1b:
			n := colorLen(s.text[s.pos:])
			if n == 0 {
				return
			}
			s.pos += n
		default:
			return
		}
	}
}

// skipSpace is skipBlanks over line breaks.
func (s *scanner) skipSpace() {
	for s.skipBlanks(); s.peek() == '\n'; s.skipBlanks() {
		s.pos++
	}
}

// colorLen returns the length of the color sequence that text begins with,
// ESC [ 3 2 m for instance, also if the text ends inside it.
func colorLen(text string) int {
	if text == "" || text[0] != 0x1b {
		return 0
	}
	for n := 1; n < len(text); n++ {
		switch c := text[n]; {
		case n == 1 && c == '[', n > 1 && (c >= '0' && c <= '9' || c == ';'):
		case n > 1 && c == 'm':
			return n + 1
		default:
			return 0
		}
	}
	return len(text)
}

// endLine steps to the end of the line, where nothing else may stand.
func (s *scanner) endLine() *fault {
	s.skipBlanks()
	if s.eof() {
		return s.want("a line break at the end; if nothing is missing, add one")
	}
	if s.peek() != '\n' {
		return s.want("the end of the line")
	}
	return nil
}

// key reads a key and its colon.
func (s *scanner) key() (string, *fault) {
	start := s.pos
	var key string
	if s.isQuote(s.peek()) {
		text, f := s.quoted()
		if f != nil {
			return "", f
		}
		s.skipBlanks()
		key = text
	} else {
		for !s.eof() && isKeyByte(s.text[s.pos]) {
			s.pos++
		}
		key = s.text[start:s.pos]
	}
	if key != "" && s.eat(":") {
		return key, nil
	}
	s.pos = start
	return "", s.want("a key and a colon")
}

func isKeyByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
		c == '_' || c == '$' || c == '-' || c == '.' || c >= utf8.RuneSelf
}

// value reads a value that begins here.
func (s *scanner) value() (value, *fault) {
	switch c := s.peek(); {
	case s.isQuote(c):
		text, f := s.quoted()
		return value{kindText, text}, f
	case c == '{' || c == '[':
		return s.flow()
	}
	return s.bare()
}

func (s *scanner) isQuote(c byte) bool {
	return c == '\'' || c == '"' || c == '`' && s.dialect == DialectInspect
}

// quoted reads a text in quotes.
func (s *scanner) quoted() (string, *fault) {
	if text, ok := s.quotedPlainly(); ok {
		return text, nil
	}
	s.ambiguous = true
	if s.dialect == DialectInspect {
		return s.inspectText()
	}
	return s.yamlText()
}

// quotedPlainly reads a text that is the same in both dialects: on one line,
// no backslash, and nothing after it that could belong to it. That is nearly
// every text, and needs no copy.
func (s *scanner) quotedPlainly() (string, bool) {
	quote, rest := s.text[s.pos], s.text[s.pos+1:]
	n := strings.IndexByte(rest, quote)
	if n < 0 || n+1 == len(rest) || quote == '`' {
		return "", false
	}
	switch rest[n+1] {
	case '\n', '\r', ',', ':', '}', ']':
	default:
		return "", false
	}
	text := rest[:n]
	if strings.IndexByte(text, '\\') >= 0 || strings.IndexByte(text, '\n') >= 0 {
		return "", false
	}
	s.pos += n + 2
	return text, true
}

// bare reads a value without quotes: a number, a time, or null.
func (s *scanner) bare() (value, *fault) {
	start := s.pos
	for !s.eof() && strings.IndexByte(" \t\r\n,{}[]\x1b", s.text[s.pos]) < 0 {
		s.pos++
	}
	word := s.text[start:s.pos]
	if v, ok := bareWord(word); ok {
		return v, nil
	}
	if v, ok := dialectWord(s.dialect, word); ok {
		s.ambiguous = true
		return v, nil
	}
	s.pos = start
	return value{}, s.want("a value in quotes, a number or null")
}

// bareWord knows the words that both dialects have.
func bareWord(word string) (value, bool) {
	switch word {
	case "":
		return value{}, false
	case "null":
		return value{kind: kindNull}, true
	case "true", "false":
		return value{kindBool, word}, true
	}
	if isNumber(word) {
		return value{kindNumber, word}, true
	}
	_, err := time.Parse(time.RFC3339, word)
	return value{kindText, word}, err == nil
}

// dialectWord knows the words of one dialect.
func dialectWord(d Dialect, word string) (value, bool) {
	if d == DialectYAML {
		switch word {
		case "~":
			return value{kind: kindNull}, true
		case ".nan", ".inf", "-.inf":
			return value{kindWord, word}, true
		}
		return value{}, false
	}
	switch word {
	case "undefined":
		return value{kind: kindNull}, true
	case "NaN", "Infinity", "-Infinity":
		return value{kindWord, word}, true
	}
	digits, big := strings.CutSuffix(word, "n")
	return value{kindNumber, digits}, big && isNumber(digits)
}
