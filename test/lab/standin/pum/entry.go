// SPDX-License-Identifier: Apache-2.0

package pum

import "time"

// The states of an entry, with the meaning that the vendor's procedure gives.
const (
	StateInit               = "INIT"                // added, must be processed
	StateInProgress         = "IN_PROGRESS"         // a POST is under way
	StatePartiallyProcessed = "PARTIALLY_PROCESSED" // further iterations are needed
	StateTransientError     = "TRANSIENT_ERROR"     // the last POST failed and must be retried
	StateAborted            = "ABORTED"             // PUM was not able to complete it
	StateProcessed          = "PROCESSED"           // fully completed
	StateSkipped            = "SKIPPED"             // never applied on this system
)

// An Entry is one post-upgrade request. The first twelve fields are PUM's keys,
// in PUM's order; the others are how the stand-in plays it.
type Entry struct {
	UID               int     `json:"uid"`
	CreationTimestamp string  `json:"creationTimestamp"`
	Scope             string  `json:"scope"`
	ServiceID         string  `json:"serviceID"`
	RequestID         string  `json:"requestID"`
	RequestPath       string  `json:"requestPath"`
	RequestBody       string  `json:"requestBody"`
	State             string  `json:"state"`
	StateTimestamp    *string `json:"stateTimestamp"` // null before the first POST: assumed
	LastResponse      *string `json:"lastResponse"`   // null before the first POST: assumed
	ErrorCounter      int     `json:"errorCounter"`
	IterationCounter  int     `json:"iterationCounter"`

	// Extra are keys of a PUM to come, printed after the known ones.
	Extra []Field `json:"extra,omitempty"`
	Work  Work    `json:"work,omitzero"`
}

// A Field is a key and its value: a string, an int or nil.
type Field struct {
	Key   string `json:"key"`
	Value any    `json:"value"`
}

// Work is what the service has to do for an entry, and how that goes.
type Work struct {
	Remaining int  `json:"remaining,omitempty"` // units left; each iteration does at most the request body's max
	Errors    int  `json:"errors,omitempty"`    // this many POSTs fail first; negative: all of them
	Stall     bool `json:"stall,omitempty"`     // POSTs succeed and do nothing
}

// Final reports whether PUM leaves the entry alone.
func (e Entry) Final() bool {
	return e.State == StateProcessed || e.State == StateSkipped || e.State == StateAborted
}

// set changes the state at a time.
func (e *Entry) set(state string, now time.Time) {
	stamp := Timestamp(now)
	e.State, e.StateTimestamp = state, &stamp
}

// Timestamp is a time as JavaScript's Date.toISOString writes it.
func Timestamp(t time.Time) string {
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

// fields are the keys and values in the order PUM prints them.
func (e Entry) fields() []Field {
	return append([]Field{
		{"uid", e.UID},
		{"creationTimestamp", e.CreationTimestamp},
		{"scope", e.Scope},
		{"serviceID", e.ServiceID},
		{"requestID", e.RequestID},
		{"requestPath", e.RequestPath},
		{"requestBody", e.RequestBody},
		{"state", e.State},
		{"stateTimestamp", orNull(e.StateTimestamp)},
		{"lastResponse", orNull(e.LastResponse)},
		{"errorCounter", e.ErrorCounter},
		{"iterationCounter", e.IterationCounter},
	}, e.Extra...)
}

// orNull is the text, or nil: a nil *string inside an any is not nil.
func orNull(text *string) any {
	if text == nil {
		return nil
	}
	return *text
}
