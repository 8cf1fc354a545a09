// SPDX-License-Identifier: Apache-2.0

package joblogs

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kube"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/kubejob"
)

// A Sink takes what a reader reads. It is called by one goroutine at a time.
type Sink interface {
	Begin(Run) error        // pieces of the run follow, or it is gone
	Piece(Run, Piece) error // of a run that began and did not end
	End(Run) error          // what became of the run since it began
	Say(text string) error  // what happens around the logs
	Flush() error           // the next piece may be long in coming
}

// Options say what to read. A Tail of zero means no lines at all; a negative one means all.
type Options struct {
	Follow    bool
	Attempts  Selection
	Container string // empty for all but sidecars
	Tail      int64
	Since     time.Duration
	SinceTime time.Time
	After     []Position // where another reader was interrupted
}

// A Reader reads the logs of a job, an attempt after the other.
type Reader struct {
	API  API
	Sink Sink
	Now  func() time.Time
	Options

	// OldNodes reports whether nodes may be older than Kubernetes 1.29, which lose lines when they
	// rotate a log that is followed (kubernetes#115701). Nil stands for no.
	OldNodes func(context.Context) bool

	begun     time.Time
	job       types.UID
	seen      JobHistory // what was known last of the job
	removedAt time.Time  // when it was first not there any more
	first     int        // attempts before are not asked for
	last      int        // nor those behind
	read      map[RunKey]bool
	readTo    map[containerKey]int // the last restart of each that was read
	reached   int                  // the last attempt of which something was said
	started   []*runReader         // the last that were read together
	behind    []Position           // of those that were read before them
	sidecars  bool                 // it was said which are left out
	reason    string               // what is waited for
	waited    time.Duration        // for the same reason
	said      bool                 // that it is
	outage    outage

	mu        sync.Mutex
	succeeded map[types.UID]bool // pods
}

// Read reads what the options say, and returns the job's last state. Without Follow it reads
// what exists now. With Follow it waits for the job, reads on if the job is replaced by another
// of its name, and ends when the job is over and stays, or is removed.
func (r *Reader) Read(ctx context.Context) (JobHistory, error) {
	r.begun, r.Sink = r.Now(), &lockedSink{sink: r.Sink}
	r.forget()
	for {
		h, err := r.fetch(ctx)
		if err != nil {
			return h, err
		}
		run, ok := r.next(h)
		switch {
		case ok:
			if err := r.readRun(ctx, h, run); err != nil {
				return h, err
			}
		case r.wasRemoved(h):
			return r.removed(ctx), r.Sink.Flush()
		case !r.Follow, h.uid != "" && (h.Over() && !h.deleting || r.selectionOver(h)):
			return h, r.Sink.Flush()
		default:
			if err := r.wait(ctx, h); err != nil {
				return h, err
			}
		}
	}
}

// forget drops what is known of a job.
func (r *Reader) forget() {
	r.read, r.readTo, r.reached = map[RunKey]bool{}, map[containerKey]int{}, 0
	r.sidecars, r.succeeded = false, map[types.UID]bool{}
}

// Positions returns how far the last logs were read. As long as those are empty, it returns how
// far the logs before them were read.
func (r *Reader) Positions() []Position {
	var list []Position
	placed := false
	for _, t := range r.started {
		p := t.position()
		list, placed = append(list, p), placed || !p.Time.IsZero()
	}
	if !placed && r.behind != nil {
		return r.behind
	}
	return list
}

// startNext begins with the next logs, and keeps the positions of those before.
func (r *Reader) startNext() { r.behind, r.started = r.Positions(), nil }

// Selected returns the attempts that are read, as Selection.Set takes them, once they are
// known: all, or one number.
func (r *Reader) Selected() string {
	if r.first > 0 && (r.first == r.last || !r.Follow && r.Attempts.name == "last") {
		return strconv.Itoa(r.first)
	}
	return "all"
}

// fetch reads the state of the job. When following, it retries if the API server does not
// answer, and a job that does not exist has an empty history; so has one that was removed while
// it was read.
func (r *Reader) fetch(ctx context.Context) (JobHistory, error) {
	for {
		h, err := Fetch(ctx, r.API)
		switch {
		case ctx.Err() != nil:
			return h, context.Cause(ctx)
		case err == nil:
			if err := r.outage.over(r); err != nil {
				return h, err
			}
			return h, r.selectAttempts(h)
		case apierrors.IsNotFound(err) && r.job != "":
			return JobHistory{Reason: fmt.Sprintf("job %s was removed, and may be replaced", r.seen.Job)}, nil
		case r.Follow && apierrors.IsNotFound(err):
			return JobHistory{Reason: "there is no such job"}, nil
		case !r.Follow, apierrors.IsForbidden(err), kube.NotLoggedIn(err):
			return h, err
		}
		if err := r.outage.begin(r, err); err != nil {
			return h, err
		}
		if err := sleep(ctx, time.Second); err != nil {
			return h, err
		}
	}
}

// selectAttempts decides which attempts to read, when the job is first seen and when it was
// replaced.
func (r *Reader) selectAttempts(h JobHistory) error {
	r.seen = h
	if h.uid == r.job {
		return nil
	}
	replaced := r.job != ""
	r.job = h.uid
	if replaced {
		r.forget()
		r.first, r.last = 1, math.MaxInt
		return r.Sink.Say(fmt.Sprintf("job %s was recreated at %s", h.Job, h.made.UTC().Format(time.RFC3339)))
	}
	if r.first, r.last = r.Attempts.of(h.Attempts); r.first < 1 || !r.Follow && r.first > max(1, h.Attempts) {
		return notFound("there is no attempt %s: job %s has had %d", r.Attempts.String(), h.Job, h.Attempts)
	}
	if err := r.checkContainer(h); err != nil {
		return err
	}
	return r.resume(h)
}

// checkContainer refuses a container that no attempt has.
func (r *Reader) checkContainer(h JobHistory) error {
	names := h.Containers()
	if r.Container == "" || len(names) == 0 || slices.Contains(names, r.Container) {
		return nil
	}
	return notFound("there is no container %s: the pods of job %s have %s", r.Container, h.Job, strings.Join(names, ", "))
}

func notFound(format string, args ...any) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusNotFound, Reason: metav1.StatusReasonNotFound, Message: fmt.Sprintf(format, args...),
	}}
}

// resume marks as read what comes before the first position of another reader. If none of its
// pods is left, it goes by time.
func (r *Reader) resume(h JobHistory) error {
	if len(r.After) == 0 {
		return nil
	}
	from := slices.IndexFunc(h.Runs, func(run Run) bool { return r.after(run) != nil })
	if from < 0 {
		last := slices.MaxFunc(r.After, func(a, b Position) int { return a.Time.Compare(b.Time) })
		if last.Time.After(r.SinceTime) {
			r.SinceTime = last.Time.Add(1)
		}
		return r.Sink.Say(fmt.Sprintf("pod %s is gone: what it wrote after %s is no longer available", last.Pod, last.Time.UTC().Format(time.RFC3339Nano)))
	}
	for _, run := range h.Runs[:from] {
		r.markRead(run)
	}
	return nil
}

// after returns the position to go on from in the log of a run, if there is one.
func (r *Reader) after(run Run) *Position {
	if i := slices.IndexFunc(r.After, func(p Position) bool { return p.is(run) }); i >= 0 {
		return &r.After[i]
	}
	return nil
}

// next returns the first run that was asked for, has begun, and was not read
// yet. Unless the job is followed, one that waits is next as well: there is
// nothing of it to read, which is said.
func (r *Reader) next(h JobHistory) (Run, bool) {
	for _, run := range h.Runs {
		run, unread := r.unread(run)
		if unread && r.wants(run) && (run.State != Waiting || !r.Follow) {
			return run, true
		}
	}
	return Run{}, false
}

// unread returns what was not read yet of a run, or of those that it stands
// for.
func (r *Reader) unread(run Run) (Run, bool) {
	if run.Container == "" {
		if r.reached >= run.lastAttempt() {
			return run, false
		}
		run.Attempt = max(run.Attempt, r.reached+1)
		return run, true
	}
	to, ok := r.readTo[run.key()]
	if run.To > run.Attempt && ok {
		run.Attempt = min(run.Attempt+to+1, run.To)
	}
	return run, !r.read[run.Key()] && (!ok || run.To == 0 || to < run.restart)
}

// wants reports whether a run was asked for: of all containers those that do
// the job's work, as their end is what a job waits for.
func (r *Reader) wants(run Run) bool {
	if run.lastAttempt() < r.first || run.Attempt > r.last {
		return false
	}
	if r.Container == "" || run.Container == "" {
		return run.Kind != kubejob.Sidecar
	}
	return run.Container == r.Container
}

// selectionOver reports whether the last attempt that was asked for is over.
func (r *Reader) selectionOver(h JobHistory) bool {
	return h.Attempts >= r.last && !slices.ContainsFunc(h.Runs, func(run Run) bool {
		return r.wants(run) && (run.State == Waiting || run.State == Running)
	})
}

// readRun reads a run, and if the job is followed those that run at the same
// time.
func (r *Reader) readRun(ctx context.Context, h JobHistory, run Run) error {
	if err := r.sayLeftOut(h); err != nil {
		return err
	}
	if run.State == Waiting || run.State == Gone {
		r.markRead(run)
		if err := r.Sink.Begin(run); err != nil {
			return err
		}
		return r.Sink.Flush()
	}
	if r.Follow {
		return r.follow(ctx, h, run)
	}
	r.startNext()
	t, err := r.begin(run)
	if err != nil {
		return err
	}
	if err := t.read(ctx); err != nil {
		return err
	}
	return r.Sink.End(t.run)
}

// begin begins to read a run.
func (r *Reader) begin(run Run) (*runReader, error) {
	r.markRead(run)
	t := &runReader{Reader: r, selector: r.seen.selector, run: run, restart: run.restart}
	if p := r.after(run); p != nil {
		t.mark = p.mark()
	}
	r.started = append(r.started, t)
	return t, r.Sink.Begin(run)
}

// markRead records that a run is read.
func (r *Reader) markRead(run Run) {
	r.read[run.Key()], r.reached, r.reason = true, max(r.reached, run.lastAttempt()), ""
	if run.Container != "" {
		r.readTo[run.key()] = max(r.readTo[run.key()], run.restart)
	}
}

// sayLeftOut says once which containers are not read.
func (r *Reader) sayLeftOut(h JobHistory) error {
	names := h.containers(func(run Run) bool { return run.Kind == kubejob.Sidecar })
	if r.sidecars || r.Container != "" || len(names) == 0 {
		return nil
	}
	r.sidecars = true
	return r.Sink.Say(fmt.Sprintf("sidecars are left out: %s; -c NAME shows one", strings.Join(names, ", ")))
}

// wait waits a moment for something to read. What it waits for is said once, unless it comes
// soon.
func (r *Reader) wait(ctx context.Context, h JobHistory) error {
	reason := h.Reason
	if h.Over() {
		reason = "the job is over and is being deleted; another may replace it"
	}
	if reason != r.reason {
		r.reason, r.waited, r.said = reason, 0, false
	}
	if r.waited >= time.Second && !r.said {
		r.said = true
		if err := r.Sink.Say("waiting: " + reason); err != nil {
			return err
		}
	}
	pace := h.pace()
	r.waited += pace
	return sleep(ctx, pace)
}

// pace is how soon to look again. The first run of a container may fail at once, and
// the next one with it: then the node removes the log of the first.
func (h JobHistory) pace() time.Duration {
	if slices.ContainsFunc(h.Runs, func(run Run) bool { return run.State == Waiting && run.restart == 0 && run.restarts }) {
		return 200 * time.Millisecond
	}
	return time.Second
}

// A lockedSink is a sink for several goroutines.
type lockedSink struct {
	mu   sync.Mutex
	sink Sink
}

func (l *lockedSink) Begin(r Run) error { l.mu.Lock(); defer l.mu.Unlock(); return l.sink.Begin(r) }
func (l *lockedSink) Piece(r Run, p Piece) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sink.Piece(r, p)
}
func (l *lockedSink) End(r Run) error { l.mu.Lock(); defer l.mu.Unlock(); return l.sink.End(r) }
func (l *lockedSink) Say(text string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sink.Say(text)
}
func (l *lockedSink) Flush() error { l.mu.Lock(); defer l.mu.Unlock(); return l.sink.Flush() }

// An outage is a time in which the API server does not answer.
type outage struct {
	mu    sync.Mutex
	since time.Time
}

// begin says that there is one, once.
func (o *outage) begin(r *Reader, err error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.since.IsZero() {
		return nil
	}
	o.since = r.Now()
	return r.Sink.Say("no answer, asking again: " + err.Error())
}

// over says that there was one.
func (o *outage) over(r *Reader) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.since.IsZero() {
		return nil
	}
	took := r.Now().Sub(o.since).Round(time.Second)
	o.since = time.Time{}
	return r.Sink.Say(fmt.Sprintf("there is an answer again, after %s", took))
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

// timeFor makes a time that can be asked for.
func timeFor(t time.Time) *metav1.Time { return new(metav1.NewTime(t)) }
