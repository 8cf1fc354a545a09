// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kube"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// An exitError carries the exit code of a command that ran. Its error is nil
// if the answer itself says everything.
type exitError struct {
	code verdict.ExitCode
	err  error
	hint string // what to do, where the command knows: lines of our own
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// errInterrupted is said where a command was cancelled, in whatever words that came.
var errInterrupted = errors.New("interrupted before there was an answer")

// answer writes a document, unless the command was interrupted before it was whole. Where the
// account is not authorized, it says which of the rules are missing.
func (a *app) answer(ctx context.Context, c *cluster, code verdict.ExitCode, format *output.Format, doc output.Document, rules []rbacv1.PolicyRule) error {
	if ctx.Err() != nil {
		return answered(verdict.ExitInterrupted, ctx.Err())
	}
	if err := output.Write(a.Out, format, doc, a.view()); err != nil {
		return written(code, err)
	}
	return c.withRole(ctx, code, nil, rules)
}

// report prints the error of a command, once, and returns the exit code.
// An error that is not an exitError is cobra's, about the command line.
func (a *app) report(cmd *cobra.Command, err error) verdict.ExitCode {
	var exit *exitError
	switch {
	case err == nil:
		return verdict.ExitDone
	case !errors.As(err, &exit):
		exit = &exitError{code: verdict.ExitUsage, err: err}
	case errors.Is(err, context.Canceled):
		exit = &exitError{code: verdict.ExitInterrupted, err: errInterrupted}
	}
	view := a.errView()
	if exit.err != nil {
		fmt.Fprintf(a.ErrOut, "error: %s\n", view.Line(exit.err.Error()))
		a.annotate.error(exit.err.Error())
	}
	if hint := cmp.Or(exit.hint, hintFor(cmd, exit)); hint != "" {
		fmt.Fprintf(a.ErrOut, "hint: %s\n", view.Safe(hint))
	}
	return exit.code
}

// hintFor says what to do about an error, where we know.
func hintFor(cmd *cobra.Command, exit *exitError) string {
	var plugin *pluginError
	var notKept *verdict.NotKeptError
	switch {
	case exit.err == nil, errors.As(exit.err, &notKept):
		return "" // the answer or the error itself says everything
	case errors.As(exit.err, &plugin):
		return plugin.installHint
	case exit.code == verdict.ExitUsage:
		return "see " + cmd.CommandPath() + " --help"
	case exit.code == verdict.ExitNotFound:
		return "is ThingPark Enterprise installed in another namespace? use -n"
	case kube.NotLoggedIn(exit.err):
		return "the credentials of this context are not accepted; log in again, or use --context"
	}
	return ""
}
