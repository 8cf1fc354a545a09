// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestParseMemory bounds what Parse allocates, all told and as if nothing
// were ever freed: with the text itself it is four times the text.
func TestParseMemory(t *testing.T) {
	for name, response := range map[string]func(int) string{
		"plain": plainResponse, "inspect": inspectResponse, "yaml": yamlResponse,
	} {
		for _, n := range []int{1000, 10_000} {
			if testing.Short() && n > 1000 {
				continue
			}
			out := manyEntries(n, response)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			list := mustParse(t, out)
			runtime.ReadMemStats(&after)
			used := after.TotalAlloc - before.TotalAlloc + uint64(len(out))
			if len(list.Entries) != n || used > 4*uint64(len(out)) {
				t.Errorf("%s: %d entries of %d bytes take %d bytes, want at most four times as many", name, n, len(out), used)
			}
		}
	}
}

// TestParseMemoryOfHostileText bounds what Parse allocates, all told and as if nothing
// were ever freed, for texts of as many tiny things as the limit has room for.
func TestParseMemoryOfHostileText(t *testing.T) {
	limit, most := 1<<22, 20
	if testing.Short() {
		limit = 1 << 15
	}
	fill := func(begin, again string) []byte {
		return []byte(begin + strings.Repeat(again, (limit-len(begin))/len(again)))
	}
	for name, text := range map[string][]byte{
		"entries":            fill("999999999 entrie(s)\n", "uid: 1\n"),
		"entries too many":   fill("1 entrie(s)\n", "uid: 1\n"),
		"entries in braces":  fill("999999999 entrie(s)\n", "{uid: 1}\n"),
		"entries with a key": fill("999999999 entrie(s)\n", "uid: 1\nx: 1\n"),
		"keys":               []byte("1 entrie(s)\nuid: 1\n" + numbered(limit-100, "x%d: 1\n")),
		"numbers":            fill("1 entrie(s)\nuid: 1\nx: [", "1,"),
		"brackets":           fill("1 entrie(s)\nuid: 1\nx: ", "["),
		"bullets":            fill("1 entrie(s)\nuid: 1\nx:\n", " - 1\n"),
		"lines":              fill("1 entrie(s)\nuid: 1\nx: '", "\n\n"),
		"headers":            fill("", "1 entrie(s)\n"),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Parse(text, limit)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > uint64(most*limit) {
			t.Errorf("%s: %d bytes take %.1f times as many, want at most %d (%v)", name, len(text), float64(used)/float64(limit), most, err)
		}
	}
	tiny := fill("999999999 entrie(s)\n", "uid: 1\n")
	if _, err := Parse(tiny, limit); !errors.Is(err, ErrTooLarge) {
		t.Errorf("more entries than the limit has room for: %v, want ErrTooLarge", err)
	}
}

// TestParseIsLinear gives Parse texts that tempt a parser to look at the same
// bytes again and again. If the time were quadratic in their half a megabyte,
// each would take minutes.
func TestParseIsLinear(t *testing.T) {
	size := 1 << 19
	if testing.Short() {
		size = 1 << 12
	}
	times := func(s string) string { return strings.Repeat(s, size/len(s)) }
	const begin = "1 entrie(s)\nuid: 1\nx: "
	for name, text := range map[string]string{
		"headers":            times("1 entrie(s)\n"),
		"header digits":      times("9") + " entrie(s)\n",
		"blank lines":        begin + "\n" + times("\n"),
		"blanks":             begin + times(" "),
		"opening brackets":   begin + times("["),
		"nested brackets":    begin + times("[") + times("]") + "\n",
		"hidden keys":        begin + "[" + times("[a "),
		"flat array":         begin + "[" + times("1, ") + "]\n",
		"quotes":             begin + times("''"),
		"quotes and keys":    begin + "'a" + times("''b: '"),
		"open quotes":        begin + times(`"\`),
		"continued":          begin + times("'a' +\n"),
		"left out":           begin + "'a'" + times("... 1"),
		"escapes":            begin + `"` + times(`\`+"\n"),
		"folded":             begin + "'" + times("\n "),
		"bullets":            begin + "\n  " + times("- "),
		"deep mappings":      begin + "\n  " + times("a: "),
		"mapping":            begin + "\n" + times("  a: 1\n"),
		"sequence of blanks": begin + "\n" + times("  -\n\n\n"),
		"colors":             begin + times("\x1b[33m"),
		"half colors":        begin + times("\x1b["),
		"keys":               "1 entrie(s)\nuid: 1\n" + numbered(size, "x%d: 1\n"),
		"entries":            fmt.Sprintf("%d entrie(s)\n", size) + times("uid: 1\n"),
		"entries too many":   "1 entrie(s)\n" + times("{uid: 1}\n"),
		"ends":               "99999 entrie(s)\n" + numbered(size, "uid: 1\nx%d: 1\n"),
	} {
		began := time.Now()
		checkPromise(t, []byte(text))
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("%s: %d bytes took %v", name, len(text), took)
		}
	}
}

// numbered prints the line with rising numbers, up to a size.
func numbered(size int, line string) string {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, line, i)
	}
	return b.String()
}
