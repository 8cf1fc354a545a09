// SPDX-License-Identifier: Apache-2.0

package output

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// heartbeat is how long a wait may be silent off a terminal.
const heartbeat = time.Minute

// A Waiting is for how long has been waited, and how long it may take.
type Waiting struct {
	Elapsed   time.Duration
	Timeout   time.Duration     // 0 or less if there is none
	DoneFor   time.Duration     // for how long everything has been ready
	StableFor time.Duration     // for how long it must be, once it is; else 0
	Note      string            // said where there is room for it
	Left      *verdict.Estimate // nil if there is no ground for one
}

// words says it in words, such as after 6m of 30m, about 4m left.
func (w *Waiting) words() string {
	words := "after " + duration.HumanDuration(w.Elapsed)
	if w.Timeout > 0 {
		words += " of " + duration.HumanDuration(w.Timeout)
	}
	if w.StableFor > 0 {
		words += fmt.Sprintf(", ready for %s of %s", duration.HumanDuration(w.DoneFor), duration.HumanDuration(w.StableFor))
	}
	if e := w.Left; e != nil {
		words += ", " + estimate(e)
	}
	return words
}

// estimate says an estimate, no more exact than it can be.
func estimate(e *verdict.Estimate) string {
	unit := time.Minute
	switch {
	case e.Left < 2*time.Minute:
		unit = 10 * time.Second
	case e.Left < 10*time.Minute:
		unit = 30 * time.Second
	}
	text := "about " + duration.HumanDuration(max(unit, e.Left.Round(unit))) + " left"
	if e.Of != verdict.GoalAll {
		text += " for " + string(e.Of)
	}
	return text
}

// overOf returns how many workloads and entries are over, of how many that are known.
func (doc *Status) overOf() (over, total int) {
	if w := doc.Workloads; w != nil {
		over, total = over+w.Ready, total+w.Total
	}
	if e := doc.Entries; e != nil && doc.asked.Entries() {
		over, total = over+e.Summary.Final, total+e.Summary.Total
	}
	return over, total
}

// barWidth is how many columns a bar takes.
const barWidth = 20

// bar is how much is over, in a bar and in numbers, and for how long has been waited. There
// is no bar where something is unknown, nor one that is full: neither is how far it is.
func (doc *Status) bar(v View) string {
	line := doc.waiting.words()
	over, total := doc.overOf()
	unknown := doc.asked.Workloads() && doc.Workloads == nil || doc.asked.Entries() && doc.Entries == nil
	if !unknown && over < total {
		full := barWidth * over / total
		done, left := "█", "░"
		if v.ASCII {
			done, left = "#", "-"
		}
		line = fmt.Sprintf("%s%s  %d of %d   %s", strings.Repeat(done, full), strings.Repeat(left, barWidth-full), over, total, line)
	}
	if note := doc.waiting.Note; note != "" && (v.Width == 0 || width(line)+2+width(note) <= v.Width) {
		line += "; " + note
	}
	return line
}

// A display is what a document is shown on again and again: on a terminal it is redrawn in
// place, elsewhere there is a line for each change, and one a minute where nothing changes.
type display struct {
	w     io.Writer
	live  *Live
	spoke time.Time // when the last line was written
}

// write writes what changed, or now and then that nothing did.
func (p *display) write(v View, lines []string, still func() string) error {
	if len(lines) == 0 && v.Now.Sub(p.spoke) >= heartbeat {
		lines = []string{still()}
	}
	if len(lines) > 0 {
		p.spoke = v.Now
	}
	return writeChanges(p.w, v, v.Now, lines)
}

// Clear takes what is redrawn off a terminal, to make room for the answer.
func (p *display) Clear(v View) error {
	if !v.Redraw || p.live.last == nil {
		return nil
	}
	return errors.Join(p.live.Draw("", v), p.live.Signal(v.Signals, signal{}))
}

// A WaitProgress shows how a wait goes.
type WaitProgress struct {
	display
	before *Status
}

// NewWaitProgress returns a progress that nothing was shown of yet.
func NewWaitProgress(w io.Writer) *WaitProgress {
	return &WaitProgress{display: display{w: w, live: NewLive(w)}}
}

// Show shows how far a wait is.
func (p *WaitProgress) Show(doc *Status, v View, waiting Waiting) error {
	doc.While(waiting)
	if v.Redraw {
		return p.live.update(doc, &Format{}, v)
	}
	lines := []string{"waiting for " + Missing(doc)}
	if p.before != nil {
		lines = doc.changes(p.before)
	}
	p.before = doc
	return p.write(v, lines, func() string { return "still waiting for " + Missing(doc) + "; " + doc.far() })
}

// far says in words how much is over, and for how long has been waited.
func (doc *Status) far() string {
	over, total := doc.overOf()
	return fmt.Sprintf("%d of %d over %s", over, total, doc.waiting.words())
}

// mostNamed is how many workloads are named where some are missing.
const mostNamed = 5

// some returns the first of many names, and how many more there are.
func some(names []string) []string {
	if over := len(names) - mostNamed; over > 0 {
		return append(names[:mostNamed], fmt.Sprintf("%d more", over))
	}
	return names
}

// Missing names what is not done yet: workloads, jobs, and how many entries.
func Missing(doc *Status) string {
	names := some(notDone(doc))
	switch e := doc.Entries; {
	case !doc.asked.Entries():
	case e == nil:
		names = append(names, "PUM's answer")
	case e.Summary.Total == 0:
		names = append(names, "PUM's first entries")
	case e.Summary.Final < e.Summary.Total:
		names = append(names, entriesLeft(e.Summary.Total-e.Summary.Final))
	}
	for _, o := range doc.verdict.Moving {
		if name := strings.ToLower(o.Kind) + "/" + o.Name; len(names) == 0 && o.Kind == "Job" {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "what is not known yet"
	}
	return strings.Join(names, ", ")
}

func entriesLeft(n int) string {
	if n == 1 {
		return "1 entry"
	}
	return fmt.Sprintf("%d entries", n)
}

// longHeldUp is from when on it is worth a word for how long a workload has been held up.
const longHeldUp = 10 * time.Minute

// heldUp says for how long something has been held up, if that is long.
func heldUp(since, now time.Time) string {
	if since.IsZero() || now.Sub(since) < longHeldUp {
		return ""
	}
	return " (for " + duration.HumanDuration(now.Sub(since)) + ")"
}

// notDone names the workloads that are not ready and the jobs that are not
// complete.
func notDone(doc *Status) []string {
	var names []string
	if doc.Workloads != nil {
		for _, w := range doc.Workloads.Items {
			if !w.Done() {
				names = append(names, strings.ToLower(w.Kind)+"/"+w.Name+heldUp(w.Since, doc.ObservedAt))
			}
		}
	}
	for _, j := range doc.Jobs {
		if j.State != readiness.JobComplete && j.Uncounted == "" {
			names = append(names, "job/"+j.Name)
		}
	}
	for _, o := range doc.verdict.Vanished {
		names = append(names, strings.ToLower(o.Kind)+"/"+o.Name+" to stay away")
	}
	return names
}
