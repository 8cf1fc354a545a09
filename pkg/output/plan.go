// SPDX-License-Identifier: Apache-2.0

package output

import (
	"fmt"
	"strings"
)

// A Plan is the part of a document that has commands to copy. Nothing of it was run.
type Plan struct {
	Steps []PlanStep `json:"steps"` // in order
	Notes []string   `json:"notes"` // what has to be known before
}

// A PlanStep is one step of a plan.
type PlanStep struct {
	Stage    string   `json:"stage,omitempty"` // the part of the plan that it belongs to, if that has several
	Title    string   `json:"title"`
	Commands []string `json:"commands"`           // to copy; none if they are not public
	Basis    Basis    `json:"basis"`              // how far it can be relied on
	Source   string   `json:"source"`             // where it is documented, from what it is inferred, or what to ask for
	NoReturn string   `json:"noReturn,omitempty"` // what is lost from here on; absent if nothing is
}

// A Basis says how far a step of a plan can be relied on.
type Basis string

// The bases.
const (
	BasisDocumented Basis = "documented" // a public text of the vendor has it
	BasisInferred   Basis = "inferred"   // no public text has it, but it follows from what is public
	BasisAsk        Basis = "ask"        // the vendor's text has it, which is not public: ask the vendor for it
)

// add adds a step. Without commands it has none, not an unknown number.
func (p *Plan) add(s PlanStep) {
	if s.Commands == nil {
		s.Commands = []string{}
	}
	p.Steps = append(p.Steps, s)
}

// notes writes what has to be known before, a paragraph each.
func (s *screen) notes(p *Plan) {
	for _, n := range p.Notes {
		s.hang("", s.wrap(n, 0))
	}
}

// steps writes the steps with their commands, under the stages that they belong to.
func (s *screen) steps(p *Plan) {
	stage := ""
	for i, step := range p.Steps {
		if step.Stage != stage {
			stage = step.Stage
			s.line("")
			s.line("%s", strings.ToUpper(stage))
		}
		s.line("")
		head := fmt.Sprintf("%d. ", i+1)
		s.hang(head, s.wrap(fmt.Sprintf("%s (%s: %s)", step.Title, step.Basis, step.Source), len(head)))
		for _, text := range step.Commands {
			s.command("   ", text)
		}
		if step.NoReturn != "" {
			s.hang("   ", s.wrap("POINT OF NO RETURN: "+step.NoReturn, 3))
		}
	}
}
