// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"testing"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
)

func TestEstimate(t *testing.T) {
	began := time.Unix(1e9, 0)
	rolling := func(name string, updated, want int32) readiness.Workload {
		w := readiness.Workload{Kind: "Deployment", Name: name, Want: want, Ready: want, Updated: updated, State: readiness.Progressing}
		if updated > want {
			w.Updated, w.State = want, readiness.Ready
		}
		return w
	}
	type moment struct {
		at        time.Duration
		workloads []readiness.Workload
		entries   []pum.Entry
		movements map[int64]pum.Movement
		want      string
	}
	minute := time.Minute
	tests := map[string][]moment{
		"one observation is no ground": {{0, []readiness.Workload{rolling("a", 1, 4)}, nil, nil, ""}},
		"by the pods before": {
			{0, []readiness.Workload{rolling("a", 9, 4)}, nil, nil, ""},
			{minute, []readiness.Workload{rolling("a", 1, 4)}, nil, nil, ""},
			{2 * minute, []readiness.Workload{rolling("a", 2, 4)}, nil, nil, "3m0s all"},
			{3 * minute, []readiness.Workload{rolling("a", 3, 4)}, nil, nil, "2m0s all"},
			{4 * minute, []readiness.Workload{rolling("a", 9, 4)}, nil, nil, ""},
		},
		"by the last time": {
			{0, []readiness.Workload{rolling("a", 9, 4)}, nil, nil, ""},
			{minute, []readiness.Workload{rolling("a", 1, 4)}, nil, nil, ""},
			{9 * minute, []readiness.Workload{rolling("a", 9, 4)}, nil, nil, ""},
			{10 * minute, []readiness.Workload{rolling("a", 1, 4)}, nil, nil, "8m0s all"},
			{11 * minute, []readiness.Workload{rolling("a", 1, 4)}, nil, nil, "7m0s all"},
		},
		"by the last time, of no pods": {
			{0, []readiness.Workload{rolling("a", 9, 4)}, nil, nil, ""},
			{minute, []readiness.Workload{rolling("a", 1, 4)}, nil, nil, ""},
			{9 * minute, []readiness.Workload{rolling("a", 9, 0)}, nil, nil, ""},
			{10 * minute, []readiness.Workload{rolling("a", 1, 4)}, nil, nil, ""},
		},
		"by those of others": {
			{0, []readiness.Workload{rolling("a", 1, 4), rolling("b", 1, 1)}, nil, nil, ""},
			{minute, []readiness.Workload{rolling("a", 2, 4), rolling("b", 1, 1)}, nil, nil, ""},
			{2 * minute, []readiness.Workload{rolling("a", 3, 4), rolling("b", 1, 1)}, nil, nil, "2m0s all"},
		},
		"what fails is no ground, and only a part is known": {
			{0, []readiness.Workload{rolling("a", 9, 2)}, nil, nil, ""},
			{minute, []readiness.Workload{rolling("a", 1, 2)}, nil, nil, ""},
			{2 * minute, []readiness.Workload{rolling("a", 2, 2), {Kind: "Deployment", Name: "c", Want: 1, State: readiness.Failed}}, nil, nil, "1m0s workloads"},
		},
		"entries by what remains": {
			{0, nil, []pum.Entry{{UID: 1}}, map[int64]pum.Movement{1: {ETA: &minute}}, "1m0s all"},
		},
		"the longest of both": {
			{0, []readiness.Workload{rolling("a", 9, 4)}, []pum.Entry{{UID: 1}}, nil, ""},
			{minute, []readiness.Workload{rolling("a", 1, 4)}, []pum.Entry{{UID: 1}}, nil, ""},
			{2 * minute, []readiness.Workload{rolling("a", 2, 4)}, []pum.Entry{{UID: 1}}, map[int64]pum.Movement{1: {ETA: &minute}}, "3m0s all"},
			{2 * minute, []readiness.Workload{rolling("a", 2, 4)}, []pum.Entry{{UID: 1}}, map[int64]pum.Movement{1: {Stall: &pum.Stall{}}}, "3m0s workloads"},
		},
		"entries as others": {
			{0, nil, []pum.Entry{{UID: 1}, {UID: 2}}, nil, ""},
			{2 * minute, nil, []pum.Entry{{UID: 1, Final: true}, {UID: 2}}, nil, "30s all"},
			{2 * minute, nil, []pum.Entry{{UID: 1, Final: true}, {UID: 2}, {UID: 3}}, nil, "2m0s all"},
		},
	}
	for name, moments := range tests {
		t.Run(name, func(t *testing.T) {
			var e Estimator
			for _, m := range moments {
				s := Snapshot{ObservedAt: began.Add(m.at), Movements: m.movements}
				if m.workloads != nil {
					s.Assessment = &readiness.Assessment{Workloads: m.workloads}
				}
				if m.entries != nil {
					s.Answer = &pum.Answer{Entries: m.entries}
				}
				e.Observe(&s)
				got := ""
				if left := e.Left(); left != nil {
					got = left.Left.String() + " " + string(left.Of)
				}
				if got != m.want {
					t.Errorf("after %s: %q, want %q", m.at, got, m.want)
				}
			}
		})
	}
}
