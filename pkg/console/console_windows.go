// SPDX-License-Identifier: Apache-2.0

package console

import (
	"os"

	"golang.org/x/sys/windows"
)

var system = console{
	mode: func(handle uintptr) (mode uint32, err error) {
		err = windows.GetConsoleMode(windows.Handle(handle), &mode)
		return mode, err
	},
	setMode: func(handle uintptr, mode uint32) error {
		return windows.SetConsoleMode(windows.Handle(handle), mode)
	},
}

// AcceptSequences makes the consoles of standard output and standard error understand escape
// sequences, until restore is called.
func AcceptSequences() (restore func()) {
	return system.acceptSequences(system.modes(os.Stdout.Fd(), os.Stderr.Fd()))
}
