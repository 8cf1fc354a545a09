// SPDX-License-Identifier: Apache-2.0

package private

import (
	"slices"
	"strings"
)

// A searched text knows where its keys are. Regular expressions are tried only there: over a whole
// text they take a hundred times as long.
type searched struct {
	text  string
	lower string // of ASCII, so that places are those of the text
	keys  []run
}

// A run is where letters, digits, points, dashes and underscores are without a break.
type run struct{ from, to int }

// A place says where a pattern begins, seen from one of its words.
type place int

const (
	atRun    place = iota // where the run of letters begins that the word is part of
	atKey                 // the same, of the words of secret keys, with a sign behind
	atWord                // at the word
	atToken               // behind the last blank, slash, quote or bracket
	anywhere              // before or behind it
)

// has reports whether one of some words is in the text.
func (s *searched) has(words []string) bool {
	s.fold()
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(s.lower, word) })
}

// starts returns where a pattern may begin, in order.
func (p *Pattern) starts(s *searched) []int {
	s.fold()
	var starts []int
	add := func(at int) {
		if p.before == "" || s.behind(at, p.before) {
			starts = append(starts, at)
		}
	}
	switch p.place {
	case atKey:
		if s.keys == nil {
			s.keys = s.runs(keyWords)
		}
		for _, r := range s.keys {
			if p.unsigned || signed(s.text[r.to:]) {
				add(r.from)
			}
		}
	case atRun:
		for _, r := range s.runs(p.words) {
			add(r.from)
		}
	default:
		s.each(p.words, func(at, _ int) int {
			next := at + 1
			if p.place == atToken {
				at = s.token(at)
			}
			add(at)
			return next
		})
		slices.Sort(starts)
	}
	return starts
}

// fold makes what words are looked for in.
func (s *searched) fold() {
	if s.lower == "" {
		s.lower = asciiLower(s.text)
	}
}

// token returns where begins what may be a user and a password before an @.
func (s *searched) token(at int) int {
	from := max(0, at-mostToken)
	return from + 1 + strings.LastIndexAny(s.text[from:at], " \t\r\n/@\"'\\{}[],")
}

// mostToken is more than a user and a password have.
const mostToken = 4 << 10

// each calls a function with where each of some words is, and goes on where that says.
func (s *searched) each(words []string, do func(at, end int) int) {
	for _, word := range words {
		for from := 0; from < len(s.lower); {
			i := strings.Index(s.lower[from:], word)
			if i < 0 {
				break
			}
			from = do(from+i, from+i+len(word))
		}
	}
}

// runs returns the runs with one of some words.
func (s *searched) runs(words []string) []run {
	found := []run{}
	s.each(words, func(from, to int) int {
		for from > 0 && isRun(s.text[from-1]) {
			from--
		}
		for to < len(s.text) && isRun(s.text[to]) {
			to++
		}
		for from < to && (s.text[from] == '-' || s.text[from] == '.') {
			from++
		}
		found = append(found, run{from, to})
		return max(from+1, to)
	})
	slices.SortFunc(found, func(a, b run) int { return a.from - b.from })
	return slices.Compact(found)
}

// behind reports whether one of some characters is before a place.
func (s *searched) behind(at int, characters string) bool {
	if at == 0 {
		return strings.Contains(characters, "^")
	}
	return strings.IndexByte(characters, s.text[at-1]) >= 0
}

// signed reports whether a text begins with what stands between a key and its value.
func signed(text string) bool {
	const most = 32
	text = strings.TrimLeft(text[:min(len(text), most)], " \t\r\n\"'\\")
	return text != "" && strings.IndexByte(":=-%", text[0]) >= 0 || strings.HasPrefix(text, "u003d")
}

func isRun(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.'
}

// asciiLower is a text with small letters, in as many bytes.
func asciiLower(text string) string {
	b := []byte(text)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
