// SPDX-License-Identifier: Apache-2.0

package joblogs

import (
	"fmt"
	"slices"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kubejob"
)

// A JobHistory is what is known of a job at one moment: how it goes, and the
// runs of its containers in the order of their starts.
type JobHistory struct {
	Job       string
	State     kubejob.State
	Reason    string // why it failed, or why nothing runs
	StartedAt time.Time
	EndedAt   time.Time
	Attempts  int // begun so far
	Removed   bool
	Runs      []Run

	uid         types.UID
	made        time.Time
	succeeds    bool // it is decided that it will be complete
	completions int  // pods that must succeed
	parallel    bool // several pods may be at work at once
	deleting    bool // as before another replaces it (readiness: existing)
	selector    string
}

// Over reports whether the job ended.
func (h JobHistory) Over() bool { return h.State.Final() }

// A Run is one run of a container, or attempts of which nothing is left.
type Run struct {
	Attempt   int // from 1 on
	To        int // the last of several attempts from Attempt on of which nothing is left; else 0
	Pod       string
	Container string // empty if nothing of the attempt is left
	Kind      kubejob.Role
	State     RunState
	Reason    string // why it waits, how it ended, or why it is gone
	ExitCode  int32
	StartedAt time.Time
	EndedAt   time.Time

	pod        types.UID
	restart    int  // the last one, where there are several runs
	previous   bool // its log is asked for as that of the previous run
	restarts   bool // the container is started again in the same pod, should it fail
	restarting bool // that is about to happen: whose log one gets is not sure
}

// A RunState says how far a run is.
type RunState string

// The states of a run.
const (
	Waiting RunState = "Waiting" // it has not begun
	Running RunState = "Running"
	Ended   RunState = "Ended"
	Gone    RunState = "Gone" // its log is no longer available, whether or not the run is over
)

// A RunKey tells runs apart, whatever state they are in.
type RunKey struct {
	container containerKey
	restart   int
	gone      int // the number of an attempt of which nothing is left
}

// A containerKey tells containers of pods apart.
type containerKey struct {
	uid            types.UID
	pod, container string
}

// Key returns what tells the run apart.
func (r Run) Key() RunKey {
	if r.Container == "" {
		return RunKey{gone: r.lastAttempt()}
	}
	return RunKey{container: r.key(), restart: r.restart}
}

func (r Run) key() containerKey { return containerKey{r.pod, r.Pod, r.Container} }

func (r Run) lastAttempt() int { return max(r.Attempt, r.To) }

// Containers returns the names of all containers, in the order of their logs.
func (h JobHistory) Containers() []string {
	return h.containers(func(Run) bool { return true })
}

// containers returns the names of the containers of some runs.
func (h JobHistory) containers(some func(Run) bool) []string {
	var names []string
	for _, run := range h.Runs {
		if run.Container != "" && some(run) && !slices.Contains(names, run.Container) {
			names = append(names, run.Container)
		}
	}
	return names
}

// Describe returns the history of a job. The events about the job are needed only to name pods
// that are gone.
func Describe(job *batchv1.Job, pods []corev1.Pod, events []corev1.Event) JobHistory {
	facts := kubejob.Of(job, pointers(pods))
	h := JobHistory{
		Job: job.Name, State: facts.State, Reason: facts.Decided, Attempts: facts.Attempts,
		StartedAt: facts.StartedAt, EndedAt: facts.EndedAt,
		uid: job.UID, made: job.CreationTimestamp.Time, succeeds: facts.Succeeds, completions: 1,
		parallel: job.Spec.Parallelism != nil && *job.Spec.Parallelism > 1,
		deleting: job.DeletionTimestamp != nil,
		selector: selectorOf(job),
	}
	if n := job.Spec.Completions; n != nil {
		h.completions = int(*n)
	}
	h.Runs = lostRuns(facts, lostPods(job, facts, events))
	before := facts.Lost
	for _, pod := range facts.Pods {
		h.Runs = append(h.Runs, runsOf(pod, before)...)
		before += pod.Attempts
	}
	switch {
	case h.Over():
	case facts.Held() != "":
		h.Reason = facts.Held()
	case h.State == kubejob.Suspended:
		h.Reason = "it is suspended"
	case h.Reason == "":
		h.Reason = waitingFor(h)
	}
	return h
}

func pointers(pods []corev1.Pod) []*corev1.Pod {
	var list []*corev1.Pod
	for i := range pods {
		list = append(list, &pods[i])
	}
	return list
}

// selectorOf returns the labels by which a job's pods are asked for. Pods of a
// job with a selector of its own need not have the label with its name.
func selectorOf(job *batchv1.Job) string {
	if manual := job.Spec.ManualSelector; manual != nil && *manual && job.Spec.Selector != nil {
		return metav1.FormatLabelSelector(job.Spec.Selector)
	}
	return "job-name=" + job.Name
}

// waitingFor says what a job that is not over waits for.
func waitingFor(h JobHistory) string {
	if len(h.Runs) == 0 {
		return "attempt 1 has not started"
	}
	own := slices.DeleteFunc(slices.Clone(h.Runs), func(r Run) bool { return r.Kind == kubejob.Sidecar })
	for _, r := range slices.Backward(own) {
		if r.State == Waiting {
			return fmt.Sprintf("attempt %d has not started: %s", r.Attempt, joined("pod "+r.Pod, r.Reason))
		}
	}
	if len(own) == 0 {
		return fmt.Sprintf("attempt %d has not started", h.Attempts)
	}
	switch last := own[len(own)-1]; {
	case last.State == Running:
		return fmt.Sprintf("attempt %d is running", h.Attempts)
	case last.State == Ended && last.ExitCode == 0:
		return fmt.Sprintf("attempt %d succeeded, and the job has not ended yet", h.Attempts)
	}
	return fmt.Sprintf("attempt %d ended, and the next one has not started", h.Attempts)
}

// lostRuns returns the attempts of which no pod is left, with the names of the
// last pods where these are known.
func lostRuns(facts kubejob.Facts, named []string) []Run {
	named = named[max(0, len(named)-facts.Lost):]
	unnamed := facts.Lost - len(named)
	var runs []Run
	if unnamed > mostGone {
		runs = append(runs, Run{Attempt: 1, To: unnamed, State: Gone, Reason: "their pods are gone"})
		named = slices.Clip(named)
	} else {
		named = append(make([]string, unnamed), named...)
		unnamed = 0
	}
	for i, name := range named {
		runs = append(runs, Run{Attempt: unnamed + i + 1, Pod: name, State: Gone, Reason: "its pod is gone"})
	}
	return runs
}

// lostPods returns the names of a job's pods that are gone, the oldest first,
// as far as events tell: these are forgotten after an hour.
func lostPods(job *batchv1.Job, facts kubejob.Facts, events []corev1.Event) []string {
	const made = "Created pod: "
	var named []corev1.Event
	for _, e := range events {
		name, ok := strings.CutPrefix(e.Message, made)
		there := slices.ContainsFunc(facts.Pods, func(p kubejob.Pod) bool { return p.Name == name })
		if ok && e.InvolvedObject.UID == job.UID && !there {
			named = append(named, e)
		}
	}
	slices.SortStableFunc(named, func(a, b corev1.Event) int { return a.FirstTimestamp.Compare(b.FirstTimestamp.Time) })
	var lost []string
	for _, e := range named {
		lost = append(lost, strings.TrimPrefix(e.Message, made))
	}
	return lost
}

// joined joins two texts with a colon, if neither is empty.
func joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + ": " + b
}
