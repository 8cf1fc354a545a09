// SPDX-License-Identifier: Apache-2.0

package joblogs

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// A Sink takes what a reader reads.
type Sink interface {
	Begin(Run) error        // pieces of the run follow, or it is gone
	Piece(Run, Piece) error // of the run that began last
	End(Run) error          // what became of the run since it began
	Say(text string) error  // what happens around the logs
	Flush() error           // the next piece may be long in coming
}

// Options say what to read. The zero Tail means no lines at all; less than
// zero means all.
type Options struct {
	Follow    bool
	Attempts  Selection
	Container string // empty for all
	Tail      int64
	Since     time.Duration
	SinceTime time.Time
}

// A Reader reads the logs of a job, an attempt after the other.
type Reader struct {
	API  API
	Sink Sink
	Now  func() time.Time
	Options

	begun   time.Time
	job     types.UID
	first   int // attempts before are not asked for
	last    int // nor those behind
	read    map[key]bool
	reached int           // the last attempt of which something was said
	reason  string        // what is waited for
	waited  time.Duration // for the same reason
	said    bool          // that it is
	outage  outage
}

// Read reads what the options say, and returns how the job was then. Unless
// it follows, that is what there is now. A job that is followed is waited
// for, and if it is made anew, read anew, until it is over.
func (r *Reader) Read(ctx context.Context) (JobHistory, error) {
	r.begun, r.read = r.Now(), map[key]bool{}
	for {
		s, err := r.fetch(ctx)
		if err != nil {
			return s, err
		}
		run, ok := r.next(s)
		switch {
		case ok:
			if err := r.readRun(ctx, run); err != nil {
				return s, err
			}
		case !r.Follow, s.uid != "" && (s.Over() || r.selectionOver(s)):
			return s, r.Sink.Flush()
		default:
			if err := r.wait(ctx, s); err != nil {
				return s, err
			}
		}
	}
}

// fetch asks how the job is. While it is followed, an API server that does not
// answer is asked again, and a job that is not there has an empty story.
func (r *Reader) fetch(ctx context.Context) (JobHistory, error) {
	for {
		s, err := Fetch(ctx, r.API)
		switch {
		case ctx.Err() != nil:
			return s, context.Cause(ctx)
		case err == nil:
			if err := r.outage.over(r); err != nil {
				return s, err
			}
			return s, r.selectAttempts(s)
		case r.Follow && apierrors.IsNotFound(err):
			return JobHistory{Reason: "there is no such job"}, nil
		case !r.Follow, apierrors.IsForbidden(err), apierrors.IsUnauthorized(err):
			return s, err
		}
		if err := r.outage.begin(r, err); err != nil {
			return s, err
		}
		if err := sleep(ctx, time.Second); err != nil {
			return s, err
		}
	}
}

// selectAttempts decides which attempts to read, when the job is seen first and when it
// was made anew.
func (r *Reader) selectAttempts(h JobHistory) error {
	if h.uid == r.job {
		return nil
	}
	anew := r.job != ""
	r.job = h.uid
	if anew {
		r.first, r.last, r.reached = 1, math.MaxInt, 0
		return r.Sink.Say(fmt.Sprintf("job %s was made anew at %s", h.Job, h.made.UTC().Format(time.RFC3339)))
	}
	if r.first, r.last = r.Attempts.of(h.Attempts); r.first < 1 || !r.Follow && r.first > max(1, h.Attempts) {
		return notFound("there is no attempt %s: job %s has had %d", r.Attempts.String(), h.Job, h.Attempts)
	}
	return r.checkContainer(h)
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

// next returns the first run that was asked for, has begun, and was not read
// yet. Unless the job is followed, one that waits is next as well: there is
// nothing of it to read, which is said.
func (r *Reader) next(h JobHistory) (Run, bool) {
	for _, run := range h.Runs {
		if r.wants(run) && !r.read[run.key()] && (run.State != Waiting || !r.Follow) {
			return run, true
		}
	}
	return Run{}, false
}

// wants reports whether a run was asked for. An attempt of which nothing is
// left was there before, unless it comes after all that were.
func (r *Reader) wants(run Run) bool {
	if run.Container == "" && run.Attempt <= r.reached {
		return false
	}
	return run.Attempt >= r.first && run.Attempt <= r.last &&
		(r.Container == "" || run.Container == "" || run.Container == r.Container)
}

// selectionOver reports whether the last attempt that was asked for is over.
func (r *Reader) selectionOver(h JobHistory) bool {
	return h.Attempts >= r.last && !slices.ContainsFunc(h.Runs, func(run Run) bool {
		return r.wants(run) && (run.State == Waiting || run.State == Running)
	})
}

// readRun reads one run.
func (r *Reader) readRun(ctx context.Context, run Run) error {
	r.read[run.key()], r.reached, r.reason = true, max(r.reached, run.Attempt), ""
	if err := r.Sink.Begin(run); err != nil {
		return err
	}
	if run.State == Waiting || run.State == Gone {
		return r.Sink.Flush()
	}
	t := runReader{Reader: r, run: run}
	if err := t.read(ctx); err != nil {
		return err
	}
	return r.Sink.End(t.run)
}

// wait waits a moment for something to read. For what is said once, and not
// if it comes soon.
func (r *Reader) wait(ctx context.Context, s JobHistory) error {
	if s.Reason != r.reason {
		r.reason, r.waited, r.said = s.Reason, 0, false
	}
	if r.waited >= time.Second && !r.said {
		r.said = true
		if err := r.Sink.Say("waiting: " + s.Reason); err != nil {
			return err
		}
	}
	pace := s.pace()
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

// An outage is a time in which the API server does not answer.
type outage struct{ since time.Time }

// begin says that there is one, once.
func (o *outage) begin(r *Reader, err error) error {
	if !o.since.IsZero() {
		return nil
	}
	o.since = r.Now()
	return r.Sink.Say("no answer, asking again: " + err.Error())
}

// over says that there was one.
func (o *outage) over(r *Reader) error {
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
