// SPDX-License-Identifier: Apache-2.0

package joblogs

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// A JobHistory is what is known of a job at one moment: how it goes, and the runs
// of its containers in the order of their starts.
type JobHistory struct {
	Job       string
	State     JobState
	Reason    string // why it failed, or why nothing runs
	StartedAt time.Time
	EndedAt   time.Time
	Attempts  int // begun so far
	Runs      []Run

	uid  types.UID
	made time.Time
}

// A JobState says how a job goes.
type JobState string

// The states. The last two are final.
const (
	JobRunning   JobState = "Running"
	JobSuspended JobState = "Suspended"
	JobComplete  JobState = "Complete"
	JobFailed    JobState = "Failed"
)

// Over reports whether the job ended.
func (h JobHistory) Over() bool { return h.State == JobComplete || h.State == JobFailed }

// A Run is one run of a container, or an attempt of which nothing is left.
type Run struct {
	Attempt   int // from 1 on
	Pod       string
	Container string // empty if nothing of the attempt is left
	Kind      ContainerKind
	State     RunState
	Reason    string // why it waits, how it ended, or why it is gone
	ExitCode  int32
	StartedAt time.Time
	EndedAt   time.Time

	pod        types.UID
	restart    int32
	previous   bool // its log is asked for as that of the previous run
	restarts   bool // the container is started again in the same pod, should it fail
	restarting bool // that is about to happen: whose log one gets is not sure
}

// A ContainerKind says what a container is for.
type ContainerKind string

// The kinds, in the order of their logs.
const (
	InitContainer ContainerKind = "init"
	MainContainer ContainerKind = ""
	Sidecar       ContainerKind = "sidecar" // an init container that runs as long as the pod
)

// A RunState says how far a run is.
type RunState string

// The states of a run.
const (
	Waiting RunState = "Waiting" // it has not begun
	Running RunState = "Running"
	Ended   RunState = "Ended"
	Gone    RunState = "Gone" // it may be over or not: its log is no longer available
)

// key tells runs apart, whatever state they are in.
type key struct {
	pod       types.UID
	container string
	restart   int32
	gone      int // the number of an attempt of which nothing is left
}

func (r Run) key() key {
	if r.Container == "" {
		return key{gone: r.Attempt}
	}
	return key{r.pod, r.Container, r.restart, 0}
}

// Describe puts together what is known of a job. The events are those about the
// job, and are needed only to name pods that are gone.
func Describe(job *batchv1.Job, pods []corev1.Pod, events []corev1.Event) JobHistory {
	s := JobHistory{Job: job.Name, uid: job.UID, made: job.CreationTimestamp.Time, StartedAt: timeOf(job.Status.StartTime)}
	s.State, s.Reason, s.EndedAt = stateOf(job)
	lost := lostPods(job, pods, events)
	for _, name := range lost {
		s.Attempts++
		s.Runs = append(s.Runs, Run{Attempt: s.Attempts, Pod: name, State: Gone, Reason: "its pod is gone"})
	}
	for _, pod := range podsOf(job.UID, pods) {
		runs, attempts := runsOf(pod, s.Attempts)
		s.Runs = append(s.Runs, runs...)
		s.Attempts += attempts
	}
	if s.Reason == "" && s.State == JobRunning {
		s.Reason = waitingFor(s)
	}
	return s
}

// stateOf reads a job's conditions. Those before Complete and Failed are not
// final: pods are still stopping (kubernetes: api/batch/v1, JobConditionType).
func stateOf(job *batchv1.Job) (JobState, string, time.Time) {
	for _, c := range job.Status.Conditions {
		switch {
		case c.Status != corev1.ConditionTrue:
		case c.Type == batchv1.JobComplete:
			return JobComplete, "", cmpTime(timeOf(job.Status.CompletionTime), c.LastTransitionTime.Time)
		case c.Type == batchv1.JobFailed:
			return JobFailed, joined(c.Reason, c.Message), c.LastTransitionTime.Time
		}
	}
	if job.Spec.Suspend != nil && *job.Spec.Suspend {
		return JobSuspended, "it is suspended", time.Time{}
	}
	return JobRunning, "", time.Time{}
}

// waitingFor says why a job that is not over has nothing that runs.
func waitingFor(h JobHistory) string {
	if len(h.Runs) == 0 {
		return "attempt 1 has not started"
	}
	for _, r := range slices.Backward(h.Runs) {
		if r.State == Waiting {
			return fmt.Sprintf("attempt %d has not started: %s", r.Attempt, joined("pod "+r.Pod, r.Reason))
		}
	}
	if last := h.Runs[len(h.Runs)-1]; last.State == Ended && last.ExitCode == 0 {
		return fmt.Sprintf("attempt %d ended well, and the job has not ended yet", h.Attempts)
	}
	return fmt.Sprintf("attempt %d ended, and the next one has not started", h.Attempts)
}

// podsOf returns the pods that belong to a job, in the order of their starts.
func podsOf(job types.UID, all []corev1.Pod) []*corev1.Pod {
	var own []*corev1.Pod
	for i := range all {
		if owner := metav1.GetControllerOf(&all[i]); owner != nil && owner.UID == job {
			own = append(own, &all[i])
		}
	}
	slices.SortFunc(own, func(a, b *corev1.Pod) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time),
			timeOf(a.Status.StartTime).Compare(timeOf(b.Status.StartTime)), strings.Compare(a.Name, b.Name))
	})
	return own
}

// lostPods returns the names of a job's pods that are gone, the eldest first.
// A name is empty where only the job's count tells that there was a pod:
// events are forgotten after an hour.
func lostPods(job *batchv1.Job, pods []corev1.Pod, events []corev1.Event) []string {
	const made = "Created pod: "
	own := podsOf(job.UID, pods)
	var named []corev1.Event
	for _, e := range events {
		name, ok := strings.CutPrefix(e.Message, made)
		there := slices.ContainsFunc(own, func(p *corev1.Pod) bool { return p.Name == name })
		if ok && e.InvolvedObject.UID == job.UID && !there {
			named = append(named, e)
		}
	}
	slices.SortStableFunc(named, func(a, b corev1.Event) int { return a.FirstTimestamp.Compare(b.FirstTimestamp.Time) })
	lost := make([]string, max(0, begun(job)-len(own)-len(named)))
	for _, e := range named {
		lost = append(lost, strings.TrimPrefix(e.Message, made))
	}
	return lost
}

// begun returns how many pods a job has had.
func begun(job *batchv1.Job) int {
	n := job.Status.Active + job.Status.Succeeded + job.Status.Failed
	if u := job.Status.UncountedTerminatedPods; u != nil {
		return int(n) + len(u.Succeeded) + len(u.Failed)
	}
	return int(n)
}

func timeOf(t *metav1.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.Time
}

func cmpTime(a, b time.Time) time.Time {
	if a.IsZero() {
		return b
	}
	return a
}

// joined joins what there is of two texts with a colon.
func joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + ": " + b
}
