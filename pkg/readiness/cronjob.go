// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"time"

	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kubejob"
)

// A CronJob is something that runs on a schedule, and how its last run went.
type CronJob struct {
	Name            string    `json:"name"`
	Suspended       bool      `json:"suspended,omitempty"`
	LastScheduledAt time.Time `json:"lastScheduledAt,omitzero"`
	LastRun         *Job      `json:"lastRun,omitempty"` // the youngest that has ended; absent if none has, or its job is gone
	Running         *Job      `json:"running,omitempty"` // the youngest that has not
}

// Failed returns the run that shows that a CronJob does not work: its last one, or
// the one that is stuck. There is none while it is suspended.
func (c CronJob) Failed() *Job {
	switch {
	case c.Suspended:
		return nil
	case c.Running != nil && c.Running.CannotRecover():
		return c.Running
	case c.LastRun != nil && c.LastRun.State == JobFailed:
		return c.LastRun
	}
	return nil
}

// A run is a Job that a CronJob created, or somebody manually from its template.
type run struct {
	Job
	byHand bool
}

// assessCronJob assesses a CronJob, given its runs. Of those that ended the youngest
// counts: a later success makes up for a failure, even if its job is gone
// (status.lastSuccessfulTime). So does a success that was started manually; a failure that was
// does not count.
func assessCronJob(c *batchv1.CronJob, runs []run) CronJob {
	cron := CronJob{
		Name:            c.Name,
		Suspended:       c.Spec.Suspend != nil && *c.Spec.Suspend,
		LastScheduledAt: kubejob.TimeOf(c.Status.LastScheduleTime),
	}
	var last, running time.Time
	for _, r := range runs {
		switch final := r.State.Final(); {
		case r.byHand && r.State != JobComplete:
		case final && !r.CreatedAt.Before(last):
			cron.LastRun, last = &r.Job, r.CreatedAt
		case !final && !r.CreatedAt.Before(running):
			cron.Running, running = &r.Job, r.CreatedAt
		}
	}
	if cron.LastRun != nil && kubejob.TimeOf(c.Status.LastSuccessfulTime).After(cron.LastRun.FinishedAt) {
		cron.LastRun = nil
	}
	return cron
}

// cronJobOf returns the CronJob that a Job belongs to, and whether it was created
// manually: kubectl create job --from annotates that, and does not name the CronJob
// as the controller in every version (kubernetes#91053).
func cronJobOf(j *batchv1.Job) (owner types.UID, byHand, ok bool) {
	byHand = j.Annotations["cronjob.kubernetes.io/instantiate"] == "manual"
	for _, o := range j.OwnerReferences {
		if o.Kind == "CronJob" {
			return o.UID, byHand || o.Controller == nil || !*o.Controller, true
		}
	}
	return "", byHand, byHand
}
