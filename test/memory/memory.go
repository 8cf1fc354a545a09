// SPDX-License-Identifier: Apache-2.0

// Package memory tells how much memory a program has while it runs. What Linux says of
// one that has ended (ru_maxrss) is at least what the process had that started it.
package memory

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// HighWater returns the most bytes that a process or one below it has had so far: nothing
// of those that have ended, and nothing but on Linux.
func HighWater(pid int) (most int64) {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)) // of one that has ended there is none
	if _, high, ok := strings.Cut(string(status), "\nVmHWM:"); ok {
		_, _ = fmt.Sscan(high, &most) // in kB
		most <<= 10
	}
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	for _, child := range strings.Fields(string(children)) {
		if pid, err := strconv.Atoi(child); err == nil {
			most = max(most, HighWater(pid))
		}
	}
	return most
}
