// SPDX-License-Identifier: Apache-2.0

package output

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// A SnapshotDiff is the document of the command diff.
type SnapshotDiff struct {
	Observation `json:",inline"`
	Before      Side         `json:"before"`
	After       Side         `json:"after"`
	Items       []Difference `json:"items"`
	Unknown     []string     `json:"unknown,omitempty"` // what is not known of one or both, so that it cannot be compared
}

// A Side is one of the two snapshots of a SnapshotDiff.
type Side struct {
	Place      `json:",inline"`
	ObservedAt time.Time        `json:"observedAt"`
	Outcome    verdict.Outcome  `json:"outcome"`
	ExitCode   verdict.ExitCode `json:"exitCode"`
}

// A Difference is what differs of one thing.
type Difference struct {
	Group  string        `json:"group"`            // releases, workloads, jobs, entries or findings
	Name   string        `json:"name"`             // such as deployment/twa; of an entry its uid
	Change string        `json:"change"`           // new, changed or gone
	Fields []FieldChange `json:"fields,omitempty"` // what it was and is; all that is known of something new or gone
}

// A FieldChange is what one field of something was and is.
type FieldChange struct {
	Name   string `json:"name"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// The groups of differences, in the order of a screen.
var groups = []string{"releases", "workloads", "jobs", "entries", "findings"}

// NewSnapshotDiff makes the document of what differs between two snapshots. What is not known of
// one of them is neither new nor gone.
func NewSnapshotDiff(now time.Time, before, after *Status) *SnapshotDiff {
	d := &SnapshotDiff{Observation: observed("SnapshotDiff", Place{Namespace: after.Namespace}, now), Before: sideOf(before), After: sideOf(after), Items: []Difference{}}
	d.compare("releases", releaseThings(before), releaseThings(after), before.Releases == nil || after.Releases == nil)
	d.compareWorkloads(before, after)
	d.compare("jobs", jobThings(before), jobThings(after), before.Jobs == nil || after.Jobs == nil)
	d.compare("entries", entryThings(before), entryThings(after), before.Entries == nil || after.Entries == nil)
	d.compare("findings", findingThings(before), findingThings(after), false)
	return d
}

func sideOf(s *Status) Side { return Side{s.Place, s.ObservedAt, s.Outcome, s.ExitCode} }

// A thing is what is compared: a name and fields, in the order in which they are shown.
type thing struct {
	name   string
	fields []FieldChange // with After alone
}

func (t *thing) add(name, value string) {
	if value != "" {
		t.fields = append(t.fields, FieldChange{Name: name, After: value})
	}
}

// compareWorkloads compares the workloads of the kinds that are known of both, and what their
// pods run if the pods are known of both.
func (d *SnapshotDiff) compareWorkloads(before, after *Status) {
	if before.Workloads == nil || after.Workloads == nil {
		d.Unknown = append(d.Unknown, "workloads")
		return
	}
	var unread []string
	for _, g := range slices.Concat(before.gaps, after.gaps) {
		if g.Kind != "Job" && !slices.Contains(unread, g.Kind) { // jobs are a group of their own
			unread = append(unread, g.Kind)
		}
	}
	d.Unknown = append(d.Unknown, unread...)
	d.compare("workloads", workloadThings(before, unread), workloadThings(after, unread), false)
}

// compare notes what differs between two lists of things.
func (d *SnapshotDiff) compare(group string, before, after []thing, unknown bool) {
	if unknown {
		d.Unknown = append(d.Unknown, group)
		return
	}
	was, is := byName(before), byName(after)
	for _, t := range after {
		old, ok := was[t.name]
		if !ok {
			d.Items = append(d.Items, Difference{group, t.name, "new", t.fields})
			continue
		}
		if fields := fieldChanges(old.fields, t.fields); len(fields) > 0 {
			d.Items = append(d.Items, Difference{group, t.name, "changed", fields})
		}
	}
	for _, t := range before {
		if _, ok := is[t.name]; ok {
			continue
		}
		gone := slices.Clone(t.fields)
		for i := range gone {
			gone[i].Before, gone[i].After = gone[i].After, ""
		}
		d.Items = append(d.Items, Difference{group, t.name, "gone", gone})
	}
}

// byName returns things by their names; of several with one name, the first.
func byName(things []thing) map[string]thing {
	found := make(map[string]thing, len(things))
	for _, t := range slices.Backward(things) {
		found[t.name] = t
	}
	return found
}

// fieldChanges returns the fields that differ.
func fieldChanges(before, after []FieldChange) []FieldChange {
	var changes []FieldChange
	value := func(fields []FieldChange, name string) string {
		for _, f := range fields {
			if f.Name == name {
				return f.After
			}
		}
		return ""
	}
	for _, f := range after {
		if was := value(before, f.Name); was != f.After {
			changes = append(changes, FieldChange{f.Name, was, f.After})
		}
	}
	for _, f := range before {
		if value(after, f.Name) == "" {
			changes = append(changes, FieldChange{f.Name, f.After, ""})
		}
	}
	return changes
}

func workloadThings(s *Status, unread []string) []thing {
	var things []thing
	var pods map[readiness.Object]readiness.Running
	if s.objects != nil && !slices.Contains(unread, "Pod") {
		pods = s.objects.Running()
	}
	for _, w := range s.Workloads.Items {
		if slices.Contains(unread, w.Kind) {
			continue
		}
		t := thing{name: resourceName(w)}
		t.add("state", string(w.State))
		t.add("ready", of(w.Ready, w.Want))
		running := pods[w.Object()]
		t.add("images", strings.Join(running.Images, " "))
		if len(running.Images) > 0 {
			t.add("restarts", fmt.Sprint(running.Restarts))
		}
		things = append(things, t)
	}
	return things
}

func jobThings(s *Status) []thing {
	var things []thing
	for _, j := range s.Jobs {
		t := thing{name: "job/" + j.Name}
		t.add("state", string(j.State))
		t.add("attempts", fmt.Sprint(j.Attempts))
		things = append(things, t)
	}
	return things
}

func entryThings(s *Status) []thing {
	if s.Entries == nil {
		return nil
	}
	var things []thing
	for i := range s.Entries.Items {
		things = append(things, entryThing(&s.Entries.Items[i]))
	}
	return things
}

func entryThing(e *pum.Entry) thing {
	t := thing{name: fmt.Sprint(e.UID)}
	t.add("request", text(e.RequestID))
	t.add("state", string(e.State))
	t.add("remaining", remaining(e))
	if e.ErrorCounter != nil && *e.ErrorCounter > 0 {
		t.add("errors", fmt.Sprint(*e.ErrorCounter))
	}
	return t
}

func releaseThings(s *Status) []thing {
	if s.Releases == nil {
		return nil
	}
	var things []thing
	for _, r := range s.Releases.Items {
		t := thing{name: r.Name}
		t.add("version", r.Version)
		t.add("app version", r.AppVersion)
		t.add("status", r.Status)
		t.add("revision", nonzero(r.Revision))
		t.add("of", release.Span(r.Of))
		things = append(things, t)
	}
	return things
}

func findingThings(s *Status) []thing {
	var things []thing
	for _, f := range s.Findings {
		t := thing{name: string(f.Code) + " " + f.Summary}
		t.add("level", string(f.Level))
		things = append(things, t)
	}
	return things
}

func (d *SnapshotDiff) names() []string {
	var names []string
	for _, i := range d.Items {
		names = append(names, i.Name)
	}
	return names
}

// show shows what differs. Without -o wide, workloads and jobs that differ alike share a row.
func (d *SnapshotDiff) show(s *screen) {
	named := d.Before.Namespace != d.After.Namespace
	s.line("before  %s", d.Before.line(named))
	s.line("after   %s", d.After.line(named))
	shared := false
	for _, group := range groups {
		rows := s.differenceRows(group, d.Items)
		if all := len(rows); !s.format.Wide() && (group == "workloads" || group == "jobs") {
			rows = folded(rows)
			shared = shared || len(rows) < all
		}
		s.differences(group, rows)
	}
	if shared {
		s.line("")
		s.line("What differs alike shares a row; -o wide has a row for each.")
	}
	if len(d.Items) == 0 {
		s.line("")
		s.line("Nothing that can be compared differs.")
	}
	if len(d.Unknown) > 0 {
		s.line("")
		s.hang("Not compared, because one or both do not have it: ", s.wrap(strings.Join(d.Unknown, ", "), 56))
	}
}

// line says in one line what a side is; of a file with the namespace, if that is asked for.
func (d *Side) line(named bool) string {
	what := "cluster"
	if d.From != nil {
		what = d.From.Kind + " " + d.From.Path
	}
	if d.From == nil || named {
		what += ", namespace " + d.Namespace
	}
	return fmt.Sprintf("%s, as of %s: %s", what, d.ObservedAt.UTC().Format("2006-01-02 15:04:05 MST"), strings.ToUpper(string(d.Outcome)))
}

// A differenceRow is a line of a screen: one field that changed, or what is new or gone.
type differenceRow struct {
	names               []string // such as deployment/twa
	what, before, after string
}

// differences shows the differences of a group: what is new, what is gone, and a line for each
// field that changed.
func (s *screen) differences(group string, rows []differenceRow) {
	t := &table{header: []string{"NAME", "WHAT", "BEFORE", "AFTER"}, shrink: []string{"BEFORE"}}
	for _, r := range rows {
		t.add(r.name(), r.what, r.before, r.after)
	}
	changed := func(r differenceRow) bool { return r.what != "new" && r.what != "gone" }
	if group == "findings" && !slices.ContainsFunc(rows, changed) { // a level alone says little
		t.drop("BEFORE", "AFTER")
	}
	s.section(strings.ToUpper(group), t)
}

func (s *screen) differenceRows(group string, items []Difference) []differenceRow {
	var rows []differenceRow
	for _, item := range items {
		names := []string{item.Name}
		switch {
		case item.Group != group:
		case item.Change != "changed":
			rows = append(rows, differenceRow{names, item.Change, s.sum(item.Fields, true), s.sum(item.Fields, false)})
		default:
			for _, f := range item.Fields {
				rows = append(rows, differenceRow{names, f.Name, s.shortImage(f.Name, f.Before), s.shortImage(f.Name, f.After)})
			}
		}
	}
	return rows
}

// folded makes one row of those in which workloads or jobs of one kind differ alike.
func folded(rows []differenceRow) []differenceRow {
	by := map[[4]string]int{}
	var folded []differenceRow
	for _, r := range rows {
		kind, _, _ := strings.Cut(r.names[0], "/")
		key := [4]string{kind, r.what, r.before, r.after}
		i, seen := by[key]
		if !seen {
			by[key] = len(folded)
			folded = append(folded, r)
			continue
		}
		folded[i].names = append(folded[i].names, r.names...)
	}
	return folded
}

// name is that of the thing, or how many there are and the first of their names.
func (r differenceRow) name() string {
	const room = 40
	if len(r.names) == 1 {
		return r.names[0]
	}
	kind, name, _ := strings.Cut(r.names[0], "/")
	text := fmt.Sprintf("%d %ss: %s", len(r.names), kind, name)
	for i, next := range r.names[1:] {
		_, name, _ := strings.Cut(next, "/")
		if len(text)+len(", ")+len(name) > room {
			return fmt.Sprintf("%s and %d more", text, len(r.names)-1-i)
		}
		text += ", " + name
	}
	return text
}

// sum joins the fields of something that is new or gone.
func (s *screen) sum(fields []FieldChange, before bool) string {
	var values []string
	for _, f := range fields {
		value := f.After
		if before {
			value = f.Before
		}
		if value != "" && (s.format.Wide() || f.Name != "images" && f.Name != "restarts") {
			values = append(values, value)
		}
	}
	return strings.Join(values, " ")
}

// shortImage leaves out where images come from, unless there is room.
func (s *screen) shortImage(field, value string) string {
	if field != "images" || s.format.Wide() {
		return value
	}
	images := strings.Fields(value)
	for i, image := range images {
		images[i] = image[strings.LastIndexByte(image, '/')+1:]
	}
	return strings.Join(images, " ")
}
