// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/command"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var (
	now   = time.Date(2026, 3, 14, 22, 10, 0, 0, time.UTC)
	place = Place{Context: "prod-eu", Namespace: "thingpark-enterprise"}
)

func ago(d time.Duration) time.Time { return now.Add(-d) }

func ptr[T any](v T) *T { return &v }

func entry(uid int64, state pum.State, request string, since time.Duration) pum.Entry {
	return pum.Entry{
		UID: uid, State: state, Final: state.Final(),
		CreationTimestamp: ptr(ago(24 * time.Hour).Format(time.RFC3339)),
		Scope:             ptr("TPE-OCP"), ServiceID: ptr("TWA"), RequestID: ptr(request),
		RequestPath: ptr("/thingpark/wireless/rest/systems/demons/x"), RequestBody: ptr(`{ "max" : 10 }`),
		StateTimestamp: ptr(ago(since).Format(time.RFC3339)),
		ErrorCounter:   ptr(int64(0)), IterationCounter: ptr(int64(5)),
	}
}

func left(e pum.Entry, remaining int64) pum.Entry {
	e.LastResponse = ptr(fmt.Sprintf(`{"status":250,"message":"Unknown","data":{"result":{"done":6,"remaining":%d}}}`, remaining))
	e.Response = &pum.Response{Status: ptr(int64(250)), Message: ptr("Unknown"), Done: ptr(int64(6)), Remaining: &remaining}
	return e
}

func list(entries ...pum.Entry) *pum.Answer {
	n := len(entries)
	return &pum.Answer{
		Source: pum.Source{
			Pod: "pum-6d5c78b87-62xv9", Container: "pum", Command: []string{"status"},
			Dialect: pum.DialectEither, Declared: n, Parsed: n,
		},
		Entries: append([]pum.Entry{}, entries...),
	}
}

func workload(kind, name string, ready, updated, want int32, state readiness.State, reason string) readiness.Workload {
	w := readiness.Workload{
		Kind: kind, Name: name, Ready: ready, Updated: updated, Want: want,
		State: state, Reason: reason, Strategy: "RollingUpdate",
	}
	if reason != "" {
		w.Since = ago(4 * time.Minute)
	}
	return w
}

func snapshots() map[string]verdict.Snapshot {
	well := []readiness.Workload{
		workload("Deployment", "pum", 1, 1, 1, readiness.Ready, ""),
		workload("Deployment", "twa-dev-task-fc", 0, 0, 0, readiness.ScaledToZero, ""),
		workload("StatefulSet", "lrc", 2, 2, 2, readiness.Ready, ""),
	}
	complete := readiness.Job{
		Name: "pum-process", State: readiness.JobComplete, Attempts: 1, Pods: []string{"pum-process-x2x4p"},
		StartedAt: ago(20 * time.Minute), FinishedAt: ago(5 * time.Minute),
	}
	running := readiness.Job{Name: "pum-process", State: readiness.JobRunning, Attempts: 2, StartedAt: ago(time.Minute), Reason: "1 pod at work after 1 failed attempt"}
	processed := entry(2, pum.StateProcessed, "RDTP-7689-bs-certificate-migration", time.Hour)
	hostile := entry(9, "WEIRD\x1b[2J", "RDTP-1\r99 ok\u202e\nuid: 1", time.Minute)
	hostile.LastResponse = ptr("\x1b]0;owned\a\n12  TWA  fake  PROCESSED")
	return map[string]verdict.Snapshot{
		"done": {
			Assessment: &readiness.Assessment{Workloads: well, Jobs: []readiness.Job{complete}},
			Answer:     list(processed, entry(4, pum.StateSkipped, "RDTP-18480-alarm-email", time.Hour)),
			Releases:   helm("8.0.0 8.0.0 8.0.0 8.0.0"),
		},
		"mixed": {
			Assessment: &readiness.Assessment{Workloads: well, Jobs: []readiness.Job{complete}},
			Answer:     list(processed),
			Releases:   helm("8.0.0 7.3.6 8.0.0 8.0.0"),
		},
		"pending": {
			Assessment: &readiness.Assessment{
				Workloads: append([]readiness.Workload{
					workload("Deployment", "smp-tpe", 0, 2, 2, readiness.Progressing, "0 of 2 updated pods are available"),
					workload("StatefulSet", "mongo-replicaset-rs0", 2, 1, 2, readiness.AwaitingRestart, "mongo-replicaset-rs0-0 awaits restart by its operator"),
				}, well...),
				Jobs: []readiness.Job{running},
			},
			Answer: list(processed,
				left(entry(4, pum.StatePartiallyProcessed, "RDTP-18480-alarm-email-notification-migration-for-tpe-ocp", 12*time.Second), 120),
				entry(7, pum.StateInit, "RDTP-19021-device-profile-index", 21*time.Minute)),
		},
		"failed": {
			Assessment: &readiness.Assessment{Workloads: well, Jobs: []readiness.Job{complete}},
			Answer:     list(processed, entry(4, pum.StateAborted, "RDTP-18480-alarm-email", 14*time.Minute)),
		},
		"silent": {
			Assessment: &readiness.Assessment{Workloads: well, Jobs: []readiness.Job{complete}},
			AnswerErr:  fmt.Errorf("%w: no ready pod in deployment %q: pum-7c9 is CrashLoopBackOff", pum.ErrNoAnswer, "pum"),
		},
		"unreachable": {AssessmentErr: errors.New("dial tcp: refused"), AnswerErr: errors.New("dial tcp: refused")},
		"empty":       {Assessment: &readiness.Assessment{}, Answer: list()},
		"hostile":     {Answer: list(hostile), Assessment: &readiness.Assessment{Workloads: well}},
	}
}

// helm returns Helm releases with the charts of these releases of ThingPark Enterprise,
// none of which is a release that is missing.
func helm(words string) *verdict.Releases {
	r := &verdict.Releases{}
	for i, tpe := range strings.Fields(words) {
		v, _ := release.ParseVersion(tpe)
		m, _ := release.ManifestOf(v)
		if tpe == "none" {
			r.Items = append(r.Items, release.Release{Name: release.Parts()[i].Name, Chart: release.Parts()[i].Chart, Status: release.StatusMissing})
			continue
		}
		r.Items = append(r.Items, release.Release{
			Name: release.Parts()[i].Name, Chart: release.Parts()[i].Chart, Version: m.Versions[i], AppVersion: tpe,
			Status: release.StatusDeployed, Revision: 3, UpdatedAt: ago(50 * time.Hour), Said: "Upgrade complete",
		})
	}
	r.Consistency = release.Compare(r.Items, nil, now)
	return r
}

func TestReleasesGolden(t *testing.T) {
	hostile := helm("8.0.0 8.0.0 8.0.0 8.0.0")
	hostile.Items[0].Said, hostile.Items[1].Version = "\x1b[2J\nall is well", "1\u202e2"
	failed := helm("8.0.0 8.0.0 8.0.0 8.0.0")
	failed.Items[3].Status, failed.Items[3].Said = release.StatusFailed, "Upgrade failed: timed out waiting for the condition"
	for name, r := range map[string]*verdict.Releases{
		"of-two": helm("7.3.6 7.3.6 7.3.6 7.3.6"), "mixed": helm("8.0.0 7.3.6 8.0.0 8.0.0"), "missing": helm("8.0.0 8.0.0 8.0.0 none"),
		"failed": failed, "hostile": hostile, "none": {},
	} {
		s := verdict.Snapshot{ObservedAt: now, Where: command.Where{Namespace: place.Namespace}, Releases: r}
		for _, format := range []string{"table", "wide", "json"} {
			view := View{Now: now}
			if format == "table" {
				view.Width = 80
			}
			var b bytes.Buffer
			if err := Write(&b, parse(t, format), NewReleaseList(place, s, verdict.Judge(s)), view); err != nil {
				t.Fatal(err)
			}
			golden(t, "releases."+name+"."+format, b.Bytes())
		}
	}
}

// golden compares what was written with a file.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func parse(t *testing.T, name string) *Format {
	t.Helper()
	var f Format
	if name != "table" {
		if err := f.Set(name); err != nil {
			t.Fatal(err)
		}
	}
	return &f
}

func TestGolden(t *testing.T) {
	formats := []string{"table", "wide", "json", "yaml"}
	for name, s := range snapshots() {
		s.ObservedAt, s.Namespace = now, place.Namespace
		v := verdict.Judge(s)
		for _, format := range formats {
			t.Run(name+"/"+format, func(t *testing.T) {
				view := View{Now: now}
				if format == "table" {
					view.Width = 80
				}
				var status, entries bytes.Buffer
				if err := Write(&status, parse(t, format), NewStatus(place, s, v), view); err != nil {
					t.Fatal(err)
				}
				golden(t, "status."+name+"."+format, status.Bytes())
				doc := NewEntryList(place, s, v)
				if err := Write(&entries, parse(t, format), doc, view); err != nil {
					t.Fatal(err)
				}
				if format == "table" && doc.Summary != nil {
					entries.WriteString("-- standard error --\n" + Remarks(doc, view))
				}
				golden(t, "entries."+name+"."+format, entries.Bytes())
			})
		}
	}
}
