// SPDX-License-Identifier: Apache-2.0

// Package console makes the console of Windows understand escape sequences, which colors and
// redrawn lines need, and gives it back as it was: its mode stays when a process has ended.
// Elsewhere terminals understand them, and it does nothing.
package console

// A console has modes, which are asked and set by handle.
type console struct {
	mode    func(handle uintptr) (uint32, error) // an error if it is no console
	setMode func(handle uintptr, mode uint32) error
}

// sequences is the mode in which a console understands escape sequences, which it does not by
// itself (ENABLE_VIRTUAL_TERMINAL_PROCESSING, learn.microsoft.com/windows/console/setconsolemode).
const sequences = 0x4

// modes returns the modes of those handles that are consoles.
func (c console) modes(handles ...uintptr) map[uintptr]uint32 {
	found := map[uintptr]uint32{}
	for _, handle := range handles {
		if mode, err := c.mode(handle); err == nil {
			found[handle] = mode
		}
	}
	return found
}

// acceptSequences makes consoles understand escape sequences that did not before, and returns what
// gives them the mode that they had. A console before Windows 10 cannot.
func (c console) acceptSequences(before map[uintptr]uint32) (restore func()) {
	changed := map[uintptr]uint32{}
	for handle, mode := range before {
		if mode&sequences == 0 && c.setMode(handle, mode|sequences) == nil {
			changed[handle] = mode
		}
	}
	return func() {
		for handle, mode := range changed {
			_ = c.setMode(handle, mode) // one that fails has gone
		}
	}
}
