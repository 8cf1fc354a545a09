// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kube"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// An app holds what the commands need from outside. There are no package
// variables.
type app struct {
	genericiooptions.IOStreams
	now   func() time.Time // this machine's time
	clock *kube.Clock      // of the API server that is asked; nil if none is
	kube  kubeFlags
	kept  keptFlags

	record recordFlags

	patience patience // with an API server that says nothing

	// observe observes a namespace once; observeOnce where it is nil.
	observe func(context.Context, *cluster, pumFlags) verdict.Snapshot

	look     viewFlags
	failOn   failOn
	annotate annotate
	notice   *notice // nil if nobody would see it
	restore  func()  // gives the terminal back as it was; may be nil
}

// time returns the API server's time, as far as it is known: what is dated there is as old
// as that says.
func (a *app) time() time.Time { return a.clock.At(a.now()) }

func newRootCmd(a *app) *cobra.Command {
	var showVersion bool
	cmd := &cobra.Command{
		Use:   "kubectl-tpe",
		Short: "Show whether an upgrade of ThingPark Enterprise is over and good",
		Long: `Show whether an upgrade of ThingPark Enterprise is over, whether it is good,
and if not, what to do next.

Exit codes, the same for every command and output format:
  0    every workload ready, every entry PROCESSED or SKIPPED, no job failed
  1    could not ask, or could not understand
  2    the command line is wrong; nothing was asked
  3    an entry is ABORTED, a job failed permanently, or a workload cannot recover by itself
  4    not authenticated or not authorized; says which rights are missing
  5    PUM could not be asked, or its answer is incomplete
  6    no such namespace, deployment or job
  7    a restart was sent, and nothing proves that PUM took it
  8    asked and answered: not over yet
  9    done, with warnings, and --fail-on=warning was given
  124  out of time; not over yet
  130  Ctrl-C, or a signal to end; what was known is shown`,
		Example: `  # Is the upgrade over?
  kubectl tpe status

  # Wait until it is
  kubectl tpe wait

  # What does this finding mean?
  kubectl tpe explain TPE111`,
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl tpe"},
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if showVersion {
				return a.version(&output.Format{})
			}
			return cmd.Help()
		},
	}
	cmd.Flags().BoolVar(&showVersion, "version", false, "show the version of this plugin")
	if a.patience == (patience{}) {
		a.patience = defaultPatience
	}
	if a.observe == nil {
		a.observe = a.observeOnce
	}
	cmd.SetIn(a.In)
	cmd.SetOut(a.Out)
	cmd.SetErr(a.ErrOut)
	a.addKubeFlags(cmd)
	a.addKubeCompletions(cmd)
	a.look.add(cmd)
	addLogFlag(cmd, a)
	cmd.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		startLog(cmd)
		if err := checkFlags(cmd.Flags()); err != nil {
			return err
		}
		return a.kube.check(cmd.Flags())
	}
	addCommands(cmd, a)
	return cmd
}

// addCommands adds all commands in groups, the most used first.
func addCommands(root *cobra.Command, a *app) {
	cobra.EnableCommandSorting = false
	add := func(title string, commands ...*cobra.Command) {
		root.AddGroup(&cobra.Group{ID: title, Title: title})
		for _, cmd := range commands {
			cmd.GroupID = title
			root.AddCommand(cmd)
		}
	}
	const other = "Other:"
	add("Watch an upgrade:", newStatusCmd(a), newWaitCmd(a), newLogsCmd(a), newPUMCmd(a), newRecordCmd(a))
	add("Before it:", newPreflightCmd(a), newUpgradePlanCmd(a), newValuesCmd(a), newDoctorCmd(a))
	add("After it, or if it went wrong:", newReportCmd(a), newReleasesCmd(a), newRollbackPlanCmd(a), newDiffCmd(a), newExplainCmd(a))
	add(other, newVersionCmd(a), newSchemaCmd(a))
	root.SetCompletionCommandGroupID(other)
	addCompletionCmd(root, a)
	root.SetHelpCommand(newHelpCmd())
	root.SetHelpCommandGroupID(other)
	offerNoFiles(root)
}

// addKubeFlags adds kubectl's own flags. Help shows those that people use
// here; the others work, too.
func (a *app) addKubeFlags(cmd *cobra.Command) {
	a.kube.add(cmd.PersistentFlags())
	cmd.PersistentFlags().VisitAll(func(f *pflag.Flag) {
		markFlag(cmd.PersistentFlags(), f.Name, kubectlFlag)
		switch f.Name {
		case "namespace":
			f.Usage = "namespace of ThingPark Enterprise; by default that of the context, else " + defaultNamespace
		case "context", "kubeconfig":
		default:
			f.Hidden = true
		}
	})
}

// newHelpCmd is cobra's command help, which says of a command that is none what its
// arguments are, and ends with exit code 0.
func newHelpCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Help about any command",
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) (names []string, _ cobra.ShellCompDirective) {
			found, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			for _, c := range found.Commands() {
				if c.IsAvailableCommand() {
					names = append(names, c.Name()+"\t"+c.Short)
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return fmt.Errorf("unknown command %q for %q", strings.Join(args, " "), cmd.Root().CommandPath())
			}
			found.InitDefaultHelpFlag()
			return found.Help()
		},
	}
}

// noArgs refuses arguments. cobra would call the first one an unknown command, which does not help
// those who write what kubectl takes, as in logs job/pum-process.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return fmt.Errorf("%s takes flags only, not %q", cmd.CommandPath(), args[0])
}

// answered turns the result of a command into what report takes: errors of
// commands are told apart from cobra's, which are all about usage.
func answered(code verdict.ExitCode, err error) error {
	if code == verdict.ExitDone && err == nil {
		return nil
	}
	return &exitError{code: code, err: err}
}

// written takes the error of writing an answer and returns the exit code of its
// verdict. An answer that could not be written was not given, but a reader who
// has gone has seen enough.
func written(code verdict.ExitCode, err error) error {
	if err != nil && !readerGone(err) {
		return answered(verdict.ExitError, errors.New("write the answer: "+err.Error()))
	}
	return answered(code, nil)
}

// addOutputFlag adds -o.
func addOutputFlag(cmd *cobra.Command, format *output.Format) {
	cmd.Flags().VarP(format, "output", "o", "wide, json, yaml, name, jsonpath=… or custom-columns=…")
	completeFixed(cmd, "output", output.Formats())
}

// must stops on mistakes that only a programmer can make.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
