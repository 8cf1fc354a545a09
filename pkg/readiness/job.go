// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"cmp"
	"fmt"
	"math"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kubejob"
)

// A Job is a Kubernetes Job and its state.
type Job struct {
	Name       string    `json:"name"`
	State      JobState  `json:"state"`
	Reason     string    `json:"reason,omitempty"`
	Attempts   int32     `json:"attempts"` // started so far, the failed ones among them
	StartedAt  time.Time `json:"startedAt,omitzero"`
	FinishedAt time.Time `json:"finishedAt,omitzero"`
	Causes     []Cause   `json:"causes,omitempty"` // why it is not complete, the gravest first

	Uncounted Uncounted `json:"uncounted,omitempty"` // why the outcome does not depend on it; absent if it does

	UID       types.UID `json:"-"` // a job that is recreated has another
	CreatedAt time.Time `json:"-"`
	Release   string    `json:"-"` // the Helm release that it belongs to, if known
	Pods      []string  `json:"-"` // the names of its pods
	Origin    Origin    `json:"-"`
}

// Uncounted says why the outcome does not depend on a job. The verdict decides that.
type Uncounted string

const (
	UncountedSelf  Uncounted = "Self"  // it runs this command, which does not wait for itself
	UncountedOther Uncounted = "Other" // nothing shows that it is part of ThingPark Enterprise
)

// An Origin is what a job says of who made it, besides its Helm release.
type Origin struct {
	App    string   // label app.kubernetes.io/name
	Chart  string   // label helm.sh/chart: name and version of the chart
	Hook   bool     // Helm runs it before or after it installs, upgrades or deletes
	Owners []string // the API groups of its owners
	Images []string // of its containers
}

// A JobState says how far a job is. See [kubejob.State].
type JobState = kubejob.State

const (
	JobPending   = kubejob.Pending
	JobRunning   = kubejob.Running
	JobFinishing = kubejob.Finishing
	JobSuspended = kubejob.Suspended
	JobComplete  = kubejob.Complete
	JobFailed    = kubejob.Failed
)

// Object returns which object the job is.
func (j Job) Object() Object { return Object{"Job", j.Name} }

// CannotRecover reports whether the job will not succeed by itself.
func (j Job) CannotRecover() bool { return j.State == JobFailed || anyPermanent(j.Causes) }

// JobOf assesses a Job, given the pods of its namespace and the causes found for it.
// See [kubejob.Of] for the rules.
func JobOf(j *batchv1.Job, all []*corev1.Pod, causes []Cause) Job {
	f := kubejob.Of(j, all)
	job := Job{
		Name: j.Name, State: f.State, Attempts: int32(min(f.Attempts, math.MaxInt32)),
		StartedAt: f.StartedAt, FinishedAt: f.EndedAt, UID: j.UID, CreatedAt: j.CreationTimestamp.Time, Release: helmRelease(j), Origin: originOf(j),
	}
	for _, p := range f.Pods {
		job.Pods = append(job.Pods, p.Name)
	}
	if job.State == JobComplete {
		return job
	}
	job.Causes = causes
	job.Reason = clean(jobReason(j, f))
	if held := f.Held(); held != "" && !anyPermanent(causes) {
		job.Reason = clean(held)
	} else if len(causes) > 0 && !job.State.Final() && job.State != JobFinishing {
		job.Reason = sentence(job.Reason, causes[0].Summary())
	}
	return job
}

// helmRelease returns the Helm release that an object belongs to. Helm annotates what it
// owns (helm.sh/helm: pkg/action/validate.go); a hook has only the labels of its chart.
func helmRelease(o metav1.Object) string {
	return cmp.Or(o.GetAnnotations()["meta.helm.sh/release-name"], o.GetLabels()["app.kubernetes.io/instance"], o.GetLabels()["release"])
}

// originOf reads an Origin. Argo CD keeps the annotation of hooks when it runs them.
func originOf(j *batchv1.Job) Origin {
	o := Origin{App: j.Labels["app.kubernetes.io/name"], Chart: cmp.Or(j.Labels["helm.sh/chart"], j.Labels["chart"])}
	_, o.Hook = j.Annotations[isHook]
	for _, owner := range j.OwnerReferences {
		if group, _, ok := strings.Cut(owner.APIVersion, "/"); ok {
			o.Owners = append(o.Owners, group)
		}
	}
	for _, c := range j.Spec.Template.Spec.Containers {
		o.Images = append(o.Images, c.Image)
	}
	return o
}

// jobReason says what a Job that is not complete does.
func jobReason(j *batchv1.Job, f kubejob.Facts) string {
	switch f.State {
	case JobFailed:
		return f.Decided
	case JobFinishing:
		if f.Succeeds {
			return "succeeded, its last pods are stopping"
		}
		return sentence("failing", f.Decided)
	case JobSuspended:
		if j.Spec.Suspend == nil || !*j.Spec.Suspend {
			return "its parallelism is 0"
		}
		return "suspended"
	case JobPending:
		return sentence("waiting for its first pod", managedBy(j))
	}
	return sentence(runningReason(j, f.Attempts), managedBy(j))
}

// managedBy names the controller of the Job if it is not Kubernetes' own
// (kubernetes: batch/v1, JobSpec.ManagedBy).
func managedBy(j *batchv1.Job) string {
	if by := j.Spec.ManagedBy; by != nil && *by != batchv1.JobControllerName {
		return "managed by " + *by
	}
	return ""
}

// runningReason says how far a running Job is.
func runningReason(j *batchv1.Job, attempts int) string {
	st := j.Status
	if n := j.Spec.Completions; n != nil && *n > 1 {
		reason := fmt.Sprintf("running, %d of %d completions", st.Succeeded, *n)
		if failed := st.FailedIndexes; failed != nil && *failed != "" {
			reason += ", failed indexes " + *failed
		}
		return reason
	}
	tries := fmt.Sprintf("attempt %d", attempts)
	if most, ok := kubejob.MostAttempts(j); ok {
		tries += fmt.Sprintf(" of at most %d", max(most, attempts))
	}
	switch {
	case st.Active == 0 && st.Failed > 0:
		return tries + " failed"
	case attempts > 1:
		return tries
	}
	return "running"
}

// heldFor is how long a sidecar may outlive the work before it is a cause:
// meshes stop theirs within seconds.
const heldFor = 30 * time.Second

// held returns the causes of the sidecars that keep a job from completing.
func (f finder) held(j *batchv1.Job, pods []*corev1.Pod) []Cause {
	var causes []Cause
	for _, p := range kubejob.Of(j, pods).Pods {
		since, sidecars := p.WorkEndedAt(), p.Held()
		if len(sidecars) == 0 || f.now.Sub(since) < heldFor {
			continue
		}
		cause := podCause(p.Pod, SidecarHolds, "", p.WhyHeld(), since)
		cause.Container = sidecars[0]
		causes = append(causes, cause.judged(f.now))
	}
	return causes
}
