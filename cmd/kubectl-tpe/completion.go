// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// addCompletionCmd adds cobra's command completion, and what it takes so that
// kubectl completes the plugin's words.
func addCompletionCmd(cmd *cobra.Command, a *app) {
	cmd.InitDefaultCompletionCmd()
	for _, c := range cmd.Commands() {
		if c.Name() == "completion" {
			c.AddCommand(newCompletionKubectlCmd(a))
		}
	}
}

func newCompletionKubectlCmd(a *app) *cobra.Command {
	var remove bool
	cmd := &cobra.Command{
		Use:   "kubectl",
		Short: "Let kubectl complete the words after kubectl tpe",
		Long: `Let kubectl complete the words after kubectl tpe, in every shell in which it
completes its own. It needs kubectl 1.26 or newer.

kubectl looks for a program ` + completer + ` on PATH. This links that name to
the plugin, beside it, and says where.`,
		Example: `  # Once
  kubectl tpe completion kubectl

  # Undo it
  kubectl tpe completion kubectl --remove`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			link, err := newCompleterLink(runtime.GOOS)
			if err != nil {
				return answered(verdict.ExitError, err)
			}
			act := link.make
			if remove {
				act = link.remove
			}
			said, err := act()
			if err != nil {
				return answered(verdict.ExitError, err)
			}
			_, err = fmt.Fprintln(a.Out, output.Safe(said))
			return write(verdict.ExitDone, err)
		},
	}
	cmd.Flags().BoolVar(&remove, "remove", false, "take the link away")
	return cmd
}

// A completerLink leads from the name that kubectl looks for to the plugin. On
// Windows, where links need a privilege, it is a batch file.
type completerLink struct {
	path   string
	target string // beside it
	batch  string // what a batch file says; empty for a link
}

// newCompleterLink returns the link beside the plugin that is found on PATH, as
// kubectl finds it.
func newCompleterLink(system string) (completerLink, error) {
	plugin, err := exec.LookPath("kubectl-tpe")
	if err != nil {
		return completerLink{}, fmt.Errorf("find the plugin, to link %s to it: %w", completer, err)
	}
	l := completerLink{path: filepath.Join(filepath.Dir(plugin), completer), target: filepath.Base(plugin)}
	if system == "windows" {
		l.path += ".cmd"
		l.batch = "@\"%~dp0" + l.target + "\" " + cobra.ShellCompRequestCmd + " %*\r\n"
	}
	return l, nil
}

// there reports whether the link is there. Something else under its name is an
// error: it is not ours.
func (l completerLink) there() (bool, error) {
	want, found, err := l.target, "", error(nil)
	if l.batch == "" {
		found, err = os.Readlink(l.path)
	} else {
		var text []byte
		text, err = os.ReadFile(l.path)
		want, found = l.batch, string(text)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil || found != want:
		return false, fmt.Errorf("%s is there, and was not made by this plugin: move it away", l.path)
	}
	return true, nil
}

func (l completerLink) make() (string, error) {
	switch there, err := l.there(); {
	case err != nil:
		return "", err
	case there:
		return l.path + " is there already", nil
	}
	var err error
	if l.batch != "" {
		err = os.WriteFile(l.path, []byte(l.batch), 0o755)
	} else {
		err = os.Symlink(l.target, l.path)
	}
	return "made " + l.path, err
}

func (l completerLink) remove() (string, error) {
	switch there, err := l.there(); {
	case err != nil:
		return "", err
	case !there:
		return "there is no " + l.path, nil
	}
	return "removed " + l.path, os.Remove(l.path)
}
