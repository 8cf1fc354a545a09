// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net"
	"os"
	"testing"

	"golang.org/x/sys/windows"
)

// What this system says where nobody reads any more, and where a connection is broken.
var (
	errNobodyReads error = windows.ERROR_NO_DATA
	errReset       error = windows.WSAECONNRESET
)

// The numbers that Windows has for that, as they come.
func TestNumbersOfWindows(t *testing.T) {
	for _, number := range []error{windows.ERROR_BROKEN_PIPE, windows.ERROR_NO_DATA} {
		if err := (&os.PathError{Op: "write", Path: "|1", Err: number}); !readerGone(err) || connectionReset(err) {
			t.Errorf("a closed pipe: %v", err)
		}
	}
	for _, number := range []error{windows.WSAECONNRESET, windows.WSAECONNABORTED} {
		err := fmt.Errorf("list pods: %w", &net.OpError{Op: "read", Err: os.NewSyscallError("wsarecv", number)})
		if !connectionReset(err) || !brokeOff(err) || readerGone(err) {
			t.Errorf("a connection that was reset: %v", err)
		}
	}
	if refused := os.NewSyscallError("connectex", windows.WSAECONNREFUSED); connectionReset(refused) || brokeOff(refused) {
		t.Error("a connection that never was counts as broken")
	}
}
