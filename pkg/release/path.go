// SPDX-License-Identifier: Apache-2.0

package release

import (
	"errors"
	"fmt"
	"slices"
)

// A Step is one upgrade of an upgrade path.
type Step struct {
	From      string `json:"from"`
	To        string `json:"to"`
	Procedure string `json:"procedure"` // of the vendor
	Why       string `json:"why"`       // the rule of the upgrade procedure

	// Kubernetes has the versions that both releases support; it is empty if they
	// have none in common, or if one of them is not public.
	Kubernetes []string `json:"kubernetes,omitempty"`
	Gap        bool     `json:"kubernetesGap,omitempty"` // they have none in common
}

// ErrDowngrade is the error of a path to an older release.
var ErrDowngrade = errors.New("an upgrade does not lead back to an older release")

// The rules of the vendor's upgrade procedure.
const (
	ruleMajor  = "a major upgrade must start from the latest fix version of the previous release"
	ruleHotfix = "hotfix and maintenance releases are installed with the generic procedure"
)

// Path returns the steps from one release to another by the vendor's rules: a
// major upgrade starts from the latest fix of the line before, and within a line
// a fix is installed at once. Where two releases support no version of Kubernetes
// in common, a stop between them is made if that helps. Each step leads to a newer
// release, and none beyond the last.
//
// There is no step if both are the same. Lines between the two are known only as far as
// they are public.
func Path(from, to Version) ([]Step, error) {
	if to.Compare(from) < 0 {
		return nil, fmt.Errorf("%w: from %s to %s", ErrDowngrade, from, to)
	}
	var steps []Step
	all := Releases()
	for at := from; at != to; {
		next := to
		if at.Line() != to.Line() {
			if latest := latestOfLine(all, at.Line()); latest.Compare(at) > 0 {
				next = latest
			} else if after := latestOfLine(all, lineAfter(all, at)); after.Line() != to.Line() && after.Compare(at) > 0 && after.Compare(to) < 0 {
				next = after
			}
		}
		next = stop(all, at, next)
		steps = append(steps, newStep(at, next))
		at = next
	}
	return steps, nil
}

// Latest returns the newest public release of a line, or nothing.
func Latest(line string) Version { return latestOfLine(Releases(), line) }

func latestOfLine(all []Version, line string) Version {
	var latest Version
	for _, v := range all {
		if v.Line() == line {
			latest = v
		}
	}
	return latest
}

// Releases returns the releases of ThingPark Enterprise of which something is public, the
// oldest first.
func Releases() []Version {
	var all []Version
	for _, m := range Known() {
		v, _ := ParseVersion(m.Release) // a test reads them all
		all = append(all, v)
	}
	for _, s := range supports() {
		all = append(all, s.Since)
	}
	slices.SortFunc(all, Version.Compare)
	return slices.Compact(all)
}

// lineAfter returns the line that follows that of a release, or none if it is the
// newest that is public.
func lineAfter(all []Version, v Version) string {
	for _, r := range all {
		if r.Compare(v) > 0 && r.Line() != v.Line() {
			return r.Line()
		}
	}
	return ""
}

// stop returns the release to upgrade to first, so that both ends of a step support some
// version of Kubernetes. That is the second release if they do, if that is not known, or if
// no stop helps; else the newest release of its line to which the step is possible, or from
// which the next step is.
func stop(all []Version, from, to Version) Version {
	if !noCommonKubernetes(from, to) {
		return to
	}
	before, after := to, to
	for _, v := range all {
		if v.Line() != to.Line() || v.Compare(from) <= 0 || v.Compare(to) >= 0 {
			continue
		}
		if !noCommonKubernetes(from, v) {
			before = v
		}
		if after == to && !noCommonKubernetes(v, to) {
			after = v
		}
	}
	if before != to {
		return before
	}
	return after
}

// noCommonKubernetes reports whether two releases are known to have no version of
// Kubernetes in common.
func noCommonKubernetes(a, b Version) bool {
	first, known := SupportOf(a)
	second, too := SupportOf(b)
	return known && too && len(first.common(second)) == 0
}

func newStep(from, to Version) Step {
	s := Step{From: from.String(), To: to.String(), Procedure: "Generic procedure", Why: ruleHotfix, Gap: noCommonKubernetes(from, to)}
	if from.Line() != to.Line() {
		s.Procedure, s.Why = to.Line()+" upgrade Procedure", ruleMajor
	}
	first, known := SupportOf(from)
	second, too := SupportOf(to)
	if known && too {
		for _, minor := range first.common(second) {
			s.Kubernetes = append(s.Kubernetes, versionsOf([]int{minor}))
		}
	}
	return s
}
