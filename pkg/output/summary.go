// SPDX-License-Identifier: Apache-2.0

package output

// What reports say in the words of the screen.

// Title names what is installed, as far as it is known.
func (doc *Status) Title() string { return doc.Releases.title() }

// Headline says in one line what is wrong, and how far everything is that was asked for.
func (doc *Status) Headline() string { return headline(doc) }

// Next returns commands to copy, the first to try first. Who waits already is not told to wait.
func (doc *Status) Next() []string {
	if doc.waiting != nil {
		return doc.verdict.NextMeanwhile()
	}
	return doc.verdict.Next()
}

// Line says in one line what the Helm releases are together.
func (r *Releases) Line() string { return releasesLine(r) }

// Word is the outcome as a screen says it.
func (h *Head) Word() string { return h.word() }
