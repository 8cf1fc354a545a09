// SPDX-License-Identifier: Apache-2.0

package release

import "slices"

// An Upgrade is one step of an upgrade path, and what becomes of the four Helm releases in
// it.
type Upgrade struct {
	Step   `json:",inline"`
	Charts []ChartChange `json:"charts"`           // in the order in which they are upgraded
	Source string        `json:"source,omitempty"` // of the Release Manifest; absent if that is not known
}

// A ChartChange is a Helm release before and after an upgrade.
type ChartChange struct {
	Release string `json:"release"`
	Chart   string `json:"chart"`          // that it is upgraded to
	Now     string `json:"now,omitempty"`  // version of its chart before; absent if the Release Manifest is not known
	Then    string `json:"then,omitempty"` // and after; absent if the Release Manifest is not known
}

// Known reports whether the chart versions are known.
func (u *Upgrade) Known() bool { return u.Source != "" }

// Major reports whether it leads to another line of releases.
func (u *Upgrade) Major() bool { return u.Why == ruleMajor }

// SameCharts reports whether the versions of all charts are the same before and after.
func (u *Upgrade) SameCharts() bool {
	return !slices.ContainsFunc(u.Charts, func(c ChartChange) bool { return !c.Stays() })
}

// Stays reports whether the version of the chart is the same before and after.
func (c *ChartChange) Stays() bool { return c.Now != "" && c.Now == c.Then }

// Upgrades returns the upgrade path from one release to another with the chart versions of
// each Release Manifest. That of the last release may be given, for one that is not public.
// The error is that of Path.
func Upgrades(from, to Version, given *Manifest) ([]Upgrade, error) {
	steps, err := Path(from, to)
	if err != nil {
		return nil, err
	}
	upgrades := []Upgrade{}
	now, _ := ManifestOf(from) // without one its versions are empty, which is unknown
	for i, step := range steps {
		release, _ := ParseVersion(step.To) // Path wrote it
		then, _ := ManifestOf(release)
		if given != nil && i == len(steps)-1 {
			then = *given
		}
		u := Upgrade{Step: step, Source: then.Source}
		for part, p := range Parts() {
			u.Charts = append(u.Charts, ChartChange{p.Name, chartOf(part, release), now.Versions[part], then.Versions[part]})
		}
		upgrades, now = append(upgrades, u), then
	}
	return upgrades, nil
}

// Name gives the Helm releases in upgrades the names of those that are installed, which may not be
// those of the vendor's guide: Flux, for one, names them otherwise.
func Name(upgrades []Upgrade, installed []Release) {
	for i := range upgrades {
		for part := range upgrades[i].Charts[:min(len(installed), len(upgrades[i].Charts))] {
			upgrades[i].Charts[part].Release = installed[part].Name
		}
	}
}

// renamed is the release since which the third chart has its present name: its VERSIONS is
// the first with the present key (tags v7.2.1b and v7.2.2).
var renamed = Version{7, 2, 2, ""}

// chartOf returns the name of a part's chart in a release of ThingPark Enterprise.
func chartOf(part int, release Version) string {
	p := Parts()[part]
	if p.Key == "THINGPARK_APPLICATION_CONTROLLERS_VERSION" && release.Compare(renamed) < 0 {
		return formerChart
	}
	return p.Chart
}
