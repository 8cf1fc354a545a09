// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestState(t *testing.T) {
	tests := []struct {
		state        State
		known, final bool
	}{
		{StateInit, true, false},
		{StateInProgress, true, false},
		{StatePartiallyProcessed, true, false},
		{StateTransientError, true, false},
		{StateAborted, true, true},
		{StateProcessed, true, true},
		{StateSkipped, true, true},
		{"PAUSED", false, false},
		{"processed", false, false},
		{"", false, false},
	}
	for _, tt := range tests {
		if tt.state.Known() != tt.known || tt.state.Final() != tt.final {
			t.Errorf("%q: known %t, final %t, want %t, %t", tt.state, tt.state.Known(), tt.state.Final(), tt.known, tt.final)
		}
	}
}

// The JSON of an entry has PUM's keys in PUM's order, null for what is not
// there, and reads back as the same entry.
func TestEntryJSON(t *testing.T) {
	text := "1 entrie(s)\nuid: 4\nstate: null\nlastResponse: '{\"status\":250,\"data\":{\"result\":{\"remaining\":2}}}'\n" +
		"iterationCounter: 2\nnew: { a: [ 1, 'two' ] }\nday: 2022-06-23T13:50:33.000Z\nnan: NaN\n"
	entries := mustParse(t, []byte(text)).Entries
	got, err := json.Marshal(entries[0])
	if err != nil {
		t.Fatal(err)
	}
	want := `{"uid":4,"creationTimestamp":null,"scope":null,"serviceID":null,"requestID":null,"requestPath":null,` +
		`"requestBody":null,"state":null,"stateTimestamp":null,` +
		`"lastResponse":"{\"status\":250,\"data\":{\"result\":{\"remaining\":2}}}","errorCounter":null,"iterationCounter":2,` +
		`"final":false,"response":{"status":250,"message":null,"done":null,"remaining":2},` +
		`"extra":{"day":"2022-06-23T13:50:33.000Z","nan":"NaN","new":{"a":[1,"two"]}}}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
	var back Entry
	unmarshal(t, got, &back)
	if diff := cmp.Diff(entries[0], back); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
}

func TestEntryTimes(t *testing.T) {
	e := Entry{CreationTimestamp: new("2022-06-27T14:05:11.000Z"), StateTimestamp: new("2022-06-27T16:15:01+02:00")}
	if at, ok := e.Created(); !ok || !at.Equal(time.Date(2022, 6, 27, 14, 5, 11, 0, time.UTC)) {
		t.Errorf("Created = %v, %t", at, ok)
	}
	if at, ok := e.Since(); !ok || !at.Equal(time.Date(2022, 6, 27, 14, 15, 1, 0, time.UTC)) {
		t.Errorf("Since = %v, %t", at, ok)
	}
	e = Entry{CreationTimestamp: new("yesterday")}
	created, ok := e.Created()
	since, okSince := e.Since()
	if ok || okSince || !created.IsZero() || !since.IsZero() {
		t.Errorf("Created, Since of no times = %v, %v, want none", created, since)
	}
}

func TestResponse(t *testing.T) {
	tests := []struct {
		text string
		want *Response
	}{
		{`{"status":250,"message":"Unknown","data":{"operatorID":null,"result":{"done":0,"remaining":2}}}`,
			&Response{new(int64(250)), new("Unknown"), new(int64(0)), new(int64(2))}},
		{` { "data" : { "result" : { "remaining" : 2 , "x" : [ ] } , "y" : { } } } `, &Response{Remaining: new(int64(2))}},
		{`{"message":"it\u0027s \ud83d\ude00\n"}`, &Response{Message: new("it's 😀\n")}},
		{`{"status":"500","message":5,"data":{"result":{"done":1.5,"remaining":null}}}`, &Response{}},
		{`{"status":99999999999999999999,"data":[{"result":{"done":1}}]}`, &Response{}},
		{`{"data":null}`, &Response{}},
		{`{}`, &Response{}},
		{`{"status":250`, nil},
		{`{"status":250}}`, nil},
		{`{"data":`, nil},
		{`{"message":"a` + "\n" + `b"}`, nil},
		{`[{"status":250}]`, nil},
		{`502 Bad Gateway`, nil},
		{`null`, nil},
		{``, nil},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, responseOf(&tt.text)); diff != "" {
			t.Errorf("responseOf(%s) (-want +got):\n%s", tt.text, diff)
		}
	}
	if got := responseOf(nil); got != nil {
		t.Errorf("responseOf(nil) = %v, want nil", got)
	}
}
