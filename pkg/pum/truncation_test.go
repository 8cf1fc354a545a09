// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"bytes"
	"errors"
	"testing"
)

// TestParseRefusesEveryPrefix cuts each sample after each byte. The one cut
// that loses nothing is that of white space at the end.
func TestParseRefusesEveryPrefix(t *testing.T) {
	t.Parallel()
	for _, s := range documentedSamples(t) {
		if testing.Short() && s.name != "testdata/documented/doc.inspect.indent.txt" {
			continue
		}
		for n := range bytes.TrimRight(s.text, " \r\n") {
			checkCut(t, s, n)
		}
	}
}

// TestParseRefusesCutLines cuts the larger samples after each line, where a
// cut is hardest to see, and in twenty other places. Of samples with very many
// lines it takes some.
func TestParseRefusesCutLines(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("many samples")
	}
	for _, s := range formatterSamples(t) {
		whole := bytes.TrimRight(s.text, " \r\n")
		lines, step := 0, 1+bytes.Count(whole, []byte("\n"))/500
		for n, c := range whole {
			if c == '\n' {
				if lines++; lines%step == 0 {
					checkCut(t, s, n+1)
				}
			}
			if n%(1+len(whole)/20) == 0 {
				checkCut(t, s, n)
			}
		}
	}
}

// checkCut checks what Parse makes of the first n bytes of a sample.
func checkCut(t *testing.T, s sample, n int) {
	t.Helper()
	list, err := Parse(s.text[:n], DefaultLimit)
	var incomplete *IncompleteError
	if !errors.As(err, &incomplete) {
		t.Fatalf("%s: Parse of the first %d of %d bytes = %d entries, %v, want an IncompleteError",
			s.name, n, len(s.text), len(list.Entries), err)
	}
	if incomplete.Got > len(s.want) || incomplete.Want != -1 && incomplete.Want != len(s.want) {
		t.Fatalf("%s: first %d bytes: %v, want at most %d entries", s.name, n, err, len(s.want))
	}
}
