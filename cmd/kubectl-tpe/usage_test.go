// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// A usage is a plugin whose kubeconfig names a server that tells what it is asked.
type usage struct {
	*testing.T
	url   string
	runs  atomic.Int64
	asked chan string // paths of requests of the run that is under way
}

func newUsage(t *testing.T) *usage {
	u := &usage{T: t, asked: make(chan string, 1)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, u.path()+"/") {
			select {
			case u.asked <- r.URL.Path:
			default:
			}
		}
		http.Error(w, statusOf(http.StatusNotFound), http.StatusNotFound)
	}))
	t.Cleanup(server.Close)
	u.url = server.URL
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "kubeconfig"))
	return u
}

func (u *usage) path() string { return fmt.Sprintf("/run-%d", u.runs.Load()) }

// begin makes a kubeconfig for a run.
func (u *usage) begin() {
	u.runs.Add(1)
	text := fmt.Sprintf("{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c}}], clusters: [{name: c, cluster: {server: %q}}]}", u.url+u.path())
	if err := os.WriteFile(os.Getenv("KUBECONFIG"), []byte(text), 0o600); err != nil {
		u.Fatal(err)
	}
	select {
	case <-u.asked:
	default:
	}
}

func newTestApp() (a *app, out, errOut *bytes.Buffer) {
	out, errOut = &bytes.Buffer{}, &bytes.Buffer{}
	return &app{IOStreams: genericiooptions.IOStreams{In: strings.NewReader(""), Out: out, ErrOut: errOut}, now: time.Now}, out, errOut
}

// wrong runs a command line that is wrong. Each of the words must be in the error.
func (u *usage) wrong(args []string, words ...string) {
	u.Helper()
	u.begin()
	a, out, errOut := newTestApp()
	done := make(chan int, 1)
	go func() { done <- run(args, a) }()
	var code int
	select {
	case path := <-u.asked: // what was to be refused may go on for long
		u.Errorf("%q: the API server was asked for %s", args, path)
		return
	case code = <-done:
	}
	lines := strings.Split(strings.TrimSuffix(errOut.String(), "\n"), "\n")
	switch {
	case code != int(verdict.ExitUsage):
		u.Errorf("%q: exit code %d, want 2: %s", args, code, errOut)
	case out.Len() > 0:
		u.Errorf("%q: on standard output: %.200s", args, out)
	case len(lines) != 2 || !strings.HasPrefix(lines[0], "error: ") || !strings.HasPrefix(lines[1], "hint: "):
		u.Errorf("%q: want an error and a hint of a line each, have %s", args, errOut)
	}
	for _, word := range words {
		if !strings.Contains(lines[0], word) {
			u.Errorf("%q: the error does not say %q: %s", args, word, errOut)
		}
	}
}

// eachCommand calls do with each command that a user can call, hidden ones included, and
// with its words.
func eachCommand(do func(cmd *cobra.Command, words []string)) {
	a, _, _ := newTestApp()
	var visit func(*cobra.Command, []string)
	visit = func(cmd *cobra.Command, words []string) {
		do(cmd, words)
		for _, sub := range cmd.Commands() {
			visit(sub, append(slices.Clone(words), sub.Name()))
		}
	}
	visit(newRootCmd(a), nil)
}

// arguments returns the fewest arguments that a command takes.
func fewestArguments(cmd *cobra.Command) []string {
	word := append(cmd.ValidArgs, "x")[0]
	for n := range 4 {
		if args := slices.Repeat([]string{word}, n); cmd.ValidateArgs(args) == nil {
			return args
		}
	}
	return nil
}

func flagsOf(cmd *cobra.Command) (flags []*pflag.Flag) {
	cmd.InitDefaultHelpFlag()
	cmd.LocalFlags() // merges the flags of the commands above
	cmd.Flags().VisitAll(func(f *pflag.Flag) { flags = append(flags, f) })
	return flags
}

// wrongValues are what no flag of a type takes. What is not listed takes neither of nonsense.
var (
	nonsense    = []string{"?!", "-", " "}
	wrongValues = map[string][]string{
		"bool":        append(nonsense, "", "2", "maybe"),
		"int":         append(nonsense, "", "-1", "1.5", "99999999999999999999"),
		"int64":       append(nonsense, "", "-2", "1.5", "99999999999999999999"),
		"float64":     append(nonsense, "", "-1", "NaN", "Inf", "1e999"),
		"Level":       append(nonsense, "", "-1", "99999999999"),
		"duration":    append(nonsense, "", "-1s", "10", "9999999h", "99999999999999999999s"),
		"quantity":    append(nonsense, "", "-1", "0", "9E", "1e40"),
		"string":      {""},
		"stringSlice": {"", "a,"},
		"stringArray": {""},
	}
	// wrongWords are what a flag with text for a value does not take.
	wrongWords = map[string][]string{
		"namespace":             {"a/b", "A", "a b", strings.Repeat("a", 64)},
		"since-time":            {"now", "-1s", "2026-01-31", "2026-13-31T10:00:00Z"},
		"after":                 nonsense,
		"output":                {"xml", "JSON", "jsonpath=", "custom-columns="},
		"request-timeout":       {"-3s", "soon", "9999999h"},
		"as-user-extra":         {"x", "=x"},
		"pum-deployment":        {"a/b", "a b", "../x"},
		"pum-container":         {"a/b", "a b", "a.b"},
		"controller-deployment": {"a/b", "a b"},
		"container":             {"a/b", "a b"},
		"job":                   {"a/b", "a b", "-"},
	}
	// negativeTimeouts are where kubectl's meaning of a negative --timeout holds: it never ends.
	negativeTimeouts = []string{"wait", "restart", "record"}
)

// valuesOf returns what a flag does not take.
func valuesOf(cmd *cobra.Command, f *pflag.Flag) []string {
	values, listed := wrongValues[f.Value.Type()]
	switch {
	case !listed:
		values = append(nonsense, "")
	case kubectls(f):
		values = nil // empty is not given, as kubectl has it
		if f.Value.Type() == "bool" {
			values = wrongValues["bool"]
		}
	case f.Name == "timeout" && slices.Contains(negativeTimeouts, cmd.Name()):
		values = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == "-1s" })
	}
	return append(slices.Clone(values), wrongWords[f.Name]...)
}

// kubectls reports whether a flag is one of kubectl's own.
func kubectls(f *pflag.Flag) bool {
	var flags pflag.FlagSet
	new(kubeFlags).add(&flags)
	return flags.Lookup(f.Name) != nil
}

// Whatever is wrong with a command line is exit code 2 and one line, and nothing is asked:
// for every command there is, and every flag.
func TestWrongFlags(t *testing.T) {
	if testing.Short() {
		t.Skip("nothing happens at the same time")
	}
	u := newUsage(t)
	tried := 0
	eachCommand(func(cmd *cobra.Command, words []string) {
		line := func(more ...string) []string { return slices.Concat(words, fewestArguments(cmd), more) }
		u.wrong(line("--nosuch"), "--nosuch")
		u.wrong(line("--nosuch=x"), "--nosuch")
		u.wrong(line("-Z"), "Z")
		for _, f := range flagsOf(cmd) {
			if f.NoOptDefVal == "" {
				u.wrong(line("--"+f.Name), "--"+f.Name)
			}
			values := valuesOf(cmd, f)
			if len(words) > 0 && cmd.InheritedFlags().Lookup(f.Name) != nil {
				values = values[:min(1, len(values))] // the root took all of them
			}
			for _, value := range values {
				u.wrong(line("--"+f.Name+"="+value), "--"+f.Name, fmt.Sprintf("%q", value))
				tried++
			}
		}
	})
	if tried < 500 {
		t.Errorf("only %d values were tried", tried)
	}
}

func TestWrongWords(t *testing.T) {
	u := newUsage(t)
	eachCommand(func(cmd *cobra.Command, words []string) {
		u.wrong(append(slices.Clone(words), strings.Fields("nosuch b c d e f g h")...))
		if cmd.HasSubCommands() {
			u.wrong(append(slices.Clone(words), "nosuch"), `"nosuch"`)
		}
		if few := fewestArguments(cmd); len(few) > 0 {
			u.wrong(append(slices.Clone(words), few[1:]...))
		}
		if len(words) > 0 && words[0] != "help" {
			u.wrong(slices.Concat([]string{"help"}, words, []string{"nosuch"}), "nosuch")
		}
	})
	for _, line := range []string{
		"help nosuch", "help pum nosuch", "help --nosuch", "completion nosuch", "completion bash nosuch", "schema nosuch", "schema nosuch status",
		"explain nosuch", "explain TPE111 nosuch", "pum nosuch", "values nosuch extra", "stauts", "-n x nosuch",
	} {
		u.wrong(strings.Fields(line))
	}
}

// example returns a value that a flag takes.
func example(f *pflag.Flag) string {
	for _, value := range []string{"true", "1m", "1", "json", "all", "8.0.0", "error", "2..3", "2026-01-31T10:00:00Z", "x"} {
		if f.Value.Set(value) == nil {
			return value
		}
	}
	return "x"
}

// Flags that contradict each other: all that cobra was told of, and those that commands check.
func TestContradictions(t *testing.T) {
	u := newUsage(t)
	eachCommand(func(cmd *cobra.Command, words []string) {
		done := map[string]bool{}
		for _, f := range flagsOf(cmd) {
			for _, group := range f.Annotations["cobra_annotation_mutually_exclusive"] {
				if done[group] {
					continue
				}
				done[group] = true
				line := slices.Concat(words, fewestArguments(cmd))
				for _, name := range strings.Fields(group) {
					line = append(line, "--"+name+"="+example(cmd.Flags().Lookup(name)))
				}
				if err := cmd.Flags().Lookup("to"); err != nil {
					line = append(line, "--to=8.0.0")
				}
				u.wrong(line, strings.Fields(group)...)
			}
		}
	})
	for line, word := range map[string]string{
		"logs --since=1m --since-time=2026-01-31T10:00:00Z": "--since-time",
		"logs --previous --attempt=2":                       "--attempt",
		"logs --timestamps -o json":                         "--timestamps",
		"logs --timeout=1m":                                 "--timeout",
		"pum restart --timeout=1m --yes":                    "--timeout",
		"status --poll-interval=1m":                         "--poll-interval",
		"pum status --poll-interval=1m":                     "--poll-interval",
		"values tpe --show-secrets":                         "--show-secrets",
		"values --revision=2":                               "--revision",
		"values --diff=2..3":                                "--diff",
		"values":                                            "--dir",
		"values tpe -o name":                                "-o",
		"pum restart":                                       "--yes",
		"preflight":                                         "to",
	} {
		u.wrong(strings.Fields(line), word)
	}
}
