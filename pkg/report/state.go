// SPDX-License-Identifier: Apache-2.0

package report

import (
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// A tone says how a state is drawn, the worst last.
type tone uint8

const (
	toneNone   tone = iota // there is nothing: not yet, or no more
	toneGood               // as it should be
	toneIdle               // not begun
	toneBusy               // at work
	toneUnseen             // nobody saw it
	toneWeak               // needs attention, or serves in part
	toneBad                // failed, or down
)

// name is the word for a tone in classes and patterns of the page.
func (t tone) name() string {
	return [...]string{"none", "good", "idle", "busy", "unseen", "weak", "bad"}[t]
}

// A state is what something is, in the word of its source.
type state struct {
	word string
	tone tone
}

var (
	unseen = state{"not observed", toneUnseen}
	gone   = state{"gone", toneNone}
	notYet = state{"not there yet", toneNone}

	// noWorkload is a service all of whose workloads are gone: whether it serves cannot be told.
	noWorkload = state{"without workloads", toneUnseen}
)

// The tones of states that are known. Each kind has another one for those that are not.
var (
	outcomeTones = map[verdict.Outcome]tone{
		verdict.OutcomeDone: toneGood, verdict.OutcomeFailed: toneBad, verdict.OutcomePending: toneBusy,
	}
	serviceTones = map[verdict.ImpactState]tone{
		verdict.Serving: toneGood, verdict.Degraded: toneWeak, verdict.Down: toneBad,
	}
	workloadTones = map[readiness.State]tone{
		readiness.Ready: toneGood, readiness.ScaledToZero: toneIdle, readiness.AwaitingRestart: toneWeak,
		readiness.Paused: toneWeak, readiness.Failed: toneBad, readiness.Unknown: toneUnseen,
	}
	jobTones = map[readiness.JobState]tone{
		readiness.JobComplete: toneGood, readiness.JobPending: toneIdle, readiness.JobSuspended: toneWeak, readiness.JobFailed: toneBad,
	}
	entryTones = map[pum.State]tone{
		pum.StateInit: toneIdle, pum.StateInProgress: toneBusy, pum.StatePartiallyProcessed: toneBusy, pum.StateTransientError: toneWeak,
		pum.StateAborted: toneBad, pum.StateProcessed: toneGood, pum.StateSkipped: toneGood,
	}
)

// toneOf returns the tone of a state, another one if it has none.
func toneOf[S ~string](tones map[S]tone, s S, other tone) tone {
	if t, ok := tones[s]; ok {
		return t
	}
	return other
}

func outcomeState(o verdict.Outcome) state {
	if t, ok := outcomeTones[o]; ok {
		return state{string(o), t}
	}
	return state{string(verdict.OutcomeUnknown), toneUnseen}
}

func serviceState(s verdict.ImpactState) state {
	if t, ok := serviceTones[s]; ok {
		return state{string(s), t}
	}
	return unseen
}

func workloadState(s readiness.State) state {
	return state{string(s), toneOf(workloadTones, s, toneBusy)}
}

func jobState(s readiness.JobState) state { return state{string(s), toneOf(jobTones, s, toneBusy)} }

func entryState(s pum.State) state {
	if s == "" {
		return state{"without a state", toneUnseen}
	}
	return state{clean(string(s), mostWord), toneOf(entryTones, s, toneUnseen)}
}
