// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"

	"github.com/spf13/cobra"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/node"
	"github.com/kubectl-tpe/kubectl-tpe/test/lab/tpe"
)

func newDemoCmd() *cobra.Command {
	var plugins, scenario string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "show an upgrade from its middle to its end, as an operator would follow it",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			n, err := newNode(cmd)
			if err != nil {
				return err
			}
			if n.Ready(cmd.Context()) == nil {
				return demo(cmd, n, plugins, scenario)
			}
			if err = n.Up(cmd.Context()); err == nil {
				err = demo(cmd, n, plugins, scenario)
			}
			// Also after Ctrl-C nothing is left on the machine.
			return errors.Join(err, n.Down(context.WithoutCancel(cmd.Context())))
		},
	}
	cmd.Flags().StringVar(&plugins, "plugin-dir", "", "a folder to put first on PATH: that of the plugin")
	cmd.Flags().StringVar(&scenario, "scenario", "upgrade", "what to load")
	return cmd
}

// demo loads a scenario and tells its story in commands.
func demo(cmd *cobra.Command, n *node.Node, plugins, scenario string) error {
	ctx := cmd.Context()
	if err := tpe.Load(ctx, tpe.Options{
		Kubeconfig: n.Kubeconfig(), Importer: n, Scenario: scenario, Wait: true, Log: cmd.ErrOrStderr(),
	}); err != nil {
		return err
	}
	env, err := environment(ctx, n, plugins)
	if err != nil {
		return err
	}
	s := story{ctx, cmd.OutOrStdout(), env}
	s.say("An upgrade is under way. Is it over?")
	s.run("kubectl tpe status")
	s.say("Not yet: the exit code is 8. What does the Post Upgrade Manager say?")
	s.run("kubectl tpe pum status")
	s.say("Wait until it is over. How it goes is said on standard error.")
	s.run("kubectl tpe wait --timeout=5m")
	s.say("Over and good, for a script.")
	s.run("kubectl tpe status -o jsonpath='{.outcome}{\"\\n\"}'")
	s.say("And would there be anything to do again?")
	s.run("kubectl tpe pum restart --dry-run")
	return ctx.Err()
}

// A story is a terminal session that is written as it happens.
type story struct {
	ctx context.Context
	out io.Writer
	env []string
}

func (s story) say(text string) { fmt.Fprintf(s.out, "\n# %s\n", text) }

// run runs a command in front of the reader.
func (s story) run(command string) {
	fmt.Fprintf(s.out, "$ %s\n", command)
	run := exec.CommandContext(s.ctx, "/bin/sh", "-c", command)
	run.Env, run.Stdout, run.Stderr = s.env, s.out, s.out
	_ = run.Run() // its exit code is part of the story
	fmt.Fprintf(s.out, "(exit code %d)\n", run.ProcessState.ExitCode())
}
