// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/build"
	"github.com/kubectl-tpe/kubectl-tpe/test/lab/node"
)

const help = `Lab runs a real Kubernetes of one node on this machine, for tests of kubectl tpe.

Environment:
  LAB=name                several labs may run side by side (default: default)
  K8S=minor               version of Kubernetes: 1.28, 1.30, 1.33 or 1.36 (default: 1.33)
  KUBECTL_TPE_LAB_CACHE   folder for what is compiled (default: kubectl-tpe-lab in
                          the user's cache folder)`

func newRootCmd() *cobra.Command {
	root := &cobra.Command{
		Use:               "lab COMMAND",
		Short:             "a real Kubernetes of one node",
		Long:              help,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		PersistentPreRunE: func(*cobra.Command, []string) error { return supported(runtime.GOOS, os.Geteuid()) },
	}
	root.AddCommand(
		newBuildCmd(), newUpCmd(), newDownCmd(), newStatusCmd(),
		newKubeconfigCmd(), newKubectlPathCmd(), newShellCmd(), newBenchCmd(), newDemoCmd(),
		newStartCmd(), newStopCmd(), newKillCmd(),
		newLoadCmd(), newScenariosCmd(), newPUMCmd(),
	)
	return root
}

// supported says why a lab cannot run here.
func supported(system string, user int) error {
	switch {
	case system != "linux":
		return fmt.Errorf("needs root on Linux (this is %s); make check runs everything that needs no cluster", system)
	case user != 0:
		return fmt.Errorf("needs root on Linux (this is user %d); make check runs everything that needs no cluster", user)
	}
	return nil
}

// newNode is the lab that the environment names.
func newNode(cmd *cobra.Command) (*node.Node, error) {
	builder, err := build.New(cmd.ErrOrStderr())
	if err != nil {
		return nil, err
	}
	name := os.Getenv("LAB")
	if name == "" {
		name = "default"
	}
	return node.New(name, os.Getenv("K8S"), builder, cmd.ErrOrStderr())
}
