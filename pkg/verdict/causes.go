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

// A causeGroup is one cause, with all workloads, jobs and pods that share it.
type causeGroup struct {
	cause  readiness.Cause // of the first pod
	images bool            // not all are about the same image
	fails  bool            // whether it made something fail
	since  time.Time
	latest time.Time
	owners objects
	pods   objects
}

// causeGroups are in the order in which they were found.
type causeGroups struct {
	list []*causeGroup
	by   map[shared]*causeGroup
}

// shared is what the causes of one group have in common.
type shared struct {
	code  Code
	group string
}

// objects are in the order in which they were found, each once.
type objects struct {
	list []Object
	has  map[Object]bool
}

func (o *objects) add(object Object) {
	if o.has[object] {
		return
	}
	if o.has == nil {
		o.has = map[Object]bool{}
	}
	o.has[object] = true
	o.list = append(o.list, object)
}

// causes judges what blocks workloads and jobs: one finding for all pods that share a cause,
// however many. What is normal while a pod starts is a finding only once it lasts.
func (v *Verdict) causes(s *Snapshot) {
	p := s.Assessment
	var found causeGroups
	for _, w := range p.Workloads {
		for _, c := range w.Causes {
			if c.Reportable(p.ObservedAt) {
				found.add(c, w.Object(), w.State == readiness.Failed)
			}
		}
	}
	for _, j := range p.Jobs {
		for _, c := range j.Causes {
			if !j.State.Final() && s.uncounted[j.Name] == "" && c.Reportable(p.ObservedAt) {
				found.add(c, j.Object(), j.CannotRecover())
			}
		}
	}
	for _, t := range found.list {
		code, level := ExitPending, LevelWarning
		if t.fails {
			code, level = ExitFailed, LevelError
		}
		v.find(code, Finding{
			Code: findingCode(t.cause.Code), Level: level, Since: t.since,
			Summary: t.subject() + ": " + t.summary(),
			Detail:  t.detail(),
			Objects: slices.Concat(t.owners.list, t.pods.list),
			Next:    v.nextOf(t),
		})
	}
}

// add adds a cause to the group that shares it, or begins one.
func (all *causeGroups) add(c readiness.Cause, owner Object, failed bool) {
	key := shared{findingCode(c.Code), c.Group}
	t := all.by[key]
	if t == nil {
		if all.by == nil {
			all.by = map[shared]*causeGroup{}
		}
		t = &causeGroup{cause: c}
		all.by[key], all.list = t, append(all.list, t)
	}
	t.images = t.images || c.Image != t.cause.Image
	t.fails = t.fails || failed && c.Permanent
	if t.since.IsZero() || !c.Since.IsZero() && c.Since.Before(t.since) {
		t.since = c.Since
	}
	if c.Since.After(t.latest) {
		t.latest = c.Since
	}
	if len(t.cause.Log) == 0 {
		t.cause.Log = c.Log // it is read once for each group
	}
	t.owners.add(owner)
	if c.Pod != "" {
		t.pods.add(Object{Kind: "Pod", Name: c.Pod})
	}
}

// subject names the pods or owners of the group.
func (t *causeGroup) subject() string {
	owners := t.owners.list[0].String()
	if n := len(t.owners.list); n > 1 {
		owners = fmt.Sprintf("%d workloads", n)
	}
	switch n := len(t.pods.list); {
	case n == 1 && len(t.owners.list) == 1:
		return "pod " + t.pods.list[0].Name
	case n > 0:
		return fmt.Sprintf("%s of %s", t.podNames(), owners)
	}
	return owners
}

// summary says what the cause is. What several pods share leaves out their
// names and restarts, which the subject stands for, and their images, unless it
// is one.
func (t *causeGroup) summary() string {
	if len(t.pods.list) < 2 || t.cause.Image != "" && !t.images {
		return t.cause.Summary()
	}
	return cmp.Or(t.cause.Group, t.cause.Summary())
}

// detail is what Kubernetes says, and the last line that the container logged.
func (t *causeGroup) detail() string {
	c := t.cause
	detail := cmp.Or(c.Message, c.Reason, "Kubernetes gives no further details")
	if c.Image != "" && !strings.Contains(detail, c.Image) {
		detail = c.Image + ": " + detail
	}
	if n := len(t.cause.Log); n > 0 {
		detail += "; its last log line: " + t.cause.Log[n-1]
	}
	return detail
}

// nextOf returns the commands that show more of a cause.
func (v *Verdict) nextOf(t *causeGroup) []string {
	c, describe := t.cause, v.describe(t.cause.Object)
	switch {
	case c.Code == readiness.ClaimPending && c.Reason == readiness.ClaimNotFound:
		return v.nextOfClaim(t)
	case c.Code == readiness.OldRevision:
		return []string{v.deletePods(t)}
	case c.Container == "" || c.Logs() == readiness.NoLogs:
		return []string{describe}
	case c.Logs() == readiness.PreviousLogs:
		return []string{v.kubectl("logs", "--previous", c.Pod, "-c", c.Container), describe}
	}
	return []string{v.kubectl("logs", c.Pod, "-c", c.Container), describe}
}

// nextOfClaim returns the commands for a claim that does not exist. That of a StatefulSet's pod is
// created together with the pod. Both are recreated when the pod, which has not run, is deleted: an older
// controller does nothing else about it (kubernetes#89910).
func (v *Verdict) nextOfClaim(t *causeGroup) []string {
	next := []string{v.kubectl("describe", "pod", t.cause.Pod)}
	if t.owners.list[0].Kind == "StatefulSet" && strings.HasSuffix(t.cause.Object.Name, "-"+t.cause.Pod) {
		next = append(next, v.deletePods(t))
	}
	return next
}

// deletePods returns the command that deletes the pods of a group: their controller creates others.
func (v *Verdict) deletePods(t *causeGroup) string {
	words := []string{"delete", "pod"}
	for _, p := range t.pods.list {
		words = append(words, p.Name)
	}
	return v.kubectl(words...)
}

// describe returns the command that shows an object and its events.
func (v *Verdict) describe(o Object) string {
	return v.kubectl("describe", strings.ToLower(o.Kind), o.Name)
}

// findingCode returns the code of the finding for a cause.
func findingCode(code readiness.Code) Code {
	return cmp.Or(causeFindings[code], CodeHeldUp)
}

// causeFindings has the code of the finding for each code of a cause.
var causeFindings = map[readiness.Code]Code{
	readiness.ImagePull:        CodeImagePull,
	readiness.ConfigMissing:    CodeConfigMissing,
	readiness.ConfigRefused:    CodeConfigRefused,
	readiness.Creating:         CodeCreating,
	readiness.StartFailed:      CodeStartFailed,
	readiness.CrashLoop:        CodeCrashLoop,
	readiness.OOMKilled:        CodeOOMKilled,
	readiness.InitFailed:       CodeInitFailed,
	readiness.InitRunning:      CodeNotReady,
	readiness.ContainerFailed:  CodeContainerFailed,
	readiness.ReadinessProbe:   CodeNotReady,
	readiness.StartupProbe:     CodeNotReady,
	readiness.StartupKilled:    CodeLivenessProbe,
	readiness.LivenessProbe:    CodeLivenessProbe,
	readiness.ReadinessGate:    CodeHeldUp,
	readiness.NotReady:         CodePodNotReady,
	readiness.Unschedulable:    CodeUnschedulable,
	readiness.ClaimPending:     CodeClaim,
	readiness.ClaimLost:        CodeClaim,
	readiness.MountFailed:      CodeMountFailed,
	readiness.Quota:            CodeQuota,
	readiness.CreateFailed:     CodeCreateFailed,
	readiness.Evicted:          CodeNode,
	readiness.NodeLost:         CodeNode,
	readiness.StuckStopping:    CodeNode,
	readiness.ProgressDeadline: CodeProgressDeadline,
	readiness.OperatorError:    CodeOperatorError,
	readiness.StatusBehind:     CodeStatusBehind,
	readiness.OldRevision:      CodeOldPod,
	readiness.SidecarHolds:     CodeSidecarHolds,
}

// recent is how old a crash may be to be reported: an upgrade is checked on the
// day it happens.
const recent = 24 * time.Hour

// crashes judges the containers that run again after a failure. One that was OOM-killed will
// probably be killed again; others may have failed only because a dependency was not up yet.
func (v *Verdict) crashes(p *readiness.Assessment) {
	var found causeGroups
	known := blocked(p)
	for _, c := range p.Crashes {
		if p.ObservedAt.Sub(c.Since) <= recent && !known[containerOf(c)] {
			found.add(c, c.Object, false)
		}
	}
	for _, t := range found.list {
		f := Finding{
			Code: CodeCrashed, Level: LevelInfo, Since: t.latest,
			Summary: fmt.Sprintf("container %s of %s failed, and runs again", t.cause.Container, t.podNames()),
			Detail:  fmt.Sprintf("%s, %s", cmp.Or(t.cause.Reason, "ended"), t.cause.Message),
			Objects: t.pods.list,
			Next:    []string{v.kubectl("logs", "--previous", t.pods.list[0].Name, "-c", t.cause.Container)},
		}
		if t.cause.Code == readiness.OOMKilled {
			f.Code, f.Level = CodeOutOfMemory, LevelWarning
			f.Summary = fmt.Sprintf("container %s of %s was OOM-killed, and runs again", t.cause.Container, t.podNames())
		}
		v.find(ExitDone, f)
	}
}

// podNames names the pods of a group.
func (t *causeGroup) podNames() string {
	if len(t.pods.list) == 1 {
		return "pod " + t.pods.list[0].Name
	}
	return fmt.Sprintf("%d pods", len(t.pods.list))
}

func containerOf(c readiness.Cause) readiness.ContainerName {
	return readiness.ContainerName{Pod: c.Pod, Container: c.Container}
}

// blocked returns the containers that block something.
func blocked(p *readiness.Assessment) map[readiness.ContainerName]bool {
	found := map[readiness.ContainerName]bool{}
	for _, c := range p.Causes() {
		found[containerOf(*c)] = true
	}
	return found
}
