// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/bench"
	"github.com/kubectl-tpe/kubectl-tpe/test/lab/tpe"
)

func newBenchCmd() *cobra.Command {
	var plugin, file, only string
	options := bench.Options{Rest: 10 * time.Second, Set: tpe.SetFull, Chatty: "chatty-large", Whole: 150 << 20}
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "set the plugin beside what users would type instead, in a lab of its own, and print a table",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			n, err := newNode(cmd)
			if err != nil {
				return err
			}
			n.MaxLogSize = "1Gi" // nobody could read the beginning of the log of 200 MB, were it rotated
			if err := n.Up(cmd.Context()); err != nil {
				return err
			}
			defer func() { err = errors.Join(err, n.Down(context.WithoutCancel(cmd.Context()))) }()
			if only != "" {
				if options.Only, err = regexp.Compile(only); err != nil {
					return err
				}
			}
			options.Log = cmd.ErrOrStderr()
			report, failed := bench.Run(cmd.Context(), n, plugin, options)
			for _, missed := range report.Missed() {
				fmt.Fprintln(cmd.ErrOrStderr(), "missed:", missed)
			}
			if file != "" && failed == nil {
				err = report.Replace(file)
			}
			return errors.Join(failed, err, report.Write(cmd.OutOrStdout()))
		},
	}
	f := cmd.Flags()
	f.StringVar(&plugin, "plugin-dir", "", "the folder of the plugin")
	f.StringVar(&file, "into", "", "a file in which the tables replace those between <!-- bench --> and <!-- end -->")
	f.StringVar(&only, "only", "", "a regular expression of names and places, such as '^status, loopback'; all by default")
	f.IntVar(&options.Runs, "runs", 41, "runs of each side, at most")
	f.IntVar(&options.Latencies, "latencies", 40, "runs of each side that wait")
	f.DurationVar(&options.Calm, "calm", 2*time.Minute, "how long to wait, at most, for an idle machine before each contest")
	f.IntSliceVar(&options.Sizes, "sizes", []int{40, 500, 5000}, "numbers of Deployments")
	f.StringSliceVar(&options.Steps, "steps", nil, "which: asking, following, latency, listing; all by default")
	return cmd
}
