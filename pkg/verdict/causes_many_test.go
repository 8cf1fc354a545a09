// SPDX-License-Identifier: Apache-2.0

//go:build unix

package verdict

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
)

// Twenty times as many causes, or pods that share one, take about twenty times
// as long to judge, not four hundred.
func TestManyTroubles(t *testing.T) {
	for name, group := range map[string]func(i int) string{
		"one":  func(int) string { return "x" },
		"each": func(i int) string { return fmt.Sprint("x", i) },
	} {
		took := func(n int) time.Duration {
			p := workloads(readiness.Progressing)
			p.ObservedAt = noon
			for i := range n {
				c := readiness.Cause{Code: readiness.CrashLoop, Object: Object{Kind: "Pod", Name: fmt.Sprint("p", i)}, Pod: fmt.Sprint("p", i), Container: "main", Since: noon, Group: group(i)}
				p.Workloads[0].Causes = append(p.Workloads[0].Causes, c)
				c.Container = "other"
				p.Crashes = append(p.Crashes, c)
			}
			best := time.Hour
			for range 3 {
				start := cpuTime(t)
				if v := Judge(Snapshot{Assessment: p}); len(v.Findings) == 0 {
					t.Fatal("no finding")
				}
				best = min(best, cpuTime(t)-start)
			}
			return best
		}
		few, many := took(1000), took(20_000)
		if many > 100*few {
			t.Errorf("%s: 1000 take %v, 20000 take %v", name, few, many)
		}
	}
}

// cpuTime is what this process took of the processors: a busy machine makes it
// wait, which is not its own work.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
