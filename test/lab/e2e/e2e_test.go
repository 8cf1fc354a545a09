// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Package e2e runs the plugin in the lab, as a user would: a real kubectl
// calls it, and it asks a real API server, kubelet and container runtime.
//
// Each script in testdata is a test. It loads scenarios into a namespace of
// its own, $NS, and runs commands. Besides those of testscript there are
//
//	load SCENARIO                    into $NS, until its start condition holds
//	exits CODE PROGRAM ARG…          runs a program and wants this exit code
//	until CODE PROGRAM ARG…          runs it again and again until it has this
//	                                 exit code; every other one must be 8,
//	                                 pending
//	shows TIME PATTERN PROGRAM ARG…  runs it again and again until its standard
//	                                 output matches, for so long at most
//	running                          wants that no program in the background has
//	                                 ended
//	as USER                          from here on $KUBECONFIG is of that user,
//	                                 who has no rights; of the administrator
//	                                 without USER
//	lacking ROLE TABLE               wants of each right in a Role what is known
//	                                 without it: VERB RESOURCE | CODE | COMMAND |
//	                                 PATTERN, for output that may name no other
//	diagnosed ROLE DOC               wants of each right in a Role that doctor names
//	                                 it alone where it is missing, for the commands
//	                                 that need or use it by the table of a document
//	documented FILE                  runs the commands that a document says this
//	                                 script runs, and compares
//	proxy                            from here on $KUBECONFIG leads through a
//	                                 proxy
//	proxy cut|close|open             ends its connections and takes new ones, or
//	                                 none, or takes them again
//	proxy cut every TIME             until the script ends, or proxy calm
//	proxy lines N                    from here on $KUBECONFIG leads through a
//	                                 proxy that cuts each log after N lines
//	gateway [kubernetes=1.N] [clock=TIME] [no-websocket]
//	                                 from here on, until the next as, $KUBECONFIG
//	                                 leads through an HTTP proxy that says so, or
//	                                 breaks WebSocket
//	lab start|stop|kill COMPONENT    a part of the node
//	lab compact etcd                 so that it forgets all revisions but one
//	pum YAML                         changes what the stand-in for PUM does
//	restarts N                       wants that PUM was restarted so often
//	helm-program                     compiles Helm itself, as $HELM
//	helm YAML                        rewrites the Helm releases, as the key
//	                                 helm of a scenario says; makes $NS if it is
//	                                 not there
package e2e

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/build"
	"github.com/kubectl-tpe/kubectl-tpe/test/lab/node"
	"github.com/kubectl-tpe/kubectl-tpe/test/lab/tpe"
)

// A suite is the lab that all tests share.
type suite struct {
	node        *node.Node
	plugin      string // the folder of the plugin
	kubectl     string
	compileHelm func() (string, error) // Helm itself, compiled by the first who asks

	whole sync.RWMutex // held by whoever breaks the node; to be read by those to whom it must not happen

	lock    sync.Mutex // of what follows
	schemas map[string]*jsonschema.Schema
}

// shared is the suite. What it made goes when leave is called.
var (
	shared = sync.OnceValues(open)
	leave  = func() error { return nil }
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := leave(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// open builds the plugin and brings up a lab, unless that was there before.
func open() (*suite, error) {
	builder, err := build.New(os.Stderr)
	if err != nil {
		return nil, err
	}
	n, err := node.New(cmp.Or(os.Getenv("LAB"), "e2e"), os.Getenv("K8S"), builder, os.Stderr)
	if err != nil {
		return nil, err
	}
	plugin, err := os.MkdirTemp("", "kubectl-tpe-e2e")
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	found := n.Ready(ctx) == nil
	leave = func() error {
		err := os.RemoveAll(plugin)
		if !found {
			err = errors.Join(err, n.Down(ctx))
		}
		return err
	}
	if !found {
		if err := n.Up(ctx); err != nil {
			return nil, err
		}
	}
	if err := n.Compile(ctx, "../../cmd/kubectl-tpe", filepath.Join(plugin, "kubectl-tpe")); err != nil {
		return nil, err
	}
	kubectl, err := n.PlainKubectl(ctx)
	helm := sync.OnceValues(func() (string, error) {
		program := filepath.Join(plugin, "tools", "helm")
		return program, n.CompileTool(ctx, "../helm", "helm.sh/helm/v4/cmd/helm", program)
	})
	return &suite{node: n, plugin: plugin, kubectl: kubectl, compileHelm: helm, schemas: map[string]*jsonschema.Schema{}}, err
}

func openSuite(t *testing.T) *suite {
	t.Helper()
	s, err := shared()
	check(t, err)
	return s
}

// TestScripts runs what can share a node.
func TestScripts(t *testing.T) {
	t.Parallel()
	s := openSuite(t)
	s.whole.RLock()
	defer s.whole.RUnlock()
	params := s.params()
	params.Files = longFirst(t, filepath.Join("testdata", "scripts"))
	scripts := inOrder{inTurn{t}, make(chan struct{}, atOnce), &sync.WaitGroup{}}
	testscript.RunT(scripts, params)
	scripts.running.Wait()
}

// longFirst returns the scripts in a folder, first those that take a minute and more
// even alone: none is to be waited for at the end.
func longFirst(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d scripts in %s: %v", len(files), dir, err)
	}
	var ascending []string
	for _, name := range strings.Fields("stall changes restart answers doctor troubles connection ondelete pod wait hook exits attempts") {
		ascending = append(ascending, name+".txtar")
	}
	slices.SortStableFunc(files, func(a, b string) int {
		return cmp.Compare(slices.Index(ascending, filepath.Base(b)), slices.Index(ascending, filepath.Base(a)))
	})
	return files
}

// atOnce is how many scripts run at a time. All wait for pods most of the time.
const atOnce = 6

// inOrder starts scripts in their order, as many at a time as there are slots. The
// package testing starts them in any.
type inOrder struct {
	inTurn
	slots   chan struct{}
	running *sync.WaitGroup
}

func (t inOrder) Run(name string, run func(testscript.T)) {
	t.slots <- struct{}{}
	t.running.Go(func() {
		defer func() { <-t.slots }()
		t.inTurn.Run(name, run)
	})
}

// inTurn runs scripts one after the other.
type inTurn struct{ *testing.T }

func (t inTurn) Parallel()     {}
func (t inTurn) Verbose() bool { return testing.Verbose() }
func (t inTurn) Run(name string, run func(testscript.T)) {
	t.T.Run(name, func(t *testing.T) { run(inTurn{t}) })
}

func (s *suite) params() testscript.Params {
	return testscript.Params{
		UpdateScripts:       os.Getenv("UPDATE") != "",
		RequireExplicitExec: true,
		Setup:               s.setup,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"as": s.as, "exits": exits, "lab": s.lab, "load": s.load, "proxy": s.proxy,
			"diagnosed": s.diagnosed, "documented": documented, "gateway": s.gateway, "helm": s.helm, "helm-program": s.helmProgram, "image": s.image, "lacking": lacking, "pum": s.pum, "restarts": s.restarts, "running": running, "shows": shows, "until": until,
		},
	}
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
	root, err := filepath.Abs(filepath.Join("..", "..", ".."))
	if err != nil {
		return err
	}
	env.Setenv("README", filepath.Join(root, "README.md"))
	env.Setenv("DOCS", filepath.Join(root, "docs"))
	path := []string{s.plugin, filepath.Dir(s.kubectl)}
	for _, dir := range filepath.SplitList(env.Getenv("PATH")) {
		if _, err := os.Stat(filepath.Join(dir, "kubectl-tpe")); err != nil {
			path = append(path, dir) // without a plugin that is installed here
		}
	}
	env.Setenv("PATH", strings.Join(path, string(os.PathListSeparator)))
	env.Values[proxied{}] = &scriptProxy{}
	env.Defer(func() { s.forget(env.Getenv("NS")) })
	return nil
}

// loaded fills a namespace with a scenario that is up, until the test ends.
func (s *suite) loaded(t *testing.T, scenario, namespace string) {
	t.Helper()
	t.Cleanup(func() { s.forget(namespace) })
	check(t, tpe.Load(t.Context(), tpe.Options{
		Kubeconfig: s.node.Kubeconfig(), Importer: s.node, Scenario: scenario, Namespace: namespace, Wait: true, Log: os.Stderr,
	}))
}

// forget has a namespace deleted, so that its pods do not slow down the others.
func (s *suite) forget(namespace string) {
	// What cannot be deleted goes with the lab.
	_ = exec.Command(s.kubectl, "--kubeconfig", s.node.Kubeconfig(), "delete", "namespace", namespace, "--wait=false").Run()
}
