// SPDX-License-Identifier: Apache-2.0

package release

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// A Release is one of the four Helm releases, in its latest revision.
type Release struct {
	Name       string    `json:"name"`
	Chart      string    `json:"chart"`
	Version    string    `json:"version,omitempty"` // of the chart
	Want       string    `json:"want,omitempty"`    // by the Release Manifest
	AppVersion string    `json:"appVersion,omitempty"`
	Status     string    `json:"status"` // Helm's word, or missing
	Revision   int       `json:"revision,omitempty"`
	UpdatedAt  time.Time `json:"updatedAt,omitzero"`
	BegunAt    time.Time `json:"-"`                 // when Helm began the revision, by the API server's clock; UpdatedAt is by the clock of the machine that ran Helm
	Of         []string  `json:"of,omitempty"`      // releases of ThingPark Enterprise that have the chart in this version
	Said       string    `json:"said,omitempty"`    // what Helm last said of it
	Problem    string    `json:"problem,omitempty"` // why it could not be read

	RolledBack *Rollback `json:"rolledBack,omitempty"` // how it came to this revision, if Helm rolled it back
	LastGood   int       `json:"-"`                    // if it is pending, the newest revision before it that was installed; 0 if there is none

	VersionBefore string `json:"-"` // of the chart in that revision, if it is the application and was upgraded recently; else empty
}

// A Rollback is what led from one revision to the copy of an earlier one: helm rollback,
// helm upgrade --atomic (helm/helm#12796), or --rollback-on-failure, as Helm 4 calls it.
type Rollback struct {
	To         int    `json:"to"`                   // the revision of which this is a copy
	From       int    `json:"from,omitempty"`       // the revision before; absent if Helm keeps it no more
	Status     string `json:"status,omitempty"`     // of the revision before: failed, where Helm rolled back by itself
	Version    string `json:"version,omitempty"`    // of its chart
	AppVersion string `json:"appVersion,omitempty"` // of its chart
}

// helmAtWork is how long Helm may be at work on a release. The vendor's procedure gives it
// ten minutes. One that is pending for longer was left by a Helm that was interrupted:
// nothing changes it any more (helm/helm#7476).
const helmAtWork = time.Hour

// Stuck reports whether a release was left pending by a Helm that was interrupted.
func (r *Release) Stuck(now time.Time) bool {
	return Pending(r.Status) && now.Sub(r.begun()) > helmAtWork
}

// begun returns when Helm began the revision.
func (r *Release) begun() time.Time {
	if r.BegunAt.IsZero() {
		return r.UpdatedAt
	}
	return r.BegunAt
}

// newRelease makes a release from its latest revision. With an error it has only what the
// labels tell.
func newRelease(r *Revision, err error) Release {
	release := Release{
		Name: r.Release, Chart: r.Chart, Version: r.Version, AppVersion: r.AppVersion,
		Status: r.Status, Revision: r.Number, UpdatedAt: r.UpdatedAt.Truncate(time.Second), BegunAt: r.BegunAt, Said: shortened(r.Description),
	}
	if release.Status == "" {
		release.Status = StatusUnknown
	}
	if err != nil {
		release.Problem = err.Error()
	}
	return release
}

// shortened returns the beginning of what Helm said. What it says of an upgrade that failed
// may quote whole objects.
func shortened(said string) string {
	const most = 4 << 10
	if len(said) <= most {
		return said
	}
	return strings.ToValidUTF8(said[:most], "") + "…"
}

// Swapped reports whether a release has the chart of another of the four.
func (r *Release) Swapped() bool {
	i := slices.IndexFunc(Parts(), func(p Part) bool { return p.Name == r.Name })
	part := partOf(r.Chart)
	return r.Problem == "" && i >= 0 && part >= 0 && part != i
}

// A DamagedError is the error of a revision whose data is not what Helm writes.
type DamagedError struct {
	Secret string
	Err    error
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("the data of secret %q is not what Helm writes: %v", e.Secret, e.Err)
}

func (e *DamagedError) Unwrap() error { return e.Err }

// fatal reports whether an error is about more than one secret: one may be damaged,
// or gone since the list.
func fatal(err error) bool {
	damaged := (*DamagedError)(nil)
	return err != nil && !errors.As(err, &damaged) && !apierrors.IsNotFound(err)
}
