// SPDX-License-Identifier: Apache-2.0

//go:build linux

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/fault"
	"github.com/kubectl-tpe/kubectl-tpe/test/lab/standin/pum"
	"github.com/kubectl-tpe/kubectl-tpe/test/lab/tpe"
)

// TestFaults runs the campaign of test/lab/fault: several faults at a time, beside the
// other tests, in turn the scripts that break the node, and random interleavings of
// what happens in a namespace. What is long is in a part of its own, so that make test
// can leave it out; of the rest, what breaks the node goes before all other tests. With
// FAULTS_TABLE it writes what was seen to that file, beside what earlier runs of the same
// campaign on other versions of Kubernetes came to.
func TestFaults(t *testing.T) {
	all, err := fault.Campaign()
	check(t, err)
	c := &campaign{suite: openSuite(t), grounds: map[string]chan *ground{}}
	t.Cleanup(c.leave)
	t.Run("node", func(t *testing.T) { c.scripts(t, all, true) })
	t.Parallel()
	t.Run("short", func(t *testing.T) { c.commands(t, all, true) })
	t.Run("long", func(t *testing.T) {
		c.commands(t, all, false)
		c.scripts(t, all, false)
		c.whole.Lock()
		defer c.whole.Unlock()
		t.Run("interleavings", func(t *testing.T) { c.notes = append(c.notes, c.interleave(t)) })
	})
	if table := os.Getenv("FAULTS_TABLE"); table != "" {
		c.write(t, table, all)
	}
}

// A campaign is what the faults of a test share.
type campaign struct {
	*suite
	lock    sync.Mutex // of what follows
	grounds map[string]chan *ground
	seen    []fault.Outcome
	notes   []string // of what else was tried
}

func (c *campaign) note(o fault.Outcome) {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.seen = append(c.seen, o)
}

// commands runs the faults, short ones or long ones, that break nothing for others, several
// at a time.
func (c *campaign) commands(t *testing.T, all []fault.Fault, short bool) {
	c.whole.RLock()
	defer c.whole.RUnlock()
	t.Run("commands", func(t *testing.T) {
		for _, f := range all {
			if f.Script != "" || f.Short != short {
				continue
			}
			t.Run(f.Name, func(t *testing.T) {
				t.Parallel()
				c.run(t, f)
			})
		}
	})
}

// scripts runs those that break the node, one after the other.
func (c *campaign) scripts(t *testing.T, all []fault.Fault, short bool) {
	c.whole.Lock()
	defer c.whole.Unlock()
	for _, f := range all {
		if f.Script == "" || f.Short != short {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			defer func() {
				o := fault.Outcome{Fault: f}
				if t.Failed() {
					o.Problems = []string{"see the test's output"}
				}
				c.note(o)
			}()
			params := c.params()
			params.Files = []string{filepath.Join("testdata", "faults", f.Script+".txtar")}
			testscript.RunT(inTurn{t}, params)
		})
	}
}

// write writes the table of this run, with what those on other versions of Kubernetes came to.
func (c *campaign) write(t *testing.T, path string, all []fault.Fault) {
	t.Helper()
	run := fault.Run{Kubernetes: c.kubernetes(t), Notes: c.notes}
	for _, o := range c.seen {
		run.Rows = append(run.Rows, o.Row())
	}
	dir := filepath.Join("..", "..", "..", "bin", "faults")
	before, err := fault.Kept(dir, all)
	check(t, err)
	check(t, run.Over(before).Keep(dir))
	runs, err := fault.Kept(dir, all)
	check(t, err)
	var text strings.Builder
	check(t, fault.Write(&text, all, runs))
	check(t, os.WriteFile(path, []byte(text.String()), 0o644))
}

// kubernetes returns the version of the API server.
func (s *suite) kubernetes(t *testing.T) string {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", s.node.Kubeconfig())
	check(t, err)
	client, err := kubernetes.NewForConfig(config)
	check(t, err)
	info, err := client.Discovery().ServerVersion()
	check(t, err)
	return info.GitVersion
}

// A ground is a namespace on which one fault at a time is tried.
type ground struct {
	namespace string
	store     pum.Store // without a folder until it is loaded
	start     pum.State // as it is between two faults
}

// enter returns a ground that holds a scenario, as it was loaded.
func (c *campaign) enter(t *testing.T, scenario string) *ground {
	free := c.groundsOf(scenario)
	g := <-free
	t.Cleanup(func() { free <- g })
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	if g.store.Dir == "" {
		check(t, c.fill(ctx, g, scenario))
	}
	check(t, g.store.Update(func(s *pum.State) error {
		run, created, attempts := s.Run, s.Created, s.Attempts
		*s = g.start
		s.Run, s.Created, s.Attempts = run, created, attempts
		return nil
	}))
	check(t, tpe.PUMReady(ctx, c.node.Kubeconfig(), g.namespace))
	check(t, g.rest(ctx))
	if !g.start.Process.Hold {
		out, err := exec.CommandContext(ctx, c.kubectl, "--kubeconfig", c.node.Kubeconfig(), "wait", "-n", g.namespace,
			"--for=condition=Complete", "job", "--all", "--timeout=2m").CombinedOutput()
		if err != nil {
			t.Fatalf("wait for the jobs: %v\n%s", err, out)
		}
	}
	return g
}

// groundsOf are the grounds of a scenario that are free: two in all, so that faults
// do not wait long for each other.
func (c *campaign) groundsOf(scenario string) chan *ground {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.grounds[scenario] == nil {
		free := make(chan *ground, 2)
		for i := range cap(free) {
			free <- &ground{namespace: fmt.Sprintf("e2e-fault-%s-%d", strings.ReplaceAll(scenario, ".", "-"), i)}
		}
		c.grounds[scenario] = free
	}
	return c.grounds[scenario]
}

// fill loads the scenario of a ground.
func (c *campaign) fill(ctx context.Context, g *ground, scenario string) error {
	err := tpe.Load(ctx, tpe.Options{
		Kubeconfig: c.node.Kubeconfig(), Importer: c.node, Scenario: scenario, Namespace: g.namespace, Wait: true, Log: os.Stderr,
	})
	if err != nil {
		return err
	}
	store := tpe.PUM(c.node, g.namespace)
	if g.start, err = store.Read(); err == nil {
		g.store = store
	}
	return err
}

// leave has the grounds deleted.
func (c *campaign) leave() {
	for _, free := range c.grounds {
		for len(free) > 0 {
			c.forget((<-free).namespace)
		}
	}
}

// rest waits until the job that a restart asked for has begun: it would be taken for
// that of the next.
func (g *ground) rest(ctx context.Context) error {
	for {
		state, err := g.store.Read()
		if err != nil || state.Created >= state.Run && state.Attempts > 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the job of run %d: %w", state.Run, ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}
