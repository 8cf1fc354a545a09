// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/duration"
	utilnet "k8s.io/apimachinery/pkg/util/net"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

const (
	defaultTimeout  = 30 * time.Minute
	defaultInterval = 5 * time.Second
)

// waitOptions are the flags of wait alone.
type waitOptions struct {
	goal      verdict.Goal
	timeout   time.Duration
	stableFor time.Duration
	failFast  bool
	interval  time.Duration
}

func newWaitCmd(a *app) *cobra.Command {
	var format output.Format
	var flags pumFlags
	options := waitOptions{goal: verdict.GoalAll}
	cmd := &cobra.Command{
		Use:   "wait",
		Short: "Wait until the upgrade is over",
		Long: `Wait until the upgrade is over: every workload ready, every job complete, every
entry PROCESSED or SKIPPED. It ends earlier if nothing will change by itself: a
job failed for good or an entry is ABORTED, and every workload is ready.

What is there is found out all the time, so that workloads that appear, vanish
or are made anew are followed, and nothing there is not success. A lost
connection does not end the wait. It is safe to interrupt.

How it goes is said on standard error, and the answer on standard output.

Exit codes are those of status, and
  124  out of time; not over yet
  130  interrupted`,
		Example: `  # Until it is over
  kubectl tpe wait

  # In a pipeline: fail early, and be sure that it stays well
  kubectl tpe wait --timeout=1h --fail-fast --stable-for=30s`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.cluster()
			if err != nil {
				return answered(verdict.ExitError, err)
			}
			return a.wait(cmd.Context(), c, &format, flags, options)
		},
	}
	addOutputFlag(cmd, &format)
	a.failOn.add(cmd)
	options.add(cmd)
	cmd.Flags().Var(&options.goal, "for", "all, workloads or entries")
	must(cmd.RegisterFlagCompletionFunc("for", cobra.FixedCompletions(verdict.Goals(), cobra.ShellCompDirectiveNoFileComp)))
	flags.add(cmd)
	return cmd
}

func (o *waitOptions) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.DurationVar(&o.timeout, "timeout", defaultTimeout, "how long to wait; 0 looks once, less than 0 never ends")
	f.DurationVar(&o.stableFor, "stable-for", 0, "how long all must stay well")
	f.BoolVar(&o.failFast, "fail-fast", false, "end as soon as something is sure to fail")
	addIntervalFlag(cmd, &o.interval)
}

func addIntervalFlag(cmd *cobra.Command, d *time.Duration) {
	*d = defaultInterval
	cmd.Flags().Var((*interval)(d), "poll-interval", "time between two questions to PUM")
}

// An interval is a time between questions, and not so short that they are a burden. It
// is a pflag.Value.
type interval time.Duration

const shortestInterval = 100 * time.Millisecond

// Set reads what was given with --poll-interval.
func (i *interval) Set(value string) error {
	d, err := time.ParseDuration(value)
	if err != nil {
		return err
	}
	if d < shortestInterval {
		return fmt.Errorf("want at least %s", shortestInterval)
	}
	*i = interval(d)
	return nil
}

// String returns what Set was given.
func (i *interval) String() string { return time.Duration(*i).String() }

// Type names the value in help.
func (i *interval) Type() string { return "duration" }

// wait waits until the verdict is over, and writes it.
func (a *app) wait(ctx context.Context, c *cluster, format *output.Format, flags pumFlags, options waitOptions) error {
	o, err := a.observer(c, flags, options.goal, options.interval)
	if err != nil {
		return answered(verdict.ExitError, err)
	}
	w := &waiting{app: a, place: c.Place, options: options, start: a.now(), progress: output.NewWaitProgress(a.ErrOut)}
	limited, cancel := w.limit(ctx)
	defer cancel()
	o.run(limited, w.see)
	if w.err != nil {
		return write(w.verdict.ExitCode, w.err)
	}
	return w.end(ctx, format)
}

// observer returns what observes all that a goal needs.
func (a *app) observer(c *cluster, flags pumFlags, goal verdict.Goal, interval time.Duration) (*observer, error) {
	o := &observer{namespace: c.Namespace, now: a.now, interval: interval, pum: flags.deployment}
	if goal.Workloads() {
		clients, err := readiness.NewClients(c.config)
		if err != nil {
			return nil, err
		}
		o.watch = func(ctx context.Context, see func(readiness.Sighting)) {
			readiness.Watch(ctx, clients, c.Namespace, a.now, see)
		}
		o.list = func(ctx context.Context) (*readiness.Picture, error) {
			return either(readiness.Observe(ctx, clients, c.Namespace, a.now()))
		}
	}
	if goal == verdict.GoalAll {
		reader, err := c.helm()
		if err != nil {
			return nil, err
		}
		o.releases = func(ctx context.Context) (*verdict.Releases, error) { return readReleases(ctx, reader, nil, a.now()) }
	}
	if goal.Entries() {
		client, err := flags.client(c)
		if err != nil {
			return nil, err
		}
		o.ask = flags.asker(client)
	}
	return o, nil
}

// A waiting is a wait under way.
type waiting struct {
	app      *app
	place    output.Place
	options  waitOptions
	start    time.Time
	progress *output.WaitProgress

	seen    bool
	done    bool
	last    verdict.Snapshot
	verdict verdict.Verdict
	well    time.Time // since when all is done
	err     error     // of writing
}

// limit returns a context that ends with the timeout.
func (w *waiting) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if w.options.timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, w.options.timeout)
}

// see takes a new snapshot with its verdict, and reports whether to go on.
func (w *waiting) see(s verdict.Snapshot, v verdict.Verdict) bool {
	first := !w.seen
	w.seen, w.last, w.verdict = true, s, v
	if w.done = w.over(first); w.done && first {
		return false // there was nothing to wait for
	}
	err := w.progress.Show(output.NewStatus(w.place, s, w.verdict), w.app.errView(), w.note())
	if errors.Is(err, syscall.EPIPE) {
		w.err = err // nobody is there any more; any other trouble is no reason to know no end
	}
	return w.err == nil && !w.done
}

// vain reports whether nothing could be asked, at the first time. That is not waited
// for: the mistake is more likely ours than the cluster's. It is not if the API server
// answered anything and is lost since, nor if it took the connection, which then broke.
func (w *waiting) vain() bool {
	return w.verdict.ExitCode == verdict.ExitError && w.last.Picture == nil && w.last.Answer == nil &&
		!brokeOff(w.last.PictureErr) && !brokeOff(w.last.AnswerErr)
}

// brokeOff reports whether there was a connection, and it broke.
func brokeOff(err error) bool {
	return err != nil && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.EPIPE) || errors.Is(err, net.ErrClosed) ||
		utilnet.IsConnectionReset(err) || utilnet.IsHTTP2ConnectionLost(err))
}

// over reports whether the wait is.
func (w *waiting) over(first bool) bool {
	v := w.verdict
	if v.ExitCode != verdict.ExitDone {
		w.well = time.Time{}
		return w.options.timeout == 0 || first && w.vain() || verdict.Over(v, w.options.failFast)
	}
	if w.well.IsZero() {
		w.well = w.last.ObservedAt
	}
	return w.options.timeout == 0 || w.last.ObservedAt.Sub(w.well) >= w.options.stableFor
}

// note says how long it takes.
func (w *waiting) note() string {
	note := "waiting for " + w.elapsed()
	if w.options.timeout > 0 {
		note += " of " + duration.HumanDuration(w.options.timeout)
	}
	if !w.well.IsZero() {
		note += fmt.Sprintf(", well for %s of %s", duration.HumanDuration(w.last.ObservedAt.Sub(w.well)), w.options.stableFor)
	}
	return note + "; safe to interrupt"
}

func (w *waiting) elapsed() string { return duration.HumanDuration(w.app.now().Sub(w.start)) }

// end writes how the wait ended: the whole answer, and why there is no better
// one.
func (w *waiting) end(ctx context.Context, format *output.Format) error {
	_ = w.progress.Clear(w.app.errView()) // the answer matters
	why := w.why(ctx)
	w.verdict = w.verdict.FailOn(w.app.failOn.level)
	if w.seen {
		doc := output.NewStatus(w.place, w.last, w.verdict)
		if err := output.Write(w.app.Out, format, doc, w.app.view()); err != nil {
			return write(w.verdict.ExitCode, err)
		}
	}
	return answered(w.verdict.ExitCode, why)
}

// why says why the wait ended before it was over, and puts that into the
// verdict.
func (w *waiting) why(ctx context.Context) error {
	switch {
	case w.done:
		return nil
	case ctx.Err() != nil:
		w.verdict.ExitCode = verdict.ExitInterrupted
		return errors.New("interrupted after " + w.elapsed() + "; go on with the same command")
	case !w.seen:
		w.verdict.ExitCode = verdict.ExitTimeout
		return errors.New("timed out after " + w.elapsed() + ", and nothing could be observed")
	case !w.well.IsZero():
		w.verdict = w.verdict.TimedOut()
		return fmt.Errorf("timed out after %s; all was well, but not yet for %s", w.elapsed(), w.options.stableFor)
	}
	w.verdict = w.verdict.TimedOut()
	return fmt.Errorf("timed out after %s, waiting for %s", w.elapsed(), output.Missing(output.NewStatus(w.place, w.last, w.verdict)))
}
