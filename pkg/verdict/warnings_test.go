// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/command"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
)

// What nothing waits for is done, and said: --fail-on=warning makes it exit code 9.
func TestRemarks(t *testing.T) {
	held := readiness.Workload{Kind: "StatefulSet", Name: "lrc", Want: 2, Ready: 2, State: readiness.Ready, Reason: "held back by its partition, 0 of 2 pods updated"}
	stopping := readiness.Cause{
		Code: readiness.StuckStopping, Object: Object{Kind: "Pod", Name: "twa-0-x"}, Pod: "twa-0-x",
		Message: "held by example.com/hold", Group: "StuckStopping: * does not stop: held by example.com/hold", Since: noon.Add(-19 * time.Minute),
	}
	failed := &readiness.Job{Name: "backup-1", State: readiness.JobFailed, Reason: "BackoffLimitExceeded", FinishedAt: noon.Add(-10 * time.Hour), Pods: []string{"backup-1-a"}}
	stuck := &readiness.Job{Name: "backup-2", State: readiness.JobRunning, Reason: "running, no such image", Causes: []readiness.Cause{{Permanent: true}}}
	busy := readiness.Workload{Kind: "StatefulSet", Name: "lrc", State: readiness.Progressing, Causes: []readiness.Cause{stopping}}
	tests := []struct {
		name string
		in   readiness.Assessment
		code Code
		want []string // summary, detail, impact, next
	}{
		{"a partition", readiness.Assessment{Workloads: []readiness.Workload{held}}, CodeHeldBack, []string{
			"StatefulSet lrc: its partition keeps 2 of 2 pods at the old version", "held back by its partition, 0 of 2 pods updated", "", "kubectl describe statefulset lrc -n tpe"}},
		{"a partition for one of them", readiness.Assessment{Workloads: []readiness.Workload{{Kind: "StatefulSet", Name: "lrc", Want: 3, Updated: 2, Ready: 3, State: readiness.Ready}}}, CodeHeldBack, []string{
			"StatefulSet lrc: its partition keeps 1 of 3 pods at the old version", "no further details", "", "kubectl describe statefulset lrc -n tpe"}},
		{"scaled to zero", readiness.Assessment{Workloads: []readiness.Workload{zero("Deployment", "twa"), zero("Deployment", "twa-dev-task-fc")}}, CodeScaledToZero, []string{
			"Deployment twa is scaled to zero", "no pod is wanted and none runs; the vendor ships only twa-dev-task-fc that way", "GUI down, APIs down", "kubectl describe deployment twa -n tpe"}},
		{"many scaled to zero", readiness.Assessment{Workloads: []readiness.Workload{
			zero("Deployment", "a"), zero("Deployment", "b"), zero("Deployment", "c"), zero("StatefulSet", "d"), zero("StatefulSet", "e"),
		}}, CodeScaledToZero, []string{
			"5 workloads are scaled to zero: Deployment a, Deployment b, Deployment c and 2 more", "no pod is wanted and none runs; the vendor ships only twa-dev-task-fc that way", "", "kubectl describe deployment a -n tpe"}},
		{"an old pod that does not stop", readiness.Assessment{Workloads: []readiness.Workload{has("Deployment", "twa", 1, 1)}, Lingering: []readiness.Cause{stopping}}, CodeLingering, []string{
			"pod twa-0-x should be gone but does not stop", "held by example.com/hold", "", "kubectl describe pod twa-0-x -n tpe"}},
		{"a CronJob's last run failed", readiness.Assessment{Workloads: []readiness.Workload{has("Deployment", "twa", 1, 1)}, CronJobs: []readiness.CronJob{{Name: "backup", LastRun: failed}}}, CodeCronJobFailed, []string{
			"the last run of CronJob backup failed", "job backup-1 failed at 2026-03-14T02:00:00Z: BackoffLimitExceeded", "", "kubectl tpe logs --attempt=last --job=backup-1 -n tpe"}},
		{"a CronJob's run is stuck", readiness.Assessment{Workloads: []readiness.Workload{has("Deployment", "twa", 1, 1)}, CronJobs: []readiness.CronJob{{Name: "backup", Running: stuck}}}, CodeCronJobStuck, []string{
			"a run of CronJob backup will not complete by itself", "job backup-2: running, no such image", "", "kubectl describe job backup-2 -n tpe"}},
		{"a suspended CronJob is none of ours", readiness.Assessment{Workloads: []readiness.Workload{has("Deployment", "twa", 1, 1)}, CronJobs: []readiness.CronJob{{Name: "backup", Suspended: true, LastRun: failed}}}, "", nil},
		{"what is at zero by design, and a node agent", readiness.Assessment{Workloads: []readiness.Workload{zero("Deployment", "tpe-twa-dev-task-fc"), zero("DaemonSet", "agent")}}, "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := Judge(Snapshot{Assessment: &tt.in, Where: command.Where{Namespace: "tpe"}})
			var got []string
			var code Code
			for _, f := range v.Findings {
				code = f.Code
				got = append(got, f.Summary, f.Detail, f.Impact, f.Next[0])
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || code != tt.code {
				t.Errorf("%s (-want +got):\n%s", code, diff)
			}
			if v.ExitCode != ExitDone {
				t.Errorf("exit code %d, want done", v.ExitCode)
			}
			want := ExitDone
			if tt.code != "" {
				want = ExitWarnings
			}
			if strict := v.FailOn(LevelWarning); strict.ExitCode != want {
				t.Errorf("with --fail-on=warning: exit code %d, want %d", strict.ExitCode, want)
			}
		})
	}
	both := Judge(Snapshot{Assessment: &readiness.Assessment{Workloads: []readiness.Workload{busy}, Lingering: []readiness.Cause{stopping}}})
	if len(both.Findings) != 1 || both.Findings[0].Code != CodeNode {
		t.Errorf("a pod that holds up its workload is reported twice: %+v", both.Findings)
	}
}

// An account that may not list CronJobs gets a note, not a warning.
func TestCronJobsThatMayNotBeReadAreNoWarning(t *testing.T) {
	v := Judge(Snapshot{Assessment: withGap(workloads(readiness.Ready), "CronJob", readiness.Forbidden)}).FailOn(LevelWarning)
	if v.ExitCode != ExitDone || len(v.Findings) != 1 || v.Findings[0].Level != LevelInfo {
		t.Errorf("exit code %d, findings %+v", v.ExitCode, v.Findings)
	}
}

// A pod that nothing will replace is reported with the command that deletes it.
func TestOldPodsAreToBeDeleted(t *testing.T) {
	old := func(pod string) readiness.Cause {
		return readiness.Cause{
			Code: readiness.OldRevision, Object: Object{Kind: "Pod", Name: pod}, Pod: pod, Permanent: true,
			Message: "it is not ready", Group: "their old revision blocks the rollout",
		}
	}
	w := readiness.Workload{Kind: "StatefulSet", Name: "lrc", State: readiness.Failed, Causes: []readiness.Cause{old("lrc-1"), old("lrc-2")}}
	v := Judge(Snapshot{Assessment: &readiness.Assessment{Workloads: []readiness.Workload{w}}, Where: command.Where{Namespace: "tpe"}})
	if v.ExitCode != ExitFailed || len(v.Findings) != 1 {
		t.Fatalf("exit code %d, findings %+v; want one failure", v.ExitCode, v.Findings)
	}
	got := v.Findings[0]
	want := Finding{
		Code: CodeOldPod, Level: LevelError, Summary: "2 pods of StatefulSet lrc: their old revision blocks the rollout", Detail: "it is not ready",
		Objects: got.Objects, Next: []string{"kubectl delete pod lrc-1 lrc-2 -n tpe"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
