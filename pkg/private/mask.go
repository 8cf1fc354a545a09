// SPDX-License-Identifier: Apache-2.0

// Package private is for what is kept or handed over, such as recordings and reports: it masks
// what may be a secret in their texts, and makes files that nobody but this user can open, by
// their mode, or on Windows by their access control list.
package private

import (
	"cmp"
	"iter"
	"regexp"
	"strings"
)

// Masked stands where something was that may be a secret.
const Masked = "***"

// escapes are the colors of terminals, which may stand between a key and its value.
var escapes = regexp.MustCompile(`(?:\x1b|\\+(?:u001[bB]|x1[bB]|033))\[[\d;]*m`)

// Mask returns a text with [Masked] in place of what may be a secret, and then without colors.
func Mask(text string) string {
	if plain := escapes.ReplaceAllString(text, ""); plain != text {
		if masked := mask(plain); masked != plain {
			return masked
		}
		return text
	}
	return mask(text)
}

func mask(text string) string {
	s := &searched{text: text}
	for i := range patterns() {
		if masked := patterns()[i].mask(s); masked != s.text {
			s = &searched{text: masked}
		}
	}
	return s.text
}

// mask replaces what matches of each match.
func (p *Pattern) mask(s *searched) string {
	var b strings.Builder
	end := 0
	for m := range p.matches(s) {
		from, to := lastGroup(m)
		if from < end || p.spare != nil && p.spare([]string{s.text[m[0]:m[1]], s.text[from:to]}) {
			continue
		}
		b.WriteString(s.text[end:from])
		b.WriteString(cmp.Or(p.with, Masked))
		end = to
	}
	if end == 0 {
		return s.text
	}
	b.WriteString(s.text[end:])
	return b.String()
}

// matches returns where a pattern and its groups are.
func (p *Pattern) matches(s *searched) iter.Seq[[]int] {
	return func(yield func([]int) bool) {
		if p.place == anywhere {
			if s.has(p.words) {
				for _, m := range p.find.FindAllStringSubmatchIndex(s.text, -1) {
					yield(m) // which takes all
				}
			}
			return
		}
		end, text := 0, s.text
		starts := p.starts(s)
		if p.place == atKey { // to ignore case takes twice as long
			text = s.lower
		}
		for _, start := range starts {
			if start < end {
				continue
			}
			m := p.find.FindStringSubmatchIndex(text[start:])
			for i := range m {
				if m[i] >= 0 {
					m[i] += start
				}
			}
			if _, to := lastGroup(m); m != nil {
				yield(m)
				end = to
			}
		}
	}
}

// lastGroup returns where the last group of a match is that is part of it; -1 without a match.
func lastGroup(m []int) (from, to int) {
	for i := len(m) - 2; i > 0; i -= 2 {
		if m[i] >= 0 {
			return m[i], m[i+1]
		}
	}
	return -1, -1
}
