// SPDX-License-Identifier: Apache-2.0

package joblogs

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kubejob"
)

// For how many lines to ask next, after too few, too many and enough.
func TestTailSearch(t *testing.T) {
	type search = tailSearch
	begin := search{lines: fewLines}
	tooFew := func(s *search) bool { return s.tooFew() }
	tooMany := func(s *search) bool { s.tooMany(); return true }
	found := func(old, fresh int) func(*search) bool { return func(s *search) bool { return s.found(old, fresh) } }
	for _, tt := range []struct {
		name     string
		is       search
		do       func(*search) bool
		want     search
		returned bool
	}{
		{"all were too few", search{}, tooFew, search{}, false},
		{"few", begin, tooFew, search{lines: 4 * fewLines, low: fewLines}, true},
		{"almost many", search{lines: manyLines - 1}, tooFew, search{lines: 4 * (manyLines - 1), low: manyLines - 1}, true},
		{"many", search{lines: manyLines}, tooFew, search{low: manyLines, all: true}, true},
		{"many, after all", search{lines: manyLines, all: true}, tooFew, search{lines: 4 * manyLines, low: manyLines, all: true}, true},
		{"almost most", search{lines: mostLines - 1, all: true}, tooFew, search{lines: 4 * (mostLines - 1), low: mostLines - 1, all: true}, true},
		{"most", search{lines: mostLines, all: true}, tooFew, begin, true},
		{"between", search{lines: 40, high: 101}, tooFew, search{lines: 70, low: 40, high: 101}, true},
		{"two apart", search{lines: 40, high: 42}, tooFew, search{lines: 41, low: 40, high: 42}, true},
		{"nothing between", search{lines: 40, high: 41}, tooFew, begin, true},
		{"all were too many", search{low: 10}, tooMany, search{lines: manyLines, low: 10}, true},
		{"all were too many, and many too few", search{low: manyLines}, tooMany, search{lines: 4 * manyLines, low: manyLines}, true},
		{"too many", search{lines: 100, low: 40}, tooMany, search{lines: 70, low: 40, high: 100}, true},
		{"enough of all", search{}, found(30, 20), begin, false},
		{"enough, to the end", search{lines: 50}, found(30, 20), begin, false},
		{"enough, and more that was written", search{lines: 50}, found(30, 21), begin, false},
		{"enough, and more behind", search{lines: 100}, found(30, 20), search{lines: 50 + 12}, true},
		{"one of ten", search{lines: 10}, found(0, 1), search{lines: 9 + 1}, true},
		{"one before the end", search{lines: 9}, found(4, 4), search{lines: 1 + 2}, true},
	} {
		s := tt.is
		if got := tt.do(&s); got != tt.returned || s != tt.want {
			t.Errorf("%s: %v, %+v; want %v, %+v", tt.name, got, s, tt.returned, tt.want)
		}
	}
	var s search
	if s.end(3); s != (search{lines: 5}) {
		t.Errorf("at the end of three lines of a time: %+v", s)
	}
}

// What a connection brought.
func TestConnResult(t *testing.T) {
	for _, tt := range []struct {
		name                     string
		is                       connResult
		whole, empty, nothingYet bool
	}{
		{"nothing", connResult{found: true}, true, true, true},
		{"nothing found", connResult{}, false, true, true},
		{"old lines", connResult{found: true, old: 1}, true, false, false},
		{"new lines", connResult{found: true, fresh: 1}, true, false, false},
		{"old and new lines", connResult{found: true, old: 1, fresh: 1}, true, false, false},
		{"cut", connResult{found: true, cut: errCut}, false, false, false},
		{"cut soon", connResult{found: true, cut: errCut, took: time.Second - 1}, false, false, false},
		{"cut late", connResult{found: true, cut: errCut, took: time.Second}, false, false, true},
		{"lines, and cut late", connResult{found: true, fresh: 1, cut: errCut, took: time.Second}, false, false, false},
		{"refused", connResult{found: true, refused: errCut}, false, false, false},
		{"missing", connResult{found: true, missing: true}, false, false, true},
		{"of another run", connResult{found: true, otherRun: true}, false, false, false},
	} {
		if whole, empty, nothing := tt.is.whole(), tt.is.empty(), tt.is.nothingYet(); whole != tt.whole || empty != tt.empty || nothing != tt.nothingYet {
			t.Errorf("%s: whole %v, empty %v, nothing yet %v", tt.name, whole, empty, nothing)
		}
	}
}

func TestKubeletError(t *testing.T) {
	for text, want := range map[string]string{
		"unable to retrieve container logs for x\n": "unable to retrieve container logs for x",
		"failed to open":                        "failed to open",
		"hello":                                 "the node sent text without timestamps: hello",
		"failed to " + strings.Repeat("x", 190): "failed to " + strings.Repeat("x", 190),
		"failed to " + strings.Repeat("x", 191): "failed to " + strings.Repeat("x", 190) + "...",
	} {
		if got := kubeletError(Piece{Text: []byte(text)}).Error(); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestFraction(t *testing.T) {
	for text, want := range map[string]time.Duration{
		".1Z": 100 * time.Millisecond, ".9Z": 900 * time.Millisecond, ".0Z": 0, ".123456789Z": 123456789, ".000000001Z": 1, ".12Z": 120 * time.Millisecond,
		".1234567890Z": -1, ".Z": -1, "Z": -1, "": -1, ",1Z": -1, ".1": -1, ".1z": -1, ".:Z": -1, "./Z": -1, ".1:Z": -1, ".1-Z": -1,
	} {
		got, ok := fraction([]byte(text))
		if ok != (want >= 0) || ok && got != want {
			t.Errorf("%q: %d, %v, want %d", text, got, ok, want)
		}
	}
	for text, want := range map[string]bool{
		"": true, "2026-": true, strings.Repeat("1", longestStamp): true, strings.Repeat("1", longestStamp+1): false, "20x": false, "2026-01-31T10:00:00.5+02:00": true,
	} {
		if got := isCutStamp([]byte(text)); got != want {
			t.Errorf("%q may be cut from a stamp: %v", text, got)
		}
	}
}

// The last piece may be a stamp that was cut, and is none of a log then.
func TestPiecesAtTheEnd(t *testing.T) {
	const stamp = "2026-01-31T10:00:00Z"
	for text, want := range map[string][]string{
		stamp + " one\n":                 {"one\n"},
		stamp + " one":                   {"one"},
		stamp + " one\n" + stamp[:10]:    {"one\n"},
		stamp + " one\n" + stamp:         {"one\n"},
		stamp + " one\n" + stamp + " ":   {"one\n"},
		stamp + " one\nno stamp":         {"one\n", "no stamp"},
		stamp + " one\n2026\n":           {"one\n", "2026\n"},
		stamp + " one\n" + stamp + " \n": {"one\n", "\n"},
		"":                               nil,
		stamp + " " + strings.Repeat("7", 2*bufferSize): {strings.Repeat("7", bufferSize-21), strings.Repeat("7", bufferSize), strings.Repeat("7", 21)},
	} {
		s := newSplitter(strings.NewReader(text))
		var got []string
		for {
			p, err := s.next()
			if err != nil {
				break
			}
			got = append(got, string(p.Text))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%.60q (-want +got):\n%.300s", text, diff)
		}
	}
}

// Positions are read as they are written.
func TestPositions(t *testing.T) {
	at := time.Date(2026, 1, 31, 10, 0, 0, 5, time.UTC)
	for text, want := range map[string]Position{
		"a/b/0":                                  {Pod: "a", Container: "b"},
		"a/b/3":                                  {Pod: "a", Container: "b", Restart: 3},
		"a/b/0@2026-01-31T10:00:00.000000005Z+1": {Pod: "a", Container: "b", Time: at, Lines: 1, Latest: at},
		"a/b/0@2026-01-31T10:00:00.000000005Z+2+7": {Pod: "a", Container: "b", Time: at, Lines: 2, Latest: at.Add(7)},
	} {
		got, err := ParsePosition(text)
		if err != nil || got != want || got.String() != text {
			t.Errorf("%s: %+v, %v, %s", text, got, err, got)
		}
	}
	if got, err := ParsePosition("a/b/0@2026-01-31T10:00:00Z+1+0"); err != nil || !got.Latest.Equal(got.Time) {
		t.Errorf("no later: %+v, %v", got, err)
	}
	if _, err := ParsePosition("a/b/0@2026-01-31T10:00:00Z+1+-1"); err == nil {
		t.Error("a latest line before the last one")
	}
	p := Position{Pod: "a", Container: "b", Restart: 2}
	for _, tt := range []struct {
		run  Run
		want bool
	}{
		{Run{Pod: "a", Container: "b", restart: 2}, true},
		{Run{Pod: "a", Container: "b", restart: 3}, false},
		{Run{Pod: "a", Container: "b", restart: 3, To: 4}, true},
		{Run{Pod: "a", Container: "b", restart: 1, To: 2}, false},
		{Run{Pod: "a", Container: "c", restart: 2}, false},
		{Run{Pod: "x", Container: "b", restart: 2}, false},
	} {
		if got := p.is(tt.run); got != tt.want {
			t.Errorf("%s in %+v: %v", p, tt.run, got)
		}
	}
}

// Of a line as much is kept as tells it apart.
func TestLineMarks(t *testing.T) {
	var l lineMark
	for _, n := range []int{100, 27, 1, 1} {
		l.add([]byte(strings.Repeat("x", n)))
	}
	if len(l.head) != mostHead || l.bytes != 129 {
		t.Errorf("%d bytes kept of %d", len(l.head), l.bytes)
	}
	half := lineMark{bytes: 3, head: []byte("abc")}
	for text, want := range map[string]bool{"abc\n": true, "abcd": true, "ab": true, "": true, "ab\n": false, "abd\n": false, "x": false, "a\n": false} {
		if got := half.begins(Piece{Text: []byte(text)}); got != want {
			t.Errorf("abc begins %q: %v", text, got)
		}
	}
	if none := (&lineMark{bytes: 9}); !none.begins(Piece{Text: []byte("x\n")}) {
		t.Error("a line of which nothing is known may be any")
	}
	var m mark
	for _, p := range []Piece{pieceAt(5, "a\n"), pieceAt(5, "b\n"), pieceAt(3, "c\n"), pieceAt(4, "half")} {
		m.advance(p)
	}
	if m.same != 1 || !m.last.at.Equal(time.Unix(3, 0)) || !m.latest.Equal(time.Unix(5, 0)) || !m.cut() || !m.open.at.Equal(time.Unix(4, 0)) {
		t.Errorf("%+v", m)
	}
}

// Which lines are new, where lines are out of order or were not asked for.
func TestFinder(t *testing.T) {
	whole := mark{last: lineMark{at: time.Unix(5, 0), bytes: 2, head: []byte("b\n")}, same: 2, latest: time.Unix(7, 0)}
	cut := mark{open: lineMark{at: time.Unix(5, 0), bytes: 2, head: []byte("ab")}}
	both := mark{last: whole.last, same: 1, latest: time.Unix(7, 0), open: lineMark{at: time.Unix(8, 0), bytes: 1, head: []byte("h")}}
	for _, tt := range []struct {
		name   string
		finder *finder
		pieces []Piece
		want   []lineAge
		end    bool
	}{
		{"nothing was read", newFinder(&mark{}), []Piece{pieceAt(1, "a\n")}, []lineAge{fresh}, true},
		{"from before", newFinder(&whole), []Piece{pieceAt(4, "x\n"), pieceAt(5, "a\n"), pieceAt(7, "x\n"), pieceAt(5, "b\n"), pieceAt(6, "n\n")}, []lineAge{old, old, old, old, fresh}, true},
		{"one is not there", newFinder(&whole), []Piece{pieceAt(5, "a\n"), pieceAt(8, "n\n")}, []lineAge{old, missing}, false},
		{"as late as the latest", newFinder(&whole), []Piece{pieceAt(5, "a\n"), pieceAt(7, "n\n")}, []lineAge{old, old}, false},
		{"to the mark", newFinder(&whole), []Piece{pieceAt(5, "a\n"), pieceAt(5, "b\n")}, []lineAge{old, old}, true},
		{"the last lines begin among them", newTailFinder(&whole), []Piece{pieceAt(5, "b\n")}, []lineAge{missing}, false},
		{"the last lines begin before them", newTailFinder(&whole), []Piece{pieceAt(4, "x\n"), pieceAt(5, "a\n"), pieceAt(5, "b\n"), pieceAt(6, "n\n")}, []lineAge{old, old, old, fresh}, true},
		{"the rest of a line", newFinder(&cut), []Piece{pieceAt(4, "x\n"), pieceAt(5, "abc\n")}, []lineAge{old, fresh}, true},
		{"no more of the line yet", newFinder(&cut), []Piece{pieceAt(5, "ab")}, []lineAge{old}, true},
		{"less of the line", newFinder(&cut), []Piece{pieceAt(5, "a")}, []lineAge{old}, false},
		{"another line", newFinder(&cut), []Piece{pieceAt(6, "n\n")}, []lineAge{missing}, false},
		{"the rest behind a line", newFinder(&both), []Piece{pieceAt(5, "b\n"), pieceAt(8, "ho\n")}, []lineAge{old, fresh}, true},
		{"the line before is the last", newFinder(&both), []Piece{pieceAt(5, "b\n")}, []lineAge{old}, false},
		{"an earlier line in place of the rest", newFinder(&both), []Piece{pieceAt(5, "b\n"), pieceAt(6, "n\n")}, []lineAge{old, missing}, false},
		{"the end of a line", newFinder(&whole), []Piece{{Text: []byte("end\n")}}, []lineAge{old}, false},
	} {
		var got []lineAge
		for _, p := range tt.pieces {
			_, age := tt.finder.classify(p)
			got = append(got, age)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" || tt.finder.reached() != tt.end {
			t.Errorf("%s: reached %v (-want +got):\n%s", tt.name, tt.finder.reached(), diff)
		}
	}
	f := newFinder(&cut)
	if p, _ := f.classify(pieceAt(5, "abc\n")); string(p.Text) != "c\n" || p.Begins() {
		t.Errorf("the rest is %q", p.Text)
	}
}

func TestSelection(t *testing.T) {
	for value, ok := range map[string]bool{"all": true, "last": true, "1": true, "7": true, "0": false, "-1": false, "": false, "x": false, "previous": false} {
		if err := new(Selection).Set(value); (err == nil) != ok {
			t.Errorf("%q: %v", value, err)
		}
	}
	for _, tt := range []struct {
		name               string
		begun, first, last int
	}{
		{"", 3, 1, math.MaxInt}, {"all", 3, 1, math.MaxInt}, {"last", 3, 3, math.MaxInt}, {"last", 0, 1, math.MaxInt}, {"previous", 3, 2, 2}, {"2", 3, 2, 2},
	} {
		s := Selection{tt.name}
		if first, last := s.of(tt.begun); first != tt.first || last != tt.last {
			t.Errorf("%q of %d: %d to %d, want %d to %d", tt.name, tt.begun, first, last, tt.first, tt.last)
		}
	}
	for _, tt := range []struct {
		reader *Reader
		want   string
	}{
		{&Reader{first: 2, last: 2}, "2"}, {&Reader{first: 1, last: 3}, "all"}, {&Reader{}, "all"},
		{&Reader{first: 3, last: math.MaxInt, Options: Options{Attempts: Selection{"last"}}}, "3"},
		{&Reader{first: 3, last: math.MaxInt, Options: Options{Attempts: Selection{"last"}, Follow: true}}, "all"},
		{&Reader{first: 3, last: math.MaxInt}, "all"},
	} {
		if got := tt.reader.Selected(); got != tt.want {
			t.Errorf("%+v: %s, want %s", tt.reader.Options, got, tt.want)
		}
	}
}

// Which runs are still to be read.
func TestUnread(t *testing.T) {
	r := &Reader{first: 2, last: 3}
	r.forget()
	run := func(attempt, restart int) Run {
		return Run{Attempt: attempt, Pod: "a", Container: "c", restart: restart}
	}
	gone := func(attempt, to int) Run { return Run{Attempt: attempt, To: to, State: Gone} }
	for attempt, want := range map[int]bool{1: false, 2: true, 3: true, 4: false} {
		if got := r.wants(run(attempt, 0)); got != want {
			t.Errorf("attempt %d of 2 to 3: %v", attempt, got)
		}
	}
	if !r.wants(gone(1, 2)) || r.wants(gone(1, 1)) || !r.wants(gone(3, 9)) || r.wants(gone(4, 9)) {
		t.Error("attempts that are gone are asked for by the last of them")
	}
	if r.wants(Run{Attempt: 2, Container: "c", Kind: kubejob.Sidecar}) {
		t.Error("a sidecar that nobody asked for")
	}
	r.Container = "c"
	if r.wants(Run{Attempt: 2, Container: "d"}) || !r.wants(Run{Attempt: 2, Container: "c", Kind: kubejob.Sidecar}) {
		t.Error("one container was asked for")
	}
	r.markRead(run(2, 1))
	for restart, want := range map[int]bool{0: true, 1: false, 2: true} {
		if _, got := r.unread(run(restart+1, restart)); got != want {
			t.Errorf("restart %d after 1: unread %v", restart, got)
		}
	}
	if r.reached != 2 {
		t.Errorf("reached %d", r.reached)
	}
	several := Run{Attempt: 1, To: 5, Pod: "a", Container: "c", restart: 4}
	if got, ok := r.unread(several); !ok || got.Attempt != 3 {
		t.Errorf("of five attempts two were read: %+v, %v", got, ok)
	}
	several.restart, several.To = 1, 2
	if _, ok := r.unread(several); ok {
		t.Error("both were read")
	}
	for _, tt := range []struct {
		run    Run
		from   int
		unread bool
	}{{gone(1, 2), 0, false}, {gone(1, 4), 3, true}, {gone(3, 3), 3, true}, {gone(4, 4), 4, true}} {
		got, ok := r.unread(tt.run)
		if ok != tt.unread || ok && got.Attempt != tt.from {
			t.Errorf("%+v after attempt 2: %+v, %v", tt.run, got, ok)
		}
	}
}

// The attempts that were asked for are over if the last one began, and none waits or runs.
func TestSelectionOver(t *testing.T) {
	r := &Reader{first: 1, last: 2}
	for _, tt := range []struct {
		attempts int
		state    RunState
		want     bool
	}{{1, Ended, false}, {2, Ended, true}, {3, Ended, true}, {2, Running, false}, {2, Waiting, false}, {2, Gone, true}} {
		h := JobHistory{Attempts: tt.attempts, Runs: []Run{{Attempt: 2, Container: "c", State: tt.state}, {Attempt: 3, Container: "c", State: Running}}}
		if got := r.selectionOver(h); got != tt.want {
			t.Errorf("%d attempts, the last one %s: %v", tt.attempts, tt.state, got)
		}
	}
}

func TestPace(t *testing.T) {
	for _, tt := range []struct {
		run  Run
		want time.Duration
	}{
		{Run{State: Waiting, restarts: true}, 200 * time.Millisecond}, {Run{State: Waiting}, time.Second},
		{Run{State: Waiting, restarts: true, restart: 1}, time.Second}, {Run{State: Running, restarts: true}, time.Second},
	} {
		if got := (JobHistory{Runs: []Run{{State: Ended}, tt.run}}).pace(); got != tt.want {
			t.Errorf("%+v: %s", tt.run, got)
		}
	}
}

// Of many runs whose logs are gone the first are one.
func TestManyGone(t *testing.T) {
	pod := kubejob.Pod{Pod: &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "a"}}}
	for _, tt := range []struct {
		restarts int32
		role     kubejob.Role
		first    Run
		runs     int
	}{
		{11, kubejob.Main, Run{Attempt: 3, State: Gone}, 12},
		{12, kubejob.Main, Run{Attempt: 3, To: 13, State: Gone, restart: 10}, 3},
		{12, kubejob.Sidecar, Run{Attempt: 3, To: 3, State: Gone, restart: 10}, 3},
	} {
		pod.Containers = []kubejob.Container{{Name: "c", Role: tt.role, Status: corev1.ContainerStatus{Name: "c", RestartCount: tt.restarts}}}
		runs := runsOf(pod, 2)
		got := Run{Attempt: runs[0].Attempt, To: runs[0].To, State: runs[0].State, restart: runs[0].restart}
		last := runs[len(runs)-1]
		wantLast := 3
		if tt.role == kubejob.Main {
			wantLast += int(tt.restarts)
		}
		if got != tt.first || len(runs) != tt.runs || last.Attempt != wantLast || last.restart != int(tt.restarts) {
			t.Errorf("%d restarts of a %s: %+v, %d runs, the last %+v", tt.restarts, tt.role, got, len(runs), last)
		}
	}
	for lost, want := range map[int]string{2: "[1 0 a] [2 0 b]", 3: "[1 0 ] [2 0 a] [3 0 b]", 12: "12", 13: "[1 11 ] [12 0 a] [13 0 b]", 1: "[1 0 b]", 0: ""} {
		var got []string
		for _, r := range lostRuns(kubejob.Facts{Lost: lost}, []string{"a", "b"}) {
			got = append(got, fmt.Sprintf("[%d %d %s]", r.Attempt, r.To, r.Pod))
		}
		if text := strings.Join(got, " "); text != want && (want != "12" || len(got) != 12) {
			t.Errorf("%d lost: %s, want %s", lost, text, want)
		}
	}
}

func TestRetries(t *testing.T) {
	r := &runReader{Reader: &Reader{}}
	var pauses []string
	for range 8 {
		r.pauseLonger()
		pauses = append(pauses, r.retry.pause.String())
	}
	if diff := cmp.Diff([]string{"50ms", "100ms", "200ms", "400ms", "800ms", "1.6s", "2s", "2s"}, pauses); diff != "" {
		t.Errorf("pauses (-want +got):\n%s", diff)
	}
	for _, tt := range []struct {
		name   string
		follow bool
		is     retry
		c      connResult
		want   bool
		empty  int
	}{
		{"nothing, for the fourth time", false, retry{empty: 3}, connResult{cut: errCut}, false, 4},
		{"nothing, for the fifth time", false, retry{empty: 4}, connResult{cut: errCut}, true, 5},
		{"nothing, followed", true, retry{empty: 4}, connResult{cut: errCut}, false, 5},
		{"old lines", false, retry{empty: 4}, connResult{cut: errCut, old: 1}, false, 0},
		{"new lines", false, retry{empty: 4}, connResult{cut: errCut, fresh: 1}, false, 0},
		{"an end", false, retry{empty: 9, tries: 200}, connResult{}, false, 0},
		{"old lines many times", false, retry{tries: 127}, connResult{cut: errCut, old: 1}, false, 0},
		{"old lines too often", false, retry{tries: 128}, connResult{cut: errCut, old: 1}, true, 0},
	} {
		r := &runReader{Reader: &Reader{Options: Options{Follow: tt.follow}}, retry: tt.is}
		if got := r.inVain(tt.c); got != tt.want || r.retry.empty != tt.empty {
			t.Errorf("%s: %v, %d empty", tt.name, got, r.retry.empty)
		}
	}
}

// What an error of the API server means for the log of a run.
func TestOnError(t *testing.T) {
	resource := schema.GroupResource{Resource: "pods"}
	gone, forbidden := apierrors.NewNotFound(resource, "a"), apierrors.NewForbidden(resource, "a", errCut)
	for _, tt := range []struct {
		name   string
		follow bool
		state  RunState
		tries  int
		err    error
		want   error
		is     RunState
	}{
		{"forbidden", true, Running, 0, forbidden, forbidden, Running},
		{"not there yet", false, Ended, 4, gone, nil, Ended},
		{"not there", false, Ended, 5, gone, nil, Gone},
		{"not there yet, followed", true, Ended, 19, gone, nil, Ended},
		{"not there, followed", true, Ended, 20, gone, nil, Gone},
		{"not there while it runs", false, Running, 4, gone, nil, Running},
		{"not there while it runs, for the fifth time", false, Running, 5, gone, gone, Running},
		{"not there while it runs, followed", true, Running, 50, gone, nil, Running},
		{"cut, for the fifth time", false, Ended, 5, errCut, errCut, Ended},
		{"a node's error", false, Ended, 5, &nodeError{"x"}, nil, Gone},
	} {
		r := &runReader{Reader: &Reader{Options: Options{Follow: tt.follow}}, run: Run{State: tt.state}, retry: retry{tries: tt.tries}}
		if err := r.onError(tt.err); !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) || r.run.State != tt.is {
			t.Errorf("%s: %v, %s; want %v, %s", tt.name, err, r.run.State, tt.want, tt.is)
		}
	}
}

// When nothing is left to ask for.
func TestEnded(t *testing.T) {
	start := time.Unix(100, 0)
	for _, tt := range []struct {
		name   string
		follow bool
		asked  RunState
		reader runReader
		c      connResult
		want   bool
	}{
		{"followed, and running", true, Running, runReader{search: search{atEnd: true}}, connResult{found: true}, false},
		{"followed, and over", true, Ended, runReader{search: search{atEnd: true}}, connResult{found: true}, true},
		{"cut", false, Ended, runReader{search: search{atEnd: true}}, connResult{found: true, cut: errCut}, false},
		{"not known to be the end", false, Ended, runReader{}, connResult{found: true, old: 1}, false},
		{"the end", false, Ended, runReader{search: search{atEnd: true}}, connResult{found: true, old: 1}, true},
		{"new lines", false, Ended, runReader{search: search{atEnd: true}}, connResult{found: true, fresh: 1}, false},
		{"new lines of one that runs, from before", false, Running, runReader{mark: mark{last: lineMark{at: start.Add(-1)}}}, connResult{found: true, fresh: 1}, false},
		{"new lines of one that runs, from now", false, Running, runReader{mark: mark{last: lineMark{at: start}}}, connResult{found: true, fresh: 1}, true},
		{"nothing, for the fourth time", false, Ended, runReader{retry: retry{tries: 4}}, connResult{}, false},
		{"nothing, for the fifth time", false, Ended, runReader{retry: retry{tries: 5}}, connResult{}, true},
	} {
		r := &tt.reader
		r.Reader, r.start = &Reader{Options: Options{Follow: tt.follow}}, start
		if got := r.exhausted(Run{State: tt.asked}, tt.c); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

// The log of the run before is gone if nothing is in it, and all of it was asked for.
func TestMarkGone(t *testing.T) {
	for _, tt := range []struct {
		name    string
		options Options
		change  func(*runReader)
		c       connResult
		want    RunState
	}{
		{"nothing", Options{Tail: -1}, nil, connResult{}, Gone},
		{"some lines were asked for", Options{Tail: 0}, nil, connResult{}, Ended},
		{"some time was asked for", Options{Tail: -1, Since: 1}, nil, connResult{}, Ended},
		{"a time was asked for", Options{Tail: -1, SinceTime: time.Unix(1, 0)}, nil, connResult{}, Ended},
		{"something", Options{Tail: -1}, nil, connResult{old: 1}, Ended},
		{"it was read before", Options{Tail: -1}, func(r *runReader) { r.whole = true }, connResult{}, Ended},
		{"not the one before", Options{Tail: -1}, func(r *runReader) { r.run.previous = false }, connResult{}, Ended},
	} {
		r := &runReader{Reader: &Reader{Options: tt.options}, run: Run{State: Ended, previous: true}}
		if tt.change != nil {
			tt.change(r)
		}
		if r.markGone(tt.c); r.run.State != tt.want {
			t.Errorf("%s: %s", tt.name, r.run.State)
		}
	}
}

// Of a log that is gone it is said if some of it was read.
func TestMarkCut(t *testing.T) {
	some := mark{last: lineMark{at: time.Unix(1, 0)}}
	for _, tt := range []struct {
		name  string
		state RunState
		mark  mark
		want  string
	}{
		{"some of it", Gone, some, "removed, and the end of its log may be missing"},
		{"none of it", Gone, mark{}, "removed"},
		{"it is there", Ended, some, "removed"},
	} {
		r := &runReader{run: Run{State: tt.state, Reason: "removed"}, mark: tt.mark}
		if r.markCut(); r.run.Reason != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, r.run.Reason, tt.want)
		}
	}
}

// What is asked for leads to the position, once there is one.
func TestLogOptions(t *testing.T) {
	begun := time.Unix(1000, 0)
	at := func(second int64) lineMark { return lineMark{at: time.Unix(second, 0)} }
	for _, tt := range []struct {
		name    string
		options Options
		reader  runReader
		want    string
	}{
		{"all", Options{Tail: -1}, runReader{}, ""},
		{"no line", Options{}, runReader{}, "tail 0"},
		{"no line, of an empty log", Options{}, runReader{empty: true}, ""},
		{"the last", Options{Tail: 5}, runReader{}, "tail 5"},
		{"since a time", Options{Tail: -1, SinceTime: time.Unix(70, 0)}, runReader{}, "since 70"},
		{"for two seconds", Options{Tail: -1, Since: 2 * time.Second}, runReader{}, "for 2"},
		{"for a part of three", Options{Tail: -1, Since: 2*time.Second + 1}, runReader{}, "for 3"},
		{"behind a line, among the last", Options{Tail: -1}, runReader{mark: mark{last: at(50)}, search: search{tailSearch: tailSearch{lines: 32}}}, "tail 32"},
		{"behind a line, among all", Options{Tail: -1}, runReader{mark: mark{last: at(50)}}, "since 49"},
		{"behind half a line", Options{Tail: 3}, runReader{mark: mark{open: at(50)}, search: search{tailSearch: tailSearch{lines: 32}}}, "since 49"},
		{"behind half a line, and none was asked for", Options{}, runReader{mark: mark{open: at(50)}}, "since 49"},
		{"behind half of the first", Options{Tail: -1}, runReader{mark: mark{open: at(50)}}, ""},
		{"behind half a line that is older", Options{Tail: -1}, runReader{mark: mark{last: at(50), open: at(40)}}, "since 39"},
		{"behind half a line that is newer", Options{Tail: -1}, runReader{mark: mark{last: at(50), open: at(60)}}, "since 49"},
	} {
		r := &tt.reader
		r.Reader = &Reader{Options: tt.options, begun: begun, Now: func() time.Time { return begun }}
		o := r.options()
		got := ""
		if o.TailLines != nil {
			got += fmt.Sprintf("tail %d", *o.TailLines)
		}
		if o.SinceTime != nil {
			got += fmt.Sprintf("since %d", o.SinceTime.Unix())
		}
		if o.SinceSeconds != nil {
			got += fmt.Sprintf("for %d", *o.SinceSeconds)
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	r := &runReader{Reader: &Reader{Options: Options{Tail: -1, Since: time.Second}, begun: begun, Now: func() time.Time { return begun.Add(time.Minute) }}}
	if o := r.options(); *o.SinceSeconds != 61 {
		t.Errorf("a minute later: for %d", *o.SinceSeconds)
	}
	for _, tt := range [][3]int64{{5, 7, 5}, {7, 5, 5}, {0, 7, 7}, {5, 0, 5}, {5, 5, 5}} {
		of := func(second int64) time.Time {
			if second == 0 {
				return time.Time{}
			}
			return time.Unix(second, 0)
		}
		if got := earlier(of(tt[0]), of(tt[1])); !got.Equal(of(tt[2])) {
			t.Errorf("the earlier of %d and %d: %s", tt[0], tt[1], got)
		}
	}
}

// A line from after the end of a run is another run's, as far as ends are known.
func TestLinesAfterTheEnd(t *testing.T) {
	ended := time.Unix(100, 0)
	line := func(after time.Duration) Piece {
		return Piece{Stamp: []byte("x"), Time: ended.Add(after), Text: []byte("a\n")}
	}
	read := mark{last: lineMark{at: ended}}
	for _, tt := range []struct {
		name  string
		run   Run
		tries int
		piece Piece
		want  bool
	}{
		{"before the end", Run{State: Ended, restarts: true}, 0, line(-1), false},
		{"in its second", Run{State: Ended, restarts: true}, 0, line(1200 * time.Millisecond), false},
		{"after it", Run{State: Ended, restarts: true}, 0, line(1200*time.Millisecond + 1), true},
		{"after it, the end of a line", Run{State: Ended, restarts: true}, 0, Piece{Time: ended.Add(time.Hour)}, false},
		{"while it runs", Run{State: Running, restarts: true}, 0, line(time.Hour), false},
		{"never started again", Run{State: Ended}, 0, line(time.Hour), false},
		{"after twenty tries", Run{State: Ended, restarts: true}, 20, line(time.Hour), true},
		{"after more", Run{State: Ended, restarts: true}, 21, line(time.Hour), false},
	} {
		tt.run.EndedAt = ended
		r := &runReader{Reader: &Reader{}, run: tt.run, mark: read, retry: retry{tries: tt.tries}}
		if got := r.otherRun(t.Context(), tt.piece); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

// How to ask next follows from what a connection brought.
func TestNarrow(t *testing.T) {
	begin := newTailSearch()
	lines := func(n int) search { return search{tailSearch: tailSearch{lines: n}} }
	read := mark{last: lineMark{at: time.Unix(5, 0)}, same: 3}
	for _, tt := range []struct {
		name   string
		is     search
		mark   mark
		c      connResult
		want   search
		pauses bool
	}{
		{"another run's", lines(9), read, connResult{otherRun: true, fresh: 1}, lines(9), true},
		{"new lines, cut", lines(9), read, connResult{old: 4, fresh: 5, cut: errCut}, search{tailSearch: begin}, false},
		{"new lines, to the end", lines(9), read, connResult{old: 4, fresh: 5}, lines(5), false},
		{"new lines, to the end, none whole", lines(9), mark{}, connResult{old: 4, fresh: 5}, search{tailSearch: begin}, false},
		{"new lines, and more behind", lines(90), read, connResult{old: 4, fresh: 5}, lines(81 + 2), false},
		{"too few", lines(9), read, connResult{missing: true}, search{tailSearch: tailSearch{lines: 36, low: 9}}, false},
		{"all, and not there", lines(0), read, connResult{missing: true}, search{gap: true}, false},
		{"found among few", lines(5), read, connResult{found: true, old: 3}, search{tailSearch: tailSearch{lines: 5}, atEnd: true}, true},
		{"found among more", lines(6), read, connResult{found: true, old: 3}, lines(5), true},
		{"found, but newer lines were seen", search{tailSearch: tailSearch{lines: 6}, newer: true}, read, connResult{found: true, old: 3}, search{tailSearch: tailSearch{lines: 3, high: 6}, newer: true}, false},
		{"old lines, cut", lines(6), read, connResult{old: 3, cut: errCut}, search{tailSearch: tailSearch{lines: 3, high: 6}}, false},
		{"nothing, cut", lines(6), read, connResult{cut: errCut}, lines(6), true},
	} {
		r := &runReader{Reader: &Reader{}, search: tt.is, mark: tt.mark}
		r.narrow(tt.c)
		if r.search != tt.want || r.retry.pause > 0 != tt.pauses {
			t.Errorf("%s: %+v, pause %s; want %+v", tt.name, r.search, r.retry.pause, tt.want)
		}
	}
}

// A countedAPI counts how often events are asked for, and has an error for them.
type countedAPI struct {
	*node
	asked int
	err   error
}

func (c *countedAPI) Events(context.Context) ([]corev1.Event, error) {
	c.asked++
	return nil, c.err
}

// Events are asked for only if a pod is gone, and may be forbidden.
func TestEventsAreAskedForIfAPodIsGone(t *testing.T) {
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "events"}, "", errCut)
	for _, tt := range []struct {
		name   string
		failed int32
		err    error
		asked  int
		want   error
	}{
		{"no pod yet", 0, nil, 0, nil}, {"a pod that is gone", 1, nil, 1, nil}, {"events are forbidden", 1, forbidden, 1, nil}, {"no answer", 1, errCut, 1, errCut},
	} {
		api := &countedAPI{node: newNode(), err: tt.err}
		api.job.Status.Failed = tt.failed
		if _, err := Fetch(t.Context(), api); !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) || api.asked != tt.asked {
			t.Errorf("%s: asked %d times, %v", tt.name, api.asked, err)
		}
	}
}

// A flushedSink knows whether pieces came since it was flushed.
type flushedSink struct {
	*recorder
	pending bool
}

func (f *flushedSink) Piece(r Run, p Piece) error { f.pending = true; return f.recorder.Piece(r, p) }
func (f *flushedSink) Flush() error               { f.pending = false; return nil }

// What came is shown before the next line is waited for.
func TestASinkIsFlushedBeforeAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		node := newNode()
		pod := node.start("a", corev1.RestartPolicyNever)
		node.log(pod).write("one\n", "two\n")
		sink := &flushedSink{recorder: &recorder{}}
		reader := &Reader{API: node, Sink: sink, Now: time.Now, Options: Options{Follow: true, Tail: -1}}
		go func() {
			time.Sleep(5 * time.Second)
			synctest.Wait()
			if sink.pending || len(sink.script) != 3 {
				t.Errorf("not flushed: %q", sink.script)
			}
			node.change(func() { node.exit(pod, 0); node.finish(batchv1.JobComplete) })
		}()
		if _, err := reader.Read(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A stream is silent if a read waits for long, and not while none does.
func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p watchedStream
		if p.silent() {
			t.Error("silent, and nobody reads")
		}
		p.since.Store(time.Now().UnixNano())
		time.Sleep(quiet - 1)
		if p.silent() {
			t.Error("silent too early")
		}
		if time.Sleep(time.Nanosecond); !p.silent() {
			t.Error("not silent after ten seconds")
		}
	})
	for lines, want := range map[int]bool{0: false, 1: true} {
		r := &runReader{mark: mark{last: lineMark{at: time.Unix(5, 0)}}, search: search{tailSearch: tailSearch{lines: lines}}}
		if got := r.finder().part; got != want {
			t.Errorf("asked for %d lines: a part %v", lines, got)
		}
	}
}
