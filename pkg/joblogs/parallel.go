// SPDX-License-Identifier: Apache-2.0

package joblogs

import (
	"context"
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// Several pods of a job run at once if it is parallel, or while one of them is
// on a node that was lost: then their logs are followed together. Where runs
// follow one another, so do their logs.

// A group is the runs that are followed at once.
type group struct {
	*Reader
	active map[containerKey]*runReader
	known  chan struct{} // closed when all that runs at first is known, so that each line is told apart
	done   chan finishedRun
}

type finishedRun struct {
	*runReader
	err error
}

// errOver ends the reading of a run that the API server believes to be running
// although its job ended.
var errOver = errors.New("the job is over")

// follow reads a run to its end, and with it those that run at the same time.
func (r *Reader) follow(ctx context.Context, h JobHistory, run Run) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	g := group{Reader: r, active: map[containerKey]*runReader{}, known: make(chan struct{}), done: make(chan finishedRun)}
	r.startNext()
	err := g.start(ctx, run)
	if err == nil {
		err = g.startOthers(ctx, h)
	}
	close(g.known)
	ticker := time.NewTicker(r.checkInterval(h))
	defer ticker.Stop()
	over := 0
	for len(g.active) > 0 {
		if err != nil {
			cancel(err)
		}
		select {
		case f := <-g.done:
			delete(g.active, f.run.key())
			if err == nil && !errors.Is(f.err, errOver) {
				err = f.err
			}
		case <-ticker.C:
			if over, err = g.check(ctx, over, err); over > mostChecks {
				cancel(errOver)
			}
		}
	}
	return err
}

// mostChecks is for how many checks a run may seem to be running after its job
// ended: half a minute.
const mostChecks = 6

// checkTimeout is how long a check may take: until it ends, the end of a run is not noticed.
const checkTimeout = 5 * time.Second

// checkInterval is how often to look for more that runs.
func (r *Reader) checkInterval(h JobHistory) time.Duration {
	if h.parallel {
		return time.Second
	}
	return 5 * time.Second
}

// check reads the state of the job, and starts to read what has begun to run. It counts the
// checks for which the job has been over although what is followed seems to run. If there is no
// answer, the readers say so.
func (g *group) check(ctx context.Context, over int, err error) (int, error) {
	limited, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	h, failed := Fetch(limited, g.API)
	if failed != nil || err != nil || h.uid != g.job {
		return 0, err
	}
	if g.seen = h; !g.allRun(h) {
		return 0, nil
	}
	if h.Over() {
		return over + 1, nil
	}
	return 0, g.startOthers(ctx, h)
}

// allRun reports whether everything that is followed still runs. What has
// ended is read to its end before something new begins.
func (g *group) allRun(h JobHistory) bool {
	running := 0
	for _, run := range h.Runs {
		if t := g.active[run.key()]; t != nil && run.restart == t.restart && run.State == Running {
			running++
		}
	}
	return running == len(g.active)
}

// startOthers starts what runs, or ran meanwhile, in other containers than
// those that are followed.
func (g *group) startOthers(ctx context.Context, h JobHistory) error {
	if !g.allRun(h) {
		return nil
	}
	turn := map[types.UID]bool{} // pods of which an earlier container comes first
	for _, run := range h.Runs {
		run, unread := g.unread(run)
		if !unread || !g.wants(run) || turn[run.pod] || g.active[run.key()] != nil || run.State != Running && run.State != Ended {
			continue
		}
		turn[run.pod] = run.State == Ended
		if err := g.start(ctx, run); err != nil {
			return err
		}
	}
	return nil
}

func (g *group) start(ctx context.Context, run Run) error {
	t, err := g.begin(run)
	if err != nil {
		return err
	}
	g.active[run.key()] = t
	go func() {
		<-g.known
		err := t.read(ctx)
		if err == nil {
			err = t.Sink.End(t.run)
		}
		g.done <- finishedRun{t, err}
	}()
	return nil
}
