// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// However small a screen is, a redrawn assessment fits into it, and the verdict and a command
// are on it.
func TestWhatIsRedrawnFits(t *testing.T) {
	all := snapshots()
	all["many"] = many(100)
	step := 1
	if testing.Short() {
		step = 11
	}
	for name, s := range all {
		s.ObservedAt, s.Namespace = now, place.Namespace
		doc := NewStatus(place, s, verdict.Judge(s))
		list := NewEntryList(place, s, verdict.Judge(s))
		for height := 5; height <= 60; height += step {
			for _, width := range []int{20, 60, 80, 200} {
				v := View{Now: now, Width: width, Height: height, Redraw: true}
				for _, watched := range []Watched{doc, list} {
					text := redrawn(watched, &Format{}, v)
					what := fmt.Sprintf("%s, %T at %dx%d", name, watched, width, height)
					checkScreen(t, what, text, v)
					want := doc.word()
					if watched == list {
						want = string(list.Outcome)
					}
					if !strings.Contains("\n"+text, "\n"+want) {
						t.Errorf("%s: no verdict:\n%s", what, text)
					}
					if watched == doc && len(doc.Next()) > 0 && !strings.Contains(text, "\nNEXT\nkubectl ") {
						t.Errorf("%s: no command:\n%s", what, text)
					}
				}
			}
		}
	}
}

func checkScreen(t *testing.T, what, text string, v View) {
	t.Helper()
	if n := strings.Count(text, "\n"); n >= v.Height {
		t.Errorf("%s: %d lines:\n%s", what, n, text)
	}
	for line := range strings.Lines(text) {
		if w := runewidth.StringWidth(strings.TrimSuffix(line, "\n")); w > v.Width && !strings.HasPrefix(line, "kubectl ") {
			t.Errorf("%s: %d columns: %s", what, w, line)
		}
	}
}

// What does not fit is counted, and nothing is lost: what is shown and what is not are all.
func TestWhatIsLeftOutIsCounted(t *testing.T) {
	s := many(100)
	for i := range s.Assessment.Workloads { // no two are alike
		s.Assessment.Workloads[i].Reason = fmt.Sprintf("reason %d", i)
		s.Assessment.Workloads[i].Doing = fmt.Sprintf("reason %d", i)
	}
	doc := NewStatus(place, s, verdict.Judge(s))
	text := redrawn(doc, &Format{}, View{Now: now, Width: 200, Height: 40})
	for name, shown := range map[string]string{"workloads": `(?m)^deploy/`, "entries": `(?m)^\d+ +request-`, "jobs": `(?m)^twa-jrequest-`, "errors": `(?m)^ERROR`} {
		total := map[string]int{"workloads": 100, "entries": 100, "jobs": 100, "errors": 100}[name]
		m := regexp.MustCompile(`not shown: .*?(\d+) ` + name).FindStringSubmatch(text)
		if m == nil {
			t.Errorf("%s that are left out are not counted:\n%s", name, text)
			continue
		}
		left, _ := strconv.Atoi(m[1])
		if n := len(regexp.MustCompile(shown).FindAllString(text, -1)); n+left != total {
			t.Errorf("%d %s are shown and %d not, of %d:\n%s", n, name, left, total, text)
		}
	}
}

// Workloads that are alike are one row, which is true of each of them, and the wide screen and
// the document have all of them.
func TestGroups(t *testing.T) {
	deploy := func(name string, updated, want int32, reason, doing string) readiness.Workload {
		w := workload("Deployment", name, 1, updated, want, readiness.Progressing, reason)
		w.Doing, w.Since = doing, time.Time{}
		return w
	}
	crash := workload("Deployment", "wlogger", 0, 1, 1, readiness.Failed, "starting, wlogger in a crash loop")
	crash.Causes = []readiness.Cause{{Code: readiness.CrashLoop, Group: "wlogger in a crash loop", Permanent: true}}
	late := deploy("twa-dev", 0, 1, "rolling out, 0 of 1 pod updated", "rolling out")
	late.Since = ago(time.Hour)
	s := verdict.Snapshot{ObservedAt: now, Assessment: &readiness.Assessment{ObservedAt: now, Workloads: []readiness.Workload{
		deploy("locsolver", 0, 1, "rolling out, 0 of 1 pod updated", "rolling out"),
		deploy("lrc-proxy", 1, 2, "rolling out, 1 of 2 pods updated", "rolling out"),
		deploy("twa", 2, 2, "rolling out, 1 old pod terminating", "rolling out"),
		deploy("smp-tpe", 2, 2, "rolling out, 1 old pod terminating", "rolling out"),
		workload("Deployment", "pum", 1, 1, 1, readiness.Ready, ""),
		late, crash,
	}}}
	doc := NewStatus(place, s, verdict.Judge(s))
	var screen, wide, document bytes.Buffer
	for b, format := range map[*bytes.Buffer]string{&screen: "table", &wide: "wide", &document: "json"} {
		if err := Write(b, parse(t, format), doc, View{Now: now}); err != nil {
			t.Fatal(err)
		}
	}
	want := `NOT READY
WORKLOAD        READY  SINCE  WHY
deploy/wlogger  0/1    4m     starting, wlogger in a crash loop
deploy/twa-dev  1/1    60m    rolling out, 0 of 1 pod updated
2 Deployments   2/3    -      rolling out, 1 of 3 pods updated: lrc-proxy, locsolver
2 Deployments   2/4    -      rolling out, 1 old pod terminating each: twa, smp-tpe
`
	if !strings.Contains(screen.String(), want) {
		t.Errorf("want\n%s\nin\n%s", want, screen.String())
	}
	for _, w := range s.Assessment.Workloads {
		if !regexp.MustCompile(`(?m)^Deployment +` + w.Name + ` .*` + regexp.QuoteMeta(w.Reason)).MatchString(wide.String()) {
			t.Errorf("the wide screen lacks %s, %s:\n%s", w.Name, w.Reason, wide.String())
		}
		if !strings.Contains(document.String(), fmt.Sprintf(`"name": %q`, w.Name)) || !strings.Contains(document.String(), w.Reason) {
			t.Errorf("the document lacks %s, %s", w.Name, w.Reason)
		}
	}
}

// What is written once has everything; where that is higher than the screen, the verdict is said
// again above the commands.
func TestTheVerdictIsSaidAgain(t *testing.T) {
	s := snapshots()["pending"]
	s.ObservedAt, s.Namespace = now, place.Namespace
	doc := NewStatus(place, s, verdict.Judge(s))
	for height, want := range map[int]int{10: 2, 100: 1, 0: 1} {
		text := render(doc, &Format{}, View{Now: now, Width: 80, Height: height})
		if n := strings.Count(string(text), "\nPENDING "); n != want || strings.Contains(string(text), "not shown") {
			t.Errorf("on %d lines the verdict is said %d times:\n%s", height, n, text)
		}
	}
}

// A command that is too wide goes on before one of its flags, as a shell takes it.
func TestCommandsGoOn(t *testing.T) {
	s := screen{view: View{Width: 40, Continue: `\`}}
	got := strings.Join(s.commandLines("", "kubectl logs --previous smp-tpe-6d5cd57458 -c 'a -b' -n thingpark-enterprise"), "\n")
	want := "kubectl logs \\\n  --previous smp-tpe-6d5cd57458 \\\n  -c 'a -b' -n thingpark-enterprise"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	s.view.Continue = ""
	if got := s.commandLines("", "kubectl logs --previous smp-tpe-6d5cd57458 -c x -n thingpark-enterprise"); len(got) != 1 {
		t.Errorf("%q, want one line", got)
	}
}
