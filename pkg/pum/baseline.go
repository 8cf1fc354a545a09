// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// A Restart is what there was before PUM was told to run its procedure again. Entries
// and jobs from before it prove nothing of what it led to.
type Restart struct {
	At      time.Time // just before it was sent, by the API server's clock
	Job     types.UID // of the job pum-process as it was then; empty if there was none
	Entries []Entry   // as PUM listed them then
}

// Changed returns the uids of those of the entries that PUM worked on since the restart,
// and of those that are new.
func (r *Restart) Changed(entries []Entry) map[int64]bool {
	changed := map[int64]bool{}
	for _, c := range Changes(r.Entries, entries) {
		if c.After != nil {
			changed[c.After.UID] = true
		}
	}
	return changed
}
