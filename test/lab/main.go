// SPDX-License-Identifier: Apache-2.0

// Lab runs a real Kubernetes of one node on this machine, and in it something
// that answers as ThingPark Enterprise does, for demonstrations and tests of
// kubectl tpe. It needs root on Linux; see README.md and package node.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newRootCmd().ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "lab: %v\n", err)
		os.Exit(1)
	}
}
