// SPDX-License-Identifier: Apache-2.0

//go:build linux

package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/fault"
	"github.com/kubectl-tpe/kubectl-tpe/test/lab/proxy"
	"github.com/kubectl-tpe/kubectl-tpe/test/lab/standin/pum"
	"github.com/kubectl-tpe/kubectl-tpe/test/lab/tpe"
)

// An attempt is a fault that is tried.
type attempt struct {
	*campaign
	fault.Fault
	ground  *ground
	dir     string
	env     []string
	gate    *proxy.Gate  // or nil
	tcp     *proxy.Proxy // or nil
	command *fault.Command
	unmet   []string // steps for which it was too late
}

func (c *campaign) run(t *testing.T, f fault.Fault) {
	x := &attempt{campaign: c, Fault: f, ground: c.enter(t, f.In), dir: t.TempDir()}
	if f.PUM != nil {
		check(t, x.ground.store.Update(func(s *pum.State) error { return s.Replace(f.PUM) }))
	}
	check(t, x.pave(t))
	if f.After != "" {
		defer func() { check(t, x.sh(t.Context(), f.After)) }()
	}
	r, err := x.perform(t.Context())
	check(t, err)
	r.Unchecked = x.sh(t.Context(), f.Check)
	o := fault.Outcome{Fault: f, Result: r, Problems: f.Problems(r)}
	c.note(o)
	for _, problem := range o.Problems {
		t.Error(problem)
	}
	t.Logf("%s\nended with %d after %s\nstdout:\n%s\nstderr:\n%s", f.Run, r.Exit, r.Took, r.Stdout, r.Stderr)
}

// pave makes the way to the API server, and what the fault prepares.
func (x *attempt) pave(t *testing.T) error {
	x.env = []string{
		"PATH=" + strings.Join([]string{x.plugin, filepath.Dir(x.kubectl), os.Getenv("PATH")}, string(os.PathListSeparator)),
		"HOME=" + x.dir, "DIR=" + x.dir, "NS=" + x.ground.namespace, "TERM=xterm",
	}
	kubeconfig, err := x.account()
	if err == nil {
		err = x.sh(t.Context(), x.Prepare)
	}
	if err == nil && (x.Way != nil || x.Clock.Duration != 0) {
		before := kubeconfig
		kubeconfig = filepath.Join(x.dir, "gate")
		if x.gate, err = proxy.Gateway(before, kubeconfig, proxy.Faults{Clock: x.Clock.Duration, Rules: x.Way}); err == nil {
			t.Cleanup(x.gate.Close)
		}
	}
	if err == nil && x.TCP {
		before := kubeconfig
		kubeconfig = filepath.Join(x.dir, "tcp")
		if x.tcp, err = proxy.ToServer(before, kubeconfig); err == nil {
			t.Cleanup(x.tcp.Close)
		}
	}
	x.env = append(x.env, "KUBECONFIG="+kubeconfig)
	return err
}

// account returns the kubeconfig of whom the command is run as.
func (x *attempt) account() (string, error) {
	switch x.As {
	case "":
		return x.node.Kubeconfig(), nil
	case "expiring":
		return x.node.UserKubeconfigFor(8*time.Second, x.Name, "system:masters")
	case "made":
		return filepath.Join(x.dir, "kubeconfig"), nil // by what the fault prepares
	}
	return "", fmt.Errorf("no account %q", x.As)
}

// sh runs a shell script as administrator.
func (x *attempt) sh(ctx context.Context, script string) error {
	if script == "" {
		return nil
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), "sh", "-euc", script)
	cmd.Dir = x.dir
	cmd.Env = append(slices.Clone(x.env), "KUBECONFIG="+x.node.Kubeconfig())
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", script, err, out)
	}
	return nil
}

// perform runs the command and what happens meanwhile.
func (x *attempt) perform(ctx context.Context) (fault.Result, error) {
	before, err := x.ground.store.Read()
	if err != nil {
		return fault.Result{}, err
	}
	if x.command, err = x.Start(x.dir, x.env); err != nil {
		return fault.Result{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	var steps sync.WaitGroup
	var stepErr error
	steps.Go(func() { stepErr = x.steps(ctx, len(before.Restarts)) })
	r, err := x.command.End(ctx, x.Deadline())
	cancel()
	steps.Wait()
	if err := errors.Join(err, stepErr); err != nil {
		return r, err
	}
	if x.gate != nil {
		r.Idle = x.gate.Idle()
	}
	r.Idle = append(r.Idle, x.unmet...)
	halves, err := filepath.Glob(filepath.Join(x.dir, "*", ".kubectl-tpe-*"))
	if err != nil {
		return r, err
	}
	whole, err := filepath.Glob(filepath.Join(x.dir, ".kubectl-tpe-*"))
	if err != nil {
		return r, err
	}
	r.Left = slices.Concat(r.Left, halves, whole)
	return r, x.truth(&r, len(before.Restarts))
}

// truth tells a result what is true at the end.
func (x *attempt) truth(r *fault.Result, restarts int) error {
	state, err := x.ground.store.Read()
	if err != nil {
		return err
	}
	r.Restarts = len(state.Restarts) - restarts
	// Without entries it is over when the job that works through them is.
	r.EntriesDone = (len(state.Entries) > 0 || !state.Process.Hold) && !slices.ContainsFunc(state.Entries, func(e pum.Entry) bool {
		return e.State != pum.StateProcessed && e.State != pum.StateSkipped
	})
	if r.Exit == 0 { // else it does not matter
		r.WorkloadsDone, err = tpe.Ready(context.Background(), x.node.Kubeconfig(), x.ground.namespace)
	}
	return err
}

// steps does what happens while the command runs.
func (x *attempt) steps(ctx context.Context, restarts int) error {
	for i, s := range x.Then {
		if !x.await(ctx, s, restarts) {
			x.unmet = append(x.unmet, fmt.Sprintf("the command ended before step %d", i+1))
			return nil
		}
		if err := x.do(ctx, s); err != nil {
			return fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	return nil
}

// await waits for what a step waits for, and reports whether it came in time.
func (x *attempt) await(ctx context.Context, s fault.Step, restarts int) bool {
	for !x.met(s, restarts) {
		if !x.sleep(ctx, 20*time.Millisecond) {
			return false
		}
	}
	return x.sleep(ctx, s.After.Duration)
}

// met reports whether a step's time has come.
func (x *attempt) met(s fault.Step, restarts int) bool {
	if s.Restarted {
		state, err := x.ground.store.Read()
		if err != nil || len(state.Restarts) <= restarts {
			return false
		}
	}
	return (s.Asked == "" || x.gate.Asked(regexp.MustCompile(s.Asked)) > 0) &&
		(s.Said == "" || regexp.MustCompile("(?m)"+s.Said).MatchString(x.command.Said()))
}

// sleep sleeps while the command runs, and reports whether it still does.
func (x *attempt) sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-x.command.Done():
		return false
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// do does a step.
func (x *attempt) do(ctx context.Context, s fault.Step) error {
	var errs []error
	if s.Way != nil {
		errs = append(errs, x.gate.Rule(s.Way))
	}
	if s.PUM != nil {
		errs = append(errs, x.ground.store.Update(func(state *pum.State) error { return state.Replace(s.PUM) }))
	}
	switch s.TCP {
	case "":
	case "cut":
		errs = append(errs, x.tcp.Cut())
	case "close":
		x.tcp.Close()
	case "open":
		errs = append(errs, x.tcp.Open())
	case "stall":
		errs = append(errs, x.tcp.Stall())
	default:
		errs = append(errs, fmt.Errorf("tcp: %q", s.TCP))
	}
	errs = append(errs, x.sh(ctx, s.Sh))
	if s.Signal != "" {
		errs = append(errs, x.command.Signal(s.Signal))
	}
	return errors.Join(errs...)
}
