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
	"github.com/kubectl-tpe/kubectl-tpe/pkg/podexec"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// restartOptions are the flags of restart alone.
type restartOptions struct {
	yes     bool
	dryRun  bool
	command commandLine
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

It reads the entries first and shows those that may run again. What PUM does then
is not documented beyond "execute again the procedure". The command is sent once
and never repeated, whatever happens to the connection. Then the entries and the
job pum-process are read again until something proves that PUM took it. What the
command prints is shown, but proves nothing.

Exit codes:
  0  confirmed: entries changed, or there is a new job
  1  the question was not answered with yes; nothing was sent
  2  cannot ask for confirmation, and --yes was not given; nothing was asked
  4  not authenticated, not authorized, or denied by a policy; nothing was sent
  5  PUM could not be asked, or has no such command; nothing was sent
  7  sent, or perhaps sent, and nothing proves that PUM took it`,
		Example: `  # What would run again?
  kubectl tpe pum restart --dry-run

  # In a script
  kubectl tpe pum restart --yes --wait`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.restart(cmd.Context(), flags, options)
		},
	}
	cmd.Flags().BoolVarP(&options.yes, "yes", "y", false, "do not ask; needed where stdin is not a terminal")
	cmd.Flags().BoolVar(&options.dryRun, "dry-run", false, "show what would run again, and send nothing")
	cmd.Flags().Var(&options.command, "pum-restart-command", "command that restarts PUM; by default the one that goes with the command that printed the entries")
	cmd.Flags().BoolVar(&options.wait, "wait", false, "once confirmed, continue like wait --for=entries")
	cmd.Flags().DurationVar(&options.waiting.timeout, "timeout", defaultTimeout, "how long to wait with --wait")
	markFlag(cmd.Flags(), "timeout", mayBeBelow0)
	markFlag(cmd.Flags(), "timeout", needsAnother, "wait")
	flags.add(cmd)
	return cmd
}

// What is said where nothing was sent.
var (
	errNothingSent  = errors.New("interrupted; nothing was sent")
	errNotConfirmed = errors.New("not confirmed; nothing was sent")
)

// restart is a transaction: read, say what would happen, ask, send once, read again.
func (a *app) restart(ctx context.Context, flags pumFlags, options restartOptions) error {
	if !options.yes && !options.dryRun && !isTerminal(a.In) {
		return answered(verdict.ExitUsage, errors.New("cannot ask for confirmation: stdin is not a terminal; use --yes or --dry-run"))
	}
	c, err := a.cluster(ctx)
	if err != nil {
		return answered(verdict.ExitError, err)
	}
	r := newRestarter(c, flags, options)
	before, err := r.look(ctx)
	if err != nil {
		return a.nothingSent(ctx, c, err)
	}
	if err := output.WriteRestartPlan(a.Out, before.Entries, a.view()); err != nil {
		return answered(verdict.ExitError, fmt.Errorf("nothing was sent: write the answer: %w", err))
	}
	if options.dryRun {
		return nil
	}
	if !options.yes {
		if !a.confirms(ctx, c.Place) {
			return a.nothingSent(ctx, c, errNotConfirmed)
		}
		if before, err = r.look(ctx); err != nil { // what changed meanwhile is no work of the restart
			return a.nothingSent(ctx, c, err)
		}
	}
	options.waiting.restart = before.Restart()
	if err := a.send(ctx, c, r, before); err != nil || !options.wait {
		return err
	}
	return a.wait(ctx, c, &output.Format{}, flags, options.waiting)
}

// nothingSent says why a restart was not sent.
func (a *app) nothingSent(ctx context.Context, c *cluster, err error) error {
	switch {
	case ctx.Err() != nil:
		return answered(verdict.ExitInterrupted, errNothingSent)
	case errors.Is(err, errNotConfirmed):
		return answered(verdict.ExitError, err)
	}
	return c.withRole(ctx, verdict.Classify(err), fmt.Errorf("nothing was sent: %w", err), pum.RestartRules())
}

// confirms asks on the terminal whether to go on. An interruption is no.
func (a *app) confirms(ctx context.Context, place output.Place) bool {
	fmt.Fprintf(a.ErrOut, "Restart the post-upgrade procedure in %s (context %s)? [y/N] ",
		output.Line(place.Namespace), output.Line(place.Context))
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(a.In).ReadString('\n') // its end without a line is no, too
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case word := <-answer:
		return word == "y" || word == "yes"
	case <-ctx.Done():
		fmt.Fprintln(a.ErrOut)
		return false
	}
}

// send sends the restart and looks for a proof that PUM took it.
func (a *app) send(ctx context.Context, c *cluster, r *restarter, before pum.Moment) error {
	sent, err := r.send(ctx)
	switch {
	case err != nil && (sent.Pod == "" || sent.Ran == podexec.RanNot):
		return a.nothingSent(ctx, c, err)
	case err != nil:
		fmt.Fprintf(a.Out, "sent to pod %s; its end was not seen: %s\n", output.Line(sent.Pod), output.Line(err.Error()))
	case sent.ExitCode != 0:
		fmt.Fprintf(a.Out, "sent to pod %s, where it ended with exit code %d\n", output.Line(sent.Pod), sent.ExitCode)
	default:
		fmt.Fprintf(a.Out, "sent to pod %s\n", output.Line(sent.Pod))
	}
	if err := output.WriteQuoted(a.ErrOut, "PUM: ", a.errView(), sent.Stdout, sent.Stderr); err != nil {
		return answered(verdict.ExitUnconfirmed, fmt.Errorf("the restart was sent; write what PUM printed: %w", err))
	}

	evidence, err := r.confirm(ctx, before)
	if len(evidence) > 0 {
		fmt.Fprintf(a.Out, "confirmed: %s\n", output.Line(strings.Join(evidence, ", ")))
		return nil
	}
	why := fmt.Sprintf("not confirmed within %s: nothing changed", r.flags.timeout)
	switch {
	case ctx.Err() != nil:
		why = "interrupted before anything confirmed it"
	case err != nil:
		why = fmt.Sprintf("not confirmed within %s: PUM could not be read again: %v", r.flags.timeout, err)
	}
	return answered(verdict.ExitUnconfirmed, errors.New(why+"; the restart was sent once and is not repeated; check with "+c.where.TPE("pum status")))
}

// A restarter is what a restart needs of a cluster.
type restarter struct {
	flags    pumFlags
	client   *pum.Client
	pods     *podexec.Runner
	commands [][]string // that restart; the one that was given, or those that go with the read
	given    bool
}

func newRestarter(c *cluster, flags pumFlags, options restartOptions) *restarter {
	pods := flags.runner(c)
	r := &restarter{flags: flags, client: flags.client(pods), pods: pods}
	if len(options.command) > 0 {
		r.commands, r.given = [][]string{options.command}, true
	}
	return r
}

// look reads the entries and the job. That the entries could be read shows how the
// restart can be sent: to run a command takes the same right.
func (r *restarter) look(ctx context.Context) (pum.Moment, error) {
	process, err := pum.ReadProcess(ctx, r.pods.Client, r.pods.Namespace)
	if err != nil {
		return pum.Moment{}, err
	}
	answer, err := r.flags.ask(ctx, r.client)
	if err != nil {
		return pum.Moment{}, err
	}
	if !r.given {
		r.commands = pum.RestartCommands(answer.Source.Command)
	}
	return pum.Moment{At: r.pods.Clock.Now(), Entries: answer.Entries, Process: process}, nil
}

// send sends the restart, once, in the way in which the entries were read.
func (r *restarter) send(ctx context.Context) (podexec.Output, error) {
	ctx, cancel := r.flags.deadline(ctx)
	defer cancel()
	return r.flags.client(r.pods.Proven()).Restart(ctx, r.commands)
}

// confirm looks again and again until something proves the restart, for as
// long as PUM may take to answer.
func (r *restarter) confirm(ctx context.Context, before pum.Moment) ([]string, error) {
	ctx, cancel := r.flags.deadline(ctx)
	defer cancel()
	var failed error // of the last look that was not cut short by the end
	for {
		after, err := r.look(ctx)
		if err == nil {
			if evidence := pum.Evidence(before, after); len(evidence) > 0 {
				return evidence, nil
			}
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
