// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// samples are the texts that the stand-in's scenarios print, one per dialect
// and layout, made of the vendor's documented sample.
const samples = "../../tpe/samples"

func documented(t *testing.T) []Entry {
	t.Helper()
	var entries []Entry
	readJSON(t, filepath.Join(samples, "doc.expected.json"), &entries)
	return entries
}

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func TestRenderGivesTheSamples(t *testing.T) {
	formats := map[string]Format{
		"doc.inspect.flush.txt":    {DialectInspect, LayoutFlush, false, false},
		"doc.inspect.blank.txt":    {DialectInspect, LayoutBlank, false, false},
		"doc.inspect.indent.txt":   {DialectInspect, LayoutIndent, false, false},
		"doc.jsyaml.flush.txt":     {DialectJSYAML, LayoutFlush, false, false},
		"doc.jsyaml.blank.txt":     {DialectJSYAML, LayoutBlank, false, false},
		"doc.jsyaml.indent.txt":    {DialectJSYAML, LayoutIndent, false, false},
		"doc.jsyaml.list.txt":      {DialectJSYAML, LayoutList, false, false},
		"doc.yaml2.flush.txt":      {DialectYAML2, LayoutFlush, false, false},
		"doc.yaml2.blank.txt":      {DialectYAML2, LayoutBlank, false, false},
		"doc.yaml2.indent.txt":     {DialectYAML2, LayoutIndent, false, false},
		"doc.consolelog-array.txt": {DialectInspect, LayoutArray, false, false},
		"doc.consolelog-each.txt":  {DialectInspect, LayoutEach, false, false},
		"doc.tty-color-crlf.txt":   {DialectInspect, LayoutFlush, true, true},
		"empty.txt":                {},
	}
	files, err := filepath.Glob(filepath.Join(samples, "*.txt"))
	if err != nil || len(files) != len(formats) {
		t.Fatalf("%d samples (%v), want %d", len(files), err, len(formats))
	}
	for _, file := range files {
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		format, ok := formats[filepath.Base(file)]
		if !ok {
			t.Errorf("%s: no format known", file)
		}
		entries := documented(t)
		if filepath.Base(file) == "empty.txt" {
			entries = nil
		}
		got, err := format.Render(len(entries), entries)
		if err != nil {
			t.Errorf("%s: %v", file, err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
	}
}

func TestValuesAreWrittenAsTheFormattersDo(t *testing.T) {
	var cases []struct {
		Value                                 any
		Inspect, Color, Nested, JSYAML, YAML2 string
	}
	readJSON(t, "testdata/formatters.json", &cases)
	if len(cases) < 20 {
		t.Fatalf("%d cases, want at least 20", len(cases))
	}
	for _, c := range cases {
		check := func(name, got, want string) {
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s of %q (-want +got):\n%s", name, c.Value, diff)
			}
		}
		check("inspect", inspect(c.Value, 0, false), c.Inspect)
		check("inspect in colour", inspect(c.Value, 0, true), c.Color)
		check("inspect in an array", inspect(c.Value, 4, false), c.Nested)
		check("js-yaml", jsyaml(c.Value), c.JSYAML)
		got, err := yaml2("lastResponse", c.Value)
		if unusual := strings.HasPrefix(c.YAML2, `"`) || strings.Contains(c.YAML2, "\n\n"); unusual != (err != nil) {
			t.Errorf("yaml2 of %q: error %v, want one: %v", c.Value, err, unusual)
		} else if err == nil {
			check("yaml2", got, c.YAML2)
		}
	}
}

func TestInspectCutsVeryLongStrings(t *testing.T) {
	for more, trailer := range map[int]string{0: "", 1: "... 1 more character", 50: "... 50 more characters"} {
		got := inspect(strings.Repeat("y", inspectMaxString+more), 0, false)
		if want := "'" + strings.Repeat("y", inspectMaxString) + "'" + trailer; got != want {
			t.Errorf("%d more: ends in %q, want %q", more, got[len(got)-30:], want[len(want)-30:])
		}
	}
}

func TestRenderRefusesWhatItCannotPlay(t *testing.T) {
	stack := "Error\n    at foo"
	tests := []struct {
		format Format
		want   string
	}{
		{Format{Dialect: "toml"}, `dialect "toml": want one of inspect, jsyaml, yaml2`},
		{Format{Layout: "table"}, `layout "table": want one of flush, blank, indent, list, array, each`},
		{Format{Dialect: DialectJSYAML, Layout: LayoutEach}, "dialect jsyaml has neither colour nor the layouts array and each"},
		{Format{Dialect: DialectYAML2, Color: true}, "dialect yaml2 has neither colour nor the layouts array and each"},
		{Format{Dialect: DialectYAML2, Layout: LayoutList}, "dialect yaml2 is not played in the layout list: its folds depend on it"},
		{
			Format{Dialect: DialectYAML2},
			"entry 1: lastResponse: the stand-in does not know how yaml2 writes line breaks and control characters: give the answer as text",
		},
	}
	for _, tt := range tests {
		text, err := tt.format.Render(1, []Entry{{UID: 1, LastResponse: &stack}})
		if err == nil || err.Error() != tt.want || text != "" {
			t.Errorf("%+v: %q, error %v, want %q", tt.format, text, err, tt.want)
		}
	}
}

func TestExtraKeysFollowTheKnownOnes(t *testing.T) {
	entry := Entry{UID: 1, State: "PAUSED", Extra: []Field{{"owner", "it's me"}, {"retries", nil}}}
	got, err := Format{}.Render(7, []Entry{entry})
	if err != nil {
		t.Fatal(err)
	}
	want := "7 entrie(s)\nuid: 1\n"
	tail := "state: 'PAUSED'\nstateTimestamp: null\nlastResponse: null\nerrorCounter: 0\niterationCounter: 0\nowner: \"it's me\"\nretries: null\n"
	if !strings.HasPrefix(got, want) || !strings.HasSuffix(got, tail) {
		t.Errorf("got %q, want %q … %q", got, want, tail)
	}
}
