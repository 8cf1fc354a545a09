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
	Steps       []PlanStep       `json:"steps"`
	Notes       []string         `json:"notes"` // what has to be known before
}

// A PlanStep is one step of a rollback.
type PlanStep struct {
	Title    string   `json:"title"`
	Commands []string `json:"commands"` // to copy
	Source   string   `json:"source"`   // where it is documented, or that it is not
}

// Sources of the steps.
const (
	sourceRollback = "rollback guide of 7.1, the newest public one"
	sourceInferred = "inferred; the public guide speaks of release tpe alone"
)

// NewRollbackPlan makes the document of a plan. The backups are nil if they were not
// asked for.
func NewRollbackPlan(place Place, where command.Where, now time.Time, controller string, plan *release.Plan, backups []release.Backup) *RollbackPlan {
	doc := &RollbackPlan{
		Observation: observed("RollbackPlan", place, now), Whole: plan.Whole(), TPE: plan.TPE,
		Releases: plan.Releases, Backups: backups,
		Notes: []string{
			"A rollback and a restore lose all changes since the backup. Read the whole plan before the first command.",
			"The newest public guide is that of 7.1. For later releases ask the vendor's support whether it still holds.",
		},
	}
	doc.Steps = steps(where, controller, plan.Releases, backups)
	return doc
}

// steps returns the steps in the documented order: find the backup, roll back, wait,
// restore.
func steps(where command.Where, controller string, returns []release.Return, backups []release.Backup) []PlanStep {
	exec := func(words ...string) []string {
		return []string{where.Kubectl(append([]string{"exec -it deploy/" + command.Quote(controller) + " --"}, words...)...)}
	}
	name := "<backup name>"
	for _, b := range backups {
		if b.Matches {
			name = b.Name // the newest that does
			break
		}
	}
	all := []PlanStep{
		{"Find the backup that the upgrade took", exec("list-backups"), sourceRollback},
		{"Check that its appVersion, chart and namespace match this rollback", exec("get-backup-metadatas -e backup_name=" + name), sourceRollback},
	}
	for i := len(returns) - 1; i >= 0; i-- {
		r := returns[i]
		if r.Back == nil {
			continue
		}
		step := PlanStep{"Roll back " + r.Name, []string{where.Helm("rollback", r.Name, fmt.Sprint(r.Back.Revision))}, sourceInferred}
		if r.Name == release.Application {
			step.Source = sourceRollback
		}
		all = append(all, step)
	}
	return append(all,
		PlanStep{"Wait until all Deployments and StatefulSets are available", []string{where.TPE("wait --for=workloads")}, sourceRollback},
		PlanStep{"Restore the backup; the command asks first, and destroys the current data", exec("restore -e backup_name=" + name), sourceRollback})
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
	for _, n := range d.Notes {
		s.hang("", s.wrap(n, 0))
	}
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
	for i, step := range d.Steps {
		s.line("")
		head := fmt.Sprintf("%d. ", i+1)
		s.hang(head, s.wrap(step.Title+" ("+step.Source+")", len(head)))
		for _, text := range step.Commands {
			s.command("   ", text)
		}
	}
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
