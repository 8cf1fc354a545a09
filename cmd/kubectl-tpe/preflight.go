// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kube"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// preflightOptions say from which release to which.
type preflightOptions struct {
	from, to releaseFlag
	manifest string
}

func newPreflightCmd(a *app) *cobra.Command {
	var format output.Format
	var flags pumFlags
	var options preflightOptions
	cmd := &cobra.Command{
		Use:   "preflight --to RELEASE",
		Short: "Check whether this installation can be upgraded to a release",
		Long: `Check whether this installation can be upgraded to a release of ThingPark
Enterprise: the vendor's upgrade path, Kubernetes' version, the Helm releases,
workloads, operators, entries and claims, the rights of this account, and whether
Helm on this machine knows the vendor's charts. Nothing is changed.

The plugin knows what is public about the releases up to 8.0.2. Where nothing is
public, the check warns.

Exit codes:
  0  it can be upgraded
  3  a check failed
  4  not authenticated or not authorized
  5  PUM could not be asked
  9  it can be upgraded, with warnings, and --fail-on=warning was given`,
		Example: `  # Can this be upgraded?
  kubectl tpe preflight --to 8.0.0`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			given, err := readManifest(cmd.Context(), options.manifest)
			if err != nil {
				return err
			}
			c, err := a.cluster(cmd.Context())
			if err != nil {
				return answered(verdict.ExitError, err)
			}
			return a.preflight(cmd.Context(), c, &format, flags, options, given)
		},
	}
	addOutputFlag(cmd, &format)
	a.failOn.add(cmd)
	options.add(cmd)
	flags.add(cmd)
	return cmd
}

func (o *preflightOptions) add(cmd *cobra.Command) {
	cmd.Flags().Var(&o.to, "to", "release of ThingPark Enterprise to upgrade to, such as 8.0.0")
	must(cmd.MarkFlagRequired("to"))
	cmd.Flags().Var(&o.from, "from-release", "release that is installed; by default what the Helm releases say")
	cmd.Flags().StringVar(&o.manifest, "manifest", "", "Release Manifest of --to, the file VERSIONS, if it is newer than this plugin")
	for _, flag := range []string{"to", "from-release"} {
		completeFixed(cmd, flag, knownReleases())
	}
}

// knownReleases names the releases of which something is public, the newest first.
func knownReleases() []string {
	var names []string
	for _, v := range release.Releases() {
		names = append(names, v.String())
	}
	slices.Reverse(names)
	return names
}

// A releaseFlag is a release of ThingPark Enterprise as a flag.
type releaseFlag struct{ *release.Version }

func (v *releaseFlag) Set(value string) error {
	parsed, err := release.ParseVersion(strings.TrimSpace(value))
	v.Version = &parsed
	return err
}

func (v *releaseFlag) String() string {
	if v.Version == nil {
		return ""
	}
	return v.Version.String()
}

func (v *releaseFlag) Type() string { return "release" }

// preflight checks everything once and writes the checklist.
func (a *app) preflight(ctx context.Context, c *cluster, format *output.Format, flags pumFlags, options preflightOptions, given *release.Manifest) error {
	p := &verdict.Preflight{From: options.from.Version, To: *options.to.Version, Manifest: given, Rights: upgradeRights()}
	var all sync.WaitGroup
	all.Go(func() { p.Snapshot = a.observe(ctx, c, flags) })
	all.Go(func() { a.observeUpgrade(ctx, c, p) })
	all.Wait()
	list, steps := p.Judge(a.failOn.level)
	doc := output.NewPreflight(c.Place, p.ObservedAt, p.To, steps, list)
	return a.answer(ctx, c, list.ExitCode, format, doc, slices.Concat(readiness.Rules(), pum.Rules(), release.Rules()))
}

// observeUpgrade observes what matters only before an upgrade.
func (a *app) observeUpgrade(ctx context.Context, c *cluster, p *verdict.Preflight) {
	var all sync.WaitGroup
	all.Go(func() {
		s, err := a.server(ctx, c)
		if p.KubernetesErr = err; err == nil {
			p.KubernetesMinor, p.KubernetesErr = s.minor, s.versionErr
		}
	})
	all.Go(func() { p.Claims, p.ClaimsErr = claims(ctx, c.clients.Kube, c.Namespace) })
	all.Go(func() { c.review(ctx, p.Rights) })
	p.Repository, p.RepositoryErr = helmRepository()
	all.Wait()
}

// claims reads the claims and, if this account can read those, the pods that use them and the
// events about them.
func claims(ctx context.Context, client *kube.Client, namespace string) ([]verdict.Claim, error) {
	list, err := client.PersistentVolumeClaims(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	pods, err := client.Pods(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		pods = nil // then each claim counts as used
	}
	var events []corev1.Event
	if found, err := client.Events(namespace).List(ctx, metav1.ListOptions{FieldSelector: "involvedObject.kind=PersistentVolumeClaim"}); err == nil {
		events = found.Items
	}
	return verdict.Claims(list.Items, pods, events), nil
}

// helmRepository returns the name under which Helm on this machine knows the vendor's
// charts, or nothing.
func helmRepository() (string, error) {
	file := helmRepositories()
	if file == "" {
		return "", errors.New("where Helm keeps its list of repositories is unknown: HOME is not set")
	}
	list, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	name, err := release.Repository(list)
	if err != nil {
		return "", fmt.Errorf("%s: %w", file, err)
	}
	return name, nil
}

// helmRepositories is where Helm keeps its list, by its own rules. It is empty without a home
// folder: a file in the current folder is not Helm's.
func helmRepositories() string {
	const name = "repositories.yaml"
	if file := os.Getenv("HELM_REPOSITORY_CONFIG"); file != "" {
		return file
	}
	if dir := os.Getenv("HELM_CONFIG_HOME"); dir != "" {
		return filepath.Join(dir, name)
	}
	if dir := os.Getenv("XDG_CONFIG_HOME"); dir != "" {
		return filepath.Join(dir, "helm", name)
	}
	home, _ := os.UserHomeDir()
	if runtime.GOOS == "windows" {
		home = os.Getenv("APPDATA")
	}
	switch {
	case home == "":
		return ""
	case runtime.GOOS == "windows":
		return filepath.Join(home, "helm", name)
	case runtime.GOOS == "darwin":
		return filepath.Join(home, "Library", "Preferences", "helm", name)
	}
	return filepath.Join(home, ".config", "helm", name)
}
