// SPDX-License-Identifier: Apache-2.0

package output

import (
	"slices"
	"strings"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// Given is what the user said of where to ask, beside the namespace. The commands to
// copy that ask a cluster say it, too: without, they would ask another one.
type Given struct {
	Context    string
	Kubeconfig string
}

// Command returns a command to copy, for the same namespace of the same cluster.
func (p Place) Command(command string) string {
	return p.Given.lead([]string{command + " -n " + quote(p.Namespace)})[0]
}

// lead returns commands that lead to the same cluster.
func (g Given) lead(commands []string) []string {
	led := slices.Clone(commands)
	for i, command := range led {
		kubectl := strings.HasPrefix(command, "kubectl ") && !strings.HasPrefix(command, "kubectl tpe explain ")
		switch {
		case kubectl:
			led[i] = g.flag(g.flag(command, "--context", g.Context), "--kubeconfig", g.Kubeconfig)
		case strings.HasPrefix(command, "helm ") && strings.Contains(command, " -n "): // others ask no cluster
			led[i] = g.flag(g.flag(command, "--kube-context", g.Context), "--kubeconfig", g.Kubeconfig)
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
func (g Given) flag(command, name, value string) string {
	if value == "" {
		return command
	}
	command, rest, runs := strings.Cut(command, " -- ")
	command += " " + name + "=" + quote(value)
	if runs {
		command += " -- " + rest
	}
	return command
}

// quote returns a word as a shell takes it.
func quote(word string) string {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_./:@%+,=", r)
	}
	if strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
