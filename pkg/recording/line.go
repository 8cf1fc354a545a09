// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"encoding/json"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// The head's apiVersion and kind.
const (
	apiVersion = "kubectl-tpe/v1"
	kind       = "Recording"
)

// A Head is the first line of a recording.
type Head struct {
	metav1.TypeMeta `json:",inline"`
	StartedAt       time.Time    `json:"startedAt"`
	Written         string       `json:"written,omitempty"` // the version of kubectl tpe
	Server          string       `json:"server,omitempty"`  // the version of Kubernetes
	Namespace       string       `json:"namespace"`
	Context         string       `json:"context,omitempty"`
	PUM             string       `json:"pum,omitempty"`    // PUM's Deployment
	Goal            verdict.Goal `json:"goal,omitempty"`   // what was observed
	Pod             string       `json:"pod,omitempty"`    // in which it was recorded, if in one of the namespace
	Values          bool         `json:"values,omitempty"` // nothing was masked
}

// A Line is what was heard of at a time. Besides the time it has one field.
type Line struct {
	At       time.Time       `json:"at"`
	Object   json.RawMessage `json:"object,omitempty"`   // is there now, or has changed
	Gone     *Ref            `json:"gone,omitempty"`     // is not there any more
	CrashLog *CrashLog       `json:"crashLog,omitempty"` // the last lines of a container that crashed
	Answer   *Answer         `json:"answer,omitempty"`   // of PUM
	Releases *Releases       `json:"releases,omitempty"` // of Helm
	Plan     *WayBack        `json:"plan,omitempty"`     // the way back
	Log      *Log            `json:"log,omitempty"`      // a line of a container's log
	Moment   *Moment         `json:"moment,omitempty"`   // what came before was known together
	Verdict  *Verdict        `json:"verdict,omitempty"`  // the last line
}

// A Ref names an object.
type Ref struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

// A CrashLog has the last lines of a container that crashed. Without lines they are not known
// any more.
type CrashLog struct {
	Pod       string   `json:"pod"`
	Container string   `json:"container"`
	Lines     []string `json:"lines,omitempty"`
}

// An Answer is what PUM printed when it was asked, or why it did not.
type Answer struct {
	AskedAt   time.Time `json:"askedAt,omitzero"` // unknown if it is absent
	Same      bool      `json:"same,omitempty"`   // all else is as the last time
	Text      string    `json:"text,omitempty"`
	Pod       string    `json:"pod,omitempty"`
	Container string    `json:"container,omitempty"`
	Command   []string  `json:"command,omitempty"`
	Stderr    string    `json:"stderr,omitempty"`
	ExitCode  int       `json:"exitCode,omitempty"`
	Error     *Error    `json:"error,omitempty"`
}

// Releases are the Helm releases, or why they are unknown.
type Releases struct {
	Items []Release `json:"items,omitempty"`
	Error *Error    `json:"error,omitempty"`
}

// A Release is a Helm release, with what only the verdict needs.
type Release struct {
	release.Release
	BegunAt       time.Time `json:"begunAt,omitzero"`
	LastGood      int       `json:"lastGood,omitempty"`
	VersionBefore string    `json:"versionBefore,omitempty"`
}

// A WayBack is what leads back to the release before, or why it is unknown. Without a plan there is
// no Helm release of the application.
type WayBack struct {
	Plan  *release.Plan `json:"plan,omitempty"`
	Error *Error        `json:"error,omitempty"`
}

// A Log is a line of a container's log, or a part of a long one.
type Log struct {
	Pod       string    `json:"pod"`
	Container string    `json:"container"`
	Started   time.Time `json:"started,omitzero"` // when the container was
	Time      time.Time `json:"time,omitzero"`    // when the line was written, by the node's clock
	Line      string    `json:"line"`
	More      bool      `json:"more,omitempty"` // the line goes on in the next
}

// A Moment says of what came before how it was known.
type Moment struct {
	AssessedAt      time.Time `json:"assessedAt,omitzero"` // for which ages and graces count
	HeardAt         time.Time `json:"heardAt,omitzero"`
	Kinds           []string  `json:"kinds,omitempty"` // that were read; there may be no object of them
	Gaps            []Gap     `json:"gaps,omitempty"`
	AssessmentError *Error    `json:"assessmentError,omitempty"`
	LostAt          time.Time `json:"lostAt,omitzero"`
	LostError       *Error    `json:"lostError,omitempty"`
	Unconfirmed     *Error    `json:"unconfirmed,omitempty"`
	PUMChangedAt    time.Time `json:"pumChangedAt,omitzero"`
	Polled          bool      `json:"polled,omitempty"` // PUM is asked again and again
	Read            bool      `json:"read,omitempty"`   // all was just read, and not only heard
	Over            bool      `json:"over,omitempty"`   // nothing will change any more, as far as was asked for
}

// A Gap is a kind that could not be read.
type Gap struct {
	Kind     string              `json:"kind"`
	Resource string              `json:"resource"`
	Verb     string              `json:"verb"`
	Reason   readiness.GapReason `json:"reason"`
	Error    *Error              `json:"error"`
	Since    time.Time           `json:"since,omitzero"`
	Stale    bool                `json:"stale,omitempty"` // objects that were read before are there
}

// A Verdict is what the last moment meant.
type Verdict struct {
	Outcome  verdict.Outcome   `json:"outcome"`
	ExitCode verdict.ExitCode  `json:"exitCode"`
	Findings []verdict.Finding `json:"findings"`
}
