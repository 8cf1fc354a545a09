// SPDX-License-Identifier: Apache-2.0

package release

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// of returns the four releases with their charts as in releases of ThingPark
// Enterprise. A name with a dash is a chart version that is in no manifest; none at
// all is a release that is missing.
func of(t *testing.T, names string, updated time.Time) []Release {
	t.Helper()
	var all []Release
	for i, name := range strings.Fields(names) {
		r := Release{Name: Parts()[i].Name, Chart: Parts()[i].Chart, Status: StatusDeployed, UpdatedAt: updated}
		name, app, _ := strings.Cut(name, "/")
		switch m, ok := ManifestOf(mustVersion(name)); {
		case name == "none":
			r.Status = StatusMissing
		case ok:
			r.Version = m.Versions[i]
		default:
			r.Version = "9.9.9-" + name
		}
		r.AppVersion = app
		all = append(all, r)
	}
	return all
}

func mustVersion(text string) Version {
	v, _ := ParseVersion(text)
	return v
}

func TestCompare(t *testing.T) {
	now := time.Date(2026, 3, 14, 22, 0, 0, 0, time.UTC)
	given := &Manifest{Release: "VERSIONS", Versions: [4]string{"9.9.9-a", "9.9.9-b", "9.9.9-c", "9.9.9-d"}}
	tests := []struct {
		name    string
		in      string
		age     time.Duration
		given   *Manifest
		state   State
		tpe     string
		odd     string
		updated string
	}{
		{name: "8.0.0", in: "8.0.0 8.0.0 8.0.0 8.0.0", state: Consistent, tpe: "8.0.0"},
		{name: "two of the same charts", in: "7.3.6 7.3.6 7.3.6 7.3.6", state: Consistent, tpe: "7.3.4c 7.3.6"},
		{name: "of which the app version names one", in: "7.3.6 7.3.6 7.3.6 7.3.6/7.3.6", state: Consistent, tpe: "7.3.6"},
		{name: "an app version that cannot be", in: "7.3.6 7.3.6 7.3.6 7.3.6/8.0.0", state: Consistent, tpe: "7.3.4c 7.3.6"},
		{name: "three charts are the same in four releases", in: "7.3.4 7.3.4 7.3.4 7.3.4a", state: Consistent, tpe: "7.3.4a"},
		{name: "one left behind", in: "8.0.0 7.3.6 8.0.0 8.0.0", state: Mismatch, tpe: "8.0.0", odd: "tpe-data"},
		{name: "the application left behind", in: "8.0.0 8.0.0 8.0.0 7.3.6", age: 2 * time.Hour, state: Mismatch, tpe: "8.0.0", odd: "tpe"},
		{name: "one ahead", in: "7.3.6 7.3.6 8.0.0 7.3.6/7.3.6", state: Mismatch, tpe: "7.3.6", odd: "tpe-controllers"},
		{name: "two and two", in: "8.0.0 8.0.0 7.3.6 7.3.6/7.3.6", age: 2 * time.Hour, state: Mismatch, tpe: "7.3.6", odd: "tpe-data-controllers tpe-data"},
		{name: "two and two, the application new", in: "7.3.6 7.3.6 8.0.0 8.0.0", state: Mismatch, tpe: "8.0.0", odd: "tpe-data-controllers tpe-data"},
		{name: "four of four", in: "7.1.0 7.2.0 7.3.1 8.0.0", state: Mismatch, tpe: "8.0.0", odd: "tpe-data-controllers tpe-data tpe-controllers"},
		{name: "one missing", in: "8.0.0 8.0.0 none 8.0.0", state: Mismatch, tpe: "8.0.0", odd: "tpe-controllers"},
		{name: "the first missing", in: "none 8.0.0 8.0.0 8.0.0", state: Mismatch, tpe: "8.0.0", odd: "tpe-data-controllers"},
		{name: "the application missing", in: "8.0.0 8.0.0 8.0.0 none", age: 2 * time.Hour, state: Mismatch, tpe: "8.0.0", odd: "tpe"},

		{name: "an upgrade under way", in: "8.0.0 8.0.0 7.3.6 7.3.6", state: Underway, tpe: "7.3.4c 7.3.6", odd: "tpe-data-controllers tpe-data"},
		{name: "with only the application to do", in: "8.0.0 8.0.0 8.0.0 7.3.6", age: 59 * time.Minute, state: Underway, tpe: "8.0.0", odd: "tpe"},
		{name: "of an hour ago", in: "8.0.0 8.0.0 8.0.0 7.3.6", age: time.Hour, state: Underway, tpe: "8.0.0", odd: "tpe"},
		{name: "an installation under way", in: "8.0.0 none none none", state: Underway, tpe: "8.0.0", odd: "tpe-data tpe-controllers tpe"},
		{name: "with only the application to come", in: "8.0.0 8.0.0 8.0.0 none", state: Underway, tpe: "8.0.0", odd: "tpe"},
		{name: "an upgrade of a part of an installation", in: "8.0.0 7.3.6 none none", state: Underway, tpe: "8.0.0", odd: "tpe-data tpe-controllers tpe"},
		{name: "a way back of a part", in: "7.3.6 8.0.0 none none", state: Mismatch, tpe: "8.0.0", odd: "tpe-data-controllers tpe-controllers tpe"},
		{name: "a way back is no upgrade", in: "7.3.6 7.3.6 8.0.0 8.0.0", state: Mismatch, tpe: "8.0.0", odd: "tpe-data-controllers tpe-data"},

		{name: "a newer release", in: "a b c d", state: Unclear},
		{name: "one chart that nobody knows", in: "8.0.0 8.0.0 8.0.0 d", state: Unclear},
		{name: "one unknown does not excuse the others", in: "8.0.0 7.3.6 8.0.0 d", state: Mismatch, tpe: "8.0.0", odd: "tpe-data tpe"},
		{name: "a newer release with its manifest", in: "a b c d", given: given, state: Consistent, tpe: "VERSIONS"},
		{name: "left behind of it", in: "a 8.0.0 c d", given: given, state: Mismatch, tpe: "VERSIONS", odd: "tpe-data"},
		{name: "nothing of it", in: "8.0.0 8.0.0 8.0.0 8.0.0", given: given, state: Mismatch, tpe: "VERSIONS", odd: "tpe-data-controllers tpe-data tpe-controllers tpe"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			releases := of(t, tt.in, now.Add(-tt.age))
			c := Compare(releases, tt.given, now)
			if c.State != tt.state || strings.Join(c.TPE, " ") != tt.tpe || strings.Join(c.Odd, " ") != tt.odd {
				t.Errorf("%s of %v, odd are %v; want %s of %s, odd %s", c.State, c.TPE, c.Odd, tt.state, tt.tpe, tt.odd)
			}
			for _, r := range releases {
				if (r.Want == "") != (tt.state == Unclear) {
					t.Errorf("%s wants %q", r.Name, r.Want)
				}
			}
		})
	}
}

// An upgrade whose last release was rolled back is not under way. One that begins after a
// rollback of long ago is.
func TestARollbackEndsAnUpgrade(t *testing.T) {
	now := time.Date(2026, 3, 14, 22, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		age  time.Duration
		want State
	}{{time.Minute, Mismatch}, {2000 * time.Hour, Underway}} {
		releases := of(t, "8.0.0 8.0.0 8.0.0 7.3.6", now.Add(-10*time.Minute))
		releases[3].RolledBack, releases[3].BegunAt = &Rollback{To: 1, From: 2}, now.Add(-tt.age)
		if c := Compare(releases, nil, now); c.State != tt.want {
			t.Errorf("%s after the rollback: %s, want %s", tt.age, c.State, tt.want)
		}
	}
}

// What could not be read is never said to be well.
func TestUnreadIsUnclear(t *testing.T) {
	releases := of(t, "8.0.0 8.0.0 8.0.0 8.0.0", time.Time{})
	releases[1].Version, releases[1].Problem = "", "damaged"
	if c := Compare(releases, nil, time.Now()); c.State != Unclear {
		t.Errorf("%s, want unclear", c.State)
	}
	given := &Manifest{Versions: [4]string{"2.2.1", "2.2.2", "2.2.0", "2.0.0"}}
	if c := Compare(releases, given, time.Now()); c.State != Unclear {
		t.Errorf("with a manifest: %s, want unclear", c.State)
	}
	newer := of(t, "a b c d", time.Time{})
	newer[3].Version, newer[3].Problem = "", "damaged"
	if c := Compare(newer, given, time.Now()); c.State != Unclear {
		t.Errorf("with a manifest, and no known release: %s, want unclear", c.State)
	}
}

// Different charts have the same versions in many releases.
func TestChartsAreComparedAndNotOnlyVersions(t *testing.T) {
	now := time.Date(2026, 3, 14, 22, 0, 0, 0, time.UTC)
	own := &Manifest{Release: "VERSIONS", Versions: [4]string{"9.0.0", "9.0.0", "9.0.0", "9.0.0"}}
	tests := []struct {
		name   string
		in     string
		charts string
		given  *Manifest
		state  State
		odd    string
	}{
		{"two swapped", "7.3.6 7.3.6 7.3.6 7.3.6", "2 1 0 3", nil, Mismatch, "tpe-data-controllers tpe-controllers"},
		{"all another's", "7.3.6 7.3.6 7.3.6 7.3.6", "1 0 3 2", nil, Mismatch, ""},
		{"one twice", "8.0.0 8.0.0 8.0.0 8.0.0", "0 0 2 3", nil, Mismatch, "tpe-data"},
		{"the former name of the third", "7.1.0 7.1.0 7.1.0 7.1.0", "0 1 former 3", nil, Consistent, ""},
		{"the former name for another", "7.1.0 7.1.0 7.1.0 7.1.0", "former 1 2 3", nil, Mismatch, "tpe-data-controllers"},
		{"charts of nobody here", "8.0.0 8.0.0 8.0.0 8.0.0", "nginx nginx nginx nginx", nil, Unclear, ""},
		{"one of nobody here", "8.0.0 8.0.0 8.0.0 8.0.0", "0 1 2 my-thingpark", nil, Unclear, ""},
		{"with a manifest", "9 9 9 9", "1 0 2 3", own, Mismatch, "tpe-data-controllers tpe-data tpe-controllers tpe"},
	}
	for _, tt := range tests {
		releases := of(t, tt.in, now)
		for i, chart := range strings.Fields(tt.charts) {
			releases[i].Chart = chart
			if n, err := strconv.Atoi(chart); err == nil {
				releases[i].Chart = Parts()[n].Chart
			} else if chart == "former" {
				releases[i].Chart = formerChart
			}
		}
		if c := Compare(releases, tt.given, now); c.State != tt.state || strings.Join(c.Odd, " ") != tt.odd {
			t.Errorf("%s: %s of %v, odd are %v; want %s, odd %s", tt.name, c.State, c.TPE, c.Odd, tt.state, tt.odd)
		}
	}
}

// The application decides between two releases only if the others are even: it counts a
// little more than one other, and less than two.
func TestTheApplicationCountsALittleMore(t *testing.T) {
	now := time.Date(2026, 3, 14, 22, 0, 0, 0, time.UTC)
	for in, want := range map[string]string{
		"7.3.6 7.3.6 8.0.0 8.0.0": "8.0.0",
		"7.3.6 7.3.6 7.1.0 8.0.0": "7.3.6",
	} {
		releases := of(t, in, now)
		if c := Compare(releases, nil, now); !slices.Contains(c.TPE, want) {
			t.Errorf("%s: %v, want %s", in, c.TPE, want)
		}
	}
}
