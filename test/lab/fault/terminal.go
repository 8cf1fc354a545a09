// SPDX-License-Identifier: Apache-2.0

//go:build linux

package fault

import (
	"fmt"
	"io"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// A Terminal is one on which a command runs, and whose size changes.
type Terminal struct{ *terminal }

// NewTerminal returns a terminal of a size, whose output goes to a writer.
func NewTerminal(w io.Writer, columns, rows uint16) (*Terminal, error) {
	t, err := newTerminal(w)
	if err != nil {
		return nil, err
	}
	sized := &Terminal{t}
	return sized, sized.Resize(columns, rows)
}

// Resize gives it another size, of which the kernel tells who runs on it.
func (t *Terminal) Resize(columns, rows uint16) error {
	if err := unix.IoctlSetWinsize(int(t.slave.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: columns}); err != nil {
		return fmt.Errorf("size a terminal: %w", err)
	}
	return nil
}

// Start starts a command on it, in a session of its own.
func (t *Terminal) Start(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	t.attach(cmd)
	return cmd.Start()
}

// Changed reports whether a command left the terminal otherwise than it was.
func (t *Terminal) Changed() bool { return t.changed() }

// Close waits until all output was passed on.
func (t *Terminal) Close() { t.close() }
