// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// valuesOptions say which values, and where they go.
type valuesOptions struct {
	release  string
	dir      string
	revision int
	all      bool
	diff     span
	secrets  bool // whether diff shows them
}

func newValuesCmd(a *app) *cobra.Command {
	var format output.Format
	var options valuesOptions
	cmd := &cobra.Command{
		Use:   "values (RELEASE | --dir DIR)",
		Short: "Save the Helm values that were used so far",
		Long: `Save the user-supplied values of the Helm releases, as helm get values -o yaml does: an
upgrade starts from them.

With --dir they are written into files that only you can read, one for each of the four
releases, or for RELEASE alone: all of them, or none. An existing file is never
overwritten. Without it the values of RELEASE are written to stdout.

Values hold passwords, which only the file or the requested output gets: --diff
masks everything that is not known to be harmless, unless --show-secrets is given.

Exit codes:
  0  all that was asked for is written
  1  a file already exists, or could not be written
  4  not authenticated, or not authorized to read Helm's secrets
  6  there is no such release or revision`,
		Example: `  # Before an upgrade: what was used for the last one?
  kubectl tpe values --dir before-8.0.0

  # What changed between two revisions?
  kubectl tpe values tpe --diff 2..3`,
		Args:      cobra.MaximumNArgs(1),
		ValidArgs: releaseNames(),
		RunE: func(cmd *cobra.Command, args []string) error {
			options.release = strings.Join(args, "")
			if err := options.check(&format); err != nil {
				return answered(verdict.ExitUsage, err)
			}
			c, err := a.cluster(cmd.Context())
			if err != nil {
				return answered(verdict.ExitError, err)
			}
			return a.values(cmd.Context(), c, &format, options)
		},
	}
	addOutputFlag(cmd, &format)
	f := cmd.Flags()
	f.StringVar(&options.dir, "dir", "", "folder for the files; created if missing")
	f.IntVar(&options.revision, "revision", 0, "revision of RELEASE; by default the latest")
	f.BoolVarP(&options.all, "all", "a", false, "the chart's own values, too, with the user's over them")
	f.Var(&options.diff, "diff", "what changed for RELEASE between two revisions, as A..B")
	f.BoolVar(&options.secrets, "show-secrets", false, "in --diff show all values; they may be passwords")
	a.completeFlag(cmd, "revision", revisions)
	a.completeFlag(cmd, "diff", spans)
	cmd.MarkFlagsMutuallyExclusive("diff", "dir")
	cmd.MarkFlagsMutuallyExclusive("diff", "revision")
	cmd.MarkFlagsMutuallyExclusive("diff", "all")
	return cmd
}

// check refuses what cannot be meant.
func (o *valuesOptions) check(format *output.Format) error {
	switch {
	case o.release == "" && o.revision > 0:
		return errors.New("--revision is for one release, as each has revisions of its own: name it, such as tpe")
	case o.release == "" && o.diff.given():
		return errors.New("--diff is for one release, as each has revisions of its own: name it, such as tpe")
	case o.release == "" && o.dir == "":
		return errors.New("want a release, such as tpe, or --dir for the files of all four")
	case o.secrets && !o.diff.given():
		return errors.New("--show-secrets is for --diff; without --diff values are not masked")
	case o.dir == "" && !o.diff.given() && !format.Plain():
		return errors.New("values are written as YAML or JSON: use -o yaml or -o json")
	}
	return nil
}

// releaseNames are the names of the four Helm releases.
func releaseNames() []string {
	var names []string
	for _, p := range release.Parts() {
		names = append(names, p.Name)
	}
	return names
}

// revisions names the revisions that Helm keeps of the release in args, the newest first.
func revisions(ctx context.Context, c *cluster, args []string) []string {
	history, _ := c.helm().History(ctx, strings.Join(args, "")) // without an answer there is nothing to offer
	var names []string
	for _, revision := range history {
		names = append(names, strconv.Itoa(revision.Number))
	}
	return names
}

// spans names each revision together with the one before it, the newest first.
func spans(ctx context.Context, c *cluster, args []string) []string {
	names := revisions(ctx, c, args)
	for i := 1; i < len(names); i++ {
		names[i-1] = names[i] + ".." + names[i-1]
	}
	return names[:max(0, len(names)-1)]
}

// values does what the options say.
func (a *app) values(ctx context.Context, c *cluster, format *output.Format, o valuesOptions) error {
	reader := c.helm()
	ctx, cancel := limitReleases(ctx)
	defer cancel()
	var err error
	switch {
	case o.diff.given():
		err = a.diffValues(ctx, c, reader, format, o)
	case o.dir != "":
		err = a.saveValues(ctx, c, reader, format, o)
	default:
		err = a.printValues(ctx, reader, format, o)
	}
	if exit := (*exitError)(nil); err == nil || errors.As(err, &exit) {
		return err
	}
	return c.withRole(ctx, verdict.Classify(err), err, release.Rules())
}

const mayHoldPasswords = "these values may hold passwords"

// printValues writes the values of one revision to standard output.
func (a *app) printValues(ctx context.Context, reader *release.Reader, format *output.Format, o valuesOptions) error {
	v, err := reader.Values(ctx, o.release, o.revision)
	if err != nil {
		return err
	}
	if a.view().Terminal {
		fmt.Fprintln(a.ErrOut, mayHoldPasswords)
	}
	return written(verdict.ExitDone, output.WriteValues(a.Out, format, o.chosen(v)))
}

// chosen returns those values that were asked for.
func (o *valuesOptions) chosen(v *release.Values) map[string]any {
	if o.all {
		return v.Computed()
	}
	return v.User
}

// saveValues writes the values into files: those of all releases that were asked for, or
// none. A folder with some of them would look like all of them.
func (a *app) saveValues(ctx context.Context, c *cluster, reader *release.Reader, format *output.Format, o valuesOptions) error {
	names := []string{o.release}
	if o.release == "" {
		var err error
		if names, err = reader.Names(ctx); err != nil {
			return err
		}
	}
	doc := output.NewSavedValues(c.Place, a.time())
	files := newFiles{dir: o.dir}
	for _, name := range names {
		v, err := reader.Values(ctx, name, o.revision)
		if err != nil {
			return errors.Join(err, files.discard())
		}
		file := "values-" + v.Release + ".yaml"
		size, err := files.add(file, func(w io.Writer) error { return output.WriteValues(w, &output.Format{}, o.chosen(v)) })
		if err != nil {
			return answered(verdict.ExitError, errors.Join(err, files.discard()))
		}
		doc.Add(v.Release, v.Revision, filepath.Join(o.dir, file), size)
	}
	if err := files.keep(); err != nil {
		return answered(verdict.ExitError, err)
	}
	if files.shared {
		doc.Share()
	}
	return written(verdict.ExitDone, output.Write(a.Out, format, doc, a.view()))
}

// diffValues writes what differs between two revisions.
func (a *app) diffValues(ctx context.Context, c *cluster, reader *release.Reader, format *output.Format, o valuesOptions) error {
	before, err := reader.Values(ctx, o.release, o.diff.from)
	if err != nil {
		return err
	}
	after, err := reader.Values(ctx, o.release, o.diff.to)
	if err != nil {
		return err
	}
	if o.secrets && a.view().Terminal {
		fmt.Fprintln(a.ErrOut, mayHoldPasswords)
	}
	doc := output.NewValuesDiff(c.Place, a.time(), before, after, o.secrets)
	return written(verdict.ExitDone, output.Write(a.Out, format, doc, a.view()))
}

// A span is two revisions, A..B. It is a pflag.Value.
type span struct{ from, to int }

func (s *span) Set(value string) error {
	from, to, _ := strings.Cut(value, "..")
	a, err := strconv.Atoi(from)
	b, err2 := strconv.Atoi(to)
	if err != nil || err2 != nil || a < 1 || b < 1 {
		return errors.New("want two revisions, as in 2..3")
	}
	*s = span{a, b}
	return nil
}

func (s *span) String() string {
	if !s.given() {
		return ""
	}
	return fmt.Sprintf("%d..%d", s.from, s.to)
}

func (s *span) Type() string { return "A..B" }

func (s *span) given() bool { return s.from > 0 }
