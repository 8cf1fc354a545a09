// SPDX-License-Identifier: Apache-2.0

// Package command makes the commands that users copy, so that each asks the cluster and
// the namespace that was looked at, whatever characters their names have.
package command

import (
	"os"
	"runtime"
	"strings"
)

// A Where is where the user asks, and so where a command to copy asks: without its flags it
// would ask another cluster. What is empty is left to the program's own defaults.
type Where struct {
	Namespace  string
	Context    string // that was given, beside what the kubeconfig says
	Kubeconfig string // that was given
	From       string // the file that was looked at instead, if one was: commands of this plugin look there
	At         string // the moment of it, if that is not its last
}

// Everywhere returns the same cluster without a namespace.
func (w Where) Everywhere() Where {
	w.Namespace, w.From, w.At = "", "", ""
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
	type flag struct{ name, value string }
	flags := []flag{{"-n ", w.Namespace}, {contextFlag + "=", w.Context}, {"--kubeconfig=", w.Kubeconfig}}
	if w.From != "" && looksAtFiles(text) {
		text = strings.Replace(text, " logs -f", " logs", 1) // nothing is added to a file
		flags = append(flags[:1], flag{"--from=", w.From}, flag{"--at=", w.At})
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

// Quote returns a word as the shell takes it from which this program was started.
func Quote(word string) string { return shellOf(runtime.GOOS, os.Getenv).quote(word) }

// A shell is what reads the commands that users copy.
type shell int

const (
	posix shell = iota
	powerShell
	cmdExe
)

// shellOf returns the shell from which this program was started. On Windows that cannot be asked
// for: Git Bash sets MSYSTEM, and PowerShell puts a folder of the user before the machine's modules
// (about_PSModulePath). Mostly it does not matter: what is common is quoted alike for both.
func shellOf(system string, env func(string) string) shell {
	switch {
	case system != "windows", env("MSYSTEM") != "", env("SHELL") != "":
		return posix
	case strings.Contains(strings.ToLower(env("PSModulePath")), `\documents\`):
		return powerShell
	}
	return cmdExe
}

func (s shell) quote(word string) string {
	if s == posix {
		if word != "" && strings.Trim(word, letters+"-_./:@%+,=") == "" {
			return word
		}
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	switch {
	// PowerShell takes a comma for a list, and @ and % at the start for operators.
	case word != "" && strings.Trim(word, letters+`-_./:+=\`) == "":
		return word
	case s == powerShell && strings.ContainsAny(word, "$`\"\u201c\u201d\u201e"):
		return "'" + strings.ReplaceAll(strings.ReplaceAll(word, "'", "''"), `"`, `\"`) + "'"
	}
	word = strings.ReplaceAll(word, `"`, `\"`)
	if end := strings.TrimRight(word, `\`); end != word {
		word += word[len(end):] // a backslash before the closing quote would hide it
	}
	return `"` + word + `"`
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
