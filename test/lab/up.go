// SPDX-License-Identifier: Apache-2.0

package main

import "github.com/spf13/cobra"

func newUpCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "up",
		Short: "build what is missing, bring the lab up or back up, and wait until it is ready",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			n, err := newNode(cmd)
			if err != nil {
				return err
			}
			return n.Up(cmd.Context())
		},
	}
}
