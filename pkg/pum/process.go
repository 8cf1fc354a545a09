// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kube"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/kubejob"
)

// ProcessJob is the job that works through the entries, as the vendor's
// upgrade page names it.
const ProcessJob = "pum-process"

// A Process is what is seen of the job that works through the entries.
type Process struct {
	Job       types.UID    // empty if there is none, or the account cannot read it
	CreatedAt time.Time    // of the Job, by the API server's clock
	Read      bool         // whether the Job could be read
	Pods      []ProcessPod // its pods, by name
	AtWork    bool         // whether it has not ended, or may try again
}

// A ProcessPod is a pod of the job.
type ProcessPod struct {
	Name      string
	Job       types.UID // of the job that made it: one that is created again has another
	CreatedAt time.Time
}

// ReadProcess looks for the job that works through the entries, and for its pods. Without
// the permission to read jobs, less is known.
func ReadProcess(ctx context.Context, client *kube.Client, namespace string) (Process, error) {
	job, err := client.Jobs(namespace).Get(ctx, ProcessJob, metav1.GetOptions{})
	unread := apierrors.IsForbidden(err)
	switch {
	case apierrors.IsNotFound(err):
		job = nil
	case err != nil && !unread:
		return Process{}, fmt.Errorf("get job %q: %w", ProcessJob, err)
	}
	pods, err := client.Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: "job-name=" + ProcessJob})
	if err != nil {
		return Process{}, fmt.Errorf("list pods of job %q: %w", ProcessJob, err)
	}
	if unread {
		return processOf(pods.Items), nil
	}
	return processOf(pods.Items).of(job), nil
}

// processOf is what the pods of the job show.
func processOf(pods []corev1.Pod) Process {
	var p Process
	running, succeeded := false, false
	for _, pod := range pods {
		made := ProcessPod{Name: pod.Name, CreatedAt: pod.CreationTimestamp.Time}
		if job := metav1.GetControllerOf(&pod); job != nil {
			made.Job = job.UID
		}
		p.Pods = append(p.Pods, made)
		succeeded = succeeded || pod.Status.Phase == corev1.PodSucceeded
		running = running || pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed
	}
	p.AtWork = running || len(pods) > 0 && !succeeded
	slices.SortFunc(p.Pods, func(a, b ProcessPod) int { return cmp.Compare(a.Name, b.Name) })
	return p
}

// of adds what the Job shows; it is nil if there is no Job. One without pods may get some
// later: a quota holds them back, or it was created just now.
func (p Process) of(job *batchv1.Job) Process {
	p.Read = true
	if job == nil {
		return p
	}
	p.Job, p.CreatedAt = job.UID, job.CreationTimestamp.Time
	p.AtWork = !kubejob.Of(job, nil).State.Final()
	return p
}

// knows reports whether the job was there, as far as was seen.
func (p Process) knows(job types.UID) bool {
	return p.Job == job || slices.ContainsFunc(p.Pods, func(pod ProcessPod) bool { return pod.Job == job })
}
