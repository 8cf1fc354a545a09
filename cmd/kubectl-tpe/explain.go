// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

func newExplainCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "explain [WORD]",
		Short: "Explain a finding's code, a state, a check or an exit code",
		Long: `Explain a word of an answer: a finding's code, the state of an entry, a workload,
a job or a Helm release, a check of preflight or doctor, or an exit code. It says
what it means, what usually causes it and what to do. Without a word it lists all.
No cluster is asked.

With --from it explains the findings of a file: a recording, an archive or lists.`,
		Example: `  # What does this finding mean?
  kubectl tpe explain TPE111

  # Why did the pipeline stop with 5?
  kubectl tpe explain 5`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeWords,
		RunE: func(cmd *cobra.Command, args []string) error {
			if a.kept.path != "" {
				return a.explainKept(cmd.Context(), args)
			}
			if len(args) == 0 {
				topics, err := verdict.Topics()
				must(err)
				return written(verdict.ExitDone, output.WriteWords(a.Out, topics, a.view()))
			}
			return a.explain(args[0])
		},
	}
	a.addFrom(cmd, false)
	return cmd
}

// explainKept writes what the findings of a file mean, the gravest first.
func (a *app) explainKept(ctx context.Context, args []string) error {
	if len(args) > 0 {
		return errors.New("--from explains the findings of a file; do not give a WORD with it")
	}
	c, err := a.cluster(ctx)
	if err != nil {
		return answered(verdict.ExitError, err)
	}
	a.sayKept(c)
	v := verdict.Judge(c.keptSnapshot(verdict.GoalAll))
	var topics []verdict.Topic
	seen := map[verdict.Code]bool{}
	for _, f := range v.Findings {
		if !seen[f.Code] {
			found, err := verdict.Explain(string(f.Code))
			must(err)
			topics, seen[f.Code] = append(topics, found...), true
		}
	}
	if len(topics) == 0 {
		_, err := fmt.Fprintf(a.Out, "There is no finding in %s.\n", a.view().Line(c.kept.Path))
		return written(verdict.ExitDone, err)
	}
	return written(verdict.ExitDone, output.WriteExplanations(a.Out, topics, a.view()))
}

// explain writes all that a word means.
func (a *app) explain(word string) error {
	topics, err := verdict.Explain(word)
	must(err)
	if len(topics) == 0 {
		return &exitError{
			code: verdict.ExitUsage, err: fmt.Errorf("there is no explanation of %q", word),
			hint: "kubectl tpe explain lists all words",
		}
	}
	return written(verdict.ExitDone, output.WriteExplanations(a.Out, topics, a.view()))
}

// completeWords offers all words, with what they mean.
func completeWords(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	topics, err := verdict.Topics()
	must(err)
	var words []cobra.Completion
	for _, topic := range topics {
		for _, e := range topic.Explanations {
			if len(args) == 0 {
				words = append(words, cobra.CompletionWithDesc(e.Word, e.Brief))
			}
		}
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}
