// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// cronRun returns a job of the CronJob backup that ended so long ago.
func cronRun(name string, end time.Duration, condition batchv1.JobConditionType, edits ...func(*batchv1.Job)) *batchv1.Job {
	j := &batchv1.Job{ObjectMeta: meta(name, 0)}
	j.CreationTimestamp = ago(end + time.Minute)
	j.OwnerReferences = controller("CronJob", "backup")
	j.Status.CompletionTime = new(ago(end))
	j.Status.Conditions = []batchv1.JobCondition{{Type: condition, Status: corev1.ConditionTrue, LastTransitionTime: ago(end)}}
	for _, edit := range edits {
		edit(j)
	}
	return j
}

// A job made by kubectl create job --from, which does not name its CronJob as the
// controller in every version.
func byHand(j *batchv1.Job) {
	j.Annotations = map[string]string{"cronjob.kubernetes.io/instantiate": "manual"}
	j.OwnerReferences[0].Controller = nil
}

func TestCronJobFailed(t *testing.T) {
	const hour = time.Hour
	stuck := cronRun("backup-3", hour, batchv1.JobSuspended)
	refused := pod("Job", "backup-3", "backup-3-x", pullFails("ImagePullBackOff", hour))
	tests := []struct {
		name string
		edit func(*batchv1.CronJob)
		jobs []*batchv1.Job
		want string // the run
	}{
		{"the last run failed", nil, []*batchv1.Job{cronRun("backup-1", 9*hour, batchv1.JobComplete), cronRun("backup-2", hour, batchv1.JobFailed)}, "backup-2"},
		{"a later success makes up for it", nil, []*batchv1.Job{cronRun("backup-1", 9*hour, batchv1.JobFailed), cronRun("backup-2", hour, batchv1.JobComplete)}, ""},
		{"a later success whose job is gone", func(c *batchv1.CronJob) { c.Status.LastSuccessfulTime = new(ago(hour)) },
			[]*batchv1.Job{cronRun("backup-1", 9*hour, batchv1.JobFailed)}, ""},
		{"a success before it", func(c *batchv1.CronJob) { c.Status.LastSuccessfulTime = new(ago(99 * hour)) },
			[]*batchv1.Job{cronRun("backup-1", 9*hour, batchv1.JobFailed)}, "backup-1"},
		{"a run that is under way tells nothing yet", nil,
			[]*batchv1.Job{cronRun("backup-1", 9*hour, batchv1.JobFailed), cronRun("backup-2", 0, batchv1.JobSuspended)}, "backup-1"},
		{"one begun by hand is no failure of it", nil, []*batchv1.Job{cronRun("backup-1", 9*hour, batchv1.JobComplete), cronRun("try", hour, batchv1.JobFailed, byHand)}, ""},
		{"one begun by hand may make up for it", nil, []*batchv1.Job{cronRun("backup-1", 9*hour, batchv1.JobFailed), cronRun("try", hour, batchv1.JobComplete, byHand)}, ""},
		{"suspended", func(c *batchv1.CronJob) { c.Spec.Suspend = new(true) }, []*batchv1.Job{cronRun("backup-1", 9*hour, batchv1.JobFailed)}, ""},
		{"a run that cannot begin", nil, []*batchv1.Job{cronRun("backup-1", 9*hour, batchv1.JobComplete), stuck}, "backup-3"},
		{"of another CronJob of that name", nil, []*batchv1.Job{cronRun("backup-1", hour, batchv1.JobFailed, func(j *batchv1.Job) { j.OwnerReferences[0].UID = "gone" })}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := &batchv1.CronJob{ObjectMeta: meta("backup", 0)}
			if tt.edit != nil {
				tt.edit(c)
			}
			p := Assess(Objects{CronJobs: []*batchv1.CronJob{c}, Jobs: tt.jobs, Pods: []*corev1.Pod{refused}}, now)
			got := ""
			if j := p.CronJobs[0].Failed(); j != nil {
				got = j.Name
			}
			if got != tt.want || len(p.Jobs) > 0 {
				t.Errorf("failed run %q, want %q; jobs %+v, want none", got, tt.want, p.Jobs)
			}
		})
	}
}

// Whoever runs a CronJob by hand, and may not list CronJobs, has no failed job of
// the installation.
func TestJobsBegunByHandAreNoneOfTheInstallation(t *testing.T) {
	orphan := cronRun("try", time.Hour, batchv1.JobFailed, byHand, func(j *batchv1.Job) { j.OwnerReferences = nil })
	installed := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: "twa-sql"}}
	p := Assess(Objects{Jobs: []*batchv1.Job{cronRun("by-hand", time.Hour, batchv1.JobFailed, byHand), orphan, installed}}, now)
	if len(p.Jobs) != 1 || p.Jobs[0].Name != "twa-sql" {
		t.Errorf("jobs %+v, want twa-sql alone", p.Jobs)
	}
}
