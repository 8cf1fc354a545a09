// SPDX-License-Identifier: Apache-2.0

package release

import "slices"

// Known returns the Release Manifests that are public, from the oldest to the
// newest. To add one, add its line.
//
// Each is the file VERSIONS of github.com/actility/thingpark-enterprise-kubernetes
// at what Source says. What is missing between them was never public there.
func Known() []Manifest {
	return []Manifest{
		{"7.1.0", [4]string{"1.0.1", "1.0.2", "1.0.1", "1.0.3"}, "tag v7.1.0"},
		{"7.1.1", [4]string{"1.0.2", "1.1.0", "1.0.2", "1.1.1"}, "tag v7.1.1"},
		{"7.1.1a", [4]string{"1.0.3", "1.1.0", "1.0.2", "1.1.2"}, "tag v7.1.1a"},
		{"7.1.1b", [4]string{"1.0.3", "1.1.0", "1.0.2", "1.1.3"}, "tag v7.1.1b"},
		{"7.1.2", [4]string{"1.0.3", "1.1.1", "1.0.2", "1.1.5"}, "tag v7.1.2"},
		{"7.1.2a", [4]string{"1.0.3", "1.1.1", "1.0.2", "1.1.5"}, "tag v7.1.2a"},
		{"7.1.3", [4]string{"1.0.3", "1.1.2", "1.0.3", "1.1.6"}, "tag v7.1.3"},
		{"7.1.3a", [4]string{"1.0.3", "1.1.2", "1.0.3", "1.1.7"}, "tag v7.1.3a"},
		{"7.2.0", [4]string{"1.1.0", "1.2.2", "1.1.3", "1.2.8"}, "tag v7.2.0"},
		{"7.2.0a", [4]string{"1.1.0", "1.2.2", "1.1.3", "1.2.10"}, "tag v7.2.0a"},
		{"7.2.0b", [4]string{"1.1.0", "1.2.2", "1.1.3", "1.2.13"}, "tag v7.2.0b"},
		{"7.2.1b", [4]string{"1.1.0", "1.2.2", "1.1.3", "1.2.19"}, "tag v7.2.1b"},
		{"7.2.2", [4]string{"1.1.1", "1.2.5", "1.1.6", "1.2.21"}, "tag v7.2.2"},
		{"7.2.2a", [4]string{"1.1.1", "1.2.5", "1.1.6", "1.2.22"}, "tag v7.2.2a"},
		{"7.2.2b", [4]string{"1.1.1", "1.2.5", "1.1.6", "1.2.24"}, "tag v7.2.2b"},
		{"7.2.2c", [4]string{"1.1.1", "1.2.5", "1.1.6", "1.2.25"}, "tag v7.2.2c"},
		{"7.3.1", [4]string{"1.2.4", "1.3.5", "1.2.4", "1.4.1"}, "tag v7.3.1"},
		{"7.3.2", [4]string{"1.3.0", "1.4.0", "1.3.0", "1.5.0"}, "commit b1421ab"},
		{"7.3.3", [4]string{"1.4.0", "1.5.1", "1.4.0", "1.6.0"}, "tag v7.3.3"},
		{"7.3.4", [4]string{"1.5.0", "1.6.0", "1.5.0", "1.7.3"}, "tag v7.3.4"},
		{"7.3.4a", [4]string{"1.5.0", "1.6.0", "1.5.0", "1.7.4"}, "tag v7.3.4a"},
		{"7.3.4b", [4]string{"1.5.0", "1.6.0", "1.5.0", "1.7.5"}, "commit b9a69a4"},
		{"7.3.4c", [4]string{"1.5.0", "1.6.0", "1.5.0", "1.7.6"}, "tag v7.3.4c"},
		{"7.3.6", [4]string{"1.5.0", "1.6.0", "1.5.0", "1.7.6"}, "tag v7.3.6"},
		{"8.0.0", [4]string{"2.2.1", "2.2.2", "2.2.0", "2.0.0"}, "commit 59bae06"},
	}
}

// ManifestOf returns the public manifest of a release of ThingPark Enterprise.
func ManifestOf(v Version) (Manifest, bool) {
	known := Known()
	i := slices.IndexFunc(known, func(m Manifest) bool { return m.Release == v.String() })
	if i < 0 {
		return Manifest{}, false
	}
	return known[i], true
}

// supports returns what the vendor's prerequisites say of Kubernetes, from the
// oldest to the newest.
func supports() []Support {
	const site = "docs.thingpark.com, prerequisites of "
	return []Support{
		{Version{7, 1, 0, ""}, []int{21}, true, "installation guide of 7.1"},
		{Version{7, 3, 0, ""}, []int{24, 25, 26}, false, site + "7.3.0"},
		{Version{7, 3, 1, ""}, []int{24, 25, 26, 27}, false, site + "7.3.1"},
		{Version{8, 0, 0, ""}, []int{26, 27, 28}, false, site + "8.0.0"},
		{Version{8, 0, 1, ""}, []int{29, 30, 31}, false, site + "8.0.1"},
		{Version{8, 0, 2, ""}, []int{30, 32, 33}, false, site + "8.0.2"},
	}
}
