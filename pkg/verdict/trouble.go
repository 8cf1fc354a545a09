// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
)

// A trouble is one cause, with all workloads, jobs and pods that share it.
type trouble struct {
	cause  readiness.Cause // of the first pod
	code   Code
	fails  bool // whether it is why something failed
	since  time.Time
	owners []Object
	pods   []Object
}

// troubles judges the causes for which workloads and jobs are held up: one
// finding for all pods that share one, however many.
func (v *Verdict) troubles(p *readiness.Picture) {
	var groups []*trouble
	for _, w := range p.Workloads {
		for _, c := range w.Causes {
			groups = gather(groups, c, Object{Kind: w.Kind, Name: w.Name}, w.State == readiness.Failed)
		}
	}
	for _, j := range p.Jobs {
		if !j.State.Final() {
			for _, c := range j.Causes {
				groups = gather(groups, c, Object{Kind: "Job", Name: j.Name}, j.Doomed())
			}
		}
	}
	for _, t := range groups {
		code, level := ExitPending, LevelWarning
		if t.fails {
			code, level = ExitFailed, LevelError
		}
		v.find(code, Finding{
			Code: t.code, Level: level, Since: t.since,
			Summary: t.subject() + ": " + t.words(),
			Detail:  t.detail(),
			Objects: slices.Concat(t.owners, t.pods),
			Next:    v.after(t),
		})
	}
}

// gather adds a cause to the trouble that it is part of, or begins one. What
// only says that a pod is not ready yet is none.
func gather(groups []*trouble, c readiness.Cause, owner Object, failed bool) []*trouble {
	code := troubleCode(c.Code)
	if code == "" {
		return groups
	}
	i := slices.IndexFunc(groups, func(t *trouble) bool { return t.cause.Group == c.Group && t.code == code })
	if i < 0 {
		i, groups = len(groups), append(groups, &trouble{cause: c, code: code})
	}
	t := groups[i]
	t.fails = t.fails || failed && c.Dooms
	if t.since.IsZero() || !c.Since.IsZero() && c.Since.Before(t.since) {
		t.since = c.Since
	}
	if len(t.cause.Log) == 0 {
		t.cause.Log = c.Log // it is read once for each trouble
	}
	t.owners = include(t.owners, owner)
	if c.Pod != "" {
		t.pods = include(t.pods, Object{Kind: "Pod", Name: c.Pod})
	}
	return groups
}

func include(objects []Object, o Object) []Object {
	if slices.Contains(objects, o) {
		return objects
	}
	return append(objects, o)
}

// subject names what the trouble is of.
func (t *trouble) subject() string {
	owners := t.owners[0].Kind + " " + t.owners[0].Name
	if n := len(t.owners); n > 1 {
		owners = fmt.Sprintf("%d workloads", n)
	}
	switch n := len(t.pods); {
	case n == 1 && len(t.owners) == 1:
		return "pod " + t.pods[0].Name
	case n > 0:
		return fmt.Sprintf("%d pods of %s", n, owners)
	}
	return owners
}

// words says what the trouble is. What several pods share leaves out their
// names and restarts, which the subject stands for.
func (t *trouble) words() string {
	if len(t.pods) < 2 {
		return t.cause.Summary()
	}
	_, words, _ := strings.Cut(t.cause.Group, ": ")
	return strings.TrimPrefix(words, "* ")
}

// detail is what Kubernetes says of it, and what the container wrote last.
func (t *trouble) detail() string {
	detail := cmp.Or(t.cause.Message, t.cause.Reason, "Kubernetes says no more")
	if n := len(t.cause.Log); n > 0 {
		detail += "; its last words: " + t.cause.Log[n-1]
	}
	return detail
}

// after returns the commands that tell more of a trouble.
func (v *Verdict) after(t *trouble) []string {
	look := v.look(t.cause.Object)
	switch t.code {
	case CodeOldPod:
		return []string{v.deletePods(t.pods)}
	case CodeCrashLoop, CodeOOMKilled, CodeLivenessProbe:
		return []string{v.kubectl("logs", "--previous", t.cause.Pod, "-c", t.cause.Container), look}
	case CodeInitFailed, CodeContainerFailed:
		return []string{v.kubectl("logs", t.cause.Pod, "-c", t.cause.Container), look}
	}
	return []string{look}
}

// deletePods returns the command that deletes pods, so that they are replaced.
func (v *Verdict) deletePods(pods []Object) string {
	words := []string{"delete", "pod"}
	for _, p := range pods {
		words = append(words, p.Name)
	}
	return v.kubectl(words...)
}

// look returns the command that shows an object and its events.
func (v *Verdict) look(o Object) string {
	return v.kubectl("describe", strings.ToLower(o.Kind), o.Name)
}

// troubleCode returns the code of the finding for a cause, or "" if there is
// none: every pod that starts is not ready for a while.
func troubleCode(code readiness.Code) Code {
	switch code {
	case readiness.ReadinessProbe, readiness.StartupProbe, readiness.InitRunning:
		return ""
	case readiness.ImagePull:
		return CodeImagePull
	case readiness.ConfigMissing:
		return CodeConfigMissing
	case readiness.StartFailed:
		return CodeStartFailed
	case readiness.CrashLoop:
		return CodeCrashLoop
	case readiness.OOMKilled:
		return CodeOOMKilled
	case readiness.InitFailed:
		return CodeInitFailed
	case readiness.ContainerFailed:
		return CodeContainerFailed
	case readiness.LivenessProbe:
		return CodeLivenessProbe
	case readiness.Unschedulable:
		return CodeUnschedulable
	case readiness.ClaimPending, readiness.ClaimLost:
		return CodeClaim
	case readiness.MountFailed:
		return CodeMountFailed
	case readiness.Quota:
		return CodeQuota
	case readiness.CreateFailed:
		return CodeCreateFailed
	case readiness.Evicted, readiness.NodeLost, readiness.StuckStopping:
		return CodeNode
	case readiness.ProgressDeadline:
		return CodeProgressDeadline
	case readiness.OperatorError:
		return CodeOperatorError
	case readiness.OldRevision:
		return CodeOldPod
	}
	return CodeHeldUp
}

// recent is how long a crash is worth a word: an upgrade is looked at on the
// day it happens.
const recent = 24 * time.Hour

// crashes judges the containers that run again after they ended badly. One
// that took more memory than it may will do so again; others may have waited
// for what was not there yet.
func (v *Verdict) crashes(p *readiness.Picture) {
	var groups []*trouble
	for _, c := range p.Crashes {
		if p.ObservedAt.Sub(c.Since) <= recent && !told(p, c) {
			groups = gather(groups, c, c.Object, false)
		}
	}
	for _, t := range groups {
		f := Finding{
			Code: CodeCrashed, Level: LevelInfo, Since: t.latest(p.Crashes),
			Summary: fmt.Sprintf("container %s of %s ended badly, and runs again", t.cause.Container, t.of()),
			Detail:  fmt.Sprintf("%s, %s", cmp.Or(t.cause.Reason, "ended"), t.cause.Message),
			Objects: t.pods,
			Next:    []string{v.kubectl("logs", "--previous", t.pods[0].Name, "-c", t.cause.Container)},
		}
		if t.code == CodeOOMKilled {
			f.Code, f.Level = CodeOutOfMemory, LevelWarning
			f.Summary = fmt.Sprintf("container %s of %s was killed for its memory, and runs again", t.cause.Container, t.of())
		}
		v.find(ExitDone, f)
	}
}

// of names the pods of a trouble.
func (t *trouble) of() string {
	if len(t.pods) == 1 {
		return "pod " + t.pods[0].Name
	}
	return fmt.Sprintf("%d pods", len(t.pods))
}

// latest returns when the trouble happened last.
func (t *trouble) latest(crashes []readiness.Cause) (last time.Time) {
	for _, c := range crashes {
		if c.Group == t.cause.Group && c.Since.After(last) {
			last = c.Since
		}
	}
	return last
}

// told reports whether a crash is among the causes for which something is
// held up.
func told(p *readiness.Picture, crash readiness.Cause) bool {
	same := func(c readiness.Cause) bool { return c.Pod == crash.Pod && c.Container == crash.Container }
	return slices.ContainsFunc(p.Workloads, func(w readiness.Workload) bool { return slices.ContainsFunc(w.Causes, same) }) ||
		slices.ContainsFunc(p.Jobs, func(j readiness.Job) bool { return slices.ContainsFunc(j.Causes, same) })
}
