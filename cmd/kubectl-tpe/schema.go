// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
	"github.com/kubectl-tpe/kubectl-tpe/schema"
)

func newSchemaCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "schema [KIND]",
		Short: "Print the JSON Schema of a document",
		Long: `Print the JSON Schema of a document that -o json writes. Without a KIND it lists
them: ` + strings.Join(schema.Kinds(), ", ") + `. No cluster is asked.

Fields are added in later versions, never renamed or removed.`,
		Example: `  # What does a program get from kubectl tpe status -o json?
  kubectl tpe schema status`,
		Args:      cobra.MaximumNArgs(1),
		ValidArgs: schema.Kinds(),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				_, err := fmt.Fprintln(a.Out, strings.Join(schema.Kinds(), "\n"))
				return written(verdict.ExitDone, err)
			}
			text, err := schema.Of(args[0])
			if err != nil {
				return answered(verdict.ExitUsage, err)
			}
			_, err = a.Out.Write(text)
			return written(verdict.ExitDone, err)
		},
	}
}
