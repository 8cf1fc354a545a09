// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"flag"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
	"github.com/kubectl-tpe/kubectl-tpe/schema/schematest"
	"github.com/kubectl-tpe/kubectl-tpe/test/recorded"
)

// clock is the time in all scripts.
var clock = time.Date(2022, 6, 27, 14, 15, 11, 0, time.UTC)

// Limits of the plugin with TEST_PATIENCE: in no test anybody waits for 25 s.
const (
	testNoted = 100 * time.Millisecond
	testLimit = 1200 * time.Millisecond
)

// itself is the name under which this test is the plugin with all that belongs to its process, at
// the time that it is.
const itself = "kubectl-tpe-itself"

// The names of environment variables with which this test does nothing but fail, or take its time:
// it is a credential plugin then.
const (
	failing = "TEST_FAILING"
	hanging = "TEST_HANGING"
)

// The tests wait much longer than they work: more of them run at a time than there are processors,
// unless -parallel says otherwise.
func TestMain(m *testing.M) {
	if os.Getenv(failing) != "" {
		os.Exit(1)
	}
	if os.Getenv(hanging) != "" {
		time.Sleep(5 * time.Second)
		return
	}
	must(flag.Set("test.parallel", "8"))
	testscript.Main(m, map[string]func(){"kubectl-tpe": plugin, completer: plugin, itself: main})
}

// plugin is what main does, at a time that stands still.
func plugin() {
	a := &app{
		IOStreams: genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr},
		now:       func() time.Time { return clock },
	}
	a.applyTestEnv()
	if name := os.Getenv("RECORDED"); name != "" {
		a.replay(name)
	}
	os.Exit(run(arguments(os.Args[0], os.Args[1:]), a))
}

// replay makes an app observe what was recorded in the lab.
func (a *app) replay(name string) {
	s, err := recorded.Snapshot(name)
	must(err)
	a.now = func() time.Time { return s.ObservedAt }
	a.observe = func(_ context.Context, c *cluster, _ pumFlags) verdict.Snapshot {
		s.Context, s.Kubeconfig = c.where.Context, c.where.Kubeconfig
		return s
	}
}

// applyTestEnv gives the plugin under test other limits and another resolver of names.
func (a *app) applyTestEnv() {
	if after, err := time.ParseDuration(os.Getenv("TEST_INTERRUPT")); err == nil {
		self, err := os.FindProcess(os.Getpid())
		must(err)
		time.AfterFunc(after, func() { _ = self.Signal(os.Interrupt) })
	}
	if os.Getenv("TEST_NOTICE") != "" {
		a.notice = &notice{w: os.Stderr}
		a.Out, a.ErrOut = &stream{os.Stdout, a.notice}, &stream{os.Stderr, a.notice}
	}
	if os.Getenv("TEST_PATIENCE") != "" {
		a.patience = patience{noted: testNoted, limit: testLimit}
	}
	switch os.Getenv("TEST_RESOLVER") {
	case "silent":
		net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}
	case "none":
		net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
			return nil, errors.New("no such host")
		}}
	}
}

// TestScripts runs the plugin as a user would, without a cluster: with saved
// output, wrong arguments, and API servers that are not there.
func TestScripts(t *testing.T) {
	t.Parallel()
	samples, err := filepath.Abs(filepath.Join("..", "..", "pkg", "pum", "testdata", "documented"))
	if err != nil {
		t.Fatal(err)
	}
	recordings, err := filepath.Abs(filepath.Join("..", "..", "test", "recorded", "testdata"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		UpdateScripts:       os.Getenv("UPDATE") != "",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("SAMPLES", samples)
			env.Setenv("RECORDINGS", recordings)
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("KUBECONFIG", filepath.Join(env.WorkDir, "kubeconfig"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "valid": valid},
	})
}

// exits runs a program and compares its exit code: exits CODE PROGRAM ARG…
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARG…")
	}
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("run %s: %v", args[1], err)
		}
		code = exit.ExitCode()
	}
	if want := args[0]; strconv.Itoa(code) != want {
		ts.Fatalf("exit code %d, want %s", code, want)
	}
}

// valid checks a document against the schema of its kind: valid FILE.
func valid(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: valid FILE")
	}
	ts.Check(schematest.Validate([]byte(ts.ReadFile(args[0]))))
}
