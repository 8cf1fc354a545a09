// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What JSON is, to the byte.
func TestJSON(t *testing.T) {
	for text, want := range map[string]bool{
		`"a"`: true, `"a`: false, `"`: false, `"\u0041"`: true, `"\u0041`: false, `"\u004"`: false, `"\u00g1"`: false, `"\n"`: true, `"\x"`: false, `"\`: false, "\"\n\"": false,
		`[]`: true, `[1,2]`: true, `[1,]`: false, `[1`: false, `{}`: true, `{"a":1}`: true, `{"a":1,}`: false, `{"a"}`: false, `{1:1}`: false, ` 1 `: true, ``: false, `1 2`: false,
		`0`: true, `-0.5e+1`: true, `9`: true, `01`: false, `-`: false, `1.`: false, `1e`: false, `.5`: false, `+1`: false,
	} {
		if got := isJSON(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// What is nested as deep as can be is JSON; one level more is kept as it was printed.
func TestNesting(t *testing.T) {
	for n, isJSON := range map[int]bool{maxDepth: true, maxDepth + 1: false, 3 * maxDepth: false} {
		mapping := strings.Repeat("a: ", n) + "1"
		for name, tt := range map[string]struct{ value, want string }{
			"brackets": {strings.Repeat("[", n) + "1" + strings.Repeat("]", n), strings.Repeat("[", n) + "1" + strings.Repeat("]", n)},
			"bullets":  {"\n  " + strings.Repeat("- ", n) + "1", strings.Repeat("[", n) + "1" + strings.Repeat("]", n)},
			"keys":     {"\n  " + mapping, strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n)},
		} {
			list, err := Parse([]byte("1 entrie(s)\nuid: 2\nnew: "+tt.value+"\niterationCounter: 1\n"), DefaultLimit)
			got := ""
			if err == nil {
				got = string(list.Entries[0].Extra["new"])
			}
			if (got == tt.want) != isJSON {
				t.Errorf("%d %s: %q, %v", n, name, got, err)
			}
		}
		text := strings.Repeat("[", n) + "1" + strings.Repeat("]", n)
		objects := strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n)
		if got := (&jsonReader{text: text}).skip(0); got != isJSON {
			t.Errorf("JSON of %d arrays: %v", n, got)
		}
		if got := (&jsonReader{text: objects}).skip(0); got != isJSON {
			t.Errorf("JSON of %d objects: %v", n, got)
		}
	}
}

// How blocks of YAML become JSON.
func TestBlocks(t *testing.T) {
	for _, tt := range []struct{ name, value, want string }{
		{"nothing", "", "null"},
		{"a number", "\n  -5", "-5"},
		{"a list without indentation", "\n  -\n  - 1\n  -", "[null,1,null]"},
		{"lists in a list", "\n  - - 1\n    - 2\n  - 3", "[[1,2],3]"},
		{"a mapping", "\n  a: 1\n  b:\n  c:\n    - 2", `{"a":1,"b":null,"c":[2]}`},
		{"after blank lines", "\n\n  \n  a: 1", `{"a":1}`},
	} {
		for where, text := range map[string]string{
			"in the middle": "1 entrie(s)\nuid: 2\nscope: 'it''s'\nnew:" + tt.value + "\niterationCounter: 1\n",
			"at the end":    "1 entrie(s)\nuid: 2\nscope: 'it''s'\niterationCounter: 1\nnew:" + tt.value + "\n",
		} {
			list, err := Parse([]byte(text), DefaultLimit)
			if err != nil || string(list.Entries[0].Extra["new"]) != tt.want {
				t.Errorf("%s, %s: %+v, %v; want %s", tt.name, where, list.Entries, err, tt.want)
			}
		}
	}
}

func TestBlockKeys(t *testing.T) {
	for text, want := range map[string]string{
		"a: 1\n": "a", "a:\n": "a", "a b: 1\n": "a b", "'a': 1\n": "a", "a:b: 1\n": "a:b", "a:\r\n": "a",
		": a:\n": "", ": 1\n": "", ":\n": "", "{a: 1}\n": "", "[a: 1]\n": "", "a\n": "", "a:1\n": "",
	} {
		s := scanner{text: text, dialect: DialectYAML}
		key, f := s.blockKey()
		if key != want || (f == nil) != (want != "") {
			t.Errorf("%q: %q, %v, want %q", text, key, f, want)
		}
	}
}

func TestBullets(t *testing.T) {
	for text, want := range map[string]bool{"- a": true, "-\n": true, "-\r\n": true, "-": true, "-5": false, "--": false, "a": false, "": false} {
		if s := (scanner{text: text}); s.atBullet() != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

// An apostrophe follows a letter, and no quote ends what it would begin.
func TestApostrophes(t *testing.T) {
	for text, want := range map[string]bool{
		"a'": true, "z'": true, "A's": true, "Z's\n'": true,
		"a'b'": false, "`'": false, "{'": false, "@'": false, "['": false, " 's": false, "5'": false, "a`": false, "a\"": false,
	} {
		if s := (scanner{text: text, pos: 1}); s.atApostrophe() != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

func TestHiddenKeys(t *testing.T) {
	for text, want := range map[string]int{
		"[length]: 3": 10, "[Symbol(x)]: 1": 13, "[]: 1": 4,
		"[a]:3": 0, "[a": 0, "['a']: 1": 0, "[a}: 1": 0, "a[b]: 1": 0, "": 0,
	} {
		s := scanner{text: text}
		if got := s.hiddenKey(); got != (want > 0) || s.pos != want {
			t.Errorf("%q: %v at %d, want %d", text, got, s.pos, want)
		}
	}
}

// Properties that are not JSON's are left out, as JSON.stringify leaves them out.
func TestFlow(t *testing.T) {
	for text, want := range map[string]string{
		"{ a: 1, [length]: 3 }":            `{"a":1}`,
		"[ 1, [extra]: 'x' ]":              `[1]`,
		"{ [a]: 1, b: undefined, c: [] }":  `{"c":[]}`,
		"{ a: { b: [ 1, 2 ] }, 'c d': ''}": `{"a":{"b":[1,2]},"c d":""}`,
		"[ undefined, null ]":              `[null,null]`,
	} {
		s := scanner{text: text, dialect: DialectInspect}
		v, f := s.flow()
		if f != nil || v.kind != kindObject || v.text != want || !s.eof() {
			t.Errorf("%s: %v %q, %v; want %s", text, v.kind, v.text, f, want)
		}
	}
}

// Escapes of hexadecimal digits end with their last digit, which may be that of the text.
func TestHexEscapes(t *testing.T) {
	for text, want := range map[string]string{`"\x41"`: "A", `"\u0041b"`: "Ab", `"\x4`: "", `"\u004"`: "", `"\x4g"`: ""} {
		s := scanner{text: text, dialect: DialectYAML}
		got, f := s.yamlText()
		if got != want || (f == nil) != (want != "") {
			t.Errorf("%s: %q, %v, want %q", text, got, f, want)
		}
	}
	s := scanner{text: `\x1b`}
	if r, ok := s.hexEscape(2); r != 0x1b || !ok || s.pos != 4 {
		t.Errorf("an escape at the end of the text: %q, %v, at %d", r, ok, s.pos)
	}
	s = scanner{text: `\x1`}
	if r, ok := s.hexEscape(2); ok {
		t.Errorf("half an escape: %q", r)
	}
}

// What util.inspect leaves out of a text is part of the value.
func TestLeftOut(t *testing.T) {
	for text, want := range map[string]string{
		"... 1 more character\n": "... 1 more character", " ... 90 more characters\n": "... 90 more characters", "... 9": "", "... x more characters": "", "": "",
	} {
		s := scanner{text: text}
		if got := s.leftOut(); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// The room of a builder is taken to the last byte.
func TestRoom(t *testing.T) {
	b := newBuilder(2, entryWeight+keyWeight)
	if err := errors.Join(b.add(), b.set("uid", value{kindNumber, "2"}), b.set("new", value{kindNumber, "1"})); err != nil {
		t.Errorf("one entry with one further key: %v", err)
	}
	if err := b.set("other", value{kindNumber, "1"}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("one key more: %v", err)
	}
}

// Changes are told in the order of the later list, then what is gone.
func TestChanges(t *testing.T) {
	const t1, t2 = "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"
	a, b, c := at(1, StateInit, t1, 0, 0), at(2, StateInit, t1, 0, 0), at(3, StateInit, t1, 0, 0)
	done := at(2, StateProcessed, t2, 0, 1)
	for _, tt := range []struct {
		name          string
		before, after []Entry
		want          []string
	}{
		{"nothing", []Entry{a, b}, []Entry{b, a}, nil},
		{"one gone", []Entry{a, b, c}, []Entry{b}, []string{"entry 1 is gone", "entry 3 is gone"}},
		{"of two alike, one gone", []Entry{a, a}, []Entry{a}, []string{"entry 1 is gone"}},
		{"of two alike, both gone", []Entry{a, a}, nil, []string{"entry 1 is gone", "entry 1 is gone"}},
		{"of two alike, a third", []Entry{a, a}, []Entry{a, a, a}, []string{"entry 1 is new, INIT"}},
		{"all", []Entry{a, b}, []Entry{c, done}, []string{"entry 3 is new, INIT", "entry 2 INIT -> PROCESSED", "entry 1 is gone"}},
	} {
		var got []string
		for _, change := range Changes(tt.before, tt.after) {
			got = append(got, change.String())
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// A message has as much of a line as fits.
func TestShorten(t *testing.T) {
	for n, want := range map[int]string{119: "", 120: "", 121: "..."} {
		line := strings.Repeat("x", n)
		if got := shorten(line); got != line[:min(n, 120)]+want {
			t.Errorf("%d: %q", n, got)
		}
	}
	for want, text := range map[int]string{-1: "pum status output is incomplete: x", 0: "pum status output is incomplete: got 0 of 0 entries: x"} {
		if err := (&IncompleteError{Want: want, Err: errors.New("x")}); err.Error() != text {
			t.Errorf("want %d: %v", want, err)
		}
	}
}

// Which header counts, of lines that look like one.
func TestHeaders(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"0 entrie(s)\n0 entrie(s)\n", "0"},
		{"0 entrie(s)\nuid: 1\n1 entrie(s)\nuid: 1\n", "0"},
		{"1 entrie(s)\nuid: 1\n2 entrie(s)\nuid: 1\n", "1"},
		{"2 entrie(s)\n1 entrie(s)\nuid: 1\n", "1"},
		{"1 entrie(s)\n0 entrie(s)\n", "want 1 entries, as a line before announces"},
	} {
		h, f := findHeader(tt.text)
		got := fmt.Sprint(h.declared)
		if f != nil {
			got = f.err.Error()
		}
		if got != tt.want {
			t.Errorf("%q: %s, want %s", tt.text, got, tt.want)
		}
	}
}

// A value in brackets that is not known ends where nothing of it is open.
func TestRawMembers(t *testing.T) {
	for text, want := range map[string]string{
		"Symbol(x), a": "Symbol(x)", "x}": "x", "x]": "x", "it's, c": "it's",
		"Map(1) { 'a' => 1 }, b": "Map(1) { 'a' => 1 }", "Foo [ 1 ]]": "Foo [ 1 ]", "Foo { 1 }}": "Foo { 1 }",
		"a { b, c } d, e": "a { b, c } d", "a [ b, c ] d, e": "a [ b, c ] d", "a { [ b ], { c } }, e": "a { [ b ], { c } }",
		"a 'x,}' b, c": "a 'x,}' b", `a "]" b, c`: `a "]" b`, "a `,` b, c": "a `,` b", "a ''}": "a ''", "a '',": "a ''", "a ''b}": "a ''b",
		"x": "", "x { a": "", "x uid: 3, b": "", "'x', b": "", "": "", "}": "",
	} {
		s := scanner{text: text}
		v, ok := s.rawMember(0)
		if ok != (want != "") || v.text != want || ok && s.pos != len(want) {
			t.Errorf("%q: %q, %v at %d, want %q", text, v.text, ok, s.pos, want)
		}
	}
}

// Brackets in quotes and in colors are not open.
func TestBracketDepth(t *testing.T) {
	for text, want := range map[string]int{
		"a { b [": 2, "a }": -1, "a { }": 0, "a ]": -1, "a ] [ [": -1, "'{' {": 1, "'{'{": 1, "''{": 1, `"[" [`: 1, "`{`": 0, "it's {": 1, `'\'{' [`: 1,
		"\x1b[32m": 0, "\x1b[32m{": 1, "\x1b[32m[\x1b[0m{": 2, "\x1b{": 1,
	} {
		if got := bracketDepth(text, 0); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
	for text, want := range map[string]int{"'a'": 3, "''": 2, "'": 1, "'a": 1, "'a\n'": 1, `'a\'b' c`: 6, `'\\'`: 4, "`'`": 3} {
		if got := literalLen(text); got != want {
			t.Errorf("literalLen(%q) = %d, want %d", text, got, want)
		}
	}
}

// A line belongs to the value before if it is indented deeper than its key, or a stack's.
func TestLinesOfAValue(t *testing.T) {
	for _, tt := range []struct {
		line        string
		column      int
		known, more bool
	}{
		{"  errno: 1", 1, false, true}, {"  errno: 1", 2, false, false}, {"at x", 5, false, true}, {"attic", 5, false, false}, {"   ", 1, false, false}, {"", 0, false, false},
		{"state: 'INIT'", 0, true, false}, {"  state: 'INIT'", 2, true, false}, {"  state: 'INIT'", 1, false, true},
	} {
		s := scanner{text: "x\n" + tt.line + "\n"}
		if known, more := s.lineAfter(1, tt.column); known != tt.known || more != tt.more {
			t.Errorf("%q after a key in column %d: known %v, more %v", tt.line, tt.column, known, more)
		}
	}
}

// A color ends with an m, or with the text.
func TestColors(t *testing.T) {
	for text, want := range map[string]int{
		"\x1b[32m": 5, "\x1b[1;32mx": 7, "\x1b[m": 3, "\x1b[0;9m": 6, "\x1b[": 2, "\x1b": 1, "\x1b[3": 3,
		"": 0, "x": 0, "\x1bm": 0, "\x1b3m": 0, "\x1b;m": 0, "\x1b[x": 0, "\x1b[[": 0, "\x1b[/m": 0, "\x1b[:m": 0,
	} {
		if got := colorLen(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

func TestKeyBytes(t *testing.T) {
	const in, out = "azAZ09_$-.\x80\xff", "`{@[/: '\"\x7f\x00"
	for _, c := range []byte(in) {
		if !isKeyByte(c) {
			t.Errorf("%q is none", c)
		}
	}
	for _, c := range []byte(out) {
		if isKeyByte(c) {
			t.Errorf("%q is one", c)
		}
	}
}

// Most texts are the same in both dialects, and are not copied.
func TestPlainQuotes(t *testing.T) {
	for text, want := range map[string]bool{
		"'',": true, "'a'\n": true, `"a"}`: true, "'a']": true, "'a':": true, "'a'\r": true,
		"'a'": false, "'a": false, "'a'b": false, "'a''": false, "`a`,": false, `'a\n',`: false, "'a\nb',": false,
	} {
		s := scanner{text: text}
		got, ok := s.quotedPlainly()
		if ok != want || ok && got != strings.Trim(text[:len(text)-1], `'"`) {
			t.Errorf("%q: %q, %v", text, got, ok)
		}
	}
}

// A line break in a text of YAML is a blank, and blanks around it are nothing.
func TestFolding(t *testing.T) {
	for text, want := range map[string]string{
		"'a \n b'": "a b", "'a\t\n\n  b'": "a\nb", "'a\r\nb'": "a b", "' \n '": " ", `"a\  ` + "\n b\"": "a  b", `"a\` + "\n  b\"": "ab",
	} {
		s := scanner{text: text, dialect: DialectYAML}
		if got, f := s.yamlText(); got != want || f != nil {
			t.Errorf("%q: %q, %v, want %q", text, got, f, want)
		}
	}
}
