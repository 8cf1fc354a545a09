// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// shellSpeed leaves time to type.
const shellSpeed = 0.2

// shell runs the user's shell, and is done without an error when it ends: a shell's exit code
// is that of its last command.
func shell(e environment) error {
	program := cmp.Or(os.Getenv("SHELL"), "sh")
	if runtime.GOOS == "windows" {
		program = cmp.Or(os.Getenv("COMSPEC"), "cmd.exe")
	}
	tpe := strings.Join(e.command(), " ")
	fmt.Fprintln(os.Stderr, "In this shell kubectl and the plugin speak to a simulated cluster. An upgrade has just begun\n"+
		"there, which takes about 100 seconds and leaves one entry aborted. Try:")
	for _, args := range []string{"status", "wait", "status --watch", "pum status", "logs", "pum restart", "releases", "doctor", "explain ABORTED"} {
		fmt.Fprintf(os.Stderr, "  %s %s\n", tpe, args)
	}
	if e.kubectl != "" {
		fmt.Fprintln(os.Stderr, "  kubectl get pods -w")
	}
	fmt.Fprintln(os.Stderr, "Leave it with exit.")
	sh := exec.Command(program)
	sh.Env, sh.Stdin, sh.Stdout, sh.Stderr = e.variables, os.Stdin, os.Stdout, os.Stderr
	if err := sh.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		return fmt.Errorf("run %s: %w", program, err)
	}
	return nil
}
