// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/command"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/joblogs"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/kubejob"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// logsFlags are the flags of logs.
type logsFlags struct {
	joblogs.Options
	job       string
	format    string
	stamps    bool
	previous  bool
	sinceTime string
	after     []string
	timeout   time.Duration
}

func newLogsCmd(a *app) *cobra.Command {
	var f logsFlags
	cmd := &cobra.Command{
		Use:   "logs",
		Short: "Show the logs of the job pum-process, every attempt",
		Long: `Show the logs of the job pum-process: every attempt in the order of their
starts, init containers before the others. Logs that are no longer available are
named. Sidecars, such as the proxy of a service mesh, are left out: if a pod has
several containers, the logs are those of kubectl's default container, if the pod
names one, else of the containers in the job's own template. -c shows any other.

With --follow the command waits for the job and follows it from attempt to attempt
until it is over. After a lost connection or a restart of the API server no line
is missing and none is repeated. Pods that run at the same time are followed
together, and each line begins with its pod and container. If another job of the
same name replaces the job, it is followed as well; a job that is over but is being
deleted is about to be replaced or removed. If the job is removed, the command ends.
Nodes rotate logs (10 MiB by default): possible gaps are reported, and that a node
older than Kubernetes 1.29 may have left out lines. If the command is interrupted,
it prints the command that continues after the last line.

Lines go to stdout as the containers wrote them, and headings to stderr. If stdout
is a terminal, both go there, and control characters are escaped. With -o json, a
line of more than 1 MiB is split into several objects, all but the last with
"partial": true; a line whose rest is lost has "truncated": true.

Exit codes:
  0    the job completed
  1    a log could not be read to its end
  3    the job failed permanently
  4    not authenticated or not authorized
  6    there is no such job, attempt or container; or the job was removed while
       it was read, and how it ended is not known
  8    the job is not over
  124  out of time (--timeout)
  130  interrupted`,
		Example: `  # What is it doing?
  kubectl tpe logs -f

  # Why did it fail?
  kubectl tpe logs --attempt=last --tail=50

  # For a program
  kubectl tpe logs -o json | jq -r 'select(.line | contains("error")) | .time'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return err
			}
			if a.kept.path != "" && f.Follow {
				return errors.New("--follow needs a cluster, and --from reads a file")
			}
			c, err := a.cluster(cmd.Context())
			if err != nil {
				return answered(verdict.ExitError, err)
			}
			return a.logs(cmd.Context(), c, f)
		},
	}
	f.add(cmd)
	a.addFrom(cmd, false)
	for name, values := range map[string]func(joblogs.JobHistory) []string{"attempt": attemptsOf, "container": joblogs.JobHistory.Containers} {
		a.completeFlag(cmd, name, func(ctx context.Context, c *cluster, _ []string) []string {
			history, _ := joblogs.Fetch(ctx, f.jobOf(c)) // without an answer there is less to offer
			return values(history)
		})
	}
	a.completeFlag(cmd, "job", func(ctx context.Context, c *cluster, _ []string) []string { return f.jobOf(c).Others(ctx) })
	completeFixed(cmd, "output", []string{"json"})
	return cmd
}

func (f *logsFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVarP(&f.Follow, "follow", "f", false, "wait for the job, and follow it until it is over")
	flags.Var(&f.Attempts, "attempt", "all, last or a number; with --follow, last means the ones after it as well")
	flags.BoolVarP(&f.previous, "previous", "p", false, "the attempt before the last one")
	flags.VarP((*containerName)(&f.Container), "container", "c", "one container only, which may be a sidecar")
	flags.Int64Var(&f.Tail, "tail", -1, "the last lines of each container only; -1 for all")
	markFlag(flags, "tail", mayBeBelow0)
	flags.DurationVar(&f.Since, "since", 0, "lines that are not older than this, such as 10m, by the node's clock")
	flags.StringVar(&f.sinceTime, "since-time", "", "lines from this time on, such as 2026-01-31T10:00:00Z")
	flags.StringSliceVar(&f.after, "after", nil, "continue where an interrupted command ended, which prints the value")
	flags.BoolVar(&f.stamps, "timestamps", false, "begin each line with the time when it was written")
	flags.StringVarP(&f.format, "output", "o", "", "json: an object a line, {attempt, pod, container, time, line}")
	f.job = pum.ProcessJob
	flags.Var((*objectName)(&f.job), "job", "the job")
	flags.DurationVar(&f.timeout, "timeout", 0, "how long to follow; 0 for as long as it takes")
	markFlag(flags, "timeout", needsAnother, "follow")
}

// check refuses flags that do not go together, and reads those that are more
// than text.
func (f *logsFlags) check() error {
	conflicts := []struct {
		both bool
		text string
	}{
		{f.Since != 0 && f.sinceTime != "", "--since cannot be used with --since-time"},
		{f.previous && f.Attempts != joblogs.Selection{}, "--previous cannot be used with --attempt"},
		{f.stamps && f.format != "", "--timestamps cannot be used with -o json, which has the time of each line"},
		{f.format != "" && f.format != "json", fmt.Sprintf("invalid argument %q for \"-o, --output\" flag: want -o json", f.format)},
		{f.Tail < -1, fmt.Sprintf("invalid argument \"%d\" for \"--tail\" flag: want a number of lines, or -1 for all", f.Tail)},
	}
	for _, c := range conflicts {
		if c.both {
			return errors.New(c.text)
		}
	}
	if f.previous {
		f.Attempts = joblogs.PreviousAttempt()
	}
	for _, text := range f.after {
		position, err := joblogs.ParsePosition(text)
		if err != nil {
			return fmt.Errorf("invalid argument %q for \"--after\" flag: %w", text, err)
		}
		f.After = append(f.After, position)
	}
	if f.sinceTime == "" {
		return nil
	}
	var err error
	if f.SinceTime, err = time.Parse(time.RFC3339, f.sinceTime); err != nil {
		return fmt.Errorf("invalid argument %q for \"--since-time\" flag: want a time such as 2026-01-31T10:00:00Z", f.sinceTime)
	}
	return nil
}

func (f *logsFlags) style() output.LogStyle {
	switch {
	case f.format == "json":
		return output.LogJSON
	case f.stamps:
		return output.LogStamps
	}
	return output.LogText
}

// jobOf returns the job in the cluster.
func (f *logsFlags) jobOf(c *cluster) *joblogs.Cluster {
	return &joblogs.Cluster{Client: c.clients.Kube, Namespace: c.Namespace, Name: f.job}
}

// logs writes the logs of the job.
func (a *app) logs(ctx context.Context, c *cluster, f logsFlags) error {
	if c.kept != nil {
		return a.keptLogs(ctx, c, f)
	}
	job := f.jobOf(c)
	out := output.NewLogs(a.Out, a.ErrOut, f.style(), a.view())
	limited := ctx
	if f.timeout > 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, f.timeout)
		defer cancel()
	}
	if err := out.Say(fmt.Sprintf("job %s   namespace %s   context %s", f.job, c.Namespace, c.Context)); err != nil {
		return written(verdict.ExitError, err)
	}
	begun := a.time()
	reader := &joblogs.Reader{API: job, Sink: out, Now: a.time, Options: f.Options, OldNodes: a.oldNodes(c)}
	history, err := reader.Read(limited)
	end := out.Flush
	if err != nil {
		end = out.Cut
	}
	if err := end(); err != nil {
		return written(logsCode(history), err)
	}
	switch {
	case ctx.Err() != nil:
		return answered(verdict.ExitInterrupted, fmt.Errorf("interrupted%s", f.goOn(c, reader, begun)))
	case limited.Err() != nil:
		return answered(verdict.ExitTimeout, fmt.Errorf("timed out after %s%s%s", f.timeout, c.unanswered(), f.goOn(c, reader, begun)))
	case err != nil && verdict.Classify(err) == verdict.ExitNotFound:
		return &exitError{verdict.ExitNotFound, err, instead(ctx, c, job, history)}
	case err != nil:
		return c.withRole(ctx, verdict.Classify(err), err, joblogs.Rules())
	}
	if err := out.Say(output.JobFate(history)); err != nil {
		return written(verdict.ExitError, err)
	}
	return answered(logsCode(history), nil)
}

// oldNodes returns a question: whether nodes may be older than Kubernetes 1.29. They may be three
// minor versions older than the API server (kubernetes.io/releases/version-skew-policy).
func (a *app) oldNodes(c *cluster) func(context.Context) bool {
	return func(ctx context.Context) bool {
		s, err := a.server(ctx, c)
		return err != nil || s.versionErr != nil || s.minor < 29+3
	}
}

// goOn says how to go on behind the last line that was shown, if there was one.
func (f *logsFlags) goOn(c *cluster, r *joblogs.Reader, begun time.Time) string {
	shown := r.Positions()
	if !slices.ContainsFunc(shown, func(p joblogs.Position) bool { return !p.Time.IsZero() }) {
		shown = f.After
	}
	if len(shown) == 0 {
		return ""
	}
	return "; continue with " + c.where.TPE("logs", f.resume(r.Selected(), shown, begun))
}

// resume returns the flags with which the command goes on behind positions:
// those of this one. What they say relative to now, or to the last attempt, is
// made absolute.
func (f *logsFlags) resume(attempts string, shown []joblogs.Position, begun time.Time) string {
	var words []string
	add := func(given bool, word string) {
		if given {
			words = append(words, word)
		}
	}
	add(f.Follow, "-f")
	add(attempts != "all", "--attempt="+attempts)
	add(f.Container != "", "-c "+command.Quote(f.Container))
	add(f.Tail >= 0, "--tail="+strconv.FormatInt(f.Tail, 10))
	add(f.Since > 0, "--since-time="+begun.Add(-f.Since).UTC().Format(time.RFC3339))
	add(f.sinceTime != "", "--since-time="+f.sinceTime)
	add(f.stamps, "--timestamps")
	add(f.format != "", "-o "+f.format)
	add(f.job != pum.ProcessJob, "--job="+command.Quote(f.job))
	add(f.timeout > 0, "--timeout="+f.timeout.String())
	for _, p := range shown {
		words = append(words, "--after="+p.String())
	}
	return strings.Join(words, " ")
}

// logsCode returns the exit code for how the job is.
func logsCode(h joblogs.JobHistory) verdict.ExitCode {
	switch {
	case h.State == kubejob.Complete:
		return verdict.ExitDone
	case h.State == kubejob.Failed:
		return verdict.ExitFailed
	case h.Removed:
		return verdict.ExitNotFound
	}
	return verdict.ExitPending
}

// instead says what there is where something was not found.
func instead(ctx context.Context, c *cluster, job *joblogs.Cluster, s joblogs.JobHistory) string {
	if s.Job != "" {
		return "see kubectl tpe logs --help"
	}
	traces := job.Traces(ctx)
	deployment, err := job.Client.Deployments(job.Namespace).Get(ctx, defaultPUM, metav1.GetOptions{})
	if err == nil {
		trace := "PUM itself is installed here"
		if release := deployment.Annotations["meta.helm.sh/release-name"]; release != "" {
			trace += ", by the Helm release " + release
		}
		traces = append(traces, trace+"; "+c.where.TPE("pum status")+" shows its entries")
	}
	return strings.Join(traces, "\n      ")
}

// attemptsOf returns what --attempt takes.
func attemptsOf(s joblogs.JobHistory) []string {
	names := []string{"all", "last"}
	for n := range s.Attempts {
		names = append(names, strconv.Itoa(n+1))
	}
	return names
}
