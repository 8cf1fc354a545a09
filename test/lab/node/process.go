// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A process is one that ran when it was looked at. The time of its start, in
// ticks since the machine's, tells it from a later one with the same number.
type process struct {
	pid       int
	started   string
	arguments []string
	namespace string // of processes: "pid:[4026532301]"
}

// processes are those of the machine. One that ends meanwhile is left out, as is
// one that is dead but not yet buried.
func processes() ([]process, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	var found []process
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if p, ok := readProcess(pid); ok {
			found = append(found, p)
		}
	}
	return found, nil
}

func readProcess(pid int) (process, bool) {
	dir := fmt.Sprintf("/proc/%d/", pid)
	stat, err := os.ReadFile(dir + "stat")
	if err != nil {
		return process{}, false
	}
	// The name, in brackets, may hold anything. After it comes the state, field
	// 3; the start is field 22. See proc(5).
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 20 || fields[0] == "X" {
		return process{}, false
	}
	if fields[0] == "Z" {
		waitForThreads(dir)
		return process{}, false
	}
	line, err := os.ReadFile(dir + "cmdline")
	if err != nil {
		return process{}, false
	}
	namespace, err := os.Readlink(dir + "ns/pid")
	if err != nil {
		return process{}, false
	}
	return process{
		pid:       pid,
		started:   fields[19],
		arguments: strings.Split(strings.TrimSuffix(string(line), "\x00"), "\x00"),
		namespace: namespace,
	}, true
}

// waitForThreads waits, not for ever, until a dead process has no threads any more:
// as long as one is dying, its files are open and its ports are taken.
func waitForThreads(dir string) {
	for deadline := time.Now().Add(time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if threads, err := os.ReadDir(dir + "task"); err != nil || len(threads) < 2 {
			return
		}
	}
}

// alive reports whether the process still runs.
func (p process) alive() bool {
	now, ok := readProcess(p.pid)
	return ok && now.started == p.started
}

// signal sends a signal to this very process; it is no error if it has ended.
func (p process) signal(sig syscall.Signal) error {
	handle, err := os.FindProcess(p.pid) // from here on the number cannot pass to another
	if err != nil {
		return nil
	}
	defer func() { _ = handle.Release() }()
	if !p.alive() {
		return nil
	}
	if err := handle.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal process %d: %w", p.pid, err)
	}
	return nil
}
