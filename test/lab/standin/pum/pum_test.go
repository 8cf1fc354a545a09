// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func newStore(t *testing.T, state State) Store {
	t.Helper()
	store := Store{Dir: t.TempDir()}
	if err := store.Init(state); err != nil {
		t.Fatal(err)
	}
	return store
}

func read(t *testing.T, store Store) State {
	t.Helper()
	state, err := store.Read()
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// progress is what an entry has come to, in few words.
func progress(e Entry) string {
	response := "-"
	if e.LastResponse != nil {
		response = *e.LastResponse
		if _, result, ok := strings.Cut(response, `"result":`); ok {
			response = strings.TrimSuffix(result, "}}")
		}
	}
	counters, _ := json.Marshal([]int{e.ErrorCounter, e.IterationCounter})
	return e.State + " " + string(counters) + " " + response
}

func TestUpdatesOfManyProcessesAreAllKept(t *testing.T) {
	store := newStore(t, State{})
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			for range 10 {
				if err := store.Update(func(s *State) error { s.Run++; return nil }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if got := read(t, store).Run; got != 200 {
		t.Errorf("run %d, want 200", got)
	}
}

func TestFailedUpdateChangesNothing(t *testing.T) {
	store := newStore(t, State{Run: 1})
	refusal := errors.New("no")
	err := store.Update(func(s *State) error { s.Run = 7; return refusal })
	if !errors.Is(err, refusal) || read(t, store).Run != 1 {
		t.Errorf("error %v, run %d, want %v and 1", err, read(t, store).Run, refusal)
	}
}

func TestStateSurvivesJSON(t *testing.T) {
	announced := 3
	want := State{
		Entries: []Entry{{UID: 2, State: StateInit, Extra: []Field{{"owner", "x"}}, Work: Work{Remaining: 4}}},
		Answer:  Answer{Format: Format{Dialect: DialectJSYAML}, Announced: &announced, Delay: Duration(time.Second), Cut: "50%"},
		Process: Process{Post: Duration(1500 * time.Millisecond)},
	}
	if diff := cmp.Diff(want, read(t, newStore(t, want))); diff != "" {
		t.Errorf("state (-want +got):\n%s", diff)
	}
}

func TestPrint(t *testing.T) {
	three, stack := 3, "a\nb"
	one := []Entry{{UID: 1, State: StateInit}}
	whole, err := Format{}.Render(1, one)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name           string
		state          State
		stdout, stderr string
		exit           int
		err            string
	}{
		{name: "plain", state: State{Entries: one}, stdout: whole},
		{name: "text", state: State{Entries: one, Answer: Answer{Text: "hello"}}, stdout: "hello"},
		{name: "noise", state: State{Entries: one, Answer: Answer{Noise: "warning\n"}}, stdout: "warning\n" + whole},
		{name: "cut to a share", state: State{Entries: one, Answer: Answer{Cut: "50%"}}, stdout: whole[:len(whole)/2]},
		{name: "cut to bytes", state: State{Entries: one, Answer: Answer{Cut: "5"}}, stdout: whole[:5]},
		{name: "cut to nothing", state: State{Entries: one, Answer: Answer{Cut: "0"}}},
		{name: "paused after the cut", state: State{Entries: one, Answer: Answer{Cut: "5", PauseAt: "90%"}}, stdout: whole[:5]},
		{name: "another number announced", state: State{Answer: Answer{Announced: &three}}, stdout: "3 entrie(s)\n"},
		{name: "exit code", state: State{Answer: Answer{Exit: 3}}, stdout: "0 entrie(s)\n", exit: 3},
		{
			name: "standard error", state: State{Answer: Answer{Stderr: "oh\n", StderrBytes: 15}},
			stdout: "0 entrie(s)\n", stderr: "oh\n(node:1) Warnin",
		},
		{name: "bad position", state: State{Answer: Answer{Cut: "half"}}, exit: 1, err: `position "half": want a number of bytes, or a share like 50%`},
		{
			name:  "not playable",
			state: State{Entries: []Entry{{LastResponse: &stack}}, Answer: Answer{Format: Format{Dialect: DialectYAML2}}},
			exit:  1, err: "entry 1: lastResponse: the stand-in does not know how yaml2 writes line breaks and control characters: give the answer as text",
		},
	}
	for _, tt := range tests {
		var stdout, stderr bytes.Buffer
		exit, err := tt.state.Print(&stdout, &stderr)
		if exit != tt.exit || stdout.String() != tt.stdout || stderr.String() != tt.stderr {
			t.Errorf("%s: exit %d, %q, %q, want %d, %q, %q", tt.name, exit, stdout.String(), stderr.String(), tt.exit, tt.stdout, tt.stderr)
		}
		if (err == nil) != (tt.err == "") || err != nil && err.Error() != tt.err {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.err)
		}
		if checked := tt.state.Check(); (checked == nil) != (tt.err == "") {
			t.Errorf("%s: Check gives %v, Print %v", tt.name, checked, err)
		}
	}
}

func TestMoreEntriesAreAnnouncedToo(t *testing.T) {
	var stdout bytes.Buffer
	state := State{Entries: []Entry{{UID: 1}}, Answer: Answer{More: 3}}
	if _, err := state.Print(&stdout, &stdout); err != nil {
		t.Fatal(err)
	}
	if got := stdout.String(); !strings.HasPrefix(got, "4 entrie(s)\n") || strings.Count(got, "uid: ") != 4 {
		t.Errorf("got %q, want 4 entries", got)
	}
	if len(state.Entries) != 1 {
		t.Errorf("%d entries are left in the state, want 1", len(state.Entries))
	}
}

// A fullPipe takes so many bytes, as a reader that goes away.
type fullPipe int

func (p *fullPipe) Write(b []byte) (int, error) {
	if *p -= fullPipe(len(b)); *p < 0 {
		return 0, errors.New("broken pipe")
	}
	return len(b), nil
}

func TestEndlessAnswerEndsWithItsReader(t *testing.T) {
	pipe := fullPipe(100_000)
	exit, err := State{Answer: Answer{Endless: true}}.Print(&pipe, &pipe)
	if exit != 1 || err == nil {
		t.Errorf("exit %d, error %v, want 1 and a broken pipe", exit, err)
	}
}

func TestPauseHoldsTheRestBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reader, writer := io.Pipe()
		state := State{Answer: Answer{Text: "0123456789", PauseAt: "40%", Pause: Duration(7 * time.Minute)}}
		go func() {
			if _, err := state.Print(writer, io.Discard); err != nil {
				t.Error(err)
			}
		}()
		start := time.Now()
		for _, want := range []string{"0123", "456789"} {
			got := make([]byte, 10)
			n, err := reader.Read(got)
			if string(got[:n]) != want || err != nil {
				t.Errorf("read %q, error %v, want %q", got[:n], err, want)
			}
		}
		if waited := time.Since(start); waited != 7*time.Minute {
			t.Errorf("waited %s for the rest, want seven minutes", waited)
		}
	})
}

func TestRestartBeginsAnewAndIsCounted(t *testing.T) {
	entries := []Entry{
		{UID: 1, State: StateProcessed, IterationCounter: 5},
		{UID: 2, State: StateAborted, ErrorCounter: 3},
		{UID: 3, State: StatePartiallyProcessed, IterationCounter: 2},
		{UID: 4, State: StateSkipped},
		{UID: 5, State: "UNHEARD_OF"},
	}
	store := newStore(t, State{Entries: entries, Restart: Restart{Text: "ok\n", Exit: 4}, Attempts: 9})
	var stdout bytes.Buffer
	exit, err := store.Restart(&stdout, &stdout)
	if exit != 4 || err != nil || stdout.String() != "ok\n" {
		t.Errorf("exit %d, %q, error %v, want 4 and ok", exit, stdout.String(), err)
	}
	state := read(t, store)
	var got []string
	for _, e := range state.Entries {
		got = append(got, progress(e))
	}
	want := []string{"PROCESSED [0,5] -", "INIT [0,0] -", "INIT [0,0] -", "SKIPPED [0,0] -", "INIT [0,0] -"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	if len(state.Restarts) != 1 || state.Run != 1 || state.Attempts != 0 {
		t.Errorf("%d restarts, run %d, %d attempts, want 1, 1 and 0", len(state.Restarts), state.Run, state.Attempts)
	}
}

func TestIgnoredRestartIsCountedAndChangesNothing(t *testing.T) {
	store := newStore(t, State{Entries: []Entry{{UID: 2, State: StateAborted}}, Restart: Restart{Ignore: true}})
	for range 2 {
		if _, err := store.Restart(&bytes.Buffer{}, &bytes.Buffer{}); err != nil {
			t.Fatal(err)
		}
	}
	state := read(t, store)
	if len(state.Restarts) != 2 || state.Run != 0 || state.Entries[0].State != StateAborted {
		t.Errorf("%d restarts, run %d, state %s, want 2, 0 and ABORTED", len(state.Restarts), state.Run, state.Entries[0].State)
	}
}

// work runs pum-process for at most half an hour of fake time, and returns every
// distinct progress of the first entry, what was logged and how it ended.
func work(t *testing.T, state State) (seen []string, log string, err error) {
	t.Helper()
	store := newStore(t, state)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
		defer cancel()
		var out bytes.Buffer
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			err = store.Work(ctx, &out)
		}()
		for running := true; running; {
			select {
			case <-ended:
				running = false
			case <-time.After(time.Second):
			}
			synctest.Wait()
			if len(state.Entries) == 0 {
				continue
			}
			if p := progress(read(t, store).Entries[0]); len(seen) == 0 || seen[len(seen)-1] != p {
				seen = append(seen, p)
			}
		}
		log = out.String()
	})
	return seen, log, err
}

func TestWorkGoesFromInitToProcessed(t *testing.T) {
	seen, log, err := work(t, State{
		Entries: []Entry{{UID: 4, RequestID: "R", RequestBody: `{ "max" : 100 }`, State: StateInit, ServiceID: "TWA", Work: Work{Remaining: 240, Errors: 1}}},
		Process: Process{Delay: Duration(3 * time.Second), Post: Duration(2 * time.Second), Pause: Duration(2 * time.Second), MaxErrors: 3},
	})
	want := []string{
		"INIT [0,0] -",
		"IN_PROGRESS [0,0] -",
		`TRANSIENT_ERROR [1,0] {"status":500,"message":"Can't connect to 'twa'"}`,
		`IN_PROGRESS [1,0] {"status":500,"message":"Can't connect to 'twa'"}`,
		`PARTIALLY_PROCESSED [1,1] {"done":100,"remaining":140}`,
		`IN_PROGRESS [1,1] {"done":100,"remaining":140}`,
		`PARTIALLY_PROCESSED [1,2] {"done":100,"remaining":40}`,
		`IN_PROGRESS [1,2] {"done":100,"remaining":40}`,
		`PROCESSED [1,3] {"done":40,"remaining":0}`,
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("progress (-want +got):\n%s", diff)
	}
	if err != nil || !strings.Contains(log, `error: R: TRANSIENT_ERROR {"status":500`) || !strings.HasSuffix(log, "ended, 0 request(s) aborted\n") {
		t.Errorf("error %v, log:\n%s", err, log)
	}
}

func TestWorkAbortsAfterTooManyErrors(t *testing.T) {
	seen, log, err := work(t, State{
		Entries: []Entry{{UID: 4, State: StateInit, Work: Work{Errors: -1}}},
		Process: Process{MaxErrors: 3, Post: Duration(2 * time.Second)},
	})
	if err != nil || !strings.HasPrefix(seen[len(seen)-1], "ABORTED [3,0]") || !strings.HasSuffix(log, "ended, 1 request(s) aborted\n") {
		t.Errorf("error %v, progress %q, log:\n%s", err, seen, log)
	}
}

func TestWorkThatStallsOrHoldsNeverEnds(t *testing.T) {
	tests := []struct {
		name  string
		state State
		want  string
	}{
		{
			"stall", State{Entries: []Entry{{State: StateInit, Work: Work{Remaining: 2, Stall: true}}}, Process: Process{Pause: Duration(7 * time.Minute)}},
			`PARTIALLY_PROCESSED [0,5] {"done":0,"remaining":2}`,
		},
		{"hold", State{Entries: []Entry{{State: StateInit, Work: Work{Remaining: 2}}}, Process: Process{Hold: true, Pause: Duration(7 * time.Minute)}}, "INIT [0,0] -"},
	}
	for _, tt := range tests {
		seen, _, err := work(t, tt.state)
		if !errors.Is(err, context.DeadlineExceeded) || seen[len(seen)-1] != tt.want {
			t.Errorf("%s: error %v, progress %q, want none and %q", tt.name, err, seen[len(seen)-1], tt.want)
		}
	}
}

func TestWorkLeavesWhatATestHasChangedMeanwhile(t *testing.T) {
	store := newStore(t, State{
		Entries: []Entry{{UID: 4, State: StateInit, Work: Work{Remaining: 1}}},
		Process: Process{Post: Duration(10 * time.Second)},
	})
	synctest.Test(t, func(t *testing.T) {
		go func() {
			time.Sleep(5 * time.Second)
			if err := store.Update(func(s *State) error { return s.Change(4, []byte("{state: ABORTED}")) }); err != nil {
				t.Error(err)
			}
		}()
		if err := store.Work(t.Context(), io.Discard); err != nil {
			t.Error(err)
		}
	})
	if got := progress(read(t, store).Entries[0]); got != "ABORTED [0,0] -" {
		t.Errorf("entry %s, want ABORTED", got)
	}
}

func TestWorkFailsAsOftenAsItIsTold(t *testing.T) {
	store := newStore(t, State{Process: Process{Fail: 2}})
	for attempt := 1; attempt <= 3; attempt++ {
		var log bytes.Buffer
		if err := store.Work(t.Context(), &log); (err != nil) != (attempt <= 2) {
			t.Errorf("attempt %d: error %v, log:\n%s", attempt, err, log.String())
		}
	}
}

func TestChatterHasNumberedLinesOfOneLength(t *testing.T) {
	_, log, err := work(t, State{Process: Process{Chatter: Chatter{Lines: 1000, Bytes: 80}}})
	lines := strings.Split(log, "\n")
	if err != nil || len(lines) != 1003 || len(lines[1]) != 79 || !strings.HasPrefix(lines[1000], "001000 ") {
		t.Errorf("error %v, %d lines, second %q", err, len(lines), lines[1])
	}
}

func TestReplaceTakesOnlyTheGivenKeys(t *testing.T) {
	state := State{Entries: []Entry{{UID: 2, State: StateInit}}, Answer: Answer{Exit: 3, Noise: "x"}, Run: 4}
	if err := state.Replace([]byte(`{answer: {cut: "50%"}}`)); err != nil {
		t.Fatal(err)
	}
	want := State{Entries: []Entry{{UID: 2, State: StateInit}}, Answer: Answer{Cut: "50%"}, Run: 4}
	if diff := cmp.Diff(want, state); diff != "" {
		t.Errorf("state (-want +got):\n%s", diff)
	}
	for _, bad := range []string{"{answers: {}}", "{answer: {dialect: toml}}", "{answer: {cut: half}}", "- 1", "{process: {post: 3}}"} {
		if err := state.Replace([]byte(bad)); err == nil || !cmp.Equal(want, state) {
			t.Errorf("%s: error %v, want one and an unchanged state", bad, err)
		}
	}
}

func TestChangeTakesOnlyTheGivenKeysOfAnEntry(t *testing.T) {
	state := State{Entries: []Entry{{UID: 2, State: StateInit}, {UID: 4, State: StateInit, IterationCounter: 2}}}
	if err := state.Change(4, []byte("{state: ABORTED, errorCounter: 3}")); err != nil {
		t.Fatal(err)
	}
	want := []Entry{{UID: 2, State: StateInit}, {UID: 4, State: StateAborted, ErrorCounter: 3, IterationCounter: 2}}
	if diff := cmp.Diff(want, state.Entries); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	for uid, bad := range map[int]string{4: "{status: x}", 3: "{}"} {
		if err := state.Change(uid, []byte(bad)); err == nil {
			t.Errorf("entry %d, %s: no error", uid, bad)
		}
	}
}
