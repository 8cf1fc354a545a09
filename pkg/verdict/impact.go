// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"cmp"
	_ "embed"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"sigs.k8s.io/yaml"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
)

//go:embed services.yaml
var servicesFile []byte

// A service is a part of ThingPark Enterprise as its users know it. See services.yaml.
type service struct {
	Service   string   `json:"service"`
	Workloads []string `json:"workloads"`
	Chain     bool     `json:"chain"`
	Down      string   `json:"down"`
	Degraded  string   `json:"degraded"`
}

// services reads the file once.
var services = sync.OnceValue(func() (all []service) {
	if err := yaml.UnmarshalStrict(servicesFile, &all); err != nil {
		panic(err) // a test reads the file, too
	}
	return all
})

// An Impact is how users of ThingPark Enterprise are affected now. It is inferred from
// which workloads have fewer pods than they want, or are scaled to zero although the vendor
// ships them with pods.
type Impact struct {
	Service string      `json:"service"` // such as data path
	State   ImpactState `json:"state"`
	Summary string      `json:"summary"` // which workloads lack pods, and the effect on users

	workloads map[Object]bool
}

// An ImpactState says how bad an impact is.
type ImpactState string

// The states of a service that does not serve as it should.
const (
	Degraded ImpactState = "degraded" // some of its pods serve
	Down     ImpactState = "down"     // it cannot serve
)

// The states of a service without an impact.
const (
	Serving   ImpactState = "serving" // it serves as it should
	Unwatched ImpactState = "unknown" // too little was read to say so
)

// A Service is how a service of ThingPark Enterprise does, whether that is an impact or not.
type Service struct {
	Name  string
	State ImpactState
}

// Services returns how each service does. One without a workload is left out, unless its
// workloads may be among those that could not be read.
func Services(p *readiness.Assessment) []Service {
	hidden := hides(p.Gaps)
	var found []Service
	for _, s := range services() {
		seen, unsure := false, hidden
		for _, w := range p.Workloads {
			if s.has(w.Name) && !s.parent(w, p.Workloads) {
				seen, unsure = true, unsure || w.State == readiness.Unknown
			}
		}
		impact, affected := s.impact(p.Workloads)
		switch {
		case affected:
			found = append(found, Service{s.Service, impact.State})
		case unsure:
			found = append(found, Service{s.Service, Unwatched})
		case seen:
			found = append(found, Service{s.Service, Serving})
		}
	}
	return found
}

// hides reports whether workloads may be among what could not be read.
func hides(gaps []readiness.Gap) bool {
	return slices.ContainsFunc(gaps, func(g readiness.Gap) bool { return needed[g.Kind] })
}

// impact notes which services the workloads affect. It stays nil if none was found but
// not all workloads could be read: no known impact is not no impact.
func (v *Verdict) impact(p *readiness.Assessment) {
	v.services = services()
	if !hides(p.Gaps) {
		v.Impact = []Impact{}
	}
	for _, s := range v.services {
		if impact, ok := s.impact(p.Workloads); ok {
			v.Impact = append(v.Impact, impact)
		}
	}
}

// impact returns how a service is affected, if it is.
func (s service) impact(workloads []readiness.Workload) (Impact, bool) {
	var short []readiness.Workload
	serving := false
	for _, w := range workloads {
		switch {
		case !s.has(w.Name) || s.parent(w, workloads):
		case w.Ready < w.Want && w.State != readiness.Unknown, scaledAway(w):
			short = append(short, w)
			serving = serving || w.Ready > 0
		case w.Want > 0:
			serving = true
		}
	}
	if len(short) == 0 {
		return Impact{}, false
	}
	slices.SortStableFunc(short, func(a, b readiness.Workload) int { return cmp.Compare(min(a.Ready, 1), min(b.Ready, 1)) })
	impact := Impact{Service: s.Service, State: Degraded, workloads: map[Object]bool{}}
	for _, w := range short {
		impact.workloads[w.Object()] = true
	}
	effect := cmp.Or(s.Degraded, s.Down)
	if !serving || s.Chain && short[0].Ready == 0 {
		impact.State, effect = Down, s.Down
	}
	impact.Summary = shortOf(short) + " ready: " + effect
	return impact, true
}

func (s service) has(workload string) bool { return matches(s.Workloads, workload) }

// matches reports whether a name matches one of the patterns, in which * is as in a file name.
func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		ok, _ := path.Match(pattern, name)
		return ok
	})
}

// parent reports whether a workload is an operator's resource whose own
// workloads are there: those show the same pods, and earlier.
func (s service) parent(w readiness.Workload, workloads []readiness.Workload) bool {
	return parentOf(w) && slices.ContainsFunc(workloads, func(child readiness.Workload) bool {
		return s.has(child.Name) && strings.HasPrefix(child.Name, w.Name+"-")
	})
}

// shortOf says how many pods the workloads have that have too few.
func shortOf(short []readiness.Workload) string {
	const mostNamed = 3
	var parts []string
	for i, w := range short {
		switch {
		case i == mostNamed:
			return fmt.Sprintf("%s, and %d more not fully", strings.Join(parts, ", "), len(short)-i)
		case w.Ready == 0:
			parts = append(parts, "no "+w.Name)
		default:
			parts = append(parts, fmt.Sprintf("%d of %d %s", w.Ready, w.Want, w.Name))
		}
	}
	return strings.Join(parts, ", ")
}

// impactOf says in one line which services the objects have an impact on.
func (v *Verdict) impactOf(objects []Object) string {
	var parts []string
	for _, impact := range v.Impact {
		if slices.ContainsFunc(objects, func(o Object) bool { return impact.workloads[o] }) {
			parts = append(parts, impact.Service+" "+string(impact.State))
		}
	}
	return strings.Join(parts, ", ")
}

// Rank says how much the users of ThingPark Enterprise depend on a workload: the place of its
// first service in services.yaml, so that 0 is the data path. One that belongs to no service
// comes last, as do all where no workloads were judged.
func (v Verdict) Rank(workload string) int {
	for i, s := range v.services {
		if s.has(workload) {
			return i
		}
	}
	return len(v.services)
}
