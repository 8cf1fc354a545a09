// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/spf13/cobra"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/util/duration"
	utilnet "k8s.io/apimachinery/pkg/util/net"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/observe"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/report"
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
	atEnd     atEnd
	restart   *pum.Restart // what was there before a restart; nil if there was none
	reports   reportFiles
}

func newWaitCmd(a *app) *cobra.Command {
	var format output.Format
	var flags pumFlags
	var several installationFlags
	options := waitOptions{goal: verdict.GoalAll}
	cmd := &cobra.Command{
		Use:   "wait",
		Short: "Wait until the upgrade is over",
		Long: `Wait until the upgrade is over: every workload ready, every job complete, every
entry PROCESSED or SKIPPED. It ends earlier if something failed and nothing else
will change by itself: every workload is ready, and no job, entry or Helm
operation is running. It reads the result again before it ends.

Workloads are rediscovered continuously: new, deleted and recreated ones are
followed. What is deleted may be about to be replaced: the wait does not end within 10
seconds of that. An empty namespace is not success. A lost connection does not end the
wait. It is safe to interrupt.

Progress goes to stderr, the result to stdout. wait estimates the
remaining time where it can; see kubectl tpe explain estimate.

--exec runs a command in a shell (sh, cmd on Windows) when the wait is over or out of
time, but not if it was interrupted. Its environment has the verdict:
KUBECTL_TPE_OUTCOME (done, failed, pending or unknown), _EXIT_CODE, _NAMESPACE,
_CONTEXT and _SUMMARY. What it prints goes to stderr. If the command fails,
stderr says so, and the exit code is still the verdict's.

With --report it writes reports when it ends, whatever the outcome: the timeline, the
impact on users, findings and entries, as HTML, Markdown or JUnit. A report that cannot be
written is an error message and does not change the exit code. A report to - takes the
place of the result on stdout.

With --contexts or -A it waits until each of several installations is over. With
--fail-fast it ends as soon as one has failed. Its exit code is the gravest of all.

Exit codes are those of status, and
  124  out of time, or the recording ends; not over yet
  130  interrupted`,
		Example: `  # Until it is over
  kubectl tpe wait

  # In a pipeline: fail early, and be sure that it stays ready
  kubectl tpe wait --timeout=1h --fail-fast --stable-for=30s

  # With a page to hand over, and results for a pipeline
  kubectl tpe wait --report html=upgrade.html,junit=upgrade.xml

  # How did it go last night? Thirty times faster
  kubectl tpe wait --from upgrade.jsonl.gz --speed=30

  # Tell somebody
  kubectl tpe wait --notify --exec='notify-send "TPE: $KUBECTL_TPE_SUMMARY"'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := options.reports.check(a.kept.path); err != nil {
				return answered(verdict.ExitUsage, err)
			}
			if options.reports.toOutput() && format.String() != "" {
				return answered(verdict.ExitUsage, errors.New("--report FORMAT=- takes the place of the result: give no -o"))
			}
			if several.several() {
				return a.waitSeveral(cmd, &several, &format, flags, options)
			}
			c, err := a.cluster(cmd.Context())
			if err != nil {
				return answered(verdict.ExitError, err)
			}
			return a.wait(cmd.Context(), c, &format, flags, options)
		},
	}
	addOutputFlag(cmd, &format)
	a.addFrom(cmd, true)
	a.addRecord(cmd)
	a.failOn.add(cmd)
	a.annotate.add(cmd, a)
	options.add(cmd)
	options.atEnd.add(cmd)
	cmd.Flags().Var(&options.goal, "for", "all, workloads or entries")
	completeFixed(cmd, "for", verdict.Goals())
	cmd.Flags().Var(&options.reports, "report", "html, markdown and junit reports to write at the end, such as html=upgrade.html; - is stdout")
	markFlag(cmd.Flags(), "report", ofOneInstallation)
	flags.add(cmd)
	several.add(a, cmd)
	return cmd
}

func (o *waitOptions) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.DurationVar(&o.timeout, "timeout", defaultTimeout, "how long to wait; 0 checks once, which may take 30s or --pum-timeout; negative waits forever")
	markFlag(f, "timeout", mayBeBelow0)
	f.DurationVar(&o.stableFor, "stable-for", 0, "how long everything must stay ready")
	f.BoolVar(&o.failFast, "fail-fast", false, "end as soon as something cannot recover by itself")
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
	source, err := a.observer(ctx, c, flags, options)
	if err != nil {
		return answered(verdict.ExitError, err)
	}
	w := &waitRun{app: a, cluster: c, place: c.Place, options: options, start: a.now(), progress: output.NewWaitProgress(a.ErrOut)}
	if options.timeout == 0 {
		s := once(ctx, c, source, flags)
		w.take(observe.Report{Snapshot: s, Verdict: verdict.Judge(s), Over: ctx.Err() == nil})
		return w.end(ctx, format)
	}
	return w.follow(ctx, source, format)
}

// A waitRun is a wait under way.
type waitRun struct {
	app      *app
	cluster  *cluster // nil in tests
	place    output.Place
	options  waitOptions
	start    time.Time
	progress *output.WaitProgress
	estimate verdict.Estimator

	seen bool
	done bool           // there is nothing left to wait for
	last observe.Report // with what it ended

	timeline *report.Timeline // nil if no report is to be written
}

// follow waits, and shows how it goes.
func (w *waitRun) follow(ctx context.Context, source observe.Observer, format *output.Format) error {
	limited, cancel := w.limit(ctx)
	defer cancel()
	for r := range source.Follow(limited, observe.Until{FailFast: w.options.failFast, StableFor: w.options.stableFor}) {
		first := !w.seen
		w.take(r)
		if w.done = r.Over || first && w.vain(); w.done && first {
			break // there was nothing to wait for
		}
		err := w.progress.Show(output.NewStatus(w.place, r.Snapshot, r.Verdict), w.app.errView(), w.waiting())
		if w.done {
			break
		}
		if readerGone(err) {
			w.writeReports(ctx, r.Verdict, nil)
			return written(unconfirmed(r.Verdict.ExitCode), err) // nobody reads any more; after another failed write the wait goes on
		}
	}
	return w.end(ctx, format)
}

// take takes what is known now.
func (w *waitRun) take(r observe.Report) {
	w.seen, w.done, w.last = true, r.Over, r
	w.keep(r)
	w.estimate.Observe(&r.Snapshot)
}

// limit returns a context that ends with the timeout.
func (w *waitRun) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if w.cluster != nil && w.cluster.kept != nil { // a recording has a time of its own
		return context.WithCancel(ctx)
	}
	return w.options.limit(ctx)
}

// limit returns a context that ends with the timeout, if there is one.
func (o *waitOptions) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if o.timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, o.timeout)
}

// vain reports whether nothing could be asked, at the first time. That is not waited
// for: the mistake is more likely ours than the cluster's. It is not if the API server
// answered anything and is lost since, nor if it took a connection that broke, even if it refuses the
// next one.
func (w *waitRun) vain() bool {
	s := &w.last.Snapshot
	return !w.cluster.reached() && w.last.Verdict.ExitCode == verdict.ExitError && s.Assessment == nil && s.Answer == nil &&
		!brokeOff(s.AssessmentErr) && !brokeOff(s.AnswerErr)
}

// brokeOff reports whether there was a connection, and it broke. One that breaks before HTTP/2
// is agreed upon has an error without a type (golang.org/x/net/http2, errClientConnNotEstablished).
func brokeOff(err error) bool {
	return err != nil && (strings.Contains(err.Error(), "http2: client conn could not be established") || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		readerGone(err) || errors.Is(err, net.ErrClosed) ||
		connectionReset(err) || utilnet.IsHTTP2ConnectionLost(err))
}

// waiting says for how long has been waited, of how long.
func (o *waitOptions) waiting(elapsed time.Duration) output.Waiting {
	return output.Waiting{Elapsed: elapsed, Timeout: o.timeout, Note: "safe to interrupt"}
}

// waiting says how long it takes.
func (w *waitRun) waiting() output.Waiting {
	waiting := w.options.waiting(w.app.now().Sub(w.start))
	waiting.Left = w.estimate.Left()
	if w.last.Done {
		waiting.DoneFor, waiting.StableFor = w.last.DoneFor, w.options.stableFor
	}
	return waiting
}

func (w *waitRun) elapsed() string { return duration.HumanDuration(w.app.now().Sub(w.start)) }

// end writes how the wait ended: the whole answer, and why there is no better
// one.
func (w *waitRun) end(ctx context.Context, format *output.Format) error {
	_ = w.progress.Clear(w.app.errView()) // the answer matters
	if failure := w.app.record.failure; failure != nil {
		return answered(verdict.ExitError, failure)
	}
	v, why := w.outcome(ctx)
	v = v.FailOn(w.app.failOn.level)
	w.writeReports(ctx, v, why)
	if w.seen {
		doc := output.NewStatus(w.place, w.last.Snapshot, v)
		defer w.options.atEnd.run(ctx, w.app, doc)
		if !w.options.reports.toOutput() {
			if err := output.Write(w.app.Out, format, doc, w.app.view()); err != nil {
				return written(v.ExitCode, err)
			}
			w.app.annotate.status(doc)
		}
	}
	if w.cluster != nil {
		return w.cluster.withRole(ctx, v.ExitCode, why, w.rules())
	}
	return answered(v.ExitCode, why)
}

// rules are the rights that the goal needs.
func (w *waitRun) rules() []rbacv1.PolicyRule {
	var rules []rbacv1.PolicyRule
	if w.options.goal.Workloads() {
		rules = readiness.Rules()
	}
	if w.options.goal.Entries() {
		rules = append(rules, pum.Rules()...)
	}
	return rules
}

// outcome returns the verdict with which the wait ended, and why that was before it was
// over, if it was.
func (w *waitRun) outcome(ctx context.Context) (verdict.Verdict, error) {
	v := w.last.Verdict
	switch {
	case w.done:
		return v, nil
	case ctx.Err() != nil:
		v.ExitCode = verdict.ExitInterrupted
		return v, errors.New("interrupted after " + w.elapsed() + "; continue with the same command")
	case !w.seen:
		v.ExitCode = verdict.ExitTimeout
		return v, errors.New("timed out after " + w.elapsed() + ", and nothing could be observed" + w.cluster.unanswered())
	case w.last.Done:
		return v.TimedOut(), fmt.Errorf("%s after %s; everything was ready, but not for --stable-for=%s", w.endedBy(), w.elapsed(), w.options.stableFor)
	case v.ExitCode == verdict.ExitDone:
		return v.TimedOut(), fmt.Errorf("%s after %s, before what looked done could be confirmed", w.endedBy(), w.elapsed())
	}
	return v.TimedOut(), fmt.Errorf("%s after %s, waiting for %s", w.endedBy(), w.elapsed(), output.Missing(output.NewStatus(w.place, w.last.Snapshot, v)))
}

// endedBy says what ended before the wait was over.
func (w *waitRun) endedBy() string {
	if w.last.Last {
		return "the recording ends"
	}
	return "timed out"
}

// unconfirmed returns the exit code where nobody waits any more for the end to be confirmed: what
// looks done is not over.
func unconfirmed(code verdict.ExitCode) verdict.ExitCode {
	if code == verdict.ExitDone || code == verdict.ExitWarnings {
		return verdict.ExitPending
	}
	return code
}
