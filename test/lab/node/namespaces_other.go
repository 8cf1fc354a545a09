// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package node

import "syscall"

// newNamespaces lets the package compile where a lab cannot run.
func newNamespaces() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
