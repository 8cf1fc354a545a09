// SPDX-License-Identifier: Apache-2.0

package joblogs

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// A container is one of a pod, and what the node says of it.
type container struct {
	name   string
	kind   ContainerKind
	status corev1.ContainerStatus
}

// containersOf returns a pod's containers in the order of their logs: those
// that come before the main ones, the main ones, those beside them.
func containersOf(pod *corev1.Pod) []container {
	var first, last []container
	for _, c := range pod.Spec.InitContainers {
		found := container{c.Name, InitContainer, statusOf(c.Name, pod.Status.InitContainerStatuses)}
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			found.kind = Sidecar
			last = append(last, found)
		} else {
			first = append(first, found)
		}
	}
	for _, c := range pod.Spec.Containers {
		first = append(first, container{c.Name, MainContainer, statusOf(c.Name, pod.Status.ContainerStatuses)})
	}
	return append(first, last...)
}

func statusOf(name string, all []corev1.ContainerStatus) corev1.ContainerStatus {
	i := slices.IndexFunc(all, func(s corev1.ContainerStatus) bool { return s.Name == name })
	if i < 0 {
		return corev1.ContainerStatus{State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{}}}
	}
	return all[i]
}

// runsOf returns the runs of a pod's containers, and how many attempts they
// are. A restart of a main container is an attempt; init containers that are
// restarted, and sidecars, stay in the pod's first.
func runsOf(pod *corev1.Pod, before int) ([]Run, int) {
	all := containersOf(pod)
	attempts := int32(1)
	for _, c := range all {
		if c.kind == MainContainer {
			attempts = max(attempts, c.status.RestartCount+1)
		}
	}
	var runs []Run
	for n := range attempts {
		for _, c := range all {
			switch {
			case c.kind == MainContainer && n <= c.status.RestartCount:
				runs = append(runs, runOf(pod, c, n, before+int(n)+1))
			case c.kind != MainContainer && n == 0:
				for restart := range c.status.RestartCount + 1 {
					runs = append(runs, runOf(pod, c, restart, before+1))
				}
			}
		}
	}
	return runs, int(attempts)
}

// runOf returns one run of a container: the node tells how the last one is
// and how the one before ended, and keeps no other log.
func runOf(pod *corev1.Pod, c container, restart int32, attempt int) Run {
	r := Run{Attempt: attempt, Pod: pod.Name, Container: c.name, Kind: c.kind, pod: pod.UID, restart: restart}
	r.restarts = pod.Spec.RestartPolicy != corev1.RestartPolicyNever || c.kind == Sidecar
	st := c.status
	ended := st.LastTerminationState.Terminated
	switch {
	case restart < st.RestartCount-1, restart < st.RestartCount && ended == nil,
		restart < st.RestartCount && st.State.Waiting != nil && ended != nil:
		// A container that waits to be started again has not been counted
		// yet: what ended last is the run that its count tells of.
		r.State, r.Reason = Gone, "a node keeps the logs of a container's last two runs at most"
	case restart < st.RestartCount:
		r.previous = true
		r.end(ended)
	case st.State.Running != nil:
		r.State, r.StartedAt = Running, st.State.Running.StartedAt.Time
	case st.State.Terminated != nil:
		r.end(st.State.Terminated)
		over := pod.Status.Phase == corev1.PodFailed || pod.Status.Phase == corev1.PodSucceeded
		r.restarting = r.restarts && !over && (r.ExitCode != 0 || c.kind == Sidecar)
	case ended != nil:
		r.end(ended)
		r.restarting = r.restarts
	default:
		r.wait(pod, st.State.Waiting)
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

// wait says why a run has not begun. In a pod that ended it never will.
func (r *Run) wait(pod *corev1.Pod, w *corev1.ContainerStateWaiting) {
	r.State = Waiting
	if w != nil {
		r.Reason = joined(w.Reason, w.Message)
	}
	if pod.Status.Phase == corev1.PodFailed || pod.Status.Phase == corev1.PodSucceeded {
		r.State, r.Reason = Gone, "it never started: "+joined(string(pod.Status.Phase), joined(pod.Status.Reason, pod.Status.Message))
		return
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			r.Reason = joined(c.Reason, c.Message)
		}
	}
}
