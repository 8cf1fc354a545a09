// SPDX-License-Identifier: Apache-2.0

package release

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The status of a revision without its label is in its data.
func TestPlanWithoutLabels(t *testing.T) {
	secrets := histories([4]string{"7.3.6/s 8.0.0/d", "7.3.6/s 8.0.0/d", "7.3.6/s 8.0.0/d", "7.3.6/s 8.0.0/d"})
	for _, s := range secrets {
		delete(s.Labels, "status")
	}
	plan, err := newCluster(t, secrets...).Plan(t.Context())
	if err != nil || !plan.Whole() || !slices.Equal(plan.TPE, []string{"7.3.6"}) {
		t.Errorf("%+v, %v", plan, err)
	}
}

// Charts that are in no public manifest neither lead nor stand in the way.
func TestPlanOfChartsThatAreNotPublic(t *testing.T) {
	for _, tt := range []struct {
		in   [4]string
		tpe  string
		back int // revision of the application
	}{
		{[4]string{"8.0.0/d", "8.0.0/d", "8.0.0/d", "x/d"}, "", 0},
		{[4]string{"x/d", "x/d", "x/d", "7.3.6/s 8.0.0/d"}, "7.3.6", 1},
	} {
		plan, err := newCluster(t, histories(tt.in)...).Plan(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		back := 0
		if p := plan.Releases[3].Back; p != nil {
			back = p.Revision
		}
		if back != tt.back || strings.Join(plan.TPE, " ") != tt.tpe {
			t.Errorf("%v: to %v, revision %d; want %s, %d", tt.in, plan.TPE, back, tt.tpe, tt.back)
		}
	}
}

// Each of the four is found by its chart, under whatever name it was installed.
func TestReadUnderOtherNames(t *testing.T) {
	for i, part := range Parts() {
		releases, err := newCluster(t, secret("prod", 1, StatusDeployed, stored(payloadOf(part.Chart, "2.0.0", "8.0.0", "")))).Read(t.Context())
		if err != nil || len(releases) != 4 || releases[i].Name != "prod" {
			t.Errorf("%s: %+v, %v", part.Chart, releases, err)
		}
	}
}

// A backup fits if all of it fits.
func TestMatch(t *testing.T) {
	then := &Point{Chart: "thingpark-enterprise", Version: "1.7.6", AppVersion: "7.3.6"}
	fits := Backup{AppVersion: "7.3.6", Chart: "thingpark-enterprise-1.7.6", Namespace: lab}
	other := func(change func(*Backup)) Backup { b := fits; change(&b); return b }
	backups := func() []Backup {
		return []Backup{
			fits, other(func(b *Backup) { b.AppVersion = "8.0.0" }), other(func(b *Backup) { b.Chart = "thingpark-enterprise-2.0.0" }),
			other(func(b *Backup) { b.Namespace = "prod" }), other(func(b *Backup) { b.Problem = "no metadata" }), {Namespace: lab, Chart: "thingpark-enterprise-1.7.6"},
		}
	}
	for _, tt := range []struct {
		name        string
		application Return
		want        []bool
	}{
		{"back", Return{Now: &Point{AppVersion: "8.0.0"}, Back: then}, []bool{true, false, false, false, false, false}},
		{"stays", Return{Now: then, Back: &Point{}, Stays: true}, []bool{true, false, false, false, false, false}},
		{"nothing to go back to", Return{Now: then}, make([]bool, 6)},
		{"an app version that nobody knows", Return{Back: &Point{Chart: then.Chart, Version: then.Version}}, make([]bool, 6)},
	} {
		var got []bool
		all := backups()
		(&Plan{Releases: []Return{{Back: &Point{AppVersion: "8.0.0"}}, tt.application}}).Match(all, lab)
		for _, b := range all {
			got = append(got, b.Matches)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestUpgradeIs(t *testing.T) {
	same, other := ChartChange{Now: "1.0.0", Then: "1.0.0"}, ChartChange{Now: "1.0.0", Then: "2.0.0"}
	for _, tt := range []struct {
		u    Upgrade
		want string // known, major, same charts
	}{
		{Upgrade{}, "false false true"},
		{Upgrade{Source: "VERSIONS", Step: Step{Why: ruleMajor}, Charts: []ChartChange{same, other}}, "true true false"},
		{Upgrade{Source: "VERSIONS", Step: Step{Why: ruleHotfix}, Charts: []ChartChange{same, same}}, "true false true"},
		{Upgrade{Charts: []ChartChange{{}}}, "false false false"}, // what is not known does not stay
	} {
		if got := fmt.Sprint(tt.u.Known(), tt.u.Major(), tt.u.SameCharts()); got != tt.want {
			t.Errorf("%+v: %s, want %s", tt.u, got, tt.want)
		}
	}
}

func TestSpan(t *testing.T) {
	for want, releases := range map[string][]string{
		"no known release": nil, "7.3.6": {"7.3.6"}, "7.3.6 and 8.0.0": {"7.3.6", "8.0.0"}, "7.3.4 to 8.0.0": {"7.3.4", "7.3.6", "8.0.0"},
	} {
		if got := Span(releases); got != want {
			t.Errorf("%v: %q, want %q", releases, got, want)
		}
	}
}

// The values of the user and of the chart become one as Helm has it
// (helm.sh/helm/v3 pkg/chartutil/coalesce.go).
func TestComputed(t *testing.T) {
	for _, tt := range []struct{ name, user, chart, want string }{
		{"of one or the other", `{a: 1}`, `{b: 2}`, `{a: 1, b: 2}`},
		{"the user's wins", `{a: 1}`, `{a: 2}`, `{a: 1}`},
		{"tables are merged", `{a: {b: 1}}`, `{a: {b: 2, c: 3}}`, `{a: {b: 1, c: 3}}`},
		{"tables in tables are", `{a: {b: {c: 1}}}`, `{a: {b: {c: 2, d: 3}, e: 4}}`, `{a: {b: {c: 1, d: 3}, e: 4}}`},
		{"a table for a value", `{a: {b: 1}}`, `{a: 2}`, `{a: {b: 1}}`},
		{"a value for a table", `{a: 1}`, `{a: {b: 2}}`, `{a: 1}`},
		{"a value for a table in a table", `{a: {b: 1}}`, `{a: {b: {c: 2}}}`, `{a: {b: 1}}`},
		{"lists are replaced", `{a: [1]}`, `{a: [2, 3]}`, `{a: [1]}`},
		{"the user's null removes", `{a: null, b: {c: null}}`, `{a: 1, b: {c: 2, d: 3}}`, `{b: {d: 3}}`},
		{"the user's null stays where the chart has nothing", `{a: null, b: {c: null}}`, `{b: {d: 3}}`, `{a: null, b: {c: null, d: 3}}`},
		{"the chart's null is nothing", `{}`, `{a: null, b: {c: null, d: {e: null, f: 1}}}`, `{b: {d: {f: 1}}}`},
	} {
		v := Values{User: table(t, tt.user), defaults: table(t, tt.chart)}
		if diff := cmp.Diff(table(t, tt.want), v.Computed()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		if !maps.EqualFunc(v.User, table(t, tt.user), func(a, b any) bool { return cmp.Equal(a, b) }) {
			t.Errorf("%s: the user's have changed: %v", tt.name, v.User)
		}
	}
}
