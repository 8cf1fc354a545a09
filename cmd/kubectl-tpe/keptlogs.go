// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/joblogs"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/recording"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// keptLogs writes the logs of the job that a file keeps.
func (a *app) keptLogs(ctx context.Context, c *cluster, f logsFlags) error {
	out := output.NewLogs(a.Out, a.ErrOut, f.style(), a.view())
	if err := out.Say(fmt.Sprintf("job %s   namespace %s   %s", f.job, c.Namespace, c.From.Line())); err != nil {
		return written(verdict.ExitError, err)
	}
	if c.kept.Kind != recording.KindRecording {
		return a.dumpedLogs(c, f, out)
	}
	if !c.kept.HasLogs() {
		return answered(verdict.ExitNotFound, c.kept.NoLogs())
	}
	reader := &joblogs.Reader{API: c.kept.Job(f.job), Sink: out, Now: a.time, Options: f.Options}
	history, err := reader.Read(ctx)
	if failed := out.Flush(); failed != nil {
		return written(logsCode(history), failed)
	}
	if err != nil {
		return answered(verdict.Classify(err), err)
	}
	if err := out.Say(output.JobFate(history)); err != nil {
		return written(verdict.ExitError, err)
	}
	return answered(logsCode(history), nil)
}

// dumpedLogs writes the logs of the job in an archive. They have no times, and nothing else
// says which lines are meant.
func (a *app) dumpedLogs(c *cluster, f logsFlags, out *output.Logs) error {
	if f.Since != 0 || !f.SinceTime.IsZero() || f.Tail >= 0 || f.stamps || f.format != "" || f.Container != "" || f.Attempts != (joblogs.Selection{}) {
		return answered(verdict.ExitUsage, fmt.Errorf("the logs in %s have no times: only all of them can be shown, without other flags", c.kept.Path))
	}
	found, succeeded, err := c.kept.Dumped(f.job, out.Begin, func(r joblogs.Run, line []byte) error { return out.Piece(r, joblogs.Piece{Text: line}) })
	if failed := out.Flush(); failed != nil {
		return written(verdict.ExitError, failed)
	}
	switch {
	case err != nil:
		return answered(verdict.ExitError, err)
	case !found:
		return answered(verdict.ExitNotFound, c.kept.NoLogs())
	case !succeeded:
		return answered(verdict.ExitError, fmt.Errorf("how job %s ended is not in %s: none of its pods had succeeded", f.job, c.kept.Path))
	}
	return nil
}
