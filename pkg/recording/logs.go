// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/joblogs"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// mostLog is how much of a container's log is read into memory.
const mostLog = 64 << 20

// A Job is a job in a recording. It is a joblogs.API.
type Job struct {
	kept *Kept
	name string
}

// Job returns a job of a recording, to read its logs.
func (k *Kept) Job(name string) *Job { return &Job{k, name} }

// NoLogs is the error that a file has no logs.
func (k *Kept) NoLogs() error {
	missing := &verdict.NotKeptError{What: "logs of the job", File: k.state.file, Tells: "kubectl tpe record --logs"}
	if k.Kind != KindRecording {
		missing.Tells = "info/" + k.Namespace + "/POD/logs.txt, which kubectl cluster-info dump writes,"
	}
	return missing
}

// HasLogs reports whether a recording has lines of logs.
func (k *Kept) HasLogs() bool { return k.logs }

// Job returns the job.
func (j *Job) Job(context.Context) (*batchv1.Job, error) {
	o, err := j.kept.state.read()
	if err != nil {
		return nil, err
	}
	if err := readiness.Unread(o.Gaps, "Job"); err != nil {
		return nil, err
	}
	for _, job := range o.Jobs {
		if job.Name == j.name {
			return job, nil
		}
	}
	return nil, fmt.Errorf("get job %q in %s: %w", j.name, j.kept.Path, apierrors.NewNotFound(batchv1.Resource("jobs"), j.name))
}

// Pods returns the pods that may be the job's.
func (j *Job) Pods(_ context.Context, selector string) ([]corev1.Pod, error) {
	o, err := j.kept.state.read()
	if err != nil {
		return nil, err
	}
	wanted, err := labels.Parse(selector)
	if err != nil {
		return nil, err
	}
	var pods []corev1.Pod
	for _, p := range o.Pods {
		if wanted.Matches(labels.Set(p.Labels)) {
			pods = append(pods, *p)
		}
	}
	return pods, nil
}

// Events returns none: a recording has only those that warn.
func (j *Job) Events(context.Context) ([]corev1.Event, error) { return nil, nil }

// Log returns the lines of a container that were recorded, up to the moment that is looked at.
func (j *Job) Log(_ context.Context, pod string, options *corev1.PodLogOptions) (io.ReadCloser, error) {
	started, err := j.started(pod, options)
	if err != nil {
		return nil, err
	}
	l, done, err := j.kept.lines()
	if err != nil {
		return nil, err
	}
	defer done()
	var text bytes.Buffer
	found := false
	err = l.each(func(line *Line) (bool, error) {
		log := line.Log
		if log == nil || j.kept.given && line.At.After(j.kept.At) {
			return true, nil
		}
		found = true
		if log.Pod != pod || log.Container != options.Container || !log.Started.Equal(started) || options.SinceTime != nil && log.Time.Before(options.SinceTime.Time) {
			return true, nil
		}
		if text.Len() > mostLog {
			return false, fmt.Errorf("the log of pod %s: %w", pod, errTooLarge)
		}
		log.write(&text)
		return true, nil
	})
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, j.kept.NoLogs()
	}
	return io.NopCloser(bytes.NewReader(tail(text.Bytes(), options.TailLines))), nil
}

// write writes a line as a kubelet does, with its time.
func (l *Log) write(b *bytes.Buffer) {
	if n := b.Len(); n == 0 || b.Bytes()[n-1] == '\n' {
		b.WriteString(l.Time.Format(time.RFC3339Nano) + " ")
	}
	b.WriteString(l.Line)
	if !l.More {
		b.WriteByte('\n')
	}
}

// tail returns the last lines of a text.
func tail(text []byte, lines *int64) []byte {
	if lines == nil {
		return text
	}
	end := len(text)
	for n := int64(0); n <= *lines && end >= 0; n++ {
		end = bytes.LastIndexByte(text[:max(end, 0)], '\n')
	}
	return text[end+1:]
}

// started returns when the run of a container began whose log is asked for.
func (j *Job) started(pod string, options *corev1.PodLogOptions) (time.Time, error) {
	o, err := j.kept.state.read()
	if err != nil {
		return time.Time{}, err
	}
	i := slices.IndexFunc(o.Pods, func(p *corev1.Pod) bool { return p.Name == pod })
	if i < 0 {
		return time.Time{}, fmt.Errorf("get pod %q in %s: %w", pod, j.kept.Path, apierrors.NewNotFound(corev1.Resource("pods"), pod))
	}
	for _, s := range slices.Concat(o.Pods[i].Status.InitContainerStatuses, o.Pods[i].Status.ContainerStatuses) {
		if s.Name != options.Container {
			continue
		}
		state := s.State
		if options.Previous {
			state = s.LastTerminationState
		}
		switch {
		case state.Running != nil:
			return state.Running.StartedAt.UTC(), nil
		case state.Terminated != nil:
			return state.Terminated.StartedAt.UTC(), nil
		}
	}
	if options.Previous { // in the words of a kubelet (pkg/kubelet/kubelet_pods.go), by which a first run is known
		return time.Time{}, apierrors.NewBadRequest(fmt.Sprintf("previous terminated container %q in pod %q not found", options.Container, pod))
	}
	return time.Time{}, fmt.Errorf("container %q of pod %q has no log", options.Container, pod)
}

// Dumped calls a function with each line of the logs of a job's pods in an archive or a folder:
// kubectl cluster-info dump has a file for each pod, with a block for each container. It reports
// which pods had a log, and whether one of the pods succeeded.
func (k *Kept) Dumped(job string, begin func(joblogs.Run) error, line func(joblogs.Run, []byte) error) (found, succeeded bool, err error) {
	o, err := k.state.read()
	if err != nil {
		return false, false, err
	}
	pods := map[string]*corev1.Pod{}
	for _, p := range o.Pods {
		owner := metav1.GetControllerOf(p)
		if owner != nil && owner.Kind == "Job" && owner.Name == job || p.Labels["job-name"] == job {
			pods[p.Name] = p
			succeeded = succeeded || p.Status.Phase == corev1.PodSucceeded
		}
	}
	d := dumpedLogs{pods: pods, begin: begin, line: line}
	take := func(m *member) error {
		pod := path.Base(path.Dir(m.name))
		if roleOf(m.name) != roleLogs || pods[pod] == nil || path.Base(path.Dir(path.Dir(m.name))) != k.Namespace {
			return nil
		}
		d.pod = pods[pod]
		d.found = true
		return d.read(m)
	}
	err = k.walk(take)
	return d.found, succeeded, err
}

// walk calls a function with each member of the archive or the folder.
func (k *Kept) walk(take func(*member) error) error {
	ignore := func(string, string) {} // which is said in findings
	if k.Path == Stdin {
		return errOnce
	}
	info, err := os.Stat(k.Path)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return walkFolder(k.Path, take, ignore)
	}
	file, err := os.Open(k.Path)
	if err != nil {
		return err
	}
	defer file.Close()
	text, err := plain(file)
	if err != nil {
		return err
	}
	if begin, _ := text.Peek(sniffed); !isTar(begin) {
		return nil // a list has no logs
	}
	return walkTar(text, take, ignore)
}

// dumpedLogs reads files that kubectl cluster-info dump wrote.
type dumpedLogs struct {
	pods  map[string]*corev1.Pod
	begin func(joblogs.Run) error
	line  func(joblogs.Run, []byte) error

	pod   *corev1.Pod
	found bool
	n     int
	run   *joblogs.Run
}

// header is the line before and behind a container's log
// (k8s.io/kubectl: pkg/cmd/clusterinfo/clusterinfo_dump.go).
var header = regexp.MustCompile(`^==== (START|END)\s+logs for container (\S+) of pod \S+ ====\r?\n?$`)

func (d *dumpedLogs) read(r io.Reader) error {
	text := bufio.NewReaderSize(r, 64<<10)
	d.run = nil
	for {
		line, err := text.ReadSlice('\n')
		if len(line) > 0 {
			if err := d.add(line); err != nil {
				return err
			}
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return ignoreEOF(err)
		}
	}
}

func (d *dumpedLogs) add(line []byte) error {
	found := header.FindSubmatch(line)
	switch {
	case found != nil && string(found[1]) == "START":
		d.n++
		d.run = runOf(d.pod, string(found[2]), d.n)
		return d.begin(*d.run)
	case found != nil:
		d.run = nil
	case d.run != nil:
		return d.line(*d.run, line)
	}
	return nil
}

// runOf returns the run of a container as its pod's status has it.
func runOf(p *corev1.Pod, container string, n int) *joblogs.Run {
	r := &joblogs.Run{Attempt: n, Pod: p.Name, Container: container, State: joblogs.Running}
	for _, s := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
		if s.Name != container {
			continue
		}
		if s.State.Running != nil {
			r.StartedAt = s.State.Running.StartedAt.Time
		}
		if end := s.State.Terminated; end != nil {
			r.State, r.StartedAt, r.EndedAt, r.ExitCode = joblogs.Ended, end.StartedAt.Time, end.FinishedAt.Time, end.ExitCode
			r.Reason = strings.TrimSpace(end.Reason)
		}
	}
	return r
}
