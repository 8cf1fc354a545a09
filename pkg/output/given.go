// SPDX-License-Identifier: Apache-2.0

package output

import (
	"slices"
	"strings"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/command"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// Given is what the user said of where to ask, beside the namespace. The commands to
// copy that ask a cluster say it, too: without, they would ask another one.
type Given struct {
	Context    string
	Kubeconfig string
}

// Command returns a command to copy, for the same namespace of the same cluster.
func (p Place) Command(text string) string {
	return p.Given.lead([]string{text + " -n " + command.Quote(p.Namespace)})[0]
}

// lead returns commands that lead to the same cluster.
func (g Given) lead(commands []string) []string {
	led := slices.Clone(commands)
	for i, text := range led {
		kubectl := strings.HasPrefix(text, "kubectl ") && !strings.HasPrefix(text, "kubectl tpe explain ")
		switch {
		case kubectl:
			led[i] = g.flag(g.flag(text, "--context", g.Context), "--kubeconfig", g.Kubeconfig)
		case strings.HasPrefix(text, "helm ") && strings.Contains(text, " -n "): // others ask no cluster
			led[i] = g.flag(g.flag(text, "--kube-context", g.Context), "--kubeconfig", g.Kubeconfig)
		}
	}
	return led
}

// leadAll does so with the commands of checks.
func (g Given) leadAll(checks []verdict.Check) []verdict.Check {
	led := slices.Clone(checks)
	for i := range led {
		led[i].Next = g.lead(led[i].Next)
	}
	return led
}

// flag adds a flag that was given to a command, before what it runs in a pod.
func (g Given) flag(text, name, value string) string {
	if value == "" {
		return text
	}
	text, rest, runs := strings.Cut(text, " -- ")
	text += " " + name + "=" + command.Quote(value)
	if runs {
		text += " -- " + rest
	}
	return text
}
