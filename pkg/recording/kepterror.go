// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"context"
	"errors"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/podexec"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
)

// An Error is an error in the words it had, and what the verdict makes of it.
type Error struct {
	Message    string              `json:"message"`
	Means      []meaning           `json:"means,omitempty"`
	Deployment string              `json:"deployment,omitempty"` // that has no pod
	Pod        string              `json:"pod,omitempty"`        // in which no command can run
	NotStarted bool                `json:"notStarted,omitempty"` // no container of the pod has started
	Replaced   time.Time           `json:"replaced,omitzero"`    // when the pod was deleted, or the one in its place created
	Code       int32               `json:"code,omitempty"`       // that the API server gave
	Reason     metav1.StatusReason `json:"reason,omitempty"`     // that the API server gave
}

// A meaning is what a verdict looks for in an error.
type meaning string

const (
	noAnswer   meaning = "NoAnswer"
	incomplete meaning = "Incomplete"
	syntax     meaning = "NotUnderstood"
	noPod      meaning = "NoPod"
	rolling    meaning = "Rolling"
	denied     meaning = "Denied"
	lost       meaning = "Lost"
	timedOut   meaning = "TimedOut"
)

// newError keeps an error; nil if there is none.
func newError(err error, mask func(string) string) *Error {
	if err == nil {
		return nil
	}
	e := &Error{Message: mask(err.Error())}
	add := func(is bool, m meaning) {
		if is {
			e.Means = append(e.Means, m)
		}
	}
	var cut *pum.IncompleteError
	var unread *pum.SyntaxError
	var pod *podexec.NoPodError
	add(errors.Is(err, pum.ErrNoAnswer), noAnswer)
	add(errors.As(err, &cut) || errors.Is(err, pum.ErrTooLarge), incomplete)
	add(errors.As(err, &unread), syntax)
	add(errors.Is(err, podexec.ErrRolling), rolling)
	add(podexec.Denied(err), denied)
	add(podexec.NoAnswer(err), lost)
	add(errors.Is(err, context.DeadlineExceeded), timedOut)
	if errors.As(err, &pod) {
		add(true, noPod)
		e.Deployment, e.Pod, e.NotStarted, e.Replaced = pod.Deployment, pod.Pod, pod.NotStarted, pod.Replaced.UTC()
	}
	if status := apierrors.APIStatus(nil); errors.As(err, &status) {
		s := status.Status()
		e.Code, e.Reason = s.Code, s.Reason
	}
	return e
}

// A keptError is an error that was read from a file.
type keptError struct {
	text   string
	causes []error
}

func (e *keptError) Error() string   { return e.text }
func (e *keptError) Unwrap() []error { return e.causes }

// err returns the error; nil if there is none.
func (e *Error) err() error {
	if e == nil {
		return nil
	}
	restored := &keptError{text: e.Message}
	inner := errors.New(e.Message)
	for m, cause := range map[meaning]error{
		noAnswer: pum.ErrNoAnswer, incomplete: &pum.IncompleteError{Err: inner}, syntax: &pum.SyntaxError{Err: inner},
		noPod:   &podexec.NoPodError{Deployment: e.Deployment, Pod: e.Pod, NotStarted: e.NotStarted, Err: inner, Replaced: e.Replaced},
		rolling: podexec.ErrRolling, denied: &podexec.PolicyError{Err: inner}, lost: &podexec.GivenUpError{Err: inner},
		timedOut: context.DeadlineExceeded,
	} {
		if slices.Contains(e.Means, m) {
			restored.causes = append(restored.causes, cause)
		}
	}
	if e.Code != 0 || e.Reason != "" {
		status := metav1.Status{Status: metav1.StatusFailure, Code: e.Code, Reason: e.Reason, Message: e.Message}
		restored.causes = append(restored.causes, &apierrors.StatusError{ErrStatus: status})
	}
	return restored
}
