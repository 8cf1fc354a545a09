// SPDX-License-Identifier: Apache-2.0

package cost

import (
	"time"

	"golang.org/x/sys/windows"
)

// tick is the step in which the clock goes on: 1/64 s.
const tick = time.Second / 64

// worked returns how long this process has worked: the time of its processors, which does
// not pass while others have them.
func worked() time.Duration {
	var created, ended, kernel, user windows.Filetime
	if err := windows.GetProcessTimes(windows.CurrentProcess(), &created, &ended, &kernel, &user); err != nil {
		panic(err) // there is no other reason than a wrong argument
	}
	return duration(kernel) + duration(user)
}

// duration returns a time that is counted in steps of 100 ns.
func duration(t windows.Filetime) time.Duration {
	return time.Duration(int64(t.HighDateTime)<<32|int64(t.LowDateTime)) * 100
}
