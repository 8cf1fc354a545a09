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

// before has the modes that there were when the process began. github.com/fatih/color, which
// tablewriter links, sets that of standard output in its init. This is before that: of two packages
// that wait for nothing any more, Go initializes the one whose path comes first, and color waits for
// github.com/mattn/go-colorable (go.dev/ref/spec#Program_initialization).
var before = system.modes(os.Stdout.Fd(), os.Stderr.Fd())

// AcceptSequences makes the consoles of standard output and standard error understand escape
// sequences, until restore is called.
func AcceptSequences() (restore func()) { return system.acceptSequences(before) }
