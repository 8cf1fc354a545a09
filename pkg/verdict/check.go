// SPDX-License-Identifier: Apache-2.0

package verdict

import "slices"

// A Check is one line of a checklist: a question and its answer.
type Check struct {
	Name    string      `json:"name"`
	Result  CheckResult `json:"result"`
	Summary string      `json:"summary"`
	Source  string      `json:"source,omitempty"` // of the rule, where it is the vendor's
	Next    []string    `json:"next,omitempty"`   // commands to copy

	code ExitCode // that applies because of it
}

// A CheckResult is the answer in one word.
type CheckResult string

// The results.
const (
	CheckOK      CheckResult = "ok"
	CheckWarning CheckResult = "warning"
	CheckFailed  CheckResult = "failed"
	CheckUnknown CheckResult = "unknown" // there was no answer
)

// A Checklist is a verdict by some checks.
type Checklist struct {
	Outcome  Outcome
	ExitCode ExitCode
	Checks   []Check
}

// ok, warn and fail return checks with their result.
func ok(summary string) Check { return Check{Result: CheckOK, Summary: summary} }

func warn(summary string, next ...string) Check {
	return Check{Result: CheckWarning, Summary: summary, Next: next, code: ExitWarnings}
}

func fail(summary string, next ...string) Check {
	return Check{Result: CheckFailed, Summary: summary, Next: next, code: ExitFailed}
}

// unknown returns a check without an answer.
func unknown(err error, next ...string) Check {
	return Check{Result: CheckUnknown, Summary: err.Error(), Next: next, code: Classify(err)}
}

func (c Check) named(name string) Check {
	c.Name = name
	return c
}

// conclude returns the verdict by some checks: the gravest decides. Warnings count
// only if they are to fail.
func conclude(checks []Check, failOn Level) Checklist {
	list := Checklist{Checks: checks}
	for _, c := range checks {
		if c.code != ExitWarnings || failOn == LevelWarning {
			list.ExitCode = graver(list.ExitCode, c.code)
		}
	}
	list.Outcome = list.ExitCode.outcome()
	return list
}

// Access is one right, and whether this account has it.
type Access struct {
	Group, Resource, Subresource, Verb string
	Namespaced                         bool
	Allowed                            bool
	Err                                error // why it could not be asked
}

// String names a right as a Role would: create pods/exec.
func (a Access) String() string { return a.Verb + " " + a.Name() }

// Name names what a right is to, as a Role would: pods/exec.
func (a Access) Name() string {
	resource := a.Resource
	if a.Group != "" {
		resource += "." + a.Group
	}
	if a.Subresource != "" {
		resource += "/" + a.Subresource
	}
	return resource
}

// missing returns the names of the rights that this account lacks, and the error if the API
// server did not answer for one.
func missing(rights []Access) (names []string, err error) {
	for _, a := range rights {
		switch {
		case a.Err != nil:
			err = a.Err
		case !a.Allowed && !slices.Contains(names, a.String()):
			names = append(names, a.String())
		}
	}
	return names, err
}
