// SPDX-License-Identifier: Apache-2.0

package joblogs

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kubejob"
)

func TestTell(t *testing.T) {
	tests := []struct {
		name string
		edit func(n *node)
		want []string
	}{
		{"pods in the order of their starts", func(n *node) {
			n.exit(n.start("z", corev1.RestartPolicyNever), 1)
			n.pods[0].CreationTimestamp = metav1.NewTime(time.Now().Add(-time.Hour))
			n.start("a", corev1.RestartPolicyNever)
		}, []string{"1 z pum-process Ended", "2 a pum-process Running"}},
		{"restarts of a container", func(n *node) {
			pod := n.start("a", corev1.RestartPolicyOnFailure)
			for range 3 {
				n.exit(pod, 1)
				n.begin(pod)
			}
		}, []string{"1 a pum-process Gone", "2 a pum-process Gone", "3 a pum-process Ended previous", "4 a pum-process Running"}},
		{"a container that waits to be started again", func(n *node) {
			pod := n.start("a", corev1.RestartPolicyOnFailure)
			n.exit(pod, 1)
			n.begin(pod)
			n.exit(pod, 1)
			st := &pod.Status.ContainerStatuses[0]
			st.LastTerminationState, st.State = st.State, corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}}
		}, []string{"1 a pum-process Gone", "2 a pum-process Ended"}},
		{"init containers first, sidecars last", func(n *node) {
			pod := n.start("a", corev1.RestartPolicyNever)
			pod.Spec.InitContainers = []corev1.Container{{Name: "proxy", RestartPolicy: new(corev1.ContainerRestartPolicyAlways)}, {Name: "wait"}}
			pod.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "wait", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}}
		}, []string{"1 a wait Running", "1 a pum-process Running", "1 a proxy Waiting"}},
		{"a pod that ended before its container began", func(n *node) {
			pod := n.start("a", corev1.RestartPolicyNever)
			pod.Status.ContainerStatuses = nil
			pod.Status.Phase, pod.Status.Reason = corev1.PodFailed, "Evicted"
		}, []string{"1 a pum-process Gone"}},
		{"pods that are gone", func(n *node) {
			n.start("c", corev1.RestartPolicyNever)
			n.job.Status.Failed = 3
			n.events = []corev1.Event{made("1", "c", 3), made("1", "b", 2), made("1", "a", 1), made("other", "x", 0)}
		}, []string{"1   Gone", "2 a  Gone", "3 b  Gone", "4 c pum-process Running"}},
		{"pods of a job of the same name before", func(n *node) {
			n.start("a", corev1.RestartPolicyNever)
			n.job.UID = "2"
			n.job.Status.Active = 0
		}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := newNode()
			tt.edit(n)
			pods, _ := n.Pods(t.Context(), "")
			var got []string
			for _, r := range Describe(n.job, pods, n.events).Runs {
				text := fmt.Sprintf("%d %s %s %s", r.Attempt, r.Pod, r.Container, r.State)
				if r.previous {
					text += " previous"
				}
				got = append(got, text)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("runs (-want +got):\n%s", diff)
			}
		})
	}
}

// made is the event that the job's controller made a pod.
func made(job, pod string, second int64) corev1.Event {
	e := corev1.Event{Reason: "SuccessfulCreate", Message: "Created pod: " + pod, FirstTimestamp: metav1.Unix(second, 0)}
	e.InvolvedObject.UID = "1"
	if job != "1" {
		e.InvolvedObject.UID = "other"
	}
	return e
}

// A job with a selector of its own has pods without the label of its name.
func TestPodsAreAskedForByTheSelectorOfTheJob(t *testing.T) {
	job := newNode().job
	job.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": "x"}}
	if got := selectorOf(job); got != "job-name=pum-process" {
		t.Errorf("selector %q", got)
	}
	job.Spec.ManualSelector = new(true)
	if got := selectorOf(job); got != "app=x" {
		t.Errorf("selector %q, want the job's own", got)
	}
}

// What runs has not ended, and a pod with sidecars alone is no end either.
func TestWaitingFor(t *testing.T) {
	for want, h := range map[string]JobHistory{
		"attempt 1 has not started":                           {},
		"attempt 2 has not started":                           {Attempts: 2, Runs: []Run{{Kind: kubejob.Sidecar, State: Running}}},
		"attempt 2 is running":                                {Attempts: 2, Runs: []Run{{State: Ended, ExitCode: 1}, {State: Running}}},
		"attempt 1 ended, and the next one has not started":   {Attempts: 1, Runs: []Run{{State: Ended, ExitCode: 1}}},
		"attempt 1 succeeded, and the job has not ended yet":  {Attempts: 1, Runs: []Run{{State: Ended}}},
		"attempt 1 has not started: pod p: ContainerCreating": {Attempts: 1, Runs: []Run{{Attempt: 1, Pod: "p", State: Waiting, Reason: "ContainerCreating"}}},
	} {
		if got := waitingFor(h); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
