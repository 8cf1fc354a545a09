// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/podexec"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// defaultController is the vendor's name for the Deployment that makes and restores backups.
const defaultController = "thingpark-enterprise-controller"

// rollbackOptions say whether to look at backups, and where.
type rollbackOptions struct {
	backups    bool
	controller string
	timeout    time.Duration
}

func newRollbackPlanCmd(a *app) *cobra.Command {
	var format output.Format
	var options rollbackOptions
	cmd := &cobra.Command{
		Use:   "rollback-plan",
		Short: "Show the rollback as commands to copy, and run none of them",
		Long: `Show the rollback to the previous release of ThingPark Enterprise: the revision that
each Helm release returns to, and the documented steps as commands to copy, with the
names filled in. None of them is run.

With --backups the read-only commands list-backups and get-backup-metadatas are run in
thingpark-enterprise-controller, and those backups are marked whose app version, chart
and namespace match the rollback.

Exit codes:
  0  every Helm release stays or has a revision to return to
  3  one has none: Helm keeps ten revisions, or it was the first
  4  not authenticated, or not authorized to read Helm's secrets or to run commands in the pod
  5  the controller could not be asked for backups
  6  there is no Helm release of ThingPark Enterprise in this namespace`,
		Example: `  # How would this upgrade be rolled back?
  kubectl tpe rollback-plan --backups`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.kept.path != "" && options.backups {
				return errors.New("--backups needs a cluster, and --from reads a file")
			}
			c, err := a.cluster(cmd.Context())
			if err != nil {
				return answered(verdict.ExitError, err)
			}
			return a.rollbackPlan(cmd.Context(), c, &format, options)
		},
	}
	addOutputFlag(cmd, &format)
	a.addFrom(cmd, false)
	f := cmd.Flags()
	f.BoolVar(&options.backups, "backups", false, "list the backups and which release each belongs to")
	options.controller, options.timeout = defaultController, time.Minute
	f.Var((*objectName)(&options.controller), "controller-deployment", "deployment that knows the backups")
	f.Var((*positive)(&options.timeout), "controller-timeout", "how long to wait for each of its answers")
	markFlag(f, "controller-deployment", needsAnother, "backups")
	markFlag(f, "controller-timeout", needsAnother, "backups")
	return cmd
}

// rollbackPlan makes the plan and writes it.
func (a *app) rollbackPlan(ctx context.Context, c *cluster, format *output.Format, o rollbackOptions) error {
	limited, cancel := limitReleases(ctx)
	defer cancel()
	plan, err := c.plan(limited)
	switch {
	case err != nil:
		return c.withRole(ctx, verdict.Classify(err), err, release.Rules())
	case plan == nil:
		return answered(verdict.ExitNotFound, fmt.Errorf("there is no Helm release %s in namespace %q", release.Application, c.Namespace))
	}
	var backups []release.Backup
	var failed error
	if o.backups {
		backups, failed = c.backups(ctx, o)
		plan.Match(backups, c.Namespace)
	}
	if ctx.Err() != nil {
		return answered(verdict.ExitInterrupted, ctx.Err())
	}
	where := c.where
	where.From = "" // it is run, and waited for, in a cluster
	doc := output.NewRollbackPlan(c.Place, where, a.time(), o.controller, plan, backups)
	code := verdict.Classify(failed)
	if failed == nil && !plan.Whole() {
		code = verdict.ExitFailed
	}
	if err := output.Write(a.Out, format, doc, a.view()); err != nil {
		return written(code, err)
	}
	if failed != nil {
		return c.withRole(ctx, code, fmt.Errorf("the backups are unknown: %w", failed), slices.Concat(release.Rules(), podexec.Rules()))
	}
	return answered(code, nil)
}

// mostBackups limits the backups for which more than the name is asked, the newest first:
// each takes a run of a playbook.
const mostBackups = 5

// backups asks the controller for the backups. Only commands that read are run.
func (c *cluster) backups(ctx context.Context, o rollbackOptions) ([]release.Backup, error) {
	const most = 1 << 20 // bytes of an answer
	pod := &podexec.Runner{Client: c.clients.Kube, Config: c.config, Namespace: c.Namespace, Deployment: o.controller, Limit: most}
	text, err := ask(ctx, pod, o.timeout, "list-backups")
	if err != nil {
		return nil, err
	}
	backups := []release.Backup{}
	for i, name := range release.BackupNames(text) {
		b := release.Backup{Name: name}
		if i >= mostBackups {
			b.Problem = fmt.Sprintf("only the newest %d were asked for", mostBackups)
			backups = append(backups, b)
			continue
		}
		text, err := ask(ctx, pod, o.timeout, "get-backup-metadatas", "-e", "backup_name="+name)
		if err == nil {
			var read release.Backup
			if read, err = release.ReadBackup(name, text); err == nil {
				b = read
			}
		}
		if err != nil {
			b.Problem = err.Error()
		}
		backups = append(backups, b)
	}
	return backups, nil
}

// ask runs a command in the controller's pod.
func ask(ctx context.Context, pod *podexec.Runner, timeout time.Duration, command ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("it did not finish within %s (--controller-timeout)", timeout))
	defer cancel()
	out, err := pod.Run(ctx, command)
	switch {
	case err != nil && verdict.Classify(err) != verdict.ExitError:
		return nil, err
	case err != nil:
		return nil, &podexec.GivenUpError{Err: err}
	case out.ExitCode != 0:
		return nil, fmt.Errorf("run %s in pod %s: %w", command[0], out.Pod, &podexec.ExitError{Code: out.ExitCode, Stdout: out.Stdout, Stderr: out.Stderr})
	}
	return out.Stdout, nil
}
