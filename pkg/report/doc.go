// SPDX-License-Identifier: Apache-2.0

// Package report writes what is handed over after an upgrade: a page, a summary in Markdown, and
// JUnit for a pipeline.
//
// A [Timeline] is fed with every report of a wait, or of a recording that is played, and keeps
// what changed. A [Report] is the last snapshot and that timeline. What could not be observed is
// a state of its own: no time counts as good that nobody saw.
//
// All text is hostile. [New] shows what does not print as an escape, as screens do, and bounds
// its length. Each writer then quotes it for its format.
//
//go:generate go run ./compile
package report
