// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/observe"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

func newStatusCmd(a *app) *cobra.Command {
	var format output.Format
	var flags pumFlags
	var watch watchFlags
	var several installationFlags
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show whether the upgrade is over and good, and if not, why",
		Long: `Show whether the upgrade is over and good: the verdict, what is not ready and
why, the entries of the Post Upgrade Manager (PUM), which release the Helm releases
belong to, and what to do next. If this account cannot read Helm's secrets,
the releases are unknown, which is not a failure.

The exit code is that of the verdict, whatever the output format.

With --contexts or -A it shows a line for each installation, and the gravest exit code
of all, in the order 2 4 6 5 1 3 7 124 8 9 0. All are asked at the same time. An
installation that cannot be reached does not hide the others.`,
		Example: `  # Is the upgrade over?
  kubectl tpe status

  # Until it is
  kubectl tpe status --watch

  # The same for a program, with the same exit code
  kubectl tpe status -o json

  # Of several clusters at once
  kubectl tpe status --contexts=prod-eu,prod-us

  # What does the vendor's audit archive say?
  kubectl tpe status --from thingpark-kubernetes-audit-2026-01-31-10-00-00.tgz

  # What was it like at 02:14?
  kubectl tpe status --from upgrade.jsonl.gz --at 02:14`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if several.several() {
				return a.statusSeveral(cmd, &several, &format, flags, watch)
			}
			c, err := a.cluster(cmd.Context())
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
	a.addFrom(cmd, true)
	a.addRecord(cmd)
	a.failOn.add(cmd)
	a.annotate.add(cmd, a)
	watch.add(cmd)
	flags.add(cmd)
	several.add(a, cmd)
	return cmd
}

// status observes everything once and writes the verdict.
func (a *app) status(ctx context.Context, c *cluster, format *output.Format, flags pumFlags) error {
	w, err := a.recorder(ctx, c, flags, verdict.GoalAll)
	if err != nil {
		return answered(verdict.ExitError, err)
	}
	snapshot := a.observe(ctx, c, flags)
	if w != nil {
		a.recordTo(w, known{snapshot}, c, flags).Once(ctx)
	}
	v := a.judge(snapshot)
	doc := output.NewStatus(c.Place, snapshot, v)
	if ctx.Err() == nil {
		defer a.annotate.status(doc) // after the answer
	}
	return a.answer(ctx, c, v.ExitCode, format, doc, slices.Concat(readiness.Rules(), pum.Rules()))
}

// watchStatus shows the verdict whenever something changed.
func (a *app) watchStatus(ctx context.Context, c *cluster, format *output.Format, flags pumFlags, watch watchFlags) error {
	source, err := a.observer(ctx, c, flags, waitOptions{goal: verdict.GoalAll, interval: watch.interval})
	if err != nil {
		return answered(verdict.ExitError, err)
	}
	var last *output.Status
	err = a.watch(ctx, source, format, func(s verdict.Snapshot, v verdict.Verdict) output.Watched {
		last = output.NewStatus(c.Place, s, v)
		return last
	})
	if last != nil {
		a.annotate.status(last)
	}
	return err
}

// observeOnce observes everything once, within observeTimeout.
// What could not be asked is part of the snapshot.
func (a *app) observeOnce(ctx context.Context, c *cluster, flags pumFlags) verdict.Snapshot {
	if c.kept != nil {
		return c.keptSnapshot(verdict.GoalAll)
	}
	return once(ctx, c, a.source(c, flags, verdict.GoalAll, 0), flags)
}

// whyNone observes what tells whether PUM will have entries yet: its job, and when the
// application was upgraded.
func (a *app) whyNone(ctx context.Context, c *cluster, flags pumFlags, asked time.Time, s *verdict.Snapshot) {
	source := a.source(c, flags, verdict.GoalEntries, 0)
	answer := s.Answer
	source.Ask = func(context.Context, func()) (*pum.Answer, error) { return answer, nil }
	*s = once(ctx, c, source, flags)
	s.AskedAt = a.clock.At(asked)
}

// observeTimeout is how long it may take to observe everything once, if PUM may not take
// longer. An API server that takes connections and never answers is not waited for.
const observeTimeout = 30 * time.Second

func once(ctx context.Context, c *cluster, source observe.Observer, flags pumFlags) verdict.Snapshot {
	if c.kept != nil {
		return source.Once(ctx)
	}
	limit := max(observeTimeout, flags.timeout)
	limited, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("%s was not read within %s", c.config.Host, limit))
	defer cancel()
	return source.Once(limited)
}

// source returns what observes all that a goal needs.
func (a *app) source(c *cluster, flags pumFlags, goal verdict.Goal, interval time.Duration) *observe.Source {
	kinds := observe.Kinds(goal)
	s := &observe.Source{
		Where: c.where, Goal: goal, PUM: flags.deployment, Self: self(c.Namespace), Interval: interval, Clock: a.clock,
		Watch: func(ctx context.Context) <-chan readiness.Update {
			return readiness.Watch(ctx, c.clients, c.Namespace, a.clock.Now, kinds...)
		},
		List: func(ctx context.Context) (*readiness.Assessment, error) {
			return pointerTo(readiness.Observe(ctx, c.clients, c.Namespace, a.clock.Now, kinds...))
		},
		Releases: c.helm().Read,
	}
	if !goal.Entries() {
		return s
	}
	runner := flags.runner(c)
	client := flags.client(runner)
	s.Ask = func(ctx context.Context, found func()) (*pum.Answer, error) {
		runner.Found = found
		return flags.ask(ctx, client)
	}
	return s
}

// pointerTo returns a pointer to a value, or nil and the error.
func pointerTo[T any](value T, err error) (*T, error) {
	if err != nil {
		return nil, err
	}
	return &value, nil
}
