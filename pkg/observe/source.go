// SPDX-License-Identifier: Apache-2.0

// Package observe is the live source of snapshots: of a cluster, once or until something
// is over.
//
// Nothing counts as over that was not read, from quorum, after it looked so: a watch may be
// delayed, a list may come from an old cache, PUM's answer may be older than the end of its
// job. So what would be an end is read again, and only that reading counts. It costs nothing
// until then.
//
// The order of events is by this machine's clock, ages are by the API server's. The times of
// a snapshot are the API server's, all converted together.
package observe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/command"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/kube"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// An Observer observes one installation: a cluster, as a [Source], or what a file keeps of it.
// Who uses it does not know which.
type Observer interface {
	// Once reads everything once. What could not be asked is part of the snapshot.
	Once(ctx context.Context) verdict.Snapshot

	// Follow returns reports until ctx ends, or with a report that is over.
	Follow(ctx context.Context, until Until) iter.Seq[Report]
}

// A Source observes one installation. What is not to be observed is nil.
type Source struct {
	command.Where
	Goal     verdict.Goal
	PUM      string        // its Deployment
	Self     verdict.Self  // where this command runs
	Restart  *pum.Restart  // after which things are judged; may be nil
	Interval time.Duration // between two questions to PUM, and for the Helm releases
	Clock    *kube.Clock   // the API server's; nil is this machine's

	// Watch returns updates of the workloads until ctx ends.
	Watch func(ctx context.Context) <-chan readiness.Update

	// List reads the workloads from quorum.
	List func(ctx context.Context) (*readiness.Assessment, error)

	// Ask asks PUM for its entries. It calls found as soon as PUM's pod is found, or
	// is not.
	Ask func(ctx context.Context, found func()) (*pum.Answer, error)

	// Releases reads the Helm releases.
	Releases func(ctx context.Context) ([]release.Release, error)

	begin  sync.Once
	asking chan struct{} // PUM is asked one question at a time
}

// Kinds returns the kinds of objects that a goal needs, none for all: for the entries, which
// job works through them, and whether PUM itself rolls out.
func Kinds(goal verdict.Goal) []string {
	if goal.Workloads() {
		return nil
	}
	return []string{"Deployment", "Job", "Pod"}
}

// Once reads everything once. What could not be asked is part of the snapshot.
func (s *Source) Once(ctx context.Context) verdict.Snapshot {
	st := state{Snapshot: s.empty()}
	s.read(ctx, 0).apply(&st, false)
	snapshot := s.dated(&st, time.Now())
	if s.Ask != nil && snapshot.Outdated() { // the job ended while PUM was asked, or a moment before
		st.PUMChangedAt = time.Now().Add(-1) // it is known to be over: what PUM is asked from now on comes after it
		s.ask(ctx, func() {}).apply(&st)
		snapshot = s.dated(&st, time.Now())
	}
	return snapshot
}

func (s *Source) empty() verdict.Snapshot {
	return verdict.Snapshot{Where: s.Where, Goal: s.Goal, PUM: s.PUM, Self: s.Self, Restart: s.Restart}
}

// A state is a snapshot that is kept up to date. Its times are by this machine's clock.
type state struct {
	verdict.Snapshot
	progress pum.Progress
	pum      aboutPUM
	polled   bool // PUM is asked at every interval
}

// dated returns the snapshot with its times by the API server's clock.
func (s *Source) dated(st *state, now time.Time) verdict.Snapshot {
	ahead := s.Clock.Ahead()
	snapshot := st.Snapshot
	snapshot.ObservedAt = now.Add(ahead)
	for _, t := range []*time.Time{&snapshot.HeardAt, &snapshot.LostAt, &snapshot.AskedAt, &snapshot.PUMChangedAt} {
		if !t.IsZero() {
			*t = t.Add(ahead)
		}
	}
	return snapshot
}

// whole reports whether every part was observed at least once. Before that, there is nothing
// to judge.
func (s *Source) whole(st *state) bool {
	return (s.List == nil || st.Assessment != nil || st.AssessmentErr != nil) &&
		(s.Ask == nil || st.Answer != nil || st.AnswerErr != nil) &&
		(s.Releases == nil || s.Goal != verdict.GoalAll || st.Releases != nil || st.ReleasesErr != nil)
}

// An answer is what PUM was asked for, and when.
type answer struct {
	*pum.Answer
	err error
	at  time.Time
}

// ask asks PUM.
func (s *Source) ask(ctx context.Context, found func()) answer {
	s.begin.Do(func() { s.asking = make(chan struct{}, 1) })
	select {
	case s.asking <- struct{}{}:
	case <-ctx.Done():
		return answer{err: context.Cause(ctx), at: time.Now()}
	}
	defer func() { <-s.asking }()
	a := answer{at: time.Now()}
	a.Answer, a.err = s.Ask(ctx, found)
	return a
}

// apply applies an answer, unless PUM was not asked, or was asked again since.
func (a answer) apply(st *state) {
	if a.at.IsZero() || a.at.Before(st.AskedAt) {
		return
	}
	st.Answer, st.AnswerErr, st.AskedAt = a.Answer, a.err, a.at
	if !st.polled {
		return
	}
	st.Movements = map[int64]pum.Movement{}
	if a.err == nil {
		st.progress.Observe(a.at, a.Entries)
		for _, e := range a.Entries {
			st.Movements[e.UID] = st.progress.Of(e.UID)
		}
	}
}

// A reading is all that a goal needs, read at the same time.
type reading struct {
	began      time.Time
	assessment *readiness.Assessment
	listErr    error
	answer     answer
	helm       helm
}

// A helm is what was read of the Helm releases; nothing if they were not read.
type helm struct {
	releases *verdict.Releases
	err      error
}

// read reads all that the goal needs. The lists may take as long as the second argument says; 0
// is as long as the rest.
//
// PUM's command takes longest. The lists begin when its pod is found, so that none delays it, or
// after a head start: if nobody answers at all, that is known sooner. Their time begins with them:
// what PUM's pod took is not theirs.
func (s *Source) read(ctx context.Context, deadline time.Duration) *reading {
	r := &reading{began: time.Now()}
	var parts sync.WaitGroup
	found := make(chan struct{})
	seen := sync.OnceFunc(func() { close(found) })
	if s.Ask != nil {
		parts.Go(func() {
			defer seen()
			r.answer = s.ask(ctx, seen)
		})
		select {
		case <-found:
		case <-time.After(headStart):
		}
	}
	if s.Goal == verdict.GoalAll {
		parts.Go(func() { r.helm = s.readHelm(ctx) })
	}
	if s.List != nil {
		lists, cancel := ctx, context.CancelFunc(func() {})
		if deadline > 0 {
			lists, cancel = context.WithTimeout(ctx, deadline)
		}
		r.assessment, r.listErr = s.List(lists)
		cancel()
		if cause := context.Cause(ctx); r.listErr != nil && cause != nil && !errors.Is(r.listErr, cause) {
			r.listErr = fmt.Errorf("%w: %w", cause, r.listErr)
		}
	}
	parts.Wait()
	if s.Goal != verdict.GoalAll && s.history(r.assessment, r.answer.Answer) {
		r.helm = s.readHelm(ctx)
	}
	return r
}

// history reports whether the verdict depends on when the current upgrade began, which only
// Helm tells: a job failed, or there are no entries, or they may all be from before.
func (s *Source) history(p *readiness.Assessment, a *pum.Answer) bool {
	if p != nil {
		for _, j := range p.Jobs {
			if j.State == readiness.JobFailed && (s.Goal.Workloads() || j.Name == pum.ProcessJob) {
				return true
			}
		}
	}
	return a != nil && !slices.ContainsFunc(a.Entries, func(e pum.Entry) bool { return !e.State.Final() })
}

// releasesTimeout is how long the Helm releases may take to read. They are a few
// megabytes at most.
const releasesTimeout = 30 * time.Second

// readHelm reads the Helm releases and compares them with all known manifests.
func (s *Source) readHelm(ctx context.Context) helm {
	if s.Releases == nil {
		return helm{}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, releasesTimeout, errors.New("the Helm releases were not read in time"))
	defer cancel()
	items, err := s.Releases(ctx)
	if err != nil {
		return helm{err: err}
	}
	found := &verdict.Releases{Items: items}
	if len(items) > 0 {
		found.Consistency = release.Compare(items, nil, s.Clock.Now())
	}
	return helm{releases: found}
}

// apply applies the Helm releases. While they cannot be read, the earlier ones stay: to forget
// a failure would look like success.
func (h helm) apply(st *state) {
	if h.releases != nil || h.err != nil && (st.Releases == nil || apierrors.IsForbidden(h.err)) {
		st.Releases, st.ReleasesErr = h.releases, h.err
	}
}

// apply applies a reading. If a kind could not be read that was known before, the assessment
// stays as it was if that is followed, for watches keep it up to date, and failed says why; else
// what was known of that kind stands in.
func (r *reading) apply(st *state, followed bool) {
	r.answer.apply(st)
	r.helm.apply(st)
	switch {
	case kube.NotLoggedIn(r.listErr):
		st.LostErr = r.listErr
		st.LostAt = cmp.Or(st.LostAt, r.began)
		if st.Assessment == nil {
			st.AssessmentErr = r.listErr
		}
	case r.listErr != nil && st.Assessment == nil:
		st.AssessmentErr = r.listErr
	case r.listErr != nil, r.assessment == nil: // the lists failed, or nothing was to be listed
	case st.Assessment != nil && followed && lost(r.assessment, st.Assessment):
	default:
		st.setAssessment(r.assessment.Keeping(st.Assessment), r.began)
		st.LostAt, st.LostErr = time.Time{}, nil
	}
}

// failed returns why not all could be read; nil if all was, or was refused. It is
// context.DeadlineExceeded if the lists, or some of them, took too long.
func (r *reading) failed() error {
	if r.listErr != nil && !kube.NotLoggedIn(r.listErr) {
		return r.listErr
	}
	if r.assessment != nil {
		if i := slices.IndexFunc(r.assessment.Gaps, unanswered); i >= 0 {
			return r.assessment.Gaps[i].Err
		}
	}
	if r.helm.err != nil && !refused(r.helm.err) {
		return fmt.Errorf("read the Helm releases: %w", r.helm.err)
	}
	return nil
}

// refused reports whether the API server would give the same answer to another attempt.
func refused(err error) bool {
	if kube.NotLoggedIn(err) {
		return true
	}
	status := apierrors.APIStatus(nil)
	if !errors.As(err, &status) {
		return false
	}
	code := status.Status().Code
	return code >= 400 && code < 500 && code != http.StatusRequestTimeout && code != http.StatusTooManyRequests
}

// lost reports whether a kind could not be read now that was known before.
func lost(now, before *readiness.Assessment) bool {
	return slices.ContainsFunc(now.Gaps, func(g readiness.Gap) bool {
		return unanswered(g) && !slices.ContainsFunc(before.Gaps, func(was readiness.Gap) bool { return was.Kind == g.Kind && unanswered(was) })
	})
}

// unanswered reports whether reading a kind failed, and was not refused.
func unanswered(g readiness.Gap) bool {
	return g.Reason == readiness.ReadFailed && !kube.NotLoggedIn(g.Err)
}

// An aboutPUM is what makes an earlier answer of PUM out of date when it changes: how many of
// PUM's pods are ready, and which job it has in which state.
type aboutPUM struct {
	seen           bool
	ready, updated int32
	job            types.UID
	state          readiness.JobState
}

// setAssessment applies an assessment, and notes if PUM changed with it.
func (st *state) setAssessment(p *readiness.Assessment, heard time.Time) {
	st.Assessment, st.AssessmentErr, st.HeardAt = p, nil, heard
	now := aboutPUM{seen: true}
	for _, w := range p.Workloads {
		if w.Kind == "Deployment" && w.Name == st.PUM {
			now.ready, now.updated = w.Ready, w.Updated
		}
	}
	for _, j := range p.Jobs {
		if j.Name == pum.ProcessJob {
			now.job, now.state = j.UID, j.State
		}
	}
	if st.pum.seen && now != st.pum {
		st.PUMChangedAt = time.Now()
	}
	st.pum = now
}
