// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/command"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
)

// What a finding says of an entry follows from what PUM says of it.
func TestWordsAboutAnEntry(t *testing.T) {
	three := int64(3)
	status, message, last := int64(503), "no database", "503 no database"
	for _, tt := range []struct {
		name string
		in   pum.Entry
		kind pum.StallKind
		want string
	}{
		{"no response", pum.Entry{}, pum.StallSilent, "nothing about it changes; the service has not responded"},
		{"a response of another form", pum.Entry{LastResponse: &last}, pum.StallIdle, "its iterations get nothing done; last response: 503 no database"},
		{"one without a message", pum.Entry{LastResponse: &last, Response: &pum.Response{Status: &status}}, pum.StallErrors, "it fails repeatedly; last response: 503 no database"},
		{"one without a status", pum.Entry{LastResponse: &last, Response: &pum.Response{Message: &message}}, pum.StallErrors, "it fails repeatedly; last response: no database"},
		{"a whole one", pum.Entry{LastResponse: &last, Response: &pum.Response{Status: &status, Message: &message}, ErrorCounter: &three}, pum.StallErrors, "it failed 3 times, and PUM tries it again; last response: 503 no database"},
	} {
		if got := stallSummary(&tt.in, tt.kind) + "; " + lastResponse(&tt.in); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// A list that is odd says how.
func TestWordsAboutAList(t *testing.T) {
	list := func(uids ...int64) *pum.Answer {
		a := &pum.Answer{Entries: []pum.Entry{}}
		for _, uid := range uids {
			a.Entries = append(a.Entries, pum.Entry{UID: uid, State: pum.StateProcessed, Final: true})
		}
		return a
	}
	ignored, failed, wrote := list(7), list(7), list(7)
	ignored.Ignored, failed.ExitCode, wrote.Stderr = "bye", 3, []byte(strings.Repeat("x", 500))
	long := list(7)
	long.Stderr = []byte(strings.Repeat("x", 501))
	for _, tt := range []struct {
		name string
		in   *pum.Answer
		want string
	}{
		{"text behind one entry", ignored, "text after PUM's last entry was ignored: bye"},
		{"an exit code", failed, "PUM's command printed its whole list, and ended with exit code 3: no further details"},
		{"stderr", wrote, "PUM's command printed its whole list, but also wrote to stderr: " + strings.Repeat("x", 500)},
		{"a lot on stderr", long, "PUM's command printed its whole list, but also wrote to stderr: " + strings.Repeat("x", 500) + " … (501 bytes or more)"},
		{"a uid twice", list(7, 7), "PUM lists the uid 7 more than once: entries are identified by their uid, so whether these make progress is unknown"},
		{"three uids twice", list(7, 7, 8, 8, 9, 9), "PUM lists the uid 7 more than once, and 2 other uids: entries are identified by their uid, so whether these make progress is unknown"},
	} {
		v := Judge(Snapshot{Answer: tt.in})
		if len(v.Findings) != 1 || v.Findings[0].Summary+": "+v.Findings[0].Detail != tt.want {
			t.Errorf("%s: %+v, want %q", tt.name, v.Findings, tt.want)
		}
	}
	empty := list()
	empty.Ignored = "bye"
	for _, f := range Judge(Snapshot{Answer: empty}).Findings {
		if f.Code == CodeTextIgnored {
			t.Errorf("text behind no entry: %+v", f)
		}
	}
}

// An empty list says why it is no result.
func TestWordsAboutNoEntries(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"no job", notYet(nil, false), "right after an upgrade that means not yet; there is no job pum-process: it has not begun, or has ended and been removed"},
		{"jobs unknown", notYet(nil, true), "right after an upgrade that means not yet; whether the job pum-process, which processes them, ran is unknown here"},
		{"a job that is over", notYet(&readiness.Job{State: readiness.JobComplete}, false), "right after an upgrade that means not yet: the job pum-process that is there ended before this upgrade began"},
		{"a job at work", notYet(&readiness.Job{State: readiness.JobRunning}, false), "not yet: the upgrade itself adds them, and the job pum-process is not complete"},
	} {
		if tt.in != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, tt.in, tt.want)
		}
	}
}

// While entries alone are waited for, PUM's job decides only if it failed in this upgrade with
// entries left to do.
func TestTheJobOfTheEntries(t *testing.T) {
	for _, tt := range []struct {
		name  string
		state readiness.JobState
		ago   time.Duration
		entry pum.State
		want  ExitCode
	}{
		{"failed", readiness.JobFailed, time.Hour, pum.StateInit, ExitFailed},
		{"failed before this upgrade", readiness.JobFailed, 3 * time.Hour, pum.StateInit, ExitPending},
		{"failed with nothing left to do", readiness.JobFailed, time.Hour, pum.StateProcessed, ExitDone},
		{"complete", readiness.JobComplete, time.Hour, pum.StateInit, ExitPending},
		{"at work", readiness.JobRunning, 0, pum.StateInit, ExitPending},
	} {
		v := Judge(Snapshot{ObservedAt: midday, Goal: GoalEntries, Assessment: readyWith(process(tt.state, tt.ago)), Answer: entries(tt.entry), Releases: helm(2 * time.Hour)})
		if v.ExitCode != tt.want {
			t.Errorf("%s: exit code %d, want %d: %v", tt.name, v.ExitCode, tt.want, v.Findings)
		}
	}
}

// An entry that was aborted within the clocks' difference of the upgrade's begin is of it.
func TestAbortedBefore(t *testing.T) {
	for ago, want := range map[time.Duration]bool{time.Hour - time.Minute: false, time.Hour + 4*time.Minute: false, time.Hour + 5*time.Minute: true, 2 * time.Hour: true} {
		a := entries(pum.StateAborted)
		a.Entries[0].StateTimestamp = new(midday.Add(-ago).Format(time.RFC3339))
		f := Judge(Snapshot{ObservedAt: midday, Answer: a, Releases: helm(time.Hour)}).Findings[0]
		if got := strings.Contains(f.Detail, "before the current upgrade began"); got != want {
			t.Errorf("%s ago: %s", ago, f.Detail)
		}
	}
}

// Where the connection was lost, the verdict is that of then, if there is one.
func TestDisconnected(t *testing.T) {
	refused := errors.New("refused")
	for _, tt := range []struct {
		name string
		in   Snapshot
		want string
	}{
		{"no workloads yet", Snapshot{LostAt: midday, LostErr: refused, AssessmentErr: refused}, "TPE405 workloads unknown; refused"},
		{"with workloads", Snapshot{LostAt: midday, LostErr: refused, Assessment: readyWith()}, "TPE405 the API server cannot be reached; retrying; the workloads are shown as of then: refused"},
		{"for no known reason", Snapshot{LostAt: midday, Assessment: readyWith()}, "TPE405 the API server cannot be reached; retrying; the workloads are shown as of then"},
		{"an answer", Snapshot{LostAt: midday, LostErr: errNotFound, Assessment: readyWith()}, "TPE405 the API server answers with an error; retrying; the workloads are shown as of then: " + errNotFound.Error()},
		{"not lost", Snapshot{Assessment: readyWith()}, ""},
	} {
		got := ""
		for _, f := range Judge(tt.in).Findings {
			got += string(f.Code) + " " + f.Summary + "; " + f.Detail
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// What a file does not have says where it would be.
func TestWordsAboutWhatIsNotKept(t *testing.T) {
	gap := func(kind, tells string) readiness.Gap {
		return readiness.Gap{Kind: kind, Reason: readiness.NotKept, Err: &NotKeptError{What: kind, File: "a.yaml", Tells: tells, Resource: strings.ToLower(kind) + "s"}}
	}
	other := readiness.Gap{Kind: "Kafka", Reason: readiness.Forbidden, Err: gap("Kafka", "").Err}
	for _, tt := range []struct {
		name string
		gaps []readiness.Gap
		want string
	}{
		{"in a file", []readiness.Gap{gap("Job", "b.yaml")}, "a.yaml has no Job; b.yaml would have them"},
		{"in a list", []readiness.Gap{gap("Job", "")}, "a.yaml has no list of them; kubectl get jobs -o yaml, in a file beside it, would have them"},
		{"in lists", []readiness.Gap{gap("Job", ""), gap("Pod", "")}, "a.yaml has no list of them; kubectl get jobs,pods -o yaml, in a file beside it, would have them"},
		{"in both", []readiness.Gap{gap("Job", "b.yaml"), gap("Pod", ""), other}, "a.yaml has no Job; b.yaml would have them; a.yaml has no list of them; kubectl get pods -o yaml, in a file beside it, would have them"},
	} {
		p := workloads(readiness.Ready)
		p.Gaps = tt.gaps
		var got []string
		for _, f := range Judge(Snapshot{Assessment: p}).Findings {
			if f.Code == CodeNotKept {
				got = append(got, f.Detail)
			}
		}
		if diff := cmp.Diff([]string{tt.want}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	v := Judge(Snapshot{Assessment: workloads(readiness.Ready), Answer: entries(pum.StateProcessed), ReleasesErr: unkept("releases")})
	if len(v.Findings) != 1 || v.Findings[0].Code != CodeNotKept {
		t.Errorf("releases: %+v", v.Findings)
	}
}

// PUM was asked too early if its job ended after, by a clock of whole seconds.
func TestOutdated(t *testing.T) {
	for after, want := range map[time.Duration]bool{0: true, time.Second: true, 2 * time.Second: false, time.Minute: false} {
		s := Snapshot{Assessment: readyWith(process(readiness.JobComplete, time.Hour)), AskedAt: midday.Add(-time.Hour + after)}
		if got := s.Outdated(); got != want {
			t.Errorf("asked %s after the job ended: outdated %v, want %v", after, got, want)
		}
	}
}

// Who waits already is not told to wait.
func TestNextMeanwhile(t *testing.T) {
	tpe := command.Where{Namespace: "tpe"}
	for _, tt := range []struct {
		name            string
		in              Snapshot
		next, meanwhile string
	}{
		{"under way", Snapshot{Where: tpe, Assessment: workloads(readiness.Progressing)}, "kubectl tpe wait -n tpe", "kubectl tpe status -o wide -n tpe"},
		{"under way, in a file", Snapshot{Where: command.Where{Namespace: "tpe", From: "a.tgz"}, Assessment: workloads(readiness.Progressing)}, "", ""},
		{"under way, saved before", Snapshot{Answer: entries(pum.StateInit)}, "", ""},
		{"done", Snapshot{Where: tpe, Assessment: workloads(readiness.Ready)}, "", ""},
		{"failed", Snapshot{Where: tpe, Assessment: workloads(readiness.Failed)}, "kubectl tpe explain TPE101; kubectl describe deployment w0 -n tpe", "kubectl tpe explain TPE101; kubectl describe deployment w0 -n tpe"},
		{"failed, and at work", Snapshot{Where: tpe, Goal: GoalEntries, Assessment: readyWith(process(readiness.JobRunning, 0)), Answer: entries(pum.StateAborted, pum.StateInit)},
			"kubectl tpe wait -n tpe; kubectl tpe logs -f -n tpe; kubectl tpe explain TPE201; kubectl tpe pum status -o wide -n tpe; kubectl tpe pum restart --dry-run -n tpe; kubectl tpe rollback-plan -n tpe",
			"kubectl tpe logs -f -n tpe; kubectl tpe explain TPE201; kubectl tpe pum status -o wide -n tpe; kubectl tpe pum restart --dry-run -n tpe; kubectl tpe rollback-plan -n tpe"},
		{"a warning", Snapshot{Where: tpe, Assessment: workloads(readiness.Paused)}, "kubectl tpe wait -n tpe; kubectl describe deployment w0 -n tpe", "kubectl describe deployment w0 -n tpe"},
		{"a note", Snapshot{Where: tpe, Assessment: withGap(workloads(readiness.Ready), "CronJob", readiness.Forbidden)}, "", ""},
	} {
		v := Judge(tt.in)
		if next, meanwhile := strings.Join(v.Next(), "; "), strings.Join(v.NextMeanwhile(), "; "); next != tt.next || meanwhile != tt.meanwhile {
			t.Errorf("%s: next %q, want %q; meanwhile %q, want %q", tt.name, next, tt.next, meanwhile, tt.meanwhile)
		}
	}
}
