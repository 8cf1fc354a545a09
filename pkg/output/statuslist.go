// SPDX-License-Identifier: Apache-2.0

package output

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/command"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// A StatusList is the document of the commands status and wait for several installations, and
// what report is about.
type StatusList struct {
	metav1.TypeMeta `json:",inline"`
	ObservedAt      time.Time        `json:"observedAt"` // when the last of them was
	Outcome         verdict.Outcome  `json:"outcome"`    // of the one whose exit code decides
	ExitCode        verdict.ExitCode `json:"exitCode"`   // the gravest of all
	Summary         ListSummary      `json:"summary"`
	Items           []*Status        `json:"items"` // in the order in which they were given, or of their namespaces

	word string   // the outcome as a screen says it, even if it was interrupted
	next []string // commands to copy
	note string   // how long the wait has lasted; empty if this is no wait
}

// A ListSummary counts installations.
type ListSummary struct {
	Total     int                     `json:"total"`
	ByOutcome map[verdict.Outcome]int `json:"byOutcome"`
}

// NewStatusList makes the document of several installations. Wheres are where each of them is
// asked, in the same order.
func NewStatusList(now time.Time, items []*Status, wheres []command.Where) *StatusList {
	l := &StatusList{
		TypeMeta: typeMeta("StatusList"), Items: items, Outcome: verdict.OutcomeDone, word: "DONE",
		Summary: ListSummary{len(items), map[verdict.Outcome]int{}},
	}
	for _, doc := range items {
		l.Summary.ByOutcome[doc.Outcome]++
		if doc.ObservedAt.After(l.ObservedAt) {
			l.ObservedAt = doc.ObservedAt
		}
		if code := verdict.Gravest(l.ExitCode, doc.ExitCode); code != l.ExitCode {
			l.ExitCode, l.Outcome, l.word = code, doc.Outcome, doc.Word()
		}
	}
	for _, i := range l.GravestFirst() {
		if doc := items[i]; doc.Outcome != verdict.OutcomeDone && doc.Namespace != "" {
			l.next = append(l.next, wheres[i].TPE("status"))
		}
	}
	if l.ObservedAt.IsZero() {
		l.ObservedAt = now.UTC().Truncate(time.Second)
	}
	return l
}

// Interrupted returns the list as it was when it was interrupted.
func (l *StatusList) Interrupted() *StatusList {
	c := *l
	c.ExitCode = verdict.ExitInterrupted
	return &c
}

// one reports whether all installations have the same context, and the same namespace.
func (l *StatusList) one() (context, namespace bool) {
	same := func(of func(*Status) string) bool {
		return !slices.ContainsFunc(l.Items, func(doc *Status) bool { return of(doc) != of(l.Items[0]) })
	}
	return same(func(doc *Status) string { return doc.Context }), same(func(doc *Status) string { return doc.Namespace })
}

// Label names one of the installations among the others, as briefly as is clear.
func (l *StatusList) Label(i int) string { return l.label(l.Items[i]) }

// label is Label of an installation.
func (l *StatusList) label(doc *Status) string {
	switch context, namespace := l.one(); {
	case doc.Namespace == "", namespace && !context:
		return cmp.Or(doc.Context, "-")
	case context:
		return doc.Namespace
	}
	return doc.Context + "/" + doc.Namespace
}

func (l *StatusList) names() []string {
	var names []string
	for _, doc := range l.Items {
		names = append(names, "installation/"+cmp.Or(doc.Context, "-")+"/"+cmp.Or(doc.Namespace, "-"))
	}
	return names
}

// show shows a line for each installation, and how to see more of those that are not done. The
// verdict comes first: it has a color.
func (l *StatusList) show(s *screen) {
	s.lay(&fitting{view: s.view, parts: l.parts(s)})
}

// redraw shows what fits: next commands go first, then installations, those that are done
// before the others.
func (l *StatusList) redraw(s *screen) {
	parts := l.parts(s)
	list, next := parts[1], parts[len(parts)-1]
	f := &fitting{view: s.view, most: s.view.most, hint: "status -o json", parts: parts}
	if f.most > 0 && f.over() > 0 && len(list.rows) == len(l.Items) {
		rows := list.rows
		list.rows = nil
		for _, i := range l.GravestFirst() {
			list.rows = append(list.rows, rows[i])
		}
	}
	f.fit([]step{{part: next, rows: true, least: 1}, {part: list, rows: true, least: 1}, {part: next, rows: true}, {part: list, rows: true}})
	s.lay(f)
}

// GravestFirst returns the indices of the installations in the order of their verdicts.
func (l *StatusList) GravestFirst() []int {
	order := make([]int, len(l.Items))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(gravity(l.Items[a]), gravity(l.Items[b])) })
	return order
}

// gravity is the place of an installation among those that are listed by their verdicts.
func gravity(doc *Status) int {
	return slices.Index(verdictWords, strings.ToLower(doc.word()))
}

// verdictWords are the words of a list, the gravest first.
var verdictWords = []string{"failed", "forbidden", "unknown", "pending", "done"}

// parts are the verdict, the list, with -o wide the findings, and the next commands.
func (l *StatusList) parts(s *screen) []*part {
	top := &part{rows: []row{{lines: []string{s.fitted(l.title()), "", s.fitted(fmt.Sprintf("%-7s  %s", l.word, l.Headline()))}}}}
	if l.note != "" {
		top.rows = append(top.rows, row{lines: []string{s.fitted(l.note)}})
	}
	rows := l.table(s).lines(s.view)
	parts := []*part{top, {name: "installation", gap: true, title: rows[0].lines, rows: rows[1:]}}
	if s.format.Wide() {
		parts = append(parts, l.details(s)...)
	}
	return append(parts, s.nextPart(l.next))
}

// Word is the outcome as a screen says it.
func (l *StatusList) Word() string { return l.word }

// Title says how many installations there are.
func (l *StatusList) Title() string { return "ThingPark Enterprise, " + installations(len(l.Items)) }

// title also says where they are, if that is one place.
func (l *StatusList) title() string {
	context, namespace := l.one()
	title := l.Title()
	if context && len(l.Items) > 0 && l.Items[0].Context != "" {
		title += "   context " + l.Items[0].Context
	}
	if namespace && !context {
		title += "   namespace " + l.Items[0].Namespace
	}
	return title
}

// table has a row for each installation.
func (l *StatusList) table(s *screen) *table {
	t := &table{header: []string{"VERDICT", "CONTEXT", "NAMESPACE", "RELEASE", "WORKLOADS", "ENTRIES", "CODE", "UPGRADED", "WHY"}, shrink: []string{"CONTEXT", "NAMESPACE"}}
	for _, doc := range l.Items {
		workloads, entries := "", ""
		if w := doc.Workloads; w != nil {
			workloads = fmt.Sprintf("%d/%d", w.Ready, w.Total)
		}
		if e := doc.Entries; e != nil {
			entries = fmt.Sprintf("%d/%d", e.Summary.Final, e.Summary.Total)
		}
		t.add(doc.word(), doc.Context, doc.Namespace, doc.release(), workloads, entries, fmt.Sprint(int(doc.ExitCode)), s.view.age(doc.upgradedAt()), doc.Why())
	}
	l.columns(t, s.format.Wide())
	return t
}

// columns drops the columns that say nothing here.
func (l *StatusList) columns(t *table, wide bool) {
	context, namespace := l.one()
	if !wide {
		t.drop("CODE", "UPGRADED")
	}
	switch {
	case context:
		t.drop("CONTEXT")
		t.shrink = []string{"NAMESPACE"}
	case namespace:
		t.drop("NAMESPACE")
		t.shrink = []string{"CONTEXT"}
	}
}

// details are the findings of each installation that has some.
func (l *StatusList) details(s *screen) (parts []*part) {
	for _, doc := range l.Items {
		p := &part{name: "finding", gap: true, title: []string{s.fitted("FINDINGS of " + l.label(doc))}}
		for _, f := range doc.Findings {
			p.rows = append(p.rows, s.finding(f))
		}
		parts = append(parts, p)
	}
	return parts
}

// Headline counts the installations by their verdicts, the gravest first.
func (l *StatusList) Headline() string {
	counts := map[string]int{}
	for _, doc := range l.Items {
		counts[strings.ToLower(doc.word())]++
	}
	var parts []string
	for _, word := range verdictWords {
		if n := counts[word]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, word))
		}
	}
	return cmp.Or(strings.Join(parts, ", "), "there is none")
}

func installations(n int) string { return counted(n, "installation") }

// counted counts things of a name.
func counted(n int, name string) string {
	if n == 1 {
		return "1 " + name
	}
	return fmt.Sprintf("%d %ss", n, name)
}

// release names the release of ThingPark Enterprise in a cell.
func (doc *Status) release() string {
	return strings.TrimSpace(strings.TrimPrefix(doc.Releases.title(), "ThingPark Enterprise"))
}

// upgradedAt is when Helm last upgraded, zero if that is unknown.
func (doc *Status) upgradedAt() (last time.Time) {
	if doc.Releases == nil {
		return last
	}
	for _, r := range doc.Releases.Items {
		if r.UpdatedAt.After(last) {
			last = r.UpdatedAt
		}
	}
	return last
}

// Why says in a cell why an installation is not done: its gravest finding, or what is missing.
// For one that is done it says the first warning.
func (doc *Status) Why() string {
	switch level := doc.worst(); {
	case doc.unheard():
		return "no answer yet"
	case level == verdict.LevelError && doc.Findings[0].Code == verdict.CodeUnreachable:
		return strings.Join(wrong(doc.Head), ", ") + ": " + doc.Findings[0].Detail
	case doc.Outcome == verdict.OutcomeUnknown && level == verdict.LevelError && !strings.Contains(doc.Findings[0].Summary, doc.Findings[0].Detail):
		return doc.Findings[0].Summary + doc.more() + ": " + doc.Findings[0].Detail
	case level == verdict.LevelError, level == verdict.LevelWarning && doc.Outcome == verdict.OutcomeDone:
		return doc.Findings[0].Summary + doc.more()
	case doc.Outcome == verdict.OutcomeDone:
		return ""
	}
	return "waiting for " + Missing(doc)
}

// worst is the level of the gravest finding, which is the first.
func (doc *Status) worst() verdict.Level {
	if len(doc.Findings) == 0 {
		return verdict.LevelInfo
	}
	return doc.Findings[0].Level
}

// more counts the other findings of the same level.
func (doc *Status) more() string {
	n := count(doc.Findings, func(f verdict.Finding) bool { return f.Level == doc.worst() }) - 1
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" (and %d more)", n)
}

// unheard reports whether the installation has not answered yet, not even with an error: see
// verdict.NotHeardYet.
func (doc *Status) unheard() bool {
	return doc.Outcome == verdict.OutcomeUnknown && doc.ExitCode == verdict.ExitPending
}

func (l *StatusList) state() signal {
	return signalOf(l.Outcome, l.Summary.ByOutcome[verdict.OutcomeDone], l.Summary.Total)
}

func (l *StatusList) at() time.Time { return l.ObservedAt }

func (l *StatusList) timeless() Watched {
	c := *l
	c.ObservedAt = time.Time{}
	c.Items = nil
	for _, doc := range l.Items {
		c.Items = append(c.Items, doc.timeless().(*Status))
	}
	return &c
}

// changes says what is new in each installation, a line each behind its name.
func (l *StatusList) changes(before Watched) []string {
	old := before.(*StatusList)
	var lines []string
	for i, doc := range l.Items {
		was := old.Items[i]
		var news []string
		switch {
		case doc == was:
		case was.unheard() && !doc.unheard():
			news = []string{doc.sentence()}
		default:
			news = doc.changes(was)
		}
		for _, text := range news {
			lines = append(lines, l.label(doc)+": "+text)
		}
	}
	return lines
}

// sentence says in one line what the verdict of an installation is, and why.
func (doc *Status) sentence() string {
	text := strings.ToLower(doc.word())
	if why := doc.Why(); why != "" {
		text += ": " + why
	}
	return text
}

// remarks are empty: the screen has everything.
func (l *StatusList) remarks(View) string { return "" }

// Open names the installations that are not over, in a sentence.
func (l *StatusList) Open(over func(i int) bool) string {
	var names []string
	for i, doc := range l.Items {
		if !over(i) {
			names = append(names, l.label(doc))
		}
	}
	return fmt.Sprintf("%d of %s: %s", len(names), installations(len(l.Items)), strings.Join(some(names), ", "))
}

// A ListProgress shows how a wait for several installations goes: each line is behind the name
// of its installation.
type ListProgress struct {
	display
	before *StatusList
}

// NewListProgress returns a progress that nothing was shown of yet.
func NewListProgress(w io.Writer) *ListProgress {
	return &ListProgress{display: display{w: w, live: NewLive(w)}}
}

// Show shows how far a wait is. Open says what it still waits for.
func (p *ListProgress) Show(l *StatusList, v View, open string, waiting Waiting) error {
	if v.Redraw {
		l.note = waiting.words() + "; " + waiting.Note
		return p.live.update(l, &Format{}, v)
	}
	var lines []string
	if p.before == nil {
		lines = append(lines, "waiting for "+open)
		for _, doc := range l.Items {
			if !doc.unheard() {
				lines = append(lines, l.label(doc)+": "+doc.sentence())
			}
		}
	} else {
		lines = l.changes(p.before)
	}
	p.before = l
	return p.write(v, lines, func() string { return "still waiting for " + open })
}
