// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
)

// releases judges the four Helm releases. If they are unknown, that is a failure only if
// nothing else was asked for: ThingPark Enterprise may have been installed by other means, and
// its operator may not be authorized to read secrets.
func (v *Verdict) releases(s *Snapshot) {
	before := v.unkept
	switch {
	case s.ReleasesErr != nil && s.onlyReleases():
		v.failedToAsk("releases", s.ReleasesErr)
	case s.ReleasesErr != nil && v.notKept("releases", s.ReleasesErr): // a finding, and no failure
		v.unkept = before
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
			v.release(s, &r)
		}
		v.rolledBack(s.Releases.Items)
		code := ExitDone
		if s.onlyReleases() {
			code = ExitError
		}
		v.consistency(s.Releases, code)
	}
}

func (v *Verdict) noReleases(s *Snapshot) {
	f := Finding{
		Code: CodeReleasesUnknown, Level: LevelInfo,
		Summary: "there is no Helm release of ThingPark Enterprise in this namespace",
		Detail:  "it may have been installed by other means, or Helm keeps its releases elsewhere than in secrets",
	}
	code := ExitDone
	if s.onlyReleases() {
		code, f.Level = ExitNotFound, LevelError
		f.Next = []string{v.where.Everywhere().Kubectl("get secrets --all-namespaces -l owner=helm,name=" + release.Application)}
	}
	v.find(code, f)
}

// release judges one Helm release by what Helm says of it.
func (v *Verdict) release(s *Snapshot, r *release.Release) {
	f := Finding{Since: r.UpdatedAt, Detail: r.Said, Objects: []Object{{Kind: "Release", Name: r.Name}}}
	switch {
	case r.Status == release.StatusMissing:
		v.missingRelease(r, f, s.Releases.State == release.Underway)
	case s.waitsForUs(r):
		v.hookedRelease(r, f)
	case s.stuck(r):
		v.stuckRelease(s, r, f)
	case release.Pending(r.Status):
		f.Code, f.Level = CodeReleasePending, LevelWarning
		f.Summary = fmt.Sprintf("release %s is %s", r.Name, r.Status)
		f.Detail = "Helm is working on it or was interrupted recently; until that is over, Helm refuses every upgrade"
		if h := s.hookOf(r); h != nil {
			f.Detail = fmt.Sprintf("Helm waits for its hook %s; until that is over, Helm refuses every upgrade", h.Object)
		}
		f.Next = []string{v.where.Helm("history", r.Name)}
		v.find(ExitPending, f)
	case r.Status == release.StatusUnknown && r.Problem == "":
		f.Code, f.Level = CodeReleaseUnclear, LevelWarning
		f.Summary = fmt.Sprintf("the status of release %s is unknown", r.Name)
		f.Detail = "neither its secret's label nor its content says"
		f.Next = []string{v.where.Helm("status", r.Name)}
		v.find(ExitError, f)
	case r.Status != release.StatusDeployed && r.Status != release.StatusUnknown:
		v.failedRelease(r, f)
	}
	if r.Problem != "" {
		v.find(ExitDone, Finding{
			Code: CodeReleaseUnclear, Level: LevelWarning,
			Summary: fmt.Sprintf("the chart of release %s is unknown", r.Name),
			Detail:  r.Problem, Objects: f.Objects,
		})
	}
	if r.Swapped() {
		v.swappedRelease(r, f.Objects)
	}
}

// missingRelease judges a release that is not installed. While the others are being installed,
// it may follow.
func (v *Verdict) missingRelease(r *release.Release, f Finding, underway bool) {
	f.Code = CodeReleaseMissing
	if underway {
		f.Level = LevelWarning
		f.Summary = fmt.Sprintf("release %s is not installed yet", r.Name)
		f.Detail = "the first charts were installed recently, and chart " + r.Chart + " is to come"
		v.find(ExitPending, f)
		return
	}
	f.Level = LevelError
	f.Summary = fmt.Sprintf("release %s is missing", r.Name)
	f.Detail = "chart " + r.Chart + " is not installed, at least not by Helm"
	v.find(ExitFailed, f)
}

// stuckRelease judges a release on which Helm was working when it was interrupted. It stays as
// it is until somebody acts: the upgrade did not succeed.
func (v *Verdict) stuckRelease(s *Snapshot, r *release.Release, f Finding) {
	f.Code, f.Level, f.Since = CodeReleaseStuck, LevelError, cmp.Or(r.BegunAt, r.UpdatedAt)
	f.Summary = fmt.Sprintf("release %s is stuck in %s", r.Name, r.Status)
	f.Detail = fmt.Sprintf("Helm began revision %d at %s and never finished it: it was interrupted", r.Revision, f.Since.UTC().Format(time.RFC3339))
	if _, err := s.hooks(); err != nil {
		f.Detail += ", unless one of its hooks still runs, which is unknown"
	} else if s.awaited() {
		f.Detail += ", unless somebody runs it with --wait and a --timeout above an hour: make sure that nobody does"
	}
	f.Next = []string{v.where.Helm("history", r.Name)}
	switch {
	case r.Status == release.StatusUninstalling:
		f.Detail += ". Uninstall it again to remove what is left"
		f.Next = append(f.Next, v.where.Helm("uninstall", r.Name))
	case r.LastGood > 0:
		f.Detail += ". Helm refuses every upgrade until the release is rolled back"
		f.Next = append(f.Next, v.where.Helm("rollback", r.Name, fmt.Sprint(r.LastGood)))
	case r.Status == release.StatusPendingInstall:
		f.Detail += ". Helm refuses to install it again until the Secret of this revision is deleted; nothing else is deleted with it"
		f.Next = append(f.Next, v.where.Kubectl("delete secret", release.SecretName(r.Name, r.Revision)))
	default:
		f.Detail += ". Helm refuses every upgrade and kept no revision to roll back to"
	}
	v.find(ExitFailed, f)
}

// stuck reports whether a release was left pending by a Helm that was interrupted. One that runs a
// hook is not: Helm waits for it for as long as its --timeout says (helm/helm#9864).
func (s *Snapshot) stuck(r *release.Release) bool {
	return r.Stuck(s.ObservedAt) && s.hookOf(r) == nil
}

// awaited reports whether helm upgrade --wait might still wait for something: not all is ready, or
// that is unknown.
func (s *Snapshot) awaited() bool {
	return s.Assessment == nil || slices.ContainsFunc(s.Assessment.Workloads, func(w readiness.Workload) bool { return !w.Done() })
}

// hookOf returns the hook of a release that is at work, or nil.
func (s *Snapshot) hookOf(r *release.Release) *readiness.Hook {
	hooks, _ := s.hooks()
	i := slices.IndexFunc(hooks, func(h readiness.Hook) bool {
		return (h.Release == r.Name || h.Release == "") && !h.CreatedAt.Before(cmp.Or(r.BegunAt, r.UpdatedAt))
	})
	if i < 0 {
		return nil
	}
	return &hooks[i]
}

// hooks returns what Helm waits for. With the error there may be more.
func (s *Snapshot) hooks() ([]readiness.Hook, error) {
	if s.Assessment == nil {
		return s.Hooks, cmp.Or(s.HooksErr, s.AssessmentErr)
	}
	return s.Assessment.Hooks(), readiness.Unread(s.Assessment.Gaps, "Job", "Pod")
}

// failedRelease judges a release whose latest revision is not deployed.
func (v *Verdict) failedRelease(r *release.Release, f Finding) {
	f.Code, f.Level = CodeReleaseFailed, LevelError
	f.Summary = fmt.Sprintf("release %s is %s in revision %d", r.Name, r.Status, r.Revision)
	f.Next = []string{v.where.Helm("history", r.Name), v.where.TPE("rollback-plan")}
	if r.Status == release.StatusSuperseded {
		f.Detail = "its latest revision was superseded, and the newer one is not there: Helm was interrupted, or somebody deleted its secret"
	}
	v.find(ExitFailed, f)
}

// swappedRelease judges a release that has the chart of another of the four.
func (v *Verdict) swappedRelease(r *release.Release, objects []Object) {
	want := ""
	for _, p := range release.Parts() {
		if p.Name == r.Name {
			want = p.Chart
		}
	}
	v.find(ExitFailed, Finding{
		Code: CodeReleaseSwapped, Level: LevelError, Since: r.UpdatedAt, Objects: objects,
		Summary: fmt.Sprintf("release %s has the chart of another release", r.Name),
		Detail:  fmt.Sprintf("it has the chart %s in version %s, and should have the chart %s", r.Chart, r.Version, want),
		Next:    []string{v.where.Helm("history", r.Name), v.where.TPE("rollback-plan")},
	})
}

// rolledBack judges the releases that are copies of an earlier revision: the upgrade before
// the rollback is not installed, though Helm says deployed. A release that was upgraded again
// since does not count.
func (v *Verdict) rolledBack(releases []release.Release) {
	f := Finding{Code: CodeRolledBack, Level: LevelWarning}
	var names, details []string
	for _, r := range releases {
		if r.RolledBack == nil || r.Status != release.StatusDeployed {
			continue
		}
		names = append(names, r.Name)
		details = append(details, rollback(&r))
		f.Objects = append(f.Objects, Object{Kind: "Release", Name: r.Name})
		f.Next = append(f.Next, v.where.Helm("history", r.Name))
		if r.UpdatedAt.After(f.Since) {
			f.Since = r.UpdatedAt
		}
	}
	f.Detail = strings.Join(details, "; ")
	switch len(names) {
	case 0:
		return
	case 1:
		f.Summary = fmt.Sprintf("release %s was rolled back", names[0])
	default:
		f.Summary = fmt.Sprintf("%d releases were rolled back: %s", len(names), strings.Join(names, ", "))
	}
	v.find(ExitDone, f)
}

// rollback says from what to what a release was rolled back, and when.
func rollback(r *release.Release) string {
	back := r.RolledBack
	text := fmt.Sprintf("%s is a copy of revision %d since %s, with chart version %s", r.Name, back.To, r.UpdatedAt.UTC().Format(time.RFC3339), r.Version)
	switch {
	case back.From == 0:
		return text
	case back.Status == release.StatusFailed:
		text += fmt.Sprintf(", after revision %d failed", back.From)
	default:
		text += fmt.Sprintf(", after revision %d", back.From)
	}
	if back.Version != "" {
		text += fmt.Sprintf(" with chart version %s (%s)", back.Version, back.AppVersion)
	}
	return text
}

// consistency judges whether the Helm releases belong together. The exit code is for the case
// that this is unknown.
func (v *Verdict) consistency(r *Releases, code ExitCode) {
	f := Finding{Summary: r.mixture(), Detail: r.versions()}
	for _, name := range r.Odd {
		f.Objects = append(f.Objects, Object{Kind: "Release", Name: name})
	}
	if f.Summary == "" && r.State != release.Unclear {
		return // the odd ones are missing, which is a finding already
	}
	switch r.State {
	case release.Mismatch:
		f.Code, f.Level = CodeReleasesMixed, LevelError
		f.Next = []string{v.where.TPE("releases")}
		v.find(ExitFailed, f)
	case release.Underway:
		f.Code, f.Level = CodeReleasesMixed, LevelWarning
		f.Detail += "; the first ones were upgraded recently, so the upgrade may be under way"
		v.find(ExitPending, f)
	case release.Unclear:
		f.Code, f.Level = CodeReleaseUnclear, LevelWarning
		f.Summary = "cannot tell which release of ThingPark Enterprise the Helm releases belong to"
		f.Detail = "a chart is in no Release Manifest that this version of kubectl tpe knows: " + f.Detail
		f.Next = []string{v.where.TPE("releases --manifest VERSIONS")}
		v.hold(code)
		if !slices.ContainsFunc(r.Items, func(r release.Release) bool { return r.Problem != "" }) {
			v.find(code, f) // damage is a finding already
		}
	}
}

// mixture says which of the installed Helm releases do not belong to the same release as the
// others, or nothing if all do.
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
	subject, others := "release "+strings.Join(odd, "")+" does", "the other one does"
	if len(odd) > 1 {
		subject = "releases " + strings.Join(odd, ", ") + " do"
	}
	if n := present - len(odd); n > 1 {
		others = fmt.Sprintf("the other %d do", n)
	}
	switch tpe := release.Span(r.TPE); {
	case len(odd) == 0:
		return ""
	case present == len(odd):
		return "no Helm release belongs to " + tpe
	default:
		return fmt.Sprintf("%s not belong to %s; %s", subject, tpe, others)
	}
}

// versions says which release of ThingPark Enterprise each chart belongs to.
func (r *Releases) versions() string {
	var parts []string
	for _, item := range r.Items {
		if item.Version == "" {
			continue
		}
		parts = append(parts, fmt.Sprintf("%s %s (%s)", item.Chart, item.Version, release.Span(item.Of)))
	}
	return strings.Join(parts, ", ")
}
