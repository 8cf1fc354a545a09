// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"strings"
	"testing"
	"time"
)

// A time of day is by the local clock, of the day on which it is in the recording.
func TestTimesOfDay(t *testing.T) {
	zone := time.FixedZone("", 2*60*60)
	before := time.Local
	time.Local = zone
	defer func() { time.Local = before }()
	begins := time.Date(2026, 1, 31, 22, 50, 30, 0, zone)
	ends := begins.Add(3 * time.Hour)
	for text, want := range map[string]string{
		"22:50":    "2026-01-31T22:50:30+02:00", // the minute in which it begins
		"22:51":    "2026-01-31T22:51:00+02:00",
		"22:50:30": "2026-01-31T22:50:30+02:00",
		"01:05":    "2026-02-01T01:05:00+02:00",
		"22:50:10": "--at 22:50:10 means 2026-01-31 20:50:10 UTC and is outside",
		"20:55":    "--at 20:55 means 2026-02-01 18:55:00 UTC and is outside", // which is UTC
	} {
		got, err := At{text}.in(begins, ends)
		said := got.Format(time.RFC3339)
		if err != nil {
			said = err.Error()
		}
		if !strings.HasPrefix(said, want) {
			t.Errorf("%s is %s, want %s", text, said, want)
		}
	}
}
