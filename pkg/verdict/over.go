// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"fmt"
	"slices"
)

// A Goal is what is waited for.
type Goal string

// The goals.
const (
	GoalAll       Goal = "all"       // workloads, jobs and entries
	GoalWorkloads Goal = "workloads" // workloads and jobs
	GoalEntries   Goal = "entries"   // entries
)

// Goals are all goals, as --for takes them.
func Goals() []string {
	return []string{string(GoalAll), string(GoalWorkloads), string(GoalEntries)}
}

// Set reads a goal. With String and Type it makes a Goal a pflag.Value.
func (g *Goal) Set(value string) error {
	if !slices.Contains(Goals(), value) {
		return fmt.Errorf("want one of all, workloads, entries")
	}
	*g = Goal(value)
	return nil
}

// String returns the goal as Set takes it.
func (g *Goal) String() string { return string(*g) }

// Type names the value in help.
func (g *Goal) Type() string { return "goal" }

// Workloads reports whether workloads and jobs must be observed for the goal.
func (g Goal) Workloads() bool { return g != GoalEntries }

// Entries reports whether the entries must be.
func (g Goal) Entries() bool { return g != GoalWorkloads }

// Over reports whether there is nothing left to wait for: all is done, or something failed
// and nothing that was observed will change by itself; see [Verdict.Moving]. With failFast any
// failure is the end, even one beside a graver code: PUM gives no answer because its own
// image cannot be pulled.
//
// What may not be asked ends a wait, too. What cannot be found or reached does
// not: the namespace may be about to be made, the connection to come back.
//
// It is about what was seen. Whether that is so is for the caller to read anew.
func Over(v Verdict, failFast bool) bool {
	switch v.ExitCode {
	case ExitDone, ExitWarnings, ExitForbidden:
		return true
	case ExitFailed:
		return failFast || len(v.Moving) == 0
	}
	return failFast && v.failed
}

// FailOn returns the verdict where findings of a level are to fail: one that
// is done, with warnings, is ExitWarnings then.
func (v Verdict) FailOn(level Level) Verdict {
	if v.ExitCode == ExitDone && level == LevelWarning &&
		slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.Level == LevelWarning }) {
		v.ExitCode = ExitWarnings
	}
	return v
}

// TimedOut returns the verdict for a wait that ran out of time: what is known
// to be bad stays so, and what is pending is a timeout. So is it if nothing but an entry
// failed while PUM was still at work on others, or may have begun with it again.
func (v Verdict) TimedOut() Verdict {
	if v.ExitCode == ExitFailed && v.onTheWay {
		v.ExitCode = v.otherwise
	}
	v.ExitCode = graver(v.ExitCode, ExitTimeout)
	return v
}
