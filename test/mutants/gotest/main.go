// SPDX-License-Identifier: Apache-2.0

// Gotest is the go command that gremlins finds on its PATH in make mutants. It makes a run
// cheap and its answers certain:
//
//   - Coverage: Go has no block for the condition of a case or for the value of a variable of the
//     package, so that gremlins takes their mutants for not covered. Gotest adds these blocks.
//   - A mutant: gremlins has one compiled and linked for each change. Gotest compiles all changes
//     of the package once (see schema.go), finds out what gremlins changed, and runs the tests
//     with that change switched on. What it cannot switch on it compiles, as go test does.
//   - A mutant that does not compile is not viable; go test has the same exit code for a test
//     that fails.
//   - A mutant is killed when the tests fail, or hang, twice in a row, because a machine under load
//     can fail a test once. The tests run with -short: without them the slow ones would take most
//     of the time, and what only they notice is said to live.
//
// GO is the real go command, and MUTANTS the folder for what gotest keeps from one call to the next.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// Exit codes of go test, as gremlins reads them.
const (
	lived     = 0
	killed    = 1
	notViable = 2
	failed    = 3 // none of gremlins'; it takes it for lived
)

func main() {
	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "gotest:", err)
		// gremlins would take most exit codes for an answer.
		os.WriteFile(filepath.Join(os.Getenv("MUTANTS"), "error"), []byte(err.Error()), 0o600) //nolint:errcheck // there is no better place
	}
	os.Exit(code)
}

func run(args []string) (int, error) {
	if len(args) == 0 || args[0] != "test" {
		return code(goCommand("", args...).Run())
	}
	if at := slices.Index(args, "-coverprofile"); at >= 0 {
		short := append([]string{"test", "-short"}, args[1:]...)
		if c, err := code(goCommand("", short...).Run()); c != 0 || err != nil {
			return c, err
		}
		if err := prepare(args[len(args)-1], args[at+1]); err != nil {
			return failed, err
		}
		return 0, nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return failed, err
	}
	return try(dir)
}

// goCommand is the real go command in dir, with the output of this one.
func goCommand(dir string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Getenv("GO"), args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, os.Stdout, os.Stderr
	return cmd
}

// code returns the exit code of a command that ran.
func code(err error) (int, error) {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	if err != nil {
		return failed, err
	}
	return 0, nil
}
