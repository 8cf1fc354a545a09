// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

func newPUMStatusCmd(a *app) *cobra.Command {
	var format output.Format
	var flags pumFlags
	var filename string
	var watch watchFlags
	var states []string
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the entries of PUM and their states",
		Long: `Show the entries of the Post Upgrade Manager (PUM) and their states.

A truncated list is an error, never a short list: PUM announces how many entries
it has, and the plugin counts them.

Exit codes:
  0  every entry is PROCESSED or SKIPPED
  3  an entry is ABORTED
  4  not authenticated or not authorized
  5  PUM could not be asked, or its answer is incomplete
  6  there is no deployment of PUM in this namespace
  8  an entry is not final, or PUM has none yet`,
		Example: `  # Where is each migration?
  kubectl tpe pum status

  # Those that need a look
  kubectl tpe pum status --state=ABORTED,TRANSIENT_ERROR

  # The entries that are not final, for a program
  kubectl tpe pum status -o jsonpath='{.items[?(@.final==false)].requestID}'

  # What the vendor's audit archive holds
  kubectl tpe pum status -f pum-status.txt`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if filename != "" {
				return a.savedStatus(cmd.Context(), filename, &format, flags, states)
			}
			c, err := a.cluster(cmd.Context())
			if err != nil {
				return answered(verdict.ExitError, err)
			}
			if watch.on {
				return a.watchEntries(cmd.Context(), c, &format, flags, watch, states)
			}
			return a.pumStatus(cmd.Context(), c, &format, flags, states)
		},
	}
	addOutputFlag(cmd, &format)
	a.addFrom(cmd, true)
	a.failOn.add(cmd)
	cmd.Flags().StringVarP(&filename, "filename", "f", "", "read saved output of PUM from a file instead of asking, or from stdin (-)")
	cmd.Flags().Var((*stateList)(&states), "state", "show only entries in these states; the verdict covers all")
	completeList(cmd, "state", pum.States())
	watch.add(cmd)
	cmd.MarkFlagsMutuallyExclusive("filename", "watch")
	cmd.MarkFlagsMutuallyExclusive("filename", "from")
	flags.add(cmd)
	return cmd
}

// pumStatus asks PUM once and writes its entries.
func (a *app) pumStatus(ctx context.Context, c *cluster, format *output.Format, flags pumFlags, states []string) error {
	if c.kept != nil {
		return a.keptEntries(format, c, states)
	}
	s := verdict.Snapshot{Where: c.where, PUM: flags.deployment}
	asked := a.now()
	s.Answer, s.AnswerErr = flags.ask(ctx, flags.client(flags.runner(c)))
	if s.Answer != nil && len(s.Answer.Entries) == 0 {
		a.whyNone(ctx, c, flags, asked, &s)
	}
	s.ObservedAt = a.time()
	if ctx.Err() != nil {
		return answered(verdict.ExitInterrupted, ctx.Err())
	}
	if err := a.writeEntries(format, c.Place, s, states); verdict.Classify(s.AnswerErr) != verdict.ExitForbidden {
		return err
	}
	return c.withRole(ctx, verdict.ExitForbidden, s.AnswerErr, pum.Rules())
}

// watchEntries asks PUM again and again and writes its entries whenever they
// changed.
func (a *app) watchEntries(ctx context.Context, c *cluster, format *output.Format, flags pumFlags, watch watchFlags, states []string) error {
	source, err := a.observer(ctx, c, flags, waitOptions{goal: verdict.GoalEntries, interval: watch.interval})
	if err != nil {
		return answered(verdict.ExitError, err)
	}
	return a.watch(ctx, source, format, func(s verdict.Snapshot, v verdict.Verdict) output.Watched {
		return output.NewEntryList(c.Place, s, v).Only(states)
	})
}

// keptEntries writes the entries that a file keeps. Where there are none, what else it keeps
// tells why, and where they are older than PUM's last change, that they are.
func (a *app) keptEntries(format *output.Format, c *cluster, states []string) error {
	if format.Screen() {
		a.sayKept(c)
	}
	s := c.keptSnapshot(verdict.GoalEntries)
	if !s.Outdated() && (s.Answer == nil || len(s.Answer.Entries) > 0) {
		s.Assessment, s.AssessmentErr, s.Releases, s.ReleasesErr = nil, nil, nil, nil
	}
	return a.writeEntries(format, c.Place, s, states)
}

// savedStatus reads the entries from a file and writes them.
func (a *app) savedStatus(ctx context.Context, filename string, format *output.Format, flags pumFlags, states []string) error {
	in := io.NopCloser(a.In)
	if filename != "-" {
		file, err := unlessInterrupted(ctx, func() (*os.File, error) { return os.Open(filename) })
		if err != nil {
			return answered(verdict.ExitError, err)
		}
		in = file
	}
	defer in.Close()
	s := verdict.Snapshot{ObservedAt: a.now()}
	s.Answer, s.AnswerErr = unlessInterrupted(ctx, func() (*pum.Answer, error) { return pointerTo(pum.ReadSaved(in, int(flags.limit))) })
	if ctx.Err() != nil {
		return answered(verdict.ExitInterrupted, ctx.Err())
	}
	return a.writeEntries(format, output.Place{}, s, states)
}

// whatNext says what to do where PUM gave no answer.
func whatNext(v verdict.Verdict, err error) string {
	i := slices.IndexFunc(v.Findings, func(f verdict.Finding) bool { return f.Code == verdict.CodeNoAnswer })
	switch {
	case i < 0:
		return ""
	case verdict.TooLarge(err):
		return "use --pum-limit to read more"
	}
	return strings.Join(v.Findings[i].Next, "\n      ")
}

// writeEntries judges and writes the entries. Without an answer a screen has
// nothing to show, and a document says so.
func (a *app) writeEntries(format *output.Format, place output.Place, s verdict.Snapshot, states []string) error {
	v := a.judge(s)
	doc := output.NewEntryList(place, s, v).Only(states)
	if s.Answer != nil || !format.Screen() {
		if err := output.Write(a.Out, format, doc, a.view()); err != nil {
			return written(v.ExitCode, err)
		}
	}
	if s.AnswerErr != nil {
		return &exitError{code: v.ExitCode, err: s.AnswerErr, hint: whatNext(v, s.AnswerErr)}
	}
	if format.Screen() {
		fmt.Fprint(a.ErrOut, output.Remarks(doc, a.errView()))
	}
	return answered(v.ExitCode, nil)
}
