// SPDX-License-Identifier: Apache-2.0

package joblogs

import (
	"context"
	"fmt"
	"io"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kube"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/kubejob"
)

// An API is what a reader asks of a cluster.
type API interface {
	Job(ctx context.Context) (*batchv1.Job, error)
	Pods(ctx context.Context, selector string) ([]corev1.Pod, error)
	Events(ctx context.Context) ([]corev1.Event, error)
	Log(ctx context.Context, pod string, options *corev1.PodLogOptions) (io.ReadCloser, error)
}

// Rules returns the least permissions in a namespace with which a job's logs can
// be read.
func Rules() []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{
		{APIGroups: []string{"batch"}, Resources: []string{"jobs"}, Verbs: []string{"get", "list"}},
		{APIGroups: []string{""}, Resources: []string{"pods", "events"}, Verbs: []string{"list"}},
		{APIGroups: []string{""}, Resources: []string{"pods/log"}, Verbs: []string{"get"}},
	}
}

// A Cluster is an API: a job in a cluster.
type Cluster struct {
	Client    *kube.Client
	Namespace string
	Name      string // of the job
}

// Job returns the job.
func (c *Cluster) Job(ctx context.Context) (*batchv1.Job, error) {
	job, err := c.Client.Jobs(c.Namespace).Get(ctx, c.Name, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("get job %q in namespace %q: %w", c.Name, c.Namespace, err)
	}
	return job, nil
}

// Pods returns the pods that may be the job's.
func (c *Cluster) Pods(ctx context.Context, selector string) ([]corev1.Pod, error) {
	pods, err := c.Client.Pods(c.Namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, fmt.Errorf("list pods of job %q: %w", c.Name, err)
	}
	return pods.Items, nil
}

// Events returns the events about jobs of this name.
func (c *Cluster) Events(ctx context.Context) ([]corev1.Event, error) {
	events, err := c.Client.Events(c.Namespace).List(ctx, metav1.ListOptions{
		FieldSelector: "involvedObject.kind=Job,involvedObject.name=" + c.Name,
	})
	if err != nil {
		return nil, fmt.Errorf("list events of job %q: %w", c.Name, err)
	}
	return events.Items, nil
}

// Log opens a log.
func (c *Cluster) Log(ctx context.Context, pod string, options *corev1.PodLogOptions) (io.ReadCloser, error) {
	stream, err := c.Client.Log(c.Namespace, pod, options).Stream(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the log of container %q of pod %q: %w", options.Container, pod, err)
	}
	return stream, nil
}

// Fetch asks for all that is known of a job. Events are asked for only if a pod is gone, and
// not needed if the account cannot read them.
func Fetch(ctx context.Context, api API) (JobHistory, error) {
	job, err := api.Job(ctx)
	if err != nil {
		return JobHistory{}, err
	}
	pods, err := api.Pods(ctx, selectorOf(job))
	if err != nil {
		return JobHistory{}, err
	}
	var events []corev1.Event
	if kubejob.Of(job, pointers(pods)).Lost > 0 {
		if events, err = api.Events(ctx); err != nil && !apierrors.IsForbidden(err) {
			return JobHistory{}, err
		}
	}
	return Describe(job, pods, events), nil
}
