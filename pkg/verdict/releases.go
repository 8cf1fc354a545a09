// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
)

// releases judges the four Helm releases. To know nothing of them is a failure only
// where nothing else was asked for: ThingPark Enterprise may have been installed by
// other means, and whoever looks after it may not read secrets.
func (v *Verdict) releases(s Snapshot) {
	switch {
	case s.ReleasesErr != nil && s.onlyReleases():
		v.failedToAsk("releases", s.ReleasesErr)
	case s.ReleasesErr != nil:
		v.find(ExitDone, Finding{
			Code: CodeReleasesUnknown, Level: LevelInfo,
			Summary: "the Helm releases are unknown",
			Detail:  s.ReleasesErr.Error(),
		})
	case s.Releases != nil && len(s.Releases.Items) == 0:
		v.noReleases(s)
	case s.Releases != nil:
		for _, r := range s.Releases.Items {
			v.release(r, s.Releases.State == release.Underway)
		}
		code := ExitDone
		if s.onlyReleases() {
			code = ExitError
		}
		v.consistency(s.Releases, code)
	}
}

func (v *Verdict) noReleases(s Snapshot) {
	f := Finding{
		Code: CodeReleasesUnknown, Level: LevelInfo,
		Summary: "there is no Helm release of ThingPark Enterprise in this namespace",
		Detail:  "it may have been installed by other means, or Helm keeps its releases elsewhere than in secrets",
	}
	code := ExitDone
	if s.onlyReleases() {
		code, f.Level = ExitNotFound, LevelError
		f.Next = []string{"kubectl get secrets --all-namespaces -l owner=helm,name=" + release.Application}
	}
	v.find(code, f)
}

// release judges one Helm release by what Helm says of it. While others are on their
// way, one that is missing is still to come.
func (v *Verdict) release(r release.Release, underway bool) {
	f := Finding{Since: r.UpdatedAt, Detail: r.Said, Objects: []Object{{Kind: "Release", Name: r.Name}}}
	history := "helm history " + r.Name + " -n " + v.namespace
	switch {
	case r.Status == release.StatusMissing && underway:
		f.Code, f.Level = CodeReleaseMissing, LevelWarning
		f.Summary = fmt.Sprintf("release %s is not there yet", r.Name)
		f.Detail = "the first charts were installed a short time ago, and chart " + r.Chart + " is to come"
		v.find(ExitPending, f)
	case r.Status == release.StatusMissing:
		f.Code, f.Level = CodeReleaseMissing, LevelError
		f.Summary = fmt.Sprintf("release %s is missing", r.Name)
		f.Detail = "the chart " + r.Chart + " is not installed, by Helm at least"
		v.find(ExitFailed, f)
	case release.Pending(r.Status):
		f.Code, f.Level = CodeReleasePending, LevelWarning
		f.Summary = fmt.Sprintf("release %s is %s", r.Name, r.Status)
		f.Detail = "Helm is at work, or was interrupted; then it refuses every upgrade until the release is rolled back"
		f.Next = []string{history}
		v.find(ExitPending, f)
	case r.Status != release.StatusDeployed:
		f.Code, f.Level = CodeReleaseFailed, LevelError
		f.Summary = fmt.Sprintf("release %s is %s in revision %d", r.Name, r.Status, r.Revision)
		f.Next = []string{history, "kubectl tpe rollback-plan -n " + v.namespace}
		v.find(ExitFailed, f)
	}
	if r.Problem != "" {
		v.find(ExitDone, Finding{
			Code: CodeReleaseUnclear, Level: LevelWarning,
			Summary: fmt.Sprintf("the chart of release %s is unknown", r.Name),
			Detail:  r.Problem, Objects: f.Objects,
		})
	}
}

// consistency judges whether the Helm releases belong together. The code is for the
// case that it cannot be told.
func (v *Verdict) consistency(r *Releases, code ExitCode) {
	f := Finding{Summary: r.mixture(), Detail: r.versions()}
	for _, name := range r.Odd {
		f.Objects = append(f.Objects, Object{Kind: "Release", Name: name})
	}
	if f.Summary == "" && r.State != release.Unclear {
		return // all that is odd is missing, which was found before
	}
	switch r.State {
	case release.Mismatch:
		f.Code, f.Level = CodeReleasesMixed, LevelError
		f.Next = []string{"kubectl tpe releases -n " + v.namespace}
		v.find(ExitFailed, f)
	case release.Underway:
		f.Code, f.Level = CodeReleasesMixed, LevelWarning
		f.Detail += "; the first ones were upgraded a short time ago, so the upgrade may be under way"
		v.find(ExitPending, f)
	case release.Unclear:
		f.Code, f.Level = CodeReleaseUnclear, LevelWarning
		f.Summary = "it cannot be told of which release of ThingPark Enterprise the Helm releases are"
		f.Detail = "a version is in no Release Manifest that this version of kubectl tpe knows: " + f.Detail
		f.Next = []string{"kubectl tpe releases --manifest VERSIONS -n " + v.namespace}
		v.hold(code)
		if !slices.ContainsFunc(r.Items, func(r release.Release) bool { return r.Problem != "" }) {
			v.find(code, f) // damage was found before
		}
	}
}

// mixture says which Helm releases are unlike the others, or nothing if none that is
// there is.
func (r *Releases) mixture() string {
	var odd []string
	present := 0
	for _, item := range r.Items {
		if item.Status == release.StatusMissing {
			continue
		}
		present++
		if slices.Contains(r.Odd, item.Name) {
			odd = append(odd, item.Name)
		}
	}
	switch tpe := release.Span(r.TPE); {
	case len(odd) == 0:
		return ""
	case present == len(odd):
		return "no Helm release is of " + tpe
	case len(odd) == 1:
		return fmt.Sprintf("release %s is not of %s, the other %d are", odd[0], tpe, present-1)
	default:
		return fmt.Sprintf("releases %s are not of %s, the other %d are", strings.Join(odd, ", "), tpe, present-len(odd))
	}
}

// versions says which chart of each Helm release is of what.
func (r *Releases) versions() string {
	var parts []string
	for _, item := range r.Items {
		if item.Version == "" {
			continue
		}
		parts = append(parts, fmt.Sprintf("%s %s is of %s", item.Chart, item.Version, release.Span(item.Of)))
	}
	return strings.Join(parts, ", ")
}
