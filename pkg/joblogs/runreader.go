// SPDX-License-Identifier: Apache-2.0

package joblogs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kube"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/kubejob"
)

// A runReader reads the log of one run, whole and once, over as many connections
// as it takes.
type runReader struct {
	*Reader
	selector string // of the job's pods
	restart  int    // of the container in its pod
	run      Run
	start    time.Time
	mark     mark
	search   search
	retry    retry
	whole    bool // after the run had ended, an answer came to its end
	early    bool // the line is older than was asked for
	empty    bool // nothing was in the log when it was asked for first
	followed int  // bytes of its file that were read while it ran
}

// A search is how the mark's line is looked for.
type search struct {
	tailSearch
	newer bool // lines from behind the mark are there: this search saw some
	gap   bool // the mark's line is not there any more
	atEnd bool // the mark's line is the last one
}

// A retry counts connections in a row that brought nothing new.
type retry struct {
	tries int
	empty int           // the last of them, that were cut and brought nothing at all
	pause time.Duration // before the next one
}

// A step is what to do after a connection.
type step int

const (
	ask  step = iota // over another connection, at once
	wait             // for a moment, and then ask
	done             // nothing more can come
)

// mostTries is how many connections in a row may bring nothing if a log is not followed, or if
// its run is over and the log may be gone.
const mostTries = 5

// read reads until nothing more can come and the state of the run is known.
func (t *runReader) read(ctx context.Context) error {
	t.search.tailSearch, t.start = newTailSearch(), t.Now()
	if t.Tail == 0 && !t.mark.set() {
		t.skipAll(ctx)
	}
	for {
		next, err := t.step(ctx)
		if err == nil && next == done {
			return t.warnOfRotation(ctx)
		}
		if err != nil {
			return err
		}
		if next == wait {
			if err := sleep(ctx, t.retry.pause); err != nil {
				return err
			}
		}
	}
}

// skipAll moves the mark past the last line, so that no line is lost that is written before the
// next connection. Without an answer the first connection shows what is new.
func (t *runReader) skipAll(ctx context.Context) {
	stream, err := t.lastLine(ctx)
	if err != nil {
		return
	}
	defer stream.Close()
	for s := newSplitter(stream); ; {
		piece, err := s.next()
		if err != nil {
			t.empty = errors.Is(err, io.EOF) && !t.mark.set()
			return
		}
		t.mark.advance(piece)
	}
}

// step reads over one connection, and says what to do next.
func (t *runReader) step(ctx context.Context) (step, error) {
	asked := t.run
	c := t.readOnce(ctx)
	if ctx.Err() != nil {
		return done, context.Cause(ctx)
	}
	if c.failed != nil {
		return done, c.failed
	}
	if err := t.afterConnection(ctx, c); err != nil {
		return done, err
	}
	t.whole = t.whole || asked.State == Ended && c.whole() && !c.empty()
	switch {
	case t.run.State == Gone && t.whole:
		t.run = asked // it was read in time
		return done, nil
	case t.run.State == Gone || t.exhausted(asked, c):
		t.markGone(c)
		t.markCut()
		return done, t.emptied(c)
	case t.retry.pause > 0:
		return wait, nil
	}
	return ask, nil
}

// afterConnection decides what a connection means for the run.
func (t *runReader) afterConnection(ctx context.Context, c connResult) error {
	if err := t.planNext(c); err != nil || t.run.State == Gone {
		return err
	}
	if t.inVain(c) {
		return fmt.Errorf("read the log of container %q of pod %q: %w", t.run.Container, t.run.Pod, c.cut)
	}
	if c.fresh > 0 && c.cut != nil && !t.run.restarts {
		return nil // there is more, whatever became of the container
	}
	asked := t.run
	if t.search.gap {
		// It may be the next run's log, of which the API server hears late.
		if err := sleep(ctx, time.Second); err != nil {
			return err
		}
	}
	look := t.refresh
	if t.search.gap || c.otherRun || c.empty() {
		look = t.awaitRestart
	}
	if err := look(ctx); err != nil {
		return t.onError(err)
	}
	if t.run.previous != asked.previous {
		t.search, t.retry.tries = search{tailSearch: newTailSearch()}, 0 // what was read may be another log
	}
	return nil
}

// planNext keeps count of what a connection brought, and decides how to ask
// next.
func (t *runReader) planNext(c connResult) error {
	t.retry.tries++
	t.search.newer, t.search.atEnd = t.search.newer || c.newer, false
	t.empty = t.empty || c.nothingYet() && !t.mark.set()
	if c.refused != nil {
		t.pauseLonger()
		return t.onError(c.refused)
	}
	t.narrow(c)
	if t.retry.tries%64 == 0 {
		t.pauseLonger() // a search that long is for something that moves
	}
	return t.outage.over(t.Reader)
}

// narrow adjusts the search for the position to what a connection brought.
func (t *runReader) narrow(c connResult) {
	switch {
	case c.otherRun:
		t.pauseLonger()
	case c.fresh > 0:
		t.retry, t.search.newer = retry{}, false
		if behind := t.search.found(c.old, c.fresh); !behind && c.cut == nil && t.mark.set() {
			t.search.end(t.mark.same)
		}
	case c.missing:
		t.search.gap = !t.search.tooFew()
	case c.found && c.cut == nil && !t.search.newer:
		t.pauseLonger()
		t.search.atEnd = t.search.lines <= t.mark.same+2
		t.search.end(t.mark.same)
	case c.old > 0:
		t.search.tooMany()
	default:
		t.pauseLonger()
	}
}

// inVain reports whether connections are cut repeatedly before anything new comes, and the log
// is not followed. A search for the position takes about forty.
func (t *runReader) inVain(c connResult) bool {
	if c.cut == nil || c.old+c.fresh > 0 {
		t.retry.empty = 0
	} else {
		t.retry.empty++
	}
	return !t.Follow && c.cut != nil && (t.retry.empty >= mostTries || t.retry.tries >= 128)
}

// pauseLonger lengthens the pause before the next connection, because nothing came.
func (t *runReader) pauseLonger() {
	t.retry.pause = min(max(50*time.Millisecond, t.retry.pause*2), 2*time.Second)
}

// onError decides what an error means: whether to try again, or not.
func (t *runReader) onError(err error) error {
	switch {
	case apierrors.IsForbidden(err), kube.NotLoggedIn(err):
		return err
	case t.run.State != Running && t.retry.tries >= t.triesUntilGone() && about(err):
		t.run.State, t.run.Reason = Gone, err.Error()
		return nil
	case !t.Follow && t.retry.tries >= mostTries:
		return err
	case about(err):
		return nil // the container's state changed, which will be seen
	}
	return t.outage.begin(t.Reader, err)
}

// triesUntilGone is how often the log of a run that is over is asked for. When following, that
// takes half a minute, in which a container runtime that restarts is back.
func (t *runReader) triesUntilGone() int {
	if t.Follow {
		return 4 * mostTries
	}
	return mostTries
}

// about reports whether an error is about the log, and not about the connection.
func about(err error) bool {
	return errors.As(err, new(*nodeError)) || apierrors.IsNotFound(err) || apierrors.IsBadRequest(err)
}

// exhausted reports whether a connection that was opened for a run in the given
// state leaves nothing to ask for.
func (t *runReader) exhausted(asked Run, c connResult) bool {
	switch {
	case t.Follow && asked.State == Running, !c.whole() && !c.empty():
		return false
	case c.found && c.fresh == 0:
		return t.search.atEnd
	case c.empty():
		return t.retry.tries >= mostTries // a file that was rotated just now
	}
	// A container that writes all the time has no end to wait for.
	return asked.State == Running && !t.mark.last.at.Before(t.start)
}

// markGone treats the log of the previous run as gone if the last answer was empty: a kubelet
// that has just removed it may answer as if it were empty (seen with Kubernetes 1.33).
func (t *runReader) markGone(c connResult) {
	all := t.Tail < 0 && t.Since == 0 && t.SinceTime.IsZero()
	if all && c.empty() && t.run.previous && t.run.State == Ended && !t.whole {
		t.run.State, t.run.Reason = Gone, "the node has no log of it: the log was removed, or nothing was written"
	}
}

// markCut adds to the reason why a log is gone that some of it was read.
func (t *runReader) markCut() {
	if t.run.State == Gone && t.mark.set() {
		t.run.Reason += ", and the end of its log may be missing"
	}
}

// emptied says of the log of a run that is over, in which there is nothing, that it may have been
// rotated: then the node answers with the file that it began last. Many an init container writes
// nothing.
func (t *runReader) emptied(c connResult) error {
	switch {
	case !c.empty() || t.whole || t.run.State != Ended:
		return nil
	case t.mark.set() && !t.mark.latest.IsZero():
		return t.Sink.Say(fmt.Sprintf("the log of pod %s was rotated before all of it was read: lines may be missing after %s",
			t.run.Pod, t.mark.latest.Format(time.RFC3339Nano)))
	case t.run.Kind != kubejob.Main || t.Tail == 0 || t.Since > 0 || !t.SinceTime.IsZero():
		return nil
	}
	return t.Sink.Say(fmt.Sprintf("the log of pod %s is empty: the container %s wrote nothing, or the node rotated what it wrote", t.run.Pod, t.run.Container))
}

// options says what to ask for: the first time what the user asked for,
// later what leads to the position.
func (t *runReader) options() *corev1.PodLogOptions {
	o := &corev1.PodLogOptions{
		Container: t.run.Container, Timestamps: true,
		Previous: t.run.previous, Follow: t.Follow && t.run.State == Running,
	}
	switch {
	case !t.mark.set(), t.mark.last.at.IsZero() && t.Tail < 0:
		t.firstOptions(o)
	case t.search.lines > 0 && !t.mark.last.at.IsZero():
		o.TailLines = new(int64(t.search.lines))
	default:
		// Lines may be out of order across the end of a second, which is
		// as exact as the API server passes it on.
		o.SinceTime = timeFor(earlier(t.mark.last.at, t.mark.open.at).Add(-time.Second))
	}
	return o
}

// earlier returns the earlier of two times of which one is known.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// firstOptions asks for what the user asked for.
func (t *runReader) firstOptions(o *corev1.PodLogOptions) {
	if t.Tail >= 0 && !t.empty {
		o.TailLines = new(t.Tail)
	}
	if !t.SinceTime.IsZero() {
		o.SinceTime = timeFor(t.SinceTime)
	}
	if t.Since > 0 {
		ago := t.Since + t.Now().Sub(t.begun)
		o.SinceSeconds = new(int64((ago + time.Second - 1) / time.Second))
	}
}

// position returns how far the log was read.
func (t *runReader) position() Position {
	return Position{Pod: t.run.Pod, Container: t.run.Container, Restart: t.restart, Time: t.mark.last.at, Lines: t.mark.same, Latest: t.mark.latest}
}

// rotatesAt is the size at which a node rotates a log by default (containerLogMaxSize of the
// kubelet's configuration).
const rotatesAt = 10 << 20

// warnOfRotation says that lines may be missing of a log that an old node may have rotated while it was
// followed: such a node begins with the new file before it has read the old one to its end.
func (t *runReader) warnOfRotation(ctx context.Context) error {
	if t.followed < rotatesAt || t.OldNodes == nil || !t.OldNodes(ctx) {
		return nil
	}
	return t.Sink.Say(fmt.Sprintf("the log of pod %s grew beyond %d MiB: lines may be missing if its node rotated it meanwhile and is older than Kubernetes 1.29", t.run.Pod, rotatesAt>>20))
}

// lost says that lines may be missing before a piece, and the rest of a line if it was cut.
func (t *runReader) lost(p Piece) error {
	text := fmt.Sprintf("the log of pod %s was rotated before all of it was read: lines may be missing between %s and %s",
		t.run.Pod, t.mark.latest.Format(time.RFC3339Nano), p.Time.Format(time.RFC3339Nano))
	if t.mark.cut() {
		text += fmt.Sprintf("; the line of %s is cut off", t.mark.open.at.Format(time.RFC3339Nano))
	}
	return t.Sink.Say(text)
}
