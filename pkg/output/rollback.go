// SPDX-License-Identifier: Apache-2.0

package output

import (
	"fmt"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/command"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
)

// A RollbackPlan is the document of the command rollback-plan. Nothing of it was run.
type RollbackPlan struct {
	Observation `json:",inline"`
	Whole       bool             `json:"whole"`         // whether every release stays or has a revision to return to
	TPE         []string         `json:"tpe,omitempty"` // the releases of ThingPark Enterprise that it leads back to; none if that is in no known manifest
	Releases    []release.Return `json:"releases"`
	Backups     []release.Backup `json:"backups,omitzero"` // absent if they were not asked for
	Plan        `json:",inline"`
}

// Sources of the steps.
const (
	sourceRollback       = "rollback guide of 7.1, the newest public one"
	sourceRollbackOthers = "the public guide speaks of release tpe alone"
)

// NewRollbackPlan makes the document of a plan. The backups are nil if they were not
// asked for.
func NewRollbackPlan(place Place, where command.Where, now time.Time, controller string, plan *release.Plan, backups []release.Backup) *RollbackPlan {
	doc := &RollbackPlan{
		Observation: observed("RollbackPlan", place, now), Whole: plan.Whole(), TPE: plan.TPE,
		Releases: plan.Releases, Backups: backups,
		Plan: Plan{Notes: []string{
			"A rollback and a restore lose all changes since the backup. Read the whole plan before the first command.",
			"The newest public guide is that of 7.1. For later releases ask the vendor's support whether it still holds.",
		}},
	}
	doc.plan(where, controller)
	return doc
}

// plan adds the steps in the documented order: find the backup, roll back, wait, restore.
func (d *RollbackPlan) plan(where command.Where, controller string) {
	documented := func(title, text string) {
		d.add(PlanStep{Title: title, Commands: []string{text}, Basis: BasisDocumented, Source: sourceRollback})
	}
	name := "<backup name>"
	for _, b := range d.Backups {
		if b.Matches {
			name = b.Name // the newest that does
			break
		}
	}
	name = command.Quote("backup_name=" + name)
	documented("Find the backup that the upgrade took", onController(where, controller, "list-backups"))
	documented("Check that its appVersion, chart and namespace match this rollback", onController(where, controller, "get-backup-metadatas", "-e", name))
	for i := len(d.Releases) - 1; i >= 0; i-- {
		r := d.Releases[i]
		if r.Back == nil {
			continue
		}
		text := where.Helm("rollback", r.Name, fmt.Sprint(r.Back.Revision))
		if i == len(d.Releases)-1 {
			documented("Roll back "+r.Name, text)
			continue
		}
		d.add(PlanStep{Title: "Roll back " + r.Name, Commands: []string{text}, Basis: BasisInferred, Source: sourceRollbackOthers})
	}
	documented("Wait until all Deployments and StatefulSets are available", where.TPE("wait --for=workloads"))
	documented("Restore the backup; the command asks first, and destroys the current data", onController(where, controller, "restore", "-e", name))
}

// onController returns the command that runs a program of thingpark-enterprise-controller.
func onController(where command.Where, controller string, words ...string) string {
	return where.Kubectl(append([]string{"exec -it deploy/" + command.Quote(controller) + " --"}, words...)...)
}

func (d *RollbackPlan) names() []string {
	var names []string
	for _, r := range d.Releases {
		names = append(names, "release/"+r.Name)
	}
	return names
}

func (d *RollbackPlan) show(s *screen) {
	s.place("ThingPark Enterprise, rollback to "+alternatives(d.TPE), d.Place)
	s.notes(&d.Plan)
	t := &table{header: []string{"RELEASE", "NOW", "REV", "BACK TO", "REV", "APP VERSION", "FROM", "WHY"}}
	for _, r := range d.Releases {
		now, back := r.Now, r.Back
		if now == nil {
			now = &release.Point{}
		}
		to := "stays"
		switch {
		case back != nil:
			to = back.Version
		case !r.Stays:
			to = "none left"
		}
		if back == nil {
			back = &release.Point{}
		}
		t.add(r.Name, now.Version, nonzero(now.Revision), to, nonzero(back.Revision), back.AppVersion, s.view.age(back.UpdatedAt), r.Reason)
	}
	s.section("HELM RELEASES", t)
	s.backups(d.Backups)
	s.steps(&d.Plan)
}

func (s *screen) backups(backups []release.Backup) {
	if backups == nil {
		return
	}
	t := &table{header: []string{"BACKUP", "MATCHES", "APP VERSION", "CHART", "NAMESPACE", "TIME", "TYPE", "PROBLEM"}}
	for _, b := range backups {
		matches := "no"
		if b.Matches {
			matches = "yes"
		}
		if b.Problem != "" {
			matches = "unknown"
		}
		t.add(b.Name, matches, b.AppVersion, b.Chart, b.Namespace, b.Time, b.Type, b.Problem)
	}
	s.section("BACKUPS", t)
	if len(backups) == 0 {
		s.line("")
		s.line("BACKUPS: none is listed")
	}
}
