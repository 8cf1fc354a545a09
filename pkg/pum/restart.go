// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kube"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/podexec"
)

// RestartCommands returns the command lines that run the post-upgrade procedure again,
// in the order in which to try them, where a command printed the entries: reading, which is
// harmless, has shown which of its spellings an image has. Of a command that we
// do not know, nothing follows.
func RestartCommands(status []string) [][]string {
	var commands [][]string
	for _, s := range spellings {
		if slices.Equal(s.status, status) {
			return [][]string{s.restart}
		}
		commands = append(commands, s.restart)
	}
	return commands
}

// Restart has PUM run the post-upgrade procedure again.
//
// It is sent at most once. The next spelling is tried only where something shows that
// the one before did not run (RanNot); after anything else it is not known whether PUM
// saw it, and asking for the entries is the safe way to find out. What the
// command prints and how it ends is not documented: it proves nothing, and is
// returned to be shown. The error is ErrNoAnswer if none ran.
func (c *Client) Restart(ctx context.Context, commands [][]string) (podexec.Output, error) {
	var failed []Attempt
	for _, command := range commands {
		out, err := c.Runner.Run(ctx, command)
		switch {
		case out.Command == nil:
			return out, unasked(err) // nothing was run
		case apierrors.IsForbidden(err), kube.NotLoggedIn(err):
			return out, err // nor will another be
		case out.Ran != podexec.RanNot && err != nil:
			return out, fmt.Errorf("run %q: %w", strings.Join(command, " "), err)
		case out.Ran != podexec.RanNot:
			return out, nil
		case err == nil:
			err = &podexec.ExitError{Code: out.ExitCode, Stdout: out.Stdout, Stderr: out.Stderr}
		}
		failed = append(failed, Attempt{command, out.Pod, err})
	}
	return podexec.Output{Ran: podexec.RanNot}, fmt.Errorf("%w: %w", ErrNoAnswer, &UnansweredError{failed})
}

// RunAgain returns the entries that PUM may run again after a restart: the
// aborted ones and those that are not final. What PUM really does is not
// documented beyond "execute again the post-upgrade procedure".
func RunAgain(entries []Entry) []Entry {
	var again []Entry
	for _, e := range entries {
		if e.State == StateAborted || !e.Final {
			again = append(again, e)
		}
	}
	return again
}
