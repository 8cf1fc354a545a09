// SPDX-License-Identifier: Apache-2.0

package screen

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
	"github.com/kubectl-tpe/kubectl-tpe/test/recorded"
	"github.com/kubectl-tpe/kubectl-tpe/test/sim/upgrade"
)

var update = flag.Bool("update", false, "rewrite the golden files and the pictures")

// A moment is a snapshot, and for how long it has been waited for.
type moment struct {
	name     string
	snapshot verdict.Snapshot
	waiting  output.Waiting
}

func (m moment) status() *output.Status {
	place := output.Place{Context: "prod-eu", Namespace: m.snapshot.Namespace}
	return output.NewStatus(place, m.snapshot, verdict.Judge(m.snapshot)).While(m.waiting)
}

// minute is how much of the play is a minute of the upgrade.
const minute = time.Second

var began = time.Date(2026, 3, 14, 22, 10, 0, 0, time.UTC)

// played returns an upgrade, from its beginning to its end, at each moment of a number of seconds.
func played(t *testing.T, seed uint64, length, step time.Duration) []moment {
	t.Helper()
	s, err := upgrade.NewStill(began, 1.0/60, seed)
	if err != nil {
		t.Fatal(err)
	}
	var estimate verdict.Estimator
	var all []moment
	for at := step; at <= length; at += step {
		snapshot, err := s.Observe(at)
		if err != nil {
			t.Fatal(err)
		}
		estimate.Observe(&snapshot)
		all = append(all, moment{
			fmt.Sprintf("upgrade-%.0fm", snapshot.ObservedAt.Sub(began).Minutes()), snapshot,
			output.Waiting{Elapsed: snapshot.ObservedAt.Sub(began), Timeout: 30 * time.Minute, Note: "safe to interrupt", Left: estimate.Left()},
		})
	}
	return all
}

// moments are all that was recorded, and five moments of an upgrade.
func moments(t *testing.T) []moment {
	t.Helper()
	names, err := recorded.Names()
	if err != nil {
		t.Fatal(err)
	}
	var all []moment
	for _, name := range names {
		s, err := recorded.Snapshot(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, moment{name, s, output.Waiting{Elapsed: 95 * time.Second}})
	}
	recordings := len(all)
	for _, m := range played(t, 0, 20*minute, minute/2) {
		switch m.name {
		case "upgrade-2m", "upgrade-4m", "upgrade-7m", "upgrade-12m", "upgrade-20m":
			if len(all) == 0 || all[len(all)-1].name != m.name {
				all = append(all, m)
			}
		}
	}
	if n := len(all) - recordings; n != 5 {
		t.Fatalf("%d moments of an upgrade, want 5", n)
	}
	return all
}

// On a terminal of any size nothing wraps, and the verdict and a command are on it.
func TestScreens(t *testing.T) {
	verdictLine := regexp.MustCompile(`(?m)^(DONE|PENDING|FAILED|UNKNOWN|FORBIDDEN) `)
	for _, m := range moments(t) {
		var all strings.Builder
		for _, size := range [][2]int{{80, 24}, {100, 30}, {200, 50}} {
			s := New(size[0], size[1])
			v := output.View{Now: m.snapshot.ObservedAt, Width: size[0], Height: size[1], Terminal: true, Redraw: true, Color: true, Continue: `\`}
			if err := output.NewStream(s, &output.Format{}).Show(m.status(), v); err != nil {
				t.Fatal(err)
			}
			text := s.String()
			what := fmt.Sprintf("%s at %dx%d", m.name, size[0], size[1])
			if lines := s.Wrapped(); len(lines) > 0 {
				t.Errorf("%s: lines %v wrap:\n%s", what, lines, text)
			}
			if !verdictLine.MatchString(text) {
				t.Errorf("%s: no verdict:\n%s", what, text)
			}
			if cut := cutThough(text, size[1]); cut != "" {
				t.Errorf("%s: it is cut, and there is room: %s\n%s", what, cut, text)
			}
			if m.status().Outcome != verdict.OutcomeDone && !next.MatchString(text) {
				t.Errorf("%s: no command:\n%s", what, text)
			}
			if m.waiting != (output.Waiting{}) && strings.Contains(text, "kubectl tpe wait") {
				t.Errorf("%s: who waits is told to wait:\n%s", what, text)
			}
			fmt.Fprintf(&all, "-- %dx%d --\n%s", size[0], size[1], text)
		}
		golden(t, filepath.Join("testdata", m.name+".golden"), all.String())
	}
}

// Where the locale is not UTF-8, the same is redrawn in ASCII, and nothing wraps either.
func TestScreensInASCII(t *testing.T) {
	for _, m := range moments(t) {
		for _, size := range [][2]int{{40, 10}, {80, 24}, {100, 30}} {
			s := New(size[0], size[1])
			v := output.View{Now: m.snapshot.ObservedAt, Width: size[0], Height: size[1], Terminal: true, Redraw: true, ASCII: true}
			if err := output.NewStream(s, &output.Format{}).Show(m.status(), v); err != nil {
				t.Fatal(err)
			}
			text := s.String()
			if at := strings.IndexFunc(text, func(r rune) bool { return r >= 0x80 }); at >= 0 || len(s.Wrapped()) > 0 {
				t.Errorf("%s at %dx%d: not ASCII at %d, lines %v wrap:\n%s", m.name, size[0], size[1], at, s.Wrapped(), text)
			}
		}
	}
}

// cutThough returns a line that is cut although the verdict always fits, or although the screen
// has lines left. Names and details may be cut.
func cutThough(text string, height int) string {
	room := strings.Count(text, "\n") < height-3
	for line := range strings.Lines(text) {
		verdict := regexp.MustCompile(`^(DONE|PENDING|FAILED|UNKNOWN|FORBIDDEN) `).MatchString(line)
		if (verdict || room && !strings.HasPrefix(line, " ")) && strings.HasSuffix(line, "…\n") {
			return line
		}
	}
	return ""
}

// Where nothing may be redrawn, and for readers of screens, the same moments are sentences in
// their order, in ASCII, without bars.
func TestSentences(t *testing.T) {
	var b strings.Builder
	progress := output.NewWaitProgress(&b)
	for _, m := range played(t, 0, 20*minute, minute/2) {
		if err := progress.Show(m.status(), output.View{Now: m.snapshot.ObservedAt, ASCII: true, Terminal: true, Width: 80, Height: 24}, m.waiting); err != nil {
			t.Fatal(err)
		}
	}
	for line := range strings.Lines(b.String()) {
		if !regexp.MustCompile(`^\d\d:\d\d:\d\d  [ -~]+\n$`).MatchString(line) || strings.Contains(line, "##") {
			t.Errorf("no sentence: %q", line)
		}
	}
	golden(t, filepath.Join("testdata", "accessible.golden"), b.String())
}

// Of all moments a reader of screens gets the verdict first and the commands last, in ASCII, with
// nothing that is redrawn and no bar.
func TestAccessibleScreens(t *testing.T) {
	inOrder := regexp.MustCompile(`(?s)^[ -~\n]+\n\n(DONE|(PENDING|FAILED|UNKNOWN|FORBIDDEN) .*\nNEXT\n(kubectl|helm)) `)
	for _, m := range moments(t) {
		var b strings.Builder
		v := output.View{Now: m.snapshot.ObservedAt, Width: 80, Height: 24, Terminal: true, ASCII: true}
		if err := output.Write(&b, &output.Format{}, m.status(), v); err != nil {
			t.Fatal(err)
		}
		if bad := regexp.MustCompile(`[^ -~\n]|##`).FindString(b.String()); bad != "" || !inOrder.MatchString(b.String()) {
			t.Errorf("%s has %q, or no verdict, or no command behind it:\n%s", m.name, bad, b.String())
		}
	}
}

// From its beginning to its end a wait leaves nothing on the screen but its answer, whatever
// happens to the size.
func TestNothingIsLeftBehind(t *testing.T) {
	s := New(80, 24)
	fmt.Fprint(s, "$ kubectl tpe wait\n")
	progress := output.NewWaitProgress(s)
	v := output.View{Width: 80, Height: 24, Terminal: true, Redraw: true, Color: true}
	for _, m := range played(t, 0, 20*minute, minute) {
		v.Now = m.snapshot.ObservedAt
		if err := progress.Show(m.status(), v, m.waiting); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(s.String(), "PENDING") + strings.Count(s.String(), "FAILED  "); n > 1 {
			t.Errorf("%s: %d verdicts:\n%s", m.name, n, s.String())
		}
	}
	if err := progress.Clear(v); err != nil {
		t.Fatal(err)
	}
	if text := strings.TrimSpace(s.String()); text != "" && text != "$ kubectl tpe wait" {
		t.Errorf("left behind:\n%s", text)
	}
}

// next is how the commands to copy begin on a screen.
var next = regexp.MustCompile(`\nNEXT\n(kubectl|helm) `)

// The pictures of the documentation are what the program writes.
func TestPictures(t *testing.T) {
	const width, height = 80, 26
	view := func(m moment) output.View {
		return output.View{Now: m.snapshot.ObservedAt, Width: width, Height: height, Terminal: true, Redraw: true, Color: true, Continue: `\`}
	}
	all := played(t, 0, 20*minute, minute/2)
	still := all[13]
	for name, theme := range Themes() {
		s := New(width, height)
		if err := output.NewStream(s, &output.Format{}).Show(still.status(), view(still)); err != nil {
			t.Fatal(err)
		}
		golden(t, filepath.Join("..", "..", "docs", "img", "upgrade-"+name+".svg"), s.SVG(theme, "kubectl tpe status --watch in the middle of an upgrade", 0, s.Picture(theme)))
	}

	theme := Themes()["dark"]
	s := New(width, height)
	progress := output.NewWaitProgress(s)
	var frames []string
	var last moment
	for _, m := range played(t, 1, 40*minute, minute) {
		last = m
		if m.status().Outcome == verdict.OutcomeDone && len(frames) > 5 {
			break
		}
		if err := progress.Show(m.status(), view(m), m.waiting); err != nil {
			t.Fatal(err)
		}
		frames = append(frames, s.Picture(theme))
	}
	if err := progress.Clear(view(last)); err != nil {
		t.Fatal(err)
	}
	v := view(last)
	v.Redraw = false
	if err := output.Write(s, &output.Format{}, last.status(), v); err != nil {
		t.Fatal(err)
	}
	end := s.Picture(theme)
	animated := s.SVG(theme, "kubectl tpe wait, from the beginning of an upgrade to its end", 0.8, append(frames, end, end, end)...)
	if len(animated) > 300_000 {
		t.Errorf("%d bytes", len(animated))
	}
	golden(t, filepath.Join("..", "..", "docs", "img", "wait.svg"), animated)
}

// The emulator is for tests, and no part of the plugin.
func TestNoEmulatorInThePlugin(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "github.com/kubectl-tpe/kubectl-tpe/cmd/kubectl-tpe").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if strings.Contains(string(out), "vt10x") || !strings.Contains(string(out), "pkg/output") {
		t.Errorf("the plugin depends on:\n%s", out)
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
