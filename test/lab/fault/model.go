// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// A Model is what a namespace holds, as far as a wait for its workloads is
// concerned. It knows by itself when that is good, from the documentation of
// Kubernetes; the rules of the plugin are not in it.
type Model struct {
	Workloads []Workload
}

// A Workload is a Deployment or a StatefulSet.
type Workload struct {
	Kind, Name string
	Exists     bool
	Generation int64 // of its spec, since it was made
	Want       int32
	Status     Status
}

// A Status is what a controller wrote last.
type Status struct {
	Observed                            int64
	Replicas, Updated, Ready, Available int32
}

// good reports whether a workload has all that its spec wants.
func (w Workload) good() bool {
	return w.Status == Status{w.Generation, w.Want, w.Want, w.Want, w.Want}
}

// A View is what is there of one kind: whether all of it is good, and how much.
type View struct {
	Good bool
	N    int
}

// View is what is there of a kind.
func (m Model) View(kind string) View {
	v := View{Good: true}
	for _, w := range m.Workloads {
		if w.Kind == kind && w.Exists {
			v.N++
			v.Good = v.Good && w.good()
		}
	}
	return v
}

// Kinds are those of a model.
func Kinds() []string { return []string{"Deployment", "StatefulSet"} }

// NewModel returns a model of an empty namespace.
func NewModel() Model {
	var m Model
	for _, kind := range Kinds() {
		for i := range 2 {
			m.Workloads = append(m.Workloads, Workload{Kind: kind, Name: fmt.Sprintf("w-%d", i)})
		}
	}
	return m
}

// A Change is one step of an interleaving: a workload as it is after it.
type Change struct {
	Verb  string // create, delete, spec or status
	After Workload
	Pause time.Duration // before it
}

// Interleaving returns a random sequence of changes, at whose end all is good. It
// begins with a workload that is not.
func Interleaving(random *rand.Rand) []Change {
	m := NewModel()
	var changes []Change
	add := func(i int, verb string, w Workload, pause time.Duration) {
		m.Workloads[i] = w
		changes = append(changes, Change{verb, w, pause})
	}
	first := random.IntN(len(m.Workloads))
	add(first, "create", m.Workloads[first].created(random), 0)
	for range 4 + random.IntN(10) {
		i := random.IntN(len(m.Workloads))
		verb, w := m.Workloads[i].changed(random)
		add(i, verb, w, pause(random))
	}
	for _, i := range random.Perm(len(m.Workloads)) {
		if w := m.Workloads[i]; w.Exists && !w.good() {
			w.Status = Status{w.Generation, w.Want, w.Want, w.Want, w.Want}
			add(i, "status", w, pause(random))
		}
	}
	if !slices.ContainsFunc(m.Workloads, func(w Workload) bool { return w.Exists }) {
		w := m.Workloads[first].created(random)
		add(first, "create", w, 0)
		w.Status = Status{w.Generation, w.Want, w.Want, w.Want, w.Want}
		add(first, "status", w, pause(random))
	}
	return changes
}

// pause is mostly none to speak of, and sometimes so long that what is bad
// meanwhile must have been seen.
func pause(random *rand.Rand) time.Duration {
	if random.IntN(5) == 0 {
		return time.Duration(random.IntN(1500)) * time.Millisecond
	}
	return time.Duration(random.IntN(40)) * time.Millisecond
}

func (w Workload) created(random *rand.Rand) Workload {
	return Workload{Kind: w.Kind, Name: w.Name, Exists: true, Generation: 1, Want: 1 + random.Int32N(3)}
}

// changed returns what may happen to a workload next.
func (w Workload) changed(random *rand.Rand) (string, Workload) {
	if !w.Exists {
		return "create", w.created(random)
	}
	switch random.IntN(8) {
	case 0:
		return "delete", Workload{Kind: w.Kind, Name: w.Name}
	case 1: // a new template
		w.Generation++
		return "spec", w
	case 2: // scaled, perhaps to none
		w.Want = (w.Want + 1 + random.Int32N(3)) % 4
		w.Generation++
		return "spec", w
	case 3, 4: // on its way
		w.Status = Status{
			Observed: w.Generation - random.Int64N(2), Replicas: random.Int32N(5),
			Updated: random.Int32N(w.Want + 1), Ready: random.Int32N(w.Want + 1),
		}
		w.Status.Replicas = max(w.Status.Replicas, w.Status.Updated, w.Status.Ready)
		if w.Status.Available = w.Status.Ready; w.Kind == "Deployment" {
			w.Status.Available = random.Int32N(w.Status.Ready + 1)
		}
		return "status", w
	default:
		w.Status = Status{w.Generation, w.Want, w.Want, w.Want, w.Want}
		return "status", w
	}
}

// A Moment is what a change made of its kind, and when: between two times.
type Moment struct {
	Kind          string
	View          View
	Before, After time.Time
}

// Justified reports whether a wait may have ended with success at a time: for
// each kind there was a view no longer ago than late which, together with the
// others, was good. It is not asked that all were at the same time: a watch of
// one kind may be ahead of that of another.
func Justified(history []Moment, end time.Time, late time.Duration) bool {
	some := false
	for _, kind := range Kinds() {
		views := recent(history, kind, end, late)
		good := slices.DeleteFunc(views, func(v View) bool { return !v.Good })
		if len(good) == 0 {
			return false
		}
		some = some || slices.ContainsFunc(good, func(v View) bool { return v.N > 0 })
	}
	return some
}

// recent are the views of a kind that may have been had: those that were not
// replaced too long before.
func recent(history []Moment, kind string, end time.Time, late time.Duration) []View {
	views := []View{{Good: true}} // of an empty namespace
	for _, m := range history {
		if m.Kind != kind || m.Before.After(end) {
			continue
		}
		if m.After.Before(end.Add(-late)) {
			views = nil // those before are too old
		}
		views = append(views, m.View)
	}
	return views
}
