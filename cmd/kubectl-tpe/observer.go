// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// An observer keeps a snapshot up to date: it watches the workloads, and asks
// PUM and for the Helm releases again and again.
type observer struct {
	namespace string
	now       func() time.Time

	// watch calls see with each new sighting until ctx ends. It is nil if
	// workloads are not observed.
	watch func(ctx context.Context, see func(readiness.Sighting))

	// list reads the workloads once.
	list func(ctx context.Context) (*readiness.Picture, error)

	// ask asks PUM for its entries. It is nil if entries are not observed.
	ask      func(ctx context.Context) (*pum.Answer, error)
	interval time.Duration // between two questions
	pum      string        // PUM's deployment

	// releases reads the Helm releases. It is nil if they are not observed.
	releases func(ctx context.Context) (*verdict.Releases, error)
}

// run calls see with a new snapshot and its verdict whenever something was observed,
// and at least once a second, so that ages stay true. It returns when see returns
// false or ctx ends.
func (o *observer) run(ctx context.Context, see func(verdict.Snapshot, verdict.Verdict) bool) {
	ctx, cancel := context.WithCancel(ctx)
	changes := make(chan func(*verdict.Snapshot))
	nudge := make(chan struct{}, 1)
	var parts sync.WaitGroup
	defer parts.Wait()
	defer cancel()
	parts.Go(func() { o.follow(ctx, changes, nudge) })
	parts.Go(func() { o.poll(ctx, changes, nudge) })
	parts.Go(func() { o.reread(ctx, changes) })
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	s := verdict.Snapshot{Namespace: o.namespace, PUM: o.pum}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case change := <-changes:
			change(&s)
		}
		s.ObservedAt = o.now()
		if !o.whole(s) {
			continue
		}
		v := o.judge(ctx, &s)
		if !see(s, v) {
			return
		}
	}
}

// judge returns the verdict of a snapshot, in which it reads anew what may be out of
// date and would count.
func (o *observer) judge(ctx context.Context, s *verdict.Snapshot) verdict.Verdict {
	v := verdict.Judge(*s)
	if o.doubtful(*s, v) {
		o.lookAgain(ctx, s)
		v = verdict.Judge(*s)
	}
	if hasty(*s, v) {
		o.readReleases(ctx)(s)
		v = verdict.Judge(*s)
	}
	return v
}

const (
	// longestQuiet is for how long nothing may be heard of the workloads before they
	// are read anew.
	longestQuiet = time.Minute

	// longestLook is how long that may take.
	longestLook = 5 * time.Second
)

// doubtful reports whether the workloads may be otherwise by now: the connection over
// which changes come may be dead, or a proxy hold them back, without anybody knowing.
// Nothing counts as done that is older than PUM's answer may be.
func (o *observer) doubtful(s verdict.Snapshot, v verdict.Verdict) bool {
	quiet := s.ObservedAt.Sub(s.HeardAt)
	return o.list != nil && s.Picture != nil && s.LostAt.IsZero() &&
		(quiet > longestQuiet || quiet > o.interval && v.ExitCode == verdict.ExitDone)
}

// lookAgain reads the workloads anew.
func (o *observer) lookAgain(ctx context.Context, s *verdict.Snapshot) {
	ctx, cancel := context.WithTimeout(ctx, longestLook)
	defer cancel()
	picture, err := o.list(ctx)
	if err != nil {
		s.LostAt = s.HeardAt
		return
	}
	s.Picture, s.HeardAt = picture, o.now()
	s.ObservedAt = s.HeardAt
}

// hasty reports whether it would end as failed with Helm releases that were read before
// the workloads last changed: Helm may have been in the middle of its work.
func hasty(s verdict.Snapshot, v verdict.Verdict) bool {
	return s.Releases != nil && s.Releases.ReadAt.Before(s.HeardAt) &&
		v.ExitCode == verdict.ExitFailed && verdict.Over(v, false)
}

// whole reports whether every part was observed at least once: before, there
// is nothing to judge.
func (o *observer) whole(s verdict.Snapshot) bool {
	return (o.watch == nil || s.Picture != nil || s.PictureErr != nil) &&
		(o.ask == nil || s.Answer != nil || s.AnswerErr != nil) &&
		(o.releases == nil || s.Releases != nil || s.ReleasesErr != nil)
}

// follow watches the workloads.
func (o *observer) follow(ctx context.Context, changes chan<- func(*verdict.Snapshot), nudge chan<- struct{}) {
	if o.watch == nil {
		return
	}
	var before [2]any
	first := true
	o.watch(ctx, func(sighting readiness.Sighting) {
		about := o.aboutPUM(sighting.Picture)
		news := about != before
		changed, at := news && !first, o.now()
		before, first = about, first && sighting.Picture == nil
		pass(ctx, changes, func(s *verdict.Snapshot) {
			s.LostAt = sighting.LostAt
			if !sighting.HeardAt.Before(s.HeardAt) { // else it was read anew since
				s.Picture, s.HeardAt = sighting.Picture, sighting.HeardAt
			}
			if s.PictureErr = nil; s.Picture == nil {
				s.PictureErr = sighting.Err
			}
			if changed && o.ask != nil {
				s.PUMChangedAt = at
			}
		})
		if news {
			select {
			case nudge <- struct{}{}:
			default: // there is a nudge under way
			}
		}
	})
}

// aboutPUM returns what of a picture makes it worth asking PUM at once: how
// many of its pods are ready, and how far its job is.
func (o *observer) aboutPUM(p *readiness.Picture) (about [2]any) {
	if p == nil {
		return about
	}
	for _, w := range p.Workloads {
		if w.Kind == "Deployment" && w.Name == o.pum {
			about[0] = w.Ready
		}
	}
	for _, j := range p.Jobs {
		if j.Name == pum.ProcessJob {
			about[1] = j.State
		}
	}
	return about
}

// poll asks PUM at once, and then at every interval or nudge. That costs no
// command in a pod before one is ready.
func (o *observer) poll(ctx context.Context, changes chan<- func(*verdict.Snapshot), nudge <-chan struct{}) {
	var progress pum.Progress
	for o.ask != nil && ctx.Err() == nil {
		asked := o.now()
		answer, err := o.ask(ctx)
		movements := map[int64]pum.Movement{}
		if err == nil {
			progress.Observe(o.now(), answer.Entries)
			for _, e := range answer.Entries {
				movements[e.UID] = progress.Of(e.UID)
			}
		}
		pass(ctx, changes, func(s *verdict.Snapshot) {
			s.Answer, s.AnswerErr, s.AskedAt, s.Movements = answer, err, asked, movements
		})
		select {
		case <-ctx.Done():
		case <-nudge:
		case <-time.After(o.interval):
		}
	}
}

// reread reads the Helm releases at once, and then at every interval.
func (o *observer) reread(ctx context.Context, changes chan<- func(*verdict.Snapshot)) {
	for o.releases != nil && ctx.Err() == nil {
		pass(ctx, changes, o.readReleases(ctx))
		select {
		case <-ctx.Done():
		case <-time.After(o.interval):
		}
	}
}

// readReleases reads the Helm releases. While they cannot be read, those that were stay:
// not to know of a failure any more would look like success.
func (o *observer) readReleases(ctx context.Context) func(*verdict.Snapshot) {
	releases, err := o.releases(ctx)
	return func(s *verdict.Snapshot) {
		if err == nil || s.Releases == nil || apierrors.IsForbidden(err) {
			s.Releases, s.ReleasesErr = releases, err
		}
	}
}

// pass hands over a change, unless nobody waits for it any more.
func pass(ctx context.Context, changes chan<- func(*verdict.Snapshot), change func(*verdict.Snapshot)) {
	select {
	case changes <- change:
	case <-ctx.Done():
	}
}
