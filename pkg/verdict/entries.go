// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
)

// entries judges PUM's list. The picture may be nil, and so the movements.
func (v *Verdict) entries(answer *pum.Answer, picture *readiness.Picture, movements map[int64]pum.Movement) {
	if len(answer.Entries) == 0 && !processed(picture) {
		v.find(ExitPending, Finding{
			Code: CodeNoEntries, Level: LevelWarning,
			Summary: "PUM has no entries",
			Detail:  "right after an upgrade that means not yet: the upgrade itself adds them, and the job " + pum.ProcessJob + " did not complete",
			Next:    []string{v.kubectl("tpe logs -f")},
		})
	}
	for i := range answer.Entries {
		v.entry(&answer.Entries[i])
		v.stall(&answer.Entries[i], movements)
	}
	v.complaints(answer)
	v.listing(answer)
}

// processed reports whether the job that works through the entries completed.
func processed(picture *readiness.Picture) bool {
	return picture != nil && slices.ContainsFunc(picture.Jobs, func(j readiness.Job) bool {
		return j.Name == pum.ProcessJob && j.State == readiness.JobComplete
	})
}

// entry judges one entry by its state.
func (v *Verdict) entry(e *pum.Entry) {
	f := Finding{Objects: []Object{{Kind: "Entry", Name: strconv.FormatInt(e.UID, 10)}}}
	f.Since, _ = e.Since()
	switch {
	case e.State == pum.StateAborted:
		f.Code, f.Level = CodeEntryAborted, LevelError
		f.Summary = called(e) + " was aborted"
		f.Detail = lastResponse(e)
		f.Next = []string{v.kubectl("tpe pum status -o wide"), v.logs(pum.ProcessJob), v.kubectl("tpe pum restart --dry-run"), v.kubectl("tpe rollback-plan")}
		v.find(ExitFailed, f)
	case !e.State.Known():
		f.Code, f.Level = CodeUnknownState, LevelWarning
		f.Summary = fmt.Sprintf("%s is in state %q, which this version does not know", called(e), e.State)
		f.Detail = "an unknown state is never taken as final; a newer kubectl tpe may know it"
		v.find(ExitPending, f)
	case !e.State.Final():
		v.hold(ExitPending)
	}
}

// stall notes an entry that makes no progress: a wait for it may be one for
// ever, and somebody has to look.
func (v *Verdict) stall(e *pum.Entry, movements map[int64]pum.Movement) {
	f := Finding{
		Code: CodeEntryStalled, Level: LevelWarning,
		Objects: []Object{{Kind: "Entry", Name: strconv.FormatInt(e.UID, 10)}},
		Next:    []string{v.logs(pum.ProcessJob)},
	}
	kind, stalled := e.Stalled()
	if movements != nil {
		stall := movements[e.UID].Stall
		if stalled = stall != nil; stalled {
			kind, f.Since = stall.Kind, stall.Since
		}
	}
	if !stalled {
		return
	}
	f.Summary = called(e) + " makes no progress: " + stallWords(kind)
	f.Detail = lastResponse(e)
	v.find(ExitPending, f)
}

func stallWords(kind pum.StallKind) string {
	switch kind {
	case pum.StallErrors:
		return "it fails again and again"
	case pum.StallIdle:
		return "iteration follows iteration, and nothing gets done"
	}
	return "nothing about it changes"
}

// complaints notes what PUM's command said besides its list.
func (v *Verdict) complaints(answer *pum.Answer) {
	if len(answer.Stderr) == 0 && answer.ExitCode == 0 {
		return
	}
	f := Finding{
		Code: CodePUMComplains, Level: LevelWarning,
		Summary: "PUM's command printed its whole list, and something on standard error",
		Detail:  beginning(answer.Stderr),
		Objects: []Object{{Kind: "Pod", Name: answer.Source.Pod}},
	}
	if answer.ExitCode != 0 {
		f.Summary = fmt.Sprintf("PUM's command printed its whole list, and ended with exit code %d", answer.ExitCode)
	}
	v.find(ExitDone, f)
}

// beginning returns what fits in a finding of a text that may be long.
func beginning(text []byte) string {
	const most = 500
	if len(text) <= most {
		return strings.TrimSpace(string(text))
	}
	return strings.TrimSpace(strings.ToValidUTF8(string(text[:most]), "")) + fmt.Sprintf(" … (%d bytes or more)", len(text))
}

// called names an entry as people do: by its uid and its request.
func called(e *pum.Entry) string {
	if e.RequestID == nil {
		return fmt.Sprintf("entry %d", e.UID)
	}
	return fmt.Sprintf("entry %d %s", e.UID, *e.RequestID)
}

// lastResponse says what the service answered last.
func lastResponse(e *pum.Entry) string {
	switch {
	case e.LastResponse == nil:
		return "there is no response of the service"
	case e.Response == nil || e.Response.Message == nil:
		return "last response: " + *e.LastResponse
	case e.Response.Status == nil:
		return "last response: " + *e.Response.Message
	}
	return fmt.Sprintf("last response: %d %s", *e.Response.Status, *e.Response.Message)
}
