// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/joblogs"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/kubejob"
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
			begins + "a\tb\n" + `\x1b[31m\u202e` + "\ncafé " + `\xc3` + "\nno end\n" + ends + lost, ""},
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

// newLogs returns what writes logs, and what it wrote.
func newLogs(style LogStyle, v View) (logs *Logs, out, errOut *bytes.Buffer) {
	out, errOut = &bytes.Buffer{}, &bytes.Buffer{}
	return NewLogs(out, errOut, style, v), out, errOut
}

// The rest of a line may never come: what begins then is a line of its own.
func TestHalfALineIsNotFusedWithTheNext(t *testing.T) {
	half := pieces("deleting 10", "00 rows left\n")
	run := joblogs.Run{Attempt: 1, Pod: "a", Container: "c", State: joblogs.Running}
	gone := run
	gone.State, gone.Reason = joblogs.Gone, "its pod was deleted"
	const object = `{"attempt":1,"pod":"a","container":"c","time":"2022-06-27T12:05:11.123456789Z","line":`
	begin := func(style LogStyle, v View) (*Logs, *bytes.Buffer) {
		logs, out, _ := newLogs(style, v)
		must(t, logs.Begin(run), logs.Flush())
		out.Reset()
		return logs, out
	}
	for name, tt := range map[string]struct {
		style LogStyle
		view  View
		then  func(*Logs)
		want  string
	}{
		"a line of the same run":            {LogText, View{}, func(l *Logs) { must(t, l.Piece(run, half[1])) }, "deleting 10\n00 rows left\n"},
		"on a terminal":                     {LogText, View{Terminal: true}, func(l *Logs) { must(t, l.Piece(run, half[1])) }, "deleting 10\n00 rows left\n"},
		"as an object":                      {LogJSON, View{}, func(l *Logs) { must(t, l.Piece(run, half[1])) }, object + "\"deleting 10\",\"truncated\":true}\n" + object + "\"00 rows left\"}\n"},
		"the run is gone":                   {LogJSON, View{}, func(l *Logs) { must(t, l.End(gone)) }, object + "\"deleting 10\",\"truncated\":true}\n"},
		"interrupted":                       {LogText, View{}, func(l *Logs) { must(t, l.Cut()) }, "deleting 10\n"},
		"interrupted, as an object":         {LogJSON, View{}, func(l *Logs) { must(t, l.Cut()) }, object + "\"deleting 10\",\"truncated\":true}\n"},
		"said in the middle":                {LogText, View{}, func(l *Logs) { must(t, l.Say("no answer"), l.Piece(run, joblogs.Piece{Text: []byte("1 row\n")})) }, "deleting 101 row\n"},
		"said in the middle, on a terminal": {LogText, View{Terminal: true}, func(l *Logs) { must(t, l.Say("no answer"), l.Piece(run, joblogs.Piece{Text: []byte("1 row\n")})) }, "deleting 10\n1 row\n"},
	} {
		t.Run(name, func(t *testing.T) {
			logs, out := begin(tt.style, tt.view)
			must(t, logs.Piece(run, half[0]))
			tt.then(logs)
			must(t, logs.Flush())
			if diff := cmp.Diff(tt.want, out.String()[:min(out.Len(), len(tt.want))]); diff != "" {
				t.Errorf("standard output (-want +got):\n%s", diff)
			}
		})
	}
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Lines of runs that are read at once say whose they are, and are not mixed.
func TestRunsThatAreReadAtOnce(t *testing.T) {
	a := joblogs.Run{Attempt: 1, Pod: "pod-a", Container: "c", State: joblogs.Running}
	b := joblogs.Run{Attempt: 2, Pod: "pod-b", Container: "c", State: joblogs.Running}
	p := pieces("one\n", "begins| and ends\n", "two\n")
	play := func(l *Logs) {
		must(t, l.Begin(a), l.Begin(b), l.Piece(a, p[0]), l.Piece(a, p[1]), l.Piece(b, p[3]), l.Piece(a, p[2]), l.End(a))
		must(t, l.Piece(b, p[0]), l.End(b), l.Begin(a), l.Piece(a, p[0]), l.Flush())
	}
	logs, out, _ := newLogs(LogText, View{})
	play(logs)
	want := "[pod/pod-a/c] one\n[pod/pod-a/c] begins\n[pod/pod-b/c] two\n[pod/pod-a/c]  and ends\n[pod/pod-b/c] one\none\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
	logs, out, _ = newLogs(LogJSON, View{})
	play(logs)
	var got []string
	for line := range strings.Lines(out.String()) {
		var o struct {
			Attempt   int
			Pod, Line string
		}
		must(t, json.Unmarshal([]byte(line), &o))
		got = append(got, fmt.Sprintf("%d %s %s", o.Attempt, o.Pod, o.Line))
	}
	if diff := cmp.Diff([]string{"1 pod-a one", "2 pod-b two", "1 pod-a begins and ends", "2 pod-b one", "1 pod-a one"}, got); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
}

// No byte of a pod reaches a terminal as it is but those that print, line
// breaks and tabs; an object has all that is text.
func TestLogsAreEscaped(t *testing.T) {
	tests := []struct{ name, text, terminal, ascii, object string }{
		{"printable", "aA~é漢🙂", "aA~é漢🙂", `aA~\u00e9\u6f22\U0001f642`, "aA~é漢🙂"},
		{"a tab", "a\tb", "a\tb", "a\tb", `a\u0009b`},
		{"C0", "\x00\x07\x08\x0b\x0c\r\x1f", `\x00\x07\x08\x0b\x0c\r\x1f`, `\x00\x07\x08\x0b\x0c\r\x1f`, `\u0000\u0007\u0008\u000b\u000c\u000d\u001f`},
		{"DEL", "\x7f", `\x7f`, `\x7f`, `\u007f`},
		{"C1, in UTF-8", "\u0080\u009b31m\u009f", `\u0080\u009b31m\u009f`, `\u0080\u009b31m\u009f`, `\u0080\u009b31m\u009f`},
		{"C1, as bytes", "\x9b31m\x80", `\x9b31m\x80`, `\x9b31m\x80`, "\ufffd31m\ufffd"},
		{"CSI, OSC, DCS", "\x1b[31m\x1b]0;x\x07\x1bP", `\x1b[31m\x1b]0;x\x07\x1bP`, `\x1b[31m\x1b]0;x\x07\x1bP`, `\u001b[31m\u001b]0;x\u0007\u001bP`},
		{"bytes that are no text", "\xff\xfe\xc0\xaf\xed\xa0\x80", `\xff\xfe\xc0\xaf\xed\xa0\x80`, `\xff\xfe\xc0\xaf\xed\xa0\x80`, strings.Repeat("\ufffd", 7)},
		{"half a character", "a\xe6\xbc", `a\xe6\xbc`, `a\xe6\xbc`, "a\ufffd\ufffd"},
		{"marks that turn text", "\u202a\u202e\u2066\u2069\u200e\u200f\u061c", `\u202a\u202e\u2066\u2069\u200e\u200f\u061c`, `\u202a\u202e\u2066\u2069\u200e\u200f\u061c`, `\u202a\u202e\u2066\u2069\u200e\u200f\u061c`},
		{"no width", "\u200b\u200d\ufeff\u00ad", `\u200b\u200d\ufeff\u00ad`, `\u200b\u200d\ufeff\u00ad`, `\u200b\u200d\ufeff\u00ad`},
		{"line separators", "\u2028\u2029\u0085", `\u2028\u2029\u0085`, `\u2028\u2029\u0085`, `\u2028\u2029\u0085`},
		{"tags and private use", "\U000e0041\ue000", `\U000e0041\ue000`, `\U000e0041\ue000`, `\udb40\udc41\ue000`},
		{"what JSON escapes", `"\`, `"\`, `"\`, `\"\\`},
	}
	run := joblogs.Run{Attempt: 1, State: joblogs.Running}
	for _, tt := range tests {
		for cut := 0; cut <= len(tt.text); cut++ { // wherever it is cut
			write := func(style LogStyle, v View) string {
				logs, out, _ := newLogs(style, v)
				must(t, logs.Begin(run), logs.Flush())
				out.Reset()
				first := joblogs.Piece{Stamp: []byte("x"), Time: time.Unix(1, 0), Text: []byte(tt.text[:cut])}
				must(t, logs.Piece(run, first), logs.Piece(run, joblogs.Piece{Text: []byte(tt.text[cut:] + "\n")}), logs.Flush())
				return out.String()
			}
			if got := write(LogText, View{Terminal: true}); got != tt.terminal+"\n" {
				t.Errorf("%s, cut at %d, on a terminal: %q, want %q", tt.name, cut, got, tt.terminal)
			}
			if got := write(LogText, View{Terminal: true, ASCII: true}); got != tt.ascii+"\n" {
				t.Errorf("%s, cut at %d, in ASCII: %q, want %q", tt.name, cut, got, tt.ascii)
			}
			if got := write(LogText, View{}); got != tt.text+"\n" {
				t.Errorf("%s, cut at %d, to a file: %q, want it as it is", tt.name, cut, got)
			}
			want := `{"attempt":1,"pod":"","container":"","time":"1970-01-01T00:00:01Z","line":"` + tt.object + "\"}\n"
			if got := write(LogJSON, View{}); got != want {
				t.Errorf("%s, cut at %d: %q, want %q", tt.name, cut, got, want)
			}
		}
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
		if rest = rest[n:]; len(logs.last.held) > 2*longestLine {
			t.Fatalf("%d bytes are held back", len(logs.last.held))
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

func TestJobFate(t *testing.T) {
	begun := time.Date(2022, 6, 27, 12, 5, 11, 0, time.UTC)
	complete := joblogs.JobHistory{Job: "j", State: kubejob.Complete, Attempts: 2, StartedAt: begun, EndedAt: begun.Add(time.Minute)}
	removed, untimed := complete, complete
	removed.Removed, untimed.Removed, untimed.EndedAt = true, true, time.Time{}
	for want, h := range map[string]joblogs.JobHistory{
		"job j completed after 60s, with attempt 2":                       complete,
		"job j completed after 60s, with attempt 2; it was removed since": removed,
		"job j completed, with attempt 2; it was removed since":           untimed,
		"job j failed after 3 attempts: x":                                {Job: "j", State: kubejob.Failed, Attempts: 3, Reason: "x"},
		"job j failed after 60s and 1 attempt: x":                         {Job: "j", State: kubejob.Failed, Attempts: 1, Reason: "x", StartedAt: begun, EndedAt: begun.Add(time.Minute)},
		"job j was removed, and how it ended is not known":                {Job: "j", State: kubejob.Running, Removed: true, Reason: "x"},
		"job j is not over: x":                                            {Job: "j", State: kubejob.Running, Reason: "x"},
	} {
		if got := JobFate(h); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
