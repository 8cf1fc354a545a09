// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/command"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
)

var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

// pull is a pod that cannot have its image, as readiness finds it.
func pull(pod string, minutes int) readiness.Cause {
	return readiness.Cause{
		Code: readiness.ImagePull, Object: Object{Kind: "Pod", Name: pod}, Pod: pod, Container: "main",
		Image: "repository.thingpark.com/x:1", Reason: "ImagePullBackOff", Message: "401 Unauthorized", Brief: "401 Unauthorized",
		Since: noon.Add(-time.Duration(minutes) * time.Minute), Permanent: minutes > 0,
		Group: "ImagePullBackOff repository.thingpark.com: 401 Unauthorized",
	}
}

func TestPodsThatShareACauseAreOneFinding(t *testing.T) {
	p := &readiness.Assessment{ObservedAt: noon}
	for i := range 7 {
		w := readiness.Workload{Kind: "Deployment", Name: fmt.Sprint("w", i), Want: 2, State: readiness.Failed}
		for j := range 1 + i%2 + i/6 {
			c := pull(fmt.Sprintf("w%d-%d", i, j), 10+i)
			c.Image = fmt.Sprintf("repository.thingpark.com/w%d:1", i)
			w.Causes = append(w.Causes, c)
		}
		p.Workloads = append(p.Workloads, w)
	}
	v := Judge(Snapshot{Assessment: p, Where: command.Where{Namespace: "tpe"}})
	if len(v.Findings) != 1 {
		t.Fatalf("%d findings, want one: %+v", len(v.Findings), v.Findings)
	}
	f := v.Findings[0]
	want := Finding{
		Code: CodeImagePull, Level: LevelError, Since: noon.Add(-16 * time.Minute),
		Summary: "11 pods of 7 workloads: ImagePullBackOff repository.thingpark.com: 401 Unauthorized",
		Detail:  "repository.thingpark.com/w0:1: 401 Unauthorized",
		Objects: f.Objects,
		Next:    []string{"kubectl describe pod w0-0 -n tpe"},
	}
	if diff := cmp.Diff(want, f); diff != "" {
		t.Errorf("finding (-want +got):\n%s", diff)
	}
	if len(f.Objects) != 7+11 || f.Objects[0] != (Object{Kind: "Deployment", Name: "w0"}) || f.Objects[17] != (Object{Kind: "Pod", Name: "w6-1"}) {
		t.Errorf("objects = %v, want seven workloads, then their pods", f.Objects)
	}
	if v.ExitCode != ExitFailed {
		t.Errorf("exit code %d", v.ExitCode)
	}
}

// claimOf is a pod whose volume is not there.
func claimOf(pod string) readiness.Cause {
	return readiness.Cause{
		Code: readiness.ClaimPending, Object: Object{Kind: "PersistentVolumeClaim", Name: "data-" + pod}, Pod: pod,
		Message: "no volume", Group: "claim data-* pending: no volume",
	}
}

func TestTroubles(t *testing.T) {
	held := func(state readiness.State, causes ...readiness.Cause) *readiness.Assessment {
		return &readiness.Assessment{ObservedAt: noon, Workloads: []readiness.Workload{
			{Kind: "Deployment", Name: "tp-gui", Want: 2, Ready: 1, State: state, Causes: causes},
		}}
	}
	claim := readiness.Cause{Code: readiness.ClaimPending, Object: Object{Kind: "PersistentVolumeClaim", Name: "data-lrc-0"}, Message: "no volume", Group: "c"}
	crash := readiness.Cause{Code: readiness.CrashLoop, Object: Object{Kind: "Pod", Name: "a"}, Pod: "a", Container: "main", Message: "exit code 1", Restarts: 3, Group: "x", Log: []string{"first", "Error: refused"}}
	probe := readiness.Cause{Code: readiness.ReadinessProbe, Pod: "a", Group: "p"}
	job := readiness.Job{Name: "twa-upgrade", State: readiness.JobRunning, Causes: []readiness.Cause{pull("j", 2)}}
	tests := []struct {
		name string
		in   *readiness.Assessment
		want string
		code ExitCode
	}{
		{"one pod", held(readiness.Failed, pull("a", 2)), "error TPE111 pod a: ImagePullBackOff repository.thingpark.com/x:1: 401 Unauthorized; GUI degraded", ExitFailed},
		{"two pods", held(readiness.Failed, pull("a", 2), pull("b", 1)), "error TPE111 2 pods of Deployment tp-gui: ImagePullBackOff repository.thingpark.com/x:1: 401 Unauthorized; GUI degraded", ExitFailed},
		{"not for long yet", held(readiness.Progressing, pull("a", 0)), "warning TPE111 pod a: ImagePullBackOff repository.thingpark.com/x:1: 401 Unauthorized; GUI degraded", ExitPending},
		{"no pod", held(readiness.Progressing, claim), "warning TPE122 Deployment tp-gui: claim data-lrc-0 pending: no volume; GUI degraded", ExitPending},
		{"claims of two pods", held(readiness.Progressing, claimOf("lrc-0"), claimOf("lrc-1")), "warning TPE122 2 pods of Deployment tp-gui: claim data-* pending: no volume; GUI degraded", ExitPending},
		{"with last words", held(readiness.Progressing, crash), "warning TPE114 pod a: main in a crash loop, exit code 1, 3 restarts; GUI degraded", ExitPending},
		{"a pod that starts is no cause", held(readiness.Progressing, probe), "", ExitPending},
		{"a job's", withJobs(&readiness.Assessment{Workloads: []readiness.Workload{has("Deployment", "a", 1, 1)}}, job), "error TPE111 pod j: ImagePullBackOff repository.thingpark.com/x:1: 401 Unauthorized; ", ExitFailed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := Judge(Snapshot{Assessment: tt.in})
			var got string
			for _, f := range v.Findings {
				got += fmt.Sprintf("%s %s %s; %s", f.Level, f.Code, f.Summary, f.Impact)
			}
			if got != tt.want || v.ExitCode != tt.code {
				t.Errorf("got  %d %s\nwant %d %s", v.ExitCode, got, tt.code, tt.want)
			}
		})
	}
	f := Judge(Snapshot{Assessment: held(readiness.Progressing, crash)}).Findings[0]
	if f.Detail != "exit code 1; its last log line: Error: refused" {
		t.Errorf("detail = %q", f.Detail)
	}
	if diff := cmp.Diff([]string{"kubectl logs --previous a -c main", "kubectl describe pod a"}, f.Next); diff != "" {
		t.Errorf("next (-want +got):\n%s", diff)
	}
	silent := crash
	silent.Pod, silent.Object.Name, silent.Log = "b", "b", nil
	if f := Judge(Snapshot{Assessment: held(readiness.Progressing, silent, crash)}).Findings[0]; f.Detail != "exit code 1; its last log line: Error: refused" {
		t.Errorf("the log of another of the pods: detail = %q", f.Detail)
	}
}

func TestCrashesOfWhatServes(t *testing.T) {
	crash := func(code readiness.Code, pod string, ago time.Duration) readiness.Cause {
		return readiness.Cause{
			Code: code, Object: Object{Kind: "Pod", Name: pod}, Pod: pod, Container: "lrc", Reason: "Error",
			Message: "exit code 1", Since: noon.Add(-ago), Group: string(code),
		}
	}
	p := workloads(readiness.Ready)
	p.ObservedAt = noon
	p.Crashes = []readiness.Cause{
		crash(readiness.CrashLoop, "a", time.Hour), crash(readiness.CrashLoop, "b", time.Minute), crash(readiness.CrashLoop, "a day ago", 24*time.Hour),
		crash(readiness.OOMKilled, "c", time.Hour), crash(readiness.CrashLoop, "old", 25*time.Hour),
	}
	v := Judge(Snapshot{Assessment: p, Answer: entries(pum.StateProcessed)})
	var got []string
	for _, f := range v.Findings {
		got = append(got, fmt.Sprintf("%s %s %s: %s", f.Level, f.Code, f.Summary, f.Since.Format(time.TimeOnly)))
	}
	want := []string{
		"warning TPE132 container lrc of pod c was OOM-killed, and runs again: 11:00:00",
		"info TPE131 container lrc of 3 pods failed, and runs again: 11:59:00",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	if v.ExitCode != ExitDone {
		t.Errorf("exit code %d, want %d: they serve", v.ExitCode, ExitDone)
	}
}

// What blocks a workload is reported once.
func TestACrashIsNotToldTwice(t *testing.T) {
	c := readiness.Cause{Code: readiness.CrashLoop, Object: Object{Kind: "Pod", Name: "a"}, Pod: "a", Container: "main", Since: noon, Group: "x"}
	p := workloads(readiness.Progressing)
	p.ObservedAt, p.Workloads[0].Causes, p.Crashes = noon, []readiness.Cause{c}, []readiness.Cause{c}
	if got := len(Judge(Snapshot{Assessment: p}).Findings); got != 1 {
		t.Errorf("%d findings, want 1", got)
	}
}

// A pod that does not become ready is what a wait is about, until that lasts:
// then there is a finding, which says since when, and still no failure.
func TestWhatLastsIsAFinding(t *testing.T) {
	probe := func(code readiness.Code, minutes int) *readiness.Assessment {
		p := workloads(readiness.Progressing)
		p.ObservedAt = noon
		p.Workloads[0].Causes = []readiness.Cause{{
			Code: code, Object: Object{Kind: "Pod", Name: "a"}, Pod: "a", Container: "main",
			Message: "HTTP 503", Brief: "HTTP 503", Since: noon.Add(-time.Duration(minutes) * time.Minute),
		}}
		return p
	}
	tests := []struct {
		name string
		in   *readiness.Assessment
		want string
	}{
		{"readiness, young", probe(readiness.ReadinessProbe, 9), ""},
		{"readiness, for hours", probe(readiness.ReadinessProbe, 180), "warning TPE119 pod a: readiness probe: HTTP 503 09:00:00 kubectl logs a -c main, kubectl describe pod a"},
		{"startup", probe(readiness.StartupProbe, 10), "warning TPE119 pod a: startup probe: HTTP 503 11:50:00 kubectl logs a -c main, kubectl describe pod a"},
		{"an init container", probe(readiness.InitRunning, 10), "warning TPE119 pod a: init container main is running 11:50:00 kubectl logs a -c main, kubectl describe pod a"},
		{"without a reason", probe(readiness.NotReady, 1), "warning TPE120 pod a: HTTP 503 11:59:00 kubectl describe pod a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := Judge(Snapshot{Assessment: tt.in})
			var got string
			for _, f := range v.Findings {
				got += fmt.Sprintf("%s %s %s %s %s", f.Level, f.Code, f.Summary, f.Since.Format(time.TimeOnly), strings.Join(f.Next, ", "))
			}
			if got != tt.want || v.ExitCode != ExitPending {
				t.Errorf("got  %d %s\nwant %d %s", v.ExitCode, got, ExitPending, tt.want)
			}
		})
	}
}

// A claim that does not exist cannot be described.
func TestNextOfAMissingClaim(t *testing.T) {
	for _, tt := range []struct{ kind, reason, claim, want string }{
		{"StatefulSet", readiness.ClaimNotFound, "data-lrc-1", "kubectl describe pod lrc-1, kubectl delete pod lrc-1"},
		{"StatefulSet", readiness.ClaimNotFound, "shared", "kubectl describe pod lrc-1"},
		{"Deployment", readiness.ClaimNotFound, "data-lrc-1", "kubectl describe pod lrc-1"},
		{"StatefulSet", "Pending", "data-lrc-1", "kubectl describe persistentvolumeclaim data-lrc-1"},
	} {
		p := &readiness.Assessment{ObservedAt: noon, Workloads: []readiness.Workload{{Kind: tt.kind, Name: "lrc", Want: 2, State: readiness.Failed, Causes: []readiness.Cause{{
			Code: readiness.ClaimPending, Object: Object{Kind: "PersistentVolumeClaim", Name: tt.claim}, Pod: "lrc-1", Reason: tt.reason, Permanent: true, Group: "c",
		}}}}}
		if got := strings.Join(Judge(Snapshot{Assessment: p}).Findings[0].Next, ", "); got != tt.want {
			t.Errorf("claim %s, %s, of a %s: next %s, want %s", tt.claim, tt.reason, tt.kind, got, tt.want)
		}
	}
}

func TestEveryCauseHasAFinding(t *testing.T) {
	for _, code := range readiness.Codes() {
		if causeFindings[code] == "" {
			t.Errorf("causeFindings has no code for %s", code)
		}
	}
	if len(causeFindings) != len(readiness.Codes()) {
		t.Errorf("causeFindings has %d codes, and there are %d", len(causeFindings), len(readiness.Codes()))
	}
}
