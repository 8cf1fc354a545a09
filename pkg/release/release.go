// SPDX-License-Identifier: Apache-2.0

package release

import (
	"errors"
	"fmt"
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
}

// newRelease makes a release of its latest revision. With an error it is what the
// labels tell.
func newRelease(r *Revision, err error) Release {
	release := Release{
		Name: r.Release, Chart: r.Chart, Version: r.Version, AppVersion: r.AppVersion,
		Status: r.Status, Revision: r.Number, UpdatedAt: r.UpdatedAt.Truncate(time.Second), BegunAt: r.BegunAt, Said: r.Description,
	}
	if err != nil {
		release.Problem = err.Error()
	}
	return release
}

// A DamagedError is the error of a revision whose data is none.
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
