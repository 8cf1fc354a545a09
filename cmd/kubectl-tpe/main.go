// SPDX-License-Identifier: Apache-2.0

// Kubectl-tpe is a kubectl plugin, called as kubectl tpe. It answers, after
// an upgrade of ThingPark Enterprise: is it over, is it good, and if not,
// what to do next.
//
// This package is the edge of the process: flags come in, exit codes go out.
// What things mean is decided in pkg/verdict, how they look in pkg/output.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/console"
)

func main() {
	noticeDeadConnections()
	restore := console.AcceptSequences()
	n := &notice{w: os.Stderr}
	code := run(arguments(os.Args[0], os.Args[1:]), &app{
		IOStreams: genericiooptions.IOStreams{In: os.Stdin, Out: &stream{os.Stdout, n}, ErrOut: &stream{os.Stderr, n}},
		now:       time.Now,
		notice:    n,
		restore:   restore,
	})
	n.clear()
	restore()
	os.Exit(code)
}

// noticeDeadConnections has client-go notice within 15 s that nothing comes any more on a
// connection that nobody closed. By itself it takes 45 s (k8s.io/apimachinery/pkg/util/net),
// for which a wait would show what may not be so any more.
func noticeDeadConnections() {
	for name, seconds := range map[string]string{"HTTP2_READ_IDLE_TIMEOUT_SECONDS": "10", "HTTP2_PING_TIMEOUT_SECONDS": "5"} {
		if os.Getenv(name) == "" {
			_ = os.Setenv(name, seconds) // else it takes longer
		}
	}
}

// run runs the plugin and returns its exit code.
// Only main calls os.Exit, so that deferred calls run and tests can call run.
func run(args []string, a *app) int {
	ctx, stop := signal.NotifyContext(context.Background(), endings()...)
	defer stop()
	context.AfterFunc(ctx, func() { // who is in such a hurry as to say it twice is obeyed at once
		restoreAtNextSignal(a.restore)
		stop()
	})
	// A reader that has seen enough, such as head, is no reason to die without
	// an exit code: writing to it becomes an error. See written.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	cmd := newRootCmd(a)
	cmd.SetArgs(args)
	return int(a.report(cmd.ExecuteContextC(ctx)))
}

// endings are the signals that end a command in an orderly way. Under nohup a
// terminal that hangs up is none.
func endings() []os.Signal {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		all = append(all, syscall.SIGHUP)
	}
	return all
}
