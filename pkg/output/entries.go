// SPDX-License-Identifier: Apache-2.0

package output

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
)

// show shows the entries, with ages relative to the view's clock. Without
// an answer there is nothing to show.
func (l *EntryList) show(s *screen) {
	if l.Items != nil {
		s.table(entryTable(l.Items, l.Progress, s.format, s.view))
	}
}

// redraw shows the entries and, below them, the verdict. Where not all fit, those that are
// final go first.
func (l *EntryList) redraw(s *screen) {
	entries := &part{name: "entry"}
	if items := l.Items; len(items) > 0 {
		if most := s.view.most; most > 0 && len(items) >= most {
			items = slices.Clone(items)
			slices.SortStableFunc(items, func(a, b pum.Entry) int { return cmp.Compare(finalLast(a), finalLast(b)) })
			entries.hidden = len(items) - most
			items = items[:most]
		}
		rows := entryTable(items, l.Progress, s.format, s.view).lines(s.view)
		entries.title, entries.rows = rows[0].lines, rows[1:]
	}
	remarks := strings.Split(strings.TrimSuffix(l.remarks(s.view), "\n"), "\n")
	headline := &part{rows: []row{{lines: []string{s.view.clip(remarks[0])}}}}
	findings := &part{name: "finding"}
	for i, line := range remarks[1:] {
		if s.view.most > 0 && i >= s.view.most {
			findings.hidden++
			continue
		}
		findings.rows = append(findings.rows, row{lines: []string{s.view.clip(line)}})
	}
	f := &fitting{view: s.view, most: s.view.most, hint: "pum status", parts: []*part{entries, findings, headline}}
	f.fit([]step{{part: findings, rows: true, least: 3}, {part: entries, rows: true, least: 1}, {part: findings, rows: true}, {part: entries, rows: true}})
	s.lay(f)
}

func finalLast(e pum.Entry) int {
	if e.Final && e.State != pum.StateAborted {
		return 1
	}
	return 0
}

func (l *EntryList) names() []string {
	var names []string
	for _, e := range l.Items {
		names = append(names, fmt.Sprintf("entry/%d", e.UID))
	}
	return names
}

// entryTable shows entries in the order in which PUM has them.
func entryTable(entries []pum.Entry, progress []Progress, f *Format, v View) *table {
	t := &table{
		header: []string{"UID", "SERVICE", "REQUEST", "STATE", "REMAINING", "ETA", "SINCE", "ERRORS"},
		shrink: []string{"REQUEST"},
	}
	if f.Wide() {
		t.header = append(t.header, "ITERATIONS", "CREATED", "SCOPE", "PATH", "BODY", "LAST RESPONSE")
		t.shrink = []string{"LAST RESPONSE", "PATH", "BODY", "REQUEST"}
	}
	left := etas(progress)
	for i := range entries {
		e := &entries[i]
		created, _ := e.Created()
		cells := []string{
			strconv.FormatInt(e.UID, 10), text(e.ServiceID), text(e.RequestID), string(e.State),
			remaining(e), left[e.UID], since(e, v), number(e.ErrorCounter),
			number(e.IterationCounter), v.age(created), text(e.Scope), text(e.RequestPath),
			text(e.RequestBody), text(e.LastResponse),
		}
		t.add(cells[:len(t.header)]...)
	}
	if len(left) == 0 {
		t.drop("ETA") // one answer shows no movement
	}
	return t
}

// remaining returns what the service said is left, for an entry that is not
// final.
func remaining(e *pum.Entry) string {
	if e.Final || e.Response == nil {
		return ""
	}
	return number(e.Response.Remaining)
}

// etas returns how long entries will take, by uid, as far as that is known.
func etas(progress []Progress) map[int64]string {
	left := make(map[int64]string, len(progress))
	for _, p := range progress {
		if p.ETASeconds != nil {
			left[p.UID] = "~" + duration.HumanDuration(time.Duration(*p.ETASeconds)*time.Second)
		}
	}
	return left
}

func since(e *pum.Entry, v View) string {
	t, _ := e.Since()
	return v.age(t)
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func number(n *int64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(*n, 10)
}
