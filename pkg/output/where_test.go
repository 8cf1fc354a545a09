// SPDX-License-Identifier: Apache-2.0

package output

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/command"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// Half a command is none: however narrow a terminal is, commands are whole.
func TestCommandsAreNeverCut(t *testing.T) {
	next := "kubectl tpe doctor --role -n thingpark-enterprise --context=production"
	list := verdict.Checklist{Checks: []verdict.Check{{Name: "rights", Result: verdict.CheckFailed, Next: []string{next}}}}
	for _, doc := range []Document{NewDoctor(place, now, list), NewPreflight(place, now, release.Version{}, nil, list)} {
		if text := render(doc, &Format{}, View{Now: now, Width: 40}); !strings.Contains(string(text), next+"\n") {
			t.Errorf("no next command on a line of its own:\n%s", text)
		}
	}
}

// Whoever named a cluster gets commands for that cluster, in every document that has commands.
func TestCommandsLeadToTheSameCluster(t *testing.T) {
	where := command.Where{Namespace: place.Namespace, Context: "eu"}
	var commands []string
	checks := func(checks []verdict.Check) {
		for _, c := range checks {
			commands = append(commands, c.Next...)
		}
	}
	for _, s := range snapshots() {
		s.ObservedAt, s.Where = now, where
		status := NewStatus(place, s, verdict.Judge(s))
		commands = append(commands, status.Next()...)
		for _, f := range status.Findings {
			commands = append(commands, f.Next...)
		}
		if s.Releases != nil {
			p := verdict.Preflight{Snapshot: s}
			list, _ := p.Judge(verdict.LevelError)
			checks(list.Checks)
		}
	}
	doctor := verdict.Doctor{Where: where, ServerErr: errors.New("no route")}
	checks(NewDoctor(place, now, doctor.Judge(verdict.LevelError)).Checks)
	returns := []release.Return{{Name: "tpe", Back: &release.Point{Revision: 1}}}
	for _, step := range NewRollbackPlan(place, where, now, "c", &release.Plan{Releases: returns}, nil).Steps {
		commands = append(commands, step.Commands...)
	}
	for _, step := range upgradePlan(t, "7.2.0", "8.0.2", UpgradeFor{Where: where}).Steps {
		commands = append(commands, step.Commands...)
	}
	slices.Sort(commands)
	commands = slices.Compact(commands)
	for _, text := range commands {
		offline := strings.HasPrefix(text, "kubectl tpe explain ") || strings.HasPrefix(text, "helm repo ") || strings.HasPrefix(text, "curl ")
		if !offline && !strings.Contains(text, "context=eu") {
			t.Errorf("%s leads elsewhere", text)
		}
	}
	if len(commands) < 20 {
		t.Errorf("only %d commands: %q", len(commands), commands)
	}
}
