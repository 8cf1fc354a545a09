// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
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

// prepareTerminal makes the console accept escape sequences, which colors and redrawn lines need.
// What is not a console has no mode.
func prepareTerminal() {
	for _, stream := range []*os.File{os.Stdout, os.Stderr} {
		var mode uint32
		handle := windows.Handle(stream.Fd())
		if windows.GetConsoleMode(handle, &mode) == nil {
			_ = windows.SetConsoleMode(handle, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) // consoles before Windows 10 cannot
		}
	}
}
