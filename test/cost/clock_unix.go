// SPDX-License-Identifier: Apache-2.0

//go:build unix

package cost

import (
	"syscall"
	"time"
)

// tick is the step in which the clock goes on, too short to count.
const tick time.Duration = 0

// worked returns how long this process has worked: the time of its processors, which does
// not pass while others have them.
func worked() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err) // there is no other reason than a wrong argument
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
