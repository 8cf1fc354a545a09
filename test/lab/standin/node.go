// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/standin/pum"
)

// node plays Node.js with PUM's script of 8.0. Only "display" is documented,
// by the vendor's audit script; "restart" is a guess by its name, "process"
// and the server without arguments are the stand-in's own.
func node(ctx context.Context, store pum.Store, args []string) (int, error) {
	if len(args) == 0 {
		return 0, nil // a prompt, without a terminal
	}
	script, err := filepath.Abs(args[0])
	if err != nil {
		return 1, err
	}
	if _, err := os.Stat(script); err != nil || filepath.Base(script) != "app.js" {
		return 1, noModule(script)
	}
	if len(args) == 1 {
		return servePUM(ctx, store)
	}
	switch args[1] {
	case "display":
		return printStatus(store)
	case "restart":
		return store.Restart(os.Stdout, os.Stderr)
	case "process":
		return code(store.Work(ctx, os.Stdout))
	default:
		return 1, fmt.Errorf("unknown command %q", args[1])
	}
}

// noModule is what Node.js says of a script that is not there.
func noModule(script string) error {
	return fmt.Errorf("internal/modules/cjs/loader\n\nError: Cannot find module '%s'\n    code: 'MODULE_NOT_FOUND'", script)
}
