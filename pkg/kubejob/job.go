// SPDX-License-Identifier: Apache-2.0

// Package kubejob derives the facts of a Kubernetes Job from it and its pods: its
// state, its attempts, which containers are its own, and which one keeps it from
// completing. Everything in it is pure. Numbers in objects are not trusted: results
// never overflow.
package kubejob

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A State is the state of a job.
type State string

// The states. Complete and Failed are final.
const (
	Pending   State = "Pending"   // no attempt has started
	Running   State = "Running"   // running, perhaps after failed attempts
	Finishing State = "Finishing" // decided; its last pods are terminating
	Suspended State = "Suspended" // stopped until someone resumes it
	Complete  State = "Complete"  // succeeded
	Failed    State = "Failed"    // failed permanently
)

// Final reports whether Kubernetes will leave the job alone.
func (s State) Final() bool { return s == Complete || s == Failed }

// Facts are derived from a job and its pods.
type Facts struct {
	State     State
	Decided   string // the reason and message of the condition that made the state Failed or Finishing
	Succeeds  bool   // a state of Finishing ends in Complete
	StartedAt time.Time
	EndedAt   time.Time
	Attempts  int   // started so far, including those of which no pod is left
	Lost      int   // those of which no pod is left
	Pods      []Pod // those of the job, in the order of their starts
}

// A Pod is a pod of a job.
type Pod struct {
	*corev1.Pod
	Attempts   int // it is one, and so is each restart of its main containers
	Containers []Container
}

// Of returns the facts of a job, given the pods of its namespace.
//
// Only the conditions Complete and Failed are final. SuccessCriteriaMet and
// FailureTarget come before them, while pods are still stopping (kubernetes:
// api/batch/v1, JobConditionType). An attempt is a pod, or a restart of its
// main container with the restart policy OnFailure.
func Of(j *batchv1.Job, all []*corev1.Pod) Facts {
	f := Facts{StartedAt: TimeOf(j.Status.StartTime)}
	f.Pods = podsOf(j, all)
	left := int64(0)
	for _, p := range f.Pods {
		left += int64(p.Attempts)
	}
	f.Lost = lost(j, f.Pods)
	if restartsAreLost(j, f.Pods) {
		f.Lost = max(f.Lost, clamp(int64(BackoffLimit(j))+1))
	}
	f.Attempts = clamp(left + int64(f.Lost))
	f.decide(j)
	return f
}

// decide reads the job's conditions.
func (f *Facts) decide(j *batchv1.Job) {
	complete, failed := condition(j, batchv1.JobComplete), condition(j, batchv1.JobFailed)
	target, met := condition(j, batchv1.JobFailureTarget), condition(j, batchv1.JobSuccessCriteriaMet)
	switch {
	case complete != nil:
		f.State, f.EndedAt = Complete, TimeOf(j.Status.CompletionTime)
		if f.EndedAt.IsZero() {
			f.EndedAt = complete.LastTransitionTime.Time
		}
	case failed != nil:
		f.State, f.EndedAt, f.Decided = Failed, failed.LastTransitionTime.Time, decided(failed)
	case target != nil:
		f.State, f.Decided = Finishing, decided(target)
	case met != nil:
		f.State, f.Succeeds, f.Decided = Finishing, true, decided(met)
	case j.Spec.Suspend != nil && *j.Spec.Suspend, j.Spec.Parallelism != nil && *j.Spec.Parallelism == 0:
		f.State = Suspended // no pod is started with a parallelism of 0
	case f.Attempts == 0:
		f.State = Pending
	default:
		f.State = Running
	}
}

// restartsAreLost reports whether a job failed for too many attempts that are not in
// its status: with OnFailure they were restarts in one pod, which the job controller
// deletes when the job fails.
func restartsAreLost(j *batchv1.Job, left []Pod) bool {
	failed := condition(j, batchv1.JobFailed)
	return failed != nil && failed.Reason == batchv1.JobReasonBackoffLimitExceeded && len(left) == 0 &&
		j.Spec.Template.Spec.RestartPolicy != corev1.RestartPolicyNever
}

// BackoffLimit returns how often a job is retried: six times by default, and without a
// limit if each index has its own (kubernetes: pkg/apis/batch/v1/defaults.go).
func BackoffLimit(j *batchv1.Job) int {
	switch {
	case j.Spec.BackoffLimit != nil:
		return max(0, int(*j.Spec.BackoffLimit))
	case j.Spec.BackoffLimitPerIndex != nil:
		return math.MaxInt32
	}
	return 6
}

// MostAttempts returns how many attempts a job has at most, and whether there is such a
// number: not if the limit is out of reach, or per index.
func MostAttempts(j *batchv1.Job) (int, bool) {
	limit := BackoffLimit(j)
	if limit >= math.MaxInt32 || j.Spec.BackoffLimitPerIndex != nil {
		return 0, false
	}
	return limit + 1, true
}

// lost returns how many of the pods that a job's status counts are not left. A pod that has not
// ended is none of those that ended: the status is from before it was created.
func lost(j *batchv1.Job, left []Pod) int {
	st, over := j.Status, condition(j, batchv1.JobComplete) != nil || condition(j, batchv1.JobFailed) != nil
	ended, active := max(0, int64(st.Succeeded))+max(0, int64(st.Failed)), max(0, int64(st.Active))
	if u := st.UncountedTerminatedPods; u != nil {
		ended += int64(len(u.Succeeded) + len(u.Failed))
	}
	for _, p := range left {
		if over || p.DeletionTimestamp != nil || p.Ended() {
			ended--
		} else {
			active--
		}
	}
	if ended < 0 {
		active += ended // these have ended since
	}
	return clamp(max(0, ended) + max(0, active))
}

// podsOf returns the pods whose controller is the job, in the order of their
// starts. A pod that only has the labels, or whose owner of the same name is
// gone, is not the job's.
func podsOf(j *batchv1.Job, all []*corev1.Pod) []Pod {
	var own []Pod
	for _, p := range all {
		if owner := metav1.GetControllerOf(p); owner != nil && owner.UID == j.UID {
			own = append(own, podOf(j, p))
		}
	}
	slices.SortFunc(own, func(a, b Pod) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time),
			TimeOf(a.Status.StartTime).Compare(TimeOf(b.Status.StartTime)), strings.Compare(a.Name, b.Name))
	})
	return own
}

func podOf(j *batchv1.Job, p *corev1.Pod) Pod {
	pod := Pod{Pod: p, Attempts: 1, Containers: Containers(&j.Spec.Template, p)}
	for _, c := range pod.Containers {
		if c.Role == Main {
			pod.Attempts = max(pod.Attempts, clamp(int64(c.Restarts())+1))
		}
	}
	return pod
}

// Ended reports whether the pod has ended.
func (p Pod) Ended() bool {
	return p.Status.Phase == corev1.PodFailed || p.Status.Phase == corev1.PodSucceeded
}

// Held returns what keeps a pod from ending although its main containers ended and are
// not restarted: the names of sidecars that are ordinary containers. The kubelet does
// not stop these; it stops sidecars that are init containers (kubernetes#25908,
// KEP-753).
func (p Pod) Held() []string {
	var held []string
	mains := 0
	for _, c := range p.Containers {
		end := c.Status.State.Terminated
		switch {
		case c.Role == Main && end == nil,
			c.Role == Main && end.ExitCode != 0 && p.Spec.RestartPolicy != corev1.RestartPolicyNever:
			return nil
		case c.Role == Main:
			mains++
		case c.Role == Sidecar && !c.Init && c.Status.State.Running != nil:
			held = append(held, c.Name)
		}
	}
	if mains == 0 || p.Ended() {
		return nil
	}
	return held
}

// WorkEndedAt returns when the last of the pod's main containers ended.
func (p Pod) WorkEndedAt() time.Time {
	var last time.Time
	for _, c := range p.Containers {
		if end := c.Status.State.Terminated; c.Role == Main && end != nil && end.FinishedAt.After(last) {
			last = end.FinishedAt.Time
		}
	}
	return last
}

// WhyHeld says which sidecars keep the pod from ending, or nothing.
func (p Pod) WhyHeld() string {
	held := p.Held()
	if len(held) == 0 {
		return ""
	}
	var ends []string
	for _, c := range p.Containers {
		if c.Role == Main {
			ends = append(ends, fmt.Sprintf("container %s ended with exit code %d", c.Name, c.Status.State.Terminated.ExitCode))
		}
	}
	verb := "keeps"
	if len(held) > 1 {
		verb = "keep"
	}
	return fmt.Sprintf("%s, but %s %s the pod running", strings.Join(ends, ", "), strings.Join(held, ", "), verb)
}

// Held says what keeps the job from ending although the work is done, or
// nothing.
func (f Facts) Held() string {
	if f.State.Final() {
		return ""
	}
	var reasons []string
	for _, p := range f.Pods {
		if why := p.WhyHeld(); why != "" {
			reasons = append(reasons, why)
		}
	}
	if more := len(reasons) - 1; more > 0 {
		return fmt.Sprintf("%s; %d more pods like it", reasons[0], more)
	}
	return strings.Join(reasons, "")
}

// clamp returns a count that fits into an int32.
func clamp(n int64) int { return int(min(n, math.MaxInt32)) }

func condition(j *batchv1.Job, kind batchv1.JobConditionType) *batchv1.JobCondition {
	for i := range j.Status.Conditions {
		if c := &j.Status.Conditions[i]; c.Type == kind && c.Status == corev1.ConditionTrue {
			return c
		}
	}
	return nil
}

// decided returns the reason and message of a condition.
func decided(c *batchv1.JobCondition) string {
	if c.Reason == "" || c.Message == "" {
		return c.Reason + c.Message
	}
	return c.Reason + ": " + c.Message
}

// TimeOf returns the time that an optional field has, or the zero time.
func TimeOf(t *metav1.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.Time
}
