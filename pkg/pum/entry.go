// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"encoding/json"
	"time"
)

// An Entry is one post-upgrade request in PUM's list.
//
// The first twelve fields are PUM's twelve keys, in PUM's order and with
// PUM's spelling in JSON. What PUM prints as null or undefined, or does not
// print at all, is nil here and null in JSON; PUM's text does not always
// distinguish the three.
type Entry struct {
	UID               int64   `json:"uid"`
	CreationTimestamp *string `json:"creationTimestamp"`
	Scope             *string `json:"scope"`
	ServiceID         *string `json:"serviceID"`
	RequestID         *string `json:"requestID"`
	RequestPath       *string `json:"requestPath"`
	RequestBody       *string `json:"requestBody"`
	State             State   `json:"state"`
	StateTimestamp    *string `json:"stateTimestamp"`
	LastResponse      *string `json:"lastResponse"`
	ErrorCounter      *int64  `json:"errorCounter"`
	IterationCounter  *int64  `json:"iterationCounter"`

	// Final is State.Final(), for readers of the JSON.
	Final bool `json:"final"`

	// Response is what LastResponse says, nil if it is not a JSON object.
	Response *Response `json:"response,omitempty"`

	// Extra holds the keys that are not among the twelve.
	Extra map[string]json.RawMessage `json:"extra,omitempty"`
}

// Created returns the time of CreationTimestamp, if it holds one.
func (e *Entry) Created() (time.Time, bool) { return timeOf(e.CreationTimestamp) }

// Since returns the time of StateTimestamp, if it holds one: the moment the
// entry came into its state.
func (e *Entry) Since() (time.Time, bool) { return timeOf(e.StateTimestamp) }

// timeOf reads a timestamp as PUM prints it, RFC 3339.
func timeOf(text *string) (time.Time, bool) {
	if text == nil {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339, *text)
	return t, err == nil
}
