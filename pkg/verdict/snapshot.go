// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
)

// A Snapshot is all that was observed at one moment. A part that was asked
// for has its value or its error; a part that was not asked for has neither,
// and says nothing about the outcome.
type Snapshot struct {
	ObservedAt time.Time
	Namespace  string // empty if the entries were saved before

	Picture    *readiness.Picture // workloads and jobs
	PictureErr error
	HeardAt    time.Time // when the API server last said something of it, where it is kept up to date
	LostAt     time.Time // since when that could not be done; zero if it can

	Answer    *pum.Answer // entries
	AnswerErr error
	Outdated  bool                   // PUM's pods or its job changed since it was asked
	Movements map[int64]pum.Movement // by uid, how entries moved from poll to poll; nil if they were asked for once

	Releases    *Releases // Helm's
	ReleasesErr error
}

// Releases are the four Helm releases, and what they are together. Without any item
// there is no Helm release of ThingPark Enterprise.
type Releases struct {
	release.Consistency
	Items  []release.Release
	ReadAt time.Time // when reading began
}

// onlyReleases reports whether nothing but the Helm releases was asked for.
func (s *Snapshot) onlyReleases() bool {
	return s.Picture == nil && s.PictureErr == nil && s.Answer == nil && s.AnswerErr == nil
}

// A Verdict is what a snapshot means.
type Verdict struct {
	Outcome  Outcome
	ExitCode ExitCode
	Findings []Finding // the gravest first
	Impact   []Impact  // nil if too little was read to say that there is none

	namespace  string
	processing bool // the job that works through the entries is not over
}
