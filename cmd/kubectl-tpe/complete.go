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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
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

// completionPatience is how long somebody who pressed Tab may be left waiting.
const completionPatience = 800 * time.Millisecond

// addKubeCompletions completes the flags of all commands that say where to ask.
func (a *app) addKubeCompletions(cmd *cobra.Command) {
	must(cmd.RegisterFlagCompletionFunc("namespace", a.completeNamespaces))
	must(cmd.RegisterFlagCompletionFunc("context", a.completeContexts))
}

// completeNamespaces offers the namespaces that hold ThingPark Enterprise: those
// with a Deployment pum. Whoever may not ask that is offered the default.
func (a *app) completeNamespaces(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	c, err := a.cluster()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), completionPatience)
	defer cancel()
	list, err := c.clients.Kube.Deployments(metav1.NamespaceAll).List(ctx, metav1.ListOptions{
		FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, defaultPUM).String(),
	})
	if err != nil {
		return []string{c.Namespace}, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, d := range list.Items {
		names = append(names, d.Namespace)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

func (a *app) completeContexts(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	raw, err := a.kube.loader().RawConfig()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return slices.Sorted(maps.Keys(raw.Contexts)), cobra.ShellCompDirectiveNoFileComp
}
