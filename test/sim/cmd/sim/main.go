// SPDX-License-Identifier: Apache-2.0

// Sim shows the plugin at work on a simulated cluster.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/kubectl-tpe/kubectl-tpe/test/sim"
	"github.com/kubectl-tpe/kubectl-tpe/test/sim/upgrade"
)

const usage = `usage: go run ./test/sim/cmd/sim [flags] demo        a whole upgrade, as an operator would follow it
                                         shell       a shell for you to try it
                                         report FILE a report of the upgrade in the demo
                                         serve CASE… play cases until it is interrupted; several
                                                     are contexts of one kubeconfig
flags:`

func main() {
	plugin := flag.String("plugin", filepath.Join("bin", "kubectl-tpe"), "the plugin, for demo and shell")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, usage)
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *plugin, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		stop()
		os.Exit(1) //nolint:gocritic
	}
}

func run(ctx context.Context, plugin string, args []string) error {
	dir, err := os.MkdirTemp("", "sim")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck
	switch {
	case len(args) == 1 && args[0] == "demo":
		return onUpgrade(ctx, dir, 1, plugin, func(ctx context.Context, e environment) error { return demo(ctx, e, os.Stdout) })
	case len(args) == 1 && args[0] == "shell":
		return onUpgrade(ctx, dir, shellSpeed, plugin, func(_ context.Context, e environment) error { return shell(e) })
	case len(args) == 2 && args[0] == "report":
		return onUpgrade(ctx, dir, shellSpeed, plugin, func(ctx context.Context, e environment) error { return sample(ctx, e, args[1], os.Stdout) })
	case len(args) >= 2 && args[0] == "serve":
		return serve(ctx, dir, args[1:])
	}
	flag.Usage()
	return errors.New("nothing to do")
}

// serve plays cases and recordings until it is interrupted.
func serve(ctx context.Context, dir string, files []string) error {
	kubeconfigs := map[string]string{}
	last := ""
	broken := make(chan error, len(files))
	for _, file := range files {
		c, err := load(file)
		if err != nil {
			return err
		}
		name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
		home := filepath.Join(dir, name)
		if err := os.MkdirAll(home, 0o700); err != nil {
			return err
		}
		p, err := c.Play(home)
		if err != nil {
			return err
		}
		defer func() { _ = p.Close() }() // it was played
		context.AfterFunc(p.Broken(), func() { broken <- fmt.Errorf("%s: %w", file, context.Cause(p.Broken())) })
		last, kubeconfigs[name] = p.Kubeconfig(), p.Kubeconfig()
	}
	if len(files) > 1 {
		last = filepath.Join(dir, "kubeconfig")
		if err := sim.Merge(last, kubeconfigs); err != nil {
			return err
		}
	}
	fmt.Printf("export KUBECONFIG=%s\n", last)
	select {
	case <-ctx.Done():
		return nil
	case err := <-broken:
		return err
	}
}

// onUpgrade does something while an upgrade is played. If that cannot go on, it says so at once.
func onUpgrade(ctx context.Context, dir string, speed float64, plugin string, do func(context.Context, environment) error) error {
	u, err := upgrade.Start(dir, speed)
	if err != nil {
		return err
	}
	e, err := newEnvironment(plugin, u.Kubeconfig(), dir)
	if err == nil {
		e.broken = u.Broken()
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		context.AfterFunc(e.broken, func() {
			fmt.Fprintln(os.Stderr, "\nerror: the simulated upgrade cannot go on:", context.Cause(e.broken))
			cancel()
		})
		err = do(ctx, e)
	}
	return errors.Join(err, u.Close())
}

// An environment is one in which kubectl and the plugin speak to the simulated cluster.
type environment struct {
	dir       string          // for files
	broken    context.Context // ends if the upgrade cannot go on
	variables []string
	plugin    string
	kubectl   string // empty if there is none
}

// newEnvironment needs no home folder: kubectl keeps what it learns of the server elsewhere.
func newEnvironment(plugin, kubeconfig, dir string) (environment, error) {
	plugin, err := filepath.Abs(plugin)
	if err != nil {
		return environment{}, err
	}
	plugin, err = exec.LookPath(plugin) // which adds .exe where that is needed
	if err != nil {
		return environment{}, fmt.Errorf("look for the plugin, which make build makes: %w", err)
	}
	e := environment{plugin: plugin, dir: dir}
	e.kubectl, _ = exec.LookPath("kubectl")
	path := filepath.Dir(plugin) + string(os.PathListSeparator) + os.Getenv("PATH")
	e.variables = append(os.Environ(), "PATH="+path, "KUBECONFIG="+kubeconfig, "KUBECACHEDIR="+filepath.Join(dir, "cache"))
	return e, nil
}

// load reads a case, or a recording as one.
func load(file string) (*sim.Case, error) {
	if strings.HasSuffix(file, ".jsonl") || strings.HasSuffix(file, ".jsonl.gz") {
		return sim.FromRecording(file, 1)
	}
	return sim.Load(file)
}
