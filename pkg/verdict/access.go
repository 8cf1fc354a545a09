// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"errors"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kube"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/podexec"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
)

// failedToAsk judges the error of something that was asked for.
func (v *Verdict) failedToAsk(what string, err error) {
	if err == nil || v.notKept(what, err) {
		return
	}
	code := Classify(err)
	f := Finding{
		Code: accessCode(code, err), Level: LevelError,
		Summary: what + " unknown",
		Detail:  err.Error(),
	}
	none := (*podexec.NoPodError)(nil)
	switch {
	case f.Code == CodeNotLoggedIn:
		f.Summary += ": not authenticated"
		f.Detail += "; log in again"
	case f.Code == CodeForbidden:
		f.Next = []string{v.role()}
	case code == ExitNotFound:
		f.Next = []string{v.findPUM()}
	case TooLarge(err):
		f.Detail += "; use --pum-limit to read more"
	case errors.As(err, &none) && none.Pod != "":
		if !none.NotStarted {
			f.Next = []string{v.kubectl("logs", none.Pod)}
		}
		f.Next = append(f.Next, v.kubectl("describe", "pod", none.Pod))
	case errors.As(err, &none) && errors.Is(err, podexec.ErrScaledToZero):
		f.Next = []string{v.kubectl("scale", "deployment", none.Deployment, "--replicas=1")}
	case errors.As(err, &none):
		f.Next = []string{v.kubectl("describe", "deployment", none.Deployment)}
	}
	v.find(code, f)
}

// TooLarge reports whether an error says that PUM's answer is larger than --pum-limit.
func TooLarge(err error) bool {
	return errors.Is(err, podexec.ErrTooLarge) || errors.Is(err, pum.ErrTooLarge)
}

// role returns the command that prints the Role that an administrator may grant.
func (v *Verdict) role() string { return v.where.TPE("doctor --role") }

// findPUM returns the command that lists the namespaces in which ThingPark Enterprise may be
// installed.
func (v *Verdict) findPUM() string {
	return v.where.Everywhere().Kubectl("get deployments --all-namespaces --field-selector metadata.name=pum")
}

// accessCode returns the finding's code for an error and its exit code.
func accessCode(code ExitCode, err error) Code {
	syntax, damaged := (*pum.SyntaxError)(nil), (*DamagedError)(nil)
	switch {
	case errors.As(err, &damaged):
		return CodeMemberDamaged
	case podexec.Denied(err):
		return CodeDenied
	case kube.NotLoggedIn(err):
		return CodeNotLoggedIn
	case code == ExitForbidden:
		return CodeForbidden
	case code == ExitNotFound:
		return CodeNotFound
	case code == ExitNoAnswer:
		return CodeNoAnswer
	case errors.As(err, &syntax):
		return CodeNotUnderstood
	}
	return CodeUnreachable
}

// Classify returns the exit code that stands for an error.
func Classify(err error) ExitCode {
	switch {
	case err == nil:
		return ExitDone
	case errors.Is(err, pum.ErrNoAnswer), podexec.NoAnswer(err), cutShort(err):
		return ExitNoAnswer
	case apierrors.IsForbidden(err), kube.NotLoggedIn(err):
		return ExitForbidden
	case apierrors.IsNotFound(err):
		return ExitNotFound
	}
	return ExitError
}

// noAnswer judges that PUM gave no answer. While its Deployment rolls out, as in every upgrade, or
// its pod is being replaced, that is not a failure yet.
func (v *Verdict) noAnswer(s *Snapshot) {
	silent, doing := errors.Is(s.AnswerErr, pum.ErrNoAnswer), ""
	switch {
	case silent && s.pumRolls():
		doing = "PUM itself is rolling out"
	case silent && s.pumReplaced():
		doing = "PUM's pod is being replaced"
	default:
		v.failedToAsk("entries", s.AnswerErr)
		return
	}
	v.find(ExitPending, Finding{
		Code: CodePUMRolling, Level: LevelInfo,
		Summary: "the entries are not known yet: " + doing,
		Detail:  s.AnswerErr.Error(),
		Objects: []Object{{Kind: "Deployment", Name: s.PUM}},
	})
}

// pumRolls reports whether PUM's own Deployment is rolling out, by its own state or by the error
// with which PUM was asked. A Deployment that failed is not rolling out.
func (s *Snapshot) pumRolls() bool {
	rolling := errors.Is(s.AnswerErr, podexec.ErrRolling)
	w := s.pumWorkload()
	if w == nil {
		return rolling
	}
	return w.State != readiness.Failed && rolling || w.Rolling && w.State == readiness.Progressing
}

// replaceGrace is how long it may take to replace PUM's pod without a rollout: when it was deleted
// or evicted, or its node drained. Its image may have to be pulled on another node.
const replaceGrace = 5 * time.Minute

// pumReplaced reports whether PUM has no ready pod because that is being replaced.
func (s *Snapshot) pumReplaced() bool {
	var none *podexec.NoPodError
	if !errors.As(s.AnswerErr, &none) || none.Replaced.IsZero() || s.ObservedAt.Sub(none.Replaced) > replaceGrace {
		return false
	}
	w := s.pumWorkload()
	return w == nil || w.State != readiness.Failed
}

// pumWorkload returns PUM's Deployment, nil if it was not read.
func (s *Snapshot) pumWorkload() *readiness.Workload {
	if s.Assessment == nil {
		return nil
	}
	i := slices.IndexFunc(s.Assessment.Workloads, func(w readiness.Workload) bool { return w.Kind == "Deployment" && w.Name == s.PUM })
	if i < 0 {
		return nil
	}
	return &s.Assessment.Workloads[i]
}

// unconfirmed judges that a second read could not confirm the result.
func (v *Verdict) unconfirmed(s *Snapshot) {
	if s.UnconfirmedErr == nil {
		return
	}
	v.find(ExitError, Finding{
		Code: CodeUnconfirmed, Level: LevelError,
		Summary: "what was last seen could not be confirmed; retrying",
		Detail:  s.UnconfirmedErr.Error(),
	})
}

// cutShort reports whether an error says that PUM's output is truncated, or too large.
func cutShort(err error) bool {
	var incomplete *pum.IncompleteError
	return errors.As(err, &incomplete) || errors.Is(err, pum.ErrTooLarge)
}

// disconnected judges an assessment that is no longer kept up to date.
func (v *Verdict) disconnected(s *Snapshot) {
	if s.LostAt.IsZero() || s.Assessment == nil && !kube.NotLoggedIn(s.LostErr) {
		return
	}
	if kube.NotLoggedIn(s.LostErr) {
		v.find(ExitForbidden, Finding{
			Code: CodeNotLoggedIn, Level: LevelError, Since: s.LostAt,
			Summary: "the API server no longer accepts the login",
			Detail:  s.LostErr.Error() + "; log in again",
		})
		return
	}
	f := Finding{
		Code: CodeUnreachable, Level: LevelError, Since: s.LostAt,
		Summary: "the API server cannot be reached; retrying",
		Detail:  "the workloads are shown as of then",
	}
	if said := apierrors.APIStatus(nil); errors.As(s.LostErr, &said) {
		f.Summary = "the API server answers with an error; retrying"
	}
	if s.LostErr != nil {
		f.Detail += ": " + s.LostErr.Error()
	}
	v.find(ExitError, f)
}

// needed are the kinds without which nothing can be said about the workloads and jobs. What the
// operators' own resources would add is partly known from the rest, and the account that the
// documentation describes cannot read them all.
var needed = map[string]bool{
	"Deployment": true, "StatefulSet": true, "Pod": true, "Job": true,
}

// gaps judges the resources that could not be read.
func (v *Verdict) gaps(gaps []readiness.Gap) {
	v.kindsNotKept(gaps)
	for _, g := range gaps {
		if g.Reason == readiness.NotKept {
			continue
		}
		f := Finding{
			Code: CodeKindNotRead, Level: LevelWarning, Since: g.Since,
			Summary: g.Kind + " objects are unknown",
			Detail:  g.Err.Error(),
		}
		if g.Stale {
			f.Summary = g.Kind + " objects cannot be read"
			f.Detail = "shown as of the last read: " + f.Detail
		}
		switch {
		case kube.NotLoggedIn(g.Err):
			f.Code, f.Level = CodeNotLoggedIn, LevelError
			f.Detail += "; log in again"
			v.find(ExitForbidden, f)
		case g.Kind == "KafkaNodePool" && g.Reason != readiness.ReadFailed: // Kafka says if it cannot be counted without
		case !needed[g.Kind] && g.Reason == readiness.NotServed, g.Kind == "CronJob" && g.Reason == readiness.Forbidden:
			f.Level = LevelInfo
			v.find(ExitDone, f)
		case !needed[g.Kind] && g.Reason == readiness.Forbidden:
			v.find(ExitDone, f)
		case g.Reason == readiness.Forbidden:
			f.Code, f.Level, f.Next = CodeForbidden, LevelError, []string{v.role()}
			v.find(ExitForbidden, f)
		default:
			f.Level = LevelError
			v.find(ExitError, f)
		}
	}
}
