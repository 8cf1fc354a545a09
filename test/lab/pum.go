// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/standin/pum"
	"github.com/kubectl-tpe/kubectl-tpe/test/lab/tpe"
)

const pumExample = `  # Answer with half of the text, and exit code 0
  lab pum set '{answer: {cut: "50%"}}'

  # Answer well again
  lab pum set '{answer: {}}'

  # Let an entry be aborted
  lab pum entry 4 '{state: ABORTED, errorCounter: 3}'

  # How often was restart run?
  lab pum restarts`

func newPUMCmd() *cobra.Command {
	var namespace string
	cmd := &cobra.Command{
		Use:     "pum",
		Short:   "see and change what the PUM of a namespace knows and answers, while it runs",
		Example: pumExample,
	}
	cmd.PersistentFlags().StringVarP(&namespace, "namespace", "n", tpe.DefaultNamespace, "which namespace")
	// store opens the store, and does something with it.
	store := func(do func(*cobra.Command, pum.Store, []string) error) func(*cobra.Command, []string) error {
		return func(cmd *cobra.Command, args []string) error {
			n, err := newNode(cmd)
			if err != nil {
				return err
			}
			return do(cmd, tpe.PUM(n, namespace), args)
		}
	}
	cmd.AddCommand(
		&cobra.Command{
			Use: "show", Short: "print the state, as YAML", Args: cobra.NoArgs, RunE: store(showPUM),
		},
		&cobra.Command{
			Use: "set YAML", Short: "replace some of the state's keys, such as answer, restart, process, unready", Args: cobra.ExactArgs(1),
			RunE: store(func(_ *cobra.Command, s pum.Store, args []string) error {
				return s.Update(func(state *pum.State) error { return state.Replace([]byte(args[0])) })
			}),
		},
		&cobra.Command{
			Use: "entry UID YAML", Short: "change some keys of an entry", Args: cobra.ExactArgs(2),
			RunE: store(func(_ *cobra.Command, s pum.Store, args []string) error {
				uid, err := strconv.Atoi(args[0])
				if err != nil {
					return fmt.Errorf("uid %q: want a number", args[0])
				}
				return s.Update(func(state *pum.State) error { return state.Change(uid, []byte(args[1])) })
			}),
		},
		&cobra.Command{
			Use: "restarts", Short: "print how often restart was run", Args: cobra.NoArgs,
			RunE: store(func(cmd *cobra.Command, s pum.Store, _ []string) error {
				state, err := s.Read()
				if err == nil {
					_, err = fmt.Fprintln(cmd.OutOrStdout(), len(state.Restarts))
				}
				return err
			}),
		},
	)
	return cmd
}

func showPUM(cmd *cobra.Command, s pum.Store, _ []string) error {
	state, err := s.Read()
	if err != nil {
		return err
	}
	text, err := yaml.Marshal(state)
	if err != nil {
		return err
	}
	_, err = cmd.OutOrStdout().Write(text)
	return err
}
