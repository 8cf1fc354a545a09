// SPDX-License-Identifier: Apache-2.0

package observe

import (
	"context"
	"errors"
	"iter"
	"sync"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// Until says when following ends.
type Until struct {
	FailFast  bool          // with any failure; else only when nothing changes by itself any more
	StableFor time.Duration // how long all must be done
}

// A Report is what is known at a moment.
type Report struct {
	Snapshot verdict.Snapshot
	Verdict  verdict.Verdict
	Over     bool          // it is the last report: it was read after it looked like an end
	Last     bool          // a recording ends with it: nobody knows how it went on
	Read     bool          // it was just read, and not only heard
	Done     bool          // everything was read to be done, and no update says otherwise since
	DoneFor  time.Duration // how long ago that was read
}

const (
	// longestQuiet is how long the workloads may go without an update before they are
	// read again: the watch's connection may be dead, or a proxy may hold updates back.
	longestQuiet = time.Minute

	// longestUnread is how long the updates alone may count: the watch of one kind may be stuck
	// while others go on, as after etcd was restored from a backup (kubernetes#107457).
	longestUnread = 5 * time.Minute

	// firstDeadline is how long the lists may take. Where they took longer, the next may take
	// twice as long, up to longestDeadline.
	firstDeadline, longestDeadline = 15 * time.Second, 5 * time.Minute

	// firstPause and longestPause are the pauses between two attempts to read everything.
	firstPause, longestPause = 500 * time.Millisecond, 15 * time.Second

	// betweenReadings is the shortest time between two readings.
	betweenReadings = time.Second

	// headStart is how long watches wait for the first reading, which may be enough, and lists for
	// PUM's pod.
	headStart = 3 * time.Second
)

// Follow returns reports, whenever something was observed and at least once a second, so that
// ages stay true. It ends when ctx does, or with a report that is over.
//
// What would end it is read again until that succeeds, with growing deadlines and pauses. If
// the new reading shows no end, Follow continues. With StableFor, everything must be read to
// be done at the beginning and at the end of that time, with no other update in between.
func (s *Source) Follow(ctx context.Context, until Until) iter.Seq[Report] {
	return func(yield func(Report) bool) {
		ctx, cancel := context.WithCancel(ctx)
		f := &follower{Source: s, until: until, changes: make(chan func(*state)), askNow: make(chan struct{}, 1), wanted: make(chan struct{}, 1), rewatch: make(chan struct{}, 1)}
		var parts sync.WaitGroup
		defer parts.Wait()
		defer cancel()
		tried := make(chan struct{})
		f.tried = sync.OnceFunc(func() { close(tried) })
		parts.Go(func() { f.reread(ctx) })
		parts.Go(func() { f.poll(ctx) })
		parts.Go(func() { f.helm(ctx) })
		parts.Go(func() { f.watch(ctx, tried) })
		f.run(ctx, yield)
	}
}

// A follower follows a source. The fields after the channels belong to its loop.
type follower struct {
	*Source
	until   Until
	changes chan func(*state)
	askNow  chan struct{} // PUM must be asked now
	wanted  chan struct{} // everything must be read again
	rewatch chan struct{} // the watches must begin again
	tried   func()        // the first reading was tried

	st       state
	fresh    time.Time        // when the reading began that was just applied; else zero
	failure  error            // of the last attempt
	unread   error            // the same, if nothing could be read
	since    time.Time        // since when it looks like an end
	code     verdict.ExitCode // of that end
	shown    verdict.ExitCode // of the end that the last reading showed; anyEnd if it showed none
	denied   bool             // the last update since showed none
	done     time.Time        // when the first reading began that showed everything done
	wantedAt time.Time        // when a reading was last requested
	pending  bool             // and has not succeeded since
	quietFor time.Duration    // after which silence everything is read again
	readAt   time.Time        // when the last reading began that succeeded
	blind    bool             // a kind is not followed
	absent   verdict.Absences // what vanished a moment ago
}

func (f *follower) run(ctx context.Context, yield func(Report) bool) {
	f.st = state{Snapshot: f.empty(), polled: true}
	f.absent.Interval = f.Interval
	f.since, f.code, f.shown = time.Now(), anyEnd, anyEnd // the first reading answers the question itself
	f.quietFor = longestQuiet
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	f.want(f.since)
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case change := <-f.changes:
			change(&f.st)
		}
		if !f.whole(&f.st) {
			f.fresh = time.Time{}
			continue
		}
		report := f.report(time.Now())
		if !yield(report) || report.Over {
			return
		}
	}
}

// anyEnd stands for whatever end the first reading finds.
const anyEnd verdict.ExitCode = -1

// report judges what is known, and requests a reading of what would be an end.
func (f *follower) report(now time.Time) Report {
	f.st.UnconfirmedErr = nil
	f.stale(now)
	r := Report{Snapshot: f.dated(&f.st, now), Read: !f.fresh.IsZero()}
	r.Verdict = f.absent.Judge(&r.Snapshot)
	end := verdict.Over(r.Verdict, f.until.FailFast)
	if end || !f.onlyUnanswered(r.Snapshot) {
		r.Over = f.over(end, r.Verdict.ExitCode, now)
	}
	f.rewatchIfDenied(end, r.Verdict.ExitCode)
	if end && !r.Over && f.failure != nil {
		r.Snapshot.UnconfirmedErr = f.failure
		r.Verdict = verdict.Judge(r.Snapshot)
	}
	if r.Done = !f.done.IsZero(); r.Done {
		r.DoneFor = now.Sub(f.done)
	}
	f.quiet(now)
	f.fresh = time.Time{}
	return r
}

// rewatchIfDenied has the watches begin again if two readings, one after the other, show the same
// end, and the last update before the second denied it: what the watches know may stay out of
// date.
func (f *follower) rewatchIfDenied(isEnd bool, code verdict.ExitCode) {
	switch {
	case f.fresh.IsZero():
		f.denied = !isEnd
		return
	case isEnd && f.denied && f.shown == code:
		signal(f.rewatch)
	}
	f.denied, f.shown = false, anyEnd
	if isEnd {
		f.shown = code
	}
}

// onlyUnanswered reports whether it still looks like the same end, but for an API server or PUM
// that does not answer now. That is no reason to start over: on a bad connection, which breaks
// more often than everything can be read, a wait would never end. How long all is done is not
// known any more.
func (f *follower) onlyUnanswered(s verdict.Snapshot) bool {
	if f.since.IsZero() || s.LostAt.IsZero() && s.AnswerErr == nil {
		return false
	}
	s.LostAt, s.LostErr, s.AnswerErr = time.Time{}, nil, nil
	v := verdict.Judge(s)
	if !verdict.Over(v, f.until.FailFast) || v.ExitCode != f.code {
		return false
	}
	f.done = time.Time{}
	return true
}

// over reports whether what looks like an end is one: what was just read began to be read
// after it looked so.
func (f *follower) over(end bool, code verdict.ExitCode, now time.Time) bool {
	if !end {
		f.forgetEnd()
		return false
	}
	first := f.code == anyEnd && code != verdict.ExitForbidden // one refusal may be that of a proxy
	if f.since.IsZero() || code != f.code && !first {
		f.since = now
	}
	f.code = code
	if code != verdict.ExitDone {
		f.done = time.Time{}
	}
	if f.confirmed(code) {
		return true
	}
	switch due := f.done.Add(f.until.StableFor); {
	case f.done.IsZero():
		f.want(f.since)
	case !now.Before(due):
		f.want(due)
	}
	return false
}

// forgetEnd notes that nothing looks like an end.
func (f *follower) forgetEnd() {
	if f.code == anyEnd && f.failure != nil && f.st.Assessment == nil {
		return // the first reading is still to come, and nothing newer is known
	}
	if !f.fresh.IsZero() && !f.since.IsZero() && f.code != anyEnd {
		f.quietFor = f.Interval // the reading contradicts the watches
	}
	f.since, f.code, f.done = time.Time{}, 0, time.Time{}
}

// confirmed reports whether what was just read began to be read after it looked like an end,
// and, if that is done, has been so for long enough.
func (f *follower) confirmed(code verdict.ExitCode) bool {
	switch {
	case f.fresh.IsZero() || f.fresh.Before(f.since):
		return false
	case code != verdict.ExitDone || f.until.StableFor <= 0:
		return true
	case f.done.IsZero():
		f.done = f.fresh
		return false
	}
	return f.fresh.Sub(f.done) >= f.until.StableFor
}

// stale notes that what is shown may be out of date: there was no update for long, and
// reading it again fails.
func (f *follower) stale(now time.Time) {
	if f.unread != nil && f.st.Assessment != nil && f.st.LostAt.IsZero() && now.Sub(f.st.HeardAt) > longestQuiet {
		f.st.LostAt, f.st.LostErr = f.st.HeardAt, f.unread
	}
}

// quiet requests a reading if the workloads had no update or were not read for long, at every interval as long as a
// watch is lost, or if the verdict depends on what was not read yet.
func (f *follower) quiet(now time.Time) {
	if !f.fresh.IsZero() {
		f.quietFor = min(2*f.quietFor, longestQuiet)
	}
	blind := f.blind && now.Sub(f.wantedAt) > max(f.Interval, betweenReadings) // the watches may be slower to notice that the API server is back
	unread := f.Releases != nil && f.st.Releases == nil && f.st.ReleasesErr == nil && f.history(f.st.Assessment, f.st.Answer)
	silent := now.Sub(f.st.HeardAt) > f.quietFor && now.Sub(f.wantedAt) > f.quietFor
	old := now.Sub(f.readAt) > longestUnread && now.Sub(f.wantedAt) > longestUnread
	if f.List != nil && (silent || old || blind) || unread {
		f.want(f.wantedAt)
	}
}

// want requests a reading, unless one is pending that was requested at that time or later.
func (f *follower) want(since time.Time) {
	if f.pending && !f.wantedAt.Before(since) {
		return
	}
	f.wantedAt, f.pending = time.Now(), true
	signal(f.wanted)
}

func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default: // a signal is pending already
	}
}

// reread reads everything when that is wanted, and retries until it succeeds.
func (f *follower) reread(ctx context.Context) {
	deadline := firstDeadline
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.wanted:
		}
		for pause := firstPause; ctx.Err() == nil; pause = min(2*pause, longestPause) {
			r := f.read(ctx, deadline)
			failure := r.failed()
			if errors.Is(failure, context.DeadlineExceeded) {
				deadline = min(2*deadline, longestDeadline)
			}
			f.pass(ctx, func(*state) { f.take(r, failure) })
			f.tried()
			if failure == nil {
				break
			}
			sleep(ctx, pause)
		}
		sleep(ctx, betweenReadings)
	}
}

// take applies a reading. An update since it began may be newer: then everything is read once
// more.
func (f *follower) take(r *reading, failure error) {
	heard, changed := f.st.HeardAt, f.st.PUMChangedAt
	silent := !heard.IsZero() && r.began.Sub(heard) > longestQuiet
	r.apply(&f.st, !f.blind && !silent)
	f.askIfChanged(changed)
	f.failure, f.unread = failure, r.listErr
	if failure != nil {
		if f.blind && r.listErr != nil && f.st.Assessment != nil && f.st.LostAt.IsZero() {
			f.st.LostAt, f.st.LostErr = f.st.HeardAt, failure
		}
		return
	}
	f.fresh, f.readAt = r.began, r.began
	if !r.began.Before(f.wantedAt) {
		f.pending = false
	}
	if heard.After(r.began) {
		f.want(time.Now())
	}
}

// askIfChanged has PUM asked now if it changed since a time.
func (f *follower) askIfChanged(changed time.Time) {
	if !f.st.PUMChangedAt.Equal(changed) {
		signal(f.askNow)
	}
}

// watch applies updates of the workloads. It begins when the first reading was tried or takes
// long.
func (f *follower) watch(ctx context.Context, tried <-chan struct{}) {
	if f.Watch == nil {
		return
	}
	select {
	case <-ctx.Done():
		return
	case <-tried:
	case <-time.After(headStart):
	}
	for ctx.Err() == nil {
		f.watchOnce(ctx)
		sleep(ctx, betweenReadings)
	}
}

// watchOnce applies updates until the watches must begin again.
func (f *follower) watchOnce(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	updates := f.Watch(ctx)
	defer func() {
		cancel()
		for range updates { // until it is closed
		}
	}()
	for {
		select {
		case <-f.rewatch:
			return
		case update, open := <-updates:
			if !open {
				return
			}
			f.pass(ctx, func(st *state) {
				changed := st.PUMChangedAt
				f.apply(update)
				f.askIfChanged(changed)
			})
		}
	}
}

// apply applies an update, unless something newer was read since. Where a watch is lost and the
// lists are answered, what is read counts alone: the API server can be reached, and what the other
// watches say is beside what may be out of date.
func (f *follower) apply(u readiness.Update) {
	st := &f.st
	f.blind = u.Err != nil || !u.BlindAt.IsZero()
	lostAt := u.LostAt
	if u.Err == nil {
		lostAt = u.BlindAt
	}
	if f.blind && f.failure == nil && f.readAt.After(lostAt) && st.Assessment != nil {
		return
	}
	st.LostAt, st.LostErr = u.LostAt, u.Err
	if u.Assessment != nil && !u.HeardAt.Before(st.HeardAt) {
		st.setAssessment(u.Assessment.Keeping(st.Assessment), u.HeardAt)
	}
	if st.Assessment == nil {
		st.AssessmentErr = u.Err
	}
}

// poll asks PUM at every interval and when it changed; the first reading asks first.
func (f *follower) poll(ctx context.Context) {
	for f.Ask != nil {
		select {
		case <-ctx.Done():
			return
		case <-f.askNow:
		case <-time.After(f.Interval):
		}
		a := f.ask(ctx, func() {})
		f.pass(ctx, a.apply)
	}
}

// helm reads the Helm releases at every interval; the first reading reads them first.
func (f *follower) helm(ctx context.Context) {
	for f.Releases != nil && f.Goal == verdict.GoalAll && sleep(ctx, f.Interval) {
		h := f.readHelm(ctx)
		f.pass(ctx, h.apply)
	}
}

// sleep pauses, and reports whether ctx goes on.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// pass hands a change to the loop, unless that has ended.
func (f *follower) pass(ctx context.Context, change func(*state)) {
	select {
	case f.changes <- change:
	case <-ctx.Done():
	}
}
