// SPDX-License-Identifier: Apache-2.0

//go:build linux

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/fault"
	"github.com/kubectl-tpe/kubectl-tpe/test/lab/standin/pum"
	"github.com/kubectl-tpe/kubectl-tpe/test/lab/tpe"
)

// TestFaults runs the campaign of test/lab/fault: several faults at a time, beside the
// other tests, then in turn the scripts that break the node and random interleavings of
// what happens in a namespace. What is short is in a part of its own, so that make test
// can leave out the other. With FAULTS_TABLE it writes what was seen to that file.
func TestFaults(t *testing.T) {
	t.Parallel()
	all, err := fault.Campaign()
	check(t, err)
	c := &campaign{suite: openSuite(t), grounds: map[string]chan *ground{}}
	t.Cleanup(c.leave)
	t.Run("short", func(t *testing.T) { c.play(t, all, true) })
	t.Run("long", func(t *testing.T) {
		c.play(t, all, false)
		c.whole.Lock()
		defer c.whole.Unlock()
		t.Run("interleavings", func(t *testing.T) { c.notes = append(c.notes, c.interleave(t)) })
	})
	if table := os.Getenv("FAULTS_TABLE"); table != "" {
		check(t, c.write(table, all))
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

// play runs the faults that are short, or those that are not.
func (c *campaign) play(t *testing.T, all []fault.Fault, short bool) {
	var scripts, commands []fault.Fault
	for _, f := range all {
		switch {
		case f.Short != short:
		case f.Script != "":
			scripts = append(scripts, f)
		default:
			commands = append(commands, f)
		}
	}
	c.commands(t, commands)
	c.scripts(t, scripts)
}

// commands runs faults that break nothing for others, several at a time.
func (c *campaign) commands(t *testing.T, faults []fault.Fault) {
	c.whole.RLock()
	defer c.whole.RUnlock()
	t.Run("commands", func(t *testing.T) {
		for _, f := range faults {
			t.Run(f.Name, func(t *testing.T) {
				t.Parallel()
				c.run(t, f)
			})
		}
	})
}

// scripts runs those that break the node, one after the other.
func (c *campaign) scripts(t *testing.T, faults []fault.Fault) {
	c.whole.Lock()
	defer c.whole.Unlock()
	for _, f := range faults {
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

// write writes the table, in the order of the campaign.
func (c *campaign) write(path string, all []fault.Fault) error {
	place := func(o fault.Outcome) int {
		return slices.IndexFunc(all, func(f fault.Fault) bool { return f.Name == o.Name })
	}
	slices.SortFunc(c.seen, func(a, b fault.Outcome) int { return place(a) - place(b) })
	var text strings.Builder
	text.WriteString("# Faults survived\n\nWritten by `make faults`, from `test/lab/fault/campaign.yaml`.\n\n")
	if err := fault.Write(&text, c.seen, c.notes...); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text.String()), 0o644)
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
