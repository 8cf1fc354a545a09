// SPDX-License-Identifier: Apache-2.0

//go:build !race

package cost

// slower is how many times as long work takes with the race detector, which is off.
const slower = 1
