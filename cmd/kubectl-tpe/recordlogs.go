// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"sync"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/joblogs"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/recording"
)

// recordLogs keeps the lines of PUM's job: what there is, or until the function that it
// returns is called. What
// cannot be read is not in the recording.
func (a *app) recordLogs(ctx context.Context, w *recording.Writer, c *cluster, follow bool) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	sink := &logKeeper{w: w, now: a.time}
	api := &joblogs.Cluster{Client: c.clients.Kube, Namespace: c.Namespace, Name: pum.ProcessJob}
	read := func() {
		reader := &joblogs.Reader{API: api, Sink: sink, Now: a.time, Options: joblogs.Options{Follow: follow, Tail: -1}}
		_, _ = reader.Read(ctx) // how the job ended is with the objects
	}
	var wait sync.WaitGroup
	if wait.Go(read); !follow {
		wait.Wait()
	}
	return func() {
		cancel()
		wait.Wait()
		_ = w.Flush() // its failure is that of the next write
	}
}

// A logKeeper writes log lines into a recording.
type logKeeper struct {
	w   *recording.Writer
	now func() time.Time

	lock sync.Mutex
	at   map[joblogs.RunKey]time.Time // of the line that is written
}

func (k *logKeeper) Begin(joblogs.Run) error { return nil }
func (k *logKeeper) End(joblogs.Run) error   { return nil }
func (k *logKeeper) Say(string) error        { return nil }
func (k *logKeeper) Flush() error            { return k.w.Flush() }

// Piece writes a line, or a part of one.
func (k *logKeeper) Piece(r joblogs.Run, p joblogs.Piece) error {
	k.lock.Lock()
	defer k.lock.Unlock()
	if k.at == nil {
		k.at = map[joblogs.RunKey]time.Time{}
	}
	if p.Begins() {
		k.at[r.Key()] = p.Time
	}
	text := string(p.Text)
	if p.Ends() {
		text = text[:len(text)-1]
	}
	return k.w.AddLog(k.now(), recording.Log{
		Pod: r.Pod, Container: r.Container, Started: r.StartedAt.UTC(), Time: k.at[r.Key()].UTC(), Line: text, More: !p.Ends(),
	})
}
