// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"context"
	"fmt"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/observe"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// A player plays a recording.
type player struct {
	*Observer
	until observe.Until
	yield func(observe.Report) bool

	state   *state
	begun   time.Time // of this machine, when the first was reported
	first   time.Time
	done    time.Time // since when all was read to be done
	stopped bool
	absent  verdict.Absences
}

// tick is how much time passes between two reports at most: ages and graces change with time.
const tick = time.Second

// play reads the recording and reports what it tells.
func (p *player) play(ctx context.Context) {
	l, done, err := p.lines()
	if err != nil {
		p.unreadable(err)
		return
	}
	defer done()
	p.state = newState(p.Path)
	p.state.head = p.Kept.state.head
	var pending []*Line
	err = l.each(func(line *Line) (bool, error) {
		if line.Log != nil || line.Verdict != nil {
			return true, nil
		}
		if pending = append(pending, line); line.Moment == nil {
			return true, nil
		}
		if p.state.moment != nil && !p.pass(ctx, line.At) {
			return false, nil
		}
		for _, waiting := range pending {
			if err := p.state.apply(waiting); err != nil {
				return false, err
			}
		}
		pending = pending[:0]
		if line.At.Before(p.Start()) {
			return true, nil
		}
		return p.report(ctx, line.At, false, nil), nil
	})
	if p.stopped || ctx.Err() != nil || p.state.moment == nil {
		return
	}
	p.report(ctx, p.state.at, true, func(s *verdict.Snapshot) {
		if s.Kept = p.notes; err != nil { // it was whole when it was opened
			s.AssessmentErr = fmt.Errorf("read %s: %w", p.Path, withoutPath(err))
		}
	})
}

// unreadable reports that the file, which could be opened, cannot be read again: nothing is
// known.
func (p *player) unreadable(err error) {
	err = fmt.Errorf("read %s: %w", p.Path, withoutPath(err))
	s := verdict.Snapshot{ObservedAt: p.At, Where: p.Where(p.At), Goal: p.Goal, PUM: p.Kept.state.head.PUM, AssessmentErr: err, AnswerErr: err, ReleasesErr: err}
	p.yield(observe.Report{Snapshot: s, Verdict: verdict.Judge(s), Over: true, Last: true})
}

// pass lets the time pass until the next moment, with a report each second: ages grow.
func (p *player) pass(ctx context.Context, next time.Time) bool {
	for at := p.state.at.Add(tick); at.Before(next); at = at.Add(tick) {
		if at.Before(p.Start()) {
			continue
		}
		if !p.report(ctx, at, false, nil) {
			return false
		}
	}
	return true
}

// report waits for a time and reports what was known then.
func (p *player) report(ctx context.Context, at time.Time, last bool, change func(*verdict.Snapshot)) bool {
	if over := p.Limit > 0 && at.Sub(p.Start()) > p.Limit; over || !p.wait(ctx, at) {
		p.stopped = true
		return false
	}
	s, _ := p.state.snapshot(at, p.Goal, p.Where(at), true) // whose error is in it
	if change != nil {
		change(&s)
	}
	r := observe.Report{Snapshot: s}
	r.Verdict = p.absent.Judge(&r.Snapshot)
	if m := p.state.moment; m != nil && at.Equal(p.state.at) {
		r.Read = m.Read || m.Over
	}
	p.end(&r, at)
	r.Last = last
	r.Over = r.Over || last && !p.promising(r.Verdict)
	if p.Tick != nil {
		p.Tick(at)
	}
	p.stopped = !p.yield(r) || r.Over || last
	return !p.stopped
}

// clockSlack is by how much two times of a recording may be nearer to each other than they were:
// what is known of the API server's clock has whole seconds.
const clockSlack = 2 * time.Second

// end says whether what looks like an end is one: it was read, and stayed so for long enough. As
// in a live wait it must have been read at the beginning and at the end of that time: whoever
// recorded may have looked at nothing in between.
func (p *player) end(r *observe.Report, at time.Time) {
	if p.Whole {
		return
	}
	if !verdict.Over(r.Verdict, p.until.FailFast) {
		p.done = time.Time{}
		return
	}
	if r.Verdict.ExitCode != verdict.ExitDone {
		r.Over = r.Read
		return
	}
	read := at // when the reading began
	if heard := r.Snapshot.HeardAt; r.Read && !heard.IsZero() && heard.Before(at) {
		read = heard
	}
	if p.done.IsZero() && r.Read {
		p.done = read
	}
	if r.Done = !p.done.IsZero(); !r.Done {
		return
	}
	r.DoneFor = at.Sub(p.done)
	long := read.Sub(p.done)
	if p.state.moment.Over { // as it was long enough for who recorded it
		long += clockSlack
	}
	r.Over = r.Read && (p.until.StableFor <= 0 || long >= p.until.StableFor)
}

// promising reports whether a verdict looks done. Where the recording ends with it, before it
// was read again or has stayed so for long enough, nobody knows whether it would have been.
func (p *player) promising(v verdict.Verdict) bool {
	return !p.Whole && v.ExitCode == verdict.ExitDone
}

// wait waits until a time of the recording has come.
func (p *player) wait(ctx context.Context, at time.Time) bool {
	if p.first.IsZero() {
		p.first, p.begun = at, time.Now()
	}
	if p.Speed <= 0 {
		return ctx.Err() == nil
	}
	due := p.begun.Add(time.Duration(float64(at.Sub(p.first)) / p.Speed))
	select {
	case <-ctx.Done():
		return false
	case <-time.After(time.Until(due)):
		return true
	}
}
