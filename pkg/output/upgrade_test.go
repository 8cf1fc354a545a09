// SPDX-License-Identifier: Apache-2.0

package output

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/command"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
)

// upgradePlan returns the plan of an upgrade.
func upgradePlan(t *testing.T, from, to string, f UpgradeFor) *UpgradePlan {
	t.Helper()
	var err error
	if f.From, err = release.ParseVersion(from); err != nil {
		t.Fatal(err)
	}
	if f.To, err = release.ParseVersion(to); err != nil {
		t.Fatal(err)
	}
	f.Values, f.Controller = "before", "thingpark-enterprise-controller"
	upgrades, err := release.Upgrades(f.From, f.To, nil)
	if err != nil {
		t.Fatal(err)
	}
	return NewUpgradePlan(place, now, f, upgrades)
}

// What is run, in which order, as the installation guide has it: what is saved first is what
// helm upgrade reads, and there is a wait after each.
func TestUpgradePlan(t *testing.T) {
	plan := upgradePlan(t, "7.3.6", "8.0.0", UpgradeFor{Where: command.Where{Namespace: "tpe"}, Repository: "vendor"})
	var got []string
	for _, s := range plan.Steps {
		got = append(got, s.Commands...)
		if s.NoReturn != "" {
			got = append(got, "no return")
		}
	}
	want := []string{
		"kubectl tpe values --dir=before -n tpe",
		"helm repo update vendor",
		"kubectl exec -it deploy/thingpark-enterprise-controller -n tpe -- backup",
		"kubectl exec -it deploy/thingpark-enterprise-controller -n tpe -- list-backups",
		"kubectl tpe preflight --to=8.0.0 -n tpe",
		"curl --fail -o before/values-data-stack-8.0.0.yaml https://raw.githubusercontent.com/actility/thingpark-enterprise-kubernetes/v8.0.0/examples/customization/values-data-stack.yaml",
		"curl --fail -o before/values-thingpark-stack-8.0.0.yaml https://raw.githubusercontent.com/actility/thingpark-enterprise-kubernetes/v8.0.0/examples/customization/values-thingpark-stack.yaml",
		"helm upgrade tpe-data-controllers vendor/thingpark-data-controllers --version 2.2.1 -f before/values-tpe-data-controllers.yaml -n tpe",
		"kubectl tpe wait --for=workloads -n tpe",
		"helm upgrade tpe-data vendor/thingpark-data --version 2.2.2 -f before/values-tpe-data.yaml -n tpe",
		"no return",
		"kubectl tpe wait --for=workloads -n tpe",
		"helm upgrade tpe-controllers vendor/thingpark-application-controllers --version 2.2.0 -f before/values-tpe-controllers.yaml -n tpe",
		"kubectl tpe wait --for=workloads -n tpe",
		"helm upgrade tpe vendor/thingpark-enterprise --version 2.0.0 -f before/values-tpe.yaml --timeout 10m -n tpe",
		"kubectl tpe wait -n tpe",
		"kubectl tpe status -n tpe",
		"kubectl tpe releases -n tpe",
		"kubectl tpe rollback-plan --backups -n tpe",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
}

// In the plan of every pair of public releases each step has a basis and a source, each
// upgrade one point of no return, and what is not public is asked for instead of guessed.
func TestUpgradePlansOfAllPairs(t *testing.T) {
	plans := 0
	for _, from := range release.Releases() {
		for _, to := range release.Releases() {
			if to.Compare(from) <= 0 {
				continue
			}
			plans++
			name := fmt.Sprintf("%s to %s", from, to)
			plan := upgradePlan(t, from.String(), to.String(), UpgradeFor{Where: command.Where{Namespace: "tpe"}})
			noReturn, helm := 0, 0
			for _, s := range plan.Steps {
				if s.Stage == "" || s.Title == "" || s.Source == "" || !slices.Contains([]Basis{BasisDocumented, BasisInferred, BasisAsk}, s.Basis) {
					t.Errorf("%s: a step without a basis: %+v", name, s)
				}
				if s.NoReturn != "" {
					noReturn++
				}
				for _, text := range s.Commands {
					if strings.HasPrefix(text, "helm upgrade ") {
						helm++
						if asks := strings.Contains(text, "'<version in the Release Manifest of "); asks != (s.Basis == BasisAsk) {
							t.Errorf("%s: basis %s of %s", name, s.Basis, text)
						}
					}
				}
			}
			if n := len(plan.Upgrades); noReturn != n || helm != 4*n {
				t.Errorf("%s: %d upgrades, %d helm upgrade, %d points of no return", name, n, helm, noReturn)
			}
			if whole := plan.Upgrades[len(plan.Upgrades)-1].Known(); plan.Whole && !whole {
				t.Errorf("%s is whole, and its manifest is not known", name)
			}
		}
	}
	if plans < 300 {
		t.Errorf("only %d plans", plans)
	}
}

// What differs between upgrades.
func TestUpgradePlanSteps(t *testing.T) {
	tests := []struct {
		name, from, to string
		says           []string
		never          []string
	}{
		{"the third chart had another name", "7.1.0", "7.1.1", []string{"helm upgrade tpe-controllers actility/thingpark-enterprise-controllers --version 1.0.2 "}, nil},
		{"PUM is there since 7.2.0", "7.1.0", "7.1.1", []string{"kubectl tpe wait --for=workloads -n tpe"}, []string{"kubectl tpe wait -n tpe"}},
		{"a hotfix changes the application alone", "7.3.4", "7.3.4a", []string{"Upgrade tpe-data: its chart stays at 1.6.0", "Upgrade tpe from 1.7.3 to 1.7.4"}, []string{"custom resource definitions"}},
		{"nothing but the release changes", "7.3.4c", "7.3.6", []string{"The Release Manifests of 7.3.4c and 7.3.6 have the same charts"}, nil},
		{"samples are documented since 7.3", "7.1.0", "7.2.2c", nil, []string{"curl"}},
		{"operators before a major upgrade", "7.3.6", "8.0.0", []string{"custom resource definitions", "8.0 upgrade Procedure"}, nil},
		{"no Kubernetes in common", "8.0.0", "8.0.1", []string{"Ask whether Kubernetes or ThingPark Enterprise is upgraded first", "--version '<version in the Release Manifest of 8.0.1>'"}, nil},
		{"Helm does not know the charts", "8.0.0", "8.0.1", []string{"helm repo add --username"}, nil},
		{"installed already", "8.0.0", "8.0.0", []string{"8.0.0 is installed already."}, []string{"helm", "NO RETURN"}},
	}
	for _, tt := range tests {
		text := render(upgradePlan(t, tt.from, tt.to, UpgradeFor{Where: command.Where{Namespace: "tpe"}}), &Format{}, View{Now: now})
		for _, says := range tt.says {
			if !strings.Contains(string(text), says) {
				t.Errorf("%s: it does not say %q", tt.name, says)
			}
		}
		for _, never := range tt.never {
			if strings.Contains(string(text), never) {
				t.Errorf("%s: it says %q", tt.name, never)
			}
		}
	}
}

// Names of files and repositories are words of a shell, whatever they are.
func TestUpgradePlanIsQuoted(t *testing.T) {
	f := UpgradeFor{Where: command.Where{Namespace: "tpe"}, Repository: "$(id)"}
	f.Values = "a b;c"
	upgrades, err := release.Upgrades(release.Version{Major: 7, Minor: 3, Fix: 6}, release.Version{Major: 8}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range NewUpgradePlan(place, now, f, upgrades).Steps {
		for _, text := range s.Commands {
			for _, part := range []string{"$(id)", "a b;c"} {
				if at := strings.Index(text, part); at >= 0 && !strings.Contains(text[:at], "'") {
					t.Errorf("not quoted: %s", text)
				}
			}
		}
	}
}
