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

func outcomeState(o verdict.Outcome) state {
	switch o {
	case verdict.OutcomeDone:
		return state{string(o), toneGood}
	case verdict.OutcomeFailed:
		return state{string(o), toneBad}
	case verdict.OutcomePending:
		return state{string(o), toneBusy}
	}
	return state{string(verdict.OutcomeUnknown), toneUnseen}
}

func serviceState(s verdict.ImpactState) state {
	switch s {
	case verdict.Serving:
		return state{string(s), toneGood}
	case verdict.Degraded:
		return state{string(s), toneWeak}
	case verdict.Down:
		return state{string(s), toneBad}
	}
	return unseen
}

func workloadState(s readiness.State) state {
	t := toneBusy
	switch s {
	case readiness.Ready:
		t = toneGood
	case readiness.ScaledToZero:
		t = toneIdle
	case readiness.AwaitingRestart, readiness.Paused:
		t = toneWeak
	case readiness.Failed:
		t = toneBad
	case readiness.Unknown:
		t = toneUnseen
	}
	return state{string(s), t}
}

func jobState(s readiness.JobState) state {
	t := toneBusy
	switch s {
	case readiness.JobComplete:
		t = toneGood
	case readiness.JobPending:
		t = toneIdle
	case readiness.JobSuspended:
		t = toneWeak
	case readiness.JobFailed:
		t = toneBad
	}
	return state{string(s), t}
}

func entryState(s pum.State) state {
	t := toneUnseen
	switch s {
	case pum.StateInit:
		t = toneIdle
	case pum.StateInProgress, pum.StatePartiallyProcessed:
		t = toneBusy
	case pum.StateTransientError:
		t = toneWeak
	case pum.StateAborted:
		t = toneBad
	case pum.StateProcessed, pum.StateSkipped:
		t = toneGood
	case "":
		return state{"without a state", t}
	}
	return state{clean(string(s), mostWord), t}
}
