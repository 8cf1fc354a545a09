// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/observe"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/recording"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/report"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

func newReportCmd(a *app) *cobra.Command {
	var format reportFormat
	var flags pumFlags
	var several installationFlags
	cmd := &cobra.Command{
		Use:   "report [FILE]",
		Short: "Write a report to hand over: HTML, Markdown or JUnit",
		Long: `Write a report of the current state: the verdict, the releases, the impact on users,
the findings and what to do, entries, workloads and jobs.

  html      one page that needs no network and runs no script; prints well
  markdown  a short summary, such as for a pipeline
  junit     a test suite each for the verdict, workloads, jobs, entries and releases

A report of one moment has no timeline. For a report of a whole upgrade, with what was
down and for how long, use kubectl tpe wait --report, or --from with a recording.

Without FILE, or with -, the report goes to stdout. A file is written whole or
not at all. A new one can be read by its owner only; one that exists is replaced.

With --contexts or -A it is one report of several installations: a table of all of them,
then the report of each, the gravest first. They are asked at the same time. One that
cannot be reached hides none of the others.

The exit code is that of the verdict, the gravest of several, or 1 if the report could
not be written.`,
		Example: `  # For a change ticket
  kubectl tpe report upgrade.html

  # Of several clusters in one page
  kubectl tpe report --contexts=prod-eu,prod-us upgrades.html

  # Of an upgrade that was recorded
  kubectl tpe report --from upgrade.jsonl.gz upgrade.html

  # For the summary of a pipeline
  kubectl tpe report -o markdown >> "$GITHUB_STEP_SUMMARY"`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			file := reportFile{format.of(args), slices.Concat(args, []string{standardOutput})[0]}
			if err := file.check(a.kept.path); err != nil {
				return answered(verdict.ExitUsage, err)
			}
			if several.several() {
				return a.reportSeveral(cmd, &several, flags, file)
			}
			c, err := a.cluster(cmd.Context())
			if err != nil {
				return answered(verdict.ExitError, err)
			}
			return a.reportOnce(cmd.Context(), c, flags, file)
		},
	}
	cmd.Flags().VarP(&format, "output", "o", "html, markdown or junit; by default that of FILE's name, else html")
	completeFixed(cmd, "output", report.Formats())
	cmd.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return nil, cobra.ShellCompDirectiveDefault
	}
	a.failOn.add(cmd)
	flags.add(cmd)
	a.addFrom(cmd, false)
	several.add(a, cmd)
	return cmd
}

// reportSeveral writes one report of several installations, as they are now.
func (a *app) reportSeveral(cmd *cobra.Command, several *installationFlags, flags pumFlags, file reportFile) error {
	if err := several.check(cmd); err != nil {
		return answered(verdict.ExitUsage, err)
	}
	ctx := cmd.Context()
	all, err := a.installations(ctx, several, flags.deployment)
	if err != nil {
		return err
	}
	reports := make([]*report.Report, len(all))
	docs := a.onceAll(all, func(n int) *output.Status {
		i := all[n]
		s, v := i.seen(flags, func(i *installation) verdict.Snapshot { return i.app.observe(ctx, i.cluster, flags) })
		v = v.FailOn(a.failOn.level)
		in := report.Input{Place: i.place, Snapshot: s, Verdict: v}
		i.app.about(ctx, i.cluster, &in)
		reports[n] = report.New(in)
		return output.NewStatus(i.place, s, v)
	})
	if ctx.Err() != nil {
		return answered(verdict.ExitInterrupted, ctx.Err())
	}
	list := a.listOf(all, docs)
	if err := a.writeReport(file, report.NewList(list, reports)); err != nil {
		return written(list.ExitCode, err)
	}
	if hint := hints(all); hint != "" {
		return &exitError{list.ExitCode, nil, hint}
	}
	return answered(list.ExitCode, nil)
}

// writeReport writes a report, and says where it is.
func (a *app) writeReport(file reportFile, r writable) error {
	if err := file.write(a.Out, r); err != nil {
		return err
	}
	if file.path != standardOutput {
		fmt.Fprintf(a.ErrOut, "report written to %s\n", a.errView().Safe(file.path))
	}
	return nil
}

// reportOnce writes a report of what is observed now, or of what a file keeps.
func (a *app) reportOnce(ctx context.Context, c *cluster, flags pumFlags, file reportFile) error {
	if c.kept != nil {
		if err := c.kept.Again(); err != nil {
			return answered(verdict.ExitError, err)
		}
	}
	s, timeline := a.reported(ctx, c, flags)
	if ctx.Err() != nil {
		return answered(verdict.ExitInterrupted, ctx.Err())
	}
	v := a.judge(s)
	in := report.Input{Place: c.Place, Snapshot: s, Verdict: v, Timeline: timeline}
	a.about(ctx, c, &in)
	if err := a.writeReport(file, report.New(in)); err != nil {
		return written(v.ExitCode, err)
	}
	return c.withRole(ctx, v.ExitCode, nil, slices.Concat(readiness.Rules(), pum.Rules()))
}

// reported returns what a report is about, and the history of a recording up to its end.
func (a *app) reported(ctx context.Context, c *cluster, flags pumFlags) (verdict.Snapshot, *report.Timeline) {
	if c.kept == nil || c.kept.Kind != recording.KindRecording || a.kept.at.Given() {
		return a.observe(ctx, c, flags), nil
	}
	a.kept.speed = 0
	var last verdict.Snapshot
	timeline := &report.Timeline{}
	player := a.player(c, verdict.GoalAll)
	player.Whole = true
	for r := range player.Follow(ctx, observe.Until{}) {
		last = r.Snapshot
		timeline.Add(r.Snapshot, r.Verdict)
	}
	return last, timeline
}

// aboutTimeout is how long it may take to learn who the account is, and what was installed
// before. A report does without.
const aboutTimeout = 5 * time.Second

// about adds what a report says beside the snapshot, as far as it can be learned; even if ctx is
// over.
func (a *app) about(ctx context.Context, c *cluster, in *report.Input) {
	in.Version = version()
	if c == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), aboutTimeout)
	defer cancel()
	if c.kept == nil {
		in.Server = c.config.Host
		if in.Snapshot.Assessment == nil && in.Snapshot.Releases == nil {
			return // nobody answers
		}
		in.Account, _ = c.whoAmI(ctx)
	}
	if plan, err := c.plan(ctx); err == nil && plan != nil {
		in.From = plan.TPE
	}
}

// A reportFormat is a format that may be left to the name of the file. It is a pflag.Value.
type reportFormat report.Format

// Set reads what was given with -o.
func (f *reportFormat) Set(value string) error {
	if !slices.Contains(report.Formats(), value) {
		return fmt.Errorf("want one of %s", strings.Join(report.Formats(), ", "))
	}
	*f = reportFormat(value)
	return nil
}

// String returns what Set was given.
func (f *reportFormat) String() string { return string(*f) }

// Type names the value in help.
func (f *reportFormat) Type() string { return "format" }

// of returns the format, or that which the name of the file says.
func (f *reportFormat) of(args []string) report.Format {
	if *f != "" {
		return report.Format(*f)
	}
	switch strings.ToLower(filepath.Ext(strings.Join(args, ""))) {
	case ".md", ".markdown":
		return report.Markdown
	case ".xml":
		return report.JUnit
	}
	return report.HTML
}

// standardOutput stands for a file.
const standardOutput = "-"

// A reportFile is where a report goes.
type reportFile struct {
	format report.Format
	path   string
}

// check refuses a file that cannot be written, or that --from reads, before anything is read.
func (f reportFile) check(from string) error {
	switch {
	case f.path == standardOutput:
		return nil
	case sameFile(f.path, from):
		return fmt.Errorf("the report cannot be written: --from reads %s; choose another file", f.path)
	}
	if err := mayReplace(f.path); err != nil {
		return fmt.Errorf("the report cannot be written: %w", err)
	}
	return nil
}

// A writable is a report of one installation, or of several.
type writable interface {
	Write(w io.Writer, f report.Format) error
}

func (f reportFile) write(out io.Writer, r writable) error {
	if f.path == standardOutput {
		return r.Write(out, f.format)
	}
	return replaceFile(f.path, func(w io.Writer) error { return r.Write(w, f.format) })
}

// reportFiles are the reports that a wait writes when it ends. It is a pflag.Value.
type reportFiles []reportFile

// Set reads FORMAT=FILE,… and adds it to what was given before. A comma that no format follows
// belongs to the name of a file.
func (f *reportFiles) Set(value string) error {
	var added reportFiles
	for _, part := range strings.Split(value, ",") {
		format, path, found := strings.Cut(part, "=")
		switch {
		case found && slices.Contains(report.Formats(), format):
			added = append(added, reportFile{report.Format(format), path})
		case len(added) > 0:
			added[len(added)-1].path += "," + part
		default:
			return fmt.Errorf("want FORMAT=FILE with one of %s, have %q", strings.Join(report.Formats(), ", "), part)
		}
	}
	for _, file := range added {
		if file.path == "" {
			return fmt.Errorf("%s= names no file; - is stdout", file.format)
		}
		if slices.ContainsFunc(*f, func(other reportFile) bool { return other.path == file.path }) {
			return fmt.Errorf("two reports go to %s", file.path)
		}
		*f = append(*f, file)
	}
	return nil
}

// String returns what Set was given.
func (f *reportFiles) String() string {
	var parts []string
	for _, file := range *f {
		parts = append(parts, string(file.format)+"="+file.path)
	}
	return strings.Join(parts, ",")
}

// Type names the value in help.
func (f *reportFiles) Type() string { return "FORMAT=FILE,…" }

// check refuses files that cannot be written, or that --from reads, before anything is read.
func (f reportFiles) check(from string) error {
	for _, file := range f {
		if err := file.check(from); err != nil {
			return err
		}
	}
	return nil
}

// toOutput reports whether one of the reports takes the place of the answer.
func (f reportFiles) toOutput() bool {
	return slices.ContainsFunc(f, func(file reportFile) bool { return file.path == standardOutput })
}

// writeReports writes what --report asks for, with the verdict that the wait ends with. That one
// cannot be written is said, and changes nothing of the verdict.
func (w *waitRun) writeReports(ctx context.Context, v verdict.Verdict, why error) {
	if len(w.options.reports) == 0 {
		return
	}
	s := w.last.Snapshot
	if !w.seen {
		s, v.Outcome = w.unseen(), verdict.OutcomeUnknown
	}
	in := report.Input{Place: w.place, Snapshot: s, Verdict: v, Timeline: w.timeline}
	if why != nil {
		in.Ended = why.Error()
	}
	w.app.about(ctx, w.cluster, &in)
	r := report.New(in)
	for _, file := range w.options.reports {
		if err := file.write(w.app.Out, r); err != nil {
			fmt.Fprintln(w.app.ErrOut, w.app.errView().Safe(fmt.Sprintf("the %s report was not written: %v", file.format, err)))
		}
	}
}

// unseen is the snapshot of a wait in which nothing could be observed.
func (w *waitRun) unseen() verdict.Snapshot {
	return verdict.Snapshot{ObservedAt: w.app.time(), Goal: w.options.goal}
}

// keep adds a report to the timeline.
func (w *waitRun) keep(r observe.Report) {
	if len(w.options.reports) == 0 {
		return
	}
	if w.timeline == nil {
		w.timeline = &report.Timeline{}
	}
	w.timeline.Add(r.Snapshot, r.Verdict)
}
