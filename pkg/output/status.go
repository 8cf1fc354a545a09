// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bytes"
	"cmp"
	"errors"
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
// and what to do next.
func (doc *Status) show(s *screen) {
	s.head(doc)
	s.impact(doc)
	s.workloads(doc)
	s.entries(doc)
	s.jobs(doc)
	s.cronJobs(doc.CronJobs)
	s.findings(doc.Findings)
	s.counts(doc)
	s.next(doc.next)
}

// A screen is built in memory, section by section.
type screen struct {
	bytes.Buffer
	view   View
	format *Format
	lines  int
	err    error
}

// render returns a document as people see it, with the colors of the view.
func render(doc Document, f *Format, v View) ([]byte, error) {
	s := screen{view: v, format: f}
	doc.show(&s)
	return v.paint(s.Bytes()), s.err
}

// line writes one line, cut to the width. Below a screen it is an empty one.
func (s *screen) line(format string, args ...any) {
	if s.lines++; s.view.most > 0 && s.lines > s.view.most {
		s.WriteByte('\n')
		return
	}
	s.WriteString(s.view.clip(s.view.plain(escape(fmt.Sprintf(format, args...)))) + "\n")
}

// section writes a table under a title, or nothing if it is empty.
func (s *screen) section(title string, t *table) {
	if len(t.rows) == 0 || s.err != nil {
		return
	}
	if title != "" {
		s.line("")
		s.line("%s", title)
	}
	s.table(t)
}

// table writes a table, if only its header.
func (s *screen) table(t *table) {
	s.lines += 1 + len(t.rows)
	s.err = errors.Join(s.err, t.write(&s.Buffer, s.view))
}

// place says what an answer is about, and where.
func (s *screen) place(title string, p Place) {
	text := title + "   namespace " + p.Namespace
	if p.Context != "" {
		text += "   context " + p.Context
	}
	s.line("%s", text)
	s.line("")
}

func (s *screen) head(doc *Status) {
	s.place(doc.Releases.title(), doc.Place)
	s.line("%-7s  %s", doc.word(), headline(doc)+upgraded(doc, s.view))
}

// upgraded says how long ago Helm was at work last, where what it began is not over.
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

// headline says in one line how far everything is that was asked for.
func headline(doc *Status) string {
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
	return strings.Join(parts, ", ")
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

// workloads shows what is not ready, with what it hangs on. The names are as
// kubectl takes them, and short: the reason needs the room.
func (s *screen) workloads(doc *Status) {
	if doc.Workloads == nil {
		return
	}
	if s.format.Wide() {
		s.allWorkloads(doc.Workloads.Items)
		return
	}
	t := &table{header: []string{"WORKLOAD", "READY", "SINCE", "WHY"}}
	for _, w := range doc.Workloads.Items {
		if !w.Done() {
			t.add(shortKind(w.Kind)+"/"+w.Name, of(w.Ready, w.Want), s.view.age(w.Since), w.Reason)
		}
	}
	s.section("NOT READY", t)
}

func (s *screen) allWorkloads(workloads []readiness.Workload) {
	t := &table{header: []string{"KIND", "NAME", "READY", "UPDATED", "STATE", "STRATEGY", "SINCE", "WHY"}}
	for _, w := range workloads {
		t.add(w.Kind, w.Name, of(w.Ready, w.Want), of(w.Updated, w.Want),
			string(w.State), w.Strategy, s.view.age(w.Since), w.Reason)
	}
	s.section("WORKLOADS", t)
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

func (s *screen) entries(doc *Status) {
	if doc.Entries == nil {
		return
	}
	if s.format.Wide() {
		s.section("ENTRIES", entryTable(doc.Entries.Items, doc.Entries.Progress, s.format, s.view))
		return
	}
	t := &table{header: []string{"UID", "REQUEST", "STATE", "REMAINING", "ETA", "SINCE"}, shrink: []string{"REQUEST"}}
	left := etas(doc.Entries.Progress)
	for i := range doc.Entries.Items {
		e := &doc.Entries.Items[i]
		if !e.Final || e.State == pum.StateAborted {
			t.add(fmt.Sprint(e.UID), text(e.RequestID), string(e.State), remaining(e), left[e.UID], since(e, s.view))
		}
	}
	if len(doc.Entries.Progress) == 0 {
		t.drop("ETA") // one answer shows no movement
	}
	s.section("NOT PROCESSED", t)
}

func (s *screen) jobs(doc *Status) {
	t := &table{header: []string{"JOB", "STATE", "ATTEMPTS", "STARTED", "FINISHED", "WHY"}}
	title := "JOBS NOT COMPLETE"
	if s.format.Wide() {
		title = "JOBS"
	}
	for _, j := range doc.Jobs {
		if s.format.Wide() || j.State != readiness.JobComplete && !running(j) {
			t.add(j.Name, string(j.State), fmt.Sprint(j.Attempts),
				s.view.age(j.StartedAt), s.view.age(j.FinishedAt), j.Reason+uncounted(j))
		}
	}
	s.section(title, t)
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

// cronJobs shows the CronJobs on a wide screen, with the run that tells how they
// do. On others a finding says so if one does not work.
func (s *screen) cronJobs(cronJobs []readiness.CronJob) {
	if !s.format.Wide() {
		return
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
	s.section("CRONJOBS", t)
}

// running reports whether a job just runs, for the first time. There is nothing to say
// of it, and during an upgrade there are many.
func running(j readiness.Job) bool {
	return j.State == readiness.JobRunning && j.Attempts <= 1 && len(j.Causes) == 0
}

// runningJobs counts those that run, and names them if they are few.
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

func (s *screen) findings(findings []verdict.Finding) {
	if len(findings) > 0 {
		s.line("")
	}
	for _, f := range findings {
		s.finding(f)
	}
}

// finding writes a finding: its summary in one line, the detail below it.
func (s *screen) finding(f verdict.Finding) {
	summary := f.Summary
	switch age := s.view.age(f.Since); {
	case age == "":
	case f.Code.Past():
		summary += ", " + age + " ago"
	default:
		summary += ", for " + age
	}
	head := fmt.Sprintf("%-7s  %s  ", strings.ToUpper(string(f.Level)), f.Code)
	detail := s.wrap(f.Detail, len(head))
	switch {
	case s.format.Wide():
	case strings.Contains(f.Summary, f.Detail):
		detail = nil
	case len(detail) > mostDetail:
		detail = append(detail[:mostDetail-1], detail[mostDetail-1]+" …")
	}
	lines := append(s.wrap(summary, len(head)), detail...)
	if f.Impact != "" && s.format.Wide() {
		lines = append(lines, "impact: "+f.Impact)
	}
	s.hang(head, lines)
}

// mostDetail is how many lines of a screen the detail of a finding takes. Wide
// screens and documents have all of it.
const mostDetail = 3

// wrap breaks a text into lines that fit beside something.
func (s *screen) wrap(text string, indent int) []string {
	return s.view.wrap(s.view.plain(escape(text)), indent)
}

// hang writes lines beside a head.
func (s *screen) hang(head string, lines []string) {
	for _, line := range lines {
		s.line("%*s%s", len(head), head, line)
		head = strings.Repeat(" ", len(head))
	}
}

// impact says what people who use ThingPark Enterprise feel.
func (s *screen) impact(doc *Status) {
	if len(doc.Impact) == 0 {
		return
	}
	s.line("")
	s.line("IMPACT NOW (inferred from what is not ready)")
	wide := 0
	for _, i := range doc.Impact {
		wide = max(wide, len(i.Service))
	}
	for _, i := range doc.Impact {
		head := fmt.Sprintf("%-*s  %-8s  ", wide, i.Service, i.State)
		s.hang(head, s.wrap(i.Summary, len(head)))
	}
}

// counts says how many there are of what needs no attention.
func (s *screen) counts(doc *Status) {
	if doc.Workloads != nil || doc.Entries != nil {
		s.line("")
	}
	if doc.Releases != nil {
		s.line("Releases   %s", releasesLine(doc.Releases))
	}
	if w := doc.Workloads; w != nil {
		zero := count(w.Items, func(w readiness.Workload) bool { return w.State == readiness.ScaledToZero })
		text := fmt.Sprintf("Workloads  %d ready", w.Ready)
		if zero > 0 {
			text += fmt.Sprintf(", %d of them scaled to zero", zero)
		}
		s.line("%s", text)
	}
	if jobs := countedJobs(doc.Jobs); len(jobs) > 0 {
		s.line("Jobs       %d of %d complete%s", completeJobs(jobs), len(jobs), runningJobs(jobs))
	}
	if e := doc.Entries; e != nil {
		s.line("Entries    %s", byState(e.Summary))
	}
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

// mostNext is how many commands a screen offers. JSON has those of each
// finding.
const mostNext = 6

// next offers commands to copy.
func (s *screen) next(commands []string) {
	if len(commands) == 0 {
		return
	}
	s.line("")
	s.line("NEXT")
	for _, text := range commands[:min(len(commands), mostNext)] {
		s.command("", text)
	}
}

// command writes a command to copy, whole, however wide the screen is.
func (s *screen) command(indent, text string) {
	s.WriteString(indent + s.view.plain(escape(text)) + "\n")
}

func (doc *Status) names() []string {
	var names []string
	if doc.Workloads != nil {
		for _, w := range doc.Workloads.Items {
			names = append(names, strings.ToLower(w.Kind)+"/"+w.Name)
		}
	}
	return names
}
