// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// A chart is what is drawn of a timeline.
type chart struct {
	from, to time.Time
	lanes    []*lane
	marks    []mark
	more     string // what was left out
}

// A lane is a row of a chart: one thing, or several that did the same.
type lane struct {
	group group
	name  string
	spans []stretch
	marks []mark
}

// A stretch is a time in a state.
type stretch struct {
	from, to time.Time
	state    state
}

// Limits of what is drawn. What does not fit is one lane, as bad as the worst.
const (
	mostLanes     = 48 // of a group
	mostStretches = 60 // of a lane
	mostDrawn     = 150
)

// chart draws the timeline: what changed in the order in which it changed, and what did not as
// one lane a state.
func (t *Timeline) chart() *chart {
	if t.Empty() {
		return nil
	}
	c := &chart{from: t.first, to: t.last, marks: t.marks[:min(len(t.marks), mostDrawn)]}
	for g := groupOutcome; g <= groupEntries; g++ {
		c.lanes = append(c.lanes, t.lanes(g)...)
	}
	if n := len(t.marks) - len(c.marks) + t.moreMarks; n > 0 {
		c.more = fmt.Sprintf("%d more events are not listed.", n)
	}
	if t.moreRows > 0 {
		c.more += " The timeline was too long to keep everything."
	}
	return c
}

func (t *Timeline) lanes(g group) []*lane {
	var changed, same []*row
	for _, r := range t.rows {
		switch {
		case r.group != g:
		case g == groupOutcome || g == groupServices || len(r.spans) > 1:
			changed = append(changed, r)
		default:
			same = append(same, r)
		}
	}
	if g > groupServices {
		slices.SortStableFunc(changed, func(a, b *row) int {
			return cmp.Or(a.spans[1].from.Compare(b.spans[1].from), cmp.Compare(a.name, b.name))
		})
	}
	var lanes []*lane
	for _, r := range changed[:min(len(changed), mostLanes)] {
		lanes = append(lanes, t.lane(r.name, r))
	}
	if len(changed) > mostLanes {
		rest := changed[mostLanes:]
		lanes = append(lanes, t.lane(fmt.Sprintf("%d more that changed", len(rest)), rest...))
	}
	return append(lanes, t.unchanged(same, len(changed) > 0)...)
}

// unchanged are those rows that stayed in one state, a lane for each.
func (t *Timeline) unchanged(rows []*row, others bool) []*lane {
	byState := map[state][]*row{}
	var states []state
	for _, r := range rows {
		if byState[r.now()] == nil {
			states = append(states, r.now())
		}
		byState[r.now()] = append(byState[r.now()], r)
	}
	slices.SortFunc(states, func(a, b state) int { return cmp.Or(cmp.Compare(b.tone, a.tone), cmp.Compare(a.word, b.word)) })
	var lanes []*lane
	for _, s := range states[:min(len(states), mostLanes)] {
		name := byState[s][0].name
		if n := len(byState[s]); n > 1 {
			name = fmt.Sprintf("%d, always %s", n, s.word)
			if others {
				name = fmt.Sprintf("%d others, always %s", n, s.word)
			}
		}
		lanes = append(lanes, t.lane(name, byState[s]...))
	}
	return lanes
}

// lane is one or more rows in one.
func (t *Timeline) lane(name string, rows ...*row) *lane {
	l := &lane{group: rows[0].group, name: name}
	spans := rows[0].spans
	if len(rows) > 1 {
		spans = worst(rows)
	}
	for len(spans) > mostStretches {
		spans = halved(spans)
	}
	for i, s := range spans {
		to := t.last
		if i+1 < len(spans) {
			to = spans[i+1].from
		}
		if to.After(s.from) || i+1 == len(spans) { // how it ended is seen, however short it was
			l.spans = append(l.spans, stretch{s.from, to, s.state})
		}
	}
	mine := map[*row]bool{}
	for _, r := range rows {
		mine[r] = true
	}
	for _, m := range t.marks {
		if m.row != nil && mine[m.row] && len(l.marks) < mostStretches {
			l.marks = append(l.marks, m)
		}
	}
	return l
}

// worst is what the worst of several rows is at each time.
func worst(rows []*row) []span {
	type change struct {
		at time.Time
		by state
		n  int
	}
	var changes []change
	for _, r := range rows {
		for i, s := range r.spans {
			changes = append(changes, change{s.from, s.state, 1}) // those of a moment in any order
			if i > 0 {
				changes = append(changes, change{s.from, r.spans[i-1].state, -1})
			}
		}
	}
	slices.SortFunc(changes, func(a, b change) int { return a.at.Compare(b.at) })
	now := map[state]int{}
	var spans []span
	for i, c := range changes {
		if now[c.by] += c.n; now[c.by] == 0 {
			delete(now, c.by)
		}
		if i+1 < len(changes) && changes[i+1].at.Equal(c.at) {
			continue
		}
		var w state
		for s := range now {
			if s.tone > w.tone || s.tone == w.tone && s.word < w.word {
				w = s
			}
		}
		if n := len(spans); n == 0 || spans[n-1].state != w {
			spans = append(spans, span{c.at, w})
		}
	}
	return spans
}

// steps are the times of an axis, and how its labels are written.
func (c *chart) steps(most int) (times []time.Time, layout string) {
	total := c.to.Sub(c.from)
	step := 24 * time.Hour
	for _, d := range []time.Duration{
		time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
		time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
		time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
	} {
		if total/d < time.Duration(most) {
			step = d
			break
		}
	}
	for total/step > 2*time.Duration(most) {
		step *= 2
	}
	layout = "15:04"
	switch {
	case step < time.Minute:
		layout = "15:04:05"
	case step >= 24*time.Hour:
		layout = "Jan 2"
	}
	for at := c.from.UTC().Truncate(step); !at.After(c.to); at = at.Add(step) {
		if !at.Before(c.from) {
			times = append(times, at)
		}
	}
	return times, layout
}
