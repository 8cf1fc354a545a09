// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ProcessJob is the job that works through the entries, as the vendor's
// upgrade page names it.
const ProcessJob = "pum-process"

// A Process is what is seen of the job that works through the entries.
type Process struct {
	Pods   []string // its pods, sorted
	AtWork bool     // whether one of them has not ended
}

// Process looks for the pods of the job that works through the entries.
func (r *PodRunner) Process(ctx context.Context) (Process, error) {
	pods, err := r.Client.CoreV1().Pods(r.Namespace).List(ctx, metav1.ListOptions{LabelSelector: "job-name=" + ProcessJob})
	if err != nil {
		return Process{}, fmt.Errorf("list pods of job %q: %w", ProcessJob, err)
	}
	var p Process
	for _, pod := range pods.Items {
		p.Pods = append(p.Pods, pod.Name)
		if pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed {
			p.AtWork = true
		}
	}
	slices.Sort(p.Pods)
	return p, nil
}

// A Moment is what a restart changes, as it was at one moment.
type Moment struct {
	Entries []Entry
	Process Process
}

// Evidence returns what shows that PUM took a restart that was sent after the
// first moment and before the second, one line each: new pods of its job, and
// entries that changed. While the job was at work entries change by
// themselves, so that then only those count that work does not explain.
func Evidence(before, after Moment) []string {
	var lines []string
	for _, c := range Changes(before.Entries, after.Entries) {
		if c.Restarted() || c.After != nil && !before.Process.AtWork {
			lines = append(lines, c.String())
		}
	}
	for _, pod := range after.Process.Pods {
		if !slices.Contains(before.Process.Pods, pod) {
			lines = append(lines, "new job pod "+pod)
		}
	}
	return lines
}
