// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/recording"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// live stands for the cluster where a file may stand.
const live = "live"

func newDiffCmd(a *app) *cobra.Command {
	var format output.Format
	var flags pumFlags
	cmd := &cobra.Command{
		Use:   "diff BEFORE AFTER",
		Short: "Show what changed between two snapshots",
		Long: `Show what changed between two snapshots: the Helm releases, workloads that are new or
gone, their states, replicas, images and restarts, jobs, entries and findings.

BEFORE and AFTER are recordings, the vendor's audit archives, cluster-info dumps or
lists, as --from of other commands takes them, or live for the cluster. A recording is
taken as it ends; FILE@MOMENT takes another moment, as --at does.

What is unknown of one or both is not compared, and is named.

Exit codes:
  0  both could be read, whether or not they differ
  1  one of them could not be read`,
		Example: `  # What did the upgrade change?
  kubectl tpe record --once before.jsonl.gz
  kubectl tpe diff before.jsonl.gz live

  # And within a recording?
  kubectl tpe diff upgrade.jsonl.gz@0% upgrade.jsonl.gz`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return fmt.Errorf("want BEFORE and AFTER, two files or live; have %d", len(args))
			}
			return nil
		},
		ValidArgsFunction: cobra.FixedCompletions([]cobra.Completion{live}, cobra.ShellCompDirectiveDefault),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.diff(cmd.Context(), &format, flags, args)
		},
	}
	addOutputFlag(cmd, &format)
	flags.add(cmd)
	return cmd
}

// diff writes what differs between two snapshots.
func (a *app) diff(ctx context.Context, format *output.Format, flags pumFlags, names []string) error {
	var sides [2]*output.Status
	now := a.now
	for i, name := range names {
		var err error
		a.now = now
		if sides[i], err = a.side(ctx, flags, name); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return answered(verdict.ExitInterrupted, ctx.Err())
		}
	}
	a.now, a.clock = now, nil
	return written(verdict.ExitDone, output.Write(a.Out, format, output.NewSnapshotDiff(a.time(), sides[0], sides[1]), a.view()))
}

// side returns one of the snapshots.
func (a *app) side(ctx context.Context, flags pumFlags, name string) (*output.Status, error) {
	a.kept = keptFlags{}
	if name != live {
		var err error
		if a.kept.path, a.kept.at, err = fileAt(name); err != nil {
			return nil, err
		}
	}
	c, err := a.cluster(ctx)
	if err != nil {
		return nil, answered(verdict.ExitError, err)
	}
	s := a.observe(ctx, c, flags)
	v := verdict.Judge(s)
	if s.Assessment == nil && s.Answer == nil {
		return nil, answered(v.ExitCode, errors.Join(s.AssessmentErr, s.AnswerErr))
	}
	return output.NewStatus(c.Place, s, v), nil
}

// fileAt parts FILE@MOMENT. A file that has such a name is meant itself.
func fileAt(name string) (path string, at recording.At, err error) {
	i := strings.LastIndexByte(name, '@')
	if _, missing := os.Stat(name); i <= 0 || missing == nil {
		return name, at, nil
	}
	if err := at.Set(name[i+1:]); err != nil {
		return "", at, fmt.Errorf("%s: behind the @: %w", name, err)
	}
	return name[:i], at, nil
}
