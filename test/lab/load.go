// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/tpe"
)

func newLoadCmd() *cobra.Command {
	var options tpe.Options
	cmd := &cobra.Command{
		Use:   "load SCENARIO",
		Short: "make a namespace hold ThingPark Enterprise in some condition, in place of what it held",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := newNode(cmd)
			if err != nil {
				return err
			}
			options.Importer, options.Kubeconfig = n, n.Kubeconfig()
			options.Scenario, options.Log = args[0], cmd.ErrOrStderr()
			start := time.Now()
			if err := tpe.Load(cmd.Context(), options); err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "loaded in %s\n", time.Since(start).Round(100*time.Millisecond))
			return nil
		},
	}
	cmd.Flags().StringVarP(&options.Namespace, "namespace", "n", tpe.DefaultNamespace, "which namespace; it is made if it is not there")
	cmd.Flags().StringVar(&options.Set, "set", "", "which workloads: pum, small or full; the scenario's own by default")
	cmd.Flags().BoolVar(&options.Wait, "wait", false, "wait until the scenario has begun: as a rule, until PUM can be asked")
	return cmd
}

func newScenariosCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "scenarios",
		Short: "list what can be loaded",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			scenarios, err := tpe.Scenarios()
			if err != nil {
				return err
			}
			table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 3, ' ', 0)
			fmt.Fprintln(table, "NAME\tSET\tRELEASE\tDESCRIPTION")
			for _, s := range scenarios {
				fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", s.Name, s.Set, s.Release, s.Description)
			}
			return table.Flush()
		},
	}
}
