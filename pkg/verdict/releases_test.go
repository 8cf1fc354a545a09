// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/command"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
)

var errSecrets = errors.NewForbidden(schema.GroupResource{Resource: "secrets"}, "", nil)

// installed returns Helm releases as they are compared with the known manifests: each
// word is the release of ThingPark Enterprise whose chart is there, and after a slash
// Helm's status.
func installed(words string) *Releases {
	now := today
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

// today is when releases are observed.
var today = time.Date(2026, 3, 14, 22, 0, 0, 0, time.UTC)

// swapped returns releases of which two have the charts of each other, in versions that are
// the same for both.
func swapped() *Releases {
	r := installed("7.3.6 7.3.6 7.3.6 7.3.6")
	r.Items[0].Chart, r.Items[2].Chart = r.Items[2].Chart, r.Items[0].Chart
	r.Consistency = release.Compare(r.Items, nil, today)
	return r
}

// rolledBack returns releases of which some were rolled back.
func rolledBack(names ...string) *Releases {
	r := installed("8.0.0 8.0.0 8.0.0 8.0.0")
	for i := range r.Items {
		if slices.Contains(names, r.Items[i].Name) {
			r.Items[i].RolledBack = &release.Rollback{To: 1, From: 2, Status: release.StatusFailed, Version: "2.0.1", AppVersion: "8.0.0"}
		}
	}
	return r
}

// stuck returns releases of which Helm began with one so long ago.
func stuck(status string, ago time.Duration) *Releases {
	r := installed("8.0.0 8.0.0 8.0.0 8.0.0/" + status)
	r.Items[3].BegunAt, r.Items[3].LastGood = today.Add(-ago), 1
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
		{Releases: swapped()},
		{Releases: rolledBack("tpe")},
		{Releases: stuck(release.StatusPendingUpgrade, 40*24*time.Hour), ObservedAt: today},
		{Releases: &Releases{}, Assessment: well},
		{ReleasesErr: errSecrets, Assessment: well},
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
			"TPE501 release tpe-data does not belong to 8.0.0; the other 3 do"},
		{"a mix", Snapshot{Releases: installed("8.0.0 8.0.0 7.3.6 7.3.1")}, ExitFailed,
			"TPE501 releases tpe-controllers, tpe do not belong to 8.0.0; the other 2 do"},
		{"an upgrade under way", Snapshot{Releases: installed("new 7.3.6 7.3.6 7.3.6")}, ExitPending,
			"TPE501 release tpe-data-controllers does not belong to 7.3.4c and 7.3.6; the other 3 do"},
		{"failed", Snapshot{Releases: installed("8.0.0 8.0.0 8.0.0 8.0.0/failed")}, ExitFailed, "TPE502 release tpe is failed in revision 2"},
		{"a latest revision that is none", Snapshot{Releases: installed("8.0.0 8.0.0 8.0.0 8.0.0/superseded")}, ExitFailed, "TPE502 release tpe is superseded in revision 2"},
		{"a status of Helm's to come", Snapshot{Releases: installed("8.0.0 8.0.0 8.0.0 8.0.0/dreaming")}, ExitFailed, "TPE502 release tpe is dreaming in revision 2"},
		{"pending", Snapshot{Releases: installed("8.0.0 8.0.0 8.0.0 8.0.0/pending-upgrade")}, ExitPending, "TPE503 release tpe is pending-upgrade"},
		{"uninstalling", Snapshot{Releases: installed("8.0.0 8.0.0 8.0.0 8.0.0/uninstalling")}, ExitPending, "TPE503 release tpe is uninstalling"},
		{"pending for an hour", Snapshot{ObservedAt: today, Releases: stuck("pending-upgrade", time.Hour)}, ExitPending, "TPE503 release tpe is pending-upgrade"},
		{"pending for forty days", Snapshot{ObservedAt: today, Releases: stuck("pending-upgrade", 960*time.Hour)}, ExitFailed, "TPE508 release tpe is stuck in pending-upgrade"},
		{"and beside the rest", Snapshot{ObservedAt: today, Releases: stuck("pending-install", 960*time.Hour), Assessment: well}, ExitFailed, "TPE508 release tpe is stuck in pending-install"},
		{"uninstalling for two hours", Snapshot{ObservedAt: today, Releases: stuck("uninstalling", 2*time.Hour)}, ExitFailed, "TPE508 release tpe is stuck in uninstalling"},
		{"of no status", Snapshot{Releases: installed("8.0.0 8.0.0 8.0.0 8.0.0/unknown"), Assessment: well}, ExitError, "TPE505 the status of release tpe is unknown"},
		{"rolled back", Snapshot{Releases: rolledBack("tpe"), Assessment: well}, ExitDone, "TPE507 release tpe was rolled back"},
		{"two rolled back", Snapshot{Releases: rolledBack("tpe-data", "tpe")}, ExitDone, "TPE507 2 releases were rolled back: tpe-data, tpe"},
		{"two swapped", Snapshot{Releases: swapped()}, ExitFailed,
			"TPE509 release tpe-data-controllers has the chart of another release; TPE509 release tpe-controllers has the chart of another release; TPE501 releases tpe-data-controllers, tpe-controllers do not belong to 7.3.4c and 7.3.6; the other 2 do"},
		{"missing", Snapshot{Releases: installed("8.0.0 8.0.0 8.0.0/missing 8.0.0")}, ExitFailed, "TPE504 release tpe-controllers is missing"},
		{"one of two left behind", Snapshot{Releases: installed("8.0.0 7.3.6 8.0.0/missing 8.0.0/missing")}, ExitFailed,
			"TPE504 release tpe-controllers is missing; TPE504 release tpe is missing; TPE501 release tpe-data does not belong to 8.0.0; the other one does"},
		{"missing, and one left behind", Snapshot{Releases: installed("8.0.0 7.3.6 8.0.0/missing 8.0.0")}, ExitFailed,
			"TPE504 release tpe-controllers is missing; TPE501 release tpe-data does not belong to 8.0.0; the other 2 do"},
		{"the last ones to come", Snapshot{Releases: installed("new new 8.0.0/missing 8.0.0/missing")}, ExitPending,
			"TPE504 release tpe-controllers is not installed yet; TPE504 release tpe is not installed yet"},
		{"damaged", Snapshot{Releases: installed("8.0.0 damaged 8.0.0 8.0.0")}, ExitError, "TPE505 the chart of release tpe-data is unknown"},
		{"damaged beside the rest", Snapshot{Releases: installed("8.0.0 damaged 8.0.0 8.0.0"), Assessment: well}, ExitDone, "TPE505 the chart of release tpe-data is unknown"},
		{"a newer release", Snapshot{Releases: installed("9.0.0 9.0.0 9.0.0 9.0.0")}, ExitError,
			"TPE505 cannot tell which release of ThingPark Enterprise the Helm releases belong to"},

		{"may not be read, and nothing else was asked", Snapshot{ReleasesErr: errSecrets}, ExitForbidden, "TPE401 releases unknown"},
		{"none, and nothing else was asked", Snapshot{Releases: &Releases{}}, ExitNotFound, "TPE506 there is no Helm release of ThingPark Enterprise in this namespace"},
		{"may not be read beside the rest", Snapshot{ReleasesErr: errSecrets, Assessment: well}, ExitDone, "TPE506 the Helm releases are unknown"},
		{"none beside the rest", Snapshot{Releases: &Releases{}, Assessment: well}, ExitDone, "TPE506 there is no Helm release of ThingPark Enterprise in this namespace"},
		{"a failure counts beside the rest", Snapshot{Releases: installed("8.0.0 7.3.6 8.0.0 8.0.0"), Assessment: well}, ExitFailed,
			"TPE501 release tpe-data does not belong to 8.0.0; the other 3 do"},
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

// What to do about a release depends on what Helm was doing.
func TestReleasesSayWhatToDo(t *testing.T) {
	tests := []struct {
		in     Snapshot
		detail string
		next   string
	}{
		{Snapshot{Where: command.Where{Namespace: "a;b"}, ObservedAt: today, Releases: stuck("pending-upgrade", 960*time.Hour)},
			"Helm began revision 2 at 2026-02-02T22:00:00Z and never finished it: it was interrupted, unless somebody runs it with --wait and a --timeout above an hour: make sure that nobody does. Helm refuses every upgrade until the release is rolled back",
			"helm history tpe -n 'a;b'; helm rollback tpe 1 -n 'a;b'"},
		{Snapshot{Where: command.Where{Namespace: "x"}, ObservedAt: today, Releases: stuck("uninstalling", 960*time.Hour)},
			"Helm began revision 2 at 2026-02-02T22:00:00Z and never finished it: it was interrupted, unless somebody runs it with --wait and a --timeout above an hour: make sure that nobody does. Uninstall it again to remove what is left",
			"helm history tpe -n x; helm uninstall tpe -n x"},
		{Snapshot{Where: command.Where{Namespace: "x"}, Releases: rolledBack("tpe")},
			"tpe is a copy of revision 1 since 2026-03-14T20:00:00Z, with chart version 2.0.0, after revision 2 failed with chart version 2.0.1 (8.0.0)",
			"helm history tpe -n x"},
		{Snapshot{Where: command.Where{Namespace: "x"}, Releases: swapped()},
			"it has the chart thingpark-application-controllers in version 1.5.0, and should have the chart thingpark-data-controllers",
			"helm history tpe-data-controllers -n x; kubectl tpe rollback-plan -n x"},
		{Snapshot{Where: command.Where{Namespace: "x"}, Releases: installed("8.0.0 7.3.6 8.0.0 8.0.0")},
			"thingpark-data-controllers 2.2.1 (8.0.0), thingpark-data 1.6.0 (7.3.4 to 7.3.6), thingpark-application-controllers 2.2.0 (8.0.0), thingpark-enterprise 2.0.0 (8.0.0)",
			"kubectl tpe releases -n x"},
		{Snapshot{Where: command.Where{Namespace: "x"}, Releases: installed("8.0.0 8.0.0 8.0.0 8.0.0/superseded")},
			"its latest revision was superseded, and the newer one is not there: Helm was interrupted, or somebody deleted its secret",
			"helm history tpe -n x; kubectl tpe rollback-plan -n x"},
	}
	unsaved := stuck("pending-upgrade", 960*time.Hour)
	unsaved.Items[3].LastGood = 0
	tests = append(tests, struct {
		in     Snapshot
		detail string
		next   string
	}{Snapshot{Where: command.Where{Namespace: "x"}, ObservedAt: today, Releases: unsaved, Assessment: workloads(readiness.Ready)},
		"Helm began revision 2 at 2026-02-02T22:00:00Z and never finished it: it was interrupted. Helm refuses every upgrade and kept no revision to roll back to",
		"helm history tpe -n x"})
	for _, tt := range tests {
		f := Judge(tt.in).Findings[0]
		if diff := cmp.Diff(tt.detail+"\n"+tt.next, f.Detail+"\n"+strings.Join(f.Next, "; ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", f.Summary, diff)
		}
	}
}
