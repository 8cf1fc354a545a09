// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/node"
)

func newStartCmd() *cobra.Command {
	return newComponentCmd("start", "start a component that was stopped", (*node.Node).Start)
}

func newStopCmd() *cobra.Command {
	return newComponentCmd("stop", "ask a component to end, and wait until it has", (*node.Node).Stop)
}

func newKillCmd() *cobra.Command {
	return newComponentCmd("kill", "end a component at once", (*node.Node).Kill)
}

func newComponentCmd(verb, short string, do func(*node.Node, context.Context, string) error) *cobra.Command {
	return &cobra.Command{
		Use:   verb + " COMPONENT",
		Short: short + ": etcd, kube-apiserver, kubelet, containerd, …",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := newNode(cmd)
			if err != nil {
				return err
			}
			return do(n, cmd.Context(), args[0])
		},
	}
}
