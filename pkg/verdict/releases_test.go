// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
)

var errSecrets = errors.NewForbidden(schema.GroupResource{Resource: "secrets"}, "", nil)

// installed returns Helm releases as they are compared with the known manifests: each
// word is the release of ThingPark Enterprise whose chart is there, and after a slash
// Helm's status.
func installed(words string) *Releases {
	now := time.Date(2026, 3, 14, 22, 0, 0, 0, time.UTC)
	r := &Releases{}
	for i, word := range strings.Fields(words) {
		part := release.Parts()[i]
		tpe, status, given := strings.Cut(word, "/")
		item := release.Release{Name: part.Name, Chart: part.Chart, Status: status, Revision: 2, UpdatedAt: now.Add(-2 * time.Hour)}
		if !given {
			item.Status = release.StatusDeployed
		}
		if tpe == "new" {
			item.UpdatedAt, tpe = now, "8.0.0"
		}
		v, err := release.ParseVersion(tpe)
		if m, ok := release.ManifestOf(v); ok && err == nil && item.Status != release.StatusMissing {
			item.Version = m.Versions[i]
		}
		if tpe == "damaged" {
			item.Problem = "the data of secret \"x\" is not what Helm writes: EOF"
		}
		r.Items = append(r.Items, item)
	}
	r.Consistency = release.Compare(r.Items, nil, now)
	return r
}

// releaseSnapshots returns snapshots that together have a finding of every code about
// Helm releases.
func releaseSnapshots() []Snapshot {
	well := workloads(readiness.Ready)
	return []Snapshot{
		{Releases: installed("8.0.0 7.3.6 8.0.0 8.0.0")},
		{Releases: installed("8.0.0 8.0.0/failed 8.0.0/pending-upgrade 8.0.0/missing")},
		{Releases: installed("damaged 8.0.0 8.0.0 8.0.0")},
		{Releases: &Releases{}, Picture: well},
		{ReleasesErr: errSecrets, Picture: well},
	}
}

func TestJudgeReleases(t *testing.T) {
	well := workloads(readiness.Ready)
	tests := []struct {
		name     string
		in       Snapshot
		want     ExitCode
		findings string
	}{
		{"all of one", Snapshot{Releases: installed("8.0.0 8.0.0 8.0.0 8.0.0")}, ExitDone, ""},
		{"one left behind", Snapshot{Releases: installed("8.0.0 7.3.6 8.0.0 8.0.0")}, ExitFailed,
			"TPE501 release tpe-data is not of 8.0.0, the other 3 are"},
		{"a mix", Snapshot{Releases: installed("8.0.0 8.0.0 7.3.6 7.3.1")}, ExitFailed,
			"TPE501 releases tpe-controllers, tpe are not of 8.0.0, the other 2 are"},
		{"an upgrade under way", Snapshot{Releases: installed("new 7.3.6 7.3.6 7.3.6")}, ExitPending,
			"TPE501 release tpe-data-controllers is not of 7.3.4c and 7.3.6, the other 3 are"},
		{"failed", Snapshot{Releases: installed("8.0.0 8.0.0 8.0.0 8.0.0/failed")}, ExitFailed, "TPE502 release tpe is failed in revision 2"},
		{"a latest revision that is none", Snapshot{Releases: installed("8.0.0 8.0.0 8.0.0 8.0.0/superseded")}, ExitFailed, "TPE502 release tpe is superseded in revision 2"},
		{"a status of Helm's to come", Snapshot{Releases: installed("8.0.0 8.0.0 8.0.0 8.0.0/dreaming")}, ExitFailed, "TPE502 release tpe is dreaming in revision 2"},
		{"pending", Snapshot{Releases: installed("8.0.0 8.0.0 8.0.0 8.0.0/pending-upgrade")}, ExitPending, "TPE503 release tpe is pending-upgrade"},
		{"uninstalling", Snapshot{Releases: installed("8.0.0 8.0.0 8.0.0 8.0.0/uninstalling")}, ExitPending, "TPE503 release tpe is uninstalling"},
		{"missing", Snapshot{Releases: installed("8.0.0 8.0.0 8.0.0/missing 8.0.0")}, ExitFailed, "TPE504 release tpe-controllers is missing"},
		{"missing, and one left behind", Snapshot{Releases: installed("8.0.0 7.3.6 8.0.0/missing 8.0.0")}, ExitFailed,
			"TPE504 release tpe-controllers is missing; TPE501 release tpe-data is not of 8.0.0, the other 2 are"},
		{"the last ones to come", Snapshot{Releases: installed("new new 8.0.0/missing 8.0.0/missing")}, ExitPending,
			"TPE504 release tpe-controllers is not there yet; TPE504 release tpe is not there yet"},
		{"damaged", Snapshot{Releases: installed("8.0.0 damaged 8.0.0 8.0.0")}, ExitError, "TPE505 the chart of release tpe-data is unknown"},
		{"damaged beside the rest", Snapshot{Releases: installed("8.0.0 damaged 8.0.0 8.0.0"), Picture: well}, ExitDone, "TPE505 the chart of release tpe-data is unknown"},
		{"a newer release", Snapshot{Releases: installed("9.0.0 9.0.0 9.0.0 9.0.0")}, ExitError,
			"TPE505 it cannot be told of which release of ThingPark Enterprise the Helm releases are"},

		{"may not be read, and nothing else was asked", Snapshot{ReleasesErr: errSecrets}, ExitForbidden, "TPE401 releases unknown"},
		{"none, and nothing else was asked", Snapshot{Releases: &Releases{}}, ExitNotFound, "TPE506 there is no Helm release of ThingPark Enterprise in this namespace"},
		{"may not be read beside the rest", Snapshot{ReleasesErr: errSecrets, Picture: well}, ExitDone, "TPE506 the Helm releases are unknown"},
		{"none beside the rest", Snapshot{Releases: &Releases{}, Picture: well}, ExitDone, "TPE506 there is no Helm release of ThingPark Enterprise in this namespace"},
		{"a failure counts beside the rest", Snapshot{Releases: installed("8.0.0 7.3.6 8.0.0 8.0.0"), Picture: well}, ExitFailed,
			"TPE501 release tpe-data is not of 8.0.0, the other 3 are"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := Judge(tt.in)
			var found []string
			for _, f := range v.Findings {
				found = append(found, string(f.Code)+" "+f.Summary)
			}
			if v.ExitCode != tt.want {
				t.Errorf("exit code %d, want %d", v.ExitCode, tt.want)
			}
			if diff := cmp.Diff(tt.findings, strings.Join(found, "; ")); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}
