// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var start = time.Date(2022, 6, 27, 14, 0, 0, 0, time.UTC)

// A look is an entry as one poll shows it. Polls are ten seconds apart.
type look struct {
	state      State
	iterations int64
	errors     int64
	done       int64
	remaining  int64 // -1: no response
}

func (l look) entry() Entry {
	stamp := start.Add(time.Duration(l.iterations+l.errors) * time.Second).Format(time.RFC3339)
	e := Entry{
		UID: 4, State: l.state, Final: l.state.Final(), StateTimestamp: &stamp,
		ErrorCounter: &l.errors, IterationCounter: &l.iterations,
	}
	if l.remaining >= 0 {
		text := fmt.Sprintf(`{"data":{"result":{"done":%d,"remaining":%d}}}`, l.done, l.remaining)
		e.LastResponse, e.Response = &text, responseOf(&text)
	}
	return e
}

func TestProgress(t *testing.T) {
	const working, failing = StatePartiallyProcessed, StateTransientError
	at := func(poll int) time.Time { return start.Add(time.Duration(poll) * 10 * time.Second) }
	tests := []struct {
		name  string
		looks []look
		again int // polls that show the last look once more
		want  Movement
	}{
		{"first seen", []look{{working, 1, 0, 10, 90}}, 0, Movement{Remaining: new(int64(90))}},
		{"falls by ten each poll", []look{{working, 1, 0, 10, 90}, {working, 2, 0, 10, 80}, {working, 3, 0, 10, 70}}, 0,
			Movement{Remaining: new(int64(70)), ETA: new(70 * time.Second)}},
		{"an estimate runs down between polls", []look{{working, 1, 0, 10, 90}, {working, 2, 0, 10, 80}}, 3,
			Movement{Remaining: new(int64(80)), ETA: new(50 * time.Second)}},
		{"an overdue estimate is none", []look{{working, 1, 0, 10, 20}, {working, 2, 0, 10, 10}}, 2,
			Movement{Remaining: new(int64(10))}},
		{"an estimate that is due now", []look{{working, 1, 0, 10, 20}, {working, 2, 0, 10, 10}}, 1,
			Movement{Remaining: new(int64(10)), ETA: new(time.Duration(0))}},
		{"a year, which is worth saying", []look{{working, 1, 0, 1, 3153601}, {working, 2, 0, 1, 3153600}}, 0,
			Movement{Remaining: new(int64(3153600)), ETA: new(365 * 24 * time.Hour)}},
		{"more than a year, which is not", []look{{working, 1, 0, 1, 3153602}, {working, 2, 0, 1, 3153601}}, 0, Movement{Remaining: new(int64(3153601))}},
		{"responses that begin to say what remains", []look{{working, 1, 0, 0, -1}, {working, 2, 0, 5, 40}, {working, 3, 0, 5, 35}}, 0,
			Movement{Remaining: new(int64(35)), ETA: new(70 * time.Second)}},
		{"nothing remains, whatever the iterations", []look{{working, 1, 0, 5, 0}, {working, 2, 0, 5, 0}, {working, 3, 0, 5, 0}}, 0, Movement{Remaining: new(int64(0))}},
		{"nothing remains at first sight", []look{{working, 2, 0, 0, 0}}, 0, Movement{Remaining: new(int64(0))}},
		{"a restart begins a new estimate", []look{{working, 1, 0, 10, 90}, {working, 2, 0, 10, 80}, {working, 1, 0, 10, 95}, {working, 2, 0, 10, 94}}, 0,
			Movement{Remaining: new(int64(94)), ETA: new(940 * time.Second)}},
		{"an estimate looks back eight steps", []look{
			{working, 1, 0, 0, 999}, {working, 2, 0, 1, 108}, {working, 3, 0, 1, 107}, {working, 4, 0, 1, 106}, {working, 5, 0, 1, 105},
			{working, 6, 0, 1, 104}, {working, 7, 0, 1, 103}, {working, 8, 0, 1, 102}, {working, 9, 0, 1, 101},
		}, 0, Movement{Remaining: new(int64(101)), ETA: new(1010 * time.Second)}},
		{"responses without remaining: errors that pass by are no stall", []look{
			{working, 1, 0, 0, -1}, {failing, 1, 1, 0, -1}, {working, 2, 1, 0, -1}, {failing, 2, 2, 0, -1}, {working, 3, 2, 0, -1}, {failing, 3, 3, 0, -1}, {working, 4, 3, 0, -1},
		}, 0, Movement{}},
		{"errors that do not pass by are", []look{{working, 1, 0, 0, -1}, {failing, 1, 1, 0, -1}, {failing, 2, 2, 0, -1}, {failing, 3, 3, 0, -1}}, 0,
			Movement{Stall: &Stall{StallErrors, at(0)}}},
		{"what remained before responses stopped to say so is not idle", []look{{working, 1, 0, 0, 50}, {working, 2, 0, 0, -1}, {working, 3, 0, 0, -1}, {working, 4, 0, 0, -1}}, 0, Movement{}},
		{"the vendor's example stalls at first sight", []look{{working, 2, 0, 0, 2}}, 0,
			Movement{Remaining: new(int64(2)), Stall: &Stall{StallIdle, at(0)}}},
		{"two iterations without progress", []look{{working, 1, 0, 5, 40}, {working, 2, 0, 5, 40}, {working, 3, 0, 5, 40}}, 0,
			Movement{Remaining: new(int64(40)), Stall: &Stall{StallIdle, at(0)}}},
		{"one iteration without progress", []look{{working, 1, 0, 5, 40}, {working, 2, 0, 5, 40}}, 0,
			Movement{Remaining: new(int64(40))}},
		{"a slow iteration", []look{{StateInProgress, 1, 0, 5, 40}}, 11, Movement{Remaining: new(int64(40))}},
		{"nothing changes for two minutes", []look{{StateInProgress, 1, 0, 5, 50}, {StateInProgress, 2, 0, 5, 40}}, 12,
			Movement{Remaining: new(int64(40)), Stall: &Stall{StallSilent, at(1)}}},
		{"two errors", []look{{working, 1, 0, 5, 40}, {failing, 2, 1, 0, -1}, {failing, 2, 2, 0, -1}}, 0, Movement{}},
		{"a loop of errors", []look{
			{working, 1, 0, 5, 40}, {failing, 1, 1, 0, -1}, {StateInProgress, 1, 1, 0, -1}, {failing, 1, 2, 0, -1}, {failing, 1, 3, 0, -1},
		}, 0, Movement{Stall: &Stall{StallErrors, at(0)}}},
		{"errors that were overcome", []look{
			{working, 1, 0, 5, 40}, {failing, 1, 2, 0, -1}, {working, 2, 2, 5, 35}, {failing, 2, 3, 0, -1},
		}, 0, Movement{}},
		{"three errors at first sight", []look{{failing, 0, 3, 0, -1}}, 0, Movement{Stall: &Stall{StallErrors, at(0)}}},
		{"final", []look{{working, 2, 0, 0, 2}, {StateProcessed, 3, 0, 2, 0}}, 99, Movement{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var p Progress
			for i := range len(tt.looks) + tt.again {
				l := tt.looks[min(i, len(tt.looks)-1)]
				p.Observe(at(i), []Entry{l.entry()})
			}
			if diff := cmp.Diff(tt.want, p.Of(4)); diff != "" {
				t.Errorf("Of(4) (-want +got):\n%s", diff)
			}
		})
	}
}

// An entry that waits its turn does not stall as long as others move.
func TestProgressOfInit(t *testing.T) {
	var p Progress
	waits, works := look{StateInit, 0, 0, 0, -1}.entry(), look{StatePartiallyProcessed, 1, 0, 1, 100}.entry()
	waits.UID = 7
	for i := range 20 {
		works = look{StatePartiallyProcessed, int64(i), 0, 1, 100 - int64(i)}.entry()
		p.Observe(start.Add(time.Duration(i)*time.Minute), []Entry{works, waits})
	}
	if got := p.Of(7).Stall; got != nil {
		t.Errorf("stall while another entry moves = %v, want none", got)
	}
	for i := 20; i < 22; i++ {
		p.Observe(start.Add(time.Duration(i)*time.Minute), []Entry{works, waits})
	}
	want := &Stall{StallSilent, start.Add(19 * time.Minute)}
	if diff := cmp.Diff(want, p.Of(7).Stall); diff != "" {
		t.Errorf("stall when none moves (-want +got):\n%s", diff)
	}
}

// A stall takes both its time and several polls that look the same.
func TestProgressStallAfter(t *testing.T) {
	var p Progress
	for after, polls := range map[time.Duration]int{time.Second: 3, 3 * time.Second: 3, 5 * time.Second: 5} {
		p = Progress{StallAfter: after}
		for i := range 7 {
			p.Observe(start.Add(time.Duration(i)*time.Second), []Entry{look{StateInProgress, 1, 0, 1, 9}.entry()})
			if got, want := p.Of(4).Stall != nil, i >= polls; got != want {
				t.Errorf("after %v, poll %d: stalls = %t, want %t", after, i, got, want)
			}
		}
	}
	if got := p.Of(5); got != (Movement{}) {
		t.Errorf("Of an entry never seen = %v, want nothing", got)
	}
}

// Counters and remaining come from a pod; no number may break the estimate.
func TestProgressOfAbsurdNumbers(t *testing.T) {
	var p Progress
	for i, remaining := range []int64{1<<63 - 1, 1<<63 - 2, 0, 1 << 62} {
		p.Observe(start.Add(time.Duration(i)*time.Second), []Entry{look{StatePartiallyProcessed, 1, 0, 1, remaining}.entry()})
		if eta := p.Of(4).ETA; eta != nil && (*eta < 0 || *eta > maxETA) {
			t.Errorf("ETA with %d remaining = %v", remaining, *eta)
		}
	}
}

// Two entries with one uid are no entry that moves back and forth.
func TestProgressOfARepeatedUID(t *testing.T) {
	var p Progress
	a, b := look{StatePartiallyProcessed, 1, 0, 10, 90}.entry(), look{StatePartiallyProcessed, 2, 0, 10, 80}.entry()
	p.Observe(start, []Entry{a})
	for poll := range 3 {
		p.Observe(start.Add(time.Duration(poll+1)*time.Second), []Entry{a, b})
	}
	if diff := cmp.Diff(Movement{}, p.Of(4)); diff != "" {
		t.Errorf("movement (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int64{4}, Repeated([]Entry{a, {UID: 1}, b, a})); diff != "" {
		t.Errorf("repeated (-want +got):\n%s", diff)
	}
}
