// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
)

// A component is one of the processes that make up the node.
type component struct {
	name    string
	command []string
}

// components are all components, in the order in which they are started.
func (m *machine) components() []component {
	return []component{
		m.etcd(), m.apiServer(), m.containerd(), // need nothing but each other
		m.controllerManager(), m.scheduler(), m.kubelet(), // need the API server
	}
}

// is reports whether a process with these arguments is the component. Its path
// may differ, if an older build started it.
func (c component) is(arguments []string) bool {
	return len(arguments) > 1 &&
		filepath.Base(arguments[0]) == filepath.Base(c.command[0]) &&
		arguments[1] == c.command[1]
}

// Start starts a component that does not run.
func (n *Node) Start(ctx context.Context, component string) error {
	return n.with(ctx, component, (*machine).start)
}

// Stop asks a component to end, and waits until it has.
func (n *Node) Stop(ctx context.Context, component string) error {
	return n.with(ctx, component, (*machine).stop)
}

// Kill ends a component at once, as kill -9 does.
func (n *Node) Kill(ctx context.Context, component string) error {
	return n.with(ctx, component, (*machine).kill)
}

// with does something with a component of a lab that is up.
func (n *Node) with(ctx context.Context, name string, do func(*machine, context.Context, component) error) error {
	unlock, err := n.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	m, err := n.machine(ctx)
	if err != nil {
		return err
	}
	var names []string
	for _, c := range m.components() {
		if c.name == name {
			return do(m, ctx, c)
		}
		names = append(names, c.name)
	}
	return fmt.Errorf("no component %q: want one of %s", name, strings.Join(names, ", "))
}
