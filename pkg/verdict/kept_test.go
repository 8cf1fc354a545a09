// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"fmt"
	"testing"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
)

func unkept(what string) error { return &NotKeptError{What: what, File: "a.tgz", Tells: "b.yaml"} }

func withoutKinds(a *readiness.Assessment, kinds ...string) *readiness.Assessment {
	for _, k := range kinds {
		a.Gaps = append(a.Gaps, readiness.Gap{Kind: k, Reason: readiness.NotKept, Err: unkept(k)})
	}
	return a
}

// notWhole are snapshots of files that do not have all.
func notWhole() []Snapshot {
	all := []Finding{}
	for _, code := range []Code{CodeEndsEarly, CodeTimeUnsure, CodeMemberDamaged, CodeMemberRepeated} {
		all = append(all, Finding{Code: code, Level: LevelWarning, Summary: "s"})
	}
	return []Snapshot{
		{Assessment: withoutKinds(&readiness.Assessment{}, "Job"), Kept: all},
	}
}

// What a file does not have is not done; what it has holds.
func TestWhatIsNotKept(t *testing.T) {
	ready := readiness.Workload{Kind: "Deployment", Name: "twa", State: readiness.Ready, Want: 1}
	failed, pending := ready, ready
	failed.State, pending.State = readiness.Failed, readiness.Progressing
	whole := func(w readiness.Workload, kinds ...string) *readiness.Assessment {
		return withoutKinds(&readiness.Assessment{Workloads: []readiness.Workload{w}}, kinds...)
	}
	answer := func(s pum.State) *pum.Answer {
		return &pum.Answer{Entries: []pum.Entry{{UID: 1, State: s, Final: s.Final()}}}
	}
	done := answer(pum.StateProcessed)
	for i, tt := range []struct {
		s    Snapshot
		want ExitCode
	}{
		{Snapshot{Assessment: whole(ready), Answer: done}, ExitDone},
		{Snapshot{Assessment: whole(ready, "CronJob", "Event", "KafkaNodePool", "PersistentVolumeClaim"), Answer: done}, ExitDone},
		{Snapshot{Assessment: whole(ready, "Job"), Answer: done}, ExitError},
		{Snapshot{Assessment: whole(ready, "Kafka"), Answer: done}, ExitError},
		{Snapshot{Assessment: whole(ready), AnswerErr: unkept("entries")}, ExitNoAnswer},
		{Snapshot{Assessment: whole(pending, "Job"), AnswerErr: unkept("entries")}, ExitPending},
		{Snapshot{Assessment: whole(failed, "Job"), AnswerErr: unkept("entries")}, ExitFailed},
		{Snapshot{Assessment: whole(ready, "Job"), Answer: answer(pum.StateAborted)}, ExitFailed},
		{Snapshot{AssessmentErr: unkept("workloads"), Answer: done}, ExitError},
		{Snapshot{Assessment: whole(ready), Answer: done, ReleasesErr: unkept("releases")}, ExitDone},
		{Snapshot{ReleasesErr: unkept("releases")}, ExitError},
		{Snapshot{AnswerErr: fmt.Errorf("x: %w", unkept("entries")), Goal: GoalEntries}, ExitNoAnswer},
	} {
		if v := Judge(tt.s); v.ExitCode != tt.want {
			t.Errorf("%d: exit code %d, want %d: %v", i, v.ExitCode, tt.want, v.Findings)
		}
	}
}
