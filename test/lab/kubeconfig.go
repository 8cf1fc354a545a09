// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newKubeconfigCmd() *cobra.Command {
	var user string
	var groups []string
	cmd := &cobra.Command{
		Use:   "kubeconfig",
		Short: "print the path of a kubeconfig: the administrator's, or another user's",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			n, err := newNode(cmd)
			if err != nil {
				return err
			}
			path, err := n.AdminKubeconfig()
			if user != "" {
				path, err = n.UserKubeconfig(user, groups...)
			}
			if err == nil {
				fmt.Fprintln(cmd.OutOrStdout(), path)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&user, "user", "", "a user who has no rights but those that RBAC gives to this name")
	cmd.Flags().StringSliceVar(&groups, "group", nil, "a group of that user; may be repeated")
	return cmd
}
