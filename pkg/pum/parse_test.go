// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// entryText is one whole entry with as few keys as can be.
const entryText = "uid: 2\nstate: 'PROCESSED'\niterationCounter: 5\n"

func TestParseAccepts(t *testing.T) {
	tests := []struct {
		name string
		in   string
		uids []int64
	}{
		{"no entries", "0 entrie(s)\n", nil},
		{"an empty array", "0 entrie(s)\n[]\n", nil},
		{"another spelling", "1 entry\n" + entryText, []int64{2}},
		{"and another", "1 entries\n" + entryText, []int64{2}},
		{"blank lines around", "\n \n1 entrie(s)\n\n" + entryText + "\n\n \n", []int64{2}},
		{"a byte order mark", "\ufeff1 entrie(s)\n" + entryText, []int64{2}},
		{"a warning of Node.js", "(node:7) [DEP0040] DeprecationWarning: The `punycode` module is deprecated.\n" +
			"(Use `node --trace-deprecation ...` to show where)\n1 entrie(s)\n" + entryText, []int64{2}},
		{"noise like a header", "3 entrie(s)\nretrying\n1 entrie(s)\n" + entryText, []int64{2}},
		{"noise like an entry", "uid: 1001\n1 entrie(s)\n" + entryText, []int64{2}},
		{"integers in quotes", "1 entrie(s)\nuid: '2'\niterationCounter: \"5\"\n", []int64{2}},
		{"a new key at the end", "2 entrie(s)\n" + entryText + "new: 1\n" + strings.Replace(entryText, "2", "4", 1) + "new: 1\n", []int64{2, 4}},
		{"a new key at the end of some", "3 entrie(s)\n" + entryText + "new: 1\n" + entryText + entryText, []int64{2, 2, 2}},
		{"brackets on one line", "2 entrie(s)\n[{uid: 2, state: 'INIT'}, { uid: 4 } ]", []int64{2, 4}},
		{"no line break after a bracket", "1 entrie(s)\n{\n uid: 2,\n}", []int64{2}},
		{"a number in color", "\x1b[33m1\x1b[39m entrie(s)\r\n" + entryText, []int64{2}},
		{"a header in color", "\x1b[1m1 entrie(s)\x1b[0m\n" + entryText, []int64{2}},
		{"objects of a class", "2 entrie(s)\nEntry {\n  uid: 2\n}\nmodel.Entry {\n  uid: 4\n}\n", []int64{2, 4}},
		{"rows of a database's driver", "2 entrie(s)\n[\n  RowDataPacket {\n    uid: 2,\n  },\n  RowDataPacket { uid: 4 }\n]\n", []int64{2, 4}},
		{"objects without a prototype", "1 entrie(s)\n[Object: null prototype] {\n  uid: 2\n}\n", []int64{2}},
		{"rows without a prototype", "2 entrie(s)\n[ [Object: null prototype] { uid: 2 }, [Row: null prototype] { uid: 4 } ]\n", []int64{2, 4}},
		{"an end mark", "1 entrie(s)\n---\n" + entryText + "---\n", []int64{2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			list := mustParse(t, []byte(tt.in))
			var uids []int64
			for _, e := range list.Entries {
				uids = append(uids, e.UID)
			}
			if diff := cmp.Diff(tt.uids, uids); diff != "" || list.Entries == nil {
				t.Errorf("Parse(%q), uids (-want +got):\n%s", tt.in, diff)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct {
		name string
		in   string
		want string // the whole message: it is what the user reads
	}{
		{"no text", "", `pum status output is incomplete: the text is empty`},
		{"blank text", " \n\n", `pum status output is incomplete: the text is empty`},
		{"a shell's error", "sh: pum: not found\n",
			`pum status output, line 1: want the number of entries, for instance "2 entrie(s)": "sh: pum: not found"`},
		{"half a header", "2 entr", `pum status output is incomplete: the text ends before its header`},
		{"a header without line break", "0 entrie(s)", `pum status output is incomplete: the text ends inside its header`},
		{"a header only", "2 entrie(s)\n", `pum status output is incomplete: got 0 of 2 entries: the text ends here`},
		{"a negative number", "-1 entrie(s)\n",
			`pum status output, line 1: want the number of entries, for instance "2 entrie(s)": "-1 entrie(s)"`},
		{"an absurd number", "99999999999 entrie(s)\n",
			`pum status output, line 1: want the number of entries, for instance "2 entrie(s)": "99999999999 entrie(s)"`},
		{"a header that takes another back", "2 entrie(s)\n0 entrie(s)\n",
			`pum status output, line 2: want 2 entries, as a line before announces: "0 entrie(s)"`},
		{"a list of none, and an error", "0 entrie(s)\nError: no database\n",
			`pum status output, line 2: want the key uid, with which an entry begins: "Error: no database"`},
		{"noise after a list that is not whole", "2 entrie(s)\n" + entryText + "command terminated with exit code 137\n",
			`pum status output, line 5: want a key and a colon: "command terminated with exit code 137"`},
		{"noise after an entry that is not whole", "1 entrie(s)\nuid: 2\nstate: 'PROCESSED'\ncommand terminated with exit code 137\n",
			`pum status output, line 4: want a key and a colon: "command terminated with exit code 137"`},
		{"too much noise", "1 entrie(s)\n" + entryText + strings.Repeat("noise\n", ignoredBytes/6+1),
			`pum status output, line 5: want a key and a colon: "noise"`},
		{"noise, and another header", "1 entrie(s)\n" + entryText + "noise\n0 entrie(s)\n",
			`pum status output, line 5: want a key and a colon: "noise"`},
		{"noise, and another entry", "1 entrie(s)\n" + entryText + "noise\nstate: 'ABORTED'\n",
			`pum status output, line 5: want a key and a colon: "noise"`},
		{"a new key that is cut", "1 entrie(s)\n" + entryText + "new: 'a\n",
			`pum status output is incomplete: got 1 of 1 entries: cut in line 6: want the closing quote`},
		{"entries before a header of none", strings.Repeat(entryText, 2) + "0 entrie(s)\n",
			`pum status output, line 1: want the number of entries before the first of them: "uid: 2"`},
		{"entries before a header of some", "warning\n- " + entryText + "1 entrie(s)\n" + entryText,
			`pum status output, line 2: want the number of entries before the first of them: "- uid: 2"`},
		{"the end of entries before a header", "state: 'INIT'\niterationCounter: 5\n0 entrie(s)\n",
			`pum status output, line 1: want the number of entries before the first of them: "state: 'INIT'"`},
		{"entries in brackets before a header", "[\n  {\n    uid: 1,\n    state: 'INIT'\n  }\n]\n0 entrie(s)\n",
			`pum status output, line 3: want the number of entries before the first of them: "    uid: 1,"`},
		{"two values on a line", "1 entrie(s)\nuid: 2\nscope: ALL state: 'INIT'\niterationCounter: 1\n",
			`pum status output, line 3: want a value in quotes, a number or null: "scope: ALL state: 'INIT'"`},
		{"two values without a comma", "1 entrie(s)\n{uid: 2, errorCounter: 0 state: 'INIT'}\n",
			`pum status output, line 2: want a comma or }: "{uid: 2, errorCounter: 0 state: 'INIT'}"`},
		{"a second list", "1 entrie(s)\n" + entryText + "1 entrie(s)\n" + entryText,
			`pum status output, line 5: want a key and a colon: "1 entrie(s)"`},
		{"too many entries", "1 entrie(s)\n" + entryText + entryText + entryText,
			`pum status output, line 5: got 3 entries, the header announces 1: "uid: 2"`},
		{"too few", "3 entrie(s)\n" + entryText + entryText,
			`pum status output is incomplete: got 2 of 3 entries: the text ends here`},
		{"left out by the formatter", "101 entrie(s)\n[\n  {uid: 1},\n  ... 100 more items\n]\n",
			`pum status output, line 4: want all entries, but PUM left some out: "  ... 100 more items"`},
		{"cut between two keys", "1 entrie(s)\nuid: 2\nstate: 'PROCESSED'\n",
			`pum status output is incomplete: got 0 of 1 entries: the last one has no iterationCounter`},
		{"cut before a new key", "2 entrie(s)\n" + entryText + "new: 1\n" + entryText,
			`pum status output is incomplete: got 1 of 2 entries: the last one has no new`},
		{"cut in the last number", "1 entrie(s)\n" + strings.TrimSuffix(entryText, "\n"),
			`pum status output is incomplete: got 0 of 1 entries: cut in line 4: want a line break at the end; if nothing is missing, add one`},
		{"cut in a text", "1 entrie(s)\nuid: 2\nstate: 'PROC",
			`pum status output is incomplete: got 0 of 1 entries: cut in line 3: want the closing quote`},
		{"cut in an array", "1 entrie(s)\n[\n{uid: 1},\n",
			`pum status output is incomplete: got 1 of 1 entries: cut in line 4: want an entry in { }`},
		{"a text over the end of the line", "1 entrie(s)\nuid: 2\nscope: 'A\nL`L' +\nstate: 'INIT'\niterationCounter: 1\n",
			`pum status output, line 4: want the end of the line: "L` + "`" + `L' +"`},
		{"a word without quotes", "1 entrie(s)\nuid: 2\nstate: PROCESSED\niterationCounter: 1\n",
			`pum status output, line 3: state: want a value in quotes: "state: PROCESSED"`},
		{"no uid", "1 entrie(s)\nscope: 'ALL'\nuid: 2\niterationCounter: 1\n",
			`pum status output, line 2: want the key uid, with which an entry begins: "scope: 'ALL'"`},
		{"a uid that is null", "1 entrie(s)\nuid: null\niterationCounter: 1\n",
			`pum status output, line 2: uid: want an integer: "uid: null"`},
		{"a uid that is no number", "1 entrie(s)\nuid: 'two'\niterationCounter: 1\n",
			`pum status output, line 2: uid: want an integer: "uid: 'two'"`},
		{"a key twice", "1 entrie(s)\nuid: 2\nscope: 'A'\nscope: 'A'\niterationCounter: 1\n",
			`pum status output, line 4: want the key scope once in an entry: "scope: 'A'"`},
		{"an unknown key twice", "1 entrie(s)\n{uid: 2, new: 'A', new: 'B'}\n",
			`pum status output, line 2: want the key new once in an entry: "{uid: 2, new: 'A', new: 'B'}"`},
		{"an array that goes back", "1 entrie(s)\nuid: 2\nlist:\n    - 1\n  more: 2\niterationCounter: 1\n",
			`pum status output, line 5: want the indentation of a line before: "  more: 2"`},
		{"brackets that cross", "1 entrie(s)\nuid: 2\nlist: [{]}\niterationCounter: 1\n",
			`pum status output, line 3: want the closing bracket }: "list: [{]}"`},
		{"brackets that cross the other way", "1 entrie(s)\nuid: 2\nlist: {[}]\niterationCounter: 1\n",
			`pum status output, line 3: want the closing bracket ]: "list: {[}]"`},
		{"no comma", "1 entrie(s)\n{uid: 2 scope: 'A'}\n",
			`pum status output, line 2: want a comma or }: "{uid: 2 scope: 'A'}"`},
		{"an escape of nobody", "1 entrie(s)\nuid: 2\nscope: \"\\q\"\niterationCounter: 1\n",
			`pum status output, line 3: want an escape of JavaScript after the backslash: "scope: \"\\q\""`},
		{"a uid twice", "1 entrie(s)\n{uid: 2, uid: 3}\n",
			`pum status output, line 2: want the key uid once in an entry: "{uid: 2, uid: 3}"`},
		{"noise, and another uid", "1 entrie(s)\n" + entryText + "noise\nuid: 3\n",
			`pum status output, line 5: want a key and a colon: "noise"`},
		{"a uid in brackets that is no value", "1 entrie(s)\n{uid: Symbol(x), state: 'INIT'}\n",
			`pum status output, line 2: want a value in quotes, a number or null: "{uid: Symbol(x), state: 'INIT'}"`},
		{"an object of a class that has no uid", "1 entrie(s)\nError { code: 5 }\n",
			`pum status output, line 2: want the key uid, with which an entry begins: "Error { code: 5 }"`},
		{"words before a bracket", "1 entrie(s)\n[Object: two words] { uid: 2 }\n",
			`pum status output, line 2: want an entry in { }: "[Object: two words] { uid: 2 }"`},
		{"more words before a bracket", "1 entrie(s)\n[ see it { uid: 2 } ]\n",
			`pum status output, line 2: want an entry in { }: "[ see it { uid: 2 } ]"`},
		{"an object of a class that is cut", "1 entrie(s)\nEntry {\n  uid: 2,\n  state: 'INIT'\n",
			`pum status output is incomplete: got 0 of 1 entries: cut in line 5: want a comma or }`},
		{"a class alone", "1 entrie(s)\nEntry {",
			`pum status output is incomplete: got 0 of 1 entries: cut in line 2: want a key and a colon`},
		{"one object of a class too many", "1 entrie(s)\n{ uid: 2 }\nEntry { uid: 3 }\n",
			`pum status output, line 3: got 2 entries, the header announces 1: "Entry { uid: 3 }"`},
		{"a long line", "1 entrie(s)\n" + strings.Repeat("é", 99) + "\n",
			`pum status output, line 2: want a key and a colon: "` + strings.Repeat("é", 60) + `..."`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			list, err := Parse([]byte(tt.in), DefaultLimit)
			if err == nil || err.Error() != tt.want {
				t.Errorf("Parse(%q) = %v, %v\nwant %s", tt.in, list, err, tt.want)
			}
			checkPromise(t, []byte(tt.in))
		})
	}
}

// What is printed behind a whole list is not PUM's, and is not kept from anybody.
func TestParseIgnoresWhatFollows(t *testing.T) {
	array := "[{uid: 2, iterationCounter: 5}]\n"
	for name, tt := range map[string]struct{ list, after string }{
		"nothing":                   {entryText, ""},
		"kubectl's exit code":       {entryText, "command terminated with exit code 137\r\n"},
		"after blank lines":         {entryText, "\n \n(node:1) Warning: deprecated\n"},
		"an error with a colon":     {entryText, "error: unable to upgrade connection: timeout\n"},
		"an error of one word":      {entryText, "Error: no database\n    at query (db.js:1:2)\n"},
		"a prompt without its line": {entryText, "root@tpe:~# "},
		"a prompt with a command":   {entryText, "[op@host ~]$ kubectl get pods\nNAME  READY\n"},
		"after an array":            {array, "bye\n"},
		"after brackets":            {"{uid: 2, iterationCounter: 5}\n", "bye\n"},
		"after an end mark":         {entryText + "---\n", "bye\n"},
		"after two":                 {entryText + entryText, "bye\n"},
		"as much as may be":         {entryText, strings.Repeat("bye\n", ignoredBytes/4)},
	} {
		text := fmt.Sprintf("%d entrie(s)\n%s%s", max(1, strings.Count(tt.list, "uid")), tt.list, tt.after)
		list := mustParse(t, []byte(text))
		if want := strings.TrimSpace(strings.ReplaceAll(tt.after, "\r", "")); list.Ignored != want || list.Entries[0].UID != 2 || list.Entries[0].Extra != nil {
			t.Errorf("%s: %+v, ignored %q, want %q", name, list.Entries, list.Ignored, want)
		}
		checkPromise(t, []byte(text))
	}
}

// Values that newer formatters print are kept as they were printed, and the entry is whole.
func TestParseKeepsWhatItDoesNotKnow(t *testing.T) {
	stack := "Error: can't connect {ECONNREFUSED}\n    at connect (node:net:1494:16) {\n  errno: -111,\n  code: 'ECONNREFUSED',\n  [cause]: Error: it's down\n      at x (y:1)\n}"
	for _, value := range []string{
		"[Object: null prototype] { a: 1 }",
		"[Object: null prototype] {\n  a: 1,\n  b: [Object]\n}", "[Object: null prototype] {\n  a: 1,\n\n  b: 2\n}",
		"<ref *1> { self: [Circular *1] }",
		"Response { status: 200 }",
		"Map(1) { 'a' => 1 }", "Set(0) {}", "Symbol(x)", "[Getter]", "[Getter/Setter]", "[Function: f]", "[Circular *1]", "Promise { <pending> }", "<Buffer 7b 7d>",
		"[ 1, ... 5 more items ]", "Invalid Date", "Error: no database", "[Error: no database]",
		"SyntaxError: Unexpected token } in JSON at position 5", "SyntaxError: Unexpected token { in JSON", "SyntaxError: Expected ] in JSON",
		"it's broken", stack, "AggregateError\n    at x (y:1)\n    at z",
		"!!js/undefined ''", "&ref_0 {a: 1}", "*ref_0", "2026-13-45",
	} {
		for layout, text := range map[string]string{
			"flush":    "2 entrie(s)\nuid: 2\nlastResponse: " + value + "\nstate: 'INIT'\niterationCounter: 1\nuid: 4\nlastResponse: null\niterationCounter: 1\n",
			"indented": "2 entrie(s)\n  uid: 2\n  lastResponse: " + value + "\n  state: 'INIT'\n  iterationCounter: 1\n\n  uid: 4\n  iterationCounter: 1\n",
			"colors":   "2 entrie(s)\r\nuid: 2\r\nlastResponse: \x1b[36m" + strings.ReplaceAll(value, "\n", "\r\n") + "\x1b[39m\r\nstate: 'INIT'\r\niterationCounter: 1\r\nuid: 4\r\niterationCounter: 1\r\n",
			"extra":    "2 entrie(s)\nuid: 2\nstate: 'INIT'\nlastResponse: null\niterationCounter: 1\nnew: " + value + "\nuid: 4\niterationCounter: 1\nnew: 1\n",
		} {
			list, err := Parse([]byte(text), DefaultLimit)
			if err != nil || len(list.Entries) != 2 || list.Entries[1].UID != 4 || list.Entries[0].State != StateInit || *list.Entries[0].IterationCounter != 1 {
				t.Errorf("%s, %s: %+v, %v", value, layout, list, err)
				continue
			}
			var got string
			if got = orZero(list.Entries[0].LastResponse); layout == "extra" {
				if raw := list.Entries[0].Extra["new"]; json.Unmarshal(raw, &got) != nil {
					got = string(raw)
				}
			}
			if got != value && !strings.HasPrefix(value, "[ 1") && value != "*ref_0" && got != "2026-13-45" {
				t.Errorf("%s: value %q, want %q", layout, got, value)
			}
			checkPromise(t, []byte(text))
		}
		for _, layout := range []string{"{ uid: 2, lastResponse: %s, state: 'INIT', iterationCounter: 1 }\n", "[\n  {\n    uid: 2,\n    lastResponse: %s,\n    state: 'INIT',\n    iterationCounter: 1\n  }\n]\n"} {
			text := []byte("1 entrie(s)\n" + fmt.Sprintf(layout, value))
			if list, err := Parse(text, DefaultLimit); err == nil && list.Entries[0].State != StateInit {
				t.Errorf("%s: %+v", text, list)
			}
			checkPromise(t, text)
		}
	}
}

// In brackets, a value that is not known ends with the comma or bracket after it.
func TestParseKeepsMembersThatItDoesNotKnow(t *testing.T) {
	for _, value := range []string{"Symbol(x)", "[Getter]", "Map(1) { 'a' => 1 }", "Map(2) { 'a,b}' => 1, b => [ 2 ] }"} {
		for _, text := range []string{"{ uid: 2, lastResponse: %s, state: 'INIT', iterationCounter: 1 }\n", "{ uid: 2, state: 'INIT', iterationCounter: 1, lastResponse: %s }\n"} {
			list, err := Parse([]byte("1 entrie(s)\n"+fmt.Sprintf(text, value)), DefaultLimit)
			if err != nil || list.Entries[0].State != StateInit || orZero(list.Entries[0].LastResponse) != value {
				t.Errorf("%s: %+v, %v", value, list, err)
			}
		}
	}
}

func TestParseCounters(t *testing.T) {
	five, zero := int64(5), int64(0)
	for value, want := range map[string]struct {
		count *int64
		extra string
	}{
		"5": {&five, ""}, "5.0": {&five, ""}, "5n": {&five, ""}, "'5'": {&five, ""}, "-0": {&zero, ""}, "0.5e1": {&five, ""},
		"9007199254740992.0": {new(int64(1 << 53)), ""}, "9007199254740994.0": {nil, "9007199254740994.0"},
		"null": {nil, ""}, "undefined": {nil, ""},
		"1.5": {nil, "1.5"}, "NaN": {nil, `"NaN"`}, "Infinity": {nil, `"Infinity"`}, "[Getter]": {nil, `"[Getter]"`}, "'many'": {nil, `"many"`}, "1e30": {nil, "1e30"},
	} {
		list := mustParse(t, []byte("1 entrie(s)\nuid: 2.0\nerrorCounter: "+value+"\niterationCounter: 1\n"))
		e := list.Entries[0]
		if !samePointed(e.ErrorCounter, want.count) || string(e.Extra["errorCounter"]) != want.extra || e.UID != 2 {
			t.Errorf("errorCounter: %s: %+v, extra %s", value, e, e.Extra)
		}
	}
}

// TestParseAmbiguous lists texts whose bytes mean one thing in the one
// dialect and another in the other, with what is chosen and why.
func TestParseAmbiguous(t *testing.T) {
	tests := []struct {
		name    string
		value   string
		dialect Dialect
		want    string
	}{
		{"an escape of both", `'C:\\temp'`, DialectInspect, `C:\temp`},
		{"a letter that inspect escapes", `'C:\new'`, DialectInspect, "C:\new"},
		{"a letter that it does not escape", `'C:\users'`, DialectYAML, `C:\users`},
		{"a number that it does not escape", `'\x41\u0041'`, DialectYAML, `\x41\u0041`},
		{"JSON in both, escaped twice", `'{"path":"C:\\temp"}'`, DialectInspect, "{\"path\":\"C:\\temp\"}"},
		{"JSON in one, escaped twice", `'{"say":"\\"no\\""}'`, DialectInspect, `{"say":"\"no\""}`},
		{"JSON in one, escaped once", `'{"say":"\"no\""}'`, DialectYAML, `{"say":"\"no\""}`},
		{"an array of JSON in one, with a line break", `'["a\nb"]'`, DialectYAML, `["a\nb"]`},
		{"JSON in one, with a line break", `'{"say":"a\nb"}'`, DialectYAML, `{"say":"a\nb"}`},
		{"two quotes", `'a''b'`, DialectYAML, `a'b`},
		{"a backtick", "`it's \"so\"`", DialectInspect, `it's "so"`},
		{"double quotes", `"a\nb"`, DialectEither, "a\nb"},
		{"double quotes, an escape of YAML", `"a\eb"`, DialectYAML, "a\x1bb"},
		{"double quotes, an apostrophe", `"it's"`, DialectEither, `it's`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			list := mustParse(t, []byte("1 entrie(s)\nuid: 2\nlastResponse: "+tt.value+"\niterationCounter: 1\n"))
			if got := *list.Entries[0].LastResponse; got != tt.want || list.Source.Dialect != tt.dialect {
				t.Errorf("value %s = %q (%s), want %q (%s)", tt.value, got, list.Source.Dialect, tt.want, tt.dialect)
			}
		})
	}
}

// The dialect is that of the whole text: what one value tells holds for all.
func TestParseDecidesOnceForAll(t *testing.T) {
	const undecided = `'C:\\new'`
	for value, want := range map[string]string{`'it''s'`: `C:\\new`, "`it's \"so\"`": `C:\new`} {
		list := mustParse(t, []byte("1 entrie(s)\nuid: 2\nscope: "+undecided+"\nlastResponse: "+value+"\niterationCounter: 1\n"))
		if got := *list.Entries[0].Scope; got != want {
			t.Errorf("%s beside %s = %q, want %q", undecided, value, got, want)
		}
	}
}

func TestLimit(t *testing.T) {
	text := manyEntries(1, plainResponse)
	if _, err := Parse(text, len(text)); err != nil {
		t.Errorf("Parse at the limit: %v", err)
	}
	list, err := Parse(text, len(text)-1)
	want := fmt.Sprintf("pum status output is too large: %d bytes, the limit is %d", len(text), len(text)-1)
	if !errors.Is(err, ErrTooLarge) || err.Error() != want || list.Entries != nil {
		t.Errorf("Parse over the limit = %v, %v, want %s", list, err, want)
	}
}

// Entries do not change with the bytes they were read from.
func TestParseKeepsNothingOfItsInput(t *testing.T) {
	text := []byte("1 entrie(s)\n" + entryText)
	list := mustParse(t, text)
	clear(text)
	if got := list.Entries[0].State; got != StateProcessed {
		t.Errorf("state after the text was overwritten = %q, want PROCESSED", got)
	}
}
