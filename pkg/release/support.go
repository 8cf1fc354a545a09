// SPDX-License-Identifier: Apache-2.0

package release

import (
	"fmt"
	"slices"
	"strings"
)

// A Support says on which versions of Kubernetes a release of ThingPark Enterprise
// is supported. All are 1.x.
type Support struct {
	Since  Version // the release whose prerequisites say so
	Minors []int   // of Kubernetes
	Newer  bool    // whether all newer ones are supported, too
	Source string
}

// SupportOf returns what is public about a release. Where its own prerequisites are
// not, those of the newest release before it in the same line count.
func SupportOf(v Version) (Support, bool) {
	var found Support
	for _, s := range supports() {
		if s.Since.Line() == v.Line() && s.Since.Compare(v) <= 0 {
			found = s
		}
	}
	return found, len(found.Minors) > 0
}

// Has reports whether Kubernetes 1.minor is supported.
func (s Support) Has(minor int) bool {
	return slices.Contains(s.Minors, minor) || s.Newer && minor > slices.Max(s.Minors)
}

func (s Support) String() string {
	words := versionsOf(s.Minors)
	if s.Newer {
		words += " and newer"
	}
	return words
}

// common returns the versions of Kubernetes that both support. Those that neither
// names are left out: that all newer ones are supported was said before they were
// there.
func (s Support) common(o Support) []int {
	all := slices.Concat(s.Minors, o.Minors)
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(minor int) bool { return !s.Has(minor) || !o.Has(minor) })
}

// versionsOf names versions of Kubernetes: 1.26, 1.27, 1.28.
func versionsOf(minors []int) string {
	var words []string
	for _, minor := range minors {
		words = append(words, fmt.Sprintf("1.%d", minor))
	}
	return strings.Join(words, ", ")
}
