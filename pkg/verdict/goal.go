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
