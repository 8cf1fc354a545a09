// SPDX-License-Identifier: Apache-2.0

package podexec

import (
	"cmp"
	"context"
	"fmt"
	"net/http/httptrace"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kubejob"
)

// nameLabel holds the name of an application if its chart follows Helm's best practices
// (helm.sh/docs/chart_best_practices/labels).
const nameLabel = "app.kubernetes.io/name"

// A selection is what a label selector selects.
type selection struct {
	sets []appsv1.ReplicaSet
	pods []corev1.Pod
	err  error
}

// pod finds the pod to run commands in, and the container if none was asked for.
//
// What the Deployment selects is known only after it was read, which takes a while far away
// from the API server. So what its name label selects is listed at the same time, and used if it
// turns out to be the same.
func (r *Runner) pod(ctx context.Context) (*corev1.Pod, string, error) {
	var guessing sync.WaitGroup
	defer guessing.Wait() // nothing is asked any more once this returned
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	guess := make(chan selection, 1)
	try := sync.OnceFunc(func() {
		guessing.Go(func() { guess <- r.list(ctx, nameLabel+"="+r.Deployment) })
	})
	// Not before there is a connection: each request would open its own.
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { try() }}
	d, err := r.Client.Deployments(r.Namespace).Get(httptrace.WithClientTrace(ctx, trace), r.Deployment, metav1.GetOptions{})
	if err != nil {
		return nil, "", fmt.Errorf("get deployment %q in namespace %q: %w", r.Deployment, r.Namespace, err)
	}
	try()
	f := <-guess
	if !f.usableFor(d) {
		f = r.list(ctx, metav1.FormatLabelSelector(d.Spec.Selector))
	}
	if f.err != nil {
		return nil, "", f.err
	}
	pod, err := choosePod(d, f.sets, f.pods)
	if err != nil {
		return nil, "", err
	}
	return pod, cmp.Or(r.Container, kubejob.OwnContainer(&d.Spec.Template, pod)), nil
}

// list lists the ReplicaSets and pods with these labels, both at once.
func (r *Runner) list(ctx context.Context, selector string) selection {
	selected := metav1.ListOptions{LabelSelector: selector}
	var sets *appsv1.ReplicaSetList
	var setsErr error
	var listed sync.WaitGroup
	listed.Go(func() { sets, setsErr = r.Client.ReplicaSets(r.Namespace).List(ctx, selected) })
	pods, podsErr := r.Client.Pods(r.Namespace).List(ctx, selected)
	listed.Wait()
	switch {
	case setsErr != nil:
		return selection{err: fmt.Errorf("list ReplicaSets of deployment %q: %w", r.Deployment, setsErr)}
	case podsErr != nil:
		return selection{err: fmt.Errorf("list pods of deployment %q: %w", r.Deployment, podsErr)}
	}
	return selection{sets: sets.Items, pods: pods.Items}
}

// usableFor reports whether what has the name label of a Deployment is all that the Deployment
// selects, and is not older than the Deployment, which was read at the same time: a ReplicaSet
// created in between would be missed, and its predecessor asked.
func (f selection) usableFor(d *appsv1.Deployment) bool {
	if f.err != nil || d.Spec.Selector == nil || d.Spec.Selector.MatchLabels[nameLabel] != d.Name {
		return false
	}
	if d.Status.ObservedGeneration != d.Generation {
		return false
	}
	set := newest(d, f.sets)
	return set != nil && set.Annotations[revisionAnnotation] == d.Annotations[revisionAnnotation] && ofPresentSpec(d, set)
}
