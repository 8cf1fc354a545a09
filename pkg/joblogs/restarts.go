// SPDX-License-Identifier: Apache-2.0

package joblogs

import (
	"context"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kubejob"
)

// A container that ended may be restarted in its pod. The kubelet then serves the log of the
// new run before the API server knows of it: by milliseconds as a rule, by seconds on a busy
// node.

// isFirstRun reports whether the container has had no other run. If it may be restarted, the
// kubelet knows: it has no previous run (kubernetes: pkg/kubelet/kubelet_pods.go,
// validateContainerLogStatus). Then what came a moment ago belonged to the first one.
func (t *runReader) isFirstRun(ctx context.Context) bool {
	if !t.run.restarts {
		return true
	}
	if t.run.restart > 0 || t.run.previous {
		return false
	}
	stream, err := t.API.Log(ctx, t.run.Pod, &corev1.PodLogOptions{
		Container: t.run.Container, Previous: true, TailLines: new(int64(1)),
	})
	if err == nil {
		stream.Close()
	}
	return apierrors.IsBadRequest(err) && strings.Contains(err.Error(), "previous terminated container")
}

// replaced reports whether the API server knows of a run after this one.
func (t *runReader) replaced() bool { return t.run.previous || t.run.State == Gone }

// awaitRestart refreshes the run, and waits while its container is about to be restarted: until
// the restart is known, the next log may belong to either run. If the log is not followed it does
// not wait for long.
func (t *runReader) awaitRestart(ctx context.Context) error {
	if t.isFirstRun(ctx) {
		return t.refresh(ctx)
	}
	patience := 2 * time.Second
	if t.Follow {
		patience = 15 * time.Second
	}
	if t.run.restart == 0 {
		return t.poll(ctx, patience, t.replaced) // the kubelet has seen the next one
	}
	return t.poll(ctx, patience, func() bool { return !t.run.restarting })
}

// poll refreshes the run until it is as wanted, or patience ends.
func (t *runReader) poll(ctx context.Context, patience time.Duration, wanted func() bool) error {
	const step = 250 * time.Millisecond
	for waited := time.Duration(0); ; waited += step {
		if err := t.refresh(ctx); err != nil || wanted() || waited >= patience {
			return err
		}
		if err := sleep(ctx, step); err != nil {
			return err
		}
	}
}

// refresh reads the state of the run.
func (t *runReader) refresh(ctx context.Context) error {
	pods, err := t.API.Pods(ctx, t.selector)
	if err != nil {
		return err
	}
	for i := range pods {
		if pods[i].UID != t.run.pod {
			continue
		}
		t.noteEnd(pods[i])
		pod := kubejob.Pod{Pod: &pods[i], Containers: kubejob.Containers(nil, &pods[i])}
		for _, c := range pod.Containers {
			if c.Name == t.run.Container {
				c.Role = t.run.Kind
				t.run = runOf(pod, c, t.run.restart, t.run.Attempt)
			}
		}
		return nil
	}
	t.run.State, t.run.Reason = Gone, "its pod was deleted"
	return nil
}
