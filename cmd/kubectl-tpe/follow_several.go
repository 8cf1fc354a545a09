// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/observe"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// statusSeveral does what status does, for several installations.
func (a *app) statusSeveral(cmd *cobra.Command, several *installationFlags, format *output.Format, flags pumFlags, watch watchFlags) error {
	if err := several.check(cmd); err != nil {
		return answered(verdict.ExitUsage, err)
	}
	if !watch.on {
		return a.statusAll(cmd.Context(), several, format, flags)
	}
	all, err := a.installations(cmd.Context(), several, flags.deployment)
	if err != nil {
		return err
	}
	return a.watchAll(cmd.Context(), all, format, flags, watch)
}

// watchAll shows the list whenever it changed, until all installations are over. The last list
// stays on the screen.
func (a *app) watchAll(ctx context.Context, all []*installation, format *output.Format, flags pumFlags, watch watchFlags) error {
	f := newFollowing(a, all)
	for _, one := range f.all {
		one.source = func() *observe.Source { return one.app.source(one.cluster, flags, verdict.GoalAll, watch.interval) }
	}
	stream := output.NewStream(a.Out, format)
	err := f.run(ctx, observe.Until{}, func() error { return stream.Show(f.list(), a.view()) })
	list := f.list()
	switch {
	case err != nil:
		return written(f.sofar(), err)
	case ctx.Err() != nil:
		return answered(verdict.ExitInterrupted, nil)
	}
	if hint := hints(all); hint != "" {
		return &exitError{list.ExitCode, nil, hint}
	}
	return answered(list.ExitCode, nil)
}

// waitSeveral does what wait does, for several installations.
func (a *app) waitSeveral(cmd *cobra.Command, several *installationFlags, format *output.Format, flags pumFlags, options waitOptions) error {
	if err := several.check(cmd); err != nil {
		return answered(verdict.ExitUsage, err)
	}
	ctx := cmd.Context()
	all, err := a.installations(ctx, several, flags.deployment)
	if err != nil {
		return err
	}
	f := newFollowing(a, all)
	w := &waitAll{following: f, ctx: ctx, options: options, progress: output.NewListProgress(a.ErrOut), format: format, start: a.now()}
	for _, one := range f.all {
		one.source = func() *observe.Source { return one.app.source(one.cluster, flags, options.goal, options.interval) }
		one.wait = &waitRun{app: one.app, cluster: one.cluster, place: one.place, options: options, start: w.start}
	}
	if options.timeout == 0 {
		return w.check(flags)
	}
	return w.follow()
}

// A waitAll is a wait for several installations under way.
type waitAll struct {
	*following
	ctx      context.Context
	options  waitOptions
	progress *output.ListProgress
	format   *output.Format
	start    time.Time
}

// check looks once.
func (w *waitAll) check(flags pumFlags) error {
	docs := w.app.onceAll(w.installations(), func(n int) *output.Status {
		return w.all[n].once(flags, func(i *installation) verdict.Snapshot { return once(w.ctx, i.cluster, w.all[n].source(), flags) })
	})
	for n, one := range w.all {
		one.doc, one.over = docs[n], true
	}
	return w.end()
}

// follow waits for all of them at the same time, and shows the progress.
func (w *waitAll) follow() error {
	limited, cancel := w.options.limit(w.ctx)
	defer cancel()
	err := w.run(limited, observe.Until{FailFast: w.options.failFast, StableFor: w.options.stableFor}, func() error {
		list := w.list()
		open := list.Open(func(i int) bool { return w.all[i].over })
		err := w.progress.Show(list, w.app.errView(), open, w.options.waiting(w.app.now().Sub(w.start)))
		if readerGone(err) {
			return err // nothing can be shown any more; after any other error the wait goes on
		}
		if w.options.failFast && slices.ContainsFunc(w.all, func(one *followed) bool { return one.over && one.doc.ExitCode == verdict.ExitFailed }) {
			w.cut = true
			cancel()
		}
		return nil
	})
	if err != nil {
		return written(w.sofar(), err)
	}
	return w.end()
}

// end writes how the wait ended for each, and why for those that are not over.
func (w *waitAll) end() error {
	_ = w.progress.Clear(w.app.errView()) // the answer matters
	var why []string
	for i, one := range w.all {
		if one.over || w.cut || w.ctx.Err() != nil {
			continue // its last document stays
		}
		v, err := one.wait.outcome(w.ctx)
		if one.wait.seen {
			one.doc = one.statusOf(one.wait.last.Snapshot, v)
		} else {
			one.doc = one.without(verdict.GivenUp(one.where, w.app.now().Sub(w.start)))
			one.doc.ExitCode = v.ExitCode
		}
		why = append(why, fmt.Sprintf("%s: %v", w.list().Label(i), err))
	}
	list := w.list()
	if w.ctx.Err() != nil {
		list = list.Interrupted()
		why = []string{"interrupted; continue with the same command"}
	}
	var err error
	if len(why) > 0 {
		err = errors.New(strings.Join(why, "; "))
	}
	return w.app.answerAll(w.format, w.installations(), list, err)
}

// A following is several installations that are followed at the same time.
type following struct {
	app  *app
	all  []*followed
	news chan news
	cut  bool // it ended because of one of them, and not of the others
}

// A followed is one of them.
type followed struct {
	*installation
	source func() *observe.Source
	wait   *waitRun // of wait
	doc    *output.Status
	over   bool               // there is nothing left to follow
	end    context.CancelFunc // ends following it
}

// News is a report about one of them.
type news struct {
	of     int
	report observe.Report
	end    bool // there will be no other
}

func newFollowing(a *app, all []*installation) *following {
	f := &following{app: a, news: make(chan news)}
	for _, i := range all {
		one := &followed{installation: i, doc: i.without(verdict.NotHeardYet())}
		if i.unasked != nil {
			one.doc, one.over = i.without(*i.unasked), true
		}
		f.all = append(f.all, one)
	}
	return f
}

func (f *following) installations() []*installation {
	var all []*installation
	for _, one := range f.all {
		all = append(all, one.installation)
	}
	return all
}

func (f *following) list() *output.StatusList {
	var docs []*output.Status
	for _, one := range f.all {
		docs = append(docs, one.doc)
	}
	return f.app.listOf(f.installations(), docs)
}

// sofar returns the exit code where nobody waits any more.
func (f *following) sofar() verdict.ExitCode {
	if f.over() {
		return f.list().ExitCode
	}
	return unconfirmed(f.list().ExitCode)
}

// How often a list is shown at most, and how long after the beginning for the first time, unless
// all have answered before.
const (
	betweenShows = 250 * time.Millisecond
	firstShow    = 2 * time.Second
)

// run follows all until each is over or ctx ends, and shows them whenever one reported
// something. It does not wait for those that do not end in time.
func (f *following) run(ctx context.Context, until observe.Until, show func() error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go f.start(ctx, until, f.open(ctx))
	began := time.Now()
	tick := time.NewTicker(betweenShows)
	defer tick.Stop()
	heard := map[int]bool{}
	for changed := true; ; {
		select {
		case <-ctx.Done():
			return nil
		case n := <-f.news:
			f.take(n)
			heard[n.of], changed = true, true
			if !f.over() {
				continue
			}
		case <-tick.C:
		}
		over := f.over()
		if changed && (over || f.answered(heard) || time.Since(began) > firstShow) {
			changed = false
			if err := show(); err != nil {
				return err
			}
		}
		if over {
			return nil
		}
	}
}

func (f *following) over() bool {
	return !slices.ContainsFunc(f.all, func(one *followed) bool { return !one.over })
}

// answered reports whether each has reported something.
func (f *following) answered(heard map[int]bool) bool {
	for i, one := range f.all {
		if !heard[i] && !one.over {
			return false
		}
	}
	return true
}

// take takes a report about one of them.
func (f *following) take(n news) {
	one := f.all[n.of]
	if one.over {
		return
	}
	one.over = n.end
	one.doc = one.statusOf(n.report.Snapshot, n.report.Verdict)
	if w := one.wait; w != nil {
		first := !w.seen
		w.take(n.report)
		w.done = n.report.Over || first && w.vain()
		one.over = one.over || w.done
	}
	if one.over {
		one.end()
	}
}

// open returns a context for each that is to be followed, by its number.
func (f *following) open(ctx context.Context) map[int]context.Context {
	contexts := map[int]context.Context{}
	for i, one := range f.all {
		if !one.over {
			contexts[i], one.end = context.WithCancel(ctx)
		}
	}
	return contexts
}

// start starts to follow one after the other, not more than mostAtOnce that have neither answered
// nor taken long: otherwise a long list would ask too much at once.
func (f *following) start(ctx context.Context, until observe.Until, open map[int]context.Context) {
	free := make(chan struct{}, mostAtOnce)
	for _, i := range slices.Sorted(maps.Keys(open)) {
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
			return
		}
		heard := make(chan struct{})
		go func() {
			select {
			case <-heard:
			case <-time.After(observeTimeout):
			case <-open[i].Done():
			}
			<-free
		}()
		go f.follow(open[i], i, until, heard)
	}
}

// follow follows one, and closes heard at its first report.
func (f *following) follow(ctx context.Context, i int, until observe.Until, heard chan<- struct{}) {
	said := false
	for r := range f.all[i].source().Follow(ctx, until) {
		if !said {
			said = true
			close(heard)
		}
		select {
		case f.news <- news{i, r, r.Over}:
		case <-ctx.Done():
			return
		}
	}
}
