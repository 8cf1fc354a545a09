// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A Workload is one of the objects that run TPE, and its state.
type Workload struct {
	Kind     string    `json:"kind"`
	Name     string    `json:"name"`
	Want     int32     `json:"want"`    // pods asked for
	Ready    int32     `json:"ready"`   // pods that are ready, with any spec
	Updated  int32     `json:"updated"` // pods with the latest spec
	State    State     `json:"state"`
	Reason   string    `json:"reason,omitempty"`   // what it does and what blocks it, in one line
	Since    time.Time `json:"since,omitzero"`     // since when it is blocked; zero if unknown
	Strategy string    `json:"strategy,omitempty"` // how pods are replaced
	Causes   []Cause   `json:"causes,omitempty"`   // the gravest first

	Release string `json:"-"` // the Helm release that it belongs to, if known
	Doing   string `json:"-"` // Reason without its details, such as "rolling out": what workloads that are alike share
	Rolling bool   `json:"-"` // a Deployment that rolls out its latest spec, within its progress deadline
}

// A State says how far a workload is.
type State string

const (
	Ready           State = "Ready"           // all pods have the latest spec and are ready
	ScaledToZero    State = "ScaledToZero"    // no pod is wanted and none is left
	Progressing     State = "Progressing"     // not done, and nothing proves that it failed
	AwaitingRestart State = "AwaitingRestart" // ready, but someone must delete the pods with an old spec
	Paused          State = "Paused"          // stopped until someone resumes it
	Failed          State = "Failed"          // will not become ready by itself
	Unknown         State = "Unknown"         // nothing proves any of the others
)

// Object returns which object the workload is.
func (w Workload) Object() Object { return Object{w.Kind, w.Name} }

// Done reports whether nothing is left to wait for.
func (w Workload) Done() bool {
	return w.State == Ready || w.State == ScaledToZero
}

// HeldBack reports whether the workload is done although some of its pods are
// old: a StatefulSet's partition asks for it (kubernetes#68573).
func (w Workload) HeldBack() bool {
	return w.Kind == "StatefulSet" && w.State == Ready && w.Updated < w.Want
}

// A step is where a workload is in its rollout.
type step struct {
	state  State
	doing  string // such as "rolling out"
	detail string // such as "1 of 2 pods updated"; a cause takes its place
	since  time.Time
}

// at returns the workload at a step. A Progressing workload is Failed if a cause is
// permanent. One that is done has no causes. Negative numbers, which the API server does
// not allow, prove nothing.
func (w Workload) at(s step, causes []Cause) Workload {
	if min(w.Want, w.Ready, w.Updated) < 0 {
		s = step{state: Unknown, doing: "its status has a negative number of pods"}
	}
	w.State, w.Doing, w.Since = s.state, s.doing, s.since
	if w.Done() {
		w.Reason = sentence(s.doing, s.detail)
		return w
	}
	w.Causes = causes
	if len(causes) > 0 {
		s.detail = causes[0].Summary()
		w.Since = earlier(s.since, causes[0].Since)
	}
	w.Reason = sentence(s.doing, s.detail)
	if s.state == Progressing && anyPermanent(causes) {
		w.State = Failed
	}
	return w
}

// progress is the step of a workload that is Progressing.
func progress(doing, format string, args ...any) step {
	return step{state: Progressing, doing: doing, detail: fmt.Sprintf(format, args...)}
}

// finished is the step of a workload with nothing left to do.
func finished(want int32) step {
	if want == 0 {
		return step{state: ScaledToZero, doing: "scaled to zero"}
	}
	return step{state: Ready}
}

// from returns the step with the time since when it is blocked.
func (s step) from(since time.Time) step {
	s.since = since
	return s
}

// operated reports whether a workload belongs to an operator.
func operated(workload metav1.Object) bool { return metav1.GetControllerOf(workload) != nil }

// awaiting is the step of a workload that serves with n old pods, which somebody
// has to delete.
func awaiting(who string, n int32, byOperator bool) step {
	verb := " awaits restart"
	if n > 1 {
		verb = " await restart"
	}
	if !byOperator {
		return step{state: AwaitingRestart, doing: who + verb + ": OnDelete, to be deleted by hand"}
	}
	return step{state: AwaitingRestart, doing: who + verb + " by its operator"}
}

// unseen is the step of a workload whose controller has not observed the latest spec:
// its status, and the causes on its pods, belong to an older one.
func unseen(controller string) step {
	return step{state: Progressing, doing: "waiting for " + controller + " to observe the latest spec"}
}

// replicas returns the number asked for; the API server's default is 1.
func replicas(n *int32) int32 {
	if n == nil {
		return 1
	}
	return *n
}

func pods(n int32) string { return counted(n, "pod") }

func counted(n int32, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
