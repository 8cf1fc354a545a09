// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/podexec"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
)

func newPUMCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "pum",
		Short: "Ask the Post Upgrade Manager (PUM)",
		Long: `Ask the Post Upgrade Manager (PUM), which migrates data after an upgrade of
ThingPark Enterprise. It keeps a list of entries, one for each migration.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newPUMStatusCmd(a), newPUMRestartCmd(a))
	return cmd
}

// pumFlags say where PUM is and how to ask it.
type pumFlags struct {
	deployment string
	container  string
	command    commandLine
	timeout    time.Duration
	limit      byteLimit
}

func (f *pumFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	f.deployment, f.timeout, f.limit = defaultPUM, 30*time.Second, pum.DefaultLimit
	flags.Var((*objectName)(&f.deployment), "pum-deployment", "deployment of PUM")
	flags.Var((*containerName)(&f.container), "pum-container", "container of PUM's pod; by default kubectl's choice, but no sidecar")
	flags.Var(&f.command, "pum-command", "command that prints the entries; by default those of all known releases are tried")
	flags.Var((*positive)(&f.timeout), "pum-timeout", "how long to wait for PUM's answer")
	flags.Var(&f.limit, "pum-limit", "largest answer of PUM to read")
}

// runner returns what runs commands in PUM's pod.
func (f *pumFlags) runner(c *cluster) *podexec.Runner {
	return &podexec.Runner{
		Client: c.clients.Kube, Config: c.config, Clock: c.clock, Limit: int(f.limit),
		Namespace: c.Namespace, Deployment: f.deployment, Container: f.container,
	}
}

// client returns what asks PUM.
func (f *pumFlags) client(runner pum.Runner) *pum.Client {
	commands := pum.StatusCommands()
	if len(f.command) > 0 {
		commands = [][]string{f.command}
	}
	return &pum.Client{
		Runner:   runner,
		Limit:    int(f.limit),
		Pause:    250 * time.Millisecond,
		Commands: commands,
	}
}

// ask asks PUM for its entries, and gives up in time.
func (f *pumFlags) ask(ctx context.Context, client *pum.Client) (*pum.Answer, error) {
	ctx, cancel := f.deadline(ctx)
	defer cancel()
	found, err := pointerTo(client.Status(ctx))
	if silent := (*SilentError)(nil); errors.As(err, &silent) {
		return nil, err // PUM was not asked: the API server did not answer
	}
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) && !errors.Is(err, pum.ErrNoAnswer) {
		return nil, fmt.Errorf("%w: %w: %w", pum.ErrNoAnswer, context.Cause(ctx), err)
	}
	return found, err
}

// deadline limits how long PUM may take, and says so when it is over.
func (f *pumFlags) deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, f.timeout,
		fmt.Errorf("PUM did not finish within %s (--pum-timeout)", f.timeout))
}
