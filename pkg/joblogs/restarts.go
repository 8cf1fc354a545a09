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

// A container that ended may be started again in its pod. The kubelet then gives
// the log of the new run, and the API server hears of it later: within
// milliseconds as a rule, and within seconds on a busy node.

// isFirstRun reports whether there is no run but the first. Where the container may be
// started again the kubelet can tell: it has no previous one (kubernetes: pkg/
// kubelet/kubelet_pods.go, validateContainerLogStatus). What came a moment ago was
// the first one's then.
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

// awaitRestart looks how the run is, and waits while its container is about to be
// started again: until that is known, one cannot tell whose log one would get.
// Without a follow it does not wait for long.
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

// poll asks how the run is until it is as wanted, or patience ends.
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

// refresh looks how the run is now.
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
	t.run.State, t.run.Reason = Gone, "its pod was deleted, and the end of its log may be missing"
	return nil
}
