// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package cost

import "time"

var start = time.Now()

// worked returns how long this process has run: an upper bound of how long it has worked.
func worked() time.Duration { return time.Since(start) }
