// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"
)

// lock waits until no other command changes this lab. The lock is a socket that
// only one can have and that has no file: it ends with unlock or with this
// process, however that ends, and leaves nothing behind.
func (n *Node) lock(ctx context.Context) (unlock func(), err error) {
	var socket net.Listener
	told := false
	err = waitFor(ctx, 10*time.Minute, "another command on lab "+n.Name+" to end", func() (bool, error) {
		var err error
		socket, err = net.Listen("unix", "@"+n.dir)
		if errors.Is(err, syscall.EADDRINUSE) {
			if !told {
				n.logf("waiting for another command on lab %s", n.Name)
			}
			told = true
			return false, nil
		}
		return err == nil, err
	})
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	return func() { _ = socket.Close() }, nil
}
