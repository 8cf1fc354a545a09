// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// restartOptions are the flags of restart alone.
type restartOptions struct {
	yes     bool
	dryRun  bool
	command string
	wait    bool
	waiting waitOptions
}

func newPUMRestartCmd(a *app) *cobra.Command {
	var flags pumFlags
	options := restartOptions{waiting: waitOptions{goal: verdict.GoalEntries, interval: defaultInterval}}
	cmd := &cobra.Command{
		Use:   "restart",
		Short: "Run the post-upgrade procedure again",
		Long: `Run the post-upgrade procedure again, for example when it failed.

The entries are read first, and shown are those that may run again; what PUM
really does is not documented beyond "execute again the procedure". The command
is sent once and never repeated, whatever happens to the connection. Afterwards
the entries and the pods of the job pum-process are read again, until something
proves that PUM took it.

Exit codes:
  0  confirmed: entries changed, or the job has a new pod
  2  there is nobody to ask, and --yes was not given; nothing was asked
  4  not logged in, or no right to
  5  PUM could not be asked; nothing was sent
  7  sent, and nothing proves that PUM took it`,
		Example: `  # What would run again?
  kubectl tpe pum restart --dry-run

  # In a script
  kubectl tpe pum restart --yes --wait`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.restart(cmd.Context(), flags, options)
		},
	}
	cmd.Flags().BoolVarP(&options.yes, "yes", "y", false, "do not ask; needed where there is no terminal")
	cmd.Flags().BoolVar(&options.dryRun, "dry-run", false, "show what would run again, and send nothing")
	cmd.Flags().StringVar(&options.command, "pum-restart-command", "", "command that restarts PUM; by default those of all known releases are tried")
	cmd.Flags().BoolVar(&options.wait, "wait", false, "once confirmed, go on as wait --for=entries")
	cmd.Flags().DurationVar(&options.waiting.timeout, "timeout", defaultTimeout, "how long to wait with --wait")
	flags.add(cmd)
	return cmd
}

// errNothingSent is said where a restart was interrupted in time.
var errNothingSent = errors.New("interrupted; nothing was sent")

// restart is a transaction: look, say what would happen, ask, send once,
// look again.
func (a *app) restart(ctx context.Context, flags pumFlags, options restartOptions) error {
	if !options.yes && !options.dryRun && !isTerminal(a.In) {
		return answered(verdict.ExitUsage, errors.New("nobody can be asked here, because standard input is no terminal: use --yes or --dry-run"))
	}
	c, err := a.cluster()
	if err != nil {
		return answered(verdict.ExitError, err)
	}
	r, err := newRestarter(c, flags, options)
	if err != nil {
		return answered(verdict.ExitError, err)
	}
	before, err := r.prepare(ctx)
	if ctx.Err() != nil {
		return answered(verdict.ExitInterrupted, errNothingSent)
	}
	if err != nil {
		return c.refused(ctx, verdict.Classify(err), err, pum.Rules())
	}
	if err := output.WriteRestartPlan(a.Out, before.Entries, a.view()); err != nil {
		return answered(verdict.ExitError, fmt.Errorf("nothing was sent: write the answer: %w", err))
	}
	if options.dryRun {
		return nil
	}
	if !options.yes && !a.confirms(ctx, c.Place) {
		fmt.Fprintln(a.Out, "nothing was sent")
		return answered(verdict.ExitDone, ctx.Err()) // an interruption has its own exit code
	}
	options.waiting.restart = &pum.Restart{At: a.time(), Entries: before.Entries}
	for _, pod := range before.Process.Pods {
		options.waiting.restart.Job = pod.Job
	}
	if err := a.send(ctx, c, r, before); err != nil || !options.wait {
		return err
	}
	return a.wait(ctx, c, &output.Format{}, flags, options.waiting)
}

// confirms asks on the terminal whether to go on. An interruption is no.
func (a *app) confirms(ctx context.Context, place output.Place) bool {
	fmt.Fprintf(a.Out, "Restart the post-upgrade procedure in %s (context %s)? [y/N] ",
		output.Safe(place.Namespace), output.Safe(place.Context))
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(a.In).ReadString('\n') // its end without a line is no, too
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case word := <-answer:
		return word == "y" || word == "yes"
	case <-ctx.Done():
		fmt.Fprintln(a.Out)
		return false
	}
}

// send sends the restart and looks for a proof that PUM took it.
func (a *app) send(ctx context.Context, c *cluster, r *restarter, before pum.Moment) error {
	sent, err := r.send(ctx)
	switch code := verdict.Classify(err); {
	case sent.Pod == "" && ctx.Err() != nil:
		return answered(verdict.ExitInterrupted, errNothingSent)
	case sent.Pod == "" && err != nil:
		return answered(code, fmt.Errorf("nothing was sent: %w", err))
	case code == verdict.ExitForbidden:
		return answered(code, err)
	case err != nil:
		fmt.Fprintf(a.Out, "sent to pod %s; its end was not seen: %s\n", sent.Pod, output.Safe(err.Error()))
	case sent.ExitCode != 0:
		fmt.Fprintf(a.Out, "sent to pod %s, where it ended with exit code %d\n", sent.Pod, sent.ExitCode)
	default:
		fmt.Fprintf(a.Out, "sent to pod %s\n", sent.Pod)
	}
	fmt.Fprint(a.ErrOut, output.Safe(string(sent.Stderr)))

	evidence, err := r.confirm(ctx, before)
	if len(evidence) > 0 {
		fmt.Fprintf(a.Out, "confirmed: %s\n", output.Safe(strings.Join(evidence, ", ")))
		return nil
	}
	why := fmt.Sprintf("not confirmed within %s: nothing changed", r.flags.timeout)
	switch {
	case ctx.Err() != nil:
		why = "interrupted before anything confirmed it"
	case err != nil:
		why = fmt.Sprintf("not confirmed within %s: PUM could not be read again: %v", r.flags.timeout, err)
	}
	return answered(verdict.ExitUnconfirmed, errors.New(why+"; the restart was sent once and is not repeated; look again with "+c.Command("kubectl tpe pum status")))
}

// A restarter is what a restart needs of a cluster.
type restarter struct {
	flags    pumFlags
	client   *pum.Client
	pods     *pum.PodRunner
	commands [][]string
}

func newRestarter(c *cluster, flags pumFlags, options restartOptions) (*restarter, error) {
	pods, err := flags.runner(c)
	if err != nil {
		return nil, err
	}
	commands := pum.RestartCommands()
	if options.command != "" {
		commands = [][]string{strings.Fields(options.command)}
	}
	return &restarter{flags, flags.clientOf(pods), pods, commands}, nil
}

// prepare reads what there is before a restart, and checks that it is allowed.
func (r *restarter) prepare(ctx context.Context) (pum.Moment, error) {
	if err := r.pods.MayExec(ctx); err != nil {
		return pum.Moment{}, err
	}
	return r.look(ctx)
}

// look reads the entries and the job's pods.
func (r *restarter) look(ctx context.Context) (pum.Moment, error) {
	process, err := r.pods.Process(ctx)
	if err != nil {
		return pum.Moment{}, err
	}
	answer, err := r.flags.ask(ctx, r.client)
	if err != nil {
		return pum.Moment{}, err
	}
	return pum.Moment{Entries: answer.Entries, Process: process}, nil
}

// send sends the restart, once, in the way in which the entries were read.
func (r *restarter) send(ctx context.Context) (pum.Output, error) {
	ctx, cancel := r.flags.deadline(ctx)
	defer cancel()
	return r.flags.clientOf(r.pods.Proven()).Restart(ctx, r.commands)
}

// confirm looks again and again until something proves the restart, for as
// long as PUM may take to answer.
func (r *restarter) confirm(ctx context.Context, before pum.Moment) ([]string, error) {
	ctx, cancel := r.flags.deadline(ctx)
	defer cancel()
	var failed error // of the last look that was not cut short by the end
	for {
		after, err := r.look(ctx)
		if evidence := pum.Evidence(before, after); err == nil && len(evidence) > 0 {
			return evidence, nil
		}
		if ctx.Err() == nil {
			failed = err
		}
		select {
		case <-ctx.Done():
			return nil, failed
		case <-time.After(time.Second):
		}
	}
}
