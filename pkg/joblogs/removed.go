// SPDX-License-Identifier: Apache-2.0

package joblogs

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kubejob"
)

// A job may be removed the moment it ends: by its ttlSecondsAfterFinished, by a
// hook policy of Helm (hook-succeeded, hook-failed), or because Helm creates it
// again (before-hook-creation). Then its end is known from what was seen last.

// replacedWithin is how long a job that was removed may take to be recreated: whatever
// replaces a job creates the new one as soon as the old one is gone.
const replacedWithin = 5 * time.Second

// wasRemoved reports whether the job that was read is not there any more, and
// is not about to be replaced.
func (r *Reader) wasRemoved(h JobHistory) bool {
	if h.uid != "" || r.job == "" {
		r.removedAt = time.Time{}
		return false
	}
	if r.removedAt.IsZero() {
		r.removedAt = r.Now()
	}
	return !r.Follow || r.Now().Sub(r.removedAt) >= replacedWithin
}

// removed returns what is known of a job that was removed: its last state, and its end by its
// conditions, its events or its pods. A failed pod proves nothing: there may have been another
// attempt.
func (r *Reader) removed(ctx context.Context) JobHistory {
	h := r.seen
	h.Removed = true
	if h.Over() {
		return h
	}
	if h.State == kubejob.Finishing {
		h.State = kubejob.Failed
		if h.succeeds {
			h.State = kubejob.Complete
		}
		return h
	}
	events, err := r.API.Events(ctx)
	if err != nil {
		events = nil // then less is known
	}
	for _, e := range events {
		if how := endIn(e); how != "" && e.InvolvedObject.UID == h.uid {
			h.State, h.Reason, h.EndedAt = how, joined(e.Reason, e.Message), e.LastTimestamp.Time
			return h
		}
	}
	if r.succeededPods() >= h.completions {
		h.State, h.Reason = kubejob.Complete, ""
	}
	return h
}

// endIn returns the final state of a job that an event reports, or nothing (kubernetes:
// pkg/controller/job/job_controller.go, recordJobFinished).
func endIn(e corev1.Event) kubejob.State {
	switch e.Reason {
	case "Completed":
		return kubejob.Complete
	case "BackoffLimitExceeded", "DeadlineExceeded", "PodFailurePolicy", "FailedIndexes", "MaxFailedIndexesExceeded":
		return kubejob.Failed
	}
	return ""
}

// noteEnd records that a pod succeeded.
func (r *Reader) noteEnd(pod corev1.Pod) {
	if pod.Status.Phase == corev1.PodSucceeded {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.succeeded[pod.UID] = true
	}
}

func (r *Reader) succeededPods() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.succeeded)
}

// Traces says what is left of a job that does not exist, and which jobs do. What the account
// cannot read is left out.
func (c *Cluster) Traces(ctx context.Context) []string {
	var traces []string
	ended := map[kubejob.State]string{kubejob.Complete: "completed", kubejob.Failed: "failed"}
	if events, err := c.Events(ctx); err == nil {
		for _, e := range events {
			if how := ended[endIn(e)]; how != "" {
				traces = append(traces, fmt.Sprintf("according to its events, a job %s %s at %s, and was removed since", c.Name, how, e.LastTimestamp.UTC().Format(time.RFC3339)))
			}
		}
		if len(events) > 0 && len(traces) == 0 {
			traces = append(traces, fmt.Sprintf("according to its events, there was a job %s, and it was removed", c.Name))
		}
	}
	if others := c.Others(ctx); len(others) > 0 {
		traces = append(traces, "jobs here: "+strings.Join(others, ", "))
	}
	return traces
}

// Others returns the names of the jobs in the namespace; none if the account cannot read them.
func (c *Cluster) Others(ctx context.Context) []string {
	jobs, err := c.Client.Jobs(c.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil
	}
	var names []string
	for _, job := range jobs.Items {
		names = append(names, job.Name)
	}
	slices.Sort(names)
	return names
}
