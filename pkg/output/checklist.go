// SPDX-License-Identifier: Apache-2.0

package output

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// A Preflight is the document of the command preflight.
type Preflight struct {
	Judged `json:",inline"`
	To     string          `json:"to"`    // release of ThingPark Enterprise
	Steps  []release.Step  `json:"steps"` // how to get there; none if it is there or not known from where
	Checks []verdict.Check `json:"checks"`
}

// NewPreflight makes the document of a checklist before an upgrade.
func NewPreflight(place Place, now time.Time, to release.Version, steps []release.Step, list verdict.Checklist) *Preflight {
	return &Preflight{concluded("Preflight", place, now, list), to.String(), append([]release.Step{}, steps...), list.Checks}
}

func (d *Preflight) names() []string { return checkNames(d.Checks) }

func (d *Preflight) show(s *screen) {
	s.place("ThingPark Enterprise, upgrade to "+d.To, d.Place)
	s.checks(d.Checks)
	if len(d.Steps) > 1 {
		t := &table{header: []string{"STEP", "FROM", "TO", "BY", "KUBERNETES"}}
		for i, step := range d.Steps {
			common := strings.Join(step.Kubernetes, ", ")
			if step.Gap {
				common = "none that both support"
			}
			t.add(fmt.Sprint(i+1), step.From, step.To, step.Procedure, common)
		}
		s.section("UPGRADE PATH", t)
	}
	s.next(nextOf(d.Checks))
}

// A Doctor is the document of the command doctor.
type Doctor struct {
	Judged `json:",inline"`
	Checks []verdict.Check `json:"checks"`
}

// NewDoctor makes the document of a checklist about this account and this machine.
func NewDoctor(place Place, now time.Time, list verdict.Checklist) *Doctor {
	return &Doctor{concluded("Doctor", place, now, list), list.Checks}
}

func (d *Doctor) names() []string { return checkNames(d.Checks) }

func (d *Doctor) show(s *screen) {
	s.place("kubectl tpe", d.Place)
	s.checks(d.Checks)
	s.next(nextOf(d.Checks))
}

func concluded(kind string, place Place, now time.Time, list verdict.Checklist) Judged {
	return Judged{observed(kind, place, now), list.Outcome, list.ExitCode}
}

func checkNames(checks []verdict.Check) []string {
	var names []string
	for _, c := range checks {
		names = append(names, "check/"+c.Name)
	}
	return names
}

// checks writes each check beside its result. What is bad is in capitals.
func (s *screen) checks(checks []verdict.Check) {
	width := 0
	for _, c := range checks {
		width = max(width, len(c.Name))
	}
	for _, c := range checks {
		result := string(c.Result)
		if c.Result != verdict.CheckOK {
			result = strings.ToUpper(result)
		}
		head := fmt.Sprintf("%-8s %-*s  ", result, width, c.Name)
		lines := s.wrap(c.Summary, len(head))
		if c.Source != "" && (s.format.Wide() || c.Result != verdict.CheckOK) {
			lines = append(lines, s.wrap("source: "+c.Source, len(head))...)
		}
		s.hang(head, lines)
	}
}

// nextOf returns the commands of checks that are not ok.
func nextOf(checks []verdict.Check) []string {
	var next []string
	for _, c := range checks {
		for _, command := range c.Next {
			if c.Result != verdict.CheckOK && !slices.Contains(next, command) {
				next = append(next, command)
			}
		}
	}
	return next
}
