// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

func newReleasesCmd(a *app) *cobra.Command {
	var format output.Format
	var manifest string
	cmd := &cobra.Command{
		Use:   "releases",
		Short: "Show the four Helm releases beside the Release Manifest",
		Long: `Show the four Helm releases of ThingPark Enterprise: chart, version, the version
that the Release Manifest wants, Helm's status, and which release of ThingPark
Enterprise they are together. One version of a chart may belong to several.

The public Release Manifests up to 8.0.0 are built in; --manifest takes a newer one,
the file VERSIONS of the release. It is read, never evaluated.

If Helm has been at work on one for over an hour, its hooks are looked for among
jobs and pods, too: it is stuck only if none is running.

Exit codes:
  0  all four are deployed and belong together
  1  unknown: a chart is in no known manifest, or its secret is damaged
  3  one is missing or failed, or they belong to different releases
  4  not authenticated, or not authorized to read Helm's secrets
  6  there is no Helm release of ThingPark Enterprise in this namespace
  8  Helm is running, or was interrupted; or an upgrade is under way`,
		Example: `  # What is installed, and does it belong together?
  kubectl tpe releases

  # With the manifest of a release that is newer than this plugin
  kubectl tpe releases --manifest VERSIONS`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			given, err := readManifest(cmd.Context(), manifest)
			if err != nil {
				return err
			}
			c, err := a.cluster(cmd.Context())
			if err != nil {
				return answered(verdict.ExitError, err)
			}
			return a.releases(cmd.Context(), c, &format, given)
		},
	}
	addOutputFlag(cmd, &format)
	addManifestFlag(cmd, &manifest)
	a.addFrom(cmd, false)
	return cmd
}

func addManifestFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "manifest", "", "Release Manifest to compare with, the file VERSIONS of a release")
}

// readManifest reads a Release Manifest, if there is one.
func readManifest(ctx context.Context, file string) (*release.Manifest, error) {
	if file == "" {
		return nil, nil
	}
	m, err := unlessInterrupted(ctx, func() (release.Manifest, error) {
		f, err := os.Open(file)
		if err != nil {
			return release.Manifest{}, err
		}
		defer f.Close()
		m, err := release.ReadManifest(f)
		if err != nil {
			return m, fmt.Errorf("%s: %w", file, err)
		}
		return m, nil
	})
	switch {
	case ctx.Err() != nil:
		return nil, answered(verdict.ExitInterrupted, ctx.Err())
	case err != nil:
		return nil, answered(verdict.ExitError, err)
	}
	m.Release, m.Source = filepath.Base(file), file
	return &m, nil
}

// releases reads the Helm releases once and writes them.
func (a *app) releases(ctx context.Context, c *cluster, format *output.Format, given *release.Manifest) error {
	s := verdict.Snapshot{Where: c.where}
	s.Releases, s.ReleasesErr = readReleases(ctx, c.readHelm, given, a.time)
	s.ObservedAt = a.time()
	s.Hooks, s.HooksErr = a.hooks(ctx, c, s.Releases)
	v := verdict.Judge(s)
	return a.answer(ctx, c, v.ExitCode, format, output.NewReleaseList(c.Place, s, v), release.Rules())
}

// hooks reads the hooks that are at work, if Helm has been at work on a release for so long that it
// matters. The error is that of an account that cannot read jobs and pods, too.
func (a *app) hooks(ctx context.Context, c *cluster, releases *verdict.Releases) ([]readiness.Hook, error) {
	now := a.time()
	if releases == nil || !slices.ContainsFunc(releases.Items, func(r release.Release) bool { return r.Stuck(now) }) {
		return nil, nil
	}
	var found readiness.Assessment
	var err error
	if c.kept != nil {
		s := c.keptSnapshot(verdict.GoalWorkloads)
		if err = s.AssessmentErr; s.Assessment != nil {
			found = *s.Assessment
		}
	} else {
		found, err = readiness.Observe(ctx, c.clients, c.Namespace, a.time, "Job", "Pod")
	}
	return found.Hooks(), cmp.Or(err, readiness.Unread(found.Gaps, "Job", "Pod"))
}

// releasesTimeout is how long Helm's releases may take to read. They are a few
// megabytes at most, and nothing that an answer should wait for longer.
const releasesTimeout = 30 * time.Second

func limitReleases(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, releasesTimeout, errors.New("the Helm releases were not read in time"))
}

// readReleases reads the Helm releases and compares them with a manifest, or with
// all that are known.
func readReleases(ctx context.Context, read func(context.Context) ([]release.Release, error), given *release.Manifest, now func() time.Time) (*verdict.Releases, error) {
	ctx, cancel := limitReleases(ctx)
	defer cancel()
	items, err := read(ctx)
	switch {
	case err != nil:
		return nil, err
	case len(items) == 0:
		return &verdict.Releases{}, nil
	}
	return &verdict.Releases{Consistency: release.Compare(items, given, now()), Items: items}, nil
}

// helm returns what reads Helm's secrets.
func (c *cluster) helm() *release.Reader {
	return &release.Reader{Secrets: c.clients.Kube.Secrets(c.Namespace), Metadata: c.metadata, Namespace: c.Namespace}
}
