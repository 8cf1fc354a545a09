// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package cost

import "time"

// tick is the step in which the clock goes on: that of Windows, 1/64 s.
const tick = time.Second / 64

var start = time.Now()

// worked returns how long this process has run: an upper bound of how long it has worked.
func worked() time.Duration { return time.Since(start) }
