// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// A layout is how a chart is laid out, in pixels.
type layout struct {
	class         string
	width, left   float64 // of all, and where the bars begin
	row, bar      float64 // heights
	head          float64 // height of a title
	above         bool    // whether a name is above its bar
	ticks, letter int     // how many at most, and runes of a name
}

var (
	wideChart   = layout{class: "wide", width: 1080, left: 262, row: 23, bar: 13, head: 30, ticks: 9, letter: 38}
	narrowChart = layout{class: "narrow", width: 340, left: 0, row: 37, bar: 13, head: 28, above: true, ticks: 4, letter: 46}
)

// axis is how high the labels of the times are, edge what is left free for marks at the ends.
const axis, edge = 20.0, 8.0

// A tick is a time on the axis.
type tick struct{ x, line, label, anchor string }

// A band is a lane as it is drawn.
type band struct {
	title, titleY, name, textY string
	x, y, width, height        string
	bars                       []bar
	marks                      []spot
}

type bar struct{ x, width, fill, title string }

type spot struct {
	place, title string
	kind         markKind
}

func px(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) }

func (l layout) x(c *chart, at time.Time) float64 {
	return l.left + edge + (l.width-l.left-2*edge)*at.Sub(c.from).Seconds()/c.to.Sub(c.from).Seconds()
}

func (l layout) height(c *chart) float64 {
	h := axis + 4
	for i := range c.lanes {
		if c.heads(i) {
			h += l.head
		}
		h += l.row
	}
	return h
}

// parts are pictures of a group each, with services below the outcome: paper has pages.
func (c *chart) parts() []*chart {
	var parts []*chart
	for i, l := range c.lanes {
		if i == 0 || c.heads(i) && l.group != groupServices {
			parts = append(parts, &chart{from: c.from, to: c.to})
		}
		last := parts[len(parts)-1]
		last.lanes = append(last.lanes, l)
	}
	return parts
}

// heads reports whether a lane begins a group.
func (c *chart) heads(i int) bool { return i == 0 || c.lanes[i].group != c.lanes[i-1].group }

func (l layout) viewBox(c *chart) string {
	return fmt.Sprintf("0 0 %s %s", px(l.width), px(l.height(c)))
}

func (c *chart) label() string {
	return fmt.Sprintf("Timeline of %s: %d rows over %s; the table below has the same", c.lanes[len(c.lanes)-1].group.title(), len(c.lanes), lasting(c.to.Sub(c.from)))
}

func (c *chart) ticks(l layout) []tick {
	times, layout := c.steps(l.ticks)
	var ticks []tick
	for _, at := range times {
		x := l.x(c, at)
		t := tick{x: px(x), line: fmt.Sprintf("M%s %s V%s", px(x), px(axis-2), px(l.height(c))), label: at.Format(layout), anchor: "middle"}
		switch {
		case x < l.left+24:
			t.anchor = "start"
		case x > l.width-24:
			t.anchor = "end"
		}
		ticks = append(ticks, t)
	}
	return ticks
}

func (c *chart) bands(l layout) []band {
	var bands []band
	y := axis + 4
	for i, lane := range c.lanes {
		b := band{name: clean(lane.name, l.letter), x: px(l.left + edge), width: px(l.width - l.left - 2*edge), height: px(l.bar)}
		if c.heads(i) {
			b.title, b.titleY = lane.group.title(), px(y+l.head-10)
			y += l.head
		}
		top := y + (l.row-l.bar)/2
		b.textY = px(top + l.bar - 2.5)
		if l.above {
			top = y + l.row - l.bar - 5
			b.textY = px(top - 4)
		}
		b.y = px(top)
		b.bars = c.bars(l, lane)
		for _, m := range lane.marks {
			place := fmt.Sprintf("translate(%s %s)", px(l.x(c, m.at)), px(top+l.bar/2))
			b.marks = append(b.marks, spot{place, clock(m.at) + " " + m.text, m.kind})
		}
		y += l.row
		bands = append(bands, b)
	}
	return bands
}

// bars are the stretches of a lane, the worst on top: it is seen however short it was.
func (c *chart) bars(l layout, lane *lane) []bar {
	spans := slices.Clone(lane.spans)
	slices.SortStableFunc(spans, func(a, b stretch) int { return cmp.Compare(a.state.tone, b.state.tone) })
	var bars []bar
	for _, s := range spans {
		if s.state.tone == toneNone {
			continue
		}
		from, to := l.x(c, s.from), l.x(c, s.to)
		from = min(from, l.width-edge-2)
		bars = append(bars, bar{px(from), px(max(to-from, 2)), s.state.tone.fill(),
			fmt.Sprintf("%s: %s, %s to %s, %s", lane.name, s.state.word, clock(s.from), clock(s.to), lasting(s.to.Sub(s.from)))})
	}
	return bars
}

func (t tone) fill() string { return "url(#p-" + t.name() + ")" }

// legend are the tones, and what they mean.
func legend() []state {
	return []state{
		{"as it should be", toneGood}, {"at work", toneBusy}, {"not begun, or scaled to zero", toneIdle},
		{"degraded, or needs attention", toneWeak}, {"down, or failed", toneBad}, {"not observed", toneUnseen},
	}
}
