// SPDX-License-Identifier: Apache-2.0

package upgrade

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// In the last half of 20 upgrades, which take from three minutes to two hours, estimates of what
// is left are there more often than not, and wrong by less than 30 % in the median.
func TestEstimates(t *testing.T) {
	var all []float64
	shown, moments := 0, 0
	for seed := range uint64(20) {
		speed := 0.2 / float64(1+2*seed)
		s, err := NewStill(time.Unix(1.7e9, 0), speed, seed+1)
		if err != nil {
			t.Fatal(err)
		}
		var estimator verdict.Estimator
		type sample struct {
			at   time.Time
			left *verdict.Estimate
		}
		var samples []sample
		var over time.Time
		began := s.upgrade.began
		for at := time.Duration(0); over.IsZero(); at += 1500 * time.Millisecond {
			snapshot, err := s.Observe(at)
			if err != nil {
				t.Fatal(err)
			}
			estimator.Observe(&snapshot)
			samples = append(samples, sample{snapshot.ObservedAt, estimator.Left()})
			if at > s.upgrade.script.Process.At.Duration && verdict.Judge(snapshot).ExitCode == verdict.ExitDone {
				over = snapshot.ObservedAt
			}
			if at > 3*time.Minute {
				t.Fatalf("upgrade %d does not end: %v", seed, verdict.Judge(snapshot).Moving)
			}
		}
		var wrong []float64
		for _, one := range samples {
			rest := over.Sub(one.at)
			if one.at.Sub(began) < over.Sub(began)/2 || rest <= 0 {
				continue
			}
			moments++
			if one.left != nil {
				shown++
				wrong = append(wrong, math.Abs(one.left.Left.Seconds()-rest.Seconds())/rest.Seconds())
			}
		}
		slices.Sort(wrong)
		all = append(all, wrong...)
		if len(wrong) > 0 {
			t.Logf("upgrade %2d takes %8s: median error %.0f%%", seed, over.Sub(began).Round(time.Second), 100*wrong[len(wrong)/2])
		}
	}
	slices.Sort(all)
	t.Logf("of all %d: %.0f%%, shown at %d of %d moments", len(all), 100*all[len(all)/2], shown, moments)
	if all[len(all)/2] > 0.3 || shown < moments/2 {
		t.Errorf("the median of the errors is %.0f%%, and %d of %d moments have an estimate", 100*all[len(all)/2], shown, moments)
	}
}
