// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"fmt"
	"time"
)

// A Component is a component of the node as it is now.
type Component struct {
	Name string
	PID  int // as the machine sees it, 0 when it does not run
}

// Status looks at the components of a lab that is up.
func (n *Node) Status(ctx context.Context) ([]Component, error) {
	m, err := n.machine(ctx)
	if err != nil {
		return nil, err
	}
	var all []Component
	for _, c := range m.components() {
		running, err := m.find(c)
		if err != nil {
			return nil, err
		}
		now := Component{Name: c.name}
		if len(running) > 0 {
			now.PID = running[0].pid
		}
		all = append(all, now)
	}
	return all, nil
}

// Ready returns an error unless the node is ready to run pods at this moment.
func (n *Node) Ready(ctx context.Context) error {
	client, err := n.client()
	if err != nil {
		return err
	}
	if !nodeReady(ctx, client, time.Time{}) || !podsAllowed(ctx, client) {
		return fmt.Errorf("lab %s: its node is not ready", n.Name)
	}
	return nil
}
