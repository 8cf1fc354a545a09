// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"fmt"
	"testing"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/test/cost"
)

// The time it takes to judge causes, or pods that share one, grows with their number.
func TestManyTroubles(t *testing.T) {
	for name, group := range map[string]func(i int) string{
		"one":  func(int) string { return "x" },
		"each": func(i int) string { return fmt.Sprint("x", i) },
	} {
		t.Run(name, func(t *testing.T) {
			cost.Linear(t, 1000, 20_000, func(n int) func() {
				p := workloads(readiness.Progressing)
				p.ObservedAt = noon
				for i := range n {
					c := readiness.Cause{Code: readiness.CrashLoop, Object: Object{Kind: "Pod", Name: fmt.Sprint("p", i)}, Pod: fmt.Sprint("p", i), Container: "main", Since: noon, Group: group(i)}
					p.Workloads[0].Causes = append(p.Workloads[0].Causes, c)
					c.Container = "other"
					p.Crashes = append(p.Crashes, c)
				}
				return func() {
					if v := Judge(Snapshot{Assessment: p}); len(v.Findings) == 0 {
						t.Fatal("no finding")
					}
				}
			})
		})
	}
}
