// SPDX-License-Identifier: Apache-2.0

package output

import (
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// Whoever named a cluster gets commands for that cluster.
func TestCommandsLeadToTheSameCluster(t *testing.T) {
	given := Given{Context: "prod eu", Kubeconfig: "/etc/it's"}
	for command, want := range map[string]string{
		"kubectl tpe wait -n x":          `kubectl tpe wait -n x --context='prod eu' --kubeconfig='/etc/it'\''s'`,
		"kubectl exec -n x d -- restore": `kubectl exec -n x d --context='prod eu' --kubeconfig='/etc/it'\''s' -- restore`,
		"helm rollback -n x tpe 1":       `helm rollback -n x tpe 1 --kube-context='prod eu' --kubeconfig='/etc/it'\''s'`,
		"helm repo update":               "helm repo update",
		"kubectl tpe explain TPE101":     "kubectl tpe explain TPE101",
	} {
		if got := given.lead([]string{command})[0]; got != want {
			t.Errorf("%s: %s, want %s", command, got, want)
		}
		if got := (Given{}).lead([]string{command})[0]; got != command {
			t.Errorf("without flags %s became %s", command, got)
		}
	}
}

func TestCommandOfPlace(t *testing.T) {
	place := Place{Namespace: "x", Given: Given{Context: "eu"}}
	if got, want := place.Command("kubectl apply -f -"), "kubectl apply -f - -n x --context=eu"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// All documents with commands say where they lead, and the verdict stays as it was.
func TestDocumentsLeadToTheSameCluster(t *testing.T) {
	place := Place{Namespace: "x", Given: Given{Context: "eu"}}
	s := verdict.Snapshot{Namespace: "x"}
	v := verdict.Verdict{Findings: []verdict.Finding{{Level: verdict.LevelError, Next: []string{"kubectl get pods"}}}}
	list := verdict.Checklist{Checks: []verdict.Check{{Next: []string{"kubectl get crds"}}}}
	returns := []release.Return{{Name: "tpe", Back: &release.Point{Revision: 1}}}
	status := NewStatus(place, s, v)
	commands := slices.Concat(status.Findings[0].Next, status.next[1:],
		NewEntryList(place, s, v).Findings[0].Next, NewReleaseList(place, s, v).Findings[0].Next,
		NewDoctor(place, now, list).Checks[0].Next, NewPreflight(place, now, release.Version{}, nil, list).Checks[0].Next)
	for _, step := range NewRollbackPlan(place, now, "c", &release.Plan{Releases: returns}, nil).Steps {
		commands = append(commands, step.Commands...)
	}
	for _, command := range commands {
		if !strings.Contains(command, "context=eu") {
			t.Errorf("%s leads elsewhere", command)
		}
	}
	if v.Findings[0].Next[0] != "kubectl get pods" || list.Checks[0].Next[0] != "kubectl get crds" {
		t.Error("the verdict was changed")
	}
}
