// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/build"
)

// Up brings the lab up, or back up: what is missing is built, made and started,
// what runs is left alone. When it returns without an error the node is ready to
// run pods.
func (n *Node) Up(ctx context.Context) error {
	minor := n.Minor()
	programs, err := n.builder.Programs(ctx, minor)
	if err != nil {
		return err
	}
	version, err := n.builder.Version(minor)
	if err != nil {
		return err
	}
	unlock, err := n.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	start := time.Now()
	started, err := n.up(ctx, programs)
	if err != nil {
		return fmt.Errorf("bring lab %s up: %w", n.Name, err)
	}
	did := "nothing to do"
	if len(started) > 0 {
		did = fmt.Sprintf("started %s in %.1fs", strings.Join(started, ", "), time.Since(start).Seconds())
	}
	n.logf("lab %s is up: Kubernetes %s, %s", n.Name, version, did)
	return nil
}

// Build only builds what Up needs.
func (n *Node) Build(ctx context.Context) error {
	_, err := n.builder.Programs(ctx, n.Minor())
	return err
}

// Kubectl is the path of the kubectl on PATH, else of one that fits the lab.
func (n *Node) Kubectl(ctx context.Context) (string, error) {
	return n.builder.Kubectl(ctx, n.Minor())
}

// PlainKubectl is the path of a kubectl of the lab's own version; see
// [build.Builder.PlainKubectl].
func (n *Node) PlainKubectl(ctx context.Context) (string, error) {
	return n.builder.PlainKubectl(ctx, n.Minor())
}

// Minor is the minor version of Kubernetes that the lab has, else the one it would be made with.
func (n *Node) Minor() string {
	if n.minor != "" {
		return n.minor
	}
	if s, err := n.readSettings(); err == nil {
		return s.Minor
	}
	return build.DefaultMinor
}

// up returns the names of the components that it had to start.
func (n *Node) up(ctx context.Context, programs build.Programs) (started []string, err error) {
	s, err := n.settled(ctx)
	if err != nil {
		return nil, err
	}
	init, found, err := n.findInit()
	if err != nil {
		return nil, err
	}
	if !found {
		// The lab may have been made by an earlier version of this program.
		if err := n.writeConfiguration(s); err != nil {
			return nil, err
		}
		if init, err = n.startInit(ctx, programs); err != nil {
			return nil, err
		}
	}
	m := &machine{n, s, programs, init}
	if started, err = m.startAll(ctx, m.etcd(), m.apiServer(), m.containerd()); err != nil {
		return nil, err
	}
	if err := m.importPause(ctx); err != nil {
		return nil, err
	}
	if err := m.waitForAPI(ctx); err != nil {
		return nil, err
	}
	now := time.Now()
	more, err := m.startAll(ctx, m.controllerManager(), m.scheduler(), m.kubelet())
	if err != nil {
		return nil, err
	}
	if !slices.Contains(more, m.kubelet().name) {
		now = time.Time{} // a kubelet that runs may have shown a sign of life at any time
	}
	return append(started, more...), m.waitForNode(ctx, now)
}

// startAll starts the components that do not run and returns their names.
func (m *machine) startAll(ctx context.Context, components ...component) (started []string, err error) {
	for _, c := range components {
		running, err := m.runs(c)
		if err != nil {
			return nil, err
		}
		if running {
			continue
		}
		if err := m.start(ctx, c); err != nil {
			return nil, err
		}
		started = append(started, c.name)
	}
	return started, nil
}
