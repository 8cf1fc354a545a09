// SPDX-License-Identifier: Apache-2.0

package release

import (
	"context"
	"fmt"
	"slices"
	"time"

	apiversion "k8s.io/apimachinery/pkg/util/version"
)

// A Plan is how to roll back to the previous release of ThingPark Enterprise.
type Plan struct {
	TPE      []string `json:"tpe,omitempty"` // what it leads back to; none if that is in no known manifest
	Releases []Return `json:"releases"`      // in the order of Parts
}

// A Return is what one of the four Helm releases goes back to.
type Return struct {
	Name   string `json:"name"`
	Now    *Point `json:"now,omitempty"`  // absent if it is not installed
	Back   *Point `json:"back,omitempty"` // absent if it stays, or there is nothing to go back to
	Stays  bool   `json:"stays"`          // the chart is the same in both
	Reason string `json:"reason"`         // why this revision, or why none
}

// A Point is a revision to be at.
type Point struct {
	Revision   int       `json:"revision"`
	Status     string    `json:"status"`
	Chart      string    `json:"chart"`
	Version    string    `json:"version"`
	AppVersion string    `json:"appVersion,omitempty"`
	UpdatedAt  time.Time `json:"updatedAt,omitzero"`
}

// Whole reports whether every Helm release stays or has a revision to return to.
func (p *Plan) Whole() bool {
	return !slices.ContainsFunc(p.Releases, func(r Return) bool { return !r.Stays && r.Back == nil })
}

// Plan looks for the revisions that lead back to the release of ThingPark Enterprise
// that was installed before. The application decides which one that was; from its
// Release Manifest follows what the other three go back to, or that they stay.
//
// A revision is returned to only if it was installed once: Helm says deployed or
// superseded. Plan is nil if there is no Helm release of the application.
func (r *Reader) Plan(ctx context.Context) (*Plan, error) {
	all, err := r.list(ctx)
	if err != nil {
		return nil, err
	}
	p := &planner{Reader: r, ctx: ctx}
	for i, latest := range r.parts(ctx, all) {
		for _, revision := range all {
			if latest != nil && revision.Release == latest.Release {
				p.history[i] = append(p.history[i], revision)
			}
		}
	}
	if len(p.history[3]) == 0 {
		return nil, nil
	}
	return p.plan()
}

// A planner looks through the histories of the four, the newest revision first.
type planner struct {
	*Reader
	ctx     context.Context
	history [4][]*Revision
}

func (p *planner) plan() (*Plan, error) {
	application, err := p.application()
	if err != nil {
		return nil, err
	}
	plan := &Plan{}
	var target *Manifest
	if application != nil {
		for _, m := range closest(releaseOnly(application), Known()) {
			plan.TPE, target = append(plan.TPE, m.Release), &m
		}
	}
	for i, part := range Parts() {
		back, err := p.back(i, application, target)
		if err != nil {
			return nil, err
		}
		if back.Name = part.Name; len(p.history[i]) > 0 {
			back.Name = p.history[i][0].Release
		}
		plan.Releases = append(plan.Releases, back)
	}
	return plan, nil
}

// releaseOnly returns the four releases with nothing known but the application.
func releaseOnly(r *Revision) []Release {
	releases := make([]Release, len(Parts()))
	releases[3] = newRelease(r, nil)
	return releases
}

// application returns the revision of the application to be at, or nil if there is
// none: the present one if only the others were upgraded, else the newest good one of an
// older chart, or before a failed one just the newest good one. A newer chart is there if
// the application was rolled back before: to go there is an upgrade.
func (p *planner) application() (*Revision, error) {
	now := p.history[3][0]
	if err := p.fill(p.ctx, now); err != nil {
		return nil, err
	}
	behind, err := p.behind(now)
	if err != nil || behind && now.Good() {
		return now, err
	}
	return p.newest(3, func(r *Revision) bool {
		return partOf(r.Chart) == 3 && (!now.Good() || olderChart(r.Version, now.Version))
	})
}

// olderChart reports whether the version of a chart is older than another. Of versions that
// are not as Helm wants them any other counts as older.
func olderChart(a, b string) bool {
	first, err := apiversion.ParseSemantic(a)
	second, err2 := apiversion.ParseSemantic(b)
	if err != nil || err2 != nil {
		return a != b
	}
	return first.LessThan(second)
}

// behind reports whether another release belongs to a newer ThingPark Enterprise than the
// application.
func (p *planner) behind(application *Revision) (bool, error) {
	own := having(Known(), 3, application.Chart, application.Version)
	for i := range p.history[:3] {
		if len(p.history[i]) == 0 {
			continue
		}
		if err := p.fill(p.ctx, p.history[i][0]); fatal(err) {
			return false, err
		}
		of := having(Known(), i, p.history[i][0].Chart, p.history[i][0].Version)
		if len(own) > 0 && len(of) > 0 && later(of[0], own[len(own)-1]) {
			return true, nil
		}
	}
	return false, nil
}

// newest returns the newest successful revision before the present one that fits, or nil.
func (p *planner) newest(part int, fits func(*Revision) bool) (*Revision, error) {
	for _, revision := range p.history[part][1:] {
		if revision.Status != "" && !revision.Good() {
			continue // without its label the data tells
		}
		if err := p.fill(p.ctx, revision); fatal(err) {
			return nil, err
		} else if err == nil && revision.Good() && fits(revision) {
			return revision, nil
		}
	}
	return nil, nil
}

// back returns what one release goes back to.
func (p *planner) back(part int, application *Revision, target *Manifest) (Return, error) {
	if len(p.history[part]) == 0 {
		return Return{Reason: "it is not installed by Helm"}, nil
	}
	now := p.history[part][0]
	err := p.fill(p.ctx, now)
	back := Return{Now: point(now)}
	var found *Revision
	switch {
	case fatal(err):
		return Return{}, err
	case err != nil: // damaged data of one release does not hide the others
		back.Reason = err.Error()
		return back, nil //nolint:nilerr // the reason has it
	case application == nil:
		back.Reason = "Helm kept no successful revision of an earlier release"
		return back, nil
	case part == 3:
		found, back.Stays = application, application == now
		back.Reason = "the newest successful revision before"
	case target == nil:
		found, err = p.newest(part, func(r *Revision) bool { return r.Version != now.Version })
		back.Reason = "a guess, the newest successful revision of another chart version: no known manifest has the chart of the application"
	default:
		want := target.Versions[part]
		back.Stays = now.Good() && target.has(part, now.Chart, now.Version)
		found, err = p.newest(part, func(r *Revision) bool { return target.has(part, r.Chart, r.Version) })
		back.Reason = fmt.Sprintf("version %s by the Release Manifest of %s", want, target.Release)
	}
	switch {
	case err != nil:
		return Return{}, err
	case back.Stays:
		back.Reason = "already at the earlier chart version"
	case found == nil:
		back.Reason = "Helm kept no successful revision: want " + back.Reason
	default:
		back.Back = point(found)
	}
	return back, nil
}

func point(r *Revision) *Point {
	return &Point{r.Number, r.Status, r.Chart, r.Version, r.AppVersion, r.UpdatedAt.Truncate(time.Second)}
}

// Match marks those backups that can be restored into what the plan leads back to: the
// app version, the chart and the namespace must be those of the application then.
func (p *Plan) Match(backups []Backup, namespace string) {
	application := p.Releases[len(p.Releases)-1]
	to := application.Back
	if application.Stays {
		to = application.Now
	}
	for i := range backups {
		b := &backups[i]
		b.Matches = to != nil && b.Problem == "" && b.AppVersion != "" && b.AppVersion == to.AppVersion &&
			b.Chart == to.Chart+"-"+to.Version && b.Namespace == namespace
	}
}
