// SPDX-License-Identifier: Apache-2.0

package release

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A Revision is one revision of a Helm release. Its labels tell the first group of
// fields, its data the second.
type Revision struct {
	Release   string
	Number    int
	Status    string    // Helm's word
	UpdatedAt time.Time // by the labels to the second in which the secret was written; by the data when Helm began
	BegunAt   time.Time // when Helm wrote the secret first, before it did anything else; by the API server's clock

	Chart       string
	Version     string // of the chart
	AppVersion  string
	Description string // what Helm last said of it

	secret  string // its name
	version string // its resource version
}

// Helm's words for the status of a revision, and one of ours.
const (
	StatusDeployed        = "deployed"
	StatusSuperseded      = "superseded"
	StatusFailed          = "failed"
	StatusPendingInstall  = "pending-install"
	StatusPendingUpgrade  = "pending-upgrade"
	StatusPendingRollback = "pending-rollback"
	StatusUninstalling    = "uninstalling"
	StatusUninstalled     = "uninstalled"
	StatusUnknown         = "unknown"
	StatusMissing         = "missing" // there is no revision
)

// Pending reports whether a status says that Helm is at work, or was when it died. Helm
// writes it before it begins, and again when it ends.
func Pending(status string) bool {
	return strings.HasPrefix(status, "pending-") || status == StatusUninstalling
}

// Good reports whether a revision was installed, so that a rollback may return to it. Helm also
// marks revisions as superseded that failed or were never finished: the first one, and the one before
// a rollback that failed (helm/helm#11435). Only the description, which is in the data, still says so.
func (r *Revision) Good() bool {
	switch r.Status {
	case StatusDeployed:
		return true
	case StatusSuperseded:
		return !unfinished.MatchString(r.Description)
	}
	return false
}

// gone reports whether nothing of a release is installed any more.
func (r *Revision) gone() bool { return r == nil || r.Status == StatusUninstalled }

// unfinished finds Helm's descriptions of a revision that failed or was begun (helm.sh/helm:
// pkg/action, install.go, upgrade.go and rollback.go).
var unfinished = regexp.MustCompile(`^(Release|Upgrade|Rollback) ".*" failed: |^(Preparing upgrade|Initial install underway)$`)

// rolledBackTo returns the revision of which this one is a copy, if Helm rolled back to it.
// Helm says that in its description alone (pkg/action/rollback.go). One that is pending or
// failed is not rolled back.
func (r *Revision) rolledBackTo() (revision int, ok bool) {
	number, ok := strings.CutPrefix(r.Description, "Rollback to ")
	revision, err := strconv.Atoi(number)
	return revision, ok && err == nil && r.Good()
}

// newRevision reads the labels of a secret. It reports whether the secret is a
// revision at all.
func newRevision(secret metav1.ObjectMeta) (*Revision, bool) {
	name, number, ok := cutSecretName(secret.Name)
	if !ok {
		return nil, false
	}
	r := &Revision{
		Release: name, Number: number, Status: secret.Labels["status"],
		UpdatedAt: secret.CreationTimestamp.UTC(), BegunAt: secret.CreationTimestamp.UTC(),
		secret: secret.Name, version: secret.ResourceVersion,
	}
	for _, label := range []string{"createdAt", "modifiedAt"} { // seconds since 1970
		if seconds, err := strconv.ParseInt(secret.Labels[label], 10, 64); err == nil {
			r.UpdatedAt = time.Unix(seconds, 0).UTC()
			r.begunBy(r.UpdatedAt)
		}
	}
	return r, true
}

// begunBy takes Helm's own time for when it began, where the secret is younger by more than
// clocks differ: somebody restored it from a backup, or copied it.
func (r *Revision) begunBy(helm time.Time) {
	if r.BegunAt.Sub(helm) > farApart {
		r.BegunAt = helm
	}
}

// farApart is more than clocks differ.
const farApart = 24 * time.Hour

// fresh reports whether the application was upgraded so recently that what was before matters. It
// spares all others a request.
func (r *Revision) fresh() bool {
	return r.Status == StatusDeployed && partOf(r.Chart) == len(Parts())-1 && time.Since(r.BegunAt) < farApart
}

const secretPrefix = "sh.helm.release.v1."

// cutSecretName returns the release and the revision in a secret's name.
func cutSecretName(secret string) (release string, revision int, ok bool) {
	rest, ok := strings.CutPrefix(secret, secretPrefix)
	at := strings.LastIndex(rest, ".v")
	if !ok || at < 1 {
		return "", 0, false
	}
	revision, err := strconv.Atoi(rest[at+len(".v"):])
	return rest[:at], revision, err == nil && revision > 0
}

// SecretName returns the name of the secret of a revision.
func SecretName(release string, revision int) string {
	return secretPrefix + release + ".v" + strconv.Itoa(revision)
}
