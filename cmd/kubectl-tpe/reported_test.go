// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/observe"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/recording"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
	"github.com/kubectl-tpe/kubectl-tpe/test/recorded"
)

// later returns what a snapshot looks like after some time: with a Deployment that is down or up,
// and entries in a state.
func later(t *testing.T, s verdict.Snapshot, d time.Duration, up bool, state pum.State) verdict.Snapshot {
	t.Helper()
	s.ObservedAt = s.ObservedAt.Add(d)
	s.HeardAt, s.AskedAt, s.Movements = s.ObservedAt, s.ObservedAt.Add(-time.Second/2), map[int64]pum.Movement{}
	objects := s.Assessment.Objects
	objects.Deployments = nil
	for _, deployment := range s.Assessment.Objects.Deployments {
		if deployment.Name == "tp-gui" && !up {
			deployment = deployment.DeepCopy()
			deployment.Status = appsv1.DeploymentStatus{ObservedGeneration: deployment.Generation, Replicas: 1, UpdatedReplicas: 1, UnavailableReplicas: 1}
		}
		objects.Deployments = append(objects.Deployments, deployment)
	}
	assessment := readiness.Assess(objects, s.ObservedAt)
	s.Assessment = &assessment
	text := bytes.ReplaceAll(s.Answer.Text, []byte("PROCESSED"), []byte(state))
	answer, err := pum.ReadSaved(bytes.NewReader(text), pum.DefaultLimit)
	if err != nil {
		t.Fatal(err)
	}
	answer.Text = text
	s.Answer = &answer
	return s
}

// recordOutage records 20 minutes, with 6 of them without the GUI; on its way a failure that
// would end a wait.
func recordOutage(t *testing.T) string {
	t.Helper()
	first, err := recorded.Snapshot("controller")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "up.jsonl")
	var w *recording.Writer
	for at := time.Duration(0); at <= 20*time.Minute; at += 10 * time.Second {
		state := pum.StateProcessed
		if at >= time.Minute && at < 2*time.Minute {
			state = pum.StateAborted
		}
		s := later(t, first, at, at < 4*time.Minute || at >= 10*time.Minute, state)
		if w == nil {
			if w, err = recording.Create(path, recording.Head{StartedAt: s.ObservedAt, Namespace: s.Namespace, PUM: "pum", Goal: verdict.GoalAll}, recording.Options{}); err != nil {
				t.Fatal(err)
			}
		}
		v := verdict.Judge(s)
		if err := w.Take(observe.Report{Snapshot: s, Verdict: v, Read: true}); err != nil {
			t.Fatal(err)
		}
		if at == 20*time.Minute {
			if err := w.End(s.ObservedAt, v); err != nil {
				t.Fatal(err)
			}
		}
	}
	return path
}

// A report of a recording has its history up to its end, whatever it looked like on the way; of
// one moment of it, it has none.
func TestReportOfARecording(t *testing.T) {
	path := recordOutage(t)
	tests := []struct {
		name string
		args []string
		says []string
		not  []string
	}{
		{"whole", nil, []string{"| GUI | ✅ serving | 6 min |", "gantt"}, []string{"was aborted", "at least 6 min"}},
		{"a moment", []string{"--at", "5m"}, []string{"GUI"}, []string{"6 min", "gantt"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out, errOut bytes.Buffer
			a := &app{IOStreams: genericiooptions.IOStreams{In: strings.NewReader(""), Out: &out, ErrOut: &errOut}, now: time.Now}
			code := run(append([]string{"report", "-o", "markdown", "--from", path}, tt.args...), a)
			for _, text := range tt.says {
				if !strings.Contains(out.String(), text) {
					t.Errorf("exit code %d: %q is not said:\n%s%s", code, text, out.String(), errOut.String())
				}
			}
			for _, text := range tt.not {
				if strings.Contains(out.String(), text) {
					t.Errorf("%q is said:\n%s", text, out.String())
				}
			}
		})
	}
}

// A report that is interrupted is none: the file stays what it was, and no exit code of the
// recording is told.
func TestAnInterruptedReport(t *testing.T) {
	path := recordOutage(t)
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	var out, errOut bytes.Buffer
	a := &app{IOStreams: genericiooptions.IOStreams{In: strings.NewReader(""), Out: &out, ErrOut: &errOut}, now: time.Now}
	cmd := newRootCmd(a)
	cmd.SetArgs([]string{"report", file, "--from", path})
	code := a.report(cmd.ExecuteContextC(ctx))
	if text, err := os.ReadFile(file); code != verdict.ExitInterrupted || err != nil || string(text) != "before" {
		t.Errorf("exit code %d, want %d; the file has %.60q, %v\n%s", code, verdict.ExitInterrupted, text, err, errOut.String())
	}
}
