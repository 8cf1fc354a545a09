// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

const (
	// calmly is the part of its time for which a machine is idle that does little but
	// keep a lab with all workloads.
	calmly = 0.75

	// calmFor is for how long it must be.
	calmFor = 3 * time.Second
)

// calm waits until the machine has done with what began before, such as the start of
// eighty pods: it makes those slower the most that need the least. It does not wait
// longer than b.Calm.
func (b *bench) calm(ctx context.Context) error {
	for deadline := time.Now().Add(b.Calm); time.Now().Before(deadline); {
		before, err := processorTime()
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(calmFor):
		}
		after, err := processorTime()
		if err != nil {
			return err
		}
		if (after.idle-before.idle)/(after.all-before.all) > calmly {
			return nil
		}
	}
	if b.Calm > 0 {
		b.logf("the machine is busy with something else after %s, too: the ratios may be off", b.Calm)
	}
	return nil
}

// A processor is how its time was spent since the machine began, in ticks.
type processor struct{ idle, all float64 }

// processorTime reads the times of all processors; see proc(5), /proc/stat.
func processorTime() (processor, error) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return processor{}, err
	}
	line, _, _ := strings.Cut(string(stat), "\n")
	var ticks [8]float64 // user nice system idle iowait irq softirq steal
	rest, ok := strings.CutPrefix(line, "cpu ")
	if _, err := fmt.Sscan(rest, &ticks[0], &ticks[1], &ticks[2], &ticks[3], &ticks[4], &ticks[5], &ticks[6], &ticks[7]); err != nil || !ok {
		return processor{}, errors.New("/proc/stat is not as proc(5) says")
	}
	p := processor{idle: ticks[3] + ticks[4]}
	for _, t := range ticks {
		p.all += t
	}
	return p, nil
}
