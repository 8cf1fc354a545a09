// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"time"
)

// runOnce is a program that ends: a job, or an init container.
func runOnce(ctx context.Context, args []string) (int, error) {
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // main prints the error
	duration := flags.Duration("for", 0, "how long it takes")
	exit := flags.Int("exit", 0, "its exit code")
	message := flags.String("message", "done", "its last words")
	if err := flags.Parse(args); err != nil {
		return 2, err
	}
	fmt.Println("started")
	select {
	case <-time.After(*duration):
	case <-ctx.Done():
	}
	fmt.Println(*message)
	return *exit, nil
}
