// SPDX-License-Identifier: Apache-2.0

// Standin is the program inside every container of the ThingPark Enterprise
// stand-in. What it does depends on the name it is called by, as with busybox,
// or on its first argument when it is called standin:
//
//	idle                 a server that becomes ready, or does not (see idle.go)
//	run                  something that ends, such as a job (see run.go)
//	pum-server           the main process of the pod pum
//	pum-process          the job of that name
//	status, restart      PUM's commands up to 7.3
//	node                 Node.js, which knows one script: PUM's app.js of 8.0
//	list-backups, …      the commands of thingpark-enterprise-controller
//
// It is static, small and starts in milliseconds, for dozens of pods share two
// cores.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/standin/pum"
)

// The folder that the pods of PUM share with the test.
const storeDir = "/var/lib/pum"

func main() {
	name, args := filepath.Base(os.Args[0]), os.Args[1:]
	if name == "standin" && len(args) > 0 {
		name, args = args[0], args[1:]
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	code, err := run(ctx, name, args)
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
	}
	if ctx.Err() != nil && name != "idle" && name != "pum-server" {
		code = 128 + int(syscall.SIGTERM)
	}
	os.Exit(code)
}

// run runs a program and returns its exit code.
func run(ctx context.Context, name string, args []string) (int, error) {
	store := pum.Store{Dir: storeDir}
	switch name {
	case "idle":
		return idle(ctx, args)
	case "run":
		return runOnce(ctx, args)
	case "pum-server":
		return servePUM(ctx, store)
	case "pum-process":
		return code(store.Work(ctx, os.Stdout))
	case "status":
		return printStatus(store)
	case "restart":
		return store.Restart(os.Stdout, os.Stderr)
	case "node":
		return node(ctx, store, args)
	case "list-backups", "get-backup-metadatas":
		return code(playbook(os.Stdout, name, args))
	default:
		return 2, errors.New("the stand-in has no such program")
	}
}

func code(err error) (int, error) {
	if err != nil {
		return 1, err
	}
	return 0, nil
}

func printStatus(store pum.Store) (int, error) {
	state, err := store.Read()
	if err != nil {
		return 1, err
	}
	return state.Print(os.Stdout, os.Stderr)
}
