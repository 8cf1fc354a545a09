// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/podexec"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
)

// everything returns snapshots that together have a finding of every code.
func everything() []Snapshot {
	aborted := entries(pum.StateAborted, "NEW", pum.StateTransientError)
	aborted.Stderr, aborted.Ignored = []byte("oops"), "bye"
	aborted.Entries = append(aborted.Entries, aborted.Entries[0])
	aborted.Entries[2].ErrorCounter = new(int64(3))
	assessment := withJobs(workloads(readiness.Failed, readiness.AwaitingRestart, readiness.Paused, readiness.Unknown),
		readiness.Job{Name: "twa-seed", State: readiness.JobFailed}, readiness.Job{Name: "twa-upgrade", State: readiness.JobSuspended})
	assessment.ObservedAt = noon
	for _, code := range readiness.Codes() {
		assessment.Workloads = append(assessment.Workloads, readiness.Workload{
			Kind: "Deployment", Name: "of-" + string(code), State: readiness.Progressing,
			Causes: []readiness.Cause{{Code: code, Group: string(code), Object: Object{Kind: "Pod", Name: "p"}, Pod: "p", Since: noon.Add(-time.Hour)}},
		})
	}
	for _, code := range []readiness.Code{readiness.CrashLoop, readiness.OOMKilled} {
		assessment.Crashes = append(assessment.Crashes, readiness.Cause{Code: code, Group: string(code), Pod: "q", Container: "main", Message: "exit code 1", Since: noon})
	}
	stuck := readiness.Job{Name: "backup-2", State: readiness.JobRunning, Causes: []readiness.Cause{{Permanent: true}}}
	remarkable := &readiness.Assessment{
		Workloads: []readiness.Workload{
			{Kind: "StatefulSet", Name: "lrc", State: readiness.Ready, Want: 2, Ready: 2, Reason: "held back by its partition"},
			{Kind: "Deployment", Name: "twa", State: readiness.ScaledToZero},
		},
		Lingering: []readiness.Cause{{Code: readiness.StuckStopping, Group: "StuckStopping", Pod: "q", Object: Object{Kind: "Pod", Name: "q"}}},
		CronJobs: []readiness.CronJob{
			{Name: "backup", LastRun: &readiness.Job{Name: "backup-1", State: readiness.JobFailed}},
			{Name: "twa-cron", Running: &stuck},
		},
	}
	return append([]Snapshot{
		{Assessment: remarkable},
		{Assessment: remarkable, GoneFailed: []Finding{{Code: CodeJobFailed, Detail: "BackoffLimitExceeded", Objects: []Object{{Kind: "Job", Name: "twa-seed"}}}}},
		besideTPE(),
		{Assessment: withGap(assessment, "Kafka", readiness.Forbidden), Answer: aborted},
		{Assessment: workloads(), Answer: entries()},
		{Assessment: workloads(readiness.Ready), LostAt: time.Unix(1, 0)},
		{AssessmentErr: errForbidden, AnswerErr: errNoAnswer},
		{AssessmentErr: apierrors.NewUnauthorized("no"), AnswerErr: errNoAnswer},
		{AssessmentErr: errNotFound, AnswerErr: &pum.SyntaxError{}},
		{AssessmentErr: errors.New("refused"), AnswerErr: &podexec.PolicyError{Err: errors.New("denied")}},
		{AssessmentErr: errors.New("refused")},
		{ObservedAt: midday, Assessment: withJobs(workloads(readiness.Ready), readiness.Job{Name: "twa-seed", State: readiness.JobFailed, FinishedAt: midday.Add(-48 * time.Hour)}), Answer: entries(), Releases: helm(time.Hour)},
		{Answer: entries(pum.StateProcessed), UnconfirmedErr: errors.New("503")},
		{AnswerErr: fmt.Errorf("%w: %w", pum.ErrNoAnswer, podexec.ErrRolling), PUM: "pum"},
	}, append(releaseSnapshots(), notWhole()...)...)
}

// besideTPE is a snapshot by a hook of a pending release, and with jobs of other software.
func besideTPE() Snapshot {
	pending := helm(time.Minute)
	pending.Items[3].Status = release.StatusPendingUpgrade
	return Snapshot{ObservedAt: midday, Self: Self{Pod: "tpe-wait-abcde"}, Answer: entries(pum.StateProcessed), Releases: pending,
		Assessment: withJobs(workloads(readiness.Ready),
			readiness.Job{Name: "tpe-wait", State: readiness.JobRunning, Pods: []string{"tpe-wait-abcde"}, Release: "tpe", Origin: readiness.Origin{Hook: true}},
			readiness.Job{Name: "startupapicheck", State: readiness.JobFailed}, readiness.Job{Name: "dump", State: readiness.JobRunning})}
}

func TestFindingsAreWhole(t *testing.T) {
	for _, s := range everything() {
		for _, f := range Judge(s).Findings {
			if f.Code == "" || f.Level == "" || f.Summary == "" || f.Detail == "" || len(f.Next) == 0 {
				t.Errorf("incomplete: %+v", f)
			}
			if strings.ContainsAny(f.Summary, "\n") {
				t.Errorf("more than one line: %q", f.Summary)
			}
			if f.Code[3] < '4' && f.Code != CodeNoWorkloads && f.Code != CodeNoEntries && len(f.Objects) == 0 {
				t.Errorf("of no object: %+v", f)
			}
		}
	}
}
