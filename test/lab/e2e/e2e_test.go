// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Package e2e runs the plugin in the lab, as a user would: a real kubectl
// calls it, and it asks a real API server, kubelet and container runtime.
//
// Each script in testdata is a test. It loads scenarios into a namespace of
// its own, $NS, and runs commands. Besides those of testscript there are
//
//	load SCENARIO              into $NS, until its start condition holds
//	exits CODE PROGRAM ARG…    runs a program and wants this exit code
//	until CODE PROGRAM ARG…    runs it again and again until it has this exit
//	                           code; every other one must be 8, pending
//	as USER                    from here on $KUBECONFIG is of that user, who
//	                           has no rights; of the administrator without USER
//	lab VERB COMPONENT         starts, stops or kills a part of the node
//	pum YAML                   changes what the stand-in for PUM does
//	restarts N                 wants that PUM was restarted so often
package e2e

import (
	"cmp"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/build"
	"github.com/kubectl-tpe/kubectl-tpe/test/lab/node"
	"github.com/kubectl-tpe/kubectl-tpe/test/lab/standin/pum"
	"github.com/kubectl-tpe/kubectl-tpe/test/lab/tpe"
)

// A suite is the lab that all scripts share.
type suite struct {
	node    *node.Node
	plugin  string // the folder of the plugin
	kubectl string
}

func TestScripts(t *testing.T) {
	s := newSuite(t)
	testscript.Run(t, s.params(filepath.Join("testdata", "scripts")))
	// What breaks the node would disturb the others.
	testscript.RunT(inTurn{t}, s.params(filepath.Join("testdata", "faults")))
}

// inTurn runs scripts one after the other.
type inTurn struct{ *testing.T }

func (t inTurn) Parallel()     {}
func (t inTurn) Verbose() bool { return testing.Verbose() }
func (t inTurn) Run(name string, run func(testscript.T)) {
	t.T.Run(name, func(t *testing.T) { run(inTurn{t}) })
}

func (s *suite) params(dir string) testscript.Params {
	return testscript.Params{
		Dir:                 dir,
		UpdateScripts:       os.Getenv("UPDATE") != "",
		RequireExplicitExec: true,
		Setup:               s.setup,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"as": s.as, "exits": exits, "lab": s.lab, "load": s.load,
			"pum": s.pum, "restarts": s.restarts, "until": until,
		},
	}
}

// newSuite builds the plugin and brings up a lab, which goes with the test
// unless it was there before.
func newSuite(t *testing.T) *suite {
	t.Helper()
	builder, err := build.New(os.Stderr)
	check(t, err)
	n, err := node.New(cmp.Or(os.Getenv("LAB"), "e2e"), os.Getenv("K8S"), builder, os.Stderr)
	check(t, err)
	if n.Ready(t.Context()) != nil {
		t.Cleanup(func() { check(t, n.Down(context.WithoutCancel(t.Context()))) })
		check(t, n.Up(t.Context()))
	}
	kubectl, err := n.Kubectl(t.Context())
	check(t, err)
	plugin := t.TempDir()
	compile := exec.Command("go", "build", "-o", filepath.Join(plugin, "kubectl-tpe"), "./cmd/kubectl-tpe")
	compile.Dir = filepath.Join("..", "..", "..")
	if out, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("build the plugin: %v\n%s", err, out)
	}
	return &suite{n, plugin, kubectl}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// setup gives a script its environment.
func (s *suite) setup(env *testscript.Env) error {
	name := filepath.Base(env.WorkDir) // script-NAME
	env.Setenv("NS", "e2e-"+strings.TrimPrefix(name, "script-"))
	env.Setenv("KUBECONFIG", s.node.Kubeconfig())
	env.Setenv("HOME", env.WorkDir)
	path := []string{s.plugin, filepath.Dir(s.kubectl), env.Getenv("PATH")}
	env.Setenv("PATH", strings.Join(path, string(os.PathListSeparator)))
	return nil
}

func (s *suite) load(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: load SCENARIO")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	ts.Check(tpe.Load(ctx, tpe.Options{
		Kubeconfig: s.node.Kubeconfig(), Importer: s.node,
		Scenario: args[0], Namespace: ts.Getenv("NS"), Wait: true, Log: ts.Stderr(),
	}))
}

// exits runs a program and compares its exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARG…")
	}
	if code := exitCode(ts, args[1:]); strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// until runs a program until it has an exit code.
func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: until CODE PROGRAM ARG…")
	}
	const pending = 8
	for deadline := time.Now().Add(3 * time.Minute); ; time.Sleep(time.Second) {
		code := exitCode(ts, args[1:])
		if strconv.Itoa(code) == args[0] {
			return
		}
		if code != pending || time.Now().After(deadline) {
			ts.Fatalf("exit code %d on the way to %s", code, args[0])
		}
	}
}

func exitCode(ts *testscript.TestScript, command []string) int {
	var exit *exec.ExitError
	err := ts.Exec(command[0], command[1:]...)
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	ts.Fatalf("run %s: %v", command[0], err)
	return -1
}

func (s *suite) as(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 1 {
		ts.Fatalf("usage: as [USER]")
	}
	kubeconfig := s.node.Kubeconfig()
	if len(args) == 1 {
		var err error
		kubeconfig, err = s.node.UserKubeconfig(args[0])
		ts.Check(err)
	}
	ts.Setenv("KUBECONFIG", kubeconfig)
}

func (s *suite) lab(ts *testscript.TestScript, neg bool, args []string) {
	verbs := map[string]func(context.Context, string) error{
		"start": s.node.Start, "stop": s.node.Stop, "kill": s.node.Kill,
	}
	if neg || len(args) != 2 || verbs[args[0]] == nil {
		ts.Fatalf("usage: lab start|stop|kill COMPONENT")
	}
	ts.Check(verbs[args[0]](context.Background(), args[1]))
}

func (s *suite) pum(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: pum YAML")
	}
	ts.Check(tpe.PUM(s.node, ts.Getenv("NS")).Update(func(state *pum.State) error { return state.Replace([]byte(args[0])) }))
}

func (s *suite) restarts(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: restarts N")
	}
	state, err := tpe.PUM(s.node, ts.Getenv("NS")).Read()
	ts.Check(err)
	if n := strconv.Itoa(len(state.Restarts)); n != args[0] {
		ts.Fatalf("PUM was restarted %s times, want %s", n, args[0])
	}
}
