// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"
)

// Down removes the lab: its processes, mounts, network namespaces, links and
// cgroups, and its folder. It needs nothing of what is in that folder, and there
// may be nothing to remove.
func (n *Node) Down(ctx context.Context) error {
	unlock, err := n.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if err := n.erase(ctx); err != nil {
		return fmt.Errorf("take lab %s down: %w", n.Name, err)
	}
	n.logf("lab %s is down", n.Name)
	return nil
}

func (n *Node) erase(ctx context.Context) error {
	if err := n.clear(ctx); err != nil {
		return err
	}
	if err := n.checkMounts(); err != nil {
		return err
	}
	return os.RemoveAll(n.dir)
}

// clear removes all that runs of the lab, and waits until the kernel has taken
// back what belonged to it.
func (n *Node) clear(ctx context.Context) error {
	if err := n.killAll(ctx); err != nil {
		return err
	}
	if err := waitFor(ctx, 30*time.Second, "the pods' links to go", func() (bool, error) {
		links, err := n.links()
		return len(links) == 0, err
	}); err != nil {
		return err
	}
	var busy error
	if err := waitFor(ctx, 10*time.Second, "the pods' cgroups to go", func() (bool, error) {
		busy = n.removeCgroups()
		return busy == nil, nil
	}); err != nil {
		return fmt.Errorf("%w: %w", err, busy)
	}
	return nil
}

// checkMounts makes sure that nothing is mounted in the lab's folder, so that
// removing it removes nothing else. All of a lab's mounts are in its namespace:
// one that is seen here is not the lab's.
func (n *Node) checkMounts() error {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(mounts)) {
		if fields := strings.Fields(line); len(fields) > 1 && strings.HasPrefix(fields[1]+"/", n.dir+"/") {
			return fmt.Errorf("something is mounted on %s: unmount it first", fields[1])
		}
	}
	return nil
}
