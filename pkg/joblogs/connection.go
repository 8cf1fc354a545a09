// SPDX-License-Identifier: Apache-2.0

package joblogs

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// A connResult is what one connection brought.
type connResult struct {
	old, fresh int   // pieces
	found      bool  // the position, or there was none
	missing    bool  // the position is not known, because too little came before
	newer      bool  // lines from behind it came instead
	otherRun   bool  // the log belonged to another run
	cut        error // how it ended, unless as a whole answer does
	refused    error // why there was none
	failed     error // of the sink
	took       time.Duration
}

// whole reports whether the answer came to its end, and that may be the end of the log.
func (c connResult) whole() bool {
	return c.found && c.cut == nil && c.refused == nil && !c.missing && !c.otherRun
}

// empty reports whether an answer came to its end, and there was nothing in it.
func (c connResult) empty() bool {
	return c.cut == nil && c.refused == nil && !c.missing && !c.otherRun && c.old == 0 && c.fresh == 0
}

// nothingYet reports whether the log was empty: the answer came to its end, or lasted so long
// that lines would have come.
func (c connResult) nothingYet() bool {
	return c.refused == nil && !c.otherRun && c.old+c.fresh == 0 && (c.cut == nil || c.took >= time.Second)
}

// A nodeError is what a kubelet writes in place of a log.
type nodeError struct{ text string }

func (e *nodeError) Error() string { return e.text }

// readOnce reads over one connection, from the position on.
func (t *runReader) readOnce(ctx context.Context) connResult {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	options := t.options()
	stream, err := t.API.Log(ctx, t.run.Pod, options)
	if err != nil {
		return connResult{refused: err}
	}
	defer stream.Close()
	watched := &watchedStream{r: stream}
	if options.Follow {
		defer t.endIfStalled(ctx, cancel, watched)()
	}
	asked := time.Now()
	p := t.copy(ctx, watched)
	p.took = time.Since(asked)
	return p
}

// copy delivers what is new.
func (t *runReader) copy(ctx context.Context, watched *watchedStream) (p connResult) {
	s, finder, stamps := newSplitter(watched), t.finder(), false
	for {
		if s.r.Buffered() == 0 {
			if p.failed = t.Sink.Flush(); p.failed != nil {
				return p
			}
		}
		piece, err := s.next()
		if err != nil {
			if p.found = finder.reached(); !errors.Is(err, io.EOF) {
				p.cut = err
			}
			return p
		}
		if stamps = stamps || piece.Begins(); !stamps {
			p.refused = kubeletError(piece)
			return p
		}
		if p.otherRun = t.otherRun(ctx, piece); p.otherRun {
			return p
		}
		next, what := finder.classify(piece)
		if what == missing {
			if !t.search.gap {
				p.missing, p.newer = true, piece.Time.After(t.mark.latest)
				return p
			}
			if p.failed = t.lost(piece); p.failed != nil {
				return p
			}
			t.search.gap, finder.found, what = false, true, fresh
		}
		if what == old {
			p.old++
			continue
		}
		p.fresh++
		if p.failed = t.deliver(next); p.failed != nil {
			return p
		}
		watched.reached.Store(t.mark.latest.UnixNano())
	}
}

// otherRun reports whether a line belongs to another run of the container, which may have been
// restarted in the meantime: the kubelet serves the log of the run that it sees. A line from
// after the end of a run is not its own. If the end may not be known yet, the first line is
// kept back until the kubelet says whose it is, or the API server knows of the restart.
func (t *runReader) otherRun(ctx context.Context, p Piece) bool {
	const rounding = 1200 * time.Millisecond // ends are known in seconds
	if !t.run.restarts || t.retry.tries > 4*mostTries {
		return false
	}
	if !t.mark.set() && !t.run.previous && (t.run.State == Running || t.run.restarting) && !t.isFirstRun(ctx) {
		switch err := t.poll(ctx, 500*time.Millisecond, t.replaced); {
		case err != nil:
			return true
		case t.replaced():
			return !p.Time.Before(t.run.EndedAt)
		case t.run.restart == 0:
			return true // the kubelet has seen the next one
		}
	}
	return t.run.State == Ended && p.Begins() && p.Time.After(t.run.EndedAt.Add(rounding))
}

// finder returns what finds the position in what is asked for.
func (t *runReader) finder() *finder {
	if t.search.lines > 0 && !t.mark.last.at.IsZero() {
		return newTailFinder(&t.mark)
	}
	return newFinder(&t.mark)
}

// kubeletError returns the error that a kubelet sends in place of a log: it has no timestamp,
// as the lines of containers have. Other text without one cannot be used: it has no position, so
// that it would be read repeatedly.
func kubeletError(p Piece) error {
	const most = 200
	text := strings.TrimSpace(string(p.Text))
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "..."
	}
	if strings.HasPrefix(text, "unable to retrieve container logs") || strings.HasPrefix(text, "failed to ") {
		return &nodeError{text}
	}
	return &nodeError{"the node sent text without timestamps: " + text}
}

// deliver hands a piece to the sink, unless it is older than the time that was asked for: the
// API server knows only whole seconds.
func (t *runReader) deliver(p Piece) error {
	t.mark.advance(p)
	if t.Follow && t.run.State == Running {
		t.followed += len(p.Stamp) + len(p.Text)
	}
	if p.Begins() {
		t.early = p.Time.Before(t.SinceTime)
	}
	if t.early {
		return nil
	}
	return t.Sink.Piece(t.run, p)
}

// A watchedStream records how a stream is read.
type watchedStream struct {
	r       io.Reader
	since   atomic.Int64 // when the read that waits began; 0 while none does
	reached atomic.Int64 // the time of the latest line
}

func (p *watchedStream) Read(b []byte) (int, error) {
	p.since.Store(time.Now().UnixNano())
	defer p.since.Store(0)
	return p.r.Read(b)
}

// silent reports whether nothing came for long.
func (p *watchedStream) silent() bool {
	since := p.since.Load()
	return since > 0 && time.Since(time.Unix(0, since)) >= quiet
}

// quiet is how long nothing may come before endIfStalled asks why.
const quiet = 10 * time.Second

// endIfStalled ends a connection on which nothing comes although the run ended or its log grew:
// the connection may be dead without an error, and a kubelet that lost a rotated file waits
// forever. It returns a function that stops it.
func (t *runReader) endIfStalled(ctx context.Context, cancel context.CancelFunc, p *watchedStream) (stop func()) {
	ctx, end := context.WithCancel(ctx)
	done := make(chan struct{})
	probe := runReader{Reader: t.Reader, selector: t.selector, restart: t.restart, run: t.run}
	go func() {
		defer close(done)
		behind := 0
		for sleep(ctx, quiet) == nil {
			if !p.silent() {
				behind = 0
				continue
			}
			last, over := probe.last(ctx)
			if last.UnixNano() > p.reached.Load() {
				behind++ // the first time it may be a line in transit
			}
			if ctx.Err() == nil && p.silent() && (over || behind > 1) {
				cancel()
				return
			}
		}
	}()
	return func() { end(); <-done }
}

// lastLine opens the log at its last line.
func (t *runReader) lastLine(ctx context.Context) (io.ReadCloser, error) {
	return t.API.Log(ctx, t.run.Pod, &corev1.PodLogOptions{
		Container: t.run.Container, Timestamps: true, Previous: t.run.previous, TailLines: new(int64(1)),
	})
}

// last returns the time of the log's last line, and whether the run is over.
func (t *runReader) last(ctx context.Context) (at time.Time, over bool) {
	if t.refresh(ctx) != nil {
		return at, false
	}
	stream, err := t.lastLine(ctx)
	if err != nil {
		return at, t.run.State != Running
	}
	defer stream.Close()
	piece, _ := newSplitter(stream).next()
	return piece.Time, t.run.State != Running
}
