// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// A Job is something that runs to its end, and how far it is.
type Job struct {
	Name       string    `json:"name"`
	State      JobState  `json:"state"`
	Reason     string    `json:"reason,omitempty"`
	Attempts   int32     `json:"attempts"` // begun so far, the failed ones among them
	StartedAt  time.Time `json:"startedAt,omitzero"`
	FinishedAt time.Time `json:"finishedAt,omitzero"`
	Causes     []Cause   `json:"causes,omitempty"` // why it is not complete, the gravest first

	UID       types.UID `json:"-"` // a job that is recreated has another
	CreatedAt time.Time `json:"-"`
	Release   string    `json:"-"` // the Helm release that it belongs to, if its labels tell
}

// A JobState says how far a job is.
type JobState string

const (
	JobPending   JobState = "Pending"   // no attempt has begun
	JobRunning   JobState = "Running"   // at work, perhaps after failed attempts
	JobFinishing JobState = "Finishing" // decided; its last pods are stopping
	JobSuspended JobState = "Suspended" // will not go on until someone resumes it
	JobComplete  JobState = "Complete"  // ended well
	JobFailed    JobState = "Failed"    // ended badly, no retries are left
)

// Final reports whether Kubernetes will leave the job alone.
func (s JobState) Final() bool { return s == JobComplete || s == JobFailed }

// Doomed reports whether the job will not end well by itself.
func (j Job) Doomed() bool { return j.State == JobFailed || doomed(j.Causes) }

// JobOf tells how far a Job is, given the pods of its namespace and the causes
// found for it.
//
// Only the conditions Complete and Failed are final. SuccessCriteriaMet and
// FailureTarget come before them, while pods are still stopping (kubernetes:
// api/batch/v1, JobConditionType). An attempt is a pod, or a restart of its
// container with the restart policy OnFailure, as backoffLimit counts them.
func JobOf(j *batchv1.Job, all []*corev1.Pod, causes []Cause) Job {
	st := j.Status
	job := Job{Name: j.Name, Attempts: st.Active + st.Succeeded + st.Failed, StartedAt: timeOf(st.StartTime), FinishedAt: timeOf(st.CompletionTime)}
	for _, p := range ownedBy(j.UID, all) {
		job.Attempts += podRestarts(p)
	}
	if c := jobCondition(j, batchv1.JobComplete); c != nil {
		job.State = JobComplete
		return job
	}
	job.Causes = causes
	if c := jobCondition(j, batchv1.JobFailed); c != nil {
		job.State, job.FinishedAt = JobFailed, c.LastTransitionTime.Time
		if c.Reason == batchv1.JobReasonBackoffLimitExceeded {
			job.Attempts = max(job.Attempts, backoffLimit(j)+1) // the pods that counted may be gone
		}
		job.Reason = clean(joined(c.Reason, c.Message))
		return job
	}
	job.State, job.Reason = jobStep(j, job.Attempts)
	if len(causes) > 0 && job.State != JobFinishing {
		job.Reason = sentence(job.Reason, causes[0].Summary())
	}
	return job
}

// jobStep tells where a Job stands that is neither complete nor failed.
func jobStep(j *batchv1.Job, attempts int32) (JobState, string) {
	st := j.Status
	if c := jobCondition(j, batchv1.JobFailureTarget); c != nil {
		return JobFinishing, sentence("failing", clean(joined(c.Reason, c.Message)))
	}
	if jobCondition(j, batchv1.JobSuccessCriteriaMet) != nil {
		return JobFinishing, "succeeded, its last pods are stopping"
	}
	if j.Spec.Suspend != nil && *j.Spec.Suspend {
		return JobSuspended, "suspended"
	}
	if attempts == 0 {
		return JobPending, "waiting for its first pod"
	}
	if n := j.Spec.Completions; n != nil && *n > 1 {
		return JobRunning, fmt.Sprintf("running, %d of %d completions", st.Succeeded, *n)
	}
	tries := fmt.Sprintf("attempt %d of at most %d", attempts, backoffLimit(j)+1)
	switch {
	case st.Active == 0 && st.Failed > 0:
		return JobRunning, tries + " failed"
	case attempts > 1:
		return JobRunning, tries
	}
	return JobRunning, "running"
}

// backoffLimit returns how often a Job is tried again; by default six times.
func backoffLimit(j *batchv1.Job) int32 {
	if j.Spec.BackoffLimit == nil {
		return 6
	}
	return *j.Spec.BackoffLimit
}

func jobCondition(j *batchv1.Job, kind batchv1.JobConditionType) *batchv1.JobCondition {
	for i := range j.Status.Conditions {
		if c := &j.Status.Conditions[i]; c.Type == kind && c.Status == corev1.ConditionTrue {
			return c
		}
	}
	return nil
}

func timeOf(t *metav1.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.Time
}
