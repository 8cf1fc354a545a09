// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/observe"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/recording"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// recordFlags say where to keep what is observed, and how.
type recordFlags struct {
	path      string
	overwrite bool
	values    bool
	logs      bool
	strict    bool  // to keep it is what was asked for
	failure   error // why that failed
}

// addRecord adds --record to a command that observes.
func (a *app) addRecord(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.record.path, "record", "", "keep what is observed in a new file, as the command record does")
	must(cmd.MarkFlagFilename("record"))
	markFlag(cmd.Flags(), "record", ofOneInstallation)
	a.record.add(cmd)
}

func (f *recordFlags) add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.overwrite, "overwrite", false, "replace a recording that exists")
	cmd.Flags().BoolVar(&f.values, "keep-values", false, "do not mask in the recording what may be a secret")
}

func newRecordCmd(a *app) *cobra.Command {
	var format output.Format
	var flags pumFlags
	var once, what bool
	options := waitOptions{goal: verdict.GoalAll}
	cmd := &cobra.Command{
		Use:   "record FILE",
		Short: "Keep what is observed in a file, once or until the upgrade is over",
		Long: `Keep what is observed in a file: once with --once, else until the upgrade is over, as
wait does. It shows and exits like status and wait.

Commands that only read take the file with --from. It is compressed if its name ends in
.gz. Only you can read it, and an existing file is not overwritten without --overwrite.
Lines are written whole, so that a recording can be read up to a crash or a full disk.

It is private: no Secret is kept, no environment, no command line and no
last-applied configuration. What looks like a password, a token or a key in a message
is masked. --show-what lists what is kept and what is masked, and asks no cluster.`,
		Example: `  # From now on until the upgrade is over, with the logs of PUM's job
  kubectl tpe record upgrade.jsonl.gz --logs

  # How it is now, to compare with later
  kubectl tpe record --once before.jsonl.gz

  # What would be in the file?
  kubectl tpe record --show-what`,
		Args: func(_ *cobra.Command, args []string) error {
			if !what && len(args) != 1 {
				return fmt.Errorf("want one FILE, such as upgrade.jsonl.gz; have %d", len(args))
			}
			return nil
		},
		ValidArgsFunction: cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault),
		RunE: func(cmd *cobra.Command, args []string) error {
			if what {
				_, err := fmt.Fprint(a.Out, recording.What(a.record.values))
				return written(verdict.ExitDone, err)
			}
			a.record.path, a.record.strict = strings.Join(args, ""), true
			c, err := a.cluster(cmd.Context())
			if err != nil {
				return answered(verdict.ExitError, err)
			}
			if once {
				options.timeout = 0
			}
			return a.wait(cmd.Context(), c, &format, flags, options)
		},
	}
	addOutputFlag(cmd, &format)
	a.failOn.add(cmd)
	options.add(cmd)
	must(cmd.Flags().Set("timeout", "-1s"))
	cmd.Flags().Lookup("timeout").DefValue, cmd.Flags().Lookup("timeout").Changed = "-1s", false
	cmd.Flags().Var(&options.goal, "for", "all, workloads or entries")
	completeFixed(cmd, "for", verdict.Goals())
	cmd.Flags().BoolVar(&once, "once", false, "keep one moment, and end")
	cmd.Flags().BoolVar(&a.record.logs, "logs", false, "also keep the lines of the job pum-process")
	cmd.Flags().BoolVar(&what, "show-what", false, "list what is kept and what is masked, and do nothing")
	a.record.add(cmd)
	flags.add(cmd)
	return cmd
}

// recorder creates the recording that was asked for; nil if none was.
func (a *app) recorder(ctx context.Context, c *cluster, flags pumFlags, goal verdict.Goal) (*recording.Writer, error) {
	if a.record.path == "" {
		return nil, nil
	}
	if sameFile(a.kept.path, a.record.path) {
		return nil, fmt.Errorf("record %s: --from reads it; choose another file", a.record.path)
	}
	head := recording.Head{
		StartedAt: a.time().UTC(), Written: version(), Namespace: c.Namespace, Context: c.Context, PUM: flags.deployment, Goal: goal, Pod: self(c.Namespace).Pod,
	}
	options := recording.Options{Overwrite: a.record.overwrite, Values: a.record.values}
	if c.kept != nil {
		head.Server = c.kept.Server
	} else {
		limited, cancel := context.WithTimeout(ctx, serverPatience)
		if s, err := a.server(limited, c); err == nil { // else the version is unknown, and what is asked next says why
			head.Server, head.StartedAt = s.version, a.time().UTC()
		}
		cancel()
	}
	if goal == verdict.GoalAll {
		options.Plan = func() (*release.Plan, error) {
			limited, cancel := limitReleases(ctx)
			defer cancel()
			return c.plan(limited)
		}
	}
	return recording.Create(a.record.path, head, options)
}

// serverPatience is how long the version of the API server is waited for: it is a detail.
const serverPatience = 5 * time.Second

// A keptObserver keeps what another one observes.
type keptObserver struct {
	observe.Observer
	writer *recording.Writer
	failed func(error) bool                   // is called once if it cannot be kept; reports whether to go on
	logs   func(context.Context, bool) func() // keeps logs, those to come as well or what there is; nil if they are not kept
}

// Once observes everything once, and ends the recording.
func (r *keptObserver) Once(ctx context.Context) verdict.Snapshot {
	s := r.Observer.Once(ctx)
	if ctx.Err() == nil {
		v := verdict.Judge(s)
		err := r.writer.Take(observe.Report{Snapshot: s, Verdict: v, Read: true})
		if r.logs != nil && err == nil {
			r.logs(ctx, false)()
		}
		if err = errors.Join(err, r.writer.End(s.ObservedAt, v)); err != nil {
			r.failed(err)
		}
	}
	return s
}

// Follow follows, and keeps each report before it is passed on.
func (r *keptObserver) Follow(ctx context.Context, until observe.Until) iter.Seq[observe.Report] {
	return func(yield func(observe.Report) bool) {
		stopLogs := func() {}
		if r.logs != nil {
			stopLogs = r.logs(ctx, true)
		}
		var last observe.Report
		broken := false
		for report := range r.Observer.Follow(ctx, until) {
			last = report
			if err := r.writer.Take(report); err != nil && !broken {
				if broken = true; !r.failed(err) {
					break
				}
			}
			if !yield(report) {
				break
			}
		}
		stopLogs()
		if err := r.writer.End(last.Snapshot.ObservedAt, last.Verdict); err != nil && !broken {
			r.failed(err)
		}
	}
}

// recordTo has what an observer observes kept. To keep it beside something else is no reason
// to end that, should it fail.
func (a *app) recordTo(w *recording.Writer, o observe.Observer, c *cluster, flags pumFlags) observe.Observer {
	if w == nil {
		return o
	}
	r := &keptObserver{Observer: o, writer: w, failed: func(err error) bool {
		if a.record.strict {
			a.record.failure = err
			return false
		}
		fmt.Fprintf(a.ErrOut, "warning: %s\n", a.errView().Line(err.Error()))
		return true
	}}
	if a.record.logs && c.kept == nil {
		r.logs = func(ctx context.Context, follow bool) func() { return a.recordLogs(ctx, w, c, follow) }
	}
	return r
}

// A known observer is one snapshot.
type known struct{ verdict.Snapshot }

func (k known) Once(context.Context) verdict.Snapshot { return k.Snapshot }

func (k known) Follow(context.Context, observe.Until) iter.Seq[observe.Report] {
	return func(func(observe.Report) bool) {}
}
