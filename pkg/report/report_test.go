// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/joshdk/go-junit"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	gmtext "github.com/yuin/goldmark/text"
	"golang.org/x/net/html"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/command"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
	"github.com/kubectl-tpe/kubectl-tpe/test/cost"
)

// hostile are texts that a pod, a chart or a person may write, each with a word to find it by.
func hostile() []string {
	return []string{
		`h0 <script>alert(1)</script>`, `h1 "><img src=x onerror=alert(1)>`, `h2 ]]><failure message="x"/>`, "h3 \x1b[2J\x00\x07 ctl", "h4 \u202egpj.exe\u2066 rtl",
		"h5 **bold** _em_ `code` ~~s~~", "h6 [link](http://evil.example/) ![img](http://evil.example/p.png)", "h7 | cell | cell", "h8\n## heading\n- list\n```",
		"h9 https://evil.example/ www.evil.example me@evil.example @team #12", "1. list h10", "- list h11", "h12 <!-- --> &lt;b&gt; &copy; \\", "h13 ';}</style><style>", "h14 $x$ :smile: </title>",
		"h15 \xff\xfe broken", "h16 ``` ```` %%{init}%% ; : #", "> quote h17", "# head h18", "h19 <a href=javascript:alert(1)>",
	}
}

// hostileInput has a text in every field that a pod or a person can set.
func hostileInput(x string) Input {
	at := after(10 * minute)
	s := verdict.Snapshot{
		ObservedAt: at, PUM: "pum",
		Assessment: &readiness.Assessment{
			Workloads: []readiness.Workload{{Kind: "Deployment", Name: "tp-gui" + x, Want: 2, State: readiness.Failed, Reason: x, Since: begin, Strategy: x}},
			Jobs:      []readiness.Job{{Name: "job" + x, State: readiness.JobFailed, Reason: x, Attempts: 3, StartedAt: begin, FinishedAt: at}},
		},
		Answer: &pum.Answer{Entries: []pum.Entry{
			{UID: 1, State: pum.State(x), RequestID: &x, ServiceID: &x, Scope: &x, LastResponse: &x, CreationTimestamp: &x, StateTimestamp: &x},
			{UID: 2, State: pum.StateAborted, Final: true, RequestID: &x, LastResponse: &x, Response: &pum.Response{Message: &x}},
		}},
		Releases: &verdict.Releases{Items: []release.Release{{Name: x, Chart: x, Version: x, Want: "1", AppVersion: x, Status: x, Said: x, Problem: x, UpdatedAt: begin}}},
	}
	s.Releases.State, s.Releases.TPE = release.Mismatch, []string{x}
	v := verdict.Judge(s)
	v.Findings = append(v.Findings, verdict.Finding{
		Code: "TPE999", Level: verdict.LevelWarning, Since: begin, Summary: x, Detail: "detail " + x, Impact: x,
		Objects: []verdict.Object{{Kind: "Pod", Name: x}}, Next: []string{"kubectl " + x},
	})
	timeline := &Timeline{}
	first := s
	first.ObservedAt = begin
	timeline.Add(first, v)
	s.Assessment = &readiness.Assessment{Workloads: slices.Clone(s.Assessment.Workloads), Jobs: slices.Clone(s.Assessment.Jobs)}
	s.Assessment.Jobs[0].State = readiness.JobRunning
	timeline.MaxGap = -1
	timeline.Add(s, v)
	return Input{
		Place: output.Place{Namespace: x, Context: x, From: &output.From{Path: x, Kind: x}}, Snapshot: s, Verdict: v, Timeline: timeline,
		From: []string{x}, Account: x, Server: x, Ended: x, Version: x,
	}
}

type writable interface {
	Write(w io.Writer, f Format) error
}

// ofEach tests reports of one installation, and those of several.
func ofEach(t *testing.T, test func(t *testing.T, of func(Input) writable)) {
	t.Run("one", func(t *testing.T) { test(t, func(in Input) writable { return New(in) }) })
	t.Run("several", func(t *testing.T) { test(t, func(in Input) writable { return several(in, in) }) })
}

// several is a report of several installations.
func several(inputs ...Input) *List {
	var docs []*output.Status
	var reports []*Report
	for _, in := range inputs {
		docs, reports = append(docs, output.NewStatus(in.Place, in.Snapshot, in.Verdict)), append(reports, New(in))
	}
	return NewList(output.NewStatusList(begin, docs, make([]command.Where, len(docs))), reports)
}

// A report of several begins with the gravest, and has the suites of each under its name.
func TestSeveral(t *testing.T) {
	var inputs []Input
	all := situations()
	for _, name := range []string{"ready", "pending", "aborted", "blind"} {
		inputs = append(inputs, Input{Place: output.Place{Context: name, Namespace: "tpe"}, Snapshot: all[name], Verdict: verdict.Judge(all[name])})
	}
	l := several(inputs...)
	for _, format := range []Format{HTML, Markdown} {
		text, from := written(t, l, format), 0
		for _, says := range []string{"1 failed, 1 unknown, 1 pending, 1 done", "aborted: ThingPark", "blind: ThingPark", "pending: ThingPark", "ready: ThingPark"} {
			at := strings.Index(text[from:], says)
			if at < 0 {
				t.Errorf("%s: no %q behind the others:\n%s", format, says, text)
				continue
			}
			from += at
		}
	}
	suites, err := junit.Ingest([]byte(written(t, l, JUnit)))
	must(t, err)
	bad := map[string]int{}
	for _, s := range suites {
		name, _, _ := strings.Cut(s.Name, ": ")
		bad[name] += s.Totals.Failed + s.Totals.Error
		for _, c := range s.Tests {
			if !strings.HasPrefix(c.Classname, "tpe."+name+".") {
				t.Errorf("%s: class %s", s.Name, c.Classname)
			}
		}
	}
	if len(suites) != 20 || bad["ready"] != 0 || bad["pending"] == 0 || bad["aborted"] == 0 || bad["blind"] == 0 {
		t.Errorf("%d suites, failures and errors: %v", len(suites), bad)
	}
}

// However many there are, a summary is short, and its table has the gravest.
func TestManyInstallations(t *testing.T) {
	all := situations()
	var inputs []Input
	for i := range 200 {
		inputs = append(inputs, Input{Place: output.Place{Context: fmt.Sprintf("good-%d", i)}, Snapshot: all["ready"], Verdict: verdict.Judge(all["ready"])})
	}
	inputs = append(inputs, Input{Place: output.Place{Context: "bad"}, Snapshot: all["aborted"], Verdict: verdict.Judge(all["aborted"])})
	sheet := written(t, several(inputs...), Markdown)
	if len(sheet) > MostMarkdown || !strings.Contains(sheet, "| --- | --- | --- | --- | --- |\n| bad | ❌ FAILED ") {
		t.Errorf("%d bytes:\n%.2000s", len(sheet), sheet)
	}
}

// shown is how a text is shown: what does not print as an escape.
func shown(x string) string { return output.Line(x) }

// plain reports what in a text does not print, line breaks and tabs of the format aside.
func unprintable(text string) string {
	for _, c := range text {
		if !unicode.IsPrint(c) && c != '\n' && c != '\t' {
			return fmt.Sprintf("%U", c)
		}
	}
	return ""
}

// harmless are the elements of a page, and their attributes.
var harmless = map[string]string{
	"html": "lang", "head": "", "meta": "charset http-equiv content name", "title": "", "style": "", "body": "",
	"main": "", "header": "class", "footer": "", "section": "class", "article": "class", "div": "class tabindex role aria-label", "h1": "", "h2": "", "h3": "",
	"p": "class", "span": "class", "small": "", "b": "", "bdi": "", "br": "", "dl": "class", "dt": "", "dd": "", "ul": "class", "li": "class", "pre": "",
	"details": "", "summary": "", "time": "datetime", "table": "class", "thead": "", "tbody": "", "tr": "", "th": "scope", "td": "",
	"svg": "class viewbox role aria-label aria-hidden width height", "defs": "", "g": "class transform", "text": "class x y text-anchor",
	"pattern": "id width height patternunits patterntransform", "rect": "class x y width height rx fill", "circle": "class cx cy r",
	"path": "class d fill stroke stroke-width stroke-linecap stroke-linejoin",
}

func TestHostileTextInAPage(t *testing.T) {
	ofEach(t, func(t *testing.T, of func(Input) writable) {
		for _, x := range hostile() {
			page := written(t, of(hostileInput(x)), HTML)
			if bad := unprintable(page); bad != "" {
				t.Errorf("%q: %s in the page", x, bad)
			}
			root, err := html.Parse(strings.NewReader(page))
			if err != nil {
				t.Fatal(err)
			}
			var said strings.Builder
			elements := map[string]int{}
			for n := range root.Descendants() {
				switch n.Type {
				case html.TextNode:
					said.WriteString(n.Data + "\n")
				case html.CommentNode:
					t.Errorf("%q: a comment", x)
				case html.ElementNode:
					allowed, ok := harmless[n.Data]
					elements[n.Data]++
					for _, a := range n.Attr {
						ok = ok && slices.Contains(strings.Fields(allowed), strings.ToLower(a.Key)) && (a.Key != "fill" || a.Val == "none" || strings.HasPrefix(a.Val, "url(#p-"))
					}
					if !ok {
						t.Errorf("%q: <%s %v>", x, n.Data, n.Attr)
					}
				}
			}
			if elements["style"] != 1 || elements["html"] != 1 {
				t.Errorf("%q: %v", x, elements)
			}
			if n := strings.Count(said.String(), shown(x)); n < 12 {
				t.Errorf("%q is shown %d times", x, n)
			}
		}
	})
}

// The page asks for nothing, and says so to the browser.
func TestAPageIsAlone(t *testing.T) {
	page := written(t, New(hostileInput("x")), HTML)
	for _, never := range []string{"<script", "<link", "<img", "<iframe", "src=", "href=", "@import", "style=", "http://"} {
		if strings.Contains(page, never) {
			t.Errorf("the page has %s", never)
		}
	}
	if !strings.Contains(page, `http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; style-src &#39;sha256-`) {
		t.Error("no policy")
	}
	if strings.Contains(style, "url(") {
		t.Error("the style asks for something")
	}
}

// The sample of the documentation is a page as it is made today: make sample writes it.
func TestTheSampleIsOfToday(t *testing.T) {
	text, err := os.ReadFile("../../docs/sample-report.html")
	must(t, err)
	if !strings.Contains(string(text), style) {
		t.Error("the sample has another style")
	}
	if !strings.Contains(string(text), "<bdi>1 entry aborted, 42 of 42 workloads ready, 5 of 5 entries final</bdi>") {
		t.Error("the sample has another verdict than status")
	}
}

// Whatever the text, GitHub's grammar finds in it nothing but text: no link, no picture, no
// markup but that of the report.
func TestHostileTextInMarkdown(t *testing.T) {
	ofEach(t, func(t *testing.T, of func(Input) writable) {
		parser := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser()
		shape := func(x string) (blocks map[string]int, said string) {
			source := []byte(written(t, of(hostileInput(x)), Markdown))
			if bad := unprintable(string(source)); bad != "" && bad != "U+FE0F" { // part of a sign
				t.Errorf("%q: %s in the summary", x, bad)
			}
			blocks = map[string]int{}
			var b strings.Builder
			must(t, ast.Walk(parser.Parse(gmtext.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
				if !entering {
					if n.Type() == ast.TypeBlock {
						b.WriteString("\n")
					}
					return ast.WalkContinue, nil
				}
				switch n := n.(type) {
				case *ast.Text:
					b.Write(unescaped(n.Segment.Value(source)))
					return ast.WalkContinue, nil
				case *ast.RawHTML:
					if raw := string(n.Segments.Value(source)); raw != "<!-- -->" {
						t.Errorf("%q: %s", x, raw)
					}
					return ast.WalkContinue, nil
				case *ast.FencedCodeBlock:
					b.Write(n.Lines().Value(source))
				}
				blocks[n.Kind().String()]++
				return ast.WalkContinue, nil
			}))
			return blocks, b.String()
		}
		want, _ := shape("harmless")
		for _, x := range hostile() {
			have, said := shape(x)
			if fmt.Sprint(have) != fmt.Sprint(want) {
				t.Errorf("%q makes %v\nof %v", x, have, want)
			}
			if n := strings.Count(said, strings.TrimSpace(shown(x))); n < 8 {
				t.Errorf("%q is shown %d times:\n%s", x, n, said)
			}
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// unescaped is a text node without its backslashes.
func unescaped(b []byte) []byte {
	var plain []byte
	for i := 0; i < len(b); i++ {
		if b[i] == '\\' && i+1 < len(b) && strings.ContainsRune("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", rune(b[i+1])) {
			i++
		}
		plain = append(plain, b[i])
	}
	return plain
}

func TestHostileTextInJUnit(t *testing.T) {
	ofEach(t, func(t *testing.T, of func(Input) writable) {
		count := 0
		for i, x := range append([]string{"harmless"}, hostile()...) {
			text := written(t, of(hostileInput(x)), JUnit)
			if bad := unprintable(text); bad != "" {
				t.Errorf("%q: %s in the file", x, bad)
			}
			suites, err := junit.Ingest([]byte(text))
			if err != nil {
				t.Fatalf("%q: %v\n%s", x, err, text)
			}
			n, said := 0, ""
			for _, s := range suites {
				for _, c := range s.Tests {
					n++
					said += c.Name + "\n"
					if c.Error != nil {
						said += c.Error.Error() + "\n"
					}
					said += c.Message + "\n"
				}
			}
			if i == 0 {
				count = n
			}
			if n != count {
				t.Errorf("%q: %d tests, want %d", x, n, count)
			}
			if k := strings.Count(said, strings.TrimSpace(shown(x))); k < 6 {
				t.Errorf("%q is shown %d times:\n%s", x, k, said)
			}
		}
	})
}

// situations are snapshots of all outcomes, with what their suites must have.
func situations() map[string]verdict.Snapshot {
	ready := shot(0, true)
	pending, silent, blind, none := shot(0, false), shot(0, true), shot(0, true), shot(0, true)
	silent.Answer, silent.AnswerErr = nil, pum.ErrNoAnswer
	blind.Assessment, blind.AssessmentErr = nil, errors.New("connection refused")
	none.Answer = &pum.Answer{}
	aborted, unknown, job := shot(0, true), shot(0, true), shot(0, true)
	aborted.Answer.Entries[0].State = pum.StateAborted
	unknown.Answer.Entries[0].State, unknown.Answer.Entries[0].Final = "NEW", false
	job.Assessment.Jobs = []readiness.Job{{Name: "db-manager", State: readiness.JobFailed, FinishedAt: begin}}
	hidden := shot(0, true)
	hidden.Assessment = &readiness.Assessment{Gaps: []readiness.Gap{{Kind: "Deployment", Reason: readiness.ReadFailed, Err: errors.New("timeout")}, {Kind: "Job", Reason: readiness.ReadFailed, Err: errors.New("timeout")}}}
	mixed, deployed := shot(0, true), shot(0, true)
	mixed.Releases = &verdict.Releases{Items: []release.Release{{Name: "tpe", Chart: "thingpark-enterprise", Version: "1", Want: "2", Status: "deployed"}}}
	mixed.Releases.State, mixed.Releases.Odd = release.Mismatch, []string{"tpe"}
	deployed.Releases = &verdict.Releases{Items: []release.Release{{Name: "tpe", Chart: "thingpark-enterprise", Version: "2", Want: "2", Status: "deployed", Of: []string{"8.0.0"}}}}
	deployed.Releases.State, deployed.Releases.TPE = release.Consistent, []string{"8.0.0"}
	return map[string]verdict.Snapshot{
		"ready": ready, "pending": pending, "silent": silent, "blind": blind, "none": none, "aborted": aborted,
		"unknown": unknown, "job": job, "hidden": hidden, "mixed": mixed, "deployed": deployed, "nothing": {ObservedAt: begin, AssessmentErr: errors.New("connection refused"), AnswerErr: errors.New("connection refused")},
	}
}

// A pipeline is green exactly if the exit code is 0: what is not known is no success.
func TestJUnitIsGreenExactlyIfDone(t *testing.T) {
	for name, s := range situations() {
		for _, code := range []verdict.ExitCode{-1, verdict.ExitTimeout, verdict.ExitInterrupted, verdict.ExitWarnings} {
			v := verdict.Judge(s)
			if code >= 0 {
				v.ExitCode = code
			}
			suites, err := junit.Ingest([]byte(written(t, New(Input{Snapshot: s, Verdict: v}), JUnit)))
			if err != nil {
				t.Fatal(err)
			}
			bad := 0
			for _, suite := range suites {
				bad += suite.Totals.Failed + suite.Totals.Error
			}
			if (bad == 0) != (v.ExitCode == verdict.ExitDone) {
				t.Errorf("%s: exit code %d, and %d failures and errors", name, v.ExitCode, bad)
			}
			if len(suites) != 5 {
				t.Errorf("%s: %d suites", name, len(suites))
			}
		}
	}
}

// What a part could not be read for is an error in its own suite.
func TestJUnitSaysWhichPartIsUnknown(t *testing.T) {
	all := situations()
	for name, want := range map[string]string{"silent": "entries", "blind": "workloads", "hidden": "jobs"} {
		s := all[name]
		text := written(t, New(Input{Snapshot: s, Verdict: verdict.Judge(s)}), JUnit)
		if !strings.Contains(text, `<error message="`+want+` are unknown" type="unknown">`) {
			t.Errorf("%s: no error for %s:\n%s", name, want, text)
		}
	}
}

// A report is there whatever is known, and its page says the outcome.
func TestEveryOutcomeIsWritten(t *testing.T) {
	for name, s := range situations() {
		v := verdict.Judge(s)
		r := New(Input{Snapshot: s, Verdict: v})
		if page := written(t, r, HTML); !strings.Contains(page, strings.ToUpper(string(v.Outcome))+"</span>") || strings.Contains(page, "Timeline") {
			t.Errorf("%s: the page does not say %s, or has a timeline of one moment", name, v.Outcome)
		}
		if sheet := written(t, r, Markdown); !strings.Contains(sheet, strings.ToUpper(string(v.Outcome))) {
			t.Errorf("%s: %s", name, sheet)
		}
	}
}

// many is an upgrade of n workloads and twice as many entries, all of which change.
func many(n int) Input {
	timeline := &Timeline{}
	var s verdict.Snapshot
	reason := strings.Repeat("waiting for a very long time ", 20)
	for step := range 5 {
		s = verdict.Snapshot{ObservedAt: after(time.Duration(step) * minute), Assessment: &readiness.Assessment{}, Answer: &pum.Answer{}}
		for i := range n {
			w := readiness.Workload{Kind: "Deployment", Name: fmt.Sprintf("workload-with-a-long-name-%d", i), Want: 2, Ready: 1, State: readiness.Progressing, Reason: reason}
			if (i+step)%3 == 0 {
				w.State, w.Ready = readiness.Ready, 2
			}
			s.Assessment.Workloads = append(s.Assessment.Workloads, w)
		}
		for i := range 2 * n {
			e := pum.Entry{UID: int64(i), State: pum.StateProcessed, Final: true, RequestID: new(fmt.Sprintf("RDTP-%d-a-request-with-a-long-name", i)), ServiceID: new("TWA")}
			if (i+step)%2 == 0 {
				e.State, e.Final = pum.StatePartiallyProcessed, false
				e.LastResponse = &reason
			}
			s.Answer.Entries = append(s.Answer.Entries, e)
		}
		timeline.Add(s, verdict.Verdict{Outcome: verdict.OutcomePending})
	}
	return Input{Snapshot: s, Verdict: verdict.Verdict{Outcome: verdict.OutcomePending, ExitCode: verdict.ExitPending}, Timeline: timeline}
}

// 5,000 workloads and 10,000 entries are a page of 5 MB, made within 2 s, and a short summary, and
// what that takes grows with their number.
func TestManyOfAll(t *testing.T) {
	var page, sheet bytes.Buffer
	n := 5000
	if testing.Short() {
		n = 500
	}
	in := many(n)
	r := New(in)
	must(t, r.Write(&page, HTML))
	must(t, r.Write(&sheet, Markdown))
	if page.Len() > 5e6 || sheet.Len() > MostMarkdown {
		t.Errorf("the page has %d bytes, the summary %d", page.Len(), sheet.Len())
	}
	cost.Within(t, 2*time.Second, func() { must(t, New(in).Write(io.Discard, HTML)) })
	cost.Linear(t, 100, 2000, func(n int) func() {
		in := many(n)
		return func() {
			r := New(in)
			for _, f := range Formats() {
				must(t, r.Write(io.Discard, Format(f)))
			}
		}
	})
}

// However long the texts are, a summary stays short and its blocks are closed.
func TestMarkdownIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("five megabytes take long")
	}
	in := hostileInput("x")
	for range 100 {
		in.Verdict.Findings = append(in.Verdict.Findings, verdict.Finding{Code: "TPE101", Level: verdict.LevelError, Summary: strings.Repeat("@", 5000), Detail: strings.Repeat("@", 50_000), Next: []string{strings.Repeat("`", 5000)}})
	}
	sheet := written(t, New(in), Markdown)
	if len(sheet) > MostMarkdown || !strings.HasSuffix(sheet, "\nToo long for a summary; the rest is left out.\n") {
		t.Errorf("%d bytes, ending in %q", len(sheet), sheet[len(sheet)-100:])
	}
}
