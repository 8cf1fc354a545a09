// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"context"
	"io"
	"iter"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Logs are read for a few troubles only, and a node that does not answer is
// not waited for: they help to understand, and prove nothing.
const (
	mostLogs     = 5
	mostLines    = 5
	mostLogBytes = 16 << 10
	logPatience  = 3 * time.Second
)

// lastWords notes with the causes what crashed containers wrote last, one
// container for each trouble. What cannot be read is left out.
func (r *reader) lastWords(p Assessment) {
	pods := map[string]*corev1.Pod{}
	for _, pod := range r.objects.Pods {
		pods[pod.Name] = pod
	}
	ctx, cancel := context.WithTimeout(r.ctx, logPatience)
	defer cancel()
	read := map[trouble]bool{}
	for c := range p.causes() {
		of := trouble{c.Code, c.Group}
		if !crashed(c.Code) || pods[c.Pod] == nil || read[of] || len(read) == mostLogs {
			continue
		}
		read[of] = true
		r.wait.Go(func() { c.Log = r.log(ctx, pods[c.Pod], c.Container) })
	}
	r.wait.Wait()
}

// A trouble is what causes of the same code and group share.
type trouble struct {
	code  Code
	group string
}

// causes goes over what holds up workloads and jobs.
func (p Assessment) causes() iter.Seq[*Cause] {
	return func(yield func(*Cause) bool) {
		for _, w := range p.Workloads {
			for i := range w.Causes {
				if !yield(&w.Causes[i]) {
					return
				}
			}
		}
		for _, j := range p.Jobs {
			for i := range j.Causes {
				if !yield(&j.Causes[i]) {
					return
				}
			}
		}
	}
}

// A place is a container of a pod.
type place struct{ pod, container string }

// words are the last words in an assessment, by where they were written.
func (p Assessment) words() map[place][]string {
	words := map[place][]string{}
	for c := range p.causes() {
		if c.Log != nil {
			words[place{c.Pod, c.Container}] = c.Log
		}
	}
	return words
}

// recall notes with the causes of a later assessment what was read for an earlier.
func (p Assessment) recall(words map[place][]string) {
	for c := range p.causes() {
		if crashed(c.Code) {
			c.Log = words[place{c.Pod, c.Container}]
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
