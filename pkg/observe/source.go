// SPDX-License-Identifier: Apache-2.0

// Package observe is the live source of snapshots: of a cluster, once or until something
// is over.
//
// Nothing counts as over that was not read, from quorum, after it looked so: a watch may be
// held back, a list come from an old cache, PUM's answer be from before its job ended. So
// what would be an end is read anew, and only what is read then is one. That costs nothing
// as long as nothing ends.
//
// What came first is told by this machine's clock, and how old something is by the API
// server's. The times of a snapshot are the latter's, turned all at once.
package observe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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

// A Source observes one installation. What is not to be observed is nil.
type Source struct {
	command.Where
	Goal     verdict.Goal
	PUM      string        // its Deployment
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
	s.read(ctx, ctx).apply(&st)
	snapshot := s.dated(&st, time.Now())
	if s.Ask != nil && snapshot.Outdated() { // the job ended while PUM was asked
		s.ask(ctx, func() {}).apply(&st)
		snapshot = s.dated(&st, time.Now())
	}
	return snapshot
}

func (s *Source) empty() verdict.Snapshot {
	return verdict.Snapshot{Where: s.Where, Goal: s.Goal, PUM: s.PUM, Restart: s.Restart}
}

// A state is a snapshot under way. Its times are this machine's.
type state struct {
	verdict.Snapshot
	progress pum.Progress
	pum      aboutPUM
	polled   bool // entries are asked for again and again
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

// whole reports whether every part was observed at least once: before, there
// is nothing to judge.
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

// apply takes over an answer, unless PUM was asked again since.
func (a answer) apply(st *state) {
	if a.at.Before(st.AskedAt) {
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
	source     *Source
	began      time.Time
	assessment *readiness.Assessment
	listErr    error
	answer     answer
	helm       helm
}

// A helm is what was read of the Helm releases.
type helm struct {
	asked    bool
	releases *verdict.Releases
	err      error
}

// read reads all that the goal needs. The lists have a deadline of their own, that of the
// second context.
//
// PUM's command takes longest: no long list is to hold it up, so that they begin when its
// pod is found.
func (s *Source) read(ctx, lists context.Context) *reading {
	r := &reading{source: s, began: time.Now()}
	var parts sync.WaitGroup
	found := make(chan struct{})
	seen := sync.OnceFunc(func() { close(found) })
	if s.Ask != nil {
		parts.Go(func() {
			defer seen()
			r.answer = s.ask(ctx, seen)
		})
		<-found
	}
	if s.Goal == verdict.GoalAll {
		parts.Go(func() { r.helm = s.readHelm(ctx) })
	}
	if s.List != nil {
		r.assessment, r.listErr = s.List(lists)
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

// history reports whether the verdict depends on when the present upgrade began, which only
// Helm tells: a job failed, or there are no entries.
func (s *Source) history(p *readiness.Assessment, a *pum.Answer) bool {
	if p != nil {
		for _, j := range p.Jobs {
			if j.State == readiness.JobFailed && (s.Goal.Workloads() || j.Name == pum.ProcessJob) {
				return true
			}
		}
	}
	return a != nil && len(a.Entries) == 0
}

// releasesTimeout is how long Helm's releases may take to read. They are a few
// megabytes at most, and nothing that an answer should wait for longer.
const releasesTimeout = 30 * time.Second

// readHelm reads the Helm releases and compares them with all manifests that are known.
func (s *Source) readHelm(ctx context.Context) helm {
	if s.Releases == nil {
		return helm{}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, releasesTimeout, errors.New("the Helm releases were not read in time"))
	defer cancel()
	items, err := s.Releases(ctx)
	if err != nil {
		return helm{asked: true, err: err}
	}
	found := &verdict.Releases{Items: items}
	if len(items) > 0 {
		found.Consistency = release.Compare(items, nil, s.Clock.Now())
	}
	return helm{asked: true, releases: found}
}

// apply takes the Helm releases over. While they cannot be read, those that were stay:
// not to know of a failure any more would look like success.
func (h helm) apply(st *state) {
	if h.asked && (h.err == nil || st.Releases == nil || apierrors.IsForbidden(h.err)) {
		st.Releases, st.ReleasesErr = h.releases, h.err
	}
}

// apply takes over what was read. One kind that could not be read would make a gap where
// something was known: then the assessment stays as it was, and failed tells why.
func (r *reading) apply(st *state) {
	if r.source.Ask != nil {
		r.answer.apply(st)
	}
	r.helm.apply(st)
	if r.source.List == nil {
		return
	}
	switch {
	case verdict.NotLoggedIn(r.listErr):
		st.LostErr = r.listErr
		st.LostAt = cmp.Or(st.LostAt, r.began)
		if st.Assessment == nil {
			st.AssessmentErr = r.listErr
		}
	case r.listErr != nil && st.Assessment == nil:
		st.AssessmentErr = r.listErr
	case r.listErr != nil:
	case st.Assessment != nil && lost(r.assessment, st.Assessment): // what is known of that kind is kept
	default:
		st.setAssessment(r.assessment, r.began)
		st.LostAt, st.LostErr = time.Time{}, nil
	}
}

// failed returns why not all could be read; nil if all was, or was refused.
func (r *reading) failed() error {
	switch {
	case r.listErr != nil && !verdict.NotLoggedIn(r.listErr):
		return r.listErr
	case r.assessment != nil && broken(r.assessment) != nil:
		return broken(r.assessment)
	case r.helm.err != nil && !refused(r.helm.err):
		return fmt.Errorf("read the Helm releases: %w", r.helm.err)
	}
	return nil
}

// refused reports whether the API server will not answer otherwise when it is asked again.
func refused(err error) bool {
	status := apierrors.APIStatus(nil)
	if !errors.As(err, &status) {
		return false
	}
	code := status.Status().Code
	return code >= 400 && code < 500 && code != http.StatusRequestTimeout && code != http.StatusTooManyRequests
}

// broken returns why a kind could not be read that may be read, or nil.
func broken(p *readiness.Assessment) error {
	for _, g := range p.Gaps {
		if unanswered(g) {
			return g.Err
		}
	}
	return nil
}

// lost reports whether a kind could not be read now that was known before.
func lost(now, before *readiness.Assessment) bool {
	return slices.ContainsFunc(now.Gaps, func(g readiness.Gap) bool {
		return unanswered(g) && !slices.ContainsFunc(before.Gaps, func(was readiness.Gap) bool { return was.Kind == g.Kind && unanswered(was) })
	})
}

// unanswered reports whether a kind may be read and could not be.
func unanswered(g readiness.Gap) bool {
	return g.Reason == readiness.Broken && !verdict.NotLoggedIn(g.Err)
}

// An aboutPUM is what of an assessment makes an earlier answer of PUM worthless: how many of
// its pods are ready, and which job it has and how far that is.
type aboutPUM struct {
	seen           bool
	ready, updated int32
	job            types.UID
	state          readiness.JobState
}

// setAssessment takes over an assessment, and notes if PUM changed with it.
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
