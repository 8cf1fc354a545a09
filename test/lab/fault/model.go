// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// A Model is what a namespace holds, as far as a wait for its workloads is
// concerned.
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

// good reports whether a workload has all that its spec wants, as the documentation of
// Kubernetes has it; the rules of the plugin are not asked.
func (w Workload) good() bool {
	return w.Status == Status{w.Generation, w.Want, w.Want, w.Want, w.Want}
}

// NewModel returns a model of an empty namespace.
func NewModel() Model {
	var m Model
	for _, kind := range []string{"Deployment", "StatefulSet"} {
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

// Differences holds the end of a wait against what it read last of a kind, and against what
// is there now, by an independent reading. It reports what was not good when it was read, and
// what is not good now although it has not changed since. It compares revisions, not times.
func Differences(read *unstructured.UnstructuredList, now []unstructured.Unstructured) (different []string) {
	for _, o := range read.Items {
		if w := newWorkload(&o); !w.good() {
			different = append(different, fmt.Sprintf("%s %s was not good when it was read: %+v", w.Kind, w.Name, w))
		}
	}
	until, err := strconv.ParseInt(read.GetResourceVersion(), 10, 64)
	if err != nil {
		return append(different, fmt.Sprintf("what was read has no revision: %v", err))
	}
	for _, o := range now {
		w := newWorkload(&o)
		if changed, err := strconv.ParseInt(o.GetResourceVersion(), 10, 64); err != nil || !w.good() && changed <= until {
			different = append(different, fmt.Sprintf("%s %s is not good since revision %s, and revision %d was read: %+v", w.Kind, w.Name, o.GetResourceVersion(), until, w))
		}
	}
	return different
}

// newWorkload returns what is compared of an object of the API.
func newWorkload(o *unstructured.Unstructured) Workload {
	number := func(fields ...string) int64 {
		n, _, _ := unstructured.NestedInt64(o.Object, fields...)
		return n
	}
	return Workload{
		Kind: o.GetKind(), Name: o.GetName(), Exists: true, Generation: o.GetGeneration(), Want: int32(number("spec", "replicas")),
		Status: Status{
			number("status", "observedGeneration"), int32(number("status", "replicas")), int32(number("status", "updatedReplicas")),
			int32(number("status", "readyReplicas")), int32(number("status", "availableReplicas")),
		},
	}
}
