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
	"strings"

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
			c.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() } // so that an unknown shell is an error
		}
	}
}

func newCompletionKubectlCmd(a *app) *cobra.Command {
	var remove bool
	cmd := &cobra.Command{
		Use:   "kubectl",
		Short: "Let kubectl complete the words after kubectl tpe",
		Long: `Let kubectl complete the words after kubectl tpe, in every shell in which it
completes its own commands. It needs kubectl 1.26 or newer.

kubectl looks for a program ` + completer + ` on PATH. This command links that
name to the plugin and prints where: beside the plugin, or, if krew installed the
plugin, in another folder of PATH, because krew takes every link in its own folder
for a plugin. After krew uninstall tpe the link is broken and does nothing.

On Windows kubectl cannot do this; use kubectl-tpe completion powershell.`,
		Example: `  # Once
  kubectl tpe completion kubectl

  # Undo it
  kubectl tpe completion kubectl --remove`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			act := linkCompleter
			if remove {
				act = unlinkCompleter
			}
			said, err := act(runtime.GOOS)
			if err != nil {
				return answered(verdict.ExitError, err)
			}
			_, err = fmt.Fprintln(a.Out, output.Safe(said))
			return written(verdict.ExitDone, err)
		},
	}
	cmd.Flags().BoolVar(&remove, "remove", false, "remove the link")
	return cmd
}

// linkCompleter links the name that kubectl looks for to the plugin, and says where.
func linkCompleter(system string) (string, error) {
	if system == "windows" {
		return "", errors.New("on Windows the words of a plugin cannot be completed through kubectl; " +
			"kubectl-tpe completion powershell prints completion for kubectl-tpe itself")
	}
	plugin, err := exec.LookPath("kubectl-tpe")
	if err != nil {
		return "", fmt.Errorf("find the plugin, to link %s to it: %w", completer, err)
	}
	switch link, err := findCompleter(plugin); {
	case err != nil:
		return "", err
	case link != "":
		return link + " already exists", nil
	}
	for _, folder := range completerFolders(plugin) {
		link := filepath.Join(folder, completer)
		err := os.Symlink(plugin, link)
		if err == nil {
			return "created " + link, nil
		}
		if errors.Is(err, fs.ErrExist) {
			return "", fmt.Errorf("%s already exists and does not lead to this plugin; move it away", link)
		}
	}
	return "", fmt.Errorf("no folder of PATH can be written; link %s to %s in one of them", completer, plugin)
}

// unlinkCompleter removes what linkCompleter made, and says from where.
func unlinkCompleter(string) (string, error) {
	plugin, err := exec.LookPath("kubectl-tpe")
	if err != nil {
		return "", fmt.Errorf("find the plugin that %s leads to: %w", completer, err)
	}
	switch link, err := findCompleter(plugin); {
	case err != nil:
		return "", err
	case link == "":
		return "there is no " + completer + " on PATH", nil
	default:
		return "removed " + link, os.Remove(link)
	}
}

// findCompleter returns the link to the plugin that kubectl would find, or nothing if there
// is no link. Anything else of that name is an error: it is not ours.
func findCompleter(plugin string) (string, error) {
	path, err := exec.LookPath(completer)
	if errors.Is(err, exec.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	link, err := os.Lstat(path)
	if err != nil {
		return "", err
	}
	leadsTo, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	is, err := os.Stat(plugin)
	if err != nil {
		return "", err
	}
	if link.Mode()&fs.ModeSymlink == 0 || !os.SameFile(leadsTo, is) {
		return "", fmt.Errorf("%s already exists and does not lead to this plugin; move it away", path)
	}
	return path, nil
}

// completerFolders returns the folders in which the link may be made, the best first:
// that of the plugin, unless it is krew's. krew counts the links in its own folder, and where
// one is left without a receipt it refuses every command as outdated
// (sigs.k8s.io/krew/cmd/krew/cmd/internal, receiptsmigration). Then it is another folder
// of PATH, one of the user's own before one of the system's.
func completerFolders(plugin string) []string {
	beside := filepath.Dir(plugin)
	target, err := os.Readlink(plugin)
	if err != nil || !strings.Contains(filepath.ToSlash(target), "/store/tpe/") {
		return []string{beside}
	}
	home, _ := os.UserHomeDir()
	var own, others []string
	for _, folder := range filepath.SplitList(os.Getenv("PATH")) {
		switch {
		case !filepath.IsAbs(folder) || filepath.Clean(folder) == beside:
		case home != "" && strings.HasPrefix(folder, home+string(filepath.Separator)):
			own = append(own, folder)
		default:
			others = append(others, folder)
		}
	}
	return append(own, others...)
}
