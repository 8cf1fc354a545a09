// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/joblogs"
)

// pieces are lines of a log: "|" is where a piece ends that does not end its
// line.
func pieces(lines ...string) []joblogs.Piece {
	at := time.Date(2022, 6, 27, 14, 5, 11, 123456789, time.FixedZone("", 7200))
	var all []joblogs.Piece
	for _, line := range lines {
		for i, part := range strings.Split(line, "|") {
			p := joblogs.Piece{Text: []byte(part)}
			if i == 0 {
				p.Stamp, p.Time = at.AppendFormat(nil, time.RFC3339Nano), at
			}
			all = append(all, p)
		}
	}
	return all
}

func TestLogs(t *testing.T) {
	begun := time.Date(2022, 6, 27, 12, 5, 11, 0, time.UTC)
	one := joblogs.Run{Attempt: 1, Pod: "pum-process-a", Container: "pum-process", State: joblogs.Running, StartedAt: begun}
	ended := one
	ended.State, ended.ExitCode, ended.Reason, ended.EndedAt = joblogs.Ended, 137, "OOMKilled", begun.Add(90*time.Second)
	gone := joblogs.Run{Attempt: 2, Pod: "pum-process-b", State: joblogs.Gone, Reason: "its pod is gone"}
	const begins = "==> attempt 1, pod pum-process-a, container pum-process: started 2022-06-27T12:05:11Z, running <==\n"
	const ends = "<== attempt 1: started 2022-06-27T12:05:11Z, ended 2022-06-27T12:06:41Z after 90s with exit code 137, OOMKilled\n"
	const lost = "==> attempt 2, pod pum-process-b: no longer available: its pod is gone <==\n"
	tests := []struct {
		name   string
		style  LogStyle
		view   View
		pieces []joblogs.Piece
		out    string
		err    string
	}{
		{"bytes as they are", LogText, View{}, pieces("one\n", "\x1b[31mt\xffwo|\x00\r\n", "no end"),
			"one\n\x1b[31mt\xffwo\x00\r\nno end\n", begins + ends + lost},
		{"stamps", LogStamps, View{}, pieces("one\n", "t|wo\n"),
			"2022-06-27T14:05:11.123456789+02:00 one\n2022-06-27T14:05:11.123456789+02:00 two\n", begins + ends + lost},
		{"a terminal", LogText, View{Terminal: true}, pieces("a\tb\n", "\x1b[31m\u202e\n", "caf\xc3|\xa9 \xc3", "no end"),
			begins + "a\tb\n" + `\x1b[31m\u202e` + "\ncafé " + `\xc3` + "no end\n" + ends + lost, ""},
		{"objects", LogJSON, View{}, pieces("\"o\\ne\x1b\n", "t|w|o\n", "no end"), `
			{"attempt":1,"pod":"pum-process-a","container":"pum-process","time":"2022-06-27T12:05:11.123456789Z","line":"\"o\\ne\u001b"}
			{"attempt":1,"pod":"pum-process-a","container":"pum-process","time":"2022-06-27T12:05:11.123456789Z","line":"two"}
			{"attempt":1,"pod":"pum-process-a","container":"pum-process","time":"2022-06-27T12:05:11.123456789Z","line":"no end"}
			`, begins + ends + lost},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out, errOut bytes.Buffer
			logs := NewLogs(&out, &errOut, tt.style, tt.view)
			fail := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			fail(logs.Begin(one))
			for _, p := range tt.pieces {
				fail(logs.Piece(one, p))
			}
			fail(logs.End(ended))
			fail(logs.Begin(gone))
			fail(logs.Flush())
			if diff := cmp.Diff(strings.TrimPrefix(strings.ReplaceAll(tt.out, "\n\t\t\t", "\n"), "\n"), out.String()); diff != "" {
				t.Errorf("standard output (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.err, errOut.String()); diff != "" {
				t.Errorf("standard error (-want +got):\n%s", diff)
			}
		})
	}
}

// What a container left without a line break stays so, if nothing follows.
func TestLogsAddNoLineBreakAtTheEnd(t *testing.T) {
	var out, errOut bytes.Buffer
	logs := NewLogs(&out, &errOut, LogText, View{})
	run := joblogs.Run{Attempt: 1, State: joblogs.Ended}
	for _, err := range []error{logs.Begin(run), logs.Piece(run, pieces("no end")[0]), logs.End(run), logs.Say("job over")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if out.String() != "no end" {
		t.Errorf("standard output %q, want it as the container wrote it", out.String())
	}
}

// A line of any length is read in bounded memory: in several objects.
func TestLogObjectsAreBounded(t *testing.T) {
	var out, errOut bytes.Buffer
	logs := NewLogs(&out, &errOut, LogJSON, View{})
	run := joblogs.Run{Attempt: 1}
	want := strings.Repeat("é", longestLine)
	rest := []byte(want + "\n")
	for first := true; len(rest) > 0; first = false {
		n := min(len(rest), 64<<10-1)
		p := joblogs.Piece{Text: rest[:n]}
		if first {
			p.Stamp, p.Time = []byte("now"), time.Now()
		}
		if err := logs.Piece(run, p); err != nil {
			t.Fatal(err)
		}
		if rest = rest[n:]; len(logs.held) > 2*longestLine {
			t.Fatalf("%d bytes are held back", len(logs.held))
		}
	}
	if err := logs.Flush(); err != nil {
		t.Fatal(err)
	}
	got, partial := "", 0
	for line := range strings.Lines(out.String()) {
		var object struct {
			Line    string
			Partial bool
		}
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			t.Fatal(err)
		}
		got += object.Line
		if object.Partial {
			partial++
		}
	}
	if got != want || partial != 1 {
		t.Errorf("%d bytes in the objects, of which %d are partial, want %d and 1", len(got), partial, len(want))
	}
}
