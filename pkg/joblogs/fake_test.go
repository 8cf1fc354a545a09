// SPDX-License-Identifier: Apache-2.0

package joblogs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kubejob"
)

// A node is a fake API server and kubelet with one job. It reads logs as a
// kubelet does: stamps of nanoseconds, times to ask for in whole seconds, the
// last lines or all, one file.
type node struct {
	mu     sync.Mutex
	job    *batchv1.Job
	pods   []*corev1.Pod
	events []corev1.Event
	files  map[RunKey]*file
	err    error         // of every question
	lag    time.Duration // of what the API server knows, behind what the kubelet knows
	past   []moment

	budget func(connection int) int // bytes that a connection carries; nil for any number
	end    error                    // how it ends then; io.EOF as if the log ended
	opened []corev1.PodLogOptions

	previous int  // how often the log of a previous run was asked for
	silent   bool // connections that follow and are opened now say nothing
}

// fileKey tells the logs of containers apart.
func fileKey(p *corev1.Pod, container string, restart int) RunKey {
	return Run{Pod: p.Name, Container: container, pod: p.UID, restart: restart}.Key()
}

// A moment is what the API server knows from a time on.
type moment struct {
	at     time.Time
	status map[types.UID]corev1.PodStatus
}

// A file is the log of one run.
type file struct {
	lines   []line
	rotated int // so many lines are put aside
}

type line struct {
	at   time.Time
	text string // with its line break, if it has one
}

func (f *file) text() string {
	var b strings.Builder
	for _, l := range f.lines {
		b.WriteString(l.text)
	}
	return b.String()
}

var errCut = errors.New("connection reset by peer")

// errCertificate is how an API server ends TLS with a certificate that it does not take.
var errCertificate error = &net.OpError{Op: "remote error", Err: errors.New("tls: expired certificate")}

func newNode() *node {
	n := &node{files: map[RunKey]*file{}, end: errCut}
	n.create("1")
	return n
}

func (n *node) Job(context.Context) (*batchv1.Job, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.job == nil && n.err == nil {
		return nil, apierrors.NewNotFound(schema.GroupResource{Resource: "jobs"}, "pum-process")
	}
	return n.job.DeepCopy(), n.err
}

// Pods returns the pods that are there, with what the API server knows of them.
func (n *node) Pods(context.Context, string) ([]corev1.Pod, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	var pods []corev1.Pod
	for _, p := range n.pods {
		known := p.DeepCopy()
		if n.lag > 0 {
			known.Status = corev1.PodStatus{}
		}
		for _, m := range n.past {
			if n.lag > 0 && !m.at.After(time.Now().Add(-n.lag)) {
				known.Status = m.status[p.UID]
			}
		}
		pods = append(pods, *known)
	}
	return pods, n.err
}

func (n *node) Events(context.Context) ([]corev1.Event, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.events, nil
}

func (n *node) Log(ctx context.Context, pod string, o *corev1.PodLogOptions) (io.ReadCloser, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.err != nil {
		return nil, n.err
	}
	if o.Previous {
		n.previous++
	}
	f, err := n.file(pod, o)
	if err != nil {
		return nil, err
	}
	n.opened = append(n.opened, *o)
	r, w := io.Pipe()
	budget := -1
	if n.budget != nil {
		budget = n.budget(len(n.opened))
	}
	go n.serve(ctx, f, o, &tap{w, budget, n.end})
	return r, nil
}

// file returns the log that is meant by the options.
func (n *node) file(pod string, o *corev1.PodLogOptions) (*file, error) {
	for _, p := range n.pods {
		for _, c := range kubejob.Containers(nil, p) {
			if p.Name != pod || c.Name != o.Container {
				continue
			}
			restart := c.Restarts()
			if o.Previous {
				restart--
			}
			if f := n.files[fileKey(p, c.Name, restart)]; f != nil {
				return f, nil
			}
			if o.Previous {
				return nil, apierrors.NewBadRequest("previous terminated container not found")
			}
			return nil, apierrors.NewBadRequest("container is waiting to start")
		}
	}
	return nil, apierrors.NewNotFound(schema.GroupResource{Resource: "pods"}, pod)
}

func (n *node) serve(ctx context.Context, f *file, o *corev1.PodLogOptions, w *tap) {
	n.mu.Lock()
	i, silent := f.rotated, o.Follow && n.silent
	if o.TailLines != nil {
		i = max(i, len(f.lines)-int(*o.TailLines))
	}
	n.mu.Unlock()
	for {
		n.mu.Lock()
		running := n.running(f)
		var text bytes.Buffer
		for ; i < len(f.lines) && (w.budget < 0 || text.Len() <= w.budget); i++ {
			if l := f.lines[i]; o.SinceTime == nil || !l.at.Before(o.SinceTime.Truncate(time.Second)) {
				fmt.Fprintf(&text, "%s %s", l.at.Format("2006-01-02T15:04:05.000000000Z07:00"), l.text)
			}
		}
		if silent {
			text.Reset()
		}
		if n.err != nil {
			w.budget, w.end = 0, n.err
			text.WriteByte(0) // never arrives
		}
		whole := i == len(f.lines)
		n.mu.Unlock()
		if _, err := w.Write(text.Bytes()); err != nil || whole && (!o.Follow || !running) {
			w.Close()
			return
		}
		if sleep(ctx, 10*time.Millisecond) != nil {
			w.w.CloseWithError(ctx.Err())
			return
		}
	}
}

func (n *node) running(f *file) bool {
	for k, other := range n.files {
		if other != f {
			continue
		}
		for _, p := range n.pods {
			for _, c := range kubejob.Containers(nil, p) {
				if p.UID == k.container.uid && c.Name == k.container.container {
					return c.Restarts() == k.restart && c.Status.State.Running != nil
				}
			}
		}
	}
	return false
}

// A tap writes until its budget is used up.
type tap struct {
	w      *io.PipeWriter
	budget int
	end    error
}

func (t *tap) Write(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	if t.budget < 0 {
		return t.w.Write(b)
	}
	n := min(len(b), t.budget)
	t.budget -= n
	if _, err := t.w.Write(b[:n]); err != nil {
		return n, err
	}
	if n < len(b) {
		t.w.CloseWithError(t.end)
		return n, errCut
	}
	return n, nil
}

func (t *tap) Close() { _ = t.w.Close() }

// change changes the node while nobody asks it.
func (n *node) change(do func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	do()
	m := moment{time.Now(), map[types.UID]corev1.PodStatus{}}
	for _, p := range n.pods {
		m.status[p.UID] = *p.Status.DeepCopy()
	}
	n.past = append(n.past, m)
}

// create makes the job, with a uid of its own.
func (n *node) create(uid string) {
	n.job = &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: "pum-process", UID: types.UID(uid), CreationTimestamp: metav1.NewTime(time.Now())}}
	n.job.Status.StartTime = new(metav1.NewTime(time.Now()))
	n.pods = nil
}

// start makes a pod with a container that runs.
func (n *node) start(name string, policy corev1.RestartPolicy) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name + "-uid"), CreationTimestamp: metav1.NewTime(time.Now())}}
	p.OwnerReferences = []metav1.OwnerReference{{Kind: "Job", Name: n.job.Name, UID: n.job.UID, Controller: new(true)}}
	p.Spec.RestartPolicy = policy
	p.Spec.Containers = []corev1.Container{{Name: "pum-process"}}
	p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "pum-process"}}
	n.pods = append(n.pods, p)
	n.job.Status.Active = 1
	n.begin(p)
	return p
}

// begin makes the pod's container run, for the first time or again.
func (n *node) begin(p *corev1.Pod) *file {
	st := &p.Status.ContainerStatuses[0]
	if st.State.Terminated != nil {
		n.backOff(p)
	}
	if st.LastTerminationState.Terminated != nil {
		st.RestartCount++
	}
	st.State = corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(time.Now())}}
	p.Status.Phase = corev1.PodRunning
	f := &file{}
	n.files[fileKey(p, "pum-process", int(st.RestartCount))] = f
	return f
}

// backOff has the pod's container, which ended, wait to be started again.
func (n *node) backOff(p *corev1.Pod) {
	st := &p.Status.ContainerStatuses[0]
	st.LastTerminationState = st.State
	st.State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}}
}

// exit ends the pod's container.
func (n *node) exit(p *corev1.Pod, code int32) {
	st := &p.Status.ContainerStatuses[0]
	st.State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
		ExitCode: code, StartedAt: st.State.Running.StartedAt, FinishedAt: metav1.NewTime(time.Now().Truncate(time.Second)),
	}}
	if p.Spec.RestartPolicy == corev1.RestartPolicyNever {
		p.Status.Phase = corev1.PodSucceeded
		n.job.Status.Active, n.job.Status.Succeeded = 0, 1
		if code != 0 {
			p.Status.Phase = corev1.PodFailed
			n.job.Status.Succeeded, n.job.Status.Failed = 0, n.job.Status.Failed+1
		}
	}
}

// finish ends the job.
func (n *node) finish(condition batchv1.JobConditionType) {
	n.job.Status.Conditions = []batchv1.JobCondition{{
		Type: condition, Status: corev1.ConditionTrue, Reason: "BecauseISayIt", LastTransitionTime: metav1.NewTime(time.Now()),
	}}
}

// log returns the log of a pod's run.
func (n *node) log(p *corev1.Pod) *file {
	return n.files[fileKey(p, "pum-process", int(p.Status.ContainerStatuses[0].RestartCount))]
}

// write adds lines to a log, now.
func (f *file) write(texts ...string) {
	for _, text := range texts {
		f.lines = append(f.lines, line{time.Now(), text})
	}
}

// A recorder is a sink that keeps everything.
type recorder struct {
	lines  bytes.Buffer // of all runs
	script []string     // everything, in short
	open   bool
	first  time.Time // when the first piece came
}

func (r *recorder) Begin(run Run) error {
	r.script = append(r.script, fmt.Sprintf("begin %d %s %s", run.Attempt, run.Pod, run.State))
	return nil
}

func (r *recorder) Piece(_ Run, p Piece) error {
	if r.first.IsZero() {
		r.first = time.Now()
	}
	r.lines.Write(p.Text)
	text := strings.TrimSuffix(string(p.Text), "\n")
	if r.open && !p.Begins() {
		r.script[len(r.script)-1] += text
	} else {
		r.script = append(r.script, text)
	}
	r.open = !p.Ends()
	return nil
}

func (r *recorder) End(run Run) error {
	r.open = false
	r.script = append(r.script, fmt.Sprintf("end %s %d", run.State, run.ExitCode))
	return nil
}

func (r *recorder) Say(text string) error {
	r.script = append(r.script, "say "+text)
	return nil
}

func (r *recorder) Flush() error { return nil }

func (n *node) reader(o Options) (*Reader, *recorder) {
	sink := &recorder{}
	return &Reader{API: n, Sink: sink, Now: time.Now, Options: o}, sink
}

// follow reads the whole history, to its end.
func (n *node) follow(t *testing.T) *recorder {
	t.Helper()
	reader, sink := n.reader(Options{Follow: true, Tail: -1})
	if _, err := reader.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	return sink
}

func numbered(n int) []string {
	var texts []string
	for i := range n {
		texts = append(texts, fmt.Sprintf("%06d still here\n", i+1))
	}
	return texts
}

func wantText(t *testing.T, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	i := 0
	for i < len(got) && i < len(want) && got[i] == want[i] {
		i++
	}
	t.Errorf("%d bytes, want %d; they differ from byte %d on: %.60q, want %.60q", len(got), len(want), i, got[i:], want[i:])
}
