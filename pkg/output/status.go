// SPDX-License-Identifier: Apache-2.0

package output

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// show shows the verdict in one line, what is not ready, counts of what is,
// and what to do next. A screen that is redrawn fits into its height: what matters least is left
// out first. What is written once has all of it, since a terminal can be scrolled back; if it is
// higher than the terminal, the verdict is repeated above the commands, where it is seen.
func (doc *Status) show(s *screen) { doc.redraw(s) }

func (doc *Status) redraw(s *screen) {
	place, headline := s.head(doc)
	impact, workloads, entries, jobs := s.impact(doc), s.workloads(doc), s.entries(doc), s.jobs(doc)
	errs, warnings, infos := s.findings(doc.Findings, verdict.LevelError, nil), s.findings(doc.Findings, verdict.LevelWarning, doc.isBlocked), s.findings(doc.Findings, verdict.LevelInfo, nil)
	said := s.findings(doc.Findings, verdict.LevelWarning, func(f verdict.Finding) bool { return !doc.isBlocked(f) })
	for _, p := range []*part{errs, warnings, said, infos} {
		if len(p.rows) > 0 {
			p.gap = true
			break
		}
	}
	counts, next := s.counts(doc), s.nextPart(doc.Next())
	f := &fitting{view: s.view, most: s.view.most, hint: "status -o wide", parts: []*part{
		place, headline, impact, workloads, entries, jobs, s.cronJobs(doc.CronJobs), errs, warnings, said, infos, counts, next,
	}}
	f.fit([]step{
		{part: infos, fold: 1}, {part: counts, fold: 1}, {part: counts, rows: true, all: true}, {part: infos, rows: true}, {part: said, fold: 1}, {part: warnings, fold: 1},
		{part: impact, fold: 1}, {part: place, fold: 1}, {}, {part: jobs, fold: 1}, {part: workloads, fold: 1}, {part: said, rows: true}, {part: jobs, rows: true, least: 1}, {part: next, rows: true, least: 3},
		{part: warnings, rows: true, least: 2}, {part: workloads, rows: true, least: 6}, {part: entries, rows: true, least: 4},
		{part: errs, fold: 2}, {part: warnings, rows: true}, {part: next, rows: true, least: 2}, {part: impact, rows: true, least: 2},
		{part: errs, rows: true, least: 3}, {part: workloads, rows: true, least: 3}, {part: entries, rows: true, least: 2},
		{part: jobs, rows: true}, {part: errs, fold: 1}, {part: next, rows: true, least: 1}, {part: impact, rows: true, least: 1},
		{part: workloads, rows: true, least: 1}, {part: entries, rows: true, least: 1}, {part: errs, rows: true, least: 1},
		{part: impact, rows: true}, {part: entries, rows: true}, {part: workloads, rows: true}, {part: errs, rows: true},
		{part: place, rows: true},
	})
	if s.view.most == 0 && s.view.Height > 0 && f.over() >= s.view.Height {
		again := *headline
		again.rows = again.rows[:1]
		f.parts = slices.Insert(f.parts, len(f.parts)-1, &again)
	}
	s.lay(f)
}

// head is what a screen is about, and the verdict.
func (s *screen) head(doc *Status) (place, verdict *part) {
	place = &part{rows: []row{s.placeRow(doc)}}
	if doc.From != nil {
		place.rows = append([]row{{lines: []string{s.fitted(doc.From.Line())}}}, place.rows...)
	}
	verdict = &part{gap: true, rows: []row{{lines: []string{s.fitted(doc.verdictLine(s.view))}}}}
	if doc.waiting != nil && s.view.Redraw {
		verdict.rows = append(verdict.rows, row{lines: []string{s.fitted(doc.bar(s.view))}})
	}
	return place, verdict
}

// placeRow is what a screen is about. The context is on a line of its own where it would be cut off.
func (s *screen) placeRow(doc *Status) row {
	title, where := doc.Releases.title(), doc.Place
	if line := placeLine(title, where); s.view.Width <= 0 || where.Context == "" || width(escape(line)) <= s.view.Width {
		return row{lines: []string{s.fitted(line)}}
	}
	where.Context = ""
	return row{lines: []string{s.fitted(placeLine(title, where)), s.fitted("context " + doc.Context)}, flow: 2}
}

// verdictLine is the verdict in one line. When Helm upgraded is on it if there is room.
func (doc *Status) verdictLine(v View) string {
	head := fmt.Sprintf("%-7s  ", doc.word())
	line := head + room(wrong(doc.Head), progress(doc), v.Width-width(head))
	if whole := line + upgraded(doc, v); v.Width <= 0 || width(whole) <= v.Width {
		return whole
	}
	return line
}

// upgraded says how long ago Helm last upgraded, if the upgrade is not over.
func upgraded(doc *Status, v View) string {
	if doc.Outcome != verdict.OutcomePending || doc.Releases == nil {
		return ""
	}
	last := slices.MaxFunc(doc.Releases.Items, func(a, b release.Release) int { return a.UpdatedAt.Compare(b.UpdatedAt) })
	switch age := v.age(last.UpdatedAt); {
	case age == "":
		return ""
	case last.Revision == 1:
		return ", installed " + age + " ago"
	default:
		return ", upgraded " + age + " ago"
	}
}

// headline says in one line what is wrong, and how far everything is that was asked for.
func headline(doc *Status) string { return room(wrong(doc.Head), progress(doc), 0) }

// progress says how far everything is that was asked for.
func progress(doc *Status) []string {
	var parts []string
	if doc.asked.Workloads() {
		parts = append(parts, workloadsLine(doc.Workloads))
	}
	if doc.asked.Entries() {
		var summary *Summary
		if doc.Entries != nil {
			summary = &doc.Entries.Summary
		}
		parts = append(parts, entriesLine(summary))
	}
	jobs := countedJobs(doc.Jobs)
	if complete := completeJobs(jobs); complete < len(jobs) && doc.onlyJobs() {
		parts = append(parts, fmt.Sprintf("%d of %d jobs complete", complete, len(jobs)))
	}
	if n := len(doc.verdict.Vanished); n > 0 {
		parts = append(parts, fmt.Sprintf("%d gone, perhaps to be replaced", n))
	}
	return parts
}

// onlyJobs reports whether nothing but jobs is what is not over.
func (doc *Status) onlyJobs() bool {
	ready := doc.Workloads != nil && doc.Workloads.Ready == doc.Workloads.Total
	final := doc.Entries != nil && doc.Entries.Summary.Final == doc.Entries.Summary.Total
	return (ready || !doc.asked.Workloads()) && (final || !doc.asked.Entries())
}

// countedJobs returns the jobs on which the outcome depends.
func countedJobs(jobs []readiness.Job) []readiness.Job {
	return slices.DeleteFunc(slices.Clone(jobs), func(j readiness.Job) bool { return j.Uncounted != "" })
}

func completeJobs(jobs []readiness.Job) int {
	return count(jobs, func(j readiness.Job) bool { return j.State == readiness.JobComplete })
}

// workloadsLine says how far the workloads are.
func workloadsLine(w *Workloads) string {
	if w == nil {
		return "workloads unknown"
	}
	return fmt.Sprintf("%d of %d workloads ready", w.Ready, w.Total)
}

// workloads shows what is not ready and what blocks it, similar workloads in one row. The names
// are those that kubectl takes, and short: the reason needs the room.
func (s *screen) workloads(doc *Status) *part {
	if doc.Workloads == nil {
		return &part{}
	}
	if s.format.Wide() {
		return s.allWorkloads(doc.Workloads.Items)
	}
	groups := grouped(doc)
	t := &table{header: []string{"WORKLOAD", "READY", "SINCE", "WHY"}, shrink: []string{"WORKLOAD"}, wrap: mostWhy}
	shown := groups
	if most := s.view.most; most > 0 {
		shown = groups[:min(len(groups), most)]
	}
	dated := false
	for _, g := range shown {
		since := s.view.age(g.since())
		dated = dated || since != ""
		t.add(g.name(), of(g.ready(), g.want()), since, g.why())
	}
	if !dated {
		t.drop("SINCE")
	}
	p := s.part("workload", "NOT READY", t)
	for i := range p.rows {
		p.rows[i].items = len(shown[i].items)
		p.rows[i].colorFirst(shown[i].hue())
	}
	for _, g := range groups[len(shown):] {
		p.hidden += len(g.items)
	}
	return p
}

// mostWhy is how many lines of a table the reason of a workload takes.
const mostWhy = 2

func (s *screen) allWorkloads(workloads []readiness.Workload) *part {
	t := &table{header: []string{"KIND", "NAME", "READY", "UPDATED", "STATE", "STRATEGY", "SINCE", "WHY"}}
	for _, w := range workloads {
		t.add(w.Kind, w.Name, of(w.Ready, w.Want), of(w.Updated, w.Want),
			string(w.State), w.Strategy, s.view.age(w.Since), w.Reason)
	}
	return s.part("workload", "WORKLOADS", t)
}

// shortKind returns the short name by which kubectl knows a kind.
func shortKind(kind string) string {
	switch kind {
	case "Deployment":
		return "deploy"
	case "StatefulSet":
		return "sts"
	case "DaemonSet":
		return "ds"
	case "StrimziPodSet":
		return "sps"
	case "PerconaServerMongoDB":
		return "psmdb"
	}
	return strings.ToLower(kind)
}

func of(n, want int32) string { return fmt.Sprintf("%d/%d", n, want) }

// entries shows the entries that are not processed: first those that failed, last those that
// have not begun.
func (s *screen) entries(doc *Status) *part {
	if doc.Entries == nil {
		return &part{}
	}
	if s.format.Wide() {
		return s.part("entry", "ENTRIES", entryTable(doc.Entries.Items, doc.Entries.Progress, s.format, s.view))
	}
	var list []*pum.Entry
	for i := range doc.Entries.Items {
		if e := &doc.Entries.Items[i]; !e.Final || e.State == pum.StateAborted {
			list = append(list, e)
		}
	}
	slices.SortStableFunc(list, func(a, b *pum.Entry) int { return cmp.Compare(urgency(a.State), urgency(b.State)) })
	shown := list
	if most := s.view.most; most > 0 {
		shown = list[:min(len(list), most)]
	}
	t := &table{header: []string{"UID", "REQUEST", "STATE", "REMAINING", "ETA", "SINCE"}, shrink: []string{"REQUEST"}}
	left := etas(doc.Entries.Progress)
	for _, e := range shown {
		t.add(fmt.Sprint(e.UID), text(e.RequestID), string(e.State), remaining(e), left[e.UID], since(e, s.view))
	}
	if len(left) == 0 {
		t.drop("ETA") // one answer shows no movement
	}
	p := s.part("entry", "NOT PROCESSED", t)
	for i := range p.rows {
		p.rows[i].colorWord(string(shown[i].State), stateHue(shown[i].State))
	}
	p.hidden = len(list) - len(shown)
	return p
}

// urgency is the order in which entries matter.
func urgency(state pum.State) int {
	switch state {
	case pum.StateAborted:
		return 0
	case pum.StateTransientError:
		return 1
	case pum.StateInit:
		return 3
	}
	return 2
}

func (s *screen) jobs(doc *Status) *part {
	t := &table{header: []string{"JOB", "STATE", "ATTEMPTS", "STARTED", "FINISHED", "WHY"}}
	title := "JOBS"
	if !s.format.Wide() {
		title, t.shrink, t.wrap = "JOBS NOT COMPLETE", []string{"JOB"}, mostWhy
	}
	hidden, finished := 0, s.format.Wide()
	for _, j := range doc.Jobs {
		switch {
		case !s.format.Wide() && (j.State == readiness.JobComplete || running(j)):
		case s.view.most > 0 && len(t.rows) == s.view.most:
			hidden++
		default:
			finished = finished || !j.FinishedAt.IsZero()
			t.add(j.Name, string(j.State), fmt.Sprint(j.Attempts),
				s.view.age(j.StartedAt), s.view.age(j.FinishedAt), j.Reason+uncounted(j))
		}
	}
	if !finished {
		t.drop("FINISHED")
	}
	p := s.part("job", title, t)
	p.hidden = hidden
	return p
}

// uncounted says why the outcome does not depend on a job.
func uncounted(j readiness.Job) string {
	switch {
	case j.State == readiness.JobComplete || j.Uncounted == "":
		return ""
	case j.Uncounted == readiness.UncountedSelf:
		return " (this command)"
	}
	return " (not waited for)"
}

// cronJobs shows the CronJobs on a wide screen, with the run that shows their state. On other
// screens a finding says so if one fails.
func (s *screen) cronJobs(cronJobs []readiness.CronJob) *part {
	if !s.format.Wide() {
		return &part{}
	}
	t := &table{header: []string{"CRONJOB", "SUSPENDED", "SCHEDULED", "LAST RUN", "STATE", "FINISHED", "WHY"}}
	for _, c := range cronJobs {
		run := cmp.Or(c.Failed(), c.LastRun, c.Running, &readiness.Job{})
		suspended := ""
		if c.Suspended {
			suspended = "yes"
		}
		t.add(c.Name, suspended, s.view.age(c.LastScheduledAt), run.Name, string(run.State), s.view.age(run.FinishedAt), run.Reason)
	}
	return s.part("CronJob", "CRONJOBS", t)
}

// running reports whether a job runs for the first time, without any problem. Such jobs are not
// listed: during an upgrade there are many.
func running(j readiness.Job) bool {
	return j.State == readiness.JobRunning && j.Attempts <= 1 && len(j.Causes) == 0
}

// runningJobs counts the jobs that run, and names them if they are few.
func runningJobs(jobs []readiness.Job) string {
	var names []string
	for _, j := range jobs {
		if j.State == readiness.JobRunning {
			names = append(names, j.Name)
		}
	}
	switch len(names) {
	case 0:
		return ""
	case 1, 2:
		return ", running: " + strings.Join(names, ", ")
	}
	return fmt.Sprintf(", %d running", len(names))
}

// findings returns the findings of a level, without those that another part shows. Where much is
// forbidden, the hint lists the rights that are missing, and only a wide screen has what the API server said.
func (s *screen) findings(findings []verdict.Finding, level verdict.Level, but func(verdict.Finding) bool) *part {
	p := &part{name: string(level)}
	isForbidden := func(f verdict.Finding) bool { return f.Code == verdict.CodeForbidden }
	brief := !s.format.Wide() && count(findings, isForbidden) > 1
	for _, f := range findings {
		if brief && isForbidden(f) {
			f.Detail = ""
		}
		switch {
		case f.Level != level, but != nil && but(f):
		case s.view.most > 0 && len(p.rows) >= s.view.most:
			p.hidden++
		default:
			p.rows = append(p.rows, s.finding(f))
		}
	}
	return p
}

// isBlocked reports whether a finding is about a blocked workload, which the table shows as well.
func (doc *Status) isBlocked(f verdict.Finding) bool {
	return len(f.Objects) > 0 && doc.blocked()[f.Objects[0]]
}

// blocked are the workloads that a cause blocks.
func (doc *Status) blocked() map[verdict.Object]bool {
	if doc.causes == nil {
		doc.causes = map[verdict.Object]bool{}
		if doc.Workloads != nil {
			for _, w := range doc.Workloads.Items {
				doc.causes[w.Object()] = !w.Done() && len(w.Causes) > 0
			}
		}
	}
	return doc.causes
}

// impact says how users of ThingPark Enterprise are affected.
func (s *screen) impact(doc *Status) *part {
	p := &part{name: "service", gap: true, title: []string{s.fitted("IMPACT NOW (inferred from what is not ready)")}}
	wide := 0
	for _, i := range doc.Impact {
		wide = max(wide, len(i.Service))
	}
	for _, i := range doc.Impact {
		head := fmt.Sprintf("%-*s  %-8s  ", wide, i.Service, i.State)
		r := s.hanging(head, s.wrap(i.Summary, len(head)))
		r.flow = len(r.lines)
		r.colorWord(string(i.State), map[verdict.ImpactState]string{verdict.Down: red, verdict.Degraded: yellow}[i.State])
		p.rows = append(p.rows, r)
	}
	return p
}

// counts counts what needs no attention.
func (s *screen) counts(doc *Status) *part {
	p := &part{name: "counts", gap: doc.Workloads != nil || doc.Entries != nil}
	add := func(what, text string) {
		head := fmt.Sprintf("%-9s  ", what)
		r := s.hanging(head, s.wrap(text, len(head)))
		r.flow = len(r.lines)
		p.rows = append(p.rows, r)
	}
	if doc.Releases != nil {
		add("Releases", releasesLine(doc.Releases))
	}
	if w := doc.Workloads; w != nil {
		zero := count(w.Items, func(w readiness.Workload) bool { return w.State == readiness.ScaledToZero })
		text := fmt.Sprintf("%d ready", w.Ready)
		if zero > 0 {
			text += fmt.Sprintf(", %d of them scaled to zero", zero)
		}
		add("Workloads", text)
	}
	if jobs := countedJobs(doc.Jobs); len(jobs) > 0 {
		add("Jobs", fmt.Sprintf("%d of %d complete%s", completeJobs(jobs), len(jobs), runningJobs(jobs)))
	}
	if e := doc.Entries; e != nil {
		add("Entries", byState(e.Summary))
	}
	return p
}

func count[T any](items []T, which func(T) bool) int {
	n := 0
	for _, item := range items {
		if which(item) {
			n++
		}
	}
	return n
}

// byState counts entries in the order of their lives, unknown states last.
func byState(summary Summary) string {
	if summary.Total == 0 {
		return "none"
	}
	order := []pum.State{
		pum.StateProcessed, pum.StateSkipped, pum.StateAborted, pum.StateTransientError,
		pum.StatePartiallyProcessed, pum.StateInProgress, pum.StateInit,
	}
	for _, state := range slices.Sorted(maps.Keys(summary.ByState)) {
		if !slices.Contains(order, state) {
			order = append(order, state)
		}
	}
	var parts []string
	for _, state := range order {
		if n := summary.ByState[state]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, state))
		}
	}
	return strings.Join(parts, ", ")
}

func (doc *Status) names() []string {
	var names []string
	if doc.Workloads != nil {
		for _, w := range doc.Workloads.Items {
			names = append(names, resourceName(w))
		}
	}
	return names
}
