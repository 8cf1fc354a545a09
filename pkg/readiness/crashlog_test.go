// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A watch reads last lines now and then, and shows them in each later assessment,
// as long as the container that wrote them fails.
func TestRecall(t *testing.T) {
	crash := Cause{Code: CrashLoop, Pod: "twa-x", Container: "twa"}
	said := crash
	said.Log = []string{"no database"}
	earlier := Assessment{Workloads: []Workload{{Causes: []Cause{said}}}}
	later := Assessment{
		Workloads: []Workload{{Causes: []Cause{crash, {Code: CrashLoop, Pod: "twa-y", Container: "twa"}}}},
		Jobs:      []Job{{Causes: []Cause{crash, {Code: ReadinessProbe, Pod: "twa-x", Container: "twa"}}}},
	}
	later.addLogs(earlier.logs())
	var got [][]string
	for _, c := range later.Causes() {
		got = append(got, c.Log)
	}
	want := [][]string{{"no database"}, nil, {"no database"}, nil}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("last lines (-want +got):\n%s", diff)
	}
}
