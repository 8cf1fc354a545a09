// SPDX-License-Identifier: Apache-2.0

package main

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// stamped is the version of a release, set by the linker.
var stamped string

// version returns the version of this program: that of its release, else
// that of the module it was built from.
func version() string {
	if stamped != "" {
		return stamped
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

func newVersionCmd(a *app) *cobra.Command {
	var format output.Format
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Show the version of this plugin",
		Example: `  # Which version is this?
  kubectl tpe version`,
		Args: noArgs,
		RunE: func(_ *cobra.Command, _ []string) error {
			return a.version(&format)
		},
	}
	addOutputFlag(cmd, &format)
	return cmd
}

func (a *app) version(format *output.Format) error {
	doc := output.NewVersion(version(), runtime.Version(), runtime.GOOS+"/"+runtime.GOARCH)
	return written(verdict.ExitDone, output.Write(a.Out, format, doc, a.view()))
}
