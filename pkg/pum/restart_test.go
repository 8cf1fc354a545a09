// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

func at(uid int64, state State, timestamp string, errors, iterations int64) Entry {
	return Entry{
		UID: uid, State: state, Final: state.Final(), StateTimestamp: &timestamp,
		ErrorCounter: &errors, IterationCounter: &iterations,
	}
}

func TestRunAgain(t *testing.T) {
	entries := []Entry{
		at(1, StateProcessed, "t", 0, 1), at(2, StateAborted, "t", 3, 3), at(3, StateSkipped, "t", 0, 0),
		at(4, StateInit, "t", 0, 0), at(5, "NEW", "t", 0, 0),
	}
	var uids []int64
	for _, e := range RunAgain(entries) {
		uids = append(uids, e.UID)
	}
	if diff := cmp.Diff([]int64{2, 4, 5}, uids); diff != "" {
		t.Errorf("uids (-want +got):\n%s", diff)
	}
}

func TestProcessIsAtWorkUntilItSucceeded(t *testing.T) {
	const failed, succeeded, running = corev1.PodFailed, corev1.PodSucceeded, corev1.PodRunning
	for _, tt := range []struct {
		phases []corev1.PodPhase
		want   bool
	}{
		{nil, false},
		{[]corev1.PodPhase{corev1.PodPending}, true},
		{[]corev1.PodPhase{failed, running}, true},
		{[]corev1.PodPhase{failed}, true}, // until its job tries again
		{[]corev1.PodPhase{failed, succeeded}, false},
		{[]corev1.PodPhase{succeeded, running}, true}, // of two jobs
	} {
		var pods []corev1.Pod
		for _, phase := range tt.phases {
			pods = append(pods, corev1.Pod{Status: corev1.PodStatus{Phase: phase}})
		}
		if got := processOf(pods).AtWork; got != tt.want {
			t.Errorf("%v: at work = %v, want %v", tt.phases, got, tt.want)
		}
	}
}

func TestProcessOfAJob(t *testing.T) {
	condition := func(kind batchv1.JobConditionType) *batchv1.Job {
		return &batchv1.Job{Status: batchv1.JobStatus{Conditions: []batchv1.JobCondition{{Type: kind, Status: corev1.ConditionTrue}}}}
	}
	for name, tt := range map[string]struct {
		job  *batchv1.Job
		want bool
	}{
		"none":          {nil, false},
		"without pods":  {&batchv1.Job{}, true},
		"complete":      {condition(batchv1.JobComplete), false},
		"failed":        {condition(batchv1.JobFailed), false},
		"suspended":     {condition(batchv1.JobSuspended), true},
		"about to fail": {condition(batchv1.JobFailureTarget), true},
	} {
		if got := (Process{}).of(tt.job); got.AtWork != tt.want || !got.Read {
			t.Errorf("%s: at work = %v, read = %v, want %v, true", name, got.AtWork, got.Read, tt.want)
		}
	}
}

func TestEvidence(t *testing.T) {
	second := func(n int) time.Time { return time.Date(2026, 1, 1, 0, 0, n, 0, time.UTC) }
	stamp := func(n int) string { return second(n).Format(time.RFC3339) }
	moment := func(p Process, entries ...Entry) Moment { return Moment{second(10), entries, p} }
	created := func(e Entry, n int) Entry {
		text := stamp(n)
		e.CreationTimestamp = &text
		return e
	}
	job := func(uid types.UID, created int, atWork bool, pods ...ProcessPod) Process {
		return Process{Job: uid, CreatedAt: second(created), Read: true, AtWork: atWork, Pods: pods}
	}
	idle, busy, none := job("1", 0, false), job("1", 0, true), Process{Read: true}
	unread := func(pods ...ProcessPod) Process { return Process{Pods: pods} }
	old, first := ProcessPod{"old", "1", second(0)}, ProcessPod{"first", "1", second(11)}
	aborted := at(4, StateAborted, stamp(5), 3, 3)
	tests := []struct {
		name          string
		before, after Moment
		want          []string
	}{
		{"nothing changed", moment(idle, aborted), moment(idle, aborted), nil},
		{"an entry left a final state", moment(busy, aborted), moment(busy, at(4, StateInit, stamp(11), 3, 3)), []string{"entry 4 ABORTED -> INIT"}},
		{"and its time stayed", moment(busy, aborted), moment(busy, at(4, StateInit, stamp(5), 3, 3)), []string{"entry 4 ABORTED -> INIT"}},
		{"but its time went back", moment(idle, aborted), moment(idle, at(4, StateInit, stamp(4), 3, 3)), nil},
		{"work under way is no proof", moment(busy, at(4, StatePartiallyProcessed, stamp(5), 0, 1)), moment(busy, at(4, StatePartiallyProcessed, stamp(11), 0, 2)), nil},
		{"nor is a POST in progress, whatever the job is", moment(idle, at(4, StateInProgress, stamp(5), 0, 1)), moment(idle, at(4, StateProcessed, stamp(11), 0, 2)), nil},
		{"nor is it while the job has no pod yet", moment(job("1", 9, true), at(4, StateInit, stamp(5), 0, 0)), moment(job("1", 9, true, first), at(4, StateInProgress, stamp(11), 0, 1)), nil},
		{"work out of nothing is", moment(idle, at(4, StatePartiallyProcessed, stamp(5), 0, 2)), moment(idle, at(4, StatePartiallyProcessed, stamp(11), 0, 3)), []string{"entry 4 PARTIALLY_PROCESSED, processed again"}},
		{"errors that were cleared, by work that succeeded", moment(busy, at(4, StateTransientError, stamp(5), 2, 2)), moment(busy, at(4, StatePartiallyProcessed, stamp(11), 0, 3)), nil},
		{"iterations that did not", moment(busy, at(4, StateInit, stamp(5), 2, 2)), moment(busy, at(4, StateInit, stamp(5), 3, 2)), nil},
		{"iterations that began again", moment(busy, at(4, StateInit, stamp(5), 2, 2)), moment(busy, at(4, StateInit, stamp(5), 2, 0)), []string{"entry 4 INIT, processed again"}},
		{"a new entry", moment(busy, aborted), moment(busy, aborted, created(at(9, StateInit, "", 0, 0), 11)), []string{"entry 9 is new, INIT"}},
		{"a new entry that is older", moment(busy, aborted), moment(busy, aborted, created(at(9, StateInit, "", 0, 0), 4)), nil},
		{"a new entry without a time", moment(busy, aborted), moment(busy, aborted, at(9, StateInit, "", 0, 0)), nil},
		{"the first entries of all, which an upgrade adds", moment(none), moment(none, created(at(9, StateInit, "", 0, 0), 11)), nil},
		{"an entry that is gone", moment(idle, aborted), moment(idle), nil},
		{"a uid that is given again", moment(idle, created(aborted, 1)), moment(idle, created(at(4, StateInit, "", 0, 0), 11)), []string{"entry 4 is new, INIT"}},
		{"a uid twice, in another order", moment(idle, aborted, at(4, StateInit, stamp(5), 0, 0)), moment(idle, at(4, StateInit, stamp(5), 0, 0), aborted), nil},
		{"a new job", moment(busy), moment(job("2", 10, true)), []string{"new job pum-process"}},
		{"a job where none was", moment(none), moment(job("2", 12, true)), []string{"new job pum-process"}},
		{"a job as old as the clocks may differ", moment(none), moment(job("2", 8, true)), []string{"new job pum-process"}},
		{"a job that was there, by the clock", moment(none), moment(job("2", 7, true)), nil},
		{"the first pod of a job that was there", moment(busy), moment(job("1", 0, true, first)), nil},
		{"the next pod of a job that was there", moment(job("1", 0, true, old)), moment(job("1", 0, true, first, old)), nil},
		{"a job that is gone", moment(idle), moment(none), nil},
		{"jobs not read, a pod of another job", moment(unread(old)), moment(unread(ProcessPod{"new", "2", second(10)}, old)), []string{"new job pod new"}},
		{"jobs not read, that pod is older", moment(unread(old)), moment(unread(ProcessPod{"new", "2", second(7)}, old)), nil},
		{"jobs not read, the next pod of the job", moment(unread(old)), moment(unread(first, old)), nil},
		{"jobs not read, the first pod of all", moment(unread()), moment(unread(first)), nil},
		{"jobs not read before", moment(unread()), moment(job("1", 0, true, first)), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, Evidence(tt.before, tt.after)); diff != "" {
				t.Errorf("evidence (-want +got):\n%s", diff)
			}
		})
	}
}

// A restart that did not run says what came of each spelling.
func TestRestartSaysWhatCame(t *testing.T) {
	for name, tt := range map[string]struct {
		run  run
		want string
	}{
		"an exit code": {crio("restart"), `no answer from PUM: run "restart" in pod pum-x: exit code 255: exec failed: exec: "restart": executable file not found in $PATH`},
		"an error":     {missing("restart"), `no answer from PUM: run "restart" in pod pum-x: ` + missing("restart").err.Error()},
	} {
		_, err := (&Client{Runner: &fakePod{runs: []run{tt.run}}}).Restart(t.Context(), [][]string{{"restart"}})
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
}

func TestRestartIsSentOnce(t *testing.T) {
	const first, second = "restart", "/nodejs/bin/node app.js restart"
	unknown := []string{"cat", "entries"} // with which the entries were read
	tests := []struct {
		name   string
		status []string
		runs   []run
		asked  []string
		is     error
	}{
		{"taken", []string{"status"}, []run{prints("ok")}, []string{first}, nil},
		{"as the read went", []string{"/nodejs/bin/node", "app.js", "display"}, []run{prints("ok")}, []string{second}, nil},
		{"connection lost", unknown, []run{lost, prints("ok")}, []string{first}, lost.err},
		{"killed", unknown, []run{exits(137, ""), prints("ok")}, []string{first}, nil},
		{"failed with words that may be its own", unknown, []run{exits(127, "not found"), prints("ok")}, []string{first}, nil},
		{"denied", unknown, []run{denied, prints("ok")}, []string{first}, denied.err},
		{"a certificate that is refused", unknown, []run{expired, prints("ok")}, []string{first}, expired.err},
		{"no pod", unknown, []run{noPod, prints("ok")}, []string{first}, ErrNoAnswer},
		{"the second spelling", unknown, []run{missing("restart"), prints("ok")}, []string{first, second}, nil},
		{"the second spelling, CRI-O", unknown, []run{crio("restart"), prints("ok")}, []string{first, second}, nil},
		{"no spelling", unknown, []run{missing("restart")}, []string{first, second}, ErrNoAnswer},
		{"not the spelling of the read", []string{"status"}, []run{crio("restart")}, []string{first}, ErrNoAnswer},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pod := &fakePod{runs: tt.runs}
			_, err := (&Client{Runner: pod}).Restart(t.Context(), RestartCommands(tt.status))
			if !errors.Is(err, tt.is) {
				t.Errorf("error = %v, want %v", err, tt.is)
			}
			if diff := cmp.Diff(tt.asked, pod.asked); diff != "" {
				t.Errorf("commands (-want +got):\n%s", diff)
			}
		})
	}
}
