// SPDX-License-Identifier: Apache-2.0

package joblogs

import (
	"strings"
	"testing"
	"time"
)

// However stamps are spelled and follow one another, they are read as the time
// package reads them, and text that has none stays as it is.
func TestStamps(t *testing.T) {
	starts := []string{
		"2026-01-31T10:00:00Z", "2026-01-31T10:00:00.1Z", "2026-01-31T10:00:00.123456789Z", "2026-01-31T10:00:00.000000001Z",
		"2026-01-31T10:00:00.5+00:00", "2026-01-31T10:00:00.5+02:00", "2026-01-31T10:00:00.123456789+02:00", "2026-01-31T10:00:01.5Z", "2026-01-31T10:00:01.999999999Z",
		"2026-01-31T10:00:01.1234567890Z", "2026-01-31T10:00:01.12x4Z", "2026-01-31T10:00:01.Z", "2026-01-31T10:00:01,5Z", "2026-01-31T10:00:01",
		"2026-01-31", "no", "", "2026-01-31T10:00:01.-5Z", "2016-12-31T23:59:60.5Z",
	}
	for _, first := range starts {
		for _, then := range starts {
			s := newSplitter(strings.NewReader(first + " one\n" + then + " two\n"))
			for _, start := range []string{first, then} {
				p, err := s.next()
				if err != nil {
					t.Fatal(err)
				}
				want := time.Time{}
				stamp := start
				if want.UnmarshalText([]byte(start)) != nil {
					want, stamp = time.Time{}, ""
				}
				if !p.Time.Equal(want) || string(p.Stamp) != stamp || p.Begins() != (stamp != "") {
					t.Errorf("%q after %q: stamp %q, time %s, want %s", start, first, p.Stamp, p.Time, want)
				}
			}
		}
	}
}

// Of a stamp in the same second as the one before only the digits after it are read.
func TestStampsOfTheSameSecond(t *testing.T) {
	const second = "2026-01-31T10:00:00"
	for line, want := range map[string]time.Time{
		second + ".5Z x\n": time.Unix(1000, 5e8), "2026-01-31T10:00:01.5Z x\n": time.Date(2026, 1, 31, 10, 0, 1, 5e8, time.UTC),
	} {
		s := splitter{second: second, start: time.Unix(1000, 0)}
		if got := s.stamped([]byte(line)).Time; !got.Equal(want) {
			t.Errorf("%q: %s, want %s", line, got, want)
		}
	}
}
