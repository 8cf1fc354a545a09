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

// A sample is a text with what must be made of it.
type sample struct {
	name    string
	text    []byte
	want    []map[string]any // the entries as JSON
	dialect Dialect          // of the formatter that printed the text
}

// formatterSamples returns what real formatters printed of records that are
// hard to print; testdata/generate made it, and what is wanted too.
func formatterSamples(t testing.TB) []sample {
	t.Helper()
	files, err := filepath.Glob("testdata/formatters/*/*.txt")
	if err != nil || len(files) < 80 {
		t.Fatalf("Glob = %d files, %v, want at least 80", len(files), err)
	}
	var samples []sample
	for _, file := range files {
		dir, base := filepath.Split(file)
		formatter, _, _ := strings.Cut(base, ".")
		want := filepath.Join(dir, "want."+formatter+".json")
		if _, err := os.Stat(want); err != nil {
			want = filepath.Join(dir, "want.json")
		}
		s := sample{name: file, text: read(t, file), dialect: DialectInspect}
		if formatter != "inspect" && formatter != "colour" && formatter != "console" {
			s.dialect = DialectYAML
		}
		unmarshal(t, read(t, want), &s.want)
		samples = append(samples, s)
	}
	return samples
}

// documentedSamples returns the vendor's only published output, laid out in
// all the ways that would read so on the vendor's page.
func documentedSamples(t testing.TB) []sample {
	t.Helper()
	files, err := filepath.Glob("testdata/documented/doc.*.txt")
	if err != nil || len(files) != 13 {
		t.Fatalf("Glob = %d files, %v, want 13", len(files), err)
	}
	var samples []sample
	for _, file := range files {
		s := sample{name: file, text: read(t, file), dialect: DialectEither}
		unmarshal(t, read(t, "testdata/documented/doc.expected.json"), &s.want)
		samples = append(samples, s)
	}
	return append(samples, sample{
		name: "testdata/documented/empty.txt", text: read(t, "testdata/documented/empty.txt"),
		want: []map[string]any{}, dialect: DialectEither,
	})
}

func TestParseDocumented(t *testing.T) {
	for _, s := range documentedSamples(t) {
		t.Run(filepath.Base(s.name), func(t *testing.T) {
			list := mustParse(t, s.text)
			got := asJSON(t, list.Entries)
			for i := range got { // what we add to PUM's keys
				delete(got[i], "final")
				delete(got[i], "response")
			}
			if diff := cmp.Diff(s.want, got); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
			if list.Source.Declared != len(s.want) || list.Source.Dialect != DialectEither {
				t.Errorf("list = %d declared, %s, want %d, either", list.Source.Declared, list.Source.Dialect, len(s.want))
			}
		})
	}
}

func TestParseFormatters(t *testing.T) {
	for _, s := range formatterSamples(t) {
		t.Run(s.name, func(t *testing.T) {
			list := mustParse(t, s.text)
			if diff := cmp.Diff(s.want, asJSON(t, list.Entries)); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
			if list.Source.Dialect != s.dialect && list.Source.Dialect != DialectEither {
				t.Errorf("dialect = %s, want %s", list.Source.Dialect, s.dialect)
			}
		})
	}
}

// asJSON returns the entries as readers of their JSON see them.
func asJSON(t *testing.T, entries []Entry) []map[string]any {
	t.Helper()
	b, err := json.Marshal(entries)
	if err != nil {
		t.Fatalf("Marshal: %v", err)
	}
	var got []map[string]any
	unmarshal(t, b, &got)
	return got
}

func mustParse(t *testing.T, text []byte) Answer {
	t.Helper()
	list, err := Parse(text, DefaultLimit)
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	return list
}

func read(t testing.TB, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func unmarshal(t testing.TB, b []byte, v any) {
	t.Helper()
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatalf("Unmarshal: %v", err)
	}
}
