// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// A container is a container of a pod, with its spec and status.
type container struct {
	spec   *corev1.Container
	status *corev1.ContainerStatus
	init   bool // runs to its end before the containers start; a sidecar does not
}

// containersOf returns the pod's containers that have a status, init
// containers first.
func containersOf(p *corev1.Pod) []container {
	var list []container
	add := func(specs []corev1.Container, statuses []corev1.ContainerStatus, init bool) {
		for i := range specs {
			for j := range statuses {
				if statuses[j].Name != specs[i].Name {
					continue
				}
				policy := specs[i].RestartPolicy
				sidecar := policy != nil && *policy == corev1.ContainerRestartPolicyAlways
				list = append(list, container{&specs[i], &statuses[j], init && !sidecar})
			}
		}
	}
	add(p.Spec.InitContainers, p.Status.InitContainerStatuses, true)
	add(p.Spec.Containers, p.Status.ContainerStatuses, false)
	return list
}

// onContainers returns what the pod's containers suffer from.
func (f finder) onContainers(p *corev1.Pod) []Cause {
	var causes []Cause
	for _, c := range containersOf(p) {
		state := c.status.State
		switch {
		case state.Waiting != nil:
			causes = append(causes, f.waiting(p, c)...)
		case state.Terminated != nil:
			if endedBadly(state.Terminated) || !c.init && restartsAlways(p) {
				causes = append(causes, f.loop(p, c, state.Terminated))
			}
		case state.Running != nil:
			causes = append(causes, f.running(p, c)...)
		}
	}
	return causes
}

func (f finder) waiting(p *corev1.Pod, c container) []Cause {
	w := c.status.State.Waiting
	code, ok := waiting[w.Reason]
	if !ok {
		return nil
	}
	switch last := c.status.LastTerminationState.Terminated; {
	case code == CrashLoop && last != nil:
		return []Cause{f.loop(p, c, last)}
	case code == ImagePull:
		return []Cause{f.pull(p, c)}
	}
	return []Cause{f.onContainer(p, c, code, w.Reason, w.Message, waitingSince(p))}
}

// onContainer returns a cause found on a container.
func (f finder) onContainer(p *corev1.Pod, c container, code Code, reason, message string, since time.Time) Cause {
	cause := Cause{
		Code: code, Object: Object{"Pod", p.Name}, Pod: p.Name, Container: c.spec.Name,
		Reason: reason, Message: message, Since: since, Restarts: c.status.RestartCount,
	}
	return cause.judged(f.now)
}

// pull returns the cause of an image that cannot be had. It began with the
// first event about it since the container is needed. Kubelets before 1.31 say
// why only in the event while they back off.
func (f finder) pull(p *corev1.Pod, c container) Cause {
	w := c.status.State.Waiting
	message, since := w.Message, waitingSince(p)
	failures := f.events.about(Object{"Pod", p.Name}, p.UID, ofContainer(c.spec.Name, "Failed", "Failed to pull image"))
	failures = slices.DeleteFunc(failures, func(e *corev1.Event) bool { return lastSeen(e).Before(since) })
	if e := latestEvent(failures); e != nil {
		since = later(since, firstOf(failures))
		if strings.HasPrefix(lastPart(message), "Back-off pulling") {
			message = e.Message
		}
	}
	return f.onContainer(p, c, ImagePull, w.Reason, joined(c.spec.Image, message), since)
}

// loop returns the cause of a container that ends again and again: what ended
// it last. It has gone on since the kubelet first backed off, or for as long as
// the pod has not been ready. A kubelet holds back most of the events of such a
// pod, so that the last one may be old. After ten minutes without a crash it
// takes no two crashes for a loop.
func (f finder) loop(p *corev1.Pod, c container, end *corev1.ContainerStateTerminated) Cause {
	since := earlier(end.FinishedAt.Time, waitingSince(p))
	since = earlier(since, firstOf(f.current(p, ofContainer(c.spec.Name, "BackOff", "Back-off restarting"))))
	code := CrashLoop
	switch {
	case end.Reason == "StartError" || end.Reason == "ContainerCannotRun":
		code = StartFailed
	case c.init:
		code = InitFailed
	}
	cause := f.crash(p, c, code, end, since)
	if e := f.killer(p, c, end); e != nil {
		cause = f.onContainer(p, c, LivenessProbe, e.Reason, e.Message, since)
	}
	cause.Dooms = cause.Dooms || atLongestBackOff(c)
	return cause
}

// atLongestBackOff reports whether the kubelet has come to wait five minutes
// between two starts, its longest, and has done so before: it begins with ten
// seconds and doubles them each time, so that ten minutes are over, whether
// events tell so or not.
func atLongestBackOff(c container) bool {
	const again = 8 // restarts, the first of them at once
	end := c.status.LastTerminationState.Terminated
	switch state := c.status.State; {
	case end == nil || c.status.RestartCount < again:
		return false
	case state.Waiting != nil:
		return strings.HasPrefix(state.Waiting.Message, "back-off 5m0s ")
	case state.Running != nil:
		return state.Running.StartedAt.Sub(end.FinishedAt.Time) >= 5*time.Minute
	}
	return false
}

// crash returns the cause of a container that ended badly.
func (f finder) crash(p *corev1.Pod, c container, code Code, end *corev1.ContainerStateTerminated, since time.Time) Cause {
	if end.Reason == "OOMKilled" {
		code = OOMKilled
	}
	message := fmt.Sprintf("exit code %d", end.ExitCode)
	if end.Message != "" {
		message += ": " + end.Message
	}
	return f.onContainer(p, c, code, end.Reason, message, since)
}

// killer returns the event of the liveness probe that had a container killed:
// one from its last run, or, as few events get through, any one if the
// container ended as one does that is told to.
func (f finder) killer(p *corev1.Pod, c container, end *corev1.ContainerStateTerminated) *corev1.Event {
	e := latestEvent(f.events.about(Object{"Pod", p.Name}, p.UID, ofContainer(c.spec.Name, "Unhealthy", "Liveness probe")))
	if e == nil || end.Reason == "OOMKilled" {
		return nil
	}
	told := end.ExitCode == 0 || end.ExitCode == 128+15 || end.ExitCode == 128+9 // SIGTERM, SIGKILL
	if !told && (lastSeen(e).Before(end.StartedAt.Time) || lastSeen(e).After(end.FinishedAt.Time)) {
		return nil
	}
	return e
}

// running looks at a container that runs: is it a loop between two crashes, an
// init container at work, or does a probe fail?
func (f finder) running(p *corev1.Pod, c container) []Cause {
	s := c.status
	if !s.Ready && f.betweenCrashes(c) {
		return []Cause{f.loop(p, c, s.LastTerminationState.Terminated)}
	}
	started := s.State.Running.StartedAt.Time
	switch {
	case c.init:
		return []Cause{f.onContainer(p, c, InitRunning, "", "", started)}
	case s.Started != nil && !*s.Started && c.spec.StartupProbe != nil:
		return []Cause{f.probe(p, c, StartupProbe, "Startup probe", started)}
	case !s.Ready && c.spec.ReadinessProbe != nil:
		return []Cause{f.probe(p, c, ReadinessProbe, "Readiness probe", started)}
	}
	return nil
}

// betweenCrashes reports whether a container that runs is in a crash loop, as
// far as can be told: it ended twice or more, soon after it was started, and has
// not run for longer than it did then, or than a minute. To the kubelet a run of
// ten minutes ends a loop. Only an init container may end well.
func (f finder) betweenCrashes(c container) bool {
	run, end := c.status.State.Running, c.status.LastTerminationState.Terminated
	if run == nil || end == nil || c.status.RestartCount < 2 || c.init && !endedBadly(end) {
		return false
	}
	lasted := end.FinishedAt.Sub(end.StartedAt.Time)
	return lasted < 10*time.Minute && f.now.Sub(run.StartedAt.Time) < max(lasted, time.Minute)
}

// unsteady returns the crash loops behind pods that serve at the moment: of
// containers that are ready just because they run, having no probe.
func (f finder) unsteady(pods []*corev1.Pod) []Cause {
	var causes []Cause
	for _, p := range pods {
		for _, c := range containersOf(p) {
			if c.spec.ReadinessProbe == nil && !c.init && f.betweenCrashes(c) {
				causes = append(causes, f.loop(p, c, c.status.LastTerminationState.Terminated))
			}
		}
	}
	return causes
}

// probe returns the cause of a container whose probe has not passed, with what
// the kubelet said of it since the container was started.
func (f finder) probe(p *corev1.Pod, c container, code Code, prefix string, started time.Time) Cause {
	since := later(started, waitingSince(p))
	e := latestEvent(f.events.about(Object{"Pod", p.Name}, p.UID, ofContainer(c.spec.Name, "Unhealthy", prefix)))
	if e == nil || lastSeen(e).Before(started) {
		return f.onContainer(p, c, code, "", "", since)
	}
	return f.onContainer(p, c, code, e.Reason, e.Message, since)
}

func endedBadly(end *corev1.ContainerStateTerminated) bool {
	return end.ExitCode != 0 || end.Reason == "OOMKilled"
}

// restartsAlways reports whether a container is to run for ever, so that any
// end is a bad one; the containers of a Job are not.
func restartsAlways(p *corev1.Pod) bool {
	return p.Spec.RestartPolicy != corev1.RestartPolicyNever && p.Spec.RestartPolicy != corev1.RestartPolicyOnFailure
}

// waitingSince returns since when the pod waits for the containers whose turn it
// is: it has not been ready, and the init containers before them have ended.
func waitingSince(p *corev1.Pod) time.Time {
	since := notReadySince(p)
	for _, s := range p.Status.InitContainerStatuses {
		if end := s.State.Terminated; end != nil && !endedBadly(end) {
			since = later(since, end.FinishedAt.Time)
		}
	}
	return since
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// earlier returns the earlier of two times, or the one that is told.
func earlier(a, b time.Time) time.Time {
	if compareTimes(a, b) < 0 {
		return a
	}
	return b
}

// crashes returns the containers that run again after they ended badly. They
// hold up nothing now.
func crashes(pods []*corev1.Pod) []Cause {
	var list []Cause
	for _, p := range pods {
		for _, c := range containersOf(p) {
			if end := c.status.LastTerminationState.Terminated; end != nil && endedBadly(end) && c.status.State.Running != nil {
				list = append(list, finder{}.crash(p, c, CrashLoop, end, end.FinishedAt.Time))
			}
		}
	}
	slices.SortFunc(list, func(a, b Cause) int {
		return cmp.Or(cmp.Compare(a.Pod, b.Pod), cmp.Compare(a.Container, b.Container))
	})
	return list
}
