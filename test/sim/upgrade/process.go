// SPDX-License-Identifier: Apache-2.0

package upgrade

import (
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-tpe/kubectl-tpe/test/sim"
)

// An entry is one of PUM's, with the states through which it goes.
type entry struct {
	UID         int     `json:"uid"`
	Scope       string  `json:"scope"`
	RequestID   string  `json:"requestID"`
	RequestPath string  `json:"requestPath"`
	Max         int     `json:"max"`
	States      []state `json:"states"`
	Again       []state `json:"again"`
}

// A state begins some time after the job pum-process, or after a restart.
type state struct {
	At        metav1.Duration `json:"at"`
	State     string          `json:"state"`
	Done      int             `json:"done"`
	Remaining int             `json:"remaining"`
	Error     string          `json:"error"`
}

// A moment is a state at a time of the play.
type moment struct {
	state
	entry entry
	at    time.Duration
	run   int // of the job, from 0
}

// history returns the states through which an entry has gone.
func (u *Upgrade) history(e entry, restarts []time.Duration) []moment {
	var all []moment
	for _, s := range e.States {
		all = append(all, moment{s, e, u.script.Process.At.Duration + s.At.Duration, 0})
	}
	for i, restart := range restarts {
		for _, s := range e.Again {
			all = append(all, moment{s, e, restart + s.At.Duration, i + 1})
		}
	}
	return all
}

// runs returns when the job pum-process was begun.
func (u *Upgrade) runs() (begins, restarts []time.Duration) {
	u.lock.Lock()
	defer u.lock.Unlock()
	restarts = slices.Clone(u.restarts)
	return append([]time.Duration{u.script.Process.At.Duration}, restarts...), restarts
}

// playProcess makes the job pum-process and its log what they are at a moment.
func (u *Upgrade) playProcess(now time.Duration) error {
	begins, restarts := u.runs()
	run := len(begins) - 1
	if now < begins[0] {
		return nil
	}
	var events []moment
	end := begins[run]
	for _, e := range u.script.Entries {
		for _, m := range u.history(e, restarts) {
			if m.at <= now && m.at >= begins[0] && m.State != "INIT" {
				events = append(events, m)
			}
			if m.run == run {
				end = max(end, m.at)
			}
		}
	}
	slices.SortStableFunc(events, func(a, b moment) int { return int(a.at - b.at) })
	for _, m := range events[min(u.logged, len(events)):] {
		of := sim.LogOf{Pod: processPod(m.run), Container: processJob}
		u.Logs.Append(of, u.time(m.at), m.line(u.time(m.at)))
	}
	u.logged = len(events)
	end += 500 * time.Millisecond
	if u.past(processJob, 3*run+phase(begins[run], end, now)) {
		return nil
	}
	id := fmt.Sprint(processJob, "-", run) // another object each time, as PUM has it
	return u.set(processJob, u.job(processJob, processPod(run), id, begins[run], end, now)...)
}

const processJob = "pum-process"

func processPod(run int) string { return processJob + "-" + hash(fmt.Sprint(processJob, run), 5) }

// stamp is a time as PUM prints it.
func stamp(at time.Time) string { return at.Format("2006-01-02T15:04:05.000Z") }

// line is what the job logs of a state.
func (m moment) line(at time.Time) string {
	level := "info"
	if m.Error != "" {
		level = "error"
	}
	what := m.State + " " + m.response()
	if m.State == "IN_PROGRESS" {
		what = fmt.Sprintf("POST %s { \"max\" : %d }", m.entry.RequestPath, m.entry.Max)
	}
	return fmt.Sprintf("%s %s: %s: %s\n", stamp(at), level, m.entry.RequestID, what)
}

// response is the last response of the service that PUM asks.
func (s state) response() string {
	if s.Error != "" {
		return fmt.Sprintf(`{"status":500,"message":%q}`, s.Error)
	}
	status, message := 200, "OK"
	if s.Remaining > 0 {
		status, message = 250, "Unknown"
	}
	return fmt.Sprintf(`{"status":%d,"message":%q,"data":{"countOnly":false,"result":{"done":%d,"remaining":%d}}}`, status, message, s.Done, s.Remaining)
}

// entries returns what PUM prints at a moment. Before its job begins that is what was there
// before the upgrade.
func (u *Upgrade) entries(now time.Duration) (string, error) {
	_, restarts := u.runs()
	var printed []m
	for _, e := range u.script.Entries {
		var past []moment
		for _, m := range u.history(e, restarts) {
			if m.at <= now {
				past = append(past, m)
			}
		}
		if len(past) > 0 {
			printed = append(printed, u.print(e, past))
		}
	}
	return sim.Print(printed)
}

// print returns an entry with the keys of PUM.
func (u *Upgrade) print(e entry, past []moment) m {
	last := past[len(past)-1]
	var response any
	errors, iterations := 0, 0
	for _, m := range past {
		switch {
		case m.State == "INIT":
			errors = 0
		case m.Error != "":
			errors++
			response = m.response()
		case m.State != "SKIPPED" && m.State != "IN_PROGRESS":
			iterations++
			response = m.response()
		}
	}
	return m{
		"uid": e.UID, "creationTimestamp": stamp(u.time(past[0].at)), "scope": e.Scope, "requestID": e.RequestID, "requestPath": e.RequestPath,
		"requestBody": fmt.Sprintf(`{ "max" : %d }`, e.Max), "state": last.State, "stateTimestamp": stamp(u.time(last.at)),
		"lastResponse": response, "errorCounter": errors, "iterationCounter": iterations,
	}
}

// exec answers a command in PUM's pod, as the image of 8.0 does.
func (u *Upgrade) exec(c sim.Command) sim.Result {
	now := u.now()
	line := strings.Join(c.Args, " ")
	switch {
	case c.Container == "pum" && (line == "status" || line == "/nodejs/bin/node app.js display"):
		text, err := u.entries(now)
		if err != nil {
			return sim.Result{Error: err.Error()}
		}
		return sim.Result{Stdout: text}
	case c.Container == "pum" && line == "restart":
		u.lock.Lock()
		u.restarts = append(u.restarts, now)
		u.lock.Unlock()
		return sim.Result{}
	}
	return sim.NotFound("containerd", c.Args)
}
