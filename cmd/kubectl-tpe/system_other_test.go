// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package main

import "syscall"

// What this system says where nobody reads any more, and where a connection is broken.
var (
	errNobodyReads error = syscall.EPIPE
	errReset       error = syscall.ECONNRESET
)
