// SPDX-License-Identifier: Apache-2.0

package main

// A console of Windows has modes, which are asked and set by handle.
type console struct {
	mode    func(handle uintptr) (uint32, error) // an error if it is no console
	setMode func(handle uintptr, mode uint32) error
}

// sequences is the mode in which a console understands escape sequences, which it does not by
// itself (ENABLE_VIRTUAL_TERMINAL_PROCESSING, learn.microsoft.com/windows/console/setconsolemode).
const sequences = 0x4

// acceptSequences makes consoles understand escape sequences, and returns what gives those that did
// not the mode that they had. What is no console has no mode, and a console before Windows 10 cannot.
func acceptSequences(c console, handles ...uintptr) (restore func()) {
	before := map[uintptr]uint32{}
	for _, handle := range handles {
		mode, err := c.mode(handle)
		if err != nil || mode&sequences != 0 {
			continue
		}
		if c.setMode(handle, mode|sequences) == nil {
			before[handle] = mode
		}
	}
	return func() {
		for handle, mode := range before {
			_ = c.setMode(handle, mode) // it has gone, then
		}
	}
}
