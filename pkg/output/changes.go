// SPDX-License-Identifier: Apache-2.0

package output

import (
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// changes says what is new in the entries, a line each.
func (l *EntryList) changes(before Watched) []string {
	old := before.(*EntryList)
	lines := entryChanges(old.Items, l.Items)
	lines = append(lines, findingChanges(old.Findings, l.Findings)...)
	return append(lines, outcomeChange(old.Head, l.Head, l.headline())...)
}

// changes says what is new in a namespace, a line each.
func (doc *Status) changes(before Watched) []string {
	old := before.(*Status)
	var lines []string
	if old.Workloads != nil && doc.Workloads != nil {
		lines = workloadChanges(old, doc)
	}
	lines = append(lines, jobChanges(old.Jobs, doc.Jobs)...)
	if old.Entries != nil && doc.Entries != nil {
		lines = append(lines, entryChanges(old.Entries.Items, doc.Entries.Items)...)
	}
	lines = append(lines, connectionChange(old.Head, doc.Head)...)
	lines = append(lines, findingChanges(old.Findings, doc.Findings)...)
	return append(lines, outcomeChange(old.Head, doc.Head, headline(doc))...)
}

// blink is how long the API server may be lost before that is reported: a connection that was
// cut is usually restored within that time.
const blink = 3 * time.Second

// connectionChange says that the API server is lost, and that it is back.
func connectionChange(before, after Head) []string {
	was := lostSince(before)
	switch missed := missing(after); {
	case missing(before) < blink && missed >= blink:
		return []string{fmt.Sprintf("API server unreachable, retrying; what is shown is %s old", duration.HumanDuration(missed))}
	case missing(before) >= blink && missed == 0:
		return []string{"API server back after " + duration.HumanDuration(after.ObservedAt.Sub(was))}
	}
	return nil
}

// missing is how long the API server has been lost, 0 if it is not.
func missing(h Head) time.Duration {
	since := lostSince(h)
	if since.IsZero() {
		return 0
	}
	return h.ObservedAt.Sub(since)
}

// lostSince is the time at which the API server was lost, zero if it is not.
func lostSince(h Head) time.Time {
	for _, f := range h.Findings {
		if f.Code == verdict.CodeUnreachable {
			return f.Since
		}
	}
	return time.Time{}
}

func entryChanges(before, after []pum.Entry) []string {
	var lines []string
	for _, c := range pum.Changes(before, after) {
		lines = append(lines, entryChange(c))
	}
	return lines
}

// entryChange says how an entry changed: its state, and what remains if that is known.
func entryChange(c pum.Change) string {
	if c.After == nil {
		return c.String()
	}
	line := fmt.Sprintf("entry %d %s %s", c.After.UID, text(c.After.RequestID), c.After.State)
	now := remaining(c.After)
	if now == "" {
		return line
	}
	line += ", " + now + " remaining"
	if c.Before != nil && remaining(c.Before) != "" && remaining(c.Before) != now {
		line += " (was " + remaining(c.Before) + ")"
	}
	return line
}

func workloadChanges(before, after *Status) []string {
	old := map[string]readiness.Workload{}
	for _, w := range before.Workloads.Items {
		old[resourceName(w)] = w
	}
	var lines []string
	for _, w := range after.Workloads.Items {
		name := resourceName(w)
		was, known := old[name]
		delete(old, name)
		if !known || was.State != w.State || reportableCause(was, before.ObservedAt) != reportableCause(w, after.ObservedAt) && reportableCause(w, after.ObservedAt) != "" {
			lines = append(lines, name+" "+workloadLine(w))
		}
	}
	for _, w := range before.Workloads.Items {
		if _, gone := old[resourceName(w)]; gone && readiness.Unread(after.gaps, w.Kind) == nil {
			lines = append(lines, resourceName(w)+" is gone")
		}
	}
	return lines
}

// reportableCause returns the code of the first cause that is worth a line. That a pod is not ready yet
// is normal during a wait, until it lasts.
func reportableCause(w readiness.Workload, at time.Time) readiness.Code {
	for _, c := range w.Causes {
		if c.Reportable(at) {
			return c.Code
		}
	}
	return ""
}

// resourceName names a workload as kubectl takes it, such as deployment/twa.
func resourceName(w readiness.Workload) string { return strings.ToLower(w.Kind) + "/" + w.Name }

// workloadLine says in a few words how far a workload is.
func workloadLine(w readiness.Workload) string {
	if w.Done() {
		return fmt.Sprintf("ready (%s)", of(w.Ready, w.Want))
	}
	return fmt.Sprintf("%s (%s): %s", w.State, of(w.Ready, w.Want), w.Reason)
}

func jobChanges(before, after []readiness.Job) []string {
	old := make(map[string]readiness.Job, len(before))
	for _, j := range before {
		old[j.Name] = j
	}
	var lines []string
	for _, j := range after {
		was, known := old[j.Name]
		if !known || was.State != j.State || was.Attempts != j.Attempts {
			line := fmt.Sprintf("job/%s %s", j.Name, j.State)
			if j.Attempts > 1 {
				line += fmt.Sprintf(", attempt %d", j.Attempts)
			}
			lines = append(lines, line)
		}
	}
	return lines
}

// findingChanges says which findings are new.
func findingChanges(before, after []verdict.Finding) []string {
	type said struct {
		code    verdict.Code
		summary string
	}
	old := make(map[said]bool, len(before))
	for _, f := range before {
		old[said{f.Code, f.Summary}] = true
	}
	var lines []string
	for _, f := range after {
		if f.Code == verdict.CodeUnreachable && !f.Since.IsZero() {
			continue // see connectionChange
		}
		if !old[said{f.Code, f.Summary}] {
			lines = append(lines, fmt.Sprintf("%s %s: %s", f.Level, f.Code, f.Summary))
		}
	}
	return lines
}

// outcomeChange says what the outcome is when it changes. That nothing is known while the API
// server is lost was said before.
func outcomeChange(before, after Head, how string) []string {
	blind := !lostSince(before).IsZero() || !lostSince(after).IsZero()
	if before.Outcome == after.Outcome || blind && (after.Outcome == verdict.OutcomeUnknown || after.Outcome == verdict.OutcomePending) {
		return nil
	}
	return []string{fmt.Sprintf("%s: %s", after.Outcome, how)}
}
