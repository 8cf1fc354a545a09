// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func jobIs(kind batchv1.JobConditionType, reason, message string) batchv1.JobCondition {
	return batchv1.JobCondition{Type: kind, Status: corev1.ConditionTrue, Reason: reason, Message: message, LastTransitionTime: ago(time.Minute)}
}

func TestJob(t *testing.T) {
	started := new(ago(time.Hour))
	backoff := "Job has reached the specified backoff limit"
	tests := []struct {
		name   string
		spec   batchv1.JobSpec
		status batchv1.JobStatus
		pods   []*corev1.Pod
		want   Job
	}{
		{"new", batchv1.JobSpec{}, batchv1.JobStatus{}, nil,
			Job{State: JobPending, Reason: "waiting for its first pod"}},
		{"first attempt", batchv1.JobSpec{}, batchv1.JobStatus{StartTime: started, Active: 1}, nil,
			Job{State: JobRunning, Reason: "running", Attempts: 1, StartedAt: started.Time}},
		{"third attempt", batchv1.JobSpec{BackoffLimit: new(int32(3))}, batchv1.JobStatus{Active: 1, Failed: 2}, nil,
			Job{State: JobRunning, Reason: "attempt 3 of at most 4", Attempts: 3}},
		{"between two attempts, limit by default", batchv1.JobSpec{}, batchv1.JobStatus{Failed: 1}, nil,
			Job{State: JobRunning, Reason: "attempt 1 of at most 7 failed", Attempts: 1}},
		{"OnFailure: restarts are attempts", batchv1.JobSpec{}, batchv1.JobStatus{Active: 1},
			[]*corev1.Pod{pod("Job", "pum-process", "pum-process-x", restarted(2)), pod("Job", "other", "other-x", restarted(9))},
			Job{State: JobRunning, Reason: "attempt 3 of at most 7", Attempts: 3}},
		{"several completions", batchv1.JobSpec{Completions: new(int32(5))}, batchv1.JobStatus{Active: 1, Succeeded: 3, Failed: 1}, nil,
			Job{State: JobRunning, Reason: "running, 3 of 5 completions", Attempts: 5}},
		{"suspended", batchv1.JobSpec{Suspend: new(true)}, batchv1.JobStatus{Conditions: []batchv1.JobCondition{jobIs(batchv1.JobSuspended, "JobSuspended", "")}}, nil,
			Job{State: JobSuspended, Reason: "suspended"}},
		{"complete", batchv1.JobSpec{}, batchv1.JobStatus{
			StartTime: started, CompletionTime: new(ago(time.Minute)), Succeeded: 1, Failed: 1,
			Conditions: []batchv1.JobCondition{jobIs(batchv1.JobSuccessCriteriaMet, "", ""), jobIs(batchv1.JobComplete, "", "")},
		}, nil, Job{State: JobComplete, Attempts: 2, StartedAt: started.Time, FinishedAt: ago(time.Minute).Time}},
		{"failed", batchv1.JobSpec{}, batchv1.JobStatus{
			StartTime: started, Failed: 7,
			Conditions: []batchv1.JobCondition{jobIs(batchv1.JobFailureTarget, "", ""), jobIs(batchv1.JobFailed, "BackoffLimitExceeded", backoff)},
		}, nil, Job{State: JobFailed, Reason: "BackoffLimitExceeded: " + backoff, Attempts: 7, StartedAt: started.Time, FinishedAt: ago(time.Minute).Time}},
		{"failed, its pod with all the restarts is gone", batchv1.JobSpec{BackoffLimit: new(int32(3))}, batchv1.JobStatus{
			Failed: 1, Conditions: []batchv1.JobCondition{jobIs(batchv1.JobFailed, "BackoffLimitExceeded", backoff)},
		}, nil, Job{State: JobFailed, Reason: "BackoffLimitExceeded: " + backoff, Attempts: 4, FinishedAt: ago(time.Minute).Time}},
		{"failed, out of time", batchv1.JobSpec{BackoffLimit: new(int32(3))}, batchv1.JobStatus{
			Failed: 1, Conditions: []batchv1.JobCondition{jobIs(batchv1.JobFailed, "DeadlineExceeded", "")},
		}, nil, Job{State: JobFailed, Reason: "DeadlineExceeded", Attempts: 1, FinishedAt: ago(time.Minute).Time}},
		{"about to fail", batchv1.JobSpec{}, batchv1.JobStatus{Failed: 7, Conditions: []batchv1.JobCondition{jobIs(batchv1.JobFailureTarget, "BackoffLimitExceeded", backoff)}}, nil,
			Job{State: JobFinishing, Reason: "failing, BackoffLimitExceeded: " + backoff, Attempts: 7}},
		{"about to complete", batchv1.JobSpec{}, batchv1.JobStatus{Succeeded: 1, Conditions: []batchv1.JobCondition{jobIs(batchv1.JobSuccessCriteriaMet, "", "")}}, nil,
			Job{State: JobFinishing, Reason: "succeeded, its last pods are stopping", Attempts: 1}},
		{"a limit that nobody reaches", batchv1.JobSpec{BackoffLimit: new(int32(math.MaxInt32))}, batchv1.JobStatus{Active: 1, Failed: 1}, nil,
			Job{State: JobRunning, Reason: "attempt 2", Attempts: 2}},
		{"numbers that cannot be", batchv1.JobSpec{}, batchv1.JobStatus{Active: math.MaxInt32, Failed: math.MaxInt32}, nil,
			Job{State: JobRunning, Reason: "attempt 2147483647 of at most 2147483647", Attempts: math.MaxInt32}},
		{"parallelism 0", batchv1.JobSpec{Parallelism: new(int32(0))}, batchv1.JobStatus{}, nil,
			Job{State: JobSuspended, Reason: "its parallelism is 0"}},
		{"left to another controller", batchv1.JobSpec{ManagedBy: new("kueue.x-k8s.io/multikueue")}, batchv1.JobStatus{}, nil,
			Job{State: JobPending, Reason: "waiting for its first pod, managed by kueue.x-k8s.io/multikueue"}},
		{"indexes that failed", batchv1.JobSpec{Completions: new(int32(4)), BackoffLimitPerIndex: new(int32(0))},
			batchv1.JobStatus{Active: 1, Succeeded: 2, Failed: 1, FailedIndexes: new("1")}, nil,
			Job{State: JobRunning, Reason: "running, 2 of 4 completions, failed indexes 1", Attempts: 4}},
		{"a pod failure policy ended it", batchv1.JobSpec{BackoffLimit: new(int32(9))}, batchv1.JobStatus{
			Failed: 1, Conditions: []batchv1.JobCondition{jobIs(batchv1.JobFailed, "PodFailurePolicy", "exit code 42")},
		}, nil, Job{State: JobFailed, Reason: "PodFailurePolicy: exit code 42", Attempts: 1, FinishedAt: ago(time.Minute).Time}},
		{"a success policy ends it", batchv1.JobSpec{Completions: new(int32(3))}, batchv1.JobStatus{
			Active: 2, Succeeded: 1, Conditions: []batchv1.JobCondition{jobIs(batchv1.JobSuccessCriteriaMet, "SuccessPolicy", "")},
		}, nil, Job{State: JobFinishing, Reason: "succeeded, its last pods are stopping", Attempts: 3}},
		{"its sidecar runs on", batchv1.JobSpec{}, batchv1.JobStatus{Active: 1}, []*corev1.Pod{pod("Job", "pum-process", "pum-process-x", heldBySidecar)},
			Job{State: JobRunning, Reason: "container pum ended with exit code 0, but istio-proxy keeps the pod running", Attempts: 1}},
		{"a condition that is not true", batchv1.JobSpec{}, batchv1.JobStatus{Active: 1, Conditions: []batchv1.JobCondition{{Type: batchv1.JobFailed, Status: corev1.ConditionFalse}}}, nil,
			Job{State: JobRunning, Reason: "running", Attempts: 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.want.Name, tt.want.UID = "pum-process", "pum-process-uid"
			for _, p := range tt.pods {
				if metav1.GetControllerOf(p).Name == "pum-process" {
					tt.want.Pods = append(tt.want.Pods, p.Name)
				}
			}
			got := JobOf(&batchv1.Job{ObjectMeta: meta("pum-process", 0), Spec: tt.spec, Status: tt.status}, tt.pods, nil)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("JobOf (-want +got):\n%s", diff)
			}
		})
	}
}

// heldBySidecar makes a pod whose container is done, but for a proxy.
func heldBySidecar(p *corev1.Pod) {
	p.Spec.Containers = []corev1.Container{{Name: "istio-proxy"}, {Name: "pum"}}
	p.Status.ContainerStatuses = []corev1.ContainerStatus{
		{Name: "istio-proxy", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}},
		{Name: "pum", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{FinishedAt: ago(time.Hour)}}},
	}
}

// A sidecar that outlives the work is a cause that is never permanent, also of what
// a wait keeps of objects; one that just has not stopped yet is none.
func TestASidecarThatHoldsAJob(t *testing.T) {
	for ended, want := range map[time.Duration]bool{time.Second: false, heldFor - 1: false, heldFor: true, time.Hour: true} {
		p := pod("Job", "pum-process", "pum-process-x", heldBySidecar, func(p *corev1.Pod) {
			p.Spec.Containers[0].Name, p.Status.ContainerStatuses[0].Name = "helper", "helper"
			p.Status.ContainerStatuses[1].State.Terminated.FinishedAt = ago(ended)
		})
		j := &batchv1.Job{ObjectMeta: meta("pum-process", 0)}
		j.Spec.Template.Spec.Containers = []corev1.Container{{Name: "pum"}}
		j.Status.Active = 1
		strip(p)
		strip(j)
		got := Assess(Objects{Jobs: []*batchv1.Job{j}, Pods: []*corev1.Pod{p}}, now).Jobs[0]
		held := slices.ContainsFunc(got.Causes, func(c Cause) bool { return c.Code == SidecarHolds && c.Container == "helper" })
		if held != want || got.State != JobRunning || got.CannotRecover() {
			t.Errorf("ended %s ago: %+v, want a cause %t", ended, got, want)
		}
	}
}

// restarted makes a pod whose container was started again n times.
func restarted(n int32) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.Containers = []corev1.Container{{Name: "pum"}}
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "pum", RestartCount: n}}
	}
}

func TestJobsOfCronJobsAreTheirs(t *testing.T) {
	job := func(name, owner string, created time.Duration, condition batchv1.JobConditionType) *batchv1.Job {
		j := &batchv1.Job{ObjectMeta: meta(name, 0)}
		j.CreationTimestamp = ago(created)
		if owner != "" {
			j.OwnerReferences = controller("CronJob", owner)
		}
		j.Status.Conditions = []batchv1.JobCondition{jobIs(condition, "", "")}
		return j
	}
	cron := func(name string) *batchv1.CronJob { return &batchv1.CronJob{ObjectMeta: meta(name, 0)} }
	never := cron("never-run")
	never.Spec.Suspend = new(true)
	backup := cron("backup")
	backup.Status.LastScheduleTime = new(ago(time.Hour))

	p := Assess(Objects{
		CronJobs: []*batchv1.CronJob{never, backup},
		Jobs: []*batchv1.Job{
			job("twa-sql", "", time.Hour, batchv1.JobComplete),
			job("backup-2", "backup", 2*time.Hour, batchv1.JobFailed),
			job("backup-3", "backup", time.Hour, batchv1.JobComplete),
			job("backup-1", "backup", 3*time.Hour, batchv1.JobFailed),
		},
	}, now)

	var names []string
	for _, j := range p.Jobs {
		names = append(names, j.Name)
	}
	if diff := cmp.Diff([]string{"twa-sql"}, names); diff != "" {
		t.Errorf("jobs (-want +got):\n%s", diff)
	}
	want := []CronJob{
		{Name: "backup", LastScheduledAt: ago(time.Hour).Time, LastRun: &Job{
			Name: "backup-3", State: JobComplete, FinishedAt: ago(time.Minute).Time, UID: "backup-3-uid", CreatedAt: ago(time.Hour).Time,
		}},
		{Name: "never-run", Suspended: true},
	}
	if diff := cmp.Diff(want, p.CronJobs); diff != "" {
		t.Errorf("cron jobs (-want +got):\n%s", diff)
	}
}

// A verdict needs to know who made a job, also of one that a wait keeps without what rules do
// not use.
func TestJobSaysWhereItIsFrom(t *testing.T) {
	j := &batchv1.Job{ObjectMeta: meta("schema-7", 0)}
	j.Labels = map[string]string{"app.kubernetes.io/instance": "tpe", "app.kubernetes.io/name": "twa", "helm.sh/chart": "thingpark-enterprise-2.0.0"}
	j.Annotations = map[string]string{"helm.sh/hook": "pre-upgrade"}
	j.OwnerReferences = []metav1.OwnerReference{{APIVersion: "kafka.strimzi.io/v1beta2", Kind: "Kafka"}, {APIVersion: "v1", Kind: "Pod"}}
	j.Spec.Template.Spec.Containers = []corev1.Container{{Name: "a", Image: "x"}, {Name: "b", Image: "y"}}
	strip(j)
	job := JobOf(j, []*corev1.Pod{pod("Job", "schema-7", "schema-7-abcde"), pod("Job", "other", "other-abcde")}, nil)
	want := Origin{App: "twa", Chart: "thingpark-enterprise-2.0.0", Hook: true, Owners: []string{"kafka.strimzi.io"}, Images: []string{"x", "y"}}
	if diff := cmp.Diff(want, job.Origin); diff != "" {
		t.Errorf("origin (-want +got):\n%s", diff)
	}
	if job.Release != "tpe" || !slices.Equal(job.Pods, []string{"schema-7-abcde"}) {
		t.Errorf("release %q, pods %q", job.Release, job.Pods)
	}
}

func TestJobsAreIdentified(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	job := func(annotations, labels map[string]string) *batchv1.Job {
		return &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: "j", UID: "u", CreationTimestamp: metav1.NewTime(at), Annotations: annotations, Labels: labels}}
	}
	for want, o := range map[string]*batchv1.Job{
		"tpe":      job(map[string]string{"meta.helm.sh/release-name": "tpe"}, map[string]string{"app.kubernetes.io/instance": "x"}),
		"tpe-data": job(nil, map[string]string{"app.kubernetes.io/instance": "tpe-data"}),
		"":         job(nil, nil),
	} {
		p := Assess(Objects{Jobs: []*batchv1.Job{o}}, at)
		if got := p.Jobs[0]; got.Release != want || got.UID != "u" || !got.CreatedAt.Equal(at) {
			t.Errorf("%+v, want release %q", got, want)
		}
	}
}
