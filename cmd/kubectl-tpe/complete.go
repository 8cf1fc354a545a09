// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// completer is the name under which kubectl, since 1.26, calls a plugin for
// completions, with the words after the plugin's name (k8s.io/kubectl/pkg/cmd,
// plugin_completion.go). The plugin may be linked to it.
const completer = "kubectl_complete-tpe"

// arguments are what is to be done: what was asked for, or to complete it.
func arguments(program string, args []string) []string {
	name := strings.TrimSuffix(filepath.Base(program), ".exe")
	if name == completer {
		return append([]string{cobra.ShellCompRequestCmd}, args...)
	}
	return args
}

// Limits of a completion: somebody pressed Tab and waits. Requests to the API server end at the
// first. The completion ends at the second in any case: a credential plugin that hangs does not
// know the first.
const (
	completionPatience = 800 * time.Millisecond
	completionLimit    = time.Second
)

// complete returns a completion by names in a cluster, or an empty one if the cluster does not
// answer in time.
func (a *app) complete(values func(ctx context.Context, c *cluster, args []string) []string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(cmd.Context(), completionPatience)
		defer cancel()
		found := make(chan []string, 1)
		go func() {
			var names []string
			if c, err := a.cluster(ctx); err == nil {
				names = values(ctx, c, args)
			}
			found <- names
		}()
		const only = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
		select {
		case names := <-found:
			return names, only
		case <-time.After(completionLimit):
			return nil, only
		}
	}
}

// completeFlag completes a flag by names in a cluster.
func (a *app) completeFlag(cmd *cobra.Command, flag string, values func(ctx context.Context, c *cluster, args []string) []string) {
	must(cmd.RegisterFlagCompletionFunc(flag, a.complete(values)))
}

// completeFixed completes a flag by values that are known.
func completeFixed(cmd *cobra.Command, flag string, values []string) {
	must(cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveKeepOrder)))
}

// completeList completes the last value of a flag that takes several with commas between them.
func completeList(cmd *cobra.Command, flag string, values []string) {
	must(cmd.RegisterFlagCompletionFunc(flag, func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		return listsOf(values, typed), cobra.ShellCompDirectiveNoFileComp
	}))
}

// listsOf returns what a list with commas can be with one more of the values that it does not
// have.
func listsOf(values []string, typed string) []string {
	before := typed[:strings.LastIndex(typed, ",")+1]
	var lists []string
	for _, value := range values {
		if !slices.Contains(strings.Split(before, ","), value) {
			lists = append(lists, before+value)
		}
	}
	return lists
}

// offerNoFiles has the shell offer no files as arguments: no command takes one.
func offerNoFiles(cmd *cobra.Command) {
	if cmd.ValidArgsFunction == nil && len(cmd.ValidArgs) == 0 {
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
	for _, sub := range cmd.Commands() {
		offerNoFiles(sub)
	}
}

// addKubeCompletions completes the flags of all commands that say where to ask.
func (a *app) addKubeCompletions(cmd *cobra.Command) {
	a.completeFlag(cmd, "namespace", namespaces)
	must(cmd.RegisterFlagCompletionFunc("context", a.completeContexts))
}

// namespaces returns the namespaces that hold ThingPark Enterprise: those with a Deployment
// pum. An account that is not authorized to list them gets the default.
func namespaces(ctx context.Context, c *cluster, _ []string) []string {
	names, err := c.withPUM(ctx, defaultPUM)
	if err != nil {
		return []string{c.Namespace}
	}
	return names
}

func (a *app) completeContexts(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	raw, err := a.kube.loader().RawConfig()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return slices.Sorted(maps.Keys(raw.Contexts)), cobra.ShellCompDirectiveNoFileComp
}
