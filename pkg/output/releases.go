// SPDX-License-Identifier: Apache-2.0

package output

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// Releases are the four Helm releases.
type Releases struct {
	State release.State     `json:"state"`
	TPE   []string          `json:"tpe,omitempty"` // the releases of ThingPark Enterprise that the four can be; in a mismatch, that most are
	Items []release.Release `json:"items"`
}

// A ReleaseList is the document of the command releases. Where Helm's secrets could
// not be read it has neither state nor items.
type ReleaseList struct {
	Head  `json:",inline"`
	State release.State     `json:"state,omitempty"`
	TPE   []string          `json:"tpe,omitempty"` // the releases of ThingPark Enterprise that the four can be; in a mismatch, that most are
	Items []release.Release `json:"items,omitzero"`

	next []string // commands to copy
}

func newReleases(r *verdict.Releases) *Releases {
	if r == nil || len(r.Items) == 0 {
		return nil
	}
	return &Releases{r.State, r.TPE, r.Items}
}

// NewReleaseList makes the document of a snapshot of Helm releases and its verdict.
func NewReleaseList(place Place, s verdict.Snapshot, v verdict.Verdict) *ReleaseList {
	doc := &ReleaseList{Head: newHead("ReleaseList", place, s, v)}
	doc.next = slices.DeleteFunc(v.Next(), func(text string) bool { return text == s.TPE("releases") }) // the command that is running
	if r := newReleases(s.Releases); r != nil {
		doc.State, doc.TPE, doc.Items = r.State, r.TPE, r.Items
	}
	return doc
}

func (l *ReleaseList) names() []string {
	var names []string
	for _, r := range l.Items {
		names = append(names, "release/"+r.Name)
	}
	return names
}

// show says what the Helm releases are together, and shows them.
func (l *ReleaseList) show(s *screen) {
	var r *Releases
	if len(l.Items) > 0 {
		r = &Releases{l.State, l.TPE, l.Items}
	}
	s.place(r.title(), l.Place)
	s.line("%-7s  %s", l.word(), releasesLine(r))
	if r != nil {
		s.line("")
	}
	s.section("", releaseTable(l.Items, s.format, s.view))
	s.allFindings(l.Findings)
	s.next(l.next)
}

func releaseTable(items []release.Release, f *Format, v View) *table {
	t := &table{header: []string{"RELEASE", "CHART", "VERSION", "WANT", "STATUS", "REV", "AGE", "TPE", "APP VERSION", "SAID"}, shrink: []string{"CHART"}}
	for _, r := range items {
		t.add(r.Name, r.Chart, r.Version, r.Want, r.Status, nonzero(r.Revision), v.age(r.UpdatedAt),
			strings.Join(r.Of, ","), r.AppVersion, r.Said)
	}
	if !f.Wide() {
		t.drop("TPE", "APP VERSION", "SAID")
	}
	return t
}

// releasesLine says in one line what the Helm releases are.
func releasesLine(r *Releases) string {
	if r == nil {
		return "releases unknown"
	}
	deployed := count(r.Items, func(r release.Release) bool { return r.Status == release.StatusDeployed })
	text := fmt.Sprintf("%d of %d deployed, ", deployed, len(r.Items))
	switch r.State {
	case release.Consistent:
		return text + "all of " + alternatives(r.TPE) + r.twins()
	case release.Unclear:
		return text + "of an unknown release of ThingPark Enterprise"
	case release.Underway:
		return text + "in the middle of an installation or an upgrade"
	}
	odd := slices.ContainsFunc(r.Items, func(r release.Release) bool { return r.Status != release.StatusMissing && r.Version != r.Want })
	if !odd && r.missing() {
		return text + "all of " + alternatives(r.TPE) + ", and the others missing"
	}
	if !odd {
		return text + "with the charts of others"
	}
	return text + "of different releases of ThingPark Enterprise"
}

// missing reports whether one of the releases is.
func (r *Releases) missing() bool {
	return slices.ContainsFunc(r.Items, func(r release.Release) bool { return r.Status == release.StatusMissing })
}

// twins says which other releases of ThingPark Enterprise have the same charts, where
// the app version names one of them.
func (r *Releases) twins() string {
	if len(r.TPE) != 1 {
		return ""
	}
	twins := slices.DeleteFunc(slices.Clone(r.Items[0].Of), func(of string) bool {
		return of == r.TPE[0] || slices.ContainsFunc(r.Items, func(r release.Release) bool { return !slices.Contains(r.Of, of) })
	})
	if len(twins) == 0 {
		return ""
	}
	return fmt.Sprintf(" by its app version; %s has the same charts", strings.Join(twins, ", "))
}

// alternatives names releases of which it can only be one.
func alternatives(releases []string) string {
	if len(releases) == 0 {
		return "no known release"
	}
	last := len(releases) - 1
	if last == 0 {
		return releases[0]
	}
	return strings.Join(releases[:last], ", ") + " or " + releases[last] + ", whose charts are the same"
}

// title names what is installed, as far as it is known.
func (r *Releases) title() string {
	const name = "ThingPark Enterprise"
	if r == nil || r.State == release.Unclear || len(r.TPE) == 0 {
		return name
	}
	if r.State == release.Consistent {
		return name + " " + strings.Join(r.TPE, " or ")
	}
	var all []string
	for _, item := range r.Items {
		if n := len(item.Of); n > 0 && !slices.Contains(all, item.Of[n-1]) {
			all = append(all, item.Of[n-1])
		}
	}
	if len(all) == 1 && r.missing() {
		return name + " " + all[0] + ", incomplete"
	}
	return name + " " + strings.Join(all, " and ") + ", mixed"
}

func nonzero(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}
