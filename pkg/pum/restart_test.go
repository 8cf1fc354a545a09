// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
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

func TestEvidence(t *testing.T) {
	moment := func(p Process, entries ...Entry) Moment { return Moment{entries, p} }
	idle := Process{Pods: []ProcessPod{{"old", "1"}}}
	busy := Process{Pods: []ProcessPod{{"old", "1"}}, AtWork: true}
	tests := []struct {
		name          string
		before, after Moment
		want          []string
	}{
		{"nothing changed", moment(idle, at(4, StateAborted, "t", 3, 3)), moment(idle, at(4, StateAborted, "t", 3, 3)), nil},
		{"an entry left a final state", moment(busy, at(4, StateAborted, "t", 3, 3)), moment(busy, at(4, StateInit, "u", 3, 3)), []string{"entry 4 ABORTED -> INIT"}},
		{"work under way is no proof", moment(busy, at(4, StateInProgress, "t", 0, 1)), moment(busy, at(4, StatePartiallyProcessed, "u", 0, 2)), nil},
		{"work out of nothing is", moment(idle, at(4, StatePartiallyProcessed, "t", 0, 2)), moment(idle, at(4, StatePartiallyProcessed, "u", 0, 3)), []string{"entry 4 PARTIALLY_PROCESSED, worked on again"}},
		{"a counter that went down", moment(busy, at(4, StateInit, "t", 2, 2)), moment(busy, at(4, StateInit, "t", 0, 2)), []string{"entry 4 INIT, worked on again"}},
		{"iterations that went down", moment(busy, at(4, StateInit, "t", 2, 2)), moment(busy, at(4, StateInit, "t", 2, 0)), []string{"entry 4 INIT, worked on again"}},
		{"a new entry", moment(busy), moment(busy, at(9, StateInit, "t", 0, 0)), []string{"entry 9 is new, INIT"}},
		{"an entry that is gone proves nothing", moment(idle, at(9, StateInit, "t", 0, 0)), moment(idle), nil},
		{"a new pod", moment(busy), moment(Process{Pods: []ProcessPod{{"new", "2"}, {"old", "1"}}}), []string{"new job pod new"}},
		{"the next pod of a job that tries again", moment(busy), moment(Process{Pods: []ProcessPod{{"new", "1"}, {"old", "1"}}}), nil},
		{"a pod that is gone", moment(idle), moment(Process{}), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, Evidence(tt.before, tt.after)); diff != "" {
				t.Errorf("evidence (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRestartIsSentOnce(t *testing.T) {
	tests := []struct {
		name  string
		runs  []run
		asked []string
		is    error
	}{
		{"taken", []run{prints("ok")}, []string{"restart"}, nil},
		{"connection lost", []run{lost, prints("ok")}, []string{"restart"}, lost.err},
		{"killed", []run{exits(137, ""), prints("ok")}, []string{"restart"}, nil},
		{"the second spelling", []run{missing("restart"), prints("ok")}, []string{"restart", "/nodejs/bin/node app.js restart"}, nil},
		{"no spelling", []run{missing("restart")}, []string{"restart", "/nodejs/bin/node app.js restart"}, ErrNoAnswer},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pod := &fakePod{runs: tt.runs}
			_, err := (&Client{Runner: pod}).Restart(t.Context(), RestartCommands())
			if !errors.Is(err, tt.is) {
				t.Errorf("error = %v, want %v", err, tt.is)
			}
			if diff := cmp.Diff(tt.asked, pod.asked); diff != "" {
				t.Errorf("commands (-want +got):\n%s", diff)
			}
		})
	}
}
