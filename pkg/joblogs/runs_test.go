// SPDX-License-Identifier: Apache-2.0

package joblogs

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kubejob"
)

// Runs of several containers come in the order of the attempts.
func TestRunsInTheOrderOfAttempts(t *testing.T) {
	of := func(name string, restarts int32) kubejob.Container {
		return kubejob.Container{Name: name, Status: corev1.ContainerStatus{RestartCount: restarts}}
	}
	var got []string
	for _, r := range runsOf(kubejob.Pod{Pod: &corev1.Pod{}, Containers: []kubejob.Container{of("a", 2), of("b", 1)}}, 4) {
		got = append(got, fmt.Sprintf("%d %s", r.Attempt, r.Container))
	}
	if text := strings.Join(got, ", "); text != "5 a, 5 b, 6 a, 6 b, 7 a" {
		t.Error(text)
	}
}

// Which containers are started again, and which are about to be.
func TestWhatIsStartedAgain(t *testing.T) {
	const never, onFailure = corev1.RestartPolicyNever, corev1.RestartPolicyOnFailure
	for _, tt := range []struct {
		name                 string
		policy               corev1.RestartPolicy
		phase                corev1.PodPhase
		init                 bool
		role                 kubejob.Role
		exit                 int32
		restarts, restarting bool
	}{
		{"never", never, corev1.PodRunning, false, kubejob.Main, 1, false, false},
		{"never, an init container", never, corev1.PodRunning, true, kubejob.Init, 1, false, false},
		{"never, but a sidecar", never, corev1.PodRunning, true, kubejob.Sidecar, 1, true, true},
		{"never, and a sidecar that is none of Kubernetes", never, corev1.PodRunning, false, kubejob.Sidecar, 1, false, false},
		{"after a failure", onFailure, corev1.PodRunning, false, kubejob.Main, 1, true, true},
		{"after a success", onFailure, corev1.PodRunning, false, kubejob.Main, 0, true, false},
		{"a sidecar after a success", onFailure, corev1.PodRunning, true, kubejob.Sidecar, 0, true, true},
		{"in a pod that ended", onFailure, corev1.PodFailed, false, kubejob.Main, 1, true, false},
	} {
		pod := kubejob.Pod{Pod: &corev1.Pod{Spec: corev1.PodSpec{RestartPolicy: tt.policy}, Status: corev1.PodStatus{Phase: tt.phase}}}
		c := kubejob.Container{Name: "c", Init: tt.init, Role: tt.role}
		c.Status.State.Terminated = &corev1.ContainerStateTerminated{ExitCode: tt.exit}
		if r := runOf(pod, c, 0, 1); r.restarts != tt.restarts || r.restarting != tt.restarting {
			t.Errorf("%s: started again %v, about to be %v", tt.name, r.restarts, r.restarting)
		}
	}
}

// Why a run ended, unless the exit code says as much; and why one has not begun.
func TestReasonsOfRuns(t *testing.T) {
	for _, tt := range []struct{ reason, message, want string }{
		{"Completed", "", ""}, {"Completed", "done", "done"}, {"Error", "no space left", "no space left"}, {"OOMKilled", "", "OOMKilled"}, {"OOMKilled", "x", "OOMKilled: x"},
	} {
		var r Run
		if r.end(&corev1.ContainerStateTerminated{Reason: tt.reason, Message: tt.message}); r.Reason != tt.want {
			t.Errorf("%s, %s: %q, want %q", tt.reason, tt.message, r.Reason, tt.want)
		}
	}
	waits := &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}
	condition := func(kind corev1.PodConditionType, status corev1.ConditionStatus) []corev1.PodCondition {
		return []corev1.PodCondition{{Type: kind, Status: status, Reason: "Unschedulable", Message: "0/3 nodes", LastTransitionTime: metav1.Now()}}
	}
	for _, tt := range []struct {
		name    string
		status  corev1.PodStatus
		waiting *corev1.ContainerStateWaiting
		state   RunState
		want    string
	}{
		{"nothing is known", corev1.PodStatus{}, nil, Waiting, ""},
		{"it waits", corev1.PodStatus{}, waits, Waiting, "ContainerCreating"},
		{"on no node", corev1.PodStatus{Conditions: condition(corev1.PodScheduled, corev1.ConditionFalse)}, nil, Waiting, "Unschedulable: 0/3 nodes"},
		{"on a node", corev1.PodStatus{Conditions: condition(corev1.PodScheduled, corev1.ConditionTrue)}, waits, Waiting, "ContainerCreating"},
		{"not ready", corev1.PodStatus{Conditions: condition(corev1.PodReady, corev1.ConditionFalse)}, waits, Waiting, "ContainerCreating"},
		{"it ended", corev1.PodStatus{Phase: corev1.PodFailed, Reason: "Evicted", Message: "disk"}, waits, Gone, "it never started: Failed: Evicted: disk"},
	} {
		var r Run
		if r.notStarted(kubejob.Pod{Pod: &corev1.Pod{Status: tt.status}}, tt.waiting); r.State != tt.state || r.Reason != tt.want {
			t.Errorf("%s: %s, %q, want %s, %q", tt.name, r.State, r.Reason, tt.state, tt.want)
		}
	}
}
