// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A terminal is as much of a VT100 as a Live assessment needs.
type terminal struct {
	lines  []string // all that was ever on it, the oldest first
	row    int      // of the cursor
	col    int
	width  int
	hidden bool
}

var sequence = regexp.MustCompile(`^\x1b\[(\??[0-9]*)([A-Za-z])`)

func (t *terminal) Write(text []byte) (int, error) {
	for rest := string(text); rest != ""; {
		if m := sequence.FindStringSubmatch(rest); m != nil {
			t.obey(m[2], m[1])
			rest = rest[len(m[0]):]
			continue
		}
		t.put(rest[0])
		rest = rest[1:]
	}
	return len(text), nil
}

func (t *terminal) obey(command, argument string) {
	switch command + argument {
	case "l?25", "h?25":
		t.hidden = command == "l"
	case "K2":
		t.lines[t.row] = ""
	case "J":
		t.lines = append(t.lines[:t.row], "")
	default:
		if n, err := strconv.Atoi(argument); command == "A" && err == nil {
			t.row = max(0, t.row-n)
		}
	}
}

func (t *terminal) put(c byte) {
	switch c {
	case '\r':
		t.col = 0
	case '\n':
		t.row, t.col = t.row+1, 0
	default:
		if t.col == t.width {
			t.row, t.col = t.row+1, 0
		}
		t.grow()
		t.lines[t.row] += string(c)
		t.col++
	}
	t.grow()
}

func (t *terminal) grow() {
	for len(t.lines) <= t.row {
		t.lines = append(t.lines, "")
	}
}

// narrow makes the terminal narrower, as those do that wrap what is on them.
func (t *terminal) narrow(width int) {
	var lines []string
	for _, line := range t.lines[:t.row] {
		for len(line) > width {
			lines, line = append(lines, line[:width]), line[width:]
		}
		lines = append(lines, line)
	}
	t.row, t.lines, t.width = len(lines), append(lines, ""), width
}

// Whatever is drawn one after the other, the screen has the last assessment, below
// what was there before, and nothing else.
func TestLiveLeavesNothingBehind(t *testing.T) {
	term := &terminal{width: 80, lines: []string{""}}
	fmt.Fprint(term, "$ kubectl tpe status --watch\n")
	live := NewLive(term)
	for i, text := range []string{"a\nbbb\nc\n", "a\n", "x\nyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\nz\n", "long again\n2\n3\n4\n", ""} {
		if i == 3 {
			term.narrow(12) // the assessment is wrapped now
		}
		if err := live.Draw(text, View{Width: term.width, Height: 24}); err != nil {
			t.Fatal(err)
		}
		want := append([]string{"$ kubectl tpe status --watch"}, strings.Split(strings.TrimSuffix(text, "\n"), "\n")...)
		if i >= 3 {
			want = append([]string{"$ kubectl tp", "e status --w", "atch"}, want[1:]...)
		}
		if diff := cmp.Diff(append(want, ""), term.lines); diff != "" {
			t.Errorf("after assessment %d (-want +got):\n%s", i, diff)
		}
		if term.hidden || term.col != 0 || term.row != len(term.lines)-1 {
			t.Errorf("after assessment %d the cursor is at %d,%d, hidden: %v", i, term.col, term.row, term.hidden)
		}
	}
}

// an assessment is clipped to the height, so that it never scrolls, and not drawn
// again while it is the same.
func TestLiveDrawsWhatChanged(t *testing.T) {
	var b bytes.Buffer
	live := NewLive(&b)
	draw := func(text string, width, height int) int {
		b.Reset()
		if err := live.Draw(text, View{Width: width, Height: height}); err != nil {
			t.Fatal(err)
		}
		return strings.Count(b.String(), "\n")
	}
	for i, step := range []struct {
		text          string
		width, height int
		want          int // lines written
	}{
		{"1\n2\n3\n4\n5\n", 80, 4, 3},
		{"1\n2\n3\n4\n5\n", 80, 4, 0},
		{"1\n2\n3\n4 changed below the screen\n5\n", 80, 4, 0},
		{"1\n2\n3\n4\n5\n6 is one more\n", 80, 4, 3},
		{"1\n2\n3\n4\n5\n", 81, 4, 3},
		{"1\n2\n3\n4\n5\n", 81, 10, 5},
		{"1\n2\n3\n4\n6\n", 81, 10, 5},
		{"a command that is too wide\n", 10, 10, 1},
	} {
		if got := draw(step.text, step.width, step.height); got != step.want {
			t.Errorf("step %d: %d lines written, want %d", i, got, step.want)
		}
		if more := strings.Count(step.text, "\n") - 2; step.height == 4 && b.Len() > 0 && !strings.Contains(b.String(), fmt.Sprintf("\x1b[2K2\n\x1b[2K… %d more lines\n", more)) {
			t.Errorf("step %d: %d lines are below the screen, and it is not said: %q", i, more, b.String())
		}
		if strings.Contains(b.String(), "too wide") {
			t.Errorf("step %d: wider than the screen: %q", i, b.String())
		}
	}
}

// A screen that was too small for the assessment has parts of it in its history,
// and brings them back when it grows: it is cleared then, and only then.
func TestLiveClearsAScreenThatWasTooSmall(t *testing.T) {
	var b bytes.Buffer
	live := NewLive(&b)
	for i, step := range []struct {
		width, height int
		clears        bool
	}{{80, 24, false}, {100, 24, false}, {80, 24, false}, {80, 4, true}, {80, 24, true}, {80, 24, false}} {
		b.Reset()
		if err := live.Draw(fmt.Sprintf("1\n2\n3\n4\n5\n%d\n", i), View{Width: step.width, Height: step.height}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(b.String(), home); got != step.clears {
			t.Errorf("step %d: cleared: %v, want %v", i, got, step.clears)
		}
	}
}

// What does not fit is left out in words that the terminal can show.
func TestLiveInASCII(t *testing.T) {
	for ascii, want := range map[bool][]string{true: {"the screen is...", "... 3 more lines"}, false: {"the screen is s…", "… 3 more lines"}} {
		var b strings.Builder
		if err := NewLive(&b).Draw("the screen is small\nb\nc\nd\n", View{Width: 16, Height: 3, ASCII: ascii}); err != nil {
			t.Fatal(err)
		}
		for _, line := range want {
			if !strings.Contains(b.String(), line+"\n") {
				t.Errorf("ASCII %v: no line %q in %q", ascii, line, b.String())
			}
		}
	}
}
