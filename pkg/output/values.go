// SPDX-License-Identifier: Apache-2.0

package output

import (
	"fmt"
	"io"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
)

// WriteValues writes the values of a Helm release as Helm does: as YAML, or as JSON
// where that is the format. The text is exact, and what does not print is escaped.
func WriteValues(w io.Writer, f *Format, values map[string]any) error {
	if f.name == "json" {
		return writeJSON(w, values)
	}
	return writeYAML(w, values)
}

// Plain reports whether the format is one in which values are written: YAML, which
// is also the default, or JSON.
func (f *Format) Plain() bool { return f.name == "" || f.name == "yaml" || f.name == "json" }

// A SavedValues is the document of the command values --dir.
type SavedValues struct {
	Observation `json:",inline"`
	Items       []SavedFile `json:"items"`

	shared bool // whether others can read the files
}

// A SavedFile is a file with the values of one Helm release. They may hold passwords.
type SavedFile struct {
	Name     string `json:"name"` // of the Helm release
	Revision int    `json:"revision"`
	File     string `json:"file"`
	Size     int64  `json:"size"` // in bytes
}

// NewSavedValues makes a document without a file.
func NewSavedValues(place Place, now time.Time) *SavedValues {
	return &SavedValues{Observation: observed("SavedValues", place, now), Items: []SavedFile{}}
}

// Share notes that others can read the files.
func (d *SavedValues) Share() { d.shared = true }

// Add adds a file.
func (d *SavedValues) Add(name string, revision int, file string, size int64) {
	d.Items = append(d.Items, SavedFile{name, revision, file, size})
}

func (d *SavedValues) names() []string {
	var names []string
	for _, f := range d.Items {
		names = append(names, f.File)
	}
	return names
}

func (d *SavedValues) show(s *screen) {
	t := &table{header: []string{"RELEASE", "REV", "BYTES", "FILE"}}
	for _, file := range d.Items {
		t.add(file.Name, nonzero(file.Revision), fmt.Sprint(file.Size), file.File)
	}
	s.table(t)
	s.line("")
	warning := "These files may hold passwords."
	if d.shared {
		warning += " Others can read them: this file system keeps no access rights. Move them to another."
	} else {
		warning += " Only you can read them."
	}
	s.line("%s", warning)
}

// A ValuesDiff is the document of the command values --diff.
type ValuesDiff struct {
	Observation `json:",inline"`
	Name        string           `json:"name"` // of the Helm release
	Before      int              `json:"before"`
	After       int              `json:"after"`
	Items       []release.Change `json:"items"`

	secrets bool // whether they are shown
}

// NewValuesDiff makes the document of what differs between two revisions, with or without
// what may be a secret.
func NewValuesDiff(place Place, now time.Time, before, after *release.Values, secrets bool) *ValuesDiff {
	return &ValuesDiff{observed("ValuesDiff", place, now), before.Release, before.Revision, after.Revision, release.Changes(before, after, secrets), secrets}
}

func (d *ValuesDiff) names() []string {
	var names []string
	for _, c := range d.Items {
		names = append(names, c.Path)
	}
	return names
}

func (d *ValuesDiff) show(s *screen) {
	if len(d.Items) == 0 {
		s.line("No value of %s differs between revisions %d and %d.", d.Name, d.Before, d.After)
		return
	}
	t := &table{header: []string{"VALUE", fmt.Sprintf("REV %d", d.Before), fmt.Sprintf("REV %d", d.After)}, shrink: []string{"VALUE"}}
	for _, c := range d.Items {
		t.add(c.Path, c.Before, c.After)
	}
	s.table(t)
	if !d.secrets {
		s.line("")
		s.line("What is not known to be harmless is masked: %s. --show-secrets shows it.", release.Masked)
	}
}
