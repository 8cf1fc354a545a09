// SPDX-License-Identifier: Apache-2.0

// Measure runs a program, throws its output away, and prints as JSON how long
// it took and what it used.
//
// It is a program of its own because it must be small: the peak memory that
// Linux tells of a child is at least what its parent had when it forked.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

func main() {
	cmd := exec.Command(os.Args[1], os.Args[2:]...)
	output := &counter{}
	cmd.Stdout, cmd.Stderr = output, os.Stderr
	start := time.Now()
	err := cmd.Run()
	wall := time.Since(start)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		fmt.Fprintf(os.Stderr, "measure: %v\n", err)
		os.Exit(1)
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	// The fields are those of bench.Sample.
	err = json.NewEncoder(os.Stdout).Encode(map[string]any{
		"wall":   wall,
		"cpu":    cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(),
		"memory": usage.Maxrss * 1024,
		"exit":   cmd.ProcessState.ExitCode(),
		"output": output.n,
	})
	if err != nil {
		os.Exit(1)
	}
}

// A counter counts what is written to it.
type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}
