// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newKubectlPathCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "kubectl-path",
		Short: "print the path of a kubectl: the one on PATH, else one that is built",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			n, err := newNode(cmd)
			if err != nil {
				return err
			}
			path, err := n.Kubectl(cmd.Context())
			if err == nil {
				fmt.Fprintln(cmd.OutOrStdout(), path)
			}
			return err
		},
	}
}
