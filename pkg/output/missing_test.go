// SPDX-License-Identifier: Apache-2.0

package output

import (
	"testing"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

func TestMissingSaysForHowLongAndNamesPUMsJob(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	processed := &pum.Answer{Entries: []pum.Entry{{UID: 1, State: pum.StateProcessed, Final: true}}}
	p := &readiness.Assessment{
		Workloads: []readiness.Workload{
			{Kind: "Deployment", Name: "twa", State: readiness.Progressing, Since: at.Add(-25 * time.Minute)},
			{Kind: "StatefulSet", Name: "lrc", State: readiness.Progressing, Since: at.Add(-time.Minute)},
		},
		Jobs: []readiness.Job{{Name: pum.ProcessJob, State: readiness.JobRunning}},
	}
	for want, goal := range map[string]verdict.Goal{
		"deployment/twa (for 25m), statefulset/lrc, job/pum-process": verdict.GoalAll,
		"job/pum-process": verdict.GoalEntries,
	} {
		s := verdict.Snapshot{ObservedAt: at, Goal: goal, Assessment: p, Answer: processed}
		if got := Missing(NewStatus(Place{}, s, verdict.Judge(s))); got != want {
			t.Errorf("missing %q, want %q", got, want)
		}
	}
}
