// SPDX-License-Identifier: Apache-2.0

package main

import "github.com/spf13/cobra"

func newBuildCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "build",
		Short: "only build what up needs, into the cache",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			n, err := newNode(cmd)
			if err != nil {
				return err
			}
			return n.Build(cmd.Context())
		},
	}
}
