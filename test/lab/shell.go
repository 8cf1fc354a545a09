// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/node"
)

func newShellCmd() *cobra.Command {
	var plugins string
	cmd := &cobra.Command{
		Use:   "shell",
		Short: "a shell in which kubectl speaks to the lab",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			n, err := newNode(cmd)
			if err != nil {
				return err
			}
			env, err := environment(cmd.Context(), n, plugins)
			if err != nil {
				return err
			}
			return shell(cmd, env)
		},
	}
	cmd.Flags().StringVar(&plugins, "plugin-dir", "", "a folder to put first on PATH: that of the plugin")
	return cmd
}

// environment returns that of a program for which kubectl speaks to the lab
// and finds plugins in a folder.
func environment(ctx context.Context, n *node.Node, plugins string) ([]string, error) {
	kubeconfig, err := n.AdminKubeconfig()
	if err != nil {
		return nil, err
	}
	kubectl, err := n.Kubectl(ctx)
	if err != nil {
		return nil, err
	}
	path := []string{os.Getenv("PATH"), filepath.Dir(kubectl)}
	if plugins != "" {
		dir, err := filepath.Abs(plugins)
		if err != nil {
			return nil, err
		}
		path = append([]string{dir}, path...)
	}
	return append(os.Environ(), "KUBECONFIG="+kubeconfig,
		"PATH="+strings.Join(path, string(os.PathListSeparator))), nil
}

// shell runs the user's shell, and is done without an error when it ends: a
// shell's exit code is that of its last command.
func shell(cmd *cobra.Command, env []string) error {
	program := cmp.Or(os.Getenv("SHELL"), "/bin/sh")
	fmt.Fprintf(cmd.ErrOrStderr(), "kubectl speaks to the lab in this shell; leave it with exit\n")
	sh := exec.Command(program)
	sh.Env = env
	sh.Stdin, sh.Stdout, sh.Stderr = cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()
	var exit *exec.ExitError
	if err := sh.Run(); err != nil && !errors.As(err, &exit) {
		return fmt.Errorf("run %s: %w", program, err)
	}
	return nil
}
