// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/observe"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/recording"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// keptFlags say which file to look at instead of a cluster, and how.
type keptFlags struct {
	path  string
	at    recording.At
	speed speed
}

// addFrom adds --from to a command that reads, and --at; to one that follows, --speed.
func (a *app) addFrom(cmd *cobra.Command, follows bool) {
	f := cmd.Flags()
	f.StringVar(&a.kept.path, "from", "", "read a file or folder instead of a cluster: a recording, the vendor's audit archive, a cluster-info dump, or YAML or JSON lists of objects; - for stdin")
	f.Var(&a.kept.at, "at", "moment of a recording: 14:05 local time, 2026-01-31T14:05:00Z, 3m from its beginning, or 50%")
	a.kept.speed = 1
	if follows {
		f.Var(&a.kept.speed, "speed", "how many times faster to play a recording; 0 for at once")
	}
	must(cmd.MarkFlagFilename("from"))
	for _, name := range []string{"from", "at", "speed"} {
		if f.Lookup(name) != nil {
			markFlag(f, name, ofOneInstallation)
		}
		if name != "from" && f.Lookup(name) != nil {
			markFlag(f, name, needsAnother, "from")
		}
	}
}

// A speed is how many times faster a recording is played. It is a pflag.Value.
type speed float64

func (s *speed) Set(value string) error {
	n, err := strconv.ParseFloat(value, 64)
	if err != nil || n < 0 || n > 1e6 {
		return errors.New("want a number such as 30, or 0 for at once")
	}
	*s = speed(n)
	return nil
}

func (s *speed) String() string { return strconv.FormatFloat(float64(*s), 'g', -1, 64) }

func (s *speed) Type() string { return "factor" }

// keptCluster is the cluster that a file keeps. The time is that of the file.
func (a *app) keptCluster(ctx context.Context) (*cluster, error) {
	k, err := unlessInterrupted(ctx, func() (*recording.Kept, error) {
		return recording.Open(a.kept.path, a.kube.overrides.Context.Namespace, a.kept.at)
	})
	if err != nil {
		return nil, err
	}
	if given := a.kube.overrides.Context.Namespace; given != "" && given != k.Namespace {
		return nil, fmt.Errorf("read %s: it belongs to namespace %q, and -n says %q", k.Path, k.Namespace, given)
	}
	a.clock = nil
	a.now = func() time.Time { return k.At }
	return &cluster{
		Place: output.Place{Context: k.Context, Namespace: k.Namespace, From: &output.From{
			Path: k.Path, Kind: k.Kind, TakenAt: seconds(k.At), Begins: seconds(k.Begins), Ends: seconds(k.Ends), Written: k.Written,
		}},
		where: k.Where(k.At), kept: k,
	}, nil
}

// sayKept says on stderr which file is shown, for people, where stdout is one table.
func (a *app) sayKept(c *cluster) {
	fmt.Fprintln(a.ErrOut, a.errView().Line(c.From.Line()))
}

// unlessInterrupted returns what f returns, or the error of ctx once that ends. f is left running
// then: what opens or reads a pipe to which nobody writes knows no context.
func unlessInterrupted[T any](ctx context.Context, f func() (T, error)) (value T, err error) {
	type result struct {
		value T
		err   error
	}
	ended := make(chan result, 1)
	go func() {
		value, err := f()
		ended <- result{value, err}
	}()
	select {
	case r := <-ended:
		return r.value, r.err
	case <-ctx.Done():
		return value, ctx.Err()
	}
}

// observer returns what observes a goal: the cluster, or the file that is looked at instead. It
// is recorded if that was asked for.
func (a *app) observer(ctx context.Context, c *cluster, flags pumFlags, options waitOptions) (observe.Observer, error) {
	var o observe.Observer
	if c.kept != nil {
		if err := c.kept.Again(); err != nil {
			return nil, err
		}
		player := a.player(c, options.goal)
		player.Limit = options.timeout
		o = player
	} else {
		source := a.source(c, flags, options.goal, options.interval)
		source.Restart = options.restart
		o = source
	}
	w, err := a.recorder(ctx, c, flags, options.goal)
	if err != nil {
		return nil, err
	}
	return a.recordTo(w, o, c, flags), nil
}

// player plays what a file keeps, and has the time go as it did.
func (a *app) player(c *cluster, goal verdict.Goal) *recording.Observer {
	var now atomic.Pointer[time.Time]
	begins := c.kept.Start()
	now.Store(&begins)
	a.now = func() time.Time { return *now.Load() }
	return &recording.Observer{Kept: c.kept, Goal: goal, Speed: float64(a.kept.speed), Tick: func(at time.Time) {
		now.Store(&at)
		c.From.TakenAt = seconds(at)
	}}
}

// seconds is a time as documents have it.
func seconds(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// keptSnapshot returns what the file keeps.
func (c *cluster) keptSnapshot(goal verdict.Goal) verdict.Snapshot {
	return (&recording.Observer{Kept: c.kept, Goal: goal}).Once(context.Background())
}

// readHelm reads the Helm releases.
func (c *cluster) readHelm(ctx context.Context) ([]release.Release, error) {
	if c.kept != nil {
		return c.kept.Releases()
	}
	return c.helm().Read(ctx)
}

// plan looks for the way back.
func (c *cluster) plan(ctx context.Context) (*release.Plan, error) {
	if c.kept != nil {
		return c.kept.Plan()
	}
	return c.helm().Plan(ctx)
}
