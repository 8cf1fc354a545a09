// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// The twelve keys of PUM, in its order.
const (
	keyUID = iota
	keyCreationTimestamp
	keyScope
	keyServiceID
	keyRequestID
	keyRequestPath
	keyRequestBody
	keyState
	keyStateTimestamp
	keyLastResponse
	keyErrorCounter
	keyIterationCounter
)

var keys = [...]string{
	keyUID:               "uid",
	keyCreationTimestamp: "creationTimestamp",
	keyScope:             "scope",
	keyServiceID:         "serviceID",
	keyRequestID:         "requestID",
	keyRequestPath:       "requestPath",
	keyRequestBody:       "requestBody",
	keyState:             "state",
	keyStateTimestamp:    "stateTimestamp",
	keyLastResponse:      "lastResponse",
	keyErrorCounter:      "errorCounter",
	keyIterationCounter:  "iterationCounter",
}

// text returns the field of a key that holds a text, nil for other keys.
func (e *Entry) text(key int) **string {
	switch key {
	case keyCreationTimestamp:
		return &e.CreationTimestamp
	case keyScope:
		return &e.Scope
	case keyServiceID:
		return &e.ServiceID
	case keyRequestID:
		return &e.RequestID
	case keyRequestPath:
		return &e.RequestPath
	case keyRequestBody:
		return &e.RequestBody
	case keyStateTimestamp:
		return &e.StateTimestamp
	case keyLastResponse:
		return &e.LastResponse
	}
	return nil
}

// count returns the field of a key that holds a number, nil for other keys.
func (e *Entry) count(key int) **int64 {
	switch key {
	case keyErrorCounter:
		return &e.ErrorCounter
	case keyIterationCounter:
		return &e.IterationCounter
	}
	return nil
}

// What an entry and a further key count for at least, in bytes, however short their
// text: that is about what they take in memory.
const (
	entryWeight = 256
	keyWeight   = 128
)

// A builder makes entries from keys and values.
type builder struct {
	entries []Entry
	room    int    // for how many bytes of entries and further keys there still is
	seen    uint16 // a bit for each of the twelve keys that the last entry has
	lastKey string
	texts   []string // room for fields, so that few allocations serve many
	counts  []int64
}

// newBuilder returns a builder of about n entries, which may take so many bytes.
func newBuilder(n, limit int) builder { return builder{entries: make([]Entry, 0, n), room: limit} }

// add begins an entry.
func (b *builder) add() error {
	b.entries = append(b.entries, Entry{})
	b.seen = 0
	return b.take(entryWeight)
}

// take takes of the room.
func (b *builder) take(weight int) error {
	if b.room -= weight; b.room < 0 {
		return fmt.Errorf("%w: too many entries or keys for its limit", ErrTooLarge)
	}
	return nil
}

// has reports whether the last entry has the key, be it null.
func (b *builder) has(key string) bool { return b.hasIndex(slices.Index(keys[:], key), key) }

// hasIndex is has for a key with its index in keys.
func (b *builder) hasIndex(n int, key string) bool {
	if n >= 0 {
		return b.seen>>n&1 == 1
	}
	_, ok := b.entries[len(b.entries)-1].Extra[key]
	return ok
}

// set gives a key of the last entry its value.
func (b *builder) set(key string, v value) error {
	n := slices.Index(keys[:], key)
	if b.hasIndex(n, key) {
		return fmt.Errorf("want the key %s once in an entry", key)
	}
	b.lastKey = key
	e := &b.entries[len(b.entries)-1]
	if n < 0 {
		return b.extra(e, key, v)
	}
	b.seen |= 1 << n
	if field := e.text(n); field != nil {
		*field = b.textOf(v)
		return nil
	}
	if n == keyState {
		if e.State = State(v.text); v.kind == kindRaw && e.State.Known() {
			return errors.New("state: want a value in quotes")
		}
		return nil
	}
	return b.setCount(e, n, v)
}

// extra gives an entry a key that it has no field for.
func (b *builder) extra(e *Entry, key string, v value) error {
	if e.Extra == nil {
		e.Extra = map[string]json.RawMessage{}
	}
	e.Extra[key] = appendJSON(nil, v)
	return b.take(keyWeight)
}

// setCount gives a key that holds a number its value: nil for null, which a
// uid cannot be. An integer may stand in quotes, as database drivers give
// large ones. What is no integer stays in Extra.
func (b *builder) setCount(e *Entry, n int, v value) error {
	if v.kind == kindNull && n != keyUID {
		return nil
	}
	count, ok := integer(v.text)
	switch {
	case !ok && n == keyUID:
		return errors.New("uid: want an integer")
	case !ok:
		return b.extra(e, keys[n], v)
	case n == keyUID:
		e.UID = count
		return nil
	}
	if len(b.counts) == cap(b.counts) {
		b.counts = make([]int64, 0, 512)
	}
	b.counts = append(b.counts, count)
	*e.count(n) = &b.counts[len(b.counts)-1]
	return nil
}

// integer reads a number that is whole, such as 5, -0 and 5.0.
func integer(text string) (int64, bool) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, true
	}
	const exact = 1 << 53 // up to which a number of JavaScript tells integers apart
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > exact || !isNumber(text) {
		return 0, false
	}
	return int64(f), true
}

// textOf returns what a text field holds: nil for null.
func (b *builder) textOf(v value) *string {
	if v.kind == kindNull {
		return nil
	}
	if len(b.texts) == cap(b.texts) {
		b.texts = make([]string, 0, 512)
	}
	b.texts = append(b.texts, v.text)
	return &b.texts[len(b.texts)-1]
}
