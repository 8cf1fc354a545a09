// SPDX-License-Identifier: Apache-2.0

// Package cost holds tests to how the cost of work grows with its size.
package cost

import (
	"math"
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

// Linear fails a test if work on many things takes more than five times the share of their
// number, compared with the same on few: what is quadratic takes twenty times that share, if
// there are twenty times as many. Prepare returns the work on n things; it is not measured.
//
// A busy machine only ever makes work slower, so that the shortest of several times counts,
// without garbage collections, and one good comparison of several is enough.
func Linear(t *testing.T, few, many int, prepare func(n int) func()) {
	t.Helper()
	if testing.Short() {
		t.Skip("work on many things takes long")
	}
	small, large := prepare(few), prepare(many)
	most := 5 * float64(many) / float64(few)
	var short, long time.Duration
	for range 5 {
		short, long = fastest(small), fastest(large)
		if float64(long) <= most*float64(short) {
			return
		}
	}
	t.Errorf("%d take %s, and %d %.0f times as long, %s; want at most %.0f times", few, short, many, float64(long)/float64(short), long, most)
}

// fastest returns the shortest time of several. What is done within a tick of the clock is
// repeated until it can be told how long it takes.
func fastest(do func()) time.Duration {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	shortest := time.Duration(math.MaxInt64)
	for measured, times := 0, 1; measured < 3; {
		runtime.GC()
		start := time.Now()
		for range times {
			do()
		}
		took := time.Since(start)
		if took < 2*tick {
			times *= 2
			continue
		}
		measured++
		shortest = min(shortest, took/time.Duration(times))
	}
	return shortest
}

// Within fails a test if work takes longer than it may. It is measured alone, as a machine
// with nothing else to do would do it: by the time of the processors, without garbage
// collections, and the shortest of several counts.
func Within(t *testing.T, most time.Duration, do func()) {
	t.Helper()
	most *= slower
	do() // what is done once is not counted
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	shortest := time.Duration(math.MaxInt64)
	for range 10 {
		runtime.GC()
		before := worked()
		do()
		if shortest = min(shortest, worked()-before); shortest <= most {
			return
		}
	}
	t.Errorf("it takes %s; want at most %s", shortest, most)
}
