// SPDX-License-Identifier: Apache-2.0

package verdict

import "slices"

// An ExitCode is what a command of the plugin returns to its caller. The
// codes are part of the interface and the same for every output format.
type ExitCode int

// The exit codes.
const (
	ExitDone        ExitCode = 0   // every workload ready, every entry PROCESSED or SKIPPED, no job failed
	ExitError       ExitCode = 1   // could not ask, or could not understand
	ExitUsage       ExitCode = 2   // the command line is wrong; nothing was asked
	ExitFailed      ExitCode = 3   // an entry is ABORTED, a job failed permanently, or a workload cannot recover by itself
	ExitForbidden   ExitCode = 4   // not authenticated or not authorized
	ExitNoAnswer    ExitCode = 5   // PUM could not be asked, or its answer is incomplete
	ExitNotFound    ExitCode = 6   // no such namespace, deployment or job
	ExitUnconfirmed ExitCode = 7   // a restart was sent and nothing proves that PUM took it
	ExitPending     ExitCode = 8   // asked and answered: not over yet
	ExitWarnings    ExitCode = 9   // done, with warnings, where warnings are to fail
	ExitTimeout     ExitCode = 124 // out of time, as timeout(1) has it
	ExitInterrupted ExitCode = 130 // interrupted, as a shell reports SIGINT
)

// precedence orders the codes that a verdict can have: if several apply, the first decides. An
// error, or no answer, stands before a failure: what is unknown may be worse.
var precedence = []ExitCode{
	ExitUsage, ExitForbidden, ExitNotFound, ExitNoAnswer, ExitError,
	ExitFailed, ExitUnconfirmed, ExitTimeout, ExitPending, ExitWarnings, ExitDone,
}

// graver returns the one of two codes that decides.
func graver(a, b ExitCode) ExitCode {
	for _, code := range precedence {
		if code == a || code == b {
			return code
		}
	}
	return ExitError
}

// An Outcome is a verdict in one word.
type Outcome string

// The outcomes.
const (
	OutcomeDone    Outcome = "done"
	OutcomeFailed  Outcome = "failed"
	OutcomePending Outcome = "pending"
	OutcomeUnknown Outcome = "unknown"
)

// outcome returns the word for an exit code.
func (c ExitCode) outcome() Outcome {
	switch c {
	case ExitDone, ExitWarnings:
		return OutcomeDone
	case ExitFailed:
		return OutcomeFailed
	case ExitPending:
		return OutcomePending
	}
	return OutcomeUnknown
}

// FailOn returns the verdict where warnings are to fail: one that is done with warnings has
// ExitWarnings then.
func (v Verdict) FailOn(level Level) Verdict {
	if v.ExitCode == ExitDone && level == LevelWarning &&
		slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.Level == LevelWarning }) {
		v.ExitCode = ExitWarnings
	}
	return v
}
