// SPDX-License-Identifier: Apache-2.0

package joblogs

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kubejob"
)

// mostGone is how many runs whose logs are gone are listed one by one. A
// container may have been started again any number of times.
const mostGone = 10

const keptLogs = "a node keeps the logs of a container's last two runs at most"

// runsOf returns the runs of a pod's containers, in the order of their
// attempts. A restart of a main container is an attempt; init containers that
// are restarted, and sidecars, stay in the pod's first.
func runsOf(pod kubejob.Pod, before int) []Run {
	var runs []Run
	for _, c := range pod.Containers {
		main, oldest := c.Role == kubejob.Main, 0
		if restarts := c.Restarts(); restarts-1 > mostGone {
			oldest = restarts - 1
			gone := Run{Attempt: before + 1, To: before + 1, Pod: pod.Name, Container: c.Name, Kind: c.Role, State: Gone, Reason: keptLogs}
			gone.pod, gone.restart = pod.UID, oldest-1
			if main {
				gone.To = before + oldest
			}
			runs = append(runs, gone)
		}
		for restart := oldest; restart <= c.Restarts(); restart++ {
			attempt := before + 1
			if main {
				attempt += restart
			}
			runs = append(runs, runOf(pod, c, restart, attempt))
		}
	}
	slices.SortStableFunc(runs, func(a, b Run) int { return a.Attempt - b.Attempt })
	return runs
}

// runOf returns one run of a container: the status has the state of the last one and the end
// of the one before, and the node keeps no other log.
func runOf(pod kubejob.Pod, c kubejob.Container, restart, attempt int) Run {
	r := Run{Attempt: attempt, Pod: pod.Name, Container: c.Name, Kind: c.Role, pod: pod.UID, restart: restart}
	r.restarts = pod.Spec.RestartPolicy != corev1.RestartPolicyNever || c.Init && c.Role == kubejob.Sidecar
	st, last := c.Status, c.Restarts()
	ended := st.LastTerminationState.Terminated
	switch {
	case restart < last-1, restart < last && ended == nil,
		restart < last && st.State.Waiting != nil && ended != nil:
		// The restart of a container that waits for it is not counted yet: what ended last is
		// the run with the current count.
		r.State, r.Reason = Gone, keptLogs
	case restart < last:
		r.previous = true
		r.end(ended)
	case st.State.Running != nil:
		r.State, r.StartedAt = Running, st.State.Running.StartedAt.Time
	case st.State.Terminated != nil:
		r.end(st.State.Terminated)
		r.restarting = r.restarts && !pod.Ended() && (r.ExitCode != 0 || c.Role == kubejob.Sidecar)
	case ended != nil:
		r.end(ended)
		r.restarting = r.restarts
	default:
		r.notStarted(pod, st.State.Waiting)
	}
	return r
}

func (r *Run) end(t *corev1.ContainerStateTerminated) {
	r.State, r.ExitCode, r.StartedAt, r.EndedAt = Ended, t.ExitCode, t.StartedAt.Time, t.FinishedAt.Time
	r.Reason = joined(t.Reason, t.Message)
	if t.Reason == "Completed" || t.Reason == "Error" {
		r.Reason = t.Message // the exit code says as much
	}
}

// notStarted says why a run has not begun. In a pod that ended it never will.
func (r *Run) notStarted(pod kubejob.Pod, w *corev1.ContainerStateWaiting) {
	r.State = Waiting
	if w != nil {
		r.Reason = joined(w.Reason, w.Message)
	}
	if pod.Ended() {
		r.State, r.Reason = Gone, "it never started: "+joined(string(pod.Status.Phase), joined(pod.Status.Reason, pod.Status.Message))
		return
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			r.Reason = joined(c.Reason, c.Message)
		}
	}
}
