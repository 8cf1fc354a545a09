// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/observe"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// watchFlags are the flags of commands that can watch.
type watchFlags struct {
	on       bool
	interval time.Duration
}

func (f *watchFlags) add(cmd *cobra.Command) {
	cmd.Flags().BoolVarP(&f.on, "watch", "w", false, "show it again whenever it changed, until it is over")
	addIntervalFlag(cmd, &f.interval)
	markFlag(cmd.Flags(), "poll-interval", needsAnother, "watch")
}

// watch shows an answer whenever it changed, until its verdict is over. The
// last one stays on the screen.
func (a *app) watch(ctx context.Context, source observe.Observer, format *output.Format, document func(verdict.Snapshot, verdict.Verdict) output.Watched) error {
	stream := output.NewStream(a.Out, format)
	v := verdict.Verdict{ExitCode: verdict.ExitError} // as long as nothing is known
	var estimate verdict.Estimator
	start := a.now()
	for r := range source.Follow(ctx, observe.Until{}) {
		v = r.Verdict.FailOn(a.failOn.level)
		estimate.Observe(&r.Snapshot)
		doc := document(r.Snapshot, v)
		if status, ok := doc.(*output.Status); ok {
			status.While(output.Waiting{Elapsed: a.now().Sub(start), Left: estimate.Left()})
		}
		if err := stream.Show(doc, a.view()); err != nil {
			if r.Over {
				return written(v.ExitCode, err)
			}
			return written(unconfirmed(v.ExitCode), err)
		}
	}
	if err := stream.End(a.view()); err != nil {
		return written(v.ExitCode, err)
	}
	if ctx.Err() != nil {
		return answered(verdict.ExitInterrupted, nil)
	}
	return answered(v.ExitCode, nil)
}
