// SPDX-License-Identifier: Apache-2.0

package main

import "github.com/spf13/cobra"

func newDownCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "down",
		Short: "remove the lab and all that it left on the machine",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			n, err := newNode(cmd)
			if err != nil {
				return err
			}
			return n.Down(cmd.Context())
		},
	}
}
