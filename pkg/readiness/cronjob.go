// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"time"

	batchv1 "k8s.io/api/batch/v1"
)

// A CronJob is something that runs on a schedule, and its last run.
type CronJob struct {
	Name            string    `json:"name"`
	Suspended       bool      `json:"suspended,omitempty"`
	LastScheduledAt time.Time `json:"lastScheduledAt,omitzero"`
	LastRun         *Job      `json:"lastRun,omitempty"` // nil if it never ran, or its jobs are gone
}

// CronJobOf tells about a CronJob, given its last run.
func CronJobOf(c *batchv1.CronJob, last *Job) CronJob {
	return CronJob{
		Name:            c.Name,
		Suspended:       c.Spec.Suspend != nil && *c.Spec.Suspend,
		LastScheduledAt: timeOf(c.Status.LastScheduleTime),
		LastRun:         last,
	}
}
