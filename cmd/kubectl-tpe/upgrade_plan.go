// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// upgradeOptions say from which release to which, and what goes into the commands.
type upgradeOptions struct {
	preflightOptions
	values     string
	controller string
}

func newUpgradePlanCmd(a *app) *cobra.Command {
	var format output.Format
	var options upgradeOptions
	cmd := &cobra.Command{
		Use:   "upgrade-plan --to RELEASE",
		Short: "Show the upgrade as commands to copy, and run none of them",
		Long: `Show the upgrade to a release of ThingPark Enterprise as commands to copy: the values
to save, Helm's repositories, the backup, and for each step of the upgrade path the
four helm upgrade in their order, with the chart versions of the Release Manifest and
waits between them. None of them is run. With --from-release the cluster is not asked.

Each step says on what it is based:
  documented  a public text of the vendor has it
  inferred    it follows from what is public
  ask         the vendor's text has it, which is not public: ask the vendor for it

Exit codes:
  0  the chart versions of every upgrade are known, or the release is installed already
  1  what is installed is not a known release; give it with --from-release
  3  a Helm release is not deployed, a Release Manifest is not known, or RELEASE is
     older than what is installed
  4  not authenticated, or not authorized to read Helm's secrets
  6  there is no Helm release of ThingPark Enterprise in this namespace`,
		Example: `  # How is this upgraded?
  kubectl tpe upgrade-plan --to 8.0.0

  # The commands alone
  kubectl tpe upgrade-plan --to 8.0.0 -o jsonpath='{range .steps[*]}{range .commands[*]}{@}{"\n"}{end}{end}'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if from := options.from.Version; from != nil && options.to.Compare(*from) < 0 {
				return answered(verdict.ExitUsage, fmt.Errorf("%w: --from-release=%s --to=%s", release.ErrDowngrade, from, options.to.Version))
			}
			given, err := readManifest(cmd.Context(), options.manifest)
			if err != nil {
				return err
			}
			c, err := a.cluster(cmd.Context())
			if err != nil {
				return answered(verdict.ExitError, err)
			}
			return a.upgradePlan(cmd.Context(), c, &format, options, given)
		},
	}
	addOutputFlag(cmd, &format)
	options.add(cmd)
	f := cmd.Flags()
	f.StringVar(&options.values, "values", "", "folder for the files that the plan writes the values to and reads them from (default before-RELEASE)")
	options.controller = defaultController
	f.Var((*objectName)(&options.controller), "controller-deployment", "deployment that makes backups")
	return cmd
}

// upgradePlan makes the plan and writes it.
func (a *app) upgradePlan(ctx context.Context, c *cluster, format *output.Format, o upgradeOptions, given *release.Manifest) error {
	from, items, err := a.installed(ctx, c, o.from.Version)
	if err != nil {
		return err
	}
	upgrades, err := release.Upgrades(from, *o.to.Version, given)
	if err != nil {
		return &exitError{verdict.ExitFailed, err, "to roll back: " + c.where.TPE("rollback-plan")}
	}
	release.Name(upgrades, items)
	if o.values == "" {
		o.values = "before-" + o.to.String()
	}
	repository, _ := helmRepository() // without it the plan has the commands that add it
	doc := output.NewUpgradePlan(c.Place, a.time(), output.UpgradeFor{
		Where: c.where, From: from, To: *o.to.Version, Unasked: o.from.Version != nil, Repository: repository, Values: o.values, Controller: o.controller,
	}, upgrades)
	code := verdict.ExitDone
	if !doc.Whole {
		code = verdict.ExitFailed
	}
	return written(code, output.Write(a.Out, format, doc, a.view()))
}

// installed returns the release of ThingPark Enterprise that is installed: the given one; else what
// the Helm releases say, and these. All of them must be deployed: one whose upgrade failed names the
// chart that it should have installed.
func (a *app) installed(ctx context.Context, c *cluster, given *release.Version) (release.Version, []release.Release, error) {
	if given != nil {
		return *given, nil, nil
	}
	var s verdict.Snapshot
	s.Releases, s.ReleasesErr = readReleases(ctx, c.readHelm, nil, a.time)
	from, err := s.Installed()
	switch {
	case err == nil:
		for _, r := range s.Releases.Items {
			if r.Status != release.StatusDeployed {
				return from, nil, &exitError{
					verdict.ExitFailed, fmt.Errorf("release %s is %s, so it is not certain that %s is installed", r.Name, r.Status, from),
					"repair it first, or name the installed release with --from-release; see what is installed: " + c.where.TPE("releases"),
				}
			}
		}
		return from, s.Releases.Items, nil
	case ctx.Err() != nil:
		return from, nil, answered(verdict.ExitInterrupted, ctx.Err())
	case s.ReleasesErr != nil:
		return from, nil, c.withRole(ctx, verdict.Classify(err), err, release.Rules())
	case errors.Is(err, verdict.ErrNoRelease):
		return from, nil, answered(verdict.ExitNotFound, fmt.Errorf("there is no Helm release of ThingPark Enterprise in namespace %q", c.Namespace))
	}
	return from, nil, &exitError{verdict.ExitError, err, "name the installed release with --from-release; see what is installed: " + c.where.TPE("releases")}
}
