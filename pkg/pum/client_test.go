// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/podexec"
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
	out podexec.Output
	err error
}

// A fakePod answers with one run after another, the last for ever.
type fakePod struct {
	runs  []run
	asked []string
}

func (p *fakePod) Run(_ context.Context, command []string) (podexec.Output, error) {
	p.asked = append(p.asked, strings.Join(command, " "))
	next := p.runs[0]
	if len(p.runs) > 1 {
		p.runs = p.runs[1:]
	}
	if podless(next.err) {
		return podexec.Output{}, next.err
	}
	next.out.Pod, next.out.Container, next.out.Command = "pum-x", "pum", command
	return next.out, next.err
}

func (p *fakePod) Try(ctx context.Context, commands [][]string, enough func(podexec.Output, error) bool) error {
	for _, command := range commands {
		out, err := p.Run(ctx, command)
		if podless(err) {
			return err
		}
		if enough(out, err) {
			return nil
		}
	}
	return nil
}

func prints(text string) run { return run{out: podexec.Output{Stdout: []byte(text)}} }

func exits(code int, stderr string) run {
	return run{out: podexec.Output{ExitCode: code, Stderr: []byte(stderr)}}
}

// missing is how containerd says that there is no such command, crio how CRI-O does.
func missing(command string) run {
	return run{podexec.Output{Ran: podexec.RanNot}, &podexec.NotRunError{Err: fmt.Errorf("exec: %q: executable file not found in $PATH", command)}}
}

func crio(command string) run {
	r := exits(255, fmt.Sprintf("exec failed: exec: %q: executable file not found in $PATH", command))
	r.out.Ran = podexec.RanNot
	return r
}

var noPod = run{err: &podexec.NoPodError{Err: errors.New("no ready pod")}}

var denied = run{err: &podexec.PolicyError{Err: errors.New("exec needs a ticket")}}

var expired = run{podexec.Output{Ran: podexec.RanNot}, &net.OpError{Op: "remote error", Err: errors.New("tls: expired certificate")}}

var lost = run{err: &podexec.LostError{Err: errors.New("websocket: close 1006")}}

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
		{"nothing printed", []run{prints(""), prints(""), prints(one)}, 3, "", nil},
		{"a lost connection", []run{lost, lost, lost, prints(one)}, 4, "", nil},
		{"a killed command", []run{exits(137, ""), exits(137, ""), prints(one)}, 3, "", nil},
		{"but not for ever", []run{prints(half)}, attempts, `run "status" in pod pum-x: no answer from PUM: pum status output is incomplete`, ErrNoAnswer},
		{"lost each time", []run{lost}, 2 * attempts, `no answer from PUM: run "status" in pod pum-x: connection lost while the command ran: websocket: close 1006; run "/nodejs`, ErrNoAnswer},
		{"its pod is being replaced", []run{lost, lost, noPod, noPod, noPod, noPod, noPod, prints(one)}, 8, "", nil},
		{"no pod at all", []run{noPod, prints(one)}, 1, "no answer from PUM: no ready pod", ErrNoAnswer},
		{"the second spelling", []run{missing("status"), prints(one)}, 2, "", nil},
		{"no spelling", []run{missing("status")}, 2, `no answer from PUM: run "status" in pod pum-x: exec: "status": executable file not found in $PATH; run "/nodejs`, ErrNoAnswer},
		{"CRI-O, the second spelling", []run{crio("status"), prints(one)}, 2, "", nil},
		{"a runtime of which we know nothing", []run{exits(42, "?"), prints(one)}, 2, "", nil},
		{"krun, which exits with 0", []run{{out: podexec.Output{Stderr: []byte("Couldn't execute 'status' inside the vm")}}, prints(one)}, 2, "", nil},
		{"another program of that name", []run{prints("up 3 days\n"), prints(one)}, 2, "", nil},
		{"docker, whose words are on standard output", []run{{out: podexec.Output{ExitCode: 126, Stdout: []byte("OCI runtime exec failed: …\r\n")}}, prints(one)}, 2, "", nil},
		{"an error of PUM's command", []run{exits(1, "warn\nError: no database\n\n"), missing("node")}, 2, `no answer from PUM: run "status" in pod pum-x: exit code 1: Error: no database; run "/nodejs/bin/node app.js display" in pod pum-x: exec: "node"`, ErrNoAnswer},
		{"an error after PUM's header", []run{{out: podexec.Output{ExitCode: 1, Stdout: []byte("1 entrie(s)\n"), Stderr: []byte("Error: no database")}}}, 1, `run "status" in pod pum-x: no answer from PUM: exit code 1: Error: no database`, ErrNoAnswer},
		{"a whole list proves itself", []run{{out: podexec.Output{Stdout: []byte(one), ExitCode: 1}}}, 1, "", nil},
		{"though its end was not seen", []run{{podexec.Output{Stdout: []byte(one)}, lost.err}}, 1, "", nil},
		{"a list that was cut, and its end not seen", []run{{podexec.Output{Stdout: []byte(half)}, lost.err}}, attempts, `run "status" in pod pum-x: no answer from PUM: connection lost`, ErrNoAnswer},
		{"refused for now: no other spelling is sent", []run{{podexec.Output{Ran: podexec.RanNot}, lost.err}, prints(one)}, 2, "", nil},
		{"a certificate that is refused is asked once", []run{expired}, 1, "remote error: tls: expired certificate", expired.err},
		{"a policy is asked once", []run{denied}, 1, `an admission policy denied it`, denied.err},
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
		if _, err := c.Status(ctx); !errors.Is(err, ErrNoAnswer) || len(pod.asked) != 4 {
			t.Errorf("error = %v after %d commands, want no answer after 4", err, len(pod.asked))
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
