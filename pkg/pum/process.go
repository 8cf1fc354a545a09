// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// ProcessJob is the job that works through the entries, as the vendor's
// upgrade page names it.
const ProcessJob = "pum-process"

// A Process is what is seen of the job that works through the entries.
type Process struct {
	Pods   []ProcessPod // its pods, by name
	AtWork bool         // whether one of them has not ended, or the job may try again
}

// A ProcessPod is a pod of the job.
type ProcessPod struct {
	Name string
	Job  types.UID // of the job that made it: one that is made anew has another
}

// Process looks for the pods of the job that works through the entries.
func (r *PodRunner) Process(ctx context.Context) (Process, error) {
	pods, err := r.Client.Pods(r.Namespace).List(ctx, metav1.ListOptions{LabelSelector: "job-name=" + ProcessJob})
	if err != nil {
		return Process{}, fmt.Errorf("list pods of job %q: %w", ProcessJob, err)
	}
	return processOf(pods.Items), nil
}

func processOf(pods []corev1.Pod) Process {
	var p Process
	running, succeeded := false, false
	for _, pod := range pods {
		made := ProcessPod{Name: pod.Name}
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

// A Moment is what a restart changes, as it was at one moment.
type Moment struct {
	Entries []Entry
	Process Process
}

// Evidence returns what shows that PUM took a restart that was sent after the
// first moment and before the second, one line each: pods of a new job, and
// entries that changed. While the job was at work entries change by
// themselves, so that then only those count that work does not explain. So does
// a job that tries again: its next pod shows nothing.
func Evidence(before, after Moment) []string {
	var lines []string
	for _, c := range Changes(before.Entries, after.Entries) {
		if c.Restarted() || c.After != nil && !before.Process.AtWork {
			lines = append(lines, c.String())
		}
	}
	for _, pod := range after.Process.Pods {
		if !slices.ContainsFunc(before.Process.Pods, func(p ProcessPod) bool { return p.Job == pod.Job }) {
			lines = append(lines, "new job pod "+pod.Name)
		}
	}
	return lines
}
