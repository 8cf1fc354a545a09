// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// A Play is a case that is played on a server of its own.
type Play struct {
	*Server

	onRestart []Step
	context   context.Context
	stop      context.CancelFunc

	lock    sync.Mutex
	pum     *PUM
	entered map[string]string // by uid and state of an entry of PUM's: when it came into it
}

// Play starts a server in the state with which the case begins, and goes through its steps.
// The kubeconfig is written into a folder.
func (c *Case) Play(dir string) (*Play, error) {
	p := &Play{onRestart: c.OnRestart, entered: map[string]string{}}
	var err error
	p.Server, err = Start(dir, Options{Version: c.Kubernetes, Exec: p.exec, NoStreamingLists: c.Streaming != nil && !*c.Streaming, Delay: c.Delay.Duration})
	if err != nil {
		return nil, err
	}
	p.context, p.stop = context.WithCancel(context.Background())
	if err := p.begin(c); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	go p.steps(c.Steps)
	return p, nil
}

// Close ends the play, and returns the error of a step that could not be done.
func (p *Play) Close() error {
	p.stop()
	return p.Server.Close()
}

// begin makes the state with which a case begins.
func (p *Play) begin(c *Case) error {
	state := c.State
	if state.PUM == nil {
		state.PUM = &PUM{}
	}
	objects := usual
	if !state.PUM.None {
		objects += "---\n" + usualPUM
	}
	state.Objects = objects + "---\n" + state.Objects
	p.Access.FailVersion(c.Version)
	if err := p.become(state); err != nil {
		return err
	}
	if c.Stale == "" {
		return nil
	}
	stale, err := Objects(c.Stale, time.Now())
	p.Store.FallBehind(stale...)
	return err
}

// steps goes through steps, up to one that cannot be done.
func (p *Play) steps(steps []Step) {
	for i, step := range steps {
		select {
		case <-p.context.Done():
			return
		case <-time.After(step.After.Duration):
		}
		if err := p.become(step.State); err != nil {
			p.Break(fmt.Errorf("step %d: %w", i+1, err))
			return
		}
	}
}

// become makes what a state says so.
func (p *Play) become(s State) error {
	now := time.Now()
	objects, err := Objects(s.Objects, now)
	if err != nil {
		return err
	}
	for _, revision := range s.Helm {
		secret, err := revision.secret(now)
		if err != nil {
			return err
		}
		objects = append(objects, secret)
	}
	p.Store.Apply(objects...)
	if err := p.Store.Delete(Namespace, s.Delete...); err != nil {
		return err
	}
	for _, log := range s.Logs {
		if err := p.append(log, now); err != nil {
			return err
		}
	}
	if s.Deny != nil || s.DenyMessage != nil {
		p.Access.Deny(s.Deny, s.DenyMessage)
	}
	if s.Unauthorized != nil {
		p.Access.Unauthorize(*s.Unauthorized)
	}
	if s.Faults != nil {
		if err := p.Faults.Set(s.Faults); err != nil {
			return err
		}
	}
	return p.becomePUM(s.PUM, now)
}

// becomePUM makes PUM answer otherwise, if something is said of it. What it prints keeps the
// times of now.
func (p *Play) becomePUM(pum *PUM, now time.Time) error {
	if pum == nil {
		return nil
	}
	next := *pum
	if err := next.check(); err != nil {
		return err
	}
	var err error
	switch {
	case next.Entries != nil:
		next.Stdout, err = p.print(next.Entries, now)
	case next.Output == Output{}:
		next.Stdout, err = p.print([]map[string]any{{}}, now)
	}
	if err == nil {
		next.Stdout, err = Expand(next.Stdout, now)
	}
	next.Commands = map[string]Output{}
	for line, output := range pum.Commands {
		if output.Stdout, err = Expand(output.Stdout, now); err != nil {
			return err
		}
		next.Commands[line] = output
	}
	p.lock.Lock()
	defer p.lock.Unlock()
	p.pum = &next
	return err
}

// print returns what PUM prints of entries. One that came into its state in a step did so when
// that was done, and keeps the time as long as it is in it.
func (p *Play) print(entries []map[string]any, now time.Time) (string, error) {
	p.lock.Lock()
	defer p.lock.Unlock()
	before := p.entered
	p.entered = map[string]string{}
	var all []map[string]any
	for i, given := range entries {
		e := usualEntry(i, given)
		at := fmt.Sprint(e["uid"], e["state"])
		switch _, said := given["stateTimestamp"]; {
		case said:
		case before[at] != "":
			e["stateTimestamp"] = before[at]
		case len(before) > 0:
			e["stateTimestamp"] = now.UTC().Format(time.RFC3339)
		}
		p.entered[at] = fmt.Sprint(e["stateTimestamp"])
		all = append(all, e)
	}
	return Print(all)
}

// append adds the lines of a log.
func (p *Play) append(log Log, now time.Time) error {
	text, err := Expand(log.Text, now)
	if err != nil {
		return err
	}
	for line := range strings.Lines(text) {
		at := now
		if first, rest, ok := strings.Cut(line, " "); ok {
			if own, err := time.Parse(time.RFC3339Nano, first); err == nil {
				at, line = own, rest
			}
		}
		p.Logs.Append(LogOf{log.Pod, log.Container, log.Previous}, at, line)
	}
	return nil
}

// exec answers a command in PUM's pod.
func (p *Play) exec(c Command) Result {
	if c.Container != "pum" {
		return NotFound("containerd", c.Args)
	}
	p.lock.Lock()
	pum := p.pum
	p.lock.Unlock()
	result, restart := pum.run(c.Args)
	if restart {
		go p.steps(p.onRestart)
	}
	return result
}
