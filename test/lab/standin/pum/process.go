// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// errFailed ends an attempt of pum-process that was told to fail.
var errFailed = errors.New("connect ECONNREFUSED sql-proxy:3306")

// Work is the job pum-process: it goes round over the entries that are not
// final, one POST each, until all of them are, and logs what it does. It
// returns an error if it was told to fail, or when ctx is done.
func (s Store) Work(ctx context.Context, log io.Writer) error {
	w := worker{Store: s, log: log}
	var begun State
	err := s.Update(func(state *State) error {
		state.Attempts++
		begun = *state
		return nil
	})
	if err != nil {
		return err
	}
	w.logf("info", "post-upgrade process started, %d request(s)", len(begun.Entries))
	if err := w.chatter(ctx, begun.Process.Chatter); err != nil {
		return err
	}
	if begun.Attempts <= begun.Process.Fail {
		w.logf("error", "cannot read requests: %v", errFailed)
		return errFailed
	}
	if err := sleep(ctx, begun.Process.Delay); err != nil {
		return err
	}
	return w.rounds(ctx)
}

type worker struct {
	Store
	log io.Writer
}

// logf logs as a Node.js service would; the true form is not public.
func (w worker) logf(level, format string, args ...any) {
	fmt.Fprintf(w.log, "%s %s: %s\n", Timestamp(time.Now()), level, fmt.Sprintf(format, args...))
}

func (w worker) chatter(ctx context.Context, c Chatter) error {
	for i := range c.Lines {
		line := fmt.Sprintf("%06d still here", i+1)
		fmt.Fprintln(w.log, line+strings.Repeat(".", max(0, c.Bytes-len(line)-1)))
		if err := sleep(ctx, c.Every); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (w worker) rounds(ctx context.Context) error {
	for {
		state, err := w.Read()
		if err != nil {
			return err
		}
		open, aborted := 0, 0
		for _, entry := range state.Entries {
			if entry.State == StateAborted {
				aborted++
			}
			if entry.Final() || state.Process.Hold {
				continue
			}
			open++
			if err := w.post(ctx, entry.UID); err != nil {
				return err
			}
		}
		if open == 0 && !state.Process.Hold {
			w.logf("info", "post-upgrade process ended, %d request(s) aborted", aborted)
			return nil
		}
		if err := sleep(ctx, max(state.Process.Pause, Duration(100*time.Millisecond))); err != nil {
			return err
		}
	}
}

// post plays one HTTP POST for an entry.
func (w worker) post(ctx context.Context, uid int) error {
	var took Duration
	entry, err := w.step(uid, func(e *Entry, p Process) bool {
		if e.Final() {
			return false
		}
		e.set(StateInProgress, time.Now())
		took = p.Post
		return true
	})
	if err != nil || entry == nil {
		return err
	}
	w.logf("info", "%s: POST %s %s", entry.RequestID, entry.RequestPath, entry.RequestBody)
	if err := sleep(ctx, took); err != nil {
		return err
	}
	entry, err = w.step(uid, func(e *Entry, p Process) bool {
		if e.State != StateInProgress { // restarted, or changed by a test
			return false
		}
		e.answered(p.MaxErrors, time.Now())
		return true
	})
	if err != nil || entry == nil {
		return err
	}
	level := "info"
	if entry.State == StateTransientError || entry.State == StateAborted {
		level = "error"
	}
	w.logf(level, "%s: %s %s", entry.RequestID, entry.State, *entry.LastResponse)
	return nil
}

// step changes an entry and returns it, or nil if it is gone or change says
// that it did nothing.
func (w worker) step(uid int, change func(*Entry, Process) bool) (entry *Entry, err error) {
	err = w.Update(func(state *State) error {
		if e := state.entry(uid); e != nil && change(e, state.Process) {
			entry = e
		}
		return nil
	})
	return entry, err
}

// answered takes the service's response to a POST. That an entry is aborted
// after a number of errors is assumed.
func (e *Entry) answered(maxErrors int, now time.Time) {
	var response string
	if e.Work.Errors != 0 {
		e.Work.Errors--
		e.ErrorCounter++
		response = fmt.Sprintf(`{"status":500,"message":"Can't connect to '%s'"}`, strings.ToLower(e.ServiceID))
		e.set(StateTransientError, now)
		if maxErrors > 0 && e.ErrorCounter >= maxErrors {
			e.set(StateAborted, now)
		}
	} else {
		response = e.iterate(now)
	}
	e.LastResponse = &response
}

// iterate does one batch of the work. A response has status 200 when nothing
// remains and 250 otherwise, as in the vendor's sample.
func (e *Entry) iterate(now time.Time) string {
	var body struct{ Max int }
	if err := json.Unmarshal([]byte(e.RequestBody), &body); err != nil || body.Max <= 0 {
		body.Max = 1
	}
	done := min(body.Max, e.Work.Remaining)
	if e.Work.Stall {
		done = 0
	}
	e.Work.Remaining -= done
	e.IterationCounter++
	status, message := 200, "OK"
	e.set(StateProcessed, now)
	if e.Work.Remaining > 0 {
		status, message = 250, "Unknown"
		e.set(StatePartiallyProcessed, now)
	}
	return fmt.Sprintf(`{"status":%d,"message":%q,"data":{"countOnly":false,"max":%d,"result":{"done":%d,"remaining":%d}}}`,
		status, message, body.Max, done, e.Work.Remaining)
}

func sleep(ctx context.Context, d Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Duration(d)):
		return nil
	}
}
