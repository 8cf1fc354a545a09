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

// prepareTerminal makes the console accept escape sequences, which colors and redrawn lines need,
// until restore is called. The mode is the console's: it would stay when this process has ended.
func prepareTerminal() (restore func()) {
	return acceptSequences(console{
		mode: func(handle uintptr) (mode uint32, err error) {
			err = windows.GetConsoleMode(windows.Handle(handle), &mode)
			return mode, err
		},
		setMode: func(handle uintptr, mode uint32) error {
			return windows.SetConsoleMode(windows.Handle(handle), mode)
		},
	}, os.Stdout.Fd(), os.Stderr.Fd())
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
