// SPDX-License-Identifier: Apache-2.0

// Sim plays a case on a simulated cluster.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"

	"github.com/kubectl-tpe/kubectl-tpe/test/sim"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 || args[0] != "serve" {
		return errors.New("usage: go run ./test/sim/cmd/sim serve CASE.yaml")
	}
	return serve(args[1])
}

// serve plays a case until it is interrupted.
func serve(file string) error {
	c, err := sim.Load(file)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "sim")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck
	p, err := c.Play(dir)
	if err != nil {
		return err
	}
	fmt.Printf("export KUBECONFIG=%s\n", p.Kubeconfig())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	<-ctx.Done()
	return p.Close()
}
