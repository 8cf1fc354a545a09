// SPDX-License-Identifier: Apache-2.0

package release

import (
	"slices"
	"time"
)

// A State says whether the four Helm releases belong together.
type State string

// The states.
const (
	Consistent State = "Consistent" // all four belong to one release of ThingPark Enterprise
	Underway   State = "Underway"   // the first ones were recently brought to a newer release than the others, or the others are to come
	Mismatch   State = "Mismatch"   // they belong to different releases, one is missing, or one has the chart of another
	Unclear    State = "Unclear"    // a chart is in no manifest that is known, or could not be read
)

// A Consistency is what the four Helm releases are together.
type Consistency struct {
	State State

	// TPE has the releases of ThingPark Enterprise that the four can be: those of
	// the same charts, or the one of them that the application names. In a mismatch
	// it is what most of them are.
	TPE []string
	Odd []string // names of the Helm releases that are unlike TPE
}

// upgradeTime is how long an upgrade may take from its first Helm release to its last.
const upgradeTime = time.Hour

// Compare compares the releases with the known manifests, or with the given one if
// it is not nil, and fills in Of and Want. The releases are as Read returns them.
func Compare(releases []Release, given *Manifest, now time.Time) Consistency {
	known := Known()
	for i := range releases {
		releases[i].Of = having(known, i, releases[i].Chart, releases[i].Version)
	}
	best := closest(releases, known)
	if given != nil {
		best = []Manifest{*given}
	}
	c := Consistency{State: state(releases, given, now, best)}
	if c.State == Unclear || len(best) == 0 {
		return c
	}
	for _, m := range best {
		c.TPE = append(c.TPE, m.Release)
	}
	for i := range releases {
		r := &releases[i]
		if r.Want = best[0].Versions[i]; !best[0].has(i, r.Chart, r.Version) {
			c.Odd = append(c.Odd, r.Name)
		}
	}
	return c
}

// having returns the releases of ThingPark Enterprise whose manifest has for a part this
// chart in this version.
func having(manifests []Manifest, part int, chart, version string) []string {
	var of []string
	for _, m := range manifests {
		if m.has(part, chart, version) {
			of = append(of, m.Release)
		}
	}
	return of
}

// has reports whether a manifest has for a part this chart in this version. Different
// charts have the same versions in many releases, so that the version alone says nothing.
func (m *Manifest) has(part int, chart, version string) bool {
	return version != "" && m.Versions[part] == version && partOf(chart) == part
}

// closest returns the manifests of the same charts with which most releases agree.
// Among several that is the one of the application, and then the newest. Of releases
// of ThingPark Enterprise with the same charts the application names one.
func closest(releases []Release, manifests []Manifest) []Manifest {
	var best []Manifest
	most := 1
	for _, m := range manifests {
		switch n := agreement(releases, m); {
		case n > most, n == most && m.Versions != best[0].Versions: // one that agrees counts 2 at least, so that there is a best
			best, most = []Manifest{m}, n
		case n == most:
			best = append(best, m)
		}
	}
	for _, m := range best {
		if m.Release == releases[len(releases)-1].AppVersion {
			return []Manifest{m}
		}
	}
	return best
}

// agreement counts the releases that have the chart of a manifest, the application
// a little more than the others.
func agreement(releases []Release, m Manifest) int {
	n := 0
	for i, r := range releases {
		if m.has(i, r.Chart, r.Version) {
			n += 2 + i/(len(releases)-1)
		}
	}
	return n
}

// state returns the state of releases, to which these manifests are closest.
func state(releases []Release, given *Manifest, now time.Time, closest []Manifest) State {
	unknown, swapped, whole := false, false, len(closest) > 0
	for i, r := range releases {
		unknown = unknown || r.Status != StatusMissing && (r.Problem != "" || given == nil && len(r.Of) == 0 || partOf(r.Chart) < 0)
		whole = whole && closest[0].has(i, r.Chart, r.Version)
		swapped = swapped || r.Swapped()
	}
	switch {
	case whole:
		return Consistent
	case swapped:
		return Mismatch
	case len(closest) == 0, unknown && !contradictory(releases):
		return Unclear
	case underway(releases, now):
		return Underway
	}
	return Mismatch
}

// contradictory reports whether those releases that are known cannot belong to one
// release of ThingPark Enterprise.
func contradictory(releases []Release) bool {
	known := slices.DeleteFunc(slices.Clone(releases), func(r Release) bool { return len(r.Of) == 0 })
	return len(known) > 0 && len(shared(known)) == 0
}

// underway reports whether the releases look as in the middle of an installation or
// an upgrade: in the order in which they are installed, the first ones belong to one
// release of ThingPark Enterprise, the others are still to be upgraded, and the last change
// was not long ago. If that was a rollback, the upgrade was given up.
func underway(releases []Release, now time.Time) bool {
	var last time.Time
	rolledBack := false
	for _, r := range releases {
		if len(r.Of) == 0 && r.Status != StatusMissing {
			return false
		}
		if begun := r.begun(); begun.After(last) {
			last, rolledBack = begun, r.RolledBack != nil
		}
	}
	if now.Sub(last) > upgradeTime || rolledBack {
		return false
	}
	for n := 1; n < len(releases); n++ {
		if of := shared(releases[:n]); len(of) > 0 && toDo(releases[n:], of[len(of)-1]) {
			return true
		}
	}
	return false
}

// toDo reports whether all releases are still to be brought to a release of ThingPark
// Enterprise: they are missing, or belong to an older one.
func toDo(releases []Release, to string) bool {
	present := slices.DeleteFunc(slices.Clone(releases), func(r Release) bool { return r.Status == StatusMissing })
	if len(present) == 0 {
		return true
	}
	of := shared(present)
	return len(of) > 0 && later(to, of[0])
}

// shared returns the releases of ThingPark Enterprise to which all of them can belong.
func shared(releases []Release) []string {
	return slices.DeleteFunc(slices.Clone(releases[0].Of), func(of string) bool {
		return slices.ContainsFunc(releases, func(r Release) bool { return !slices.Contains(r.Of, of) })
	})
}

func later(a, b string) bool {
	first, _ := ParseVersion(a) // names from Known, which a test reads
	second, _ := ParseVersion(b)
	return first.Compare(second) > 0
}
