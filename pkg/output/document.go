// SPDX-License-Identifier: Apache-2.0

package output

import (
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// apiVersion is the version of all documents.
const apiVersion = "kubectl-tpe/v1"

// A Place says where a snapshot was taken. It is empty for saved output.
type Place struct {
	Context   string `json:"context,omitempty"` // of the kubeconfig
	Namespace string `json:"namespace,omitempty"`
	From      *From  `json:"from,omitempty"` // absent if a cluster was asked
}

// A From says which file a snapshot was read from.
type From struct {
	Path    string    `json:"path"`
	Kind    string    `json:"kind"`              // recording, audit archive, cluster-info dump or lists
	TakenAt time.Time `json:"takenAt,omitzero"`  // when the cluster was as shown
	Begins  time.Time `json:"begins,omitzero"`   // of a recording: its first moment
	Ends    time.Time `json:"ends,omitzero"`     // of a recording: its last moment
	Written string    `json:"written,omitempty"` // the version of kubectl tpe that wrote it
}

// An Observation is what every document about a cluster begins with: what it is, and when
// and where it was observed.
type Observation struct {
	metav1.TypeMeta `json:",inline"`
	ObservedAt      time.Time `json:"observedAt"`
	Place           `json:",inline"`
}

func observed(kind string, place Place, at time.Time) Observation {
	return Observation{typeMeta(kind), at.UTC().Truncate(time.Second), place}
}

func typeMeta(kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: apiVersion, Kind: kind}
}

// A Judged document has a verdict.
type Judged struct {
	Observation `json:",inline"`
	Outcome     verdict.Outcome  `json:"outcome"`
	ExitCode    verdict.ExitCode `json:"exitCode"`
}

// A Head is what every document with findings begins with.
type Head struct {
	Judged   `json:",inline"`
	Findings []verdict.Finding `json:"findings"`
}

// word is the outcome as a screen says it.
func (h *Head) word() string {
	if h.ExitCode == verdict.ExitForbidden {
		return "FORBIDDEN"
	}
	return strings.ToUpper(string(h.Outcome))
}

// A Status is the document of the command status.
type Status struct {
	Head      `json:",inline"`
	Impact    []verdict.Impact `json:"impact,omitzero"`     // absent if too little is known to say that there is none
	Workloads *Workloads       `json:"workloads,omitempty"` // absent if they could not be read
	Entries   *Entries         `json:"entries,omitempty"`   // absent if PUM did not answer
	Releases  *Releases        `json:"releases,omitempty"`  // absent if Helm's secrets could not be read, or there are none
	Jobs      []readiness.Job  `json:"jobs,omitzero"`       // absent if they could not be read

	CronJobs []readiness.CronJob `json:"cronJobs,omitzero"` // absent if they could not be read

	asked verdict.Goal    // what a screen is about
	gaps  []readiness.Gap // kinds that could not be read, so that none of them is gone

	causes map[verdict.Object]bool // the workloads that a cause blocks; see [Status.blocked]

	waiting *Waiting // how long the wait has lasted; nil if this is no wait

	verdict verdict.Verdict // of which it was made

	objects *readiness.Objects // from which the workloads were assessed; nil if they could not be read
}

// Workloads is how far the workloads are.
type Workloads struct {
	Total int                  `json:"total"`
	Ready int                  `json:"ready"`
	Items []readiness.Workload `json:"items"`
}

// Entries is PUM's list.
type Entries struct {
	Source   pum.Source  `json:"source"`
	Summary  Summary     `json:"summary"`
	Items    []pum.Entry `json:"items"`
	Progress []Progress  `json:"progress,omitempty"`
}

// Progress is how an entry moves from poll to poll. Only entries that are
// watched have one.
type Progress struct {
	UID          int64         `json:"uid"`
	ETASeconds   *int64        `json:"etaSeconds,omitempty"` // until nothing remains, if it goes on like this
	Stall        pum.StallKind `json:"stall,omitempty"`
	StalledSince time.Time     `json:"stalledSince,omitzero"`
}

// A Summary counts entries.
type Summary struct {
	Total   int               `json:"total"`
	Final   int               `json:"final"`
	ByState map[pum.State]int `json:"byState"`
}

// An EntryList is the document of the command pum status. Without an answer
// it has neither source nor summary nor items.
type EntryList struct {
	Head    `json:",inline"`
	Source  *pum.Source `json:"source,omitempty"`
	Summary *Summary    `json:"summary,omitempty"`
	Items   []pum.Entry `json:"items,omitzero"`

	Progress []Progress `json:"progress,omitempty"`
}

// NewStatus makes the document of a snapshot and its verdict.
func NewStatus(place Place, s verdict.Snapshot, v verdict.Verdict) *Status {
	doc := &Status{Head: newHead("Status", place, s, v), Impact: v.Impact, asked: s.Asks(), verdict: v}
	if p := s.Assessment; p != nil && doc.asked.Workloads() {
		doc.gaps, doc.objects = p.Gaps, &p.Objects
		if len(p.Workloads) > 0 || readiness.Shown(p.Gaps, "Deployment") {
			doc.Workloads = newWorkloads(p.Workloads)
		}
		if readiness.Shown(p.Gaps, "Job") {
			doc.Jobs = v.Jobs(p.Jobs)
		}
		if readiness.Shown(p.Gaps, "CronJob") {
			doc.CronJobs = append([]readiness.CronJob{}, p.CronJobs...)
		}
	}
	if s.Answer != nil {
		doc.Entries = &Entries{s.Answer.Source, summarize(s.Answer.Entries), s.Answer.Entries, progressOf(s)}
	}
	doc.Releases = newReleases(s.Releases)
	return doc
}

// While returns the document with how long the wait has lasted, for a screen that is redrawn.
func (doc *Status) While(w Waiting) *Status {
	doc.waiting = &w
	return doc
}

// NewEntryList makes the document of a snapshot of entries and its verdict.
func NewEntryList(place Place, s verdict.Snapshot, v verdict.Verdict) *EntryList {
	doc := &EntryList{Head: newHead("EntryList", place, s, v)}
	if s.Answer != nil {
		summary := summarize(s.Answer.Entries)
		doc.Source, doc.Summary, doc.Items = &s.Answer.Source, &summary, s.Answer.Entries
		doc.Progress = progressOf(s)
	}
	return doc
}

// Only returns the list with only the entries in these states, or with all if no states are
// given. Its summary and verdict stay those of all entries.
func (l *EntryList) Only(states []string) *EntryList {
	if len(states) > 0 && l.Items != nil {
		l.Items = slices.DeleteFunc(slices.Clone(l.Items), func(e pum.Entry) bool {
			return !slices.Contains(states, string(e.State))
		})
	}
	return l
}

func newHead(kind string, place Place, s verdict.Snapshot, v verdict.Verdict) Head {
	return Head{
		Judged:   Judged{observed(kind, place, s.ObservedAt), v.Outcome, v.ExitCode},
		Findings: append([]verdict.Finding{}, v.Findings...),
	}
}

func newWorkloads(items []readiness.Workload) *Workloads {
	w := &Workloads{Total: len(items), Items: append([]readiness.Workload{}, items...)}
	for _, item := range items {
		if item.Done() {
			w.Ready++
		}
	}
	return w
}

// progressOf returns what is known of the entries that are not final.
func progressOf(s verdict.Snapshot) []Progress {
	var list []Progress
	for _, e := range s.Answer.Entries {
		m := s.Movements[e.UID]
		p := Progress{UID: e.UID}
		if m.ETA != nil {
			seconds := int64(m.ETA.Seconds())
			p.ETASeconds = &seconds
		}
		if m.Stall != nil {
			p.Stall, p.StalledSince = m.Stall.Kind, m.Stall.Since.UTC().Truncate(time.Second)
		}
		if m.ETA != nil || m.Stall != nil {
			list = append(list, p)
		}
	}
	return list
}

func summarize(entries []pum.Entry) Summary {
	s := Summary{Total: len(entries), ByState: map[pum.State]int{}}
	for _, e := range entries {
		s.ByState[e.State]++
		if e.Final {
			s.Final++
		}
	}
	return s
}

func (h Head) at() time.Time { return h.ObservedAt }

func (doc *Status) timeless() Watched {
	c := *doc
	c.ObservedAt = time.Time{}
	return &c
}

func (l *EntryList) timeless() Watched {
	c := *l
	c.ObservedAt = time.Time{}
	return &c
}

// A Version is the document of the command version.
type Version struct {
	metav1.TypeMeta `json:",inline"`
	Version         string `json:"version"`
	GoVersion       string `json:"goVersion"`
	Platform        string `json:"platform"`
}

// NewVersion makes the document of the plugin's own version.
func NewVersion(version, goVersion, platform string) *Version {
	return &Version{typeMeta("Version"), version, goVersion, platform}
}
