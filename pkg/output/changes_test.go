// SPDX-License-Identifier: Apache-2.0

package output

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// A lost API server is said once, and that it is back. A connection that is cut
// and back at once is not worth a line.
func TestChangesOfTheConnection(t *testing.T) {
	start := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	at := func(after, lostFor time.Duration) *Status {
		s := verdict.Snapshot{
			ObservedAt: start.Add(after),
			Assessment: &readiness.Assessment{Workloads: []readiness.Workload{{Kind: "Deployment", Name: "twa", Want: 1, State: readiness.Progressing}}},
		}
		if lostFor >= 0 {
			s.LostAt = s.ObservedAt.Add(-lostFor)
		}
		return NewStatus(Place{}, s, verdict.Judge(s))
	}
	const never = -1
	tests := []struct {
		name string
		docs []*Status
		want []string
	}{
		{"cut, and back at once", []*Status{at(0, never), at(time.Second, 0), at(3*time.Second, 2*time.Second), at(4*time.Second, never)}, nil},
		{"lost for long", []*Status{
			at(0, never), at(time.Second, 0), at(5*time.Second, 4*time.Second), at(20*time.Second, 19*time.Second), at(33*time.Second, never),
		}, []string{
			"API server unreachable, retrying; what is shown is 4s old",
			"API server back after 32s",
		}},
		{"lost twice", []*Status{
			at(0, never), at(5*time.Second, 4*time.Second), at(6*time.Second, never), at(7*time.Second, 0), at(11*time.Second, 4*time.Second),
		}, []string{
			"API server unreachable, retrying; what is shown is 4s old",
			"API server back after 5s",
			"API server unreachable, retrying; what is shown is 4s old",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for i, doc := range tt.docs[1:] {
				got = append(got, doc.changes(tt.docs[i])...)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

// An empty list of what could not be read is none.
func TestWhatCouldNotBeReadIsAbsent(t *testing.T) {
	lost := errors.New("unexpected EOF")
	s := verdict.Snapshot{Assessment: &readiness.Assessment{Gaps: []readiness.Gap{
		{Kind: "Deployment", Reason: readiness.ReadFailed, Err: lost}, {Kind: "Job", Reason: readiness.ReadFailed, Err: lost},
	}}}
	doc := NewStatus(Place{}, s, verdict.Judge(s))
	if doc.Workloads != nil || doc.Jobs != nil || strings.Join(progress(doc), ", ") != "workloads unknown" {
		t.Errorf("%s, %v, %v", progress(doc), doc.Workloads, doc.Jobs)
	}
}

// What may not be read any more is not gone.
func TestChangesOfWorkloadsThatAreNotThere(t *testing.T) {
	assessment := func(gaps []readiness.Gap, workloads ...readiness.Workload) *Status {
		s := verdict.Snapshot{Assessment: &readiness.Assessment{Workloads: workloads, Gaps: gaps}}
		return NewStatus(Place{}, s, verdict.Judge(s))
	}
	twa := readiness.Workload{Kind: "Deployment", Name: "twa", Want: 1, State: readiness.Progressing}
	galera := readiness.Workload{Kind: "StatefulSet", Name: "mariadb-galera", Want: 3, State: readiness.Progressing}
	before := assessment(nil, twa, galera)
	forbidden := []readiness.Gap{{Kind: "StatefulSet", Reason: readiness.Forbidden, Err: errors.New("forbidden")}}
	for name, tt := range map[string]struct {
		after *Status
		want  string
	}{
		"deleted":   {assessment(nil, twa), "statefulset/mariadb-galera is gone"},
		"forbidden": {assessment(forbidden, twa), "error TPE401: StatefulSet objects are unknown"},
	} {
		if got := tt.after.changes(before); !slices.Contains(got, tt.want) || slices.Contains(got, "statefulset/mariadb-galera is gone") != (name == "deleted") {
			t.Errorf("%s: lines %q, want %q", name, got, tt.want)
		}
	}
}
