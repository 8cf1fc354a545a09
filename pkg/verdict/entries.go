// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
)

// entries judges PUM's list.
func (v *Verdict) entries(s *Snapshot) {
	if s.Restart != nil {
		v.restarted(s)
	} else {
		v.listedEntries(s)
	}
	v.complaints(s.Answer)
	v.listing(s.Answer)
}

// listedEntries judges the entries. While the job that processes them runs, it may add more.
func (v *Verdict) listedEntries(s *Snapshot) {
	job := s.process()
	switch {
	case len(s.Answer.Entries) == 0:
		v.noEntries(s, job)
	case job != nil && !job.State.Final():
		v.hold(ExitPending)
	default:
		v.older(s)
	}
	if job != nil && job.State == readiness.JobFailed && !s.Asks().Workloads() && s.failedBefore(*job) == "" && toDo(s.Answer.Entries) {
		v.failedJob(job)
	}
	for i := range s.Answer.Entries {
		v.entry(s, &s.Answer.Entries[i])
	}
	v.pumAtWork = pumAtWork(s.Answer.Entries, job)
}

// pumAtWork reports whether PUM may still be working although an entry was aborted: on other
// entries or, if all were aborted before its job began, on those again.
func pumAtWork(entries []pum.Entry, job *readiness.Job) bool {
	if toDo(entries) {
		return job == nil || !job.State.Final()
	}
	return job != nil && !job.State.Final() && !slices.ContainsFunc(entries, func(e pum.Entry) bool {
		since, dated := e.Since()
		return e.State == pum.StateAborted && (!dated || since.After(job.CreatedAt.Add(-otherClock)))
	})
}

// toDo reports whether some of the entries are not final.
func toDo(entries []pum.Entry) bool {
	return slices.ContainsFunc(entries, func(e pum.Entry) bool { return !e.State.Final() })
}

// jobSeenWithin is how long after the application was upgraded PUM's job must have been seen.
const jobSeenWithin = 10 * time.Minute

// noEntries judges an empty list. It is the final answer once the job that works through the
// entries has completed in this upgrade, as far as that is known: the upgrade itself adds the
// entries. A job that completed is removed after its time to live, and does not run again in an
// upgrade that does not change it (helm/helm#31851). Then it is enough that the application was
// deployed a while ago, which is a warning.
func (v *Verdict) noEntries(s *Snapshot, job *readiness.Job) {
	tpe, known := s.Releases.application()
	f := Finding{
		Code: CodeNoEntries, Level: LevelWarning, Summary: "PUM has no entries",
		Next: v.followNext(job),
	}
	unseen := !s.jobsRead()
	switch {
	case stateOf(job) == readiness.JobComplete && (!known || !job.FinishedAt.Before(tpe.BegunAt)):
		return
	case stateOf(job) == readiness.JobFailed && s.failedBefore(*job) == "":
		f.Detail, f.Next = "the job "+pum.ProcessJob+", which processes them, failed", v.processLogs
		v.find(ExitFailed, f)
		return
	case (job == nil || job.State.Final()) && !unseen && s.deployedFor(tpe, known) >= jobSeenWithin:
		f.Code = CodeProcessUnseen
		f.Summary = "PUM has no entries, and whether its job ran in this upgrade is unknown"
		f.Detail = fmt.Sprintf("release %s was upgraded at %s; since then no job %s was seen: it may have ended and been removed", tpe.Name, timeText(tpe.BegunAt), pum.ProcessJob)
		f.Objects = []Object{processObject}
		f.Next = []string{v.kubectl("tpe pum status")}
		v.find(ExitDone, f)
		return
	case job == nil && !unseen && !known:
		f.Summary = "PUM has no entries, and nothing shows whether its job ran"
		f.Detail = "there is no job " + pum.ProcessJob + ": it has not begun, or has ended and been removed; " +
			s.whyUnknown() + ", so this stays pending until a job " + pum.ProcessJob + " is seen or the Helm releases can be read"
		f.Next = []string{v.kubectl("tpe doctor"), v.kubectl("tpe pum restart --dry-run"), v.kubectl("tpe wait --for=workloads")}
	default:
		f.Detail = notYet(job, unseen)
	}
	v.find(ExitPending, f)
}

// followNext returns the command that follows PUM's job once it begins. One that is over would be
// shown instead of the next.
func (v *Verdict) followNext(job *readiness.Job) []string {
	if job != nil && job.State.Final() {
		return nil
	}
	return []string{v.kubectl("tpe logs -f")}
}

// unprocessed returns the Helm release of the application if its upgrade brought another version
// of the chart, and nothing shows that PUM worked on the requests of that: its job is not there or
// ended before, and so did every entry. A PUM whose clock is behind looks the same. A rollback and
// other values bring no requests.
func (s *Snapshot) unprocessed() (release.Release, bool) {
	tpe, known := s.Releases.application()
	if !known || tpe.Status != release.StatusDeployed || tpe.RolledBack != nil || tpe.VersionBefore == "" || tpe.VersionBefore == tpe.Version {
		return tpe, false
	}
	if job := s.process(); job != nil && (!job.State.Final() || !job.FinishedAt.Before(tpe.BegunAt)) || s.Restart != nil || s.Answer == nil {
		return tpe, false
	}
	return tpe, len(s.Answer.Entries) > 0 && !slices.ContainsFunc(s.Answer.Entries, func(e pum.Entry) bool {
		since, _ := e.Since()
		created, _ := e.Created()
		return !e.State.Final() || since.After(tpe.BegunAt) || created.After(tpe.BegunAt)
	})
}

// unbegun reports whether PUM may be about to begin with the requests of an upgrade.
func (s *Snapshot) unbegun() bool {
	tpe, ok := s.unprocessed()
	return ok && s.deployedFor(tpe, true) < jobSeenWithin
}

// older judges entries that are all from before an upgrade: right after it, PUM has yet to
// begin. Later the upgrade may have had nothing for it, or its job was removed.
func (v *Verdict) older(s *Snapshot) {
	tpe, ok := s.unprocessed()
	if !ok {
		return
	}
	f := Finding{
		Code: CodeProcessUnseen, Level: LevelInfo, Since: tpe.BegunAt, Objects: []Object{processObject},
		Summary: "nothing shows that PUM ran in this upgrade",
		Detail: fmt.Sprintf("release %s was upgraded from chart version %s to %s at %s; since then no job %s was seen, and no entry changed",
			tpe.Name, tpe.VersionBefore, tpe.Version, timeText(tpe.BegunAt), pum.ProcessJob),
		Next: []string{v.kubectl("tpe pum status")},
	}
	if !s.unbegun() {
		f.Detail += ". Either the upgrade had nothing for PUM, or PUM did not begin"
		v.find(ExitDone, f)
		return
	}
	f.Level, f.Summary, f.Next = LevelWarning, "PUM has not begun with this upgrade yet", v.followNext(s.process())
	f.Detail += fmt.Sprintf(". This stays pending until PUM begins, or until %s", timeText(tpe.BegunAt.Add(jobSeenWithin)))
	v.find(ExitPending, f)
}

// stateOf returns the state of a job, empty if there is none.
func stateOf(job *readiness.Job) readiness.JobState {
	if job == nil {
		return ""
	}
	return job.State
}

// deployedFor returns how long ago Helm last upgraded the application, 0 if that is unknown or
// not over.
func (s *Snapshot) deployedFor(tpe release.Release, known bool) time.Duration {
	if !known || tpe.Status != release.StatusDeployed {
		return 0
	}
	return s.ObservedAt.Sub(tpe.BegunAt)
}

// whyUnknown says why it is not known when Helm last upgraded the application.
func (s *Snapshot) whyUnknown() string {
	switch {
	case s.ReleasesErr != nil:
		return "the Helm releases, which show when this upgrade began, cannot be read (" + s.ReleasesErr.Error() + ")"
	case s.Releases == nil:
		return "the Helm releases, which show when this upgrade began, were not read"
	}
	return "no Helm release of the application shows when this upgrade began"
}

// notYet says why no job of this upgrade has processed entries.
func notYet(job *readiness.Job, unseen bool) string {
	if job != nil && !job.State.Final() {
		return "not yet: the upgrade itself adds them, and the job " + pum.ProcessJob + " is not complete"
	}
	const early = "right after an upgrade that means not yet"
	switch {
	case unseen:
		return early + "; whether the job " + pum.ProcessJob + ", which processes them, ran is unknown here"
	case job != nil:
		return early + ": the job " + pum.ProcessJob + " that is there ended before this upgrade began"
	}
	return early + "; there is no job " + pum.ProcessJob + ": it has not begun, or has ended and been removed"
}

// entry judges one entry.
func (v *Verdict) entry(s *Snapshot, e *pum.Entry) {
	f := Finding{Objects: []Object{entryObject(e.UID)}}
	f.Since, _ = e.Since()
	switch {
	case e.State == pum.StateAborted:
		f.Code, f.Level = CodeEntryAborted, LevelError
		f.Summary = entryName(e) + " was aborted"
		f.Detail = lastResponse(e) + s.abortedBefore(e)
		f.Next = slices.Concat([]string{v.kubectl("tpe pum status -o wide")}, v.processLogs, []string{v.kubectl("tpe pum restart --dry-run"), v.kubectl("tpe rollback-plan")})
		before := v.withoutAborted
		v.find(ExitFailed, f)
		v.withoutAborted = before
	case !e.State.Known():
		f.Code, f.Level = CodeUnknownState, LevelWarning
		f.Summary = fmt.Sprintf("%s is in state %q, which this version does not know", entryName(e), e.State)
		f.Detail = "an unknown state is never final; a newer kubectl tpe may know it"
		v.find(ExitPending, f)
	case !e.State.Final():
		v.hold(ExitPending)
	}
	v.stall(e, s.Movements)
}

// stall notes an entry that makes no progress: a wait for it may never end.
func (v *Verdict) stall(e *pum.Entry, movements map[int64]pum.Movement) {
	kind, stalled := e.Stalled()
	var since time.Time
	if movements != nil {
		stall := movements[e.UID].Stall
		if stalled = stall != nil; stalled {
			kind, since = stall.Kind, stall.Since
		}
	}
	if !stalled {
		return
	}
	v.find(ExitPending, Finding{
		Code: CodeEntryStalled, Level: LevelWarning, Since: since,
		Summary: entryName(e) + " makes no progress: " + stallSummary(e, kind),
		Detail:  lastResponse(e),
		Objects: []Object{entryObject(e.UID)},
		Next:    v.processLogs,
	})
}

func stallSummary(e *pum.Entry, kind pum.StallKind) string {
	switch kind {
	case pum.StallErrors:
		if e.ErrorCounter == nil {
			return "it fails repeatedly"
		}
		return fmt.Sprintf("it failed %d times, and PUM tries it again", *e.ErrorCounter)
	case pum.StallIdle:
		return "its iterations get nothing done"
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
		Summary: "PUM's command printed its whole list, but also wrote to stderr",
		Detail:  beginning(answer.Stderr),
		Objects: []Object{{Kind: "Pod", Name: answer.Source.Pod}},
	}
	if answer.ExitCode != 0 {
		f.Summary = fmt.Sprintf("PUM's command printed its whole list, and ended with exit code %d", answer.ExitCode)
	}
	v.find(ExitDone, f)
}

// beginning shortens a text to what fits in a finding.
func beginning(text []byte) string {
	const most = 500
	if len(text) <= most {
		return strings.TrimSpace(string(text))
	}
	return strings.TrimSpace(strings.ToValidUTF8(string(text[:most]), "")) + fmt.Sprintf(" … (%d bytes or more)", len(text))
}

// entryName names an entry as people do: by its uid and its request.
func entryName(e *pum.Entry) string {
	if e.RequestID == nil {
		return fmt.Sprintf("entry %d", e.UID)
	}
	return fmt.Sprintf("entry %d %s", e.UID, *e.RequestID)
}

// lastResponse quotes the last response of the service.
func lastResponse(e *pum.Entry) string {
	switch {
	case e.LastResponse == nil:
		return "the service has not responded"
	case e.Response == nil || e.Response.Message == nil:
		return "last response: " + *e.LastResponse
	case e.Response.Status == nil:
		return "last response: " + *e.Response.Message
	}
	return fmt.Sprintf("last response: %d %s", *e.Response.Status, *e.Response.Message)
}

// listing notes what is unusual about a complete list.
func (v *Verdict) listing(answer *pum.Answer) {
	if last := len(answer.Entries) - 1; answer.Ignored != "" && last >= 0 {
		v.find(ExitDone, Finding{
			Code: CodeTextIgnored, Level: LevelWarning,
			Summary: "text after PUM's last entry was ignored",
			Detail:  beginning([]byte(answer.Ignored)),
			Objects: []Object{entryObject(answer.Entries[last].UID)},
		})
	}
	repeated := pum.Repeated(answer.Entries)
	if len(repeated) == 0 {
		return
	}
	f := Finding{
		Code: CodeUIDRepeated, Level: LevelWarning,
		Summary: fmt.Sprintf("PUM lists the uid %d more than once", repeated[0]),
		Detail:  "entries are identified by their uid, so whether these make progress is unknown",
	}
	if more := len(repeated) - 1; more > 0 {
		f.Summary += fmt.Sprintf(", and %d other uids", more)
	}
	const most = 10
	for _, uid := range repeated[:min(most, len(repeated))] {
		f.Objects = append(f.Objects, entryObject(uid))
	}
	v.find(ExitDone, f)
}
