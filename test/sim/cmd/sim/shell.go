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

// advice says what can be tried in the shell.
func advice(e environment) string {
	var b strings.Builder
	b.WriteString("In this shell kubectl and the plugin speak to a simulated cluster. An upgrade\n" +
		"has just begun there, which takes about 100 seconds and leaves one entry\naborted. Try:\n")
	tpe := strings.Join(e.command(), " ")
	for _, args := range []string{"status", "wait", "status --watch", "pum status", "logs", "pum restart", "releases", "doctor", "explain ABORTED"} {
		fmt.Fprintf(&b, "  %s %s\n", tpe, args)
	}
	if e.kubectl != "" {
		b.WriteString("  kubectl get pods -w\n")
	}
	b.WriteString("Leave it with exit.\n")
	return b.String()
}

// shell runs the user's shell, and is done without an error when it ends: a shell's exit code
// is that of its last command.
func shell(e environment) error {
	program := cmp.Or(os.Getenv("SHELL"), "sh")
	if runtime.GOOS == "windows" {
		program = cmp.Or(os.Getenv("COMSPEC"), "cmd.exe")
	}
	fmt.Fprint(os.Stderr, advice(e))
	sh := exec.Command(program)
	sh.Env, sh.Stdin, sh.Stdout, sh.Stderr = e.variables, os.Stdin, os.Stdout, os.Stderr
	if err := sh.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		return fmt.Errorf("run %s: %w", program, err)
	}
	return nil
}
