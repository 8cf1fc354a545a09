// SPDX-License-Identifier: Apache-2.0

package joblogs

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kubejob"
)

// Traces says what is left of a job that is not there, and which jobs are. It
// says nothing of what it may not read.
func (c *Cluster) Traces(ctx context.Context) []string {
	var traces []string
	ended := map[kubejob.State]string{kubejob.Complete: "completed", kubejob.Failed: "failed"}
	if events, err := c.Events(ctx); err == nil {
		for _, e := range events {
			if how := ended[endIn(e)]; how != "" {
				traces = append(traces, fmt.Sprintf("a job %s %s at %s, as its events say, and was removed since", c.Name, how, e.LastTimestamp.UTC().Format(time.RFC3339)))
			}
		}
		if len(events) > 0 && len(traces) == 0 {
			traces = append(traces, fmt.Sprintf("there was a job %s, as its events say, and it was removed", c.Name))
		}
	}
	if others := c.Others(ctx); len(others) > 0 {
		traces = append(traces, "jobs here: "+strings.Join(others, ", "))
	}
	return traces
}

// Others returns the names of the jobs in the namespace, as far as they may
// be read.
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

// Containers returns the names of all containers, in the order of their logs.
func (h JobHistory) Containers() []string {
	var names []string
	for _, run := range h.Runs {
		if run.Container != "" && !slices.Contains(names, run.Container) {
			names = append(names, run.Container)
		}
	}
	return names
}
