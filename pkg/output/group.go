// SPDX-License-Identifier: Apache-2.0

package output

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
)

// A group is workloads that are alike: of one kind, and blocked in the same way. A screen has one
// row for them; the wide screen and documents have each.
type group struct {
	items []readiness.Workload // those on which users depend most first
	worst severity
	rank  int // of the first
}

// A severity is how much a workload that is not ready needs somebody's attention.
type severity int

const (
	failed  severity = iota // will not become ready by itself
	slow                    // has a problem, waits for somebody, or has been blocked for long
	rolling                 // is rolling out
	serving                 // serves, with pods of an old version
)

// severityOf returns the severity of a workload that is not done.
func severityOf(w readiness.Workload, at time.Time) severity {
	switch {
	case w.State == readiness.Failed:
		return failed
	case w.State == readiness.Paused, w.State == readiness.Unknown, reportableCause(w, at) != "", heldUp(w.Since, at) != "":
		return slow
	case w.State == readiness.AwaitingRestart:
		return serving
	}
	return rolling
}

// alike is what the workloads of a group have in common.
type alike struct {
	kind    string
	state   readiness.State
	worst   severity
	doing   string
	updated bool // all pods have the latest spec
	code    readiness.Code
	cause   string
}

func likeness(w readiness.Workload, worst severity) alike {
	a := alike{kind: w.Kind, state: w.State, worst: worst, doing: w.Doing, updated: w.Updated >= w.Want}
	if len(w.Causes) > 0 {
		a.code, a.cause, a.updated = w.Causes[0].Code, w.Causes[0].Group, false
	}
	return a
}

// grouped returns the workloads that are not done, those that are alike together: what failed
// before what is slow before what rolls out, and of these what users depend on first.
func grouped(doc *Status) []group {
	by := map[alike]int{}
	var groups []group
	var list []readiness.Workload
	for _, w := range doc.Workloads.Items {
		if !w.Done() {
			list = append(list, w)
		}
	}
	ranks := make(map[string]int, len(list))
	for _, w := range list {
		ranks[w.Name] = doc.verdict.Rank(w.Name)
	}
	slices.SortStableFunc(list, func(a, b readiness.Workload) int { return cmp.Compare(ranks[a.Name], ranks[b.Name]) })
	for _, w := range list {
		worst := severityOf(w, doc.ObservedAt)
		key := likeness(w, worst)
		i, ok := by[key]
		if !ok {
			i = len(groups)
			by[key] = i
			groups = append(groups, group{worst: worst, rank: ranks[w.Name]})
		}
		groups[i].items = append(groups[i].items, w)
	}
	slices.SortStableFunc(groups, func(a, b group) int {
		return cmp.Or(cmp.Compare(a.worst, b.worst), cmp.Compare(a.rank, b.rank))
	})
	return groups
}

// name is that of the workload, or how many there are.
func (g group) name() string {
	if len(g.items) == 1 {
		return shortKind(g.items[0].Kind) + "/" + g.items[0].Name
	}
	return fmt.Sprintf("%d %ss", len(g.items), g.items[0].Kind)
}

func (g group) sum(of func(readiness.Workload) int32) (n int32) {
	for _, w := range g.items {
		n += of(w)
	}
	return n
}

func (g group) ready() int32 { return g.sum(func(w readiness.Workload) int32 { return w.Ready }) }
func (g group) want() int32  { return g.sum(func(w readiness.Workload) int32 { return w.Want }) }

// updated counts the pods with the latest spec, but not more than are wanted: while a rollout is
// changed there may be more.
func (g group) updated() int32 {
	return g.sum(func(w readiness.Workload) int32 { return min(w.Updated, w.Want) })
}

// since is since when the first of them is blocked; zero if that is unknown.
func (g group) since() (first time.Time) {
	for _, w := range g.items {
		if !w.Since.IsZero() && (first.IsZero() || w.Since.Before(first)) {
			first = w.Since
		}
	}
	return first
}

// why says what blocks them: the reason if all have the same one, else what their reasons have in
// common; and names them.
func (g group) why() string {
	first := g.items[0]
	same := !slices.ContainsFunc(g.items, func(w readiness.Workload) bool { return w.Reason != first.Reason })
	why := first.Reason
	switch {
	case len(g.items) == 1:
		return why
	case same && len(first.Causes) == 0 && first.State == readiness.Progressing:
		why += " each"
	case same:
	case len(first.Causes) > 0:
		why = first.Doing + ", " + cmp.Or(first.Causes[0].Group, first.Causes[0].Reason, string(first.Causes[0].Code))
	case first.Updated < first.Want:
		why = fmt.Sprintf("%s, %d of %d pods updated", first.Doing, g.updated(), g.want())
	default:
		why = fmt.Sprintf("%s, all %d pods updated", first.Doing, g.want())
	}
	names := make([]string, len(g.items))
	for i, w := range g.items {
		names[i] = w.Name
	}
	return strings.TrimPrefix(why+": ", ": ") + strings.Join(names, ", ")
}

// hue is the color of their row.
func (g group) hue() string {
	switch g.worst {
	case failed:
		return red
	case slow:
		return yellow
	}
	return ""
}

// stateHue is the color of an entry's state.
func stateHue(state pum.State) string {
	switch state {
	case pum.StateAborted:
		return red
	case pum.StateTransientError:
		return yellow
	}
	return ""
}
