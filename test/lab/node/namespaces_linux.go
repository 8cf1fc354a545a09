// SPDX-License-Identifier: Apache-2.0

package node

import "syscall"

// newNamespaces gives a process a mount and a process namespace of its own, and
// lets it survive the terminal that it was started from.
func newNamespaces() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID, Setsid: true}
}
