// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"cmp"
	"slices"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
)

// An Estimate is how long it takes until everything observed is over, if it continues at the
// same pace. It does not include what has not begun: a workload that Helm has yet to change looks
// ready.
type Estimate struct {
	Left time.Duration
	Of   Goal // of what: GoalAll, or the only part of which something is known
}

// An Estimator follows snapshots and estimates how long the rest takes. The zero value is ready
// for use.
//
// A workload takes for each pod that is left as long as for those before; where none is known,
// as long as the pods of other workloads took, by their median. An entry takes as long as
// pum.Progress estimates by what remains; where that is unknown, as long as other entries took. All
// run at the same time, so that the longest counts. Something overdue is expected to take another
// quarter of the time that it has taken.
type Estimator struct {
	pods    map[Object]*pace
	entries map[int64]*pace
	left    *Estimate
}

// A pace is how fast one thing goes.
type pace struct {
	begun  time.Time // when it was first seen under way
	seen   bool      // whether it was seen before it began
	done   int32     // pods that are done
	first  point     // from which the pace counts
	last   point     // when another pod was done
	took   time.Duration
	active bool
}

type point struct {
	at   time.Time
	done int32
}

// overdue is the divisor for something overdue: it is expected to take another quarter.
const overdue = 4

// Observe takes in a snapshot. The times of snapshots must go forward.
func (e *Estimator) Observe(s *Snapshot) {
	if e.pods == nil {
		e.pods, e.entries = map[Object]*pace{}, map[int64]*pace{}
	}
	now := s.ObservedAt
	var found []Estimate
	known := true
	if s.Assessment != nil && s.Asks().Workloads() {
		left, all, some := e.workloads(now, s.Assessment.Workloads)
		known = known && all
		if some {
			found = append(found, Estimate{left, GoalWorkloads})
		}
	}
	if s.Answer != nil && s.Asks().Entries() {
		left, all, some := e.list(now, s.Answer.Entries, s.Movements)
		known = known && all
		if some {
			found = append(found, Estimate{left, GoalEntries})
		}
	}
	e.left = longest(found, known)
}

// longest returns the estimate of what takes longest, nil if that is unknown.
func longest(found []Estimate, known bool) *Estimate {
	if len(found) == 0 || len(found) == 2 && !known {
		return nil // some of both is unknown, and so is the longest
	}
	left := slices.MaxFunc(found, func(a, b Estimate) int { return cmp.Compare(a.Left, b.Left) })
	if known {
		left.Of = GoalAll
	}
	return &left
}

// Left returns the estimate as of the last snapshot; nil if there is no ground for one.
func (e *Estimator) Left() *Estimate { return e.left }

// workloads returns how long the workloads take, whether that is known of all that are under
// way, and whether there are any of which it is known.
func (e *Estimator) workloads(now time.Time, workloads []readiness.Workload) (left time.Duration, all, some bool) {
	for _, w := range workloads {
		if !parentOf(w) {
			e.pace(w.Object()).pods(now, w)
		}
	}
	typical := usual(e.pods)
	all = true
	for _, w := range workloads {
		if w.Done() || parentOf(w) {
			continue
		}
		p := e.pods[w.Object()]
		per, ok := p.perPod()
		if !ok {
			per, ok = typical, typical > 0
		}
		if !ok || w.State != readiness.Progressing {
			all = false
			continue
		}
		some = true
		left = max(left, rest(per*time.Duration(w.Want-p.done), now.Sub(p.last.at)))
	}
	return left, all, some
}

// parentOf reports whether a workload is an operator's resource, which is over when its own
// workloads are.
func parentOf(w readiness.Workload) bool {
	return w.Kind == "Kafka" || w.Kind == "PerconaServerMongoDB"
}

func (e *Estimator) pace(o Object) *pace {
	p := e.pods[o]
	if p == nil {
		p = &pace{}
		e.pods[o] = p
	}
	return p
}

// rest returns what is left of a time of which some has gone.
func rest(whole, gone time.Duration) time.Duration { return max(whole-gone, gone/overdue) }

// pods notes how many pods of a workload are done. The newest one is not, while the workload
// is under way.
func (p *pace) pods(now time.Time, w readiness.Workload) {
	if w.Done() {
		if p.active && p.seen && w.Want > 0 {
			p.took = now.Sub(p.begun) / time.Duration(w.Want)
		}
		p.active, p.seen = false, true
		return
	}
	done := max(0, min(w.Updated, w.Want)-1)
	if !p.active || done < p.done {
		*p = pace{begun: now, seen: p.seen, took: p.took, active: true, done: done, first: point{now, done}, last: point{now, done}}
		return
	}
	if done == p.done {
		return
	}
	if !p.seen && p.first == p.last && p.first.at.Equal(p.begun) {
		p.seen, p.begun, p.first = true, now, point{now, done} // from here on it was watched
	}
	p.done, p.last = done, point{now, done}
}

// perPod returns how long a pod takes.
func (p *pace) perPod() (time.Duration, bool) {
	if n := p.last.done - p.first.done; p.active && n > 0 {
		return p.last.at.Sub(p.first.at) / time.Duration(n), true
	}
	return p.took, p.took > 0
}

// usual returns the median of how long one took; 0 if none is known.
func usual[K comparable](paces map[K]*pace) time.Duration {
	var list []time.Duration
	for _, p := range paces {
		if per, ok := p.perPod(); ok {
			list = append(list, per)
		}
	}
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[len(list)/2]
}

// list returns the same of the entries.
func (e *Estimator) list(now time.Time, entries []pum.Entry, movements map[int64]pum.Movement) (left time.Duration, all, some bool) {
	for i := range entries {
		e.entry(now, &entries[i])
	}
	typical := usual(e.entries)
	all = true
	for i := range entries {
		entry := &entries[i]
		if entry.Final {
			continue
		}
		switch m := movements[entry.UID]; {
		case m.Stall != nil:
			all = false
		case m.ETA != nil:
			left, some = max(left, *m.ETA), true
		case typical > 0:
			left, some = max(left, rest(typical, now.Sub(e.entries[entry.UID].begun))), true
		default:
			all = false
		}
	}
	return left, all, some
}

// entry notes how long an entry took that was seen before it was final.
func (e *Estimator) entry(now time.Time, entry *pum.Entry) {
	p := e.entries[entry.UID]
	switch {
	case p == nil:
		e.entries[entry.UID] = &pace{begun: now, active: !entry.Final}
	case !entry.Final && !p.active:
		p.begun, p.active = now, true
	case entry.Final && p.active:
		p.active, p.took = false, now.Sub(p.begun)
	}
}
