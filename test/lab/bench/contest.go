// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// A Contest is a command of the plugin beside the commands it stands for.
type Contest struct {
	Name   string
	Ours   Program
	Theirs []Program // one after the other
	Aim    Ratio     // at most; 0 where there is none
	Runs   int       // at most, of each side; 0 where they are short
}

// A Ratio is what ours takes for each unit that theirs takes: less is better.
type Ratio struct {
	Wall, CPU, Memory float64
}

// A Row is what came of a contest.
type Row struct {
	Contest
	Place                string // where it was held
	OursTook, TheirsTook Sample // medians
	OursCost, TheirsCost Cost
	Ratio
}

// hold runs both sides in turns and compares their medians. One run of each
// comes before, and does not count: it finds the programs on the disk.
func (m meter) hold(ctx context.Context, c Contest, runs int) (Row, error) {
	var ours, theirs []Sample
	for range runs + 1 {
		our, err := m.run(ctx, c.Ours)
		if err != nil {
			return Row{}, err
		}
		their, err := m.all(ctx, c.Theirs)
		if err != nil {
			return Row{}, err
		}
		ours, theirs = append(ours, our), append(theirs, their)
	}
	row := Row{Contest: c, OursTook: median(ours[1:]), TheirsTook: median(theirs[1:])}
	row.Ratio = ratio(row.OursTook, row.TheirsTook)
	return row, m.count(ctx, &row)
}

// A Cost is what a program asks of the API server and the network.
type Cost struct {
	Requests int
	Bytes    int64 // both ways, with all that TLS and HTTP add
}

// count counts the cost of both sides.
func (m meter) count(ctx context.Context, r *Row) (err error) {
	if r.OursCost, err = m.cost(ctx, []Program{r.Ours}); err != nil {
		return err
	}
	r.TheirsCost, err = m.cost(ctx, r.Theirs)
	return err
}

func (m meter) all(ctx context.Context, programs []Program) (Sample, error) {
	var sum Sample
	for _, p := range programs {
		s, err := m.run(ctx, p)
		if err != nil {
			return Sample{}, err
		}
		sum = sum.then(s)
	}
	return sum, nil
}

func ratio(ours, theirs Sample) Ratio {
	return Ratio{
		Wall:   ours.Wall.Seconds() / theirs.Wall.Seconds(),
		CPU:    ours.CPU.Seconds() / theirs.CPU.Seconds(),
		Memory: float64(ours.Memory) / float64(theirs.Memory),
	}
}

// missed names the measures that are above their aims.
func (r Row) missed() []string {
	var names []string
	for _, m := range []struct {
		name     string
		got, aim float64
	}{{"wall", r.Wall, r.Aim.Wall}, {"CPU", r.CPU, r.Aim.CPU}, {"memory", r.Memory, r.Aim.Memory}} {
		if m.aim > 0 && m.got > m.aim {
			names = append(names, fmt.Sprintf("%s %.2f instead of %.2f", m.name, m.got, m.aim))
		}
	}
	return slices.Clip(names)
}

// plugin and kubectl are the programs of the contests.
func plugin(exit int, args ...string) Program {
	return Program{append([]string{"kubectl-tpe"}, args...), []int{exit}}
}

func kubectl(args ...string) Program {
	return Program{append([]string{"kubectl"}, args...), []int{0}}
}

// asking are the contests of the commands that ask once, over a namespace that
// holds an installation of 7.3 in which all is well.
func asking(namespace string) []Contest {
	n := "-n=" + namespace
	exec := kubectl("exec", n, "deploy/pum", "--", "status")
	return []Contest{
		{"pum status", plugin(0, "pum", "status", n), []Program{exec}, Ratio{Wall: 0.65, Memory: 0.6}, 0},
		{"status", plugin(0, "status", n), []Program{exec}, Ratio{Wall: 0.75, Memory: 0.7}, 0},
		{"status", plugin(0, "status", n), []Program{
			kubectl("get", n, "deployments,statefulsets"), kubectl("get", n, "jobs"), exec,
		}, Ratio{}, 0},
	}
}

// following is the contest over the log of a job that is complete.
func following(namespace string) []Contest {
	n := "-n=" + namespace
	return []Contest{{"logs", plugin(0, "logs", n), []Program{kubectl("logs", n, "job/pum-process")}, Ratio{}, 5}}
}

// listing are the contests over many workloads, none of which runs. One is not
// ready, so that a wait rests until its time is over.
func listing(namespace string, rest time.Duration) []Contest {
	n, timeout := "-n="+namespace, "--timeout="+rest.String()
	return []Contest{
		{"status", plugin(6, "status", n), []Program{kubectl("get", n, "deployments,statefulsets,pods", "-o=name")}, Ratio{}, 15},
		{"wait at rest", plugin(124, "wait", n, "--for=workloads", timeout), []Program{{
			[]string{"kubectl", "rollout", "status", n, "deployment/late", timeout}, []int{1},
		}}, Ratio{}, 2},
	}
}
