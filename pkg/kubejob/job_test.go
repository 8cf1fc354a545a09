// SPDX-License-Identifier: Apache-2.0

package kubejob

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// pod makes a pod of the job with containers that run.
func pod(name string, containers ...string) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, OwnerReferences: []metav1.OwnerReference{{UID: "u", Controller: new(true)}}}}
	for _, c := range containers {
		p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: c})
		p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, corev1.ContainerStatus{
			Name: c, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}},
		})
	}
	return p
}

// restarted has containers started again so often.
func restarted(p *corev1.Pod, counts ...int32) *corev1.Pod {
	for i, n := range counts {
		p.Status.ContainerStatuses[i].RestartCount = n
	}
	return p
}

// ended has a container of a pod ended.
func ended(p *corev1.Pod, name string, code int32) *corev1.Pod {
	for i := range p.Status.ContainerStatuses {
		if s := &p.Status.ContainerStatuses[i]; s.Name == name {
			s.State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, FinishedAt: metav1.NewTime(now)}}
		}
	}
	return p
}

// phase has a pod in a phase.
func phase(p *corev1.Pod, phase corev1.PodPhase) *corev1.Pod {
	p.Status.Phase = phase
	return p
}

// deleted has a pod being deleted.
func deleted(p *corev1.Pod) *corev1.Pod {
	p.DeletionTimestamp = new(metav1.NewTime(now))
	return p
}

func is(kind batchv1.JobConditionType, reason string) batchv1.JobCondition {
	return batchv1.JobCondition{Type: kind, Status: corev1.ConditionTrue, Reason: reason, LastTransitionTime: metav1.NewTime(now)}
}

func TestAttempts(t *testing.T) {
	job := func(edit func(*batchv1.Job)) *batchv1.Job {
		j := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{UID: "u"}}
		j.Spec.Template.Spec.Containers = []corev1.Container{{Name: "main"}, {Name: "other"}}
		j.Spec.Template.Spec.RestartPolicy = corev1.RestartPolicyOnFailure
		edit(j)
		return j
	}
	active := func(n int32) func(*batchv1.Job) { return func(j *batchv1.Job) { j.Status.Active = n } }
	tests := []struct {
		name string
		job  *batchv1.Job
		pods []*corev1.Pod
		want string // attempts, those lost, at most
	}{
		{"none", job(active(0)), nil, "0 0 7"},
		{"a pod that is not counted yet", job(active(0)), []*corev1.Pod{pod("a", "main")}, "1 0 7"},
		{"two main containers, each restarted once, are two attempts", job(active(1)),
			[]*corev1.Pod{restarted(pod("a", "main", "other"), 1, 1)}, "2 0 7"},
		{"a proxy that a webhook added and that is restarted is none", job(active(1)),
			[]*corev1.Pod{restarted(pod("a", "proxy", "main"), 9, 1)}, "2 0 7"},
		{"pods that are gone", job(func(j *batchv1.Job) { j.Status.Failed, j.Status.Active = 3, 1 }),
			[]*corev1.Pod{pod("d", "main")}, "4 3 7"},
		{"one that ended is gone, and the next is not counted yet", job(func(j *batchv1.Job) { j.Status.Failed = 1 }),
			[]*corev1.Pod{pod("b", "main")}, "2 1 7"},
		{"one that ended is still counted as active", job(active(1)), []*corev1.Pod{phase(pod("a", "main"), corev1.PodFailed)}, "1 0 7"},
		{"one that ended is still counted as active, and so is the one that is gone", job(active(2)),
			[]*corev1.Pod{phase(pod("a", "main"), corev1.PodSucceeded)}, "2 1 7"},
		{"one that is being deleted counts as failed", job(func(j *batchv1.Job) { j.Status.Failed = 1 }),
			[]*corev1.Pod{deleted(pod("a", "main"))}, "1 0 7"},
		{"the job is complete, and its pod was seen before that", job(func(j *batchv1.Job) {
			j.Status.Succeeded, j.Status.Conditions = 1, []batchv1.JobCondition{is(batchv1.JobComplete, "")}
		}), []*corev1.Pod{pod("a", "main")}, "1 0 7"},
		{"pods that are not counted yet, and gone", job(func(j *batchv1.Job) {
			j.Status.UncountedTerminatedPods = &batchv1.UncountedTerminatedPods{Failed: make([]types.UID, 2)}
		}), nil, "2 2 7"},
		{"restarts in a pod that the job controller deleted", job(func(j *batchv1.Job) {
			j.Status.Failed, j.Spec.BackoffLimit = 1, new(int32(3))
			j.Status.Conditions = []batchv1.JobCondition{is(batchv1.JobFailed, "BackoffLimitExceeded")}
		}), nil, "4 4 4"},
		{"each attempt was a pod, and counted", job(func(j *batchv1.Job) {
			j.Status.Failed, j.Spec.Template.Spec.RestartPolicy = 2, corev1.RestartPolicyNever
			j.Status.Conditions = []batchv1.JobCondition{is(batchv1.JobFailed, "BackoffLimitExceeded")}
		}), nil, "2 2 7"},
		{"no limit that anybody reaches", job(func(j *batchv1.Job) { j.Spec.BackoffLimit = new(int32(math.MaxInt32)) }), nil, "0 0 -"},
		{"a limit for each index", job(func(j *batchv1.Job) { j.Spec.BackoffLimitPerIndex = new(int32(1)) }), nil, "0 0 -"},
		{"numbers that cannot be", job(func(j *batchv1.Job) {
			j.Status.Failed, j.Status.Active, j.Status.Succeeded = math.MaxInt32, math.MaxInt32, -5
			j.Spec.BackoffLimit = new(int32(-1))
		}), []*corev1.Pod{restarted(pod("a", "main"), math.MaxInt32)}, fmt.Sprint(math.MaxInt32, math.MaxInt32, 1)},
		{"restarts that cannot be", job(active(1)), []*corev1.Pod{restarted(pod("a", "main"), math.MinInt32)}, "1 0 7"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := Of(tt.job, tt.pods)
			most := "-"
			if n, ok := MostAttempts(tt.job); ok {
				most = fmt.Sprint(n)
			}
			if got := fmt.Sprintf("%d %d %s", f.Attempts, f.Lost, most); got != tt.want {
				t.Errorf("attempts, lost, at most: %s, want %s", got, tt.want)
			}
		})
	}
}

func TestRoles(t *testing.T) {
	template := func(names ...string) *corev1.PodTemplateSpec {
		spec := &corev1.PodTemplateSpec{}
		for _, n := range names {
			spec.Spec.Containers = append(spec.Spec.Containers, corev1.Container{Name: n})
		}
		return spec
	}
	annotated := func(p *corev1.Pod, name string) *corev1.Pod {
		p.Annotations = map[string]string{DefaultContainer: name}
		return p
	}
	native := pod("a", "main")
	native.Spec.InitContainers = []corev1.Container{{Name: "proxy", RestartPolicy: new(corev1.ContainerRestartPolicyAlways)}, {Name: "wait"}}
	tests := []struct {
		name     string
		template *corev1.PodTemplateSpec
		pod      *corev1.Pod
		want     string
	}{
		{"a proxy that a webhook put first", template("main"), pod("a", "mesh", "main"), "main, mesh sidecar"},
		{"a well-known proxy in the template", template("linkerd-proxy", "main"), pod("a", "linkerd-proxy", "main"), "main, linkerd-proxy sidecar"},
		{"nothing but a well-known proxy", template("daprd"), pod("a", "daprd"), "daprd"},
		{"two that do the work", template("one", "two"), pod("a", "one", "two"), "one, two"},
		{"the one that kubectl takes by default", template("one", "two"), annotated(pod("a", "one", "two"), "two"), "two, one sidecar"},
		{"an annotation that names none", template("one"), annotated(pod("a", "mesh", "one"), "none"), "one, mesh sidecar"},
		{"no template is known", template(), pod("a", "one", "istio-proxy"), "one, istio-proxy sidecar"},
		{"init containers before, native sidecars behind", template("main"), native, "wait init, main, proxy sidecar"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			for i, c := range Containers(tt.template, tt.pod) {
				if i > 0 {
					got += ", "
				}
				if got += c.Name; c.Role != Main {
					got += " " + string(c.Role)
				}
			}
			if got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
			if first := OwnContainer(tt.template, tt.pod); !strings.HasPrefix(strings.TrimPrefix(tt.want, "wait init, "), first) || first == "" {
				t.Errorf("first of its own is %q", first)
			}
		})
	}
}

func TestHeld(t *testing.T) {
	never := func(p *corev1.Pod) *corev1.Pod { p.Spec.RestartPolicy = corev1.RestartPolicyNever; return p }
	tests := []struct {
		name string
		pod  *corev1.Pod
		want string
	}{
		{"at work", pod("a", "mesh", "main"), ""},
		{"done, and a sidecar runs", ended(pod("a", "mesh", "main"), "main", 0), "container main ended with exit code 0, but mesh keeps the pod running"},
		{"done, and two sidecars run", ended(pod("a", "mesh", "main", "logs"), "main", 0), "container main ended with exit code 0, but mesh, logs keep the pod running"},
		{"failed, and is started again", ended(pod("a", "mesh", "main"), "main", 1), ""},
		{"failed, and is not started again", never(ended(pod("a", "mesh", "main"), "main", 1)), "container main ended with exit code 1, but mesh keeps the pod running"},
		{"both ended", ended(ended(pod("a", "mesh", "main"), "main", 0), "mesh", 0), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			j := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{UID: "u"}}
			j.Spec.Template.Spec.Containers = []corev1.Container{{Name: "main"}}
			if got := Of(j, []*corev1.Pod{tt.pod}).Held(); got != tt.want {
				t.Errorf("held by %q, want %q", got, tt.want)
			}
			j.Status.Conditions = []batchv1.JobCondition{is(batchv1.JobComplete, "")}
			if got := Of(j, []*corev1.Pod{tt.pod}).Held(); got != "" {
				t.Errorf("a job that completed is held by %q", got)
			}
		})
	}
}
