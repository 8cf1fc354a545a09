// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// A Contest is a command of the plugin beside the commands it stands for.
type Contest struct {
	Name   string
	Ours   Program
	Theirs []Program // one after the other, or in several windows at once
	Floor  *Program  // the least of what ours cannot do without; nil where that was not looked for
	Aim    Ratio     // at most; 0 where there is none
	Runs   int       // at most, of each side; 0 where they are short
	Kind   Kind
}

// A Kind is how a contest differs from those of commands that ask a cluster.
type Kind int

// Kinds of contests.
const (
	InTurn   Kind = iota
	Together      // the others run at once, as in several windows
	Offline       // both read a file
)

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
	FloorRatio Ratio // of the floor; zero where there is none
}

// hold runs both sides, and the floor, in turns and compares their medians. One run of
// each comes before, and does not count: it finds the programs on the disk.
func (m meter) hold(ctx context.Context, c Contest, runs int) (Row, error) {
	var ours, theirs, least []Sample
	for range runs + 1 {
		our, err := m.run(ctx, c.Ours)
		if err != nil {
			return Row{}, err
		}
		their, err := m.theirs(ctx, c)
		if err != nil {
			return Row{}, err
		}
		ours, theirs = append(ours, our), append(theirs, their)
		if c.Floor != nil {
			floor, err := m.run(ctx, *c.Floor)
			if err != nil {
				return Row{}, err
			}
			least = append(least, floor)
		}
	}
	row := Row{Contest: c, OursTook: median(ours[1:]), TheirsTook: median(theirs[1:])}
	row.Ratio = ratio(row.OursTook, row.TheirsTook)
	if c.Floor != nil {
		row.FloorRatio = ratio(median(least[1:]), row.TheirsTook)
	}
	if c.Kind == Offline {
		return row, nil
	}
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

func (m meter) theirs(ctx context.Context, c Contest) (Sample, error) {
	samples := make([]Sample, len(c.Theirs))
	tasks, ctx := errgroup.WithContext(ctx)
	if c.Kind != Together {
		tasks.SetLimit(1)
	}
	for i, p := range c.Theirs {
		tasks.Go(func() (err error) {
			samples[i], err = m.run(ctx, p)
			return err
		})
	}
	var sum Sample
	err := tasks.Wait()
	for _, s := range samples {
		if c.Kind == Together {
			sum = sum.beside(s)
		} else {
			sum = sum.then(s)
		}
	}
	return sum, err
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
		name            string
		got, floor, aim float64
	}{
		{"wall", r.Wall, r.FloorRatio.Wall, r.Aim.Wall},
		{"CPU", r.CPU, r.FloorRatio.CPU, r.Aim.CPU},
		{"memory", r.Memory, r.FloorRatio.Memory, r.Aim.Memory},
	} {
		if m.aim == 0 || m.got <= m.aim {
			continue
		}
		text := fmt.Sprintf("%s %.2f instead of %.2f", m.name, m.got, m.aim)
		if m.floor > 0 {
			text += fmt.Sprintf(" (floor %.2f)", m.floor)
		}
		names = append(names, text)
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

// floor is the program that does the least; see its package comment.
func floor(what, namespace string) *Program {
	return &Program{[]string{"floor", what, namespace}, []int{0}}
}

// asking are the contests of the commands that ask once, over a namespace that
// holds an installation of 7.3 in which all is well.
func asking(namespace string) []Contest {
	n := "-n=" + namespace
	exec := kubectl("exec", n, "deploy/pum", "--", "status")
	return []Contest{
		{
			Name: "pum status", Ours: plugin(0, "pum", "status", n), Theirs: []Program{exec},
			Floor: floor("pum", namespace), Aim: Ratio{Wall: 0.6, Memory: 0.5},
		},
		{
			Name: "status", Ours: plugin(0, "status", n), Theirs: []Program{exec},
			Floor: floor("status", namespace), Aim: Ratio{Wall: 0.7, Memory: 0.5},
		},
		{
			Name: "status", Ours: plugin(0, "status", n), Runs: 15,
			Theirs: []Program{kubectl("get", n, "deployments,statefulsets"), kubectl("get", n, "jobs"), exec},
		},
	}
}

// following are the contests over the log of a job that is complete, and that over an archive
// that holds this log. The plugin reads each line with its time, to go on from there if the
// connection breaks; kubectl does only with --timestamps.
func following(namespace, archive string) []Contest {
	n := "-n=" + namespace
	logs := plugin(0, "logs", n)
	return []Contest{
		{
			Name: "logs", Ours: logs, Theirs: []Program{kubectl("logs", n, "job/pum-process")},
			Floor: floor("logs", namespace), Aim: Ratio{Wall: 1}, Runs: 5,
		},
		{Name: "logs", Ours: logs, Theirs: []Program{kubectl("logs", n, "job/pum-process", "--timestamps")}, Aim: Ratio{Wall: 1}, Runs: 3},
		{
			Name: "status --from", Ours: plugin(1, "status", "--from="+archive), Kind: Offline, Runs: 5,
			Theirs: []Program{{[]string{"tar", "--extract", "--to-stdout", "--file=" + archive}, []int{0}}},
		},
	}
}

// listing are the contests over many workloads, none of which runs. One is not
// ready, so that a wait rests until its time is over.
func listing(namespace string, rest time.Duration) []Contest {
	n, timeout := "-n="+namespace, "--timeout="+rest.String()
	wait := plugin(124, "wait", n, "--for=workloads", timeout)
	watch := func(kind string) Program {
		return Program{[]string{"kubectl", "get", n, kind, "--watch", "--request-timeout=" + rest.String()}, []int{0, 1}}
	}
	return []Contest{
		{
			Name: "status", Ours: plugin(6, "status", n), Runs: 15,
			Theirs: []Program{kubectl("get", n, "deployments,statefulsets,pods", "-o=name")},
		},
		{Name: "wait at rest", Ours: wait, Runs: 2, Theirs: []Program{{
			[]string{"kubectl", "rollout", "status", n, "deployment/late", timeout}, []int{1},
		}}},
		{
			Name: "wait at rest", Ours: wait, Runs: 2, Aim: Ratio{Memory: 1}, Kind: Together,
			Theirs: []Program{watch("deployments"), watch("replicasets"), watch("pods")},
		},
	}
}
