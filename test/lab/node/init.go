// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/build"
)

// inits are the processes 1 of this lab: one when it is up.
func (n *Node) inits() ([]process, error) {
	all, err := processes()
	if err != nil {
		return nil, err
	}
	var found []process
	for _, p := range all {
		if len(p.arguments) == 2 && filepath.Base(p.arguments[0]) == "lab-init" && p.arguments[1] == n.dir {
			found = append(found, p)
		}
	}
	return found, nil
}

// findInit returns the lab's process 1 if its namespaces are ready for others.
func (n *Node) findInit() (init process, found bool, err error) {
	all, err := n.inits()
	if err != nil {
		return process{}, false, err
	}
	for _, p := range all {
		// The name is what lab-init gives itself when its mounts are made.
		name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", p.pid))
		if err == nil && strings.TrimSpace(string(name)) == "lab-ready" {
			return p, true, nil
		}
	}
	return process{}, false, nil
}

// startInit makes the lab's namespaces. What is left of earlier ones is killed.
func (n *Node) startInit(ctx context.Context, programs build.Programs) (init process, err error) {
	if err := n.clear(ctx); err != nil {
		return process{}, err
	}
	if err := n.makeCgroups(); err != nil {
		return process{}, err
	}
	log, err := os.OpenFile(n.path("log", "init.log"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return process{}, err
	}
	defer log.Close()
	cmd := exec.Command(programs.Init, n.dir) // without ctx: it outlives this command
	cmd.Dir, cmd.Env, cmd.SysProcAttr = "/", environment(programs), newNamespaces()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return process{}, fmt.Errorf("start %s: %w", programs.Init, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	err = waitFor(ctx, 10*time.Second, "lab-init", func() (ready bool, err error) {
		select {
		case err := <-ended:
			return false, fmt.Errorf("it ended: %w: see %s", err, log.Name())
		default:
			init, ready, err = n.findInit()
			return ready, err
		}
	})
	return init, err
}

// killAll kills every process of the lab and waits until nothing of them is left:
// a process namespace does not lose its process 1 before all others in it are gone.
func (n *Node) killAll(ctx context.Context) error {
	inits, err := n.inits()
	if err != nil {
		return err
	}
	for _, init := range inits {
		if err := init.signal(syscall.SIGKILL); err != nil {
			return err
		}
	}
	return waitFor(ctx, 30*time.Second, "the lab's processes to end", func() (bool, error) {
		for _, init := range inits {
			if init.alive() {
				return false, nil
			}
		}
		return true, nil
	})
}
