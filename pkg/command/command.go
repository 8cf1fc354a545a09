// SPDX-License-Identifier: Apache-2.0

// Package command makes the commands that users copy, so that each asks the cluster and
// the namespace that was looked at, whatever characters their names have.
package command

import "strings"

// A Where is where the user asks, and so where a command to copy asks: without its flags it
// would ask another cluster. What is empty is left to the program's own defaults.
type Where struct {
	Namespace  string
	Context    string // that was given, beside what the kubeconfig says
	Kubeconfig string // that was given
	From       string // the file that was looked at instead, if one was: commands of this plugin look there
}

// Everywhere returns the same cluster without a namespace.
func (w Where) Everywhere() Where {
	w.Namespace, w.From = "", ""
	return w
}

// Kubectl returns a command of kubectl. Its words are as a shell takes them; what may be
// otherwise goes through Quote. Flags stand before a word that is --.
func (w Where) Kubectl(words ...string) string { return w.make("kubectl", "--context", words) }

// TPE returns a command of this plugin.
func (w Where) TPE(words ...string) string {
	return w.Kubectl(append([]string{"tpe"}, words...)...)
}

// Helm returns a command of Helm that asks a cluster.
func (w Where) Helm(words ...string) string { return w.make("helm", "--kube-context", words) }

func (w Where) make(program, contextFlag string, words []string) string {
	text, runs, found := strings.Cut(strings.Join(append([]string{program}, words...), " "), " -- ")
	flags := []struct{ name, value string }{{"-n ", w.Namespace}, {contextFlag + "=", w.Context}, {"--kubeconfig=", w.Kubeconfig}}
	if w.From != "" && looksAtFiles(text) {
		flags = append(flags[:1], struct{ name, value string }{"--from=", w.From})
	}
	for _, flag := range flags {
		if flag.value != "" {
			text += " " + flag.name + Quote(flag.value)
		}
	}
	if found {
		text += " -- " + runs
	}
	return text
}

// looksAtFiles reports whether a command is one of those that take --from.
func looksAtFiles(text string) bool {
	for _, name := range []string{"status", "pum status", "wait", "logs", "releases", "rollback-plan"} {
		if text == "kubectl tpe "+name || strings.HasPrefix(text, "kubectl tpe "+name+" ") {
			return true
		}
	}
	return false
}

// Quote returns a word as a shell takes it.
func Quote(word string) string {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_./:@%+,=", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
