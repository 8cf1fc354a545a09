// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// A Timeline is what changed over time. It is fed with every snapshot, in their order, and
// keeps changes only. Its memory is bounded: see the limits below. The zero value is ready for
// use.
//
// A state holds from the snapshot that shows it to the next that does not. Where the API server
// is lost, or no snapshot came for MaxGap, nothing was observed.
type Timeline struct {
	// MaxGap is how long two snapshots may be apart for what the first shows to hold until the
	// second; DefaultMaxGap if 0, without end if negative.
	MaxGap time.Duration

	first, last time.Time
	rows        []*row
	byKey       map[key]*row
	marks       []mark
	moreMarks   int // beside those that are kept
	moreRows    int
	release     string // what was installed first, as far as it was known
	lost        bool   // whether the API server is
	process     string // the uid of the job that works through the entries
	tries       map[key]int64
	absent      map[string]*row // by kind, what one is that was not seen so far
}

// DefaultMaxGap is more than the minute after which everything is read again, even if nothing
// changes, and less than an outage that would matter.
const DefaultMaxGap = 3 * time.Minute

// What a timeline keeps at most.
const (
	mostRows  = 20_000
	mostSpans = 256 // of a row; then two that follow each other become one, as bad as the worse
	mostMarks = 400
	mostWord  = 40 // runes of a state
	mostName  = 120
)

// A group is what rows have in common.
type group uint8

const (
	groupOutcome group = iota
	groupServices
	groupWorkloads
	groupJobs
	groupEntries
)

func (g group) title() string {
	return [...]string{"Outcome", "Services", "Workloads", "Jobs", "Entries"}[g]
}

type key struct {
	group group
	name  string // as it is told apart
}

// A row is the history of one thing.
type row struct {
	group  group
	kind   string // whose objects must be read for it to be missing
	name   string
	spans  []span
	totals map[state]time.Duration // of the spans that ended, whatever became of them
	seen   bool                    // in the snapshot that is taken now
}

// A span lasts until the next one begins.
type span struct {
	from  time.Time
	state state
}

// A markKind says what happened.
type markKind string

const (
	markFailure markKind = "failure"
	markRestart markKind = "restart"
	markLost    markKind = "lost"
)

// A mark is something that happened at a moment.
type mark struct {
	at   time.Time
	kind markKind
	row  *row // nil if it is about all
	text string
}

// Add takes a snapshot and its verdict. One from before the last one counts as of the same
// moment: clocks are set.
func (t *Timeline) Add(s verdict.Snapshot, v verdict.Verdict) {
	at := s.ObservedAt
	if t.byKey == nil {
		t.byKey, t.tries, t.absent = map[key]*row{}, map[key]int64{}, map[string]*row{kindEntry: {}, anyKind: {}}
		t.first, t.last = at, at
	}
	if at.Before(t.last) {
		at = t.last
	}
	t.gap(at)
	t.last = at
	for _, r := range t.rows {
		r.seen = false
	}
	t.set(at, groupOutcome, "outcome", "upgrade", outcomeState(v.Outcome))
	t.installed(&s)
	switch {
	case t.stale(at, &s):
		t.lose(s.HeardAt, groupEntries)
	case !s.LostAt.IsZero():
		t.lose(s.LostAt, groupJobs)
		t.answer(at, &s)
	default:
		t.lost = false
		t.assessment(at, &s)
		t.answer(at, &s)
	}
	t.missing(at, &s)
	t.noteAbsent(at, &s)
}

// noteAbsent notes what one of a kind is that the snapshot does not have: not there yet if its
// kind was read, else not observed.
func (t *Timeline) noteAbsent(at time.Time, s *verdict.Snapshot) {
	if s.Assessment != nil {
		for _, g := range s.Assessment.Gaps {
			if t.absent[g.Kind] == nil {
				t.absent[g.Kind] = t.absent[anyKind].clone()
			}
		}
	}
	for kind, r := range t.absent {
		if whole(kind, s) && (!t.lost || kind == kindEntry) {
			r.set(at, notYet)
		} else {
			r.set(at, unseen)
		}
	}
}

func (r *row) clone() *row {
	return &row{spans: slices.Clone(r.spans), totals: maps.Clone(r.totals)}
}

// Kinds of rows that are not Kubernetes'.
const kindEntry, anyKind = "Entry", ""

// whole reports whether a snapshot has all objects of a kind, so that what it lacks is not
// there.
func whole(kind string, s *verdict.Snapshot) bool {
	switch kind {
	case kindEntry:
		return s.Answer != nil
	case anyKind:
		return s.Assessment != nil
	}
	return s.Assessment != nil && readiness.Unread(s.Assessment.Gaps, kind) == nil
}

// limit returns MaxGap or what stands for it.
func (t *Timeline) limit() time.Duration {
	switch {
	case t.MaxGap == 0:
		return DefaultMaxGap
	case t.MaxGap < 0:
		return math.MaxInt64
	}
	return t.MaxGap
}

// gap notes that nobody looked since the last snapshot, if that is long ago.
func (t *Timeline) gap(at time.Time) {
	if at.Sub(t.last) <= t.limit() {
		return
	}
	t.mark(mark{at: t.last, kind: markLost, text: "nothing was observed for " + lasting(at.Sub(t.last))})
	for _, r := range t.rows {
		if r.now() != gone {
			r.set(t.last, unseen)
		}
	}
}

// stale reports whether the API server has said nothing for long, although nobody says that it is
// lost: the observer itself was stopped, and a recording has nothing of that time.
func (t *Timeline) stale(at time.Time, s *verdict.Snapshot) bool {
	return s.LostAt.IsZero() && !s.HeardAt.IsZero() && at.Sub(s.HeardAt) > t.limit()
}

// lose notes that nothing was observed since a time: what is shown of services, workloads and
// jobs was read before; up to entries, so was all else.
func (t *Timeline) lose(since time.Time, last group) {
	since = later(since, t.first)
	if !t.lost {
		t.lost = true
		t.mark(mark{at: since, kind: markLost, text: "connection to the API server lost"})
	}
	for _, r := range t.rows {
		if r.group == groupOutcome && last < groupEntries || r.group > last {
			continue
		}
		r.seen = true
		if r.now() != gone {
			r.set(later(since, r.spans[len(r.spans)-1].from), unseen)
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (t *Timeline) installed(s *verdict.Snapshot) {
	if r := s.Releases; t.release == "" && r != nil && len(r.TPE) == 1 && len(r.Odd) == 0 {
		t.release = r.TPE[0]
	}
}

func (t *Timeline) assessment(at time.Time, s *verdict.Snapshot) {
	if s.Assessment == nil || !s.Asks().Workloads() {
		return
	}
	for _, service := range verdict.Services(s.Assessment) {
		t.set(at, groupServices, service.Name, service.Name, serviceState(service.State))
	}
	for _, w := range s.Assessment.Workloads {
		name := w.Object().String()
		if t.set(at, groupWorkloads, name, name, workloadState(w.State)) && w.State == readiness.Failed {
			t.failed(at, key{groupWorkloads, name}, name+" cannot recover by itself: "+w.Reason)
		}
	}
	for _, j := range s.Assessment.Jobs {
		t.job(at, &j)
	}
}

func (t *Timeline) job(at time.Time, j *readiness.Job) {
	k := key{groupJobs, j.Name}
	changed := t.set(at, groupJobs, j.Name, j.Name, jobState(j.State))
	switch {
	case changed && j.State == readiness.JobFailed:
		t.failed(at, k, "job "+j.Name+" failed: "+j.Reason)
	case t.more(k, int64(j.Attempts)) && j.Attempts > 1:
		t.failed(at, k, fmt.Sprintf("job %s began attempt %d", j.Name, j.Attempts))
	}
	if j.Name != pum.ProcessJob {
		return
	}
	if uid := string(j.UID); t.process != uid {
		if t.process != "" {
			t.mark(mark{at: at, kind: markRestart, row: t.byKey[k], text: "the post-upgrade procedure started again"})
			t.tries[k] = int64(j.Attempts)
		}
		t.process = uid
	}
}

// more reports whether a count grew since it was seen last.
func (t *Timeline) more(k key, n int64) bool {
	was, known := t.tries[k]
	if known || t.byKey[k] != nil {
		t.tries[k] = n
	}
	return known && n > was
}

func (t *Timeline) answer(at time.Time, s *verdict.Snapshot) {
	if s.Answer == nil {
		return
	}
	repeated := map[int64]bool{}
	for _, uid := range pum.Repeated(s.Answer.Entries) {
		repeated[uid] = true
	}
	for i := range s.Answer.Entries {
		e := &s.Answer.Entries[i]
		if repeated[e.UID] {
			continue // they cannot be told apart
		}
		k := key{groupEntries, fmt.Sprint(e.UID)}
		if t.byKey[k] == nil && len(t.rows) >= mostRows {
			t.moreRows++
			continue
		}
		changed := t.set(at, k.group, k.name, entryName(e), entryState(e.State))
		switch {
		case changed && e.State == pum.StateAborted:
			t.failed(at, k, "entry "+k.name+" was aborted")
		case e.ErrorCounter != nil && t.more(k, *e.ErrorCounter):
			t.failed(at, k, fmt.Sprintf("entry %s failed: error %d", k.name, *e.ErrorCounter))
		}
	}
}

func entryName(e *pum.Entry) string {
	name := fmt.Sprint(e.UID)
	if e.RequestID != nil {
		name += " " + *e.RequestID
	}
	return name
}

// missing ends what the snapshot does not have: it is gone, or it could not be read.
func (t *Timeline) missing(at time.Time, s *verdict.Snapshot) {
	for _, r := range t.rows {
		if r.seen || r.now() == gone {
			continue
		}
		switch {
		case !whole(r.kind, s):
			r.set(at, unseen)
		case r.group == groupServices:
			r.set(at, noWorkload)
		default:
			r.set(at, gone)
		}
	}
}

// set notes a state, and reports whether it is another than before. A first state is none.
func (t *Timeline) set(at time.Time, g group, id, name string, now state) (changed bool) {
	k := key{g, id}
	r := t.byKey[k]
	if r == nil {
		if len(t.rows) >= mostRows {
			t.moreRows++
			return false
		}
		r = t.newRow(g, id, name)
		t.rows, t.byKey[k] = append(t.rows, r), r
		r.seen = true
		r.set(at, now)
		return at.After(t.first)
	}
	r.seen = true
	return r.set(at, now)
}

// newRow is a row that is seen for the first time.
func (t *Timeline) newRow(g group, id, name string) *row {
	kind := kindOf(g, id)
	before := t.absent[kind]
	if before == nil {
		before = t.absent[anyKind]
	}
	r := before.clone()
	r.group, r.kind, r.name = g, kind, clean(name, mostName)
	return r
}

func (t *Timeline) failed(at time.Time, k key, text string) {
	t.mark(mark{at: at, kind: markFailure, row: t.byKey[k], text: text})
}

func kindOf(g group, id string) string {
	switch g {
	case groupWorkloads:
		kind, _, _ := strings.Cut(id, " ")
		return kind
	case groupJobs:
		return "Job"
	case groupEntries:
		return kindEntry
	}
	return anyKind
}

func (t *Timeline) mark(m mark) {
	if len(t.marks) >= mostMarks {
		t.moreMarks++
		return
	}
	m.text = clean(m.text, 2*mostName)
	t.marks = append(t.marks, m)
}

func (r *row) now() state { return r.spans[len(r.spans)-1].state }

// set begins a state, unless it is that already.
func (r *row) set(at time.Time, s state) bool {
	if len(r.spans) > 0 {
		last := r.spans[len(r.spans)-1]
		if last.state == s {
			return false
		}
		if r.totals == nil {
			r.totals = map[state]time.Duration{}
		}
		r.totals[last.state] += at.Sub(last.from)
		if at.Equal(last.from) {
			r.spans = r.spans[:len(r.spans)-1] // it lasted no time
		}
	}
	if len(r.spans) >= mostSpans {
		r.spans = halved(r.spans)
	}
	r.spans = append(r.spans, span{at, s})
	return true
}

// halved makes one of every two spans: as long as both, as bad as the worse.
func halved(spans []span) []span {
	var half []span
	for i := 0; i < len(spans); i += 2 {
		s := spans[i]
		if i+1 < len(spans) && spans[i+1].state.tone > s.state.tone {
			s.state = spans[i+1].state
		}
		if n := len(half); n == 0 || half[n-1].state != s.state {
			half = append(half, s)
		}
	}
	return half
}

// took returns how long a row was in a state until a time.
func (r *row) took(s state, until time.Time) time.Duration {
	d := r.totals[s]
	if last := r.spans[len(r.spans)-1]; last.state == s {
		d += until.Sub(last.from)
	}
	return d
}

// Empty reports whether there is no time between the first snapshot and the last.
func (t *Timeline) Empty() bool { return t == nil || !t.last.After(t.first) }
