// SPDX-License-Identifier: Apache-2.0

//go:build linux

package fault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kubectl-tpe/kubectl-tpe/test/memory"
)

// A Command is a command line that runs.
type Command struct {
	cmd            *exec.Cmd
	stdout, stderr output
	terminal       *terminal // or nil
	start, end     time.Time
	memory         int64         // the most that one of its processes had, in bytes
	done           chan struct{} // closed at its end
}

// Start starts the fault's command line, in a session of its own.
func (f Fault) Start(dir string, env []string) (*Command, error) {
	c := &Command{cmd: exec.Command("sh", "-c", "exec "+f.Run), done: make(chan struct{})}
	c.cmd.Dir, c.cmd.Env = dir, env
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	c.cmd.Stdout, c.cmd.Stderr = &c.stdout, &c.stderr
	c.cmd.WaitDelay = time.Second
	if f.Terminal {
		var err error
		if c.terminal, err = newTerminal(&c.stdout); err != nil {
			return nil, err
		}
		c.terminal.attach(c.cmd)
		if _, err := io.WriteString(c.terminal.master, f.Types); err != nil {
			return nil, err
		}
	}
	c.start = time.Now()
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = c.cmd.Wait() // the state tells
		c.end = time.Now()
	}()
	go func() {
		defer close(c.done)
		c.weigh(ended)
	}()
	return c, nil
}

// weigh looks how much memory the command has until it ends.
func (c *Command) weigh(ended <-chan struct{}) {
	for {
		c.memory = max(c.memory, memory.HighWater(c.cmd.Process.Pid))
		select {
		case <-ended:
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Done is closed when the command has ended.
func (c *Command) Done() <-chan struct{} { return c.done }

// Signal sends it a signal by its name, such as INT.
func (c *Command) Signal(name string) error {
	return c.cmd.Process.Signal(unix.SignalNum("SIG" + name))
}

// Said is what it wrote so far, on both streams.
func (c *Command) Said() string { return string(c.stdout.bytes()) + string(c.stderr.bytes()) }

// End waits until the command ends, kills it when it is too late, and returns how
// it ended.
func (c *Command) End(ctx context.Context, deadline time.Duration) (Result, error) {
	var r Result
	select {
	case <-c.done:
	case <-ctx.Done():
		r.Hung = true
	case <-time.After(deadline - time.Since(c.start)):
		r.Hung = true
	}
	if r.Hung {
		_ = c.Signal("QUIT") // what it is doing is of interest
		time.Sleep(time.Second)
		_ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL)
		<-c.done
	}
	r.Took, r.Ended = c.end.Sub(c.start), c.end
	if c.terminal != nil {
		r.Changed = c.terminal.changed()
		c.terminal.close()
	}
	r.Exit = c.cmd.ProcessState.ExitCode()
	r.Memory = c.memory
	if status, ok := c.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		r.Exit = 128 + int(status.Signal())
	}
	r.Stdout, r.Stderr = c.stdout.bytes(), c.stderr.bytes()
	var err error
	r.Left, err = left(c.cmd.Process.Pid)
	return r, err
}

// left names the processes of a session.
func left(session int) ([]string, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			continue // it has ended
		}
		if err != nil {
			return nil, err
		}
		name := stat[bytes.IndexByte(stat, '(')+1 : bytes.LastIndexByte(stat, ')')]
		// PID (NAME) STATE PPID PGRP SESSION …
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if len(fields) > 3 && fields[3] == strconv.Itoa(session) {
			names = append(names, string(name))
		}
	}
	return names, nil
}

// mostOutput is how much of a stream is kept.
const mostOutput = 8 << 20

// An output keeps what is written to it.
type output struct {
	lock sync.Mutex
	data []byte
}

func (o *output) Write(b []byte) (int, error) {
	o.lock.Lock()
	defer o.lock.Unlock()
	o.data = append(o.data, b[:min(len(b), mostOutput-len(o.data))]...)
	return len(b), nil
}

func (o *output) bytes() []byte {
	o.lock.Lock()
	defer o.lock.Unlock()
	return bytes.Clone(o.data)
}

// A terminal is one on which a command runs.
type terminal struct {
	master, slave *os.File
	before        unix.Termios
	read          chan struct{} // closed when all was read
}

// newTerminal returns a terminal of 100 columns, whose output goes to a writer.
func newTerminal(w io.Writer) (*terminal, error) {
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, fmt.Errorf("open a terminal: %w", err)
	}
	fd := int(master.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		return nil, fmt.Errorf("unlock a terminal: %w", err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		return nil, fmt.Errorf("open a terminal: %w", err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, fmt.Errorf("open a terminal: %w", err)
	}
	if err := unix.IoctlSetWinsize(int(slave.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: 100}); err != nil {
		return nil, fmt.Errorf("size a terminal: %w", err)
	}
	before, err := unix.IoctlGetTermios(int(slave.Fd()), unix.TCGETS)
	if err != nil {
		return nil, fmt.Errorf("read a terminal's state: %w", err)
	}
	t := &terminal{master: master, slave: slave, before: *before, read: make(chan struct{})}
	go func() {
		defer close(t.read)
		_, _ = io.Copy(w, master) // until the slave is closed
	}()
	return t, nil
}

// attach makes it the terminal of a command.
func (t *terminal) attach(cmd *exec.Cmd) {
	cmd.Stdin, cmd.Stdout, cmd.Stderr = t.slave, t.slave, t.slave
	cmd.SysProcAttr.Setctty = true
}

// changed reports whether the terminal is not as it was.
func (t *terminal) changed() bool {
	after, err := unix.IoctlGetTermios(int(t.slave.Fd()), unix.TCGETS)
	return err != nil || *after != t.before
}

func (t *terminal) close() {
	_ = t.slave.Close()
	select {
	case <-t.read:
	case <-time.After(time.Second): // somebody else has it open
	}
	_ = t.master.Close()
}
