// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"context"
	"io"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Logs are read for a few problems only, and not waited for if a node does not answer: they
// help to understand, and prove nothing.
const (
	mostLogs     = 5
	mostLines    = 5
	mostLogBytes = 16 << 10
	logTimeout   = 3 * time.Second
)

// readLogs adds to the causes the last lines of crashed containers, one container
// for each problem. What cannot be read is left out.
func (r *reader) readLogs(a Assessment) {
	pods := map[string]*corev1.Pod{}
	for _, pod := range r.objects.Pods {
		pods[pod.Name] = pod
	}
	ctx, cancel := context.WithTimeout(r.ctx, logTimeout)
	defer cancel()
	read := map[problem]bool{}
	for _, c := range a.Causes() {
		of := problem{c.Code, c.Group}
		if !causeKinds[c.Code].crashed || pods[c.Pod] == nil || read[of] || len(read) == mostLogs {
			continue
		}
		read[of] = true
		r.wait.Go(func() { c.Log = r.log(ctx, pods[c.Pod], c.Container) })
	}
	r.wait.Wait()
}

// A problem is what causes of the same code and group share.
type problem struct {
	code  Code
	group string
}

// Causes returns what blocks workloads and jobs.
func (a Assessment) Causes() []*Cause {
	var list []*Cause
	for _, w := range a.Workloads {
		list = append(list, addresses(w.Causes)...)
	}
	for _, j := range a.Jobs {
		list = append(list, addresses(j.Causes)...)
	}
	return list
}

// A ContainerName names a container of a pod.
type ContainerName struct{ Pod, Container string }

// logs returns the last lines of crashed containers.
func (a Assessment) logs() map[ContainerName][]string {
	logs := map[ContainerName][]string{}
	for _, c := range a.Causes() {
		if c.Log != nil {
			logs[ContainerName{c.Pod, c.Container}] = c.Log
		}
	}
	return logs
}

// addLogs adds to the causes what was read for an earlier assessment.
func (a Assessment) addLogs(logs map[ContainerName][]string) {
	for _, c := range a.Causes() {
		if causeKinds[c.Code].crashed {
			c.Log = logs[ContainerName{c.Pod, c.Container}]
		}
	}
}

// log returns the last lines of the container's run that ended last. That is
// the previous run, unless the container was not started again.
func (r *reader) log(ctx context.Context, p *corev1.Pod, name string) []string {
	options := &corev1.PodLogOptions{Container: name, Previous: true, TailLines: new(int64(mostLines))}
	for _, c := range containersOf(p) {
		if c.spec.Name == name && c.status.State.Terminated != nil {
			options.Previous = false
		}
	}
	stream, err := r.Kube.Log(r.namespace, p.Name, options).Stream(ctx)
	if err != nil {
		return nil
	}
	defer stream.Close()
	text, err := io.ReadAll(io.LimitReader(stream, mostLogBytes))
	if err != nil {
		return nil
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		if line = clean(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}
