// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package main

import (
	"errors"
	"syscall"

	utilnet "k8s.io/apimachinery/pkg/util/net"
)

// readerGone reports whether a write failed because nobody reads any more.
func readerGone(err error) bool { return errors.Is(err, syscall.EPIPE) }

// connectionReset reports whether the other side broke a connection.
func connectionReset(err error) bool { return utilnet.IsConnectionReset(err) }

// restoreAtNextSignal does nothing: there is nothing to restore.
func restoreAtNextSignal(func()) {}
