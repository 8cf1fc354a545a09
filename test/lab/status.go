// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

func newStatusCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "print what runs; fails unless all does",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			n, err := newNode(cmd)
			if err != nil {
				return err
			}
			components, err := n.Status(cmd.Context())
			if err != nil {
				return err
			}
			table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 3, ' ', 0)
			fmt.Fprintln(table, "COMPONENT\tSTATE\tPID")
			stopped := 0
			for _, c := range components {
				if c.PID == 0 {
					stopped++
					fmt.Fprintf(table, "%s\tstopped\t-\n", c.Name)
					continue
				}
				fmt.Fprintf(table, "%s\trunning\t%d\n", c.Name, c.PID)
			}
			if err := table.Flush(); err != nil {
				return err
			}
			if stopped > 0 {
				return errors.New("not all components run; lab up repairs it")
			}
			return n.Ready(cmd.Context())
		},
	}
}
