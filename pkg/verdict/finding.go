// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
)

// A Code names a kind of finding. Codes are stable: a script may look for
// one, and a code is never used again for something else.
type Code string

// The codes: TPE1xx are about workloads, TPE2xx about entries, TPE3xx about
// jobs, TPE4xx about access and connection.
const (
	CodeWorkloadFailed  Code = "TPE101"
	CodeAwaitingRestart Code = "TPE102"
	CodeNoWorkloads     Code = "TPE103"
	CodeEntryAborted    Code = "TPE201"
	CodeUnknownState    Code = "TPE202"
	CodeNoEntries       Code = "TPE203"
	CodeEntryStalled    Code = "TPE204"
	CodePUMComplains    Code = "TPE205"
	CodeJobFailed       Code = "TPE301"
	CodeJobSuspended    Code = "TPE302"
	CodeForbidden       Code = "TPE401"
	CodeNoAnswer        Code = "TPE402"
	CodeNotFound        Code = "TPE403"
	CodeNotUnderstood   Code = "TPE404"
	CodeUnreachable     Code = "TPE405"
	CodeKindNotRead     Code = "TPE406"
)

// A Level says how much a finding matters.
type Level string

// The levels.
const (
	LevelError   Level = "error"   // the upgrade is not good, or it cannot be told
	LevelWarning Level = "warning" // look at it, even if the upgrade is over
	LevelInfo    Level = "info"    // explains what is shown
)

// A Finding is a fact worth a human's eye.
type Finding struct {
	Code    Code      `json:"code"`
	Level   Level     `json:"level"`
	Since   time.Time `json:"since,omitzero"`
	Summary string    `json:"summary"`          // one line
	Detail  string    `json:"detail,omitempty"` // what was seen, in the words of its source
	Objects []Object  `json:"objects,omitempty"`
	Next    []string  `json:"next,omitempty"` // commands to copy
}

// An Object is what a finding is about. Its kind is as Kubernetes spells it,
// or Entry, whose name is its uid.
type Object = readiness.Object

// rank orders the levels, the gravest first.
func (l Level) rank() int {
	switch l {
	case LevelError:
		return 0
	case LevelWarning:
		return 1
	}
	return 2
}
