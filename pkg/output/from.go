// SPDX-License-Identifier: Apache-2.0

package output

import (
	"k8s.io/apimachinery/pkg/util/duration"
)

// from says which file is shown, and when the cluster was in that state.
func (s *screen) from(f *From) {
	if f != nil {
		s.line("%s", f.Line())
	}
}

// Line says in one line what a file is, and when the cluster was in the state that it shows.
func (f *From) Line() string {
	text := f.Kind + " " + f.Path
	if f.TakenAt.IsZero() {
		return text + ", taken at an unknown time"
	}
	text += ", as of " + f.TakenAt.UTC().Format("2006-01-02 15:04:05 MST")
	if !f.Begins.IsZero() && f.Ends.After(f.Begins) {
		text += ", " + duration.HumanDuration(f.TakenAt.Sub(f.Begins)) + " of " + duration.HumanDuration(f.Ends.Sub(f.Begins))
	}
	return text
}
