// SPDX-License-Identifier: Apache-2.0

package release

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// stops are where an upgrade stops after a release of a line, as the vendor's rules have it:
// the latest fix of the line (upgrade procedure of 8.0, "Major Upgrade must be done from
// latest previous fix version"; tags of github.com/actility/thingpark-enterprise-kubernetes),
// and from 8.0.0 each release whose prerequisites name a version of Kubernetes that the next
// one names, too (docs.thingpark.com, prerequisites of 8.0.0, 8.0.1 and 8.0.2).
var stops = []struct{ line, release string }{
	{"7.1", "7.1.3a"}, {"7.2", "7.2.2c"}, {"7.3", "7.3.6"}, {"8.0", "8.0.0"}, {"8.0", "8.0.1"}, {"8.0", "8.0.2"},
}

// wantStops returns the releases of the path between two, told from the list alone.
func wantStops(from, to Version) []string {
	var want []string
	for _, s := range stops {
		stop, _ := ParseVersion(s.release)
		fixOnly := s.line == from.Line() && from.Line() == to.Line() && s.line != "8.0"
		if stop.Compare(from) > 0 && stop.Compare(to) < 0 && !fixOnly {
			want = append(want, s.release)
		}
	}
	if from != to {
		want = append(want, to.String())
	}
	return want
}

// publicCharts returns the charts of each public release, read from the vendor's files
// VERSIONS: name and version, in the order of the file.
func publicCharts(t *testing.T) map[string][]string {
	t.Helper()
	archive, err := txtar.ParseFile("testdata/versions.txtar")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{
		"THINGPARK_DATA_CONTROLLERS_VERSION": "thingpark-data-controllers", "THINGPARK_DATA_VERSION": "thingpark-data",
		"THINGPARK_ENTERPRISE_CONTROLLERS_VERSION": "thingpark-enterprise-controllers", "THINGPARK_APPLICATION_CONTROLLERS_VERSION": "thingpark-application-controllers",
		"THINGPARK_ENTERPRISE_VERSION": "thingpark-enterprise",
	}
	charts := map[string][]string{}
	for _, file := range archive.Files {
		for line := range bytes.Lines(file.Data) {
			key, version, _ := strings.Cut(strings.TrimSpace(string(line)), "=")
			charts[file.Name] = append(charts[file.Name], names[key]+" "+version)
		}
	}
	return charts
}

// Every upgrade between two public releases stops where the vendor's rules say, and has the
// charts of the vendor's files VERSIONS in the order of the installation guide.
func TestUpgradesOfAllPairs(t *testing.T) {
	public := publicCharts(t)
	pairs := 0
	for i, from := range Releases() {
		if testing.Short() && i%7 != 0 {
			continue
		}
		for _, to := range Releases() {
			upgrades, err := Upgrades(from, to, nil)
			if to.Compare(from) < 0 {
				if !errors.Is(err, ErrDowngrade) {
					t.Errorf("%s to %s: %v", from, to, err)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			pairs++
			var got []string
			for _, u := range upgrades {
				got = append(got, u.To)
				checkCharts(t, &u, public)
			}
			if diff := cmp.Diff(wantStops(from, to), got); diff != "" {
				t.Errorf("%s to %s (-rules +path):\n%s", from, to, diff)
			}
		}
	}
	if pairs < 300 && !testing.Short() {
		t.Errorf("only %d pairs", pairs)
	}
}

func checkCharts(t *testing.T, u *Upgrade, public map[string][]string) {
	t.Helper()
	var then, names []string
	for _, c := range u.Charts {
		then, names = append(then, c.Chart+" "+c.Then), append(names, c.Release)
		before := strings.Join(public[u.From], ",")
		if c.Now != "" && !strings.Contains(before, " "+c.Now) || c.Now == "" && before != "" {
			t.Errorf("%s to %s: %s is %q now, want one of %s", u.From, u.To, c.Release, c.Now, before)
		}
	}
	if got := strings.Join(names, ", "); got != "tpe-data-controllers, tpe-data, tpe-controllers, tpe" {
		t.Errorf("the order is %s", got)
	}
	want, known := public[u.To]
	if known != u.Known() {
		t.Errorf("%s: known %v, and public %v", u.To, u.Known(), known)
	}
	if diff := cmp.Diff(want, then); known && diff != "" {
		t.Errorf("%s (-VERSIONS +plan):\n%s", u.To, diff)
	}
}

// A manifest that is given is that of the last release, and of no other.
func TestUpgradesByAGivenManifest(t *testing.T) {
	given := &Manifest{"VERSIONS", [4]string{"3.0.0", "3.0.1", "3.0.2", "3.0.3"}, "VERSIONS"}
	upgrades, err := Upgrades(version(t, "7.3.6"), version(t, "9.0.0"), given)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, u := range upgrades {
		got = append(got, fmt.Sprintf("%s %s %s", u.To, u.Charts[3].Then, u.Source))
	}
	want := []string{"8.0.0 2.0.0 commit 59bae06", "8.0.1  ", "8.0.2  ", "9.0.0 3.0.3 VERSIONS"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
