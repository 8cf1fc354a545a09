// SPDX-License-Identifier: Apache-2.0

package pum

import "encoding/json"

// A State is PUM's word for how far an entry is. A newer PUM may use words
// that are not listed here: they are kept as they are. An entry without a
// state has "", which is null in JSON.
type State string

// The states that the vendor's upgrade page documents.
const (
	StateInit               State = "INIT"                // added, must be processed
	StateInProgress         State = "IN_PROGRESS"         // an HTTP POST is in progress
	StatePartiallyProcessed State = "PARTIALLY_PROCESSED" // other iterations are needed
	StateTransientError     State = "TRANSIENT_ERROR"     // the last POST failed and must be retried
	StateAborted            State = "ABORTED"             // PUM was not able to complete it
	StateProcessed          State = "PROCESSED"           // fully completed
	StateSkipped            State = "SKIPPED"             // never applied on this system
)

// Final reports whether PUM will leave the entry alone from now on.
// An unknown state is not final: waiting too long is safer than reporting
// success too early.
func (s State) Final() bool {
	return s == StateProcessed || s == StateSkipped || s == StateAborted
}

// Known reports whether s is one of the documented states.
func (s State) Known() bool {
	switch s {
	case StateInit, StateInProgress, StatePartiallyProcessed, StateTransientError,
		StateAborted, StateProcessed, StateSkipped:
		return true
	}
	return false
}

// MarshalJSON writes the state as PUM has it.
func (s State) MarshalJSON() ([]byte, error) {
	if s == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(s))
}

// States returns the documented states, in the order of an entry's life.
func States() []string {
	return []string{
		string(StateInit), string(StateInProgress), string(StatePartiallyProcessed), string(StateTransientError),
		string(StateAborted), string(StateProcessed), string(StateSkipped),
	}
}
