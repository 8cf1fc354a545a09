// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/spf13/cobra"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// offline are the commands that ask no cluster. All others must not be silent.
var offline = []string{"help", "explain", "schema", "version", "completion", "diff"}

// asking returns the command lines of all commands that ask a cluster.
func asking() [][]string {
	lines := [][]string{{"wait", "--timeout=0"}, {"values", "--dir=d"}, {"rollback-plan", "--backups"}, {"doctor", "--role"}, {"logs", "--follow", "--timeout=2s"}}
	eachCommand(func(cmd *cobra.Command, words []string) {
		if cmd.HasSubCommands() || slices.Contains(offline, words[0]) {
			return
		}
		line := slices.Concat(words, fewestArguments(cmd))
		for _, f := range flagsOf(cmd) {
			if _, required := f.Annotations[cobra.BashCompOneRequiredFlag]; required {
				line = append(line, "--"+f.Name+"="+example(f))
			}
		}
		switch cmd.Name() {
		case "values":
			line = append(line, "tpe")
		case "restart":
			line = append(line, "--yes")
		}
		lines = append(lines, line)
	})
	return lines
}

// A silentPlace is where a command asks in vain, and what it must say of it.
type silentPlace struct {
	server  string
	env     []string
	from    string // of who does not answer
	stage   string
	instant bool // whether it fails at once
}

func silentPlaces(t *testing.T) map[string]silentPlace {
	silent := silentListener(t)
	end := make(chan struct{})
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-end }))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(end) })
	const far = "https://api.invalid:6443"
	return map[string]silentPlace{
		"a name that nobody resolves":     {far, []string{"TEST_RESOLVER=silent"}, far, "the name api.invalid was not resolved", false},
		"a name that does not resolve":    {far, []string{"TEST_RESOLVER=none"}, far, "lookup api.invalid", true},
		"a server that accepts":           {"http://" + silent, nil, "http://" + silent, "did not answer the request", false},
		"a TLS handshake that never ends": {"https://" + silent, nil, "https://" + silent, "the TLS handshake did not end", false},
		"a server that ends TLS":          {server.URL, nil, server.URL, "did not answer the request", false},
		"a proxy that accepts":            {far, []string{"HTTPS_PROXY=http://me:pa55@" + silent}, far + " through the proxy http://" + silent, "the proxy took the connection", false},
	}
}

// A timedWriter keeps what it is given, and when the first of it came.
type timedWriter struct {
	lock  sync.Mutex
	text  bytes.Buffer
	first time.Time
}

func (w *timedWriter) Write(p []byte) (int, error) {
	w.lock.Lock()
	defer w.lock.Unlock()
	if w.first.IsZero() {
		w.first = time.Now()
	}
	return w.text.Write(p)
}

// onTerminal runs the plugin with standard error on a terminal, and returns what it wrote there,
// when the first of it came and when it ended, and its exit code.
func onTerminal(t *testing.T, plugin, dir string, env, args []string) (stdout, stderr string, first, took time.Duration, code int) {
	t.Helper()
	terminal, other, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	if slices.Contains(env, "TERM=xterm") {
		must(pty.Setsize(terminal, &pty.Winsize{Rows: 24, Cols: 120}))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, plugin, args...)
	var out bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, append(os.Environ(), env...), &out, other
	start := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = other.Close() // the plugin has it
	said := &timedWriter{}
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = io.Copy(said, terminal) // ends with an error when nobody has the other side
	}()
	err = cmd.Wait()
	took = time.Since(start)
	<-read
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if !said.first.IsZero() {
		first = said.first.Sub(start)
	}
	return out.String(), said.text.String(), first, took, cmd.ProcessState.ExitCode()
}

// pluginLink returns a name under which this test is the plugin.
func pluginLink(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	plugin := filepath.Join(t.TempDir(), "kubectl-tpe")
	if err := os.Symlink(self, plugin); err != nil {
		t.Fatal(err)
	}
	return plugin
}

// silentDir returns a folder with a kubeconfig for a place, and the environment for it.
func silentDir(t *testing.T, place silentPlace) (dir string, env []string) {
	t.Helper()
	dir = t.TempDir()
	kubeconfig := fmt.Sprintf("{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c}}], "+
		"clusters: [{name: c, cluster: {server: %q, insecure-skip-tls-verify: %t}}]}", place.server, strings.HasPrefix(place.server, "https"))
	if err := os.WriteFile(filepath.Join(dir, "kubeconfig"), []byte(kubeconfig), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, append([]string{"TEST_PATIENCE=1", "KUBECONFIG=kubeconfig", "GORACE=atexit_sleep_ms=0"}, place.env...)
}

// No command leaves a person before an empty screen: after 2 s (here less) it says who does not
// answer, and after 25 s (here less) it ends, and says how far it came.
func TestNoCommandIsSilent(t *testing.T) {
	t.Parallel()
	plugin := pluginLink(t)
	lines := asking()
	if len(lines) < 15 {
		t.Errorf("only %d command lines ask a cluster", len(lines))
	}
	free := make(chan struct{}, 16) // of all places
	for name, place := range silentPlaces(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var all sync.WaitGroup
			for _, line := range lines {
				free <- struct{}{}
				all.Go(func() {
					defer func() { <-free }()
					dir, env := silentDir(t, place)
					stdout, stderr, first, took, code := onTerminal(t, plugin, dir, env, line)
					wrong := wrongSaying(place, first, stdout, stderr)
					want := verdict.ExitError
					if slices.Contains(line, "--timeout=2s") {
						want = verdict.ExitTimeout
					}
					if code != int(want) || took > 10*time.Second {
						wrong = append(wrong, fmt.Sprintf("exit code %d after %s, want %d", code, took, want))
					}
					if len(wrong) > 0 {
						t.Errorf("%q: %q\nstdout: %s\nstderr: %s", line, wrong, stdout, stderr)
					}
				})
			}
			all.Wait()
		})
	}
}

// wrongSaying tells what is wrong with what a command says of who does not answer.
func wrongSaying(place silentPlace, first time.Duration, stdout, stderr string) (wrong []string) {
	all := strings.Join(strings.Fields(stderr+" "+stdout), " ")
	wants := []string{place.stage, strings.Fields(place.from)[0]}
	if !place.instant {
		wants = append(wants, "waiting for an answer from "+place.from+": ", "no answer from "+place.from+" within 1.2s: ")
	}
	for _, want := range wants {
		if !strings.Contains(all, want) {
			wrong = append(wrong, "it does not say "+want)
		}
	}
	if strings.Contains(all, "pa55") {
		wrong = append(wrong, "it shows a password")
	}
	if !place.instant && (first == 0 || first > 5*time.Second) { // 0.1 s, and what a busy machine adds
		wrong = append(wrong, "first words after "+first.String())
	}
	return wrong
}

// What goes on asking says so, and goes on until it is told to end.
func TestWhatGoesOnSaysWhoIsSilent(t *testing.T) {
	t.Parallel()
	plugin := pluginLink(t)
	place := silentPlaces(t)["a server that accepts"]
	for _, line := range []string{"status --watch", "pum status --watch", "logs --follow"} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			dir, env := silentDir(t, place)
			stdout, stderr, first, took, code := onTerminal(t, plugin, dir, append(env, "TEST_INTERRUPT=3s"), strings.Fields(line))
			if wrong := wrongSaying(place, first, stdout, stderr); len(wrong) > 0 || code != int(verdict.ExitInterrupted) || took > 10*time.Second {
				t.Errorf("%q, exit code %d after %s, want 130\nstdout: %s\nstderr: %s", wrong, code, took, stdout, stderr)
			}
		})
	}
}

// Of several installations, too, a terminal says at once what is asked: one that is silent must
// not hide that.
func TestSeveralSayWhatIsAsked(t *testing.T) {
	t.Parallel()
	plugin, silent := pluginLink(t), silentListener(t)
	dir := t.TempDir()
	kubeconfig := fmt.Sprintf("{apiVersion: v1, kind: Config, current-context: a, contexts: [{name: a, context: {cluster: c}}, {name: b, context: {cluster: c}}], "+
		"clusters: [{name: c, cluster: {server: 'http://%s'}}]}", silent)
	if err := os.WriteFile(filepath.Join(dir, "kubeconfig"), []byte(kubeconfig), 0o600); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		"status --contexts=a,b":             "asking 2 contexts: a, b",
		"status --contexts=a":               "asking context a",
		"wait --contexts=a,b":               "asking 2 contexts: a, b",
		"status --watch -A":                 "asking in which namespaces",
		"wait --timeout=0 --all-namespaces": "asking in which namespaces",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			_, stderr, first, _, _ := onTerminal(t, plugin, dir, []string{"TEST_NOTICE=1", "TEST_INTERRUPT=1s", "KUBECONFIG=kubeconfig", "TERM=xterm"}, strings.Fields(line))
			if !strings.HasPrefix(stderr, want) || first == 0 || first > 5*time.Second {
				t.Errorf("after %s %q", first, stderr)
			}
		})
	}
}

// What is known of the others is shown after 2 s, in place, while one is silent.
func TestASilentInstallationHidesNoOther(t *testing.T) {
	t.Parallel()
	plugin, silent := pluginLink(t), silentListener(t)
	dir := t.TempDir()
	kubeconfig := fmt.Sprintf("{apiVersion: v1, kind: Config, current-context: a, contexts: [{name: a, context: {cluster: c}}, {name: gone, context: {cluster: d}}], "+
		"clusters: [{name: c, cluster: {server: 'http://%s'}}, {name: d, cluster: {server: 'http://127.0.0.1:1'}}]}", silent)
	if err := os.WriteFile(filepath.Join(dir, "kubeconfig"), []byte(kubeconfig), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"status --contexts=a,gone", "status --watch --contexts=a,gone", "report --contexts=a,gone", "wait --timeout=0 --contexts=a,gone"} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, _, _, _ := onTerminal(t, plugin, dir, []string{"TEST_INTERRUPT=6s", "KUBECONFIG=kubeconfig", "TERM=xterm", "LC_ALL=C.UTF-8", "NO_COLOR="}, strings.Fields(line))
			all := stdout + stderr
			if !strings.Contains(all, "no answer yet") || !strings.Contains(all, "gone") || !strings.Contains(all, "API server unreachable") {
				t.Errorf("stdout: %q\nstderr: %q", stdout, stderr)
			}
		})
	}
}
