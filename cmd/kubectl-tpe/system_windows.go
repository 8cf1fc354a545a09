// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"os"
	"os/signal"

	"golang.org/x/sys/windows"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// readerGone reports whether a write failed because nobody reads any more. Windows has numbers of
// its own for that; syscall.EPIPE is none of them there.
func readerGone(err error) bool {
	return errors.Is(err, windows.ERROR_BROKEN_PIPE) || errors.Is(err, windows.ERROR_NO_DATA)
}

// connectionReset reports whether the other side broke a connection.
func connectionReset(err error) bool {
	return errors.Is(err, windows.WSAECONNRESET) || errors.Is(err, windows.WSAECONNABORTED)
}

// restoreAtNextSignal restores the console at the next signal, and ends the process at once.
func restoreAtNextSignal(restore func()) {
	if restore == nil {
		return
	}
	again := make(chan os.Signal, 1)
	signal.Notify(again, endings()...)
	go func() {
		<-again
		restore()
		os.Exit(int(verdict.ExitInterrupted))
	}()
}
