// SPDX-License-Identifier: Apache-2.0

// Package helm tests that Helm takes the commands that the plugin prints, by Helm's own
// flags, and that the plugin reads what Helm stores. It is a module of its own: Helm is none of the plugin's dependencies.
package helm

import (
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"helm.sh/helm/v4/pkg/cmd"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/command"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
)

// Every helm command of the upgrade plan of every pair of public releases, and of a rollback
// plan, is one that Helm takes, in names as odd as a shell can have them.
func TestHelmTakesEveryCommand(t *testing.T) {
	where := command.Where{Namespace: "it's", Context: "arn:aws:eks:eu-west-1:1:cluster/a b", Kubeconfig: "/etc/$(id)"}
	var commands []string
	add := func(steps []output.PlanStep) {
		for _, s := range steps {
			commands = append(commands, s.Commands...)
		}
	}
	for _, from := range release.Releases() {
		for _, to := range release.Releases() {
			upgrades, err := release.Upgrades(from, to, nil)
			if err != nil {
				continue // it would lead back
			}
			for _, repository := range []string{"", "a b"} {
				add(output.NewUpgradePlan(output.Place{}, time.Time{}, output.UpgradeFor{
					Where: where, From: from, To: to, Repository: repository, Values: "my $HOME; values", Controller: "c",
				}, upgrades).Steps)
			}
		}
	}
	var returns []release.Return
	for _, p := range release.Parts() {
		returns = append(returns, release.Return{Name: p.Name, Back: &release.Point{Revision: 3}})
	}
	add(output.NewRollbackPlan(output.Place{}, where, time.Time{}, "c", &release.Plan{Releases: returns}, nil).Steps)
	slices.Sort(commands)
	tried := 0
	for _, text := range slices.Compact(commands) {
		if strings.HasPrefix(text, "helm ") {
			tried++
			try(t, text)
		}
	}
	if tried < 100 {
		t.Errorf("only %d commands", tried)
	}
}

// try has a shell split a command and Helm read it.
func try(t *testing.T, text string) {
	t.Helper()
	// What is to be filled in is no word of a shell, in the words of the vendor's guide.
	args := words(t, strings.ReplaceAll(text, "<InstallationID>", "id"))
	found, err := read(t, args)
	if err != nil || !found.Runnable() {
		t.Errorf("%s: %v", text, err)
		return
	}
	if strings.HasPrefix(text, "helm repo ") {
		return
	}
	for flag, want := range map[string]string{"namespace": "it's", "kube-context": "arn:aws:eks:eu-west-1:1:cluster/a b", "kubeconfig": "/etc/$(id)"} {
		if got := found.Flag(flag).Value.String(); got != want {
			t.Errorf("%s: --%s is %q", text, flag, got)
		}
	}
	if values := found.Flag("values"); values != nil && !strings.Contains(values.Value.String(), "my $HOME; values/values-tpe") {
		t.Errorf("%s: the values are of %s", text, values.Value)
	}
}

// read has Helm find the command of a command line and read its flags, and runs nothing.
func read(t *testing.T, args []string) (*cobra.Command, error) {
	t.Helper()
	root, err := cmd.NewRootCmd(io.Discard, args, func(bool) {})
	if err != nil {
		t.Fatal(err)
	}
	found, rest, err := root.Find(args)
	if err == nil {
		err = found.ParseFlags(rest)
	}
	if err == nil {
		err = found.ValidateArgs(found.Flags().Args())
	}
	return found, err
}

// words returns the words of a command behind its program, as a shell has them.
func words(t *testing.T, text string) []string {
	t.Helper()
	out, err := exec.Command("sh", "-c", `printf '%s\0' `+text).Output()
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")[1:]
}

// What Helm does not know is refused here, too.
func TestHelmRefuses(t *testing.T) {
	for _, args := range [][]string{{"upgrade", "tpe", "a/b", "--nosuch"}, {"upgrade", "tpe"}} {
		if _, err := read(t, args); err == nil {
			t.Errorf("%s is taken", args)
		}
	}
}
