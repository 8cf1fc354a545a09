// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"fmt"
	"maps"
	"slices"
)

// DefaultLimit is the usual limit for Parse, in bytes. A list of 100,000 entries has about 50 MB.
const DefaultLimit = 64 << 20

// A Dialect is the way in which a text quotes its values.
type Dialect string

// The dialects, and the word for a text that reads the same in both.
const (
	DialectInspect Dialect = "inspect" // as util.inspect of Node.js prints
	DialectYAML    Dialect = "yaml"    // as YAML with every string in quotes
	DialectEither  Dialect = "either"  // nothing in the text tells them apart
)

// Parse reads the output of PUM's status command, if it has no more bytes than the limit.
//
// It returns either the whole list or an error, never part of the list: a
// *SyntaxError for text it does not understand, an *IncompleteError for truncated
// text, ErrTooLarge for more than the limit. An entry counts for 256 bytes at least and a
// key that is not among the twelve for 128, so that many tiny ones take no more memory
// than others.
func Parse(out []byte, limit int) (Answer, error) {
	if len(out) > limit {
		return Answer{}, fmt.Errorf("%w: %d bytes, the limit is %d", ErrTooLarge, len(out), limit)
	}
	text := string(out)
	h, err := findHeader(text)
	if err != nil {
		return Answer{}, explain(err, text, 0, -1)
	}
	r := readAs(DialectInspect, text, h, limit)
	if r.neutral && r.err == nil {
		r.dialect = DialectEither
	} else {
		r = decide(r, readAs(DialectYAML, text, h, limit))
	}
	if r.err != nil {
		return Answer{}, explain(r.err, text, r.whole, h.declared)
	}
	for i := range r.entries {
		e := &r.entries[i]
		e.Final = e.State.Final()
		e.Response = responseOf(e.LastResponse)
	}
	return Answer{
		Source:  Source{Dialect: r.dialect, Declared: h.declared, Parsed: len(r.entries)},
		Entries: r.entries, Ignored: r.ignored,
	}, nil
}

// A reading is what a text says in one dialect.
type reading struct {
	dialect Dialect
	entries []Entry
	whole   int    // entries that are surely whole, also when there is an error
	neutral bool   // every value reads the same in the other dialect
	raws    int    // values that are none in this dialect
	ignored string // text behind the list
	err     *fault // nil, or why there is no such reading
}

// decide chooses between the two readings of one text.
//
// A reading that fails is out; if both fail, the error of the one that came further says
// better what is wrong. If both succeed, the one is right that knows more of the values. If
// they know as many and differ, the one is right in which more values are valid JSON:
// PUM's bodies and responses are JSON. If that does not decide, it is inspect, the
// formatter that needs no package.
func decide(inspect, yaml reading) reading {
	switch {
	case inspect.err != nil && yaml.err != nil:
		if yaml.err.at > inspect.err.at {
			return yaml
		}
		return inspect
	case inspect.err != nil:
		return yaml
	case yaml.err != nil:
		return inspect
	case inspect.raws < yaml.raws:
		return inspect
	case yaml.raws < inspect.raws:
		return yaml
	case slices.EqualFunc(inspect.entries, yaml.entries, sameEntry):
		inspect.dialect = DialectEither
		return inspect
	case countJSON(yaml.entries) > countJSON(inspect.entries):
		return yaml
	}
	return inspect
}

// sameEntry reports whether a and b have the same keys and values.
func sameEntry(a, b Entry) bool {
	for n := range keys {
		if x, y := a.text(n), b.text(n); x != nil && !samePointed(*x, *y) {
			return false
		}
		if x, y := a.count(n), b.count(n); x != nil && !samePointed(*x, *y) {
			return false
		}
	}
	return a.UID == b.UID && a.State == b.State && maps.EqualFunc(a.Extra, b.Extra, slices.Equal)
}

func samePointed[T comparable](a, b *T) bool {
	return a == b || a != nil && b != nil && *a == *b
}

// countJSON counts the values that look like JSON and are.
func countJSON(entries []Entry) int {
	count := 0
	for i := range entries {
		for n := range keys {
			t := entries[i].text(n)
			if t != nil && *t != nil && looksLikeJSON(**t) && isJSON(**t) {
				count++
			}
		}
	}
	return count
}

func looksLikeJSON(text string) bool {
	return text != "" && (text[0] == '{' || text[0] == '[')
}
