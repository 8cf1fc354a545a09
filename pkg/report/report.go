// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// A Format is a format of reports.
type Format string

// The formats.
const (
	HTML     Format = "html"
	Markdown Format = "markdown"
	JUnit    Format = "junit"
)

// Formats are the names of all formats.
func Formats() []string { return []string{string(HTML), string(Markdown), string(JUnit)} }

// An Input is what a report is made of. Only the snapshot and its verdict must be there.
type Input struct {
	Place    output.Place
	Snapshot verdict.Snapshot
	Verdict  verdict.Verdict
	Timeline *Timeline // nil if there is one snapshot
	From     []string  // the release of ThingPark Enterprise before, any of them; see [release.Plan]
	Account  string    // as the API server knows it
	Server   string    // its address
	Ended    string    // why it ended before the upgrade was over
	Version  string    // of this program
}

// A Report is what is written, in text that prints.
type Report struct {
	title    string
	release  string // of ThingPark Enterprise; empty if it is not clear
	outcome  state
	word     string
	headline string
	gravest  string // the summary of the gravest finding, if it is an error
	ended    string
	exitCode verdict.ExitCode
	at       time.Time
	facts    []fact

	services  []service
	unsure    string // why services are not known; empty if they are
	chart     *chart
	findings  []finding
	next      []string
	entries   *entries
	workloads []workload // nil if they could not be read
	asked     verdict.Goal
	jobs      []job // nil if they could not be read
	releases  []helmRelease
	manifest  string // what the releases are together
	took      time.Duration
	version   string
}

type fact struct{ name, value string }

// A service is what its users felt.
type service struct {
	name, summary          string
	now                    state
	down, degraded, unseen string // how long; empty if it was not
	lane                   *lane
}

type finding struct {
	code, level, since, summary, detail, objects, impact string
	next                                                 []string
}

type entries struct {
	summary string
	items   []entry
}

type entry struct {
	uid, request, service, since, took, said string
	state                                    state
	errors, iterations, remaining            string
	lasted                                   time.Duration
	attention                                bool
}

type workload struct {
	kind, name, ready, reason, unready string
	state                              state
	lasted                             time.Duration // not ready, as far as it was seen
	done                               bool
}

type job struct {
	name, attempts, started, took, reason string
	state                                 state
	lasted                                time.Duration
	uncounted                             bool // the verdict does not depend on it
}

type helmRelease struct {
	name, chart, version, want, status, revision, updated, said string
	odd, deployed                                               bool
}

// What is kept of a text.
const (
	mostLine   = 500
	mostReason = 200 // of a workload; its finding has more
	mostDetail = 4000
)

// New makes a report.
func New(in Input) *Report {
	doc := output.NewStatus(in.Place, in.Snapshot, in.Verdict)
	r := &Report{
		title: clean(doc.Title(), mostLine), release: clean(installed(doc), mostName), outcome: outcomeState(doc.Outcome), word: doc.Word(), headline: clean(doc.Headline(), mostLine),
		ended: clean(in.Ended, mostLine), exitCode: doc.ExitCode, at: doc.ObservedAt, version: clean(in.Version, mostName), asked: in.Snapshot.Asks(),
	}
	if in.Timeline != nil {
		r.chart = in.Timeline.chart()
	}
	if r.chart != nil {
		r.took = r.chart.to.Sub(r.chart.from)
	}
	r.facts = factsOf(doc, in, r.chart)
	r.services, r.unsure = servicesOf(doc, in, r.chart)
	for _, f := range doc.Findings {
		r.findings = append(r.findings, findingOf(f))
	}
	if len(r.findings) > 0 && doc.Findings[0].Level == verdict.LevelError {
		r.gravest = r.findings[0].summary
	}
	for _, text := range doc.Next() {
		r.next = append(r.next, clean(text, mostLine))
	}
	r.entries = entriesOf(doc, in.Timeline)
	r.workloads = workloadsOf(doc, in.Timeline)
	r.jobs = jobsOf(doc)
	r.manifest = clean(doc.Releases.Line(), mostLine)
	if doc.Releases != nil {
		for _, item := range doc.Releases.Items {
			r.releases = append(r.releases, releaseOf(item, doc.Releases))
		}
	}
	return r
}

// Write writes the report.
func (r *Report) Write(w io.Writer, f Format) error { return write(r, w, f) }

func factsOf(doc *output.Status, in Input, c *chart) []fact {
	var facts []fact
	add := func(name, value string) {
		if value != "" {
			facts = append(facts, fact{name, clean(value, mostLine)})
		}
	}
	if from, to := in.from(doc), installed(doc); from != "" && to != "" && from != to {
		add("Release", from+" → "+to)
	} else {
		add("Release", to)
	}
	if c == nil {
		add("Observed", moment(doc.ObservedAt))
	} else {
		add("Observed", between(c.from, c.to)+", "+lasting(c.to.Sub(c.from)))
	}
	if doc.Releases != nil {
		last := slices.MaxFunc(doc.Releases.Items, func(a, b release.Release) int { return a.UpdatedAt.Compare(b.UpdatedAt) })
		add("Last Helm revision", moment(last.UpdatedAt))
	}
	if doc.From != nil {
		add("Source", doc.From.Line())
	}
	add("Namespace", doc.Namespace)
	add("Context", doc.Context)
	add("API server", in.Server)
	add("Account", in.Account)
	add("Exit code", strconv.Itoa(int(doc.ExitCode)))
	return facts
}

// from is the release of ThingPark Enterprise that was installed before: the one that was seen
// first, else the one that Helm's history leads back to.
func (in *Input) from(doc *output.Status) string {
	if in.Timeline != nil && in.Timeline.release != "" && in.Timeline.release != installed(doc) {
		return in.Timeline.release
	}
	return strings.Join(in.From, " or ")
}

func installed(doc *output.Status) string {
	if doc.Releases == nil || doc.Releases.State == release.Unclear {
		return ""
	}
	return strings.TrimPrefix(doc.Title(), "ThingPark Enterprise ")
}

// servicesOf says what users felt, and why that is not known.
func servicesOf(doc *output.Status, in Input, c *chart) (found []service, unsure string) {
	if !in.Snapshot.Asks().Workloads() {
		return nil, "Workloads were not asked for."
	}
	now := map[string]verdict.Impact{}
	for _, i := range doc.Impact {
		now[i.Service] = i
	}
	if c != nil {
		for _, l := range c.lanes {
			if l.group == groupServices {
				r := in.Timeline.byKey[key{groupServices, l.name}]
				found = append(found, felt(in.Timeline, r, l, now[l.name]))
			}
		}
	} else if in.Snapshot.Assessment != nil {
		for _, s := range verdict.Services(in.Snapshot.Assessment) {
			found = append(found, service{name: s.Name, now: serviceState(s.State), summary: clean(now[s.Name].Summary, mostLine)})
		}
	}
	if len(found) == 0 {
		return nil, "No workload of a known service was observed."
	}
	return found, ""
}

// felt says how long a service did not serve as it should.
func felt(t *Timeline, r *row, l *lane, now verdict.Impact) service {
	s := service{name: r.name, now: r.now(), lane: l, summary: clean(now.Summary, mostLine)}
	unsure := r.took(unseen, t.last) + r.took(noWorkload, t.last)
	atLeast := func(of state) string {
		d := r.took(of, t.last)
		if d == 0 {
			return ""
		}
		if unsure > 0 || r.spans[0].state == of || r.now() == of {
			return "at least " + lasting(d)
		}
		return lasting(d)
	}
	s.down, s.degraded = atLeast(serviceState(verdict.Down)), atLeast(serviceState(verdict.Degraded))
	if unsure > 0 {
		s.unseen = lasting(unsure)
	}
	return s
}

func findingOf(f verdict.Finding) finding {
	line := finding{
		code: string(f.Code), level: string(f.Level), since: moment(f.Since), summary: clean(f.Summary, mostLine),
		detail: clean(f.Detail, mostDetail), impact: clean(f.Impact, mostLine),
	}
	if strings.Contains(f.Summary, f.Detail) {
		line.detail = ""
	}
	var objects []string
	for i, o := range f.Objects {
		if i == 10 {
			objects = append(objects, fmt.Sprintf("and %d more", len(f.Objects)-i))
			break
		}
		objects = append(objects, o.String())
	}
	line.objects = clean(strings.Join(objects, ", "), mostDetail)
	for _, next := range f.Next {
		line.next = append(line.next, clean(next, mostLine))
	}
	return line
}

// entriesOf are the entries, those first that need attention.
func entriesOf(doc *output.Status, t *Timeline) *entries {
	if doc.Entries == nil {
		return nil
	}
	list := &entries{summary: fmt.Sprintf("%d of %d final", doc.Entries.Summary.Final, doc.Entries.Summary.Total)}
	for i := range doc.Entries.Items {
		list.items = append(list.items, entryOf(&doc.Entries.Items[i], t))
	}
	slices.SortStableFunc(list.items, func(a, b entry) int { return trueFirst(a.attention, b.attention) })
	return list
}

func entryOf(e *pum.Entry, t *Timeline) entry {
	line := entry{
		uid: strconv.FormatInt(e.UID, 10), request: text(e.RequestID), service: text(e.ServiceID), state: entryState(e.State),
		errors: number(e.ErrorCounter), iterations: number(e.IterationCounter), attention: !e.Final || e.State == pum.StateAborted,
	}
	since, dated := e.Since()
	if dated {
		line.since = moment(since)
	}
	switch created, ok := e.Created(); {
	case ok && dated && e.Final && since.After(created):
		line.lasted = since.Sub(created)
	case t != nil && t.byKey[key{groupEntries, line.uid}] != nil:
		r := t.byKey[key{groupEntries, line.uid}]
		line.lasted = r.took(entryState(pum.StateInProgress), t.last) + r.took(entryState(pum.StatePartiallyProcessed), t.last) +
			r.took(entryState(pum.StateTransientError), t.last)
	}
	if line.lasted > 0 {
		line.took = lasting(line.lasted)
	}
	if r := e.Response; r != nil {
		line.remaining = number(r.Remaining)
		if line.attention {
			line.said = text(r.Message)
		}
	} else if line.attention {
		line.said = text(e.LastResponse)
	}
	return line
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return clean(*s, mostName)
}

func number(n *int64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(*n, 10)
}

// workloadsOf are the workloads, those first that are not ready.
func workloadsOf(doc *output.Status, t *Timeline) []workload {
	if doc.Workloads == nil {
		return nil
	}
	lines := []workload{}
	for _, w := range doc.Workloads.Items {
		line := workload{
			kind: w.Kind, name: clean(w.Name, mostName), ready: fmt.Sprintf("%d/%d", w.Ready, w.Want),
			state: workloadState(w.State), reason: clean(w.Reason, mostReason), done: w.Done(),
		}
		if t != nil {
			if r := t.byKey[key{groupWorkloads, w.Object().String()}]; r != nil {
				line.lasted = r.unready(t.last)
			}
		}
		if line.lasted > 0 {
			line.unready = lasting(line.lasted)
		}
		lines = append(lines, line)
	}
	slices.SortStableFunc(lines, func(a, b workload) int { return trueFirst(!a.done, !b.done) })
	return lines
}

// trueFirst orders what is true before what is not.
func trueFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// unready is how long a row was seen not to be as it should.
func (r *row) unready(until time.Time) (d time.Duration) {
	states := map[state]bool{r.now(): true}
	for s := range r.totals {
		states[s] = true
	}
	for s := range states {
		if s.tone >= toneBusy && s.tone != toneUnseen {
			d += r.took(s, until)
		}
	}
	return d
}

func jobsOf(doc *output.Status) []job {
	if doc.Jobs == nil {
		return nil
	}
	lines := []job{}
	for _, j := range doc.Jobs {
		line := job{
			name: clean(j.Name, mostName), state: jobState(j.State), attempts: strconv.Itoa(int(j.Attempts)),
			started: moment(j.StartedAt), reason: clean(j.Reason, mostLine), uncounted: j.Uncounted != "",
		}
		end := j.FinishedAt
		if end.IsZero() && j.State != readiness.JobPending {
			end = doc.ObservedAt
		}
		if !j.StartedAt.IsZero() && end.After(j.StartedAt) {
			line.lasted = end.Sub(j.StartedAt)
			line.took = lasting(line.lasted)
		}
		lines = append(lines, line)
	}
	return lines
}

func releaseOf(r release.Release, all *output.Releases) helmRelease {
	line := helmRelease{
		name: clean(r.Name, mostName), chart: clean(r.Chart, mostName), version: clean(r.Version, mostName), want: clean(r.Want, mostName),
		status: clean(r.Status, mostName), updated: moment(r.UpdatedAt), said: clean(r.Said, mostLine), deployed: r.Status == release.StatusDeployed,
		odd: all.State != release.Consistent && (r.Want == "" || r.Version != r.Want),
	}
	if r.Revision > 0 {
		line.revision = strconv.Itoa(r.Revision)
	}
	if r.Problem != "" {
		line.said = clean(r.Problem, mostLine)
	}
	return line
}
