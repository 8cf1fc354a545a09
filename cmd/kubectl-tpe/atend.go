// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
)

// atEnd is what happens at the end of a wait, besides the answer.
type atEnd struct {
	notify bool
	exec   string
}

func (e *atEnd) add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&e.notify, "notify", false, "at the end, ring the bell and send the terminal's notification")
	cmd.Flags().StringVar(&e.exec, "exec", "", "at the end, run this command in a shell, with the verdict in its environment")
	markFlag(cmd.Flags(), "notify", ofOneInstallation)
	markFlag(cmd.Flags(), "exec", ofOneInstallation)
}

// run notifies and runs the command, unless the wait was interrupted: then somebody is present,
// or the pipeline is to stop. An error does not change the verdict.
func (e *atEnd) run(ctx context.Context, a *app, doc *output.Status) {
	if ctx.Err() != nil {
		return
	}
	if view := a.errView(); e.notify && view.Terminal {
		_ = output.Notify(a.ErrOut, view, "ThingPark Enterprise "+doc.Summary()) // the answer was given
	}
	if e.exec == "" {
		return
	}
	err := e.command(ctx, a, doc).Run()
	switch failed := (*exec.ExitError)(nil); {
	case errors.Is(err, exec.ErrWaitDelay): // it left something behind that goes on
	case errors.As(err, &failed) && failed.ExitCode() >= 0:
		fmt.Fprintf(a.ErrOut, "--exec: the command ended with exit code %d; the verdict stays %s\n", failed.ExitCode(), doc.Outcome)
	case err != nil:
		fmt.Fprintf(a.ErrOut, "--exec: the command did not run to its end: %s\n", a.errView().Line(err.Error()))
	}
}

// command returns the command of --exec. What it prints goes to standard error: standard output
// is the answer's. Its environment holds words of ours, names of the kubeconfig and numbers,
// nothing that a pod printed.
func (e *atEnd) command(ctx context.Context, a *app, doc *output.Status) *exec.Cmd {
	shell := []string{"sh", "-c"}
	if runtime.GOOS == "windows" {
		shell = []string{"cmd", "/C"}
	}
	cmd := exec.CommandContext(ctx, shell[0], shell[1], e.exec) //nolint:gosec // what the user asked for
	cmd.Stdout, cmd.Stderr = a.ErrOut, a.ErrOut
	cmd.WaitDelay = time.Second // what it starts in the background may keep them open for long
	cmd.Env = append(os.Environ(),
		"KUBECTL_TPE_OUTCOME="+string(doc.Outcome),
		"KUBECTL_TPE_EXIT_CODE="+strconv.Itoa(int(doc.ExitCode)),
		"KUBECTL_TPE_NAMESPACE="+output.Line(doc.Namespace),
		"KUBECTL_TPE_CONTEXT="+output.Line(doc.Context),
		"KUBECTL_TPE_SUMMARY="+doc.Summary(),
	)
	return cmd
}
