// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/command"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/podexec"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
)

var (
	pods         = schema.GroupResource{Resource: "pods"}
	errForbidden = apierrors.NewForbidden(pods, "pum-x", errors.New("may not create pods/exec"))
	errNotFound  = apierrors.NewNotFound(schema.GroupResource{Group: "apps", Resource: "deployments"}, "pum")
	errNoAnswer  = fmt.Errorf("%w: no ready pod", pum.ErrNoAnswer)
)

func workloads(states ...readiness.State) *readiness.Assessment {
	p := &readiness.Assessment{}
	for i, state := range states {
		name := fmt.Sprint("w", i)
		if state == readiness.ScaledToZero {
			name = "twa-dev-task-fc" // by design
		}
		p.Workloads = append(p.Workloads, readiness.Workload{Kind: "Deployment", Name: name, State: state})
	}
	return p
}

func withJobs(p *readiness.Assessment, jobs ...readiness.Job) *readiness.Assessment {
	p.Jobs = jobs
	return p
}

func withGap(p *readiness.Assessment, kind string, reason readiness.GapReason) *readiness.Assessment {
	p.Gaps = append(p.Gaps, readiness.Gap{Kind: kind, Resource: "r", Verb: "list", Reason: reason, Err: errors.New("no")})
	return p
}

func entries(states ...pum.State) *pum.Answer {
	a := &pum.Answer{Entries: []pum.Entry{}}
	for i, state := range states {
		a.Entries = append(a.Entries, pum.Entry{UID: int64(i), State: state, Final: state.Final()})
	}
	return a
}

func TestJudge(t *testing.T) {
	ready := func() *readiness.Assessment { return workloads(readiness.Ready, readiness.ScaledToZero) }
	process := func(state readiness.JobState) readiness.Job { return readiness.Job{Name: pum.ProcessJob, State: state} }
	processed := entries(pum.StateProcessed, pum.StateSkipped)
	tests := []struct {
		name  string
		in    Snapshot
		want  ExitCode
		codes []Code
	}{
		{"all ready", Snapshot{Assessment: ready(), Answer: processed}, ExitDone, nil},
		{"only entries asked for", Snapshot{Answer: processed}, ExitDone, nil},
		{"a workload on its way", Snapshot{Assessment: workloads(readiness.Progressing), Answer: processed}, ExitPending, nil},
		{"a paused workload", Snapshot{Assessment: workloads(readiness.Paused), Answer: processed}, ExitPending, []Code{CodePaused}},
		{"a workload not proven ready", Snapshot{Assessment: workloads(readiness.Unknown), Answer: processed}, ExitPending, []Code{CodeStateUnclear}},
		{"a failed workload", Snapshot{Assessment: workloads(readiness.Failed), Answer: processed}, ExitFailed, []Code{CodeWorkloadFailed}},
		{"a workload to restart", Snapshot{Assessment: workloads(readiness.AwaitingRestart), Answer: processed}, ExitPending, []Code{CodeAwaitingRestart}},
		{"no workload is not success", Snapshot{Assessment: workloads(), Answer: processed}, ExitPending, []Code{CodeNoWorkloads}},

		{"an entry to do", Snapshot{Assessment: ready(), Answer: entries(pum.StateProcessed, pum.StateInit)}, ExitPending, nil},
		{"an entry retried", Snapshot{Assessment: ready(), Answer: entries(pum.StateTransientError)}, ExitPending, nil},
		{"an aborted entry", Snapshot{Assessment: ready(), Answer: entries(pum.StateInit, pum.StateAborted)}, ExitFailed, []Code{CodeEntryAborted}},
		{"an unknown state is not final", Snapshot{Assessment: ready(), Answer: entries("PAUSED")}, ExitPending, []Code{CodeUnknownState}},
		{"no entries is not success", Snapshot{Assessment: ready(), Answer: entries()}, ExitPending, []Code{CodeNoEntries}},
		{"no entries while the job runs", Snapshot{Assessment: withJobs(ready(), process(readiness.JobRunning)), Answer: entries()}, ExitPending, []Code{CodeNoEntries}},
		{"no entries once the job completed", Snapshot{Assessment: withJobs(ready(), process(readiness.JobComplete)), Answer: entries()}, ExitDone, nil},
		{"a complaint is only a warning", Snapshot{Answer: &pum.Answer{Entries: processed.Entries, Stderr: []byte("deprecated")}}, ExitDone, []Code{CodePUMComplains}},
		{"so is an exit code", Snapshot{Answer: &pum.Answer{Entries: processed.Entries, ExitCode: 1}}, ExitDone, []Code{CodePUMComplains}},
		{"text behind a whole list", Snapshot{Answer: &pum.Answer{Entries: processed.Entries, Ignored: "command terminated with exit code 1"}}, ExitDone, []Code{CodeTextIgnored}},
		{"a uid twice", Snapshot{Answer: &pum.Answer{Entries: append(slices.Clone(processed.Entries), processed.Entries...)}}, ExitDone, []Code{CodeUIDRepeated}},

		{"a job at work", Snapshot{Assessment: withJobs(ready(), process(readiness.JobRunning)), Answer: processed}, ExitPending, nil},
		{"a failed job", Snapshot{Assessment: withJobs(ready(), process(readiness.JobFailed)), Answer: processed}, ExitFailed, []Code{CodeJobFailed}},
		{"a job that cannot start", Snapshot{Assessment: withJobs(ready(), readiness.Job{Name: "twa-seed", State: readiness.JobRunning, Causes: []readiness.Cause{{Code: readiness.ImagePull, Permanent: true}}}), Answer: processed}, ExitFailed, []Code{CodeImagePull}},
		{"a job that waits for its probe and cannot recover", Snapshot{Assessment: withJobs(ready(), readiness.Job{Name: "twa-seed", State: readiness.JobRunning, Causes: []readiness.Cause{{Code: readiness.StartupProbe, Permanent: true}}}), Answer: processed}, ExitFailed, []Code{CodeJobFailed}},
		{"a suspended job", Snapshot{Assessment: withJobs(ready(), process(readiness.JobSuspended)), Answer: processed}, ExitPending, []Code{CodeJobSuspended}},

		{"PUM silent, workloads known", Snapshot{Assessment: ready(), AnswerErr: errNoAnswer}, ExitNoAnswer, []Code{CodeNoAnswer}},
		{"PUM cut short is no answer", Snapshot{Assessment: ready(), AnswerErr: fmt.Errorf("%w: %w", pum.ErrNoAnswer, &pum.IncompleteError{})}, ExitNoAnswer, []Code{CodeNoAnswer}},
		{"saved text cut short", Snapshot{AnswerErr: &pum.IncompleteError{}}, ExitNoAnswer, []Code{CodeNoAnswer}},
		{"too much saved text", Snapshot{AnswerErr: pum.ErrTooLarge}, ExitNoAnswer, []Code{CodeNoAnswer}},
		{"no pod to run a command in", Snapshot{AnswerErr: &podexec.NoPodError{Err: errNotFound}}, ExitNoAnswer, []Code{CodeNoAnswer}},
		{"a command that failed", Snapshot{AnswerErr: &podexec.ExitError{Code: 1}}, ExitNoAnswer, []Code{CodeNoAnswer}},
		{"no answer goes before failed", Snapshot{Assessment: workloads(readiness.Failed), AnswerErr: errNoAnswer}, ExitNoAnswer, []Code{CodeWorkloadFailed, CodeNoAnswer}},
		{"a lost pod is no answer, whatever its status", Snapshot{AnswerErr: fmt.Errorf("%w: %w", pum.ErrNoAnswer, errNotFound)}, ExitNoAnswer, []Code{CodeNoAnswer}},
		{"forbidden goes before not found", Snapshot{AssessmentErr: errNotFound, AnswerErr: errForbidden}, ExitForbidden, []Code{CodeNotFound, CodeForbidden}},
		{"not found goes before no answer", Snapshot{AssessmentErr: errNotFound, AnswerErr: errNoAnswer}, ExitNotFound, []Code{CodeNotFound, CodeNoAnswer}},
		{"not logged in", Snapshot{AnswerErr: apierrors.NewUnauthorized("who?")}, ExitForbidden, []Code{CodeNotLoggedIn}},
		{"no client certificate", Snapshot{AnswerErr: fmt.Errorf("get: %w", &net.OpError{Op: "remote error", Err: errors.New("tls: certificate required")})}, ExitForbidden, []Code{CodeNotLoggedIn}},
		{"other TLS", Snapshot{AnswerErr: fmt.Errorf("get: %w", &net.OpError{Op: "remote error", Err: errors.New("tls: handshake failure")})}, ExitError, []Code{CodeUnreachable}},
		{"anonymous", Snapshot{AnswerErr: apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "a", errors.New(`User "system:anonymous" cannot get resource`))}, ExitForbidden, []Code{CodeNotLoggedIn}},
		{"somebody", Snapshot{AnswerErr: apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "a", errors.New(`User "system:anonymous2" cannot get resource`))}, ExitForbidden, []Code{CodeForbidden}},
		{"a policy denies", Snapshot{AnswerErr: fmt.Errorf("exec: %w", &podexec.PolicyError{Err: errors.New("denied")})}, ExitForbidden, []Code{CodeDenied}},
		{"nothing was observed", Snapshot{}, ExitError, nil},
		{"no connection", Snapshot{AssessmentErr: errors.New("refused"), AnswerErr: errors.New("refused")}, ExitError, []Code{CodeUnreachable, CodeUnreachable}},
		{"text not understood", Snapshot{AnswerErr: &pum.SyntaxError{}}, ExitError, []Code{CodeNotUnderstood}},

		{"the documented account may not read StrimziPodSets", Snapshot{Assessment: withGap(ready(), "StrimziPodSet", readiness.Forbidden), Answer: processed}, ExitDone, []Code{CodeKindNotRead}},
		{"a kind not served", Snapshot{Assessment: withGap(ready(), "Kafka", readiness.NotServed), Answer: processed}, ExitDone, []Code{CodeKindNotRead}},
		{"a kind not answered", Snapshot{Assessment: withGap(ready(), "Kafka", readiness.ReadFailed), Answer: processed}, ExitError, []Code{CodeKindNotRead}},
		{"node pools not served are no news", Snapshot{Assessment: withGap(ready(), "KafkaNodePool", readiness.NotServed), Answer: processed}, ExitDone, nil},
		{"nor are those that may not be read", Snapshot{Assessment: withGap(ready(), "KafkaNodePool", readiness.Forbidden), Answer: processed}, ExitDone, nil},
		{"node pools not answered", Snapshot{Assessment: withGap(ready(), "KafkaNodePool", readiness.ReadFailed), Answer: processed}, ExitError, []Code{CodeKindNotRead}},
		{"jobs may not be read", Snapshot{Assessment: withGap(ready(), "Job", readiness.Forbidden), Answer: processed}, ExitForbidden, []Code{CodeForbidden}},
		{"what may not be read may be there", Snapshot{Assessment: withGap(workloads(), "StatefulSet", readiness.Forbidden), Answer: processed}, ExitForbidden, []Code{CodeForbidden}},
		{"no workload, whatever else may not be read", Snapshot{Assessment: withGap(workloads(), "StrimziPodSet", readiness.Forbidden), Answer: processed}, ExitPending, []Code{CodeNoWorkloads, CodeKindNotRead}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := Judge(tt.in)
			var codes []Code
			for _, f := range v.Findings {
				codes = append(codes, f.Code)
			}
			if v.ExitCode != tt.want {
				t.Errorf("exit code = %d, want %d", v.ExitCode, tt.want)
			}
			if diff := cmp.Diff(tt.codes, codes); diff != "" {
				t.Errorf("codes of the findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOutcomeFollowsTheExitCode(t *testing.T) {
	want := map[ExitCode]Outcome{
		ExitDone: OutcomeDone, ExitWarnings: OutcomeDone,
		ExitFailed: OutcomeFailed, ExitPending: OutcomePending,
		ExitError: OutcomeUnknown, ExitForbidden: OutcomeUnknown,
		ExitNoAnswer: OutcomeUnknown, ExitNotFound: OutcomeUnknown,
	}
	for code, outcome := range want {
		if got := code.outcome(); got != outcome {
			t.Errorf("outcome of %d = %s, want %s", code, got, outcome)
		}
	}
}

// The order is that of the exit codes in the documentation.
func TestGraverCodeDecides(t *testing.T) {
	order := []ExitCode{2, 4, 6, 5, 1, 3, 7, 124, 8, 9, 0}
	for i, a := range order {
		for _, b := range order[i:] {
			if graver(a, b) != a || graver(b, a) != a {
				t.Errorf("of %d and %d, %d must decide", a, b, a)
			}
		}
	}
}

func TestFailOnWarning(t *testing.T) {
	warned := &pum.Answer{Entries: entries(pum.StateProcessed).Entries, Stderr: []byte("deprecated")}
	tests := []struct {
		name  string
		in    Snapshot
		level Level
		want  ExitCode
	}{
		{"a warning", Snapshot{Answer: warned}, LevelWarning, ExitWarnings},
		{"a warning that nobody minds", Snapshot{Answer: warned}, LevelError, ExitDone},
		{"none", Snapshot{Answer: entries(pum.StateProcessed)}, LevelWarning, ExitDone},
		{"a note is no warning", Snapshot{Assessment: withGap(workloads(readiness.Ready), "Kafka", readiness.NotServed)}, LevelWarning, ExitDone},
		{"pending stays", Snapshot{Answer: entries()}, LevelWarning, ExitPending},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Judge(tt.in).FailOn(tt.level); got.ExitCode != tt.want || got.Outcome != got.ExitCode.outcome() {
				t.Errorf("exit code %d, outcome %s, want %d", got.ExitCode, got.Outcome, tt.want)
			}
		})
	}
}

func TestWhatToAskNextOfPUM(t *testing.T) {
	silent := func(err *podexec.NoPodError) Snapshot {
		return Snapshot{AnswerErr: fmt.Errorf("%w: %w", pum.ErrNoAnswer, err)}
	}
	role := []string{"kubectl tpe doctor --role -n tpe"}
	for _, tt := range []struct {
		in   Snapshot
		want []string
	}{
		{silent(&podexec.NoPodError{Deployment: "pum", Pod: "pum-1", NotStarted: true, Err: errors.New("no image")}), []string{"kubectl describe pod pum-1 -n tpe"}},
		{silent(&podexec.NoPodError{Deployment: "pum", Pod: "pum-1", Err: errors.New("not ready")}), []string{"kubectl logs pum-1 -n tpe", "kubectl describe pod pum-1 -n tpe"}},
		{silent(&podexec.NoPodError{Deployment: "pum", Err: errors.New("no pods")}), []string{"kubectl describe deployment pum -n tpe"}},
		{silent(&podexec.NoPodError{Deployment: "pum", Err: fmt.Errorf("pum is %w", podexec.ErrScaledToZero)}), []string{"kubectl scale deployment pum --replicas=1 -n tpe"}},
		{Snapshot{AnswerErr: errForbidden}, role},
		{Snapshot{Assessment: withGap(workloads(readiness.Ready), "Job", readiness.Forbidden), Answer: entries(pum.StateProcessed)}, role},
	} {
		tt.in.Where = command.Where{Namespace: "tpe"}
		v := Judge(tt.in)
		if diff := cmp.Diff(tt.want, v.Findings[0].Next); diff != "" {
			t.Errorf("next (-want +got):\n%s", diff)
		}
	}
}
