// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// A scene is a command of the demo, and the exit code that it must have.
type scene struct {
	why  string
	args string
	code int
}

func scenes() []scene {
	return []scene{
		{"The upgrade began a few seconds ago. Is it over?", "status", 8},
		{"Not yet: exit code 8 means pending. Wait until it is over, and record it.", "wait --timeout=5m --record upgrade.jsonl.gz", 3},
		{"All workloads are ready, but one entry was aborted. What does PUM say?", "pum status", 3},
		{"What did its job log last?", "logs --tail=5", 0},
		{"That service is ready by now, so run the post-upgrade procedure again.", "pum restart --yes", 0},
		{"Confirmed. Wait for the rest.", "wait --timeout=5m", 0},
		{"Done, and good. And the first wait? Play its recording, ten times faster.", "wait --from upgrade.jsonl.gz --speed=10", 3},
		{"What was it like at the beginning?", "status --from upgrade.jsonl.gz --at 10%", 8},
	}
}

var errInterrupted = errors.New("interrupted")

// middle is when there is something to see.
const middle = 4 * time.Second

// longest is how long a command of the demo may take: the upgrade takes 20 seconds. One that only
// ends with its own --timeout may have the right exit code even so.
const longest = 2 * time.Minute

const opening = "# A simulated upgrade of ThingPark Enterprise, 7.3.6 to 8.0.0, in 20 seconds."

// demo shows an upgrade in commands. It fails if one of them has another exit code than its
// scene, or takes too long.
func demo(ctx context.Context, e environment, out io.Writer) error {
	fmt.Fprintln(out, opening)
	select {
	case <-time.After(middle):
	case <-ctx.Done():
		return errInterrupted
	}
	var wrong []error
	for _, s := range scenes() {
		fmt.Fprintf(out, "\n# %s\n", s.why)
		began := time.Now()
		code := e.tpe(ctx, out, strings.Fields(s.args))
		if took := time.Since(began); took > longest {
			wrong = append(wrong, fmt.Errorf("%s: it took %s, and the upgrade is over in 20s", s.args, took.Round(time.Second)))
		}
		if fmt.Fprintf(out, "(exit code %d)\n", code); code != s.code {
			wrong = append(wrong, fmt.Errorf("%s: exit code %d, want %d", s.args, code, s.code))
		}
		if ctx.Err() != nil {
			return errInterrupted
		}
	}
	fmt.Fprintln(out, "\n# To try it yourself: make shell")
	return errors.Join(wrong...)
}

// sample writes the report of a wait for the upgrade, in which an entry is aborted.
func sample(ctx context.Context, e environment, file string, out io.Writer) error {
	const failed = 3
	file, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	if code := e.tpe(ctx, out, []string{"wait", "--timeout=10m", "--report", "html=" + file}); code != failed {
		return fmt.Errorf("exit code %d, want %d", code, failed)
	}
	return nil
}

// command returns how the plugin is called here: by kubectl if there is one.
func (e environment) command() []string {
	if e.kubectl == "" {
		return []string{"kubectl-tpe"}
	}
	return []string{"kubectl", "tpe"}
}

// tpe runs the plugin in front of the reader, and returns its exit code.
func (e environment) tpe(ctx context.Context, out io.Writer, args []string) int {
	fmt.Fprintf(out, "$ %s %s\n", strings.Join(e.command(), " "), strings.Join(args, " "))
	program := e.plugin
	if e.kubectl != "" {
		program, args = e.kubectl, append([]string{"tpe"}, args...)
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Cancel = func() error {
		if e.broken.Err() != nil {
			return cmd.Process.Kill()
		}
		return nil // it has been interrupted as well, and says so
	}
	cmd.Dir = e.dir
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = e.variables, os.Stdin, out, out
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		fmt.Fprintln(out, err)
	}
	return cmd.ProcessState.ExitCode()
}
