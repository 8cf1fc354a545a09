// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

func newStatusCmd(a *app) *cobra.Command {
	var format output.Format
	var flags pumFlags
	var watch watchFlags
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show one picture: the verdict, workloads, jobs and entries",
		Long: `Show whether the upgrade is over and good: the verdict, what is not ready and
why, the entries of the Post Upgrade Manager (PUM), which release the Helm releases
are of, and what to do next. Without the right to read Helm's secrets the releases
are unknown, which is no failure.

The exit code is that of the verdict, whatever the output format.`,
		Example: `  # Is the upgrade over?
  kubectl tpe status

  # Until it is
  kubectl tpe status --watch

  # The same for a program, with the same exit code
  kubectl tpe status -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.cluster()
			if err != nil {
				return answered(verdict.ExitError, err)
			}
			if watch.on {
				return a.watchStatus(cmd.Context(), c, &format, flags, watch)
			}
			return a.status(cmd.Context(), c, &format, flags)
		},
	}
	addOutputFlag(cmd, &format)
	a.failOn.add(cmd)
	watch.add(cmd)
	flags.add(cmd)
	return cmd
}

// status observes everything once and writes the verdict.
func (a *app) status(ctx context.Context, c *cluster, format *output.Format, flags pumFlags) error {
	snapshot, err := a.observe(ctx, c, flags, a.now())
	if err != nil {
		return answered(verdict.ExitError, err)
	}
	v := a.judge(snapshot)
	if ctx.Err() != nil {
		return answered(verdict.ExitInterrupted, ctx.Err())
	}
	if err := output.Write(a.Out, format, output.NewStatus(c.Place, snapshot, v), a.view()); err != nil {
		return write(v.ExitCode, err)
	}
	return c.refused(ctx, v.ExitCode, nil, slices.Concat(readiness.Rules(), pum.Rules()))
}

// watchStatus shows the verdict whenever something changed.
func (a *app) watchStatus(ctx context.Context, c *cluster, format *output.Format, flags pumFlags, watch watchFlags) error {
	o, err := a.observer(c, flags, verdict.GoalAll, watch.interval)
	if err != nil {
		return answered(verdict.ExitError, err)
	}
	return a.watch(ctx, o, format, func(s verdict.Snapshot, v verdict.Verdict) output.Watched {
		return output.NewStatus(c.Place, s, v)
	})
}

// observe asks for the entries and, as soon as PUM's pod is found, for the workloads
// and the Helm releases, all at the same time.
// What could not be asked is part of the snapshot; the error is about this machine.
func observe(ctx context.Context, c *cluster, flags pumFlags, now time.Time) (verdict.Snapshot, error) {
	runner, err := flags.runner(c)
	if err != nil {
		return verdict.Snapshot{}, err
	}
	clients, err := readiness.NewClients(c.config)
	if err != nil {
		return verdict.Snapshot{}, err
	}
	reader, err := c.helm()
	if err != nil {
		return verdict.Snapshot{}, err
	}
	s := verdict.Snapshot{ObservedAt: now, Namespace: c.Namespace, PUM: flags.deployment}
	found := make(chan struct{})
	runner.Found = sync.OnceFunc(func() { close(found) })
	var asked sync.WaitGroup
	asked.Go(func() { s.Answer, s.AnswerErr = flags.ask(ctx, flags.clientOf(runner)) })
	<-found // PUM's command takes longest: no long list is to hold it up
	asked.Go(func() { s.Releases, s.ReleasesErr = readReleases(ctx, reader, nil, s.ObservedAt) })
	s.Picture, s.PictureErr = either(readiness.Observe(ctx, clients, c.Namespace, s.ObservedAt))
	asked.Wait()
	return s, nil
}

// either returns a value or an error, never both.
func either[T any](value T, err error) (*T, error) {
	if err != nil {
		return nil, err
	}
	return &value, nil
}
