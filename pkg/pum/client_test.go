// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

const one = `1 entrie(s)
uid: 2
creationTimestamp: '2022-06-23T13:50:33.000Z'
scope: 'ALL'
serviceID: 'TWA'
requestID: 'RDTP-1'
requestPath: '/path'
requestBody: '{}'
state: 'PROCESSED'
stateTimestamp: '2022-06-27T14:05:11.000Z'
lastResponse: null
errorCounter: 0
iterationCounter: 5
`

// A run is what a command does in a fake pod.
type run struct {
	out Output
	err error
}

// A fakePod answers with one run after another, the last for ever.
type fakePod struct {
	runs  []run
	asked []string
}

func (p *fakePod) Run(_ context.Context, commands ...[]string) (Output, error) {
	var missing []error
	for _, command := range commands {
		p.asked = append(p.asked, strings.Join(command, " "))
		next := p.runs[0]
		if len(p.runs) > 1 {
			p.runs = p.runs[1:]
		}
		if unknown := (*MissingCommandError)(nil); errors.As(next.err, &unknown) {
			missing = append(missing, next.err)
			continue
		}
		next.out.Pod, next.out.Container, next.out.Command = "pum-x", "pum", command
		return next.out, next.err
	}
	return Output{}, errors.Join(missing...)
}

func prints(text string) run { return run{out: Output{Stdout: []byte(text)}} }

func exits(code int, stderr string) run {
	return run{out: Output{ExitCode: code, Stderr: []byte(stderr)}}
}

func missing(command string) run {
	return run{err: &MissingCommandError{[]string{command}, errors.New("executable file not found in $PATH")}}
}

var noPod = run{err: fmt.Errorf("%w: %w", ErrNoAnswer, &NoPodError{Err: errors.New("no ready pod")})}

var lost = run{err: &LostError{errors.New("websocket: close 1006")}}

func TestStatus(t *testing.T) {
	half := one[:len(one)/2]
	tests := []struct {
		name  string
		runs  []run
		asked int    // how often
		err   string // the beginning of the message, or nothing
		is    error
	}{
		{"whole at once", []run{prints(one)}, 1, "", nil},
		{"a cut answer is asked for again", []run{prints(half), prints(one)}, 2, "", nil},
		{"nothing printed is a cut answer", []run{prints(""), prints(one)}, 2, "", nil},
		{"a lost connection, too", []run{lost, lost, prints(one)}, 3, "", nil},
		{"a killed command, too", []run{exits(137, ""), prints(one)}, 2, "", nil},
		{"but not for ever", []run{prints(half)}, attempts, `run "status" in pod pum-x: no answer from PUM: pum status output is incomplete`, ErrNoAnswer},
		{"lost for good", []run{lost}, attempts, `no answer from PUM: run "status": lost the command: websocket: close 1006`, ErrNoAnswer},
		{"its pod is being replaced", []run{lost, noPod, noPod, noPod, noPod, noPod, prints(one)}, 7, "", nil},
		{"no pod at all", []run{noPod, prints(one)}, 1, "no answer from PUM: no ready pod", ErrNoAnswer},
		{"the second spelling", []run{missing("status"), prints(one)}, 2, "", nil},
		{"no spelling", []run{missing("status")}, 2, `no answer from PUM: no command "status" in the container`, ErrNoAnswer},
		{"a failed command", []run{exits(1, "warn\nError: no database\n\n")}, 1, `run "status" in pod pum-x: no answer from PUM: command terminated with exit code 1: Error: no database`, ErrNoAnswer},
		{"a whole list proves itself", []run{{out: Output{Stdout: []byte(one), ExitCode: 1}}}, 1, "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pod := &fakePod{runs: tt.runs}
				c := &Client{Runner: pod, Limit: DefaultLimit, Pause: time.Second, Commands: StatusCommands()}
				answer, err := c.Status(t.Context())
				if len(pod.asked) != tt.asked {
					t.Errorf("asked %d times, want %d: %q", len(pod.asked), tt.asked, pod.asked)
				}
				if tt.err == "" {
					if err != nil || len(answer.Entries) != 1 {
						t.Errorf("answer = %+v, %v, want one entry", answer, err)
					}
					return
				}
				if err == nil || !strings.HasPrefix(err.Error(), tt.err) || !errors.Is(err, tt.is) {
					t.Errorf("error = %v, want %s", err, tt.err)
				}
			})
		})
	}
}

func TestStatusRemembersTheSpelling(t *testing.T) {
	pod := &fakePod{runs: []run{missing("status"), prints(one)}}
	c := &Client{Runner: pod, Limit: DefaultLimit, Commands: StatusCommands()}
	for range 2 {
		if _, err := c.Status(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	display := "/nodejs/bin/node app.js display"
	if diff := cmp.Diff([]string{"status", display, display}, pod.asked); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
}

func TestStatusGivesUpWhenItsTimeIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		pod := &fakePod{runs: []run{lost}}
		c := &Client{Runner: pod, Limit: DefaultLimit, Pause: time.Second, Commands: StatusCommands()}
		if _, err := c.Status(ctx); !errors.Is(err, ErrNoAnswer) || len(pod.asked) != 2 {
			t.Errorf("error = %v after %d attempts, want no answer after 2", err, len(pod.asked))
		}
	})
}

func TestSourceSaysHowTheListWasGot(t *testing.T) {
	c := &Client{Runner: &fakePod{runs: []run{prints(one)}}, Limit: DefaultLimit, Commands: StatusCommands()}
	answer, err := c.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := Source{Pod: "pum-x", Container: "pum", Command: []string{"status"}, Dialect: answer.Source.Dialect, Declared: 1, Parsed: 1}
	if diff := cmp.Diff(want, answer.Source); diff != "" {
		t.Errorf("source (-want +got):\n%s", diff)
	}
}
