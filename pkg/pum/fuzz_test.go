// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzParse holds Parse to its promise, whatever the bytes: either the
// announced number of entries or an error of a known kind, never both.
func FuzzParse(f *testing.F) {
	for _, s := range append(documentedSamples(f), formatterSamples(f)...) {
		if len(s.text) < 4000 {
			f.Add(s.text)
		}
	}
	for _, text := range []string{"", "1 entrie(s)\nuid: 1\n", "1 entrie(s)\n[{uid: 1}]", "1 entrie(s)\nuid: 1\na:\n  b:\n    - c: 'd'\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		checkPromise(t, text)
	})
}

func checkPromise(t *testing.T, text []byte) {
	t.Helper()
	list, err := Parse(text, DefaultLimit)
	var syntax *SyntaxError
	var incomplete *IncompleteError
	switch {
	case err == nil:
		if len(list.Entries) != list.Source.Declared || list.Entries == nil {
			t.Fatalf("Parse(%q) = %d entries, %d declared", text, len(list.Entries), list.Source.Declared)
		}
		if _, err := json.Marshal(list.Entries); err != nil {
			t.Fatalf("Parse(%q): entries are not JSON: %v", text, err)
		}
	case list.Entries != nil || list.Source.Declared != 0 || list.Source.Dialect != "":
		t.Fatalf("Parse(%q) = %v with error %v", text, list, err)
	case errors.As(err, &syntax):
		if lines := bytes.Count(text, []byte("\n")) + 1; syntax.Line < 1 || syntax.Line > lines {
			t.Fatalf("Parse(%q): line %d of %d", text, syntax.Line, lines)
		}
	case errors.As(err, &incomplete):
		if incomplete.Got < 0 || incomplete.Want >= 0 && incomplete.Got > incomplete.Want {
			t.Fatalf("Parse(%q): got %d, want %d", text, incomplete.Got, incomplete.Want)
		}
	default:
		t.Fatalf("Parse(%q): unknown kind of error %v", text, err)
	}
}

// FuzzRoundTrip prints entries in a dialect and a layout, and wants them back
// from the text, and an IncompleteError from each part of it.
func FuzzRoundTrip(f *testing.F) {
	f.Add(uint8(0), uint16(0), "")
	f.Add(uint8(3), uint16(100), "Can't\x00{\"a\":\"b\\n\"}\x00line\nuid: 99\n3 entrie(s)\n\x00\x1b[31m`'\"")
	f.Add(uint8(6), uint16(999), "a\n\n b\x00\\x41\\\x00''\x00' +\n  '\x00#: - ---\x00... 5 more characters")
	f.Fuzz(func(t *testing.T, how uint8, cut uint16, texts string) {
		p := printer{
			dialect: []Dialect{DialectInspect, DialectYAML}[how&1],
			fold:    how&2 > 0,
			layout:  layouts[int(how>>2)%len(layouts)],
		}
		want := entriesOf(texts)
		text := p.print(want)
		list, err := Parse(text, DefaultLimit)
		if err != nil {
			t.Fatalf("Parse(%s): %v", text, err)
		}
		if diff := cmp.Diff(want, list.Entries); diff != "" || list.Source.Dialect != p.dialect {
			t.Fatalf("Parse(%s), %s (-want +got):\n%s", text, list.Source.Dialect, diff)
		}
		text = text[:int(cut)%len(bytes.TrimRight(text, " \n"))]
		var incomplete *IncompleteError
		if list, err := Parse(text, DefaultLimit); !errors.As(err, &incomplete) {
			t.Fatalf("Parse(%s) = %d entries, %v, want an IncompleteError", text, len(list.Entries), err)
		}
	})
}

// entriesOf makes entries that hold the texts, which a NUL separates. The
// first one has a text that tells the dialects apart.
func entriesOf(texts string) []Entry {
	mark, one := `it's "so"`, int64(1)
	entries := []Entry{{UID: -1, RequestID: &mark, IterationCounter: &one}}
	for i, text := range strings.Split(strings.ToValidUTF8(texts, "?"), "\x00") {
		n := i % len(keys)
		if n == keyUID {
			entries = append(entries, Entry{UID: int64(i)})
		}
		e := &entries[len(entries)-1]
		count := int64(len(text))
		switch {
		case e.text(n) != nil:
			*e.text(n) = &text
		case n == keyState:
			e.State = State(text)
		case n != keyUID:
			*e.count(n) = &count
		}
	}
	for i := range entries {
		entries[i].Final = entries[i].State.Final()
		entries[i].Response = responseOf(entries[i].LastResponse)
	}
	return entries
}

// FuzzResponse compares what is read from a response with encoding/json.
func FuzzResponse(f *testing.F) {
	f.Add(`{"status":250,"message":"Unknown","data":{"operatorID":null,"result":{"done":0,"remaining":2}}}`)
	f.Add(` { "status" : "x", "message":"a\u00e9\n\ud83d\ude00", "data":[{"result":1}], "x":-1.5e+3 } `)
	f.Add(`[1,true,false,null,{},[],""]`)
	f.Fuzz(func(t *testing.T, text string) {
		if got, want := isJSON(text), json.Valid([]byte(text)); got != want && !deep(text) {
			t.Fatalf("isJSON(%q) = %t, want %t", text, got, want)
		}
		var v map[string]json.RawMessage
		got, err := responseOf(&text), json.Unmarshal([]byte(text), &v)
		if (got != nil) != (err == nil && v != nil) && !deep(text) {
			t.Fatalf("responseOf(%q) = %v, encoding/json: %v", text, got, err)
		}
		if got == nil || strings.Count(text, `"status"`) > 1 || strings.Count(text, `"message"`) > 1 {
			return
		}
		check(t, "status", got.Status, v["status"])
		check(t, "message", got.Message, v["message"])
	})
}

// check compares a field with what encoding/json reads from the same bytes.
func check[T comparable](t *testing.T, name string, got *T, raw json.RawMessage) {
	t.Helper()
	var want *T
	if json.Unmarshal(raw, &want) != nil {
		want = nil
	}
	if !samePointed(got, want) {
		t.Fatalf("%s of %s = %v, want %v", name, raw, got, want)
	}
}

// deep reports whether the text may nest deeper than we read.
func deep(text string) bool {
	return strings.Count(text, "[")+strings.Count(text, "{") > maxDepth
}
