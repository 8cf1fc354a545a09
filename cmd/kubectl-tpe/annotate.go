// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
)

// annotate is the flag that says for which CI system findings are marked in the job's log.
type annotate struct {
	system output.Annotations
	out    io.Writer // standard error itself, where annotations go
}

// add adds the flag. For GitHub, everything else is written so that its runner finds no
// command in it.
func (n *annotate) add(cmd *cobra.Command, a *app) {
	cmd.Flags().Var(&n.system, "annotate", "mark findings in the log of a CI job: github or gitlab")
	completeFixed(cmd, "annotate", output.AnnotationSystems())
	markFlag(cmd.Flags(), "annotate", ofOneInstallation)
	cmd.PreRun = func(*cobra.Command, []string) {
		n.out = a.ErrOut
		if n.system == output.GitHubAnnotations {
			a.Out, a.ErrOut = output.Inert(a.Out), output.Inert(a.ErrOut)
		}
	}
}

// status marks the findings of a verdict. If they cannot be written, the exit code stays the
// same.
func (n *annotate) status(doc *output.Status) {
	if n.system != "" {
		_ = n.system.Status(n.out, doc)
	}
}

// error marks the error with which a command ends.
func (n *annotate) error(text string) {
	if n.system != "" && n.out != nil {
		_ = n.system.Error(n.out, text)
	}
}
