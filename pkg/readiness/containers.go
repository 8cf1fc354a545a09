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
	role   Role
}

// containersOf returns the pod's containers that have a status, init
// containers first. Ephemeral containers block nothing.
func containersOf(p *corev1.Pod) []container {
	var list []container
	add := func(specs []corev1.Container, statuses []corev1.ContainerStatus, init bool) {
		for i := range specs {
			for j := range statuses {
				if statuses[j].Name != specs[i].Name {
					continue
				}
				c := container{spec: &specs[i], status: &statuses[j]}
				policy := specs[i].RestartPolicy
				switch {
				case init && policy != nil && *policy == corev1.ContainerRestartPolicyAlways:
					c.role = Sidecar
				case init:
					c.init = true
				case len(p.Spec.Containers) > 1 && !strings.HasPrefix(p.Name, c.spec.Name+"-"):
					c.role = OneOfSeveral
				}
				list = append(list, c)
			}
		}
	}
	add(p.Spec.InitContainers, p.Status.InitContainerStatuses, true)
	add(p.Spec.Containers, p.Status.ContainerStatuses, false)
	return list
}

// onContainers returns the causes found on the pod's containers. Once all others
// have ended, the kubelet stops the sidecars, too.
func (f finder) onContainers(p *corev1.Pod) []Cause {
	var causes []Cause
	over := haveEnded(p)
	for _, c := range containersOf(p) {
		state := c.status.State
		switch {
		case over && c.role == Sidecar:
		case state.Waiting != nil:
			causes = append(causes, f.waiting(p, c)...)
		case state.Terminated != nil:
			if endedBadly(state.Terminated) || restartsAlways(p, c) {
				causes = append(causes, f.loop(p, c, state.Terminated))
			}
		case state.Running != nil:
			causes = append(causes, f.running(p, c)...)
		}
	}
	return causes
}

// haveEnded reports whether all containers have ended, and none is restarted.
func haveEnded(p *corev1.Pod) bool {
	n := 0
	for _, c := range containersOf(p) {
		if c.init || c.role == Sidecar {
			continue
		}
		if c.status.State.Terminated == nil || restartsAlways(p, c) {
			return false
		}
		n++
	}
	return n > 0 && n == len(p.Spec.Containers)
}

func (f finder) waiting(p *corev1.Pod, c container) []Cause {
	w := c.status.State.Waiting
	code, ok := waitingCode(w.Reason, w.Message)
	if !ok {
		return nil
	}
	switch last := c.status.LastTerminationState.Terminated; {
	case code == CrashLoop && last != nil:
		return []Cause{f.loop(p, c, last)}
	case code == ImagePull:
		return []Cause{f.pull(p, c)}
	case code == StartFailed && last != nil: // alternating with CrashLoopBackOff
		return []Cause{f.onContainer(p, c, code, w.Reason, w.Message, f.loopSince(p, c, last))}
	}
	return []Cause{f.onContainer(p, c, code, w.Reason, w.Message, c.waitingSince(p))}
}

// waitingReasons maps the kubelet's reasons for a container that waits to a
// code (kubernetes: pkg/kubelet/images/types.go, pkg/kubelet/container/
// sync_result.go, pkg/kubelet/kuberuntime).
var waitingReasons = map[string]Code{
	"ErrImagePull":               ImagePull,
	"ImagePullBackOff":           ImagePull,
	"ErrImageNeverPull":          ImagePull,
	"ImageInspectError":          ImagePull,
	"InvalidImageName":           ImagePull,
	"RegistryUnavailable":        ImagePull,
	"SignatureValidationFailed":  ImagePull,
	"CreateContainerConfigError": ConfigRefused,
	"CrashLoopBackOff":           CrashLoop,
}

// waitingCode returns the code for a container that waits. Of the reasons that are
// not in the map, errors keep it from starting; others, such as ContainerCreating
// and PodInitializing, are normal.
func waitingCode(reason, message string) (Code, bool) {
	code, ok := waitingReasons[reason]
	switch {
	case code == ConfigRefused && missesConfig(message):
		return ConfigMissing, true
	case !ok && (strings.HasSuffix(reason, "Error") || strings.HasSuffix(reason, "BackOff")):
		return StartFailed, true
	}
	return code, ok
}

// onContainer returns a cause found on a container.
func (f finder) onContainer(p *corev1.Pod, c container, code Code, reason, message string, since time.Time) Cause {
	return f.containerCause(p, c, code, reason, message, since).judged(f.now)
}

func (f finder) containerCause(p *corev1.Pod, c container, code Code, reason, message string, since time.Time) Cause {
	cause := podCause(p, code, reason, message, since)
	cause.Container, cause.Role, cause.Restarts = c.spec.Name, c.role, c.status.RestartCount
	switch end := c.status.LastTerminationState.Terminated; {
	case code == ImagePull:
		cause.Image = c.spec.Image
	case (code == StartupProbe || code == StartupKilled) && end != nil:
		cause.LastExit = fmt.Sprintf("last exit code %d", end.ExitCode)
	}
	switch kind := causeKinds[code]; {
	case kind.logs == PreviousLogs && c.status.State.Terminated != nil && staysEnded(p, c):
		cause.LogsOf = CurrentLogs
	case kind.crashed && c.status.State.Running != nil:
		cause.LogsOf = PreviousLogs
	}
	return cause
}

// pull returns the cause of an image that cannot be pulled. It began with the first
// event about it since the pod waits for the container, whichever of its two
// reasons holds at the moment. Kubelets before 1.31 say why only in the event while
// they back off.
func (f finder) pull(p *corev1.Pod, c container) Cause {
	w := c.status.State.Waiting
	message, since := w.Message, c.waitingSince(p)
	failures := f.events.about(Object{"Pod", p.Name}, p.UID, ofContainer(c.spec.Name, "Failed", "Failed to pull image"))
	failures = slices.DeleteFunc(failures, func(e *corev1.Event) bool { return lastSeen(e).Before(since) })
	if e := latestEvent(failures); e != nil {
		since = later(since, firstOf(failures))
		if rootError(message) == "" {
			message = e.Message
		}
	}
	cause := f.containerCause(p, c, ImagePull, w.Reason, message, since)
	secrets := latestEvent(f.current(p, reasons("FailedToRetrieveImagePullSecret")))
	if secrets != nil {
		words, _, _ := strings.Cut(clean(secrets.Message), ";")
		cause.Brief = joined(rootError(clean(message)), words)
		cause.Grace = max(minutes, pullGrace(w.Reason, rootError(clean(message)))) // a secret may be created later
	}
	return cause.judged(f.now)
}

// waitingSince returns since when the pod waits for the container: it was not
// ready, and the container's last run was over.
func (c container) waitingSince(p *corev1.Pod) time.Time {
	since := waitingSince(p)
	if end := c.status.LastTerminationState.Terminated; end != nil {
		since = later(since, end.FinishedAt.Time)
	}
	return since
}

// loop returns the cause of a container that crashes repeatedly: what ended it last.
func (f finder) loop(p *corev1.Pod, c container, end *corev1.ContainerStateTerminated) Cause {
	since := f.loopSince(p, c, end)
	code := CrashLoop
	switch {
	case failedToStart(end):
		code = StartFailed
	case c.init:
		code = InitFailed
	}
	cause := f.crash(p, c, code, end, since)
	if e, killed := f.killer(p, c, end); e != nil {
		cause = f.onContainer(p, c, killed, e.Reason, e.Message, since)
	}
	cause.Permanent = cause.Permanent || atLongestBackOff(c)
	return cause
}

// loopSince returns since when a container has crashed repeatedly: since the kubelet
// first backed off, or for as long as the pod has not been ready. A kubelet rate-limits
// the events of such a pod, so that the last one may be old.
//
// A loop is not older than the end of a run of ten minutes, after which a kubelet
// resets its back-off, and not much older than a container that was restarted only
// once or twice: a pod may take long to start before it crashes.
func (f finder) loopSince(p *corev1.Pod, c container, end *corev1.ContainerStateTerminated) time.Time {
	const loop = 3 // restarts
	started, since := startOf(end), waitingSince(p)
	switch {
	case c.status.RestartCount < 1, !started.IsZero() && end.FinishedAt.Sub(started) >= 10*time.Minute:
		return end.FinishedAt.Time
	case c.status.RestartCount < loop:
		since = later(since, started)
	}
	since = earlier(end.FinishedAt.Time, since)
	return earlier(since, firstOf(f.current(p, ofContainer(c.spec.Name, "BackOff", "Back-off restarting"))))
}

// startOf returns when a run that ended began; the zero time if it never did. A kubelet writes
// the first second of 1970 then (kubernetes: pkg/kubelet/kuberuntime, time.Unix of zero nanoseconds).
func startOf(end *corev1.ContainerStateTerminated) time.Time {
	if end.StartedAt.Unix() <= 0 {
		return time.Time{}
	}
	return end.StartedAt.Time
}

// atLongestBackOff reports whether the kubelet waits five minutes between two
// starts, its longest back-off, and has done so before: it begins with ten seconds
// and doubles, so that ten minutes have passed, whether there are events or not.
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

// crash returns the cause of a container that failed.
func (f finder) crash(p *corev1.Pod, c container, code Code, end *corev1.ContainerStateTerminated, since time.Time) Cause {
	if end.Reason == "OOMKilled" {
		code = OOMKilled
	}
	cause := f.containerCause(p, c, code, end.Reason, joined(fmt.Sprintf("exit code %d", end.ExitCode), end.Message), since)
	cause.Brief = cause.Message
	switch {
	case code == StartFailed: // the runtime's message; its exit code says nothing
		cause.Brief = rootError(cleanTo(end.Message, longestText))
	case failedToStart(end):
		cause.Brief = joined("cannot start", rootError(cleanTo(end.Message, longestText)))
	}
	return cause.judged(f.now)
}

// killer returns the event of the probe that had a container killed, and its code:
// an event from its last run, or, because events are rate-limited, any one if the
// container ended as after a signal of the kubelet.
func (f finder) killer(p *corev1.Pod, c container, end *corev1.ContainerStateTerminated) (*corev1.Event, Code) {
	if end.Reason == "OOMKilled" {
		return nil, ""
	}
	signaled := end.ExitCode == 0 || end.ExitCode == 128+15 || end.ExitCode == 128+9 // SIGTERM, SIGKILL
	of := func(prefix string) *corev1.Event {
		e := latestEvent(f.events.about(Object{"Pod", p.Name}, p.UID, ofContainer(c.spec.Name, "Unhealthy", prefix)))
		if e == nil || !signaled && (lastSeen(e).Before(end.StartedAt.Time) || lastSeen(e).After(end.FinishedAt.Time)) {
			return nil
		}
		return e
	}
	liveness, startup := of("Liveness probe"), of("Startup probe")
	if startup != nil && (liveness == nil || lastSeen(startup).After(lastSeen(liveness))) {
		return startup, StartupKilled
	}
	return liveness, LivenessProbe
}

// running returns the cause found on a running container: it is between two
// crashes, it is an init container, or a probe fails.
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

// betweenCrashes reports whether a running container seems to be in a crash loop:
// it ended twice or more, soon after it was started, and has not run for longer
// than it did then, or than a minute. To the kubelet a run of ten minutes ends a
// loop. Only an init container may succeed.
func (f finder) betweenCrashes(c container) bool {
	run, end := c.status.State.Running, c.status.LastTerminationState.Terminated
	if run == nil || end == nil || c.status.RestartCount < 2 || c.init && !endedBadly(end) {
		return false
	}
	lasted := time.Duration(0)
	if started := startOf(end); !started.IsZero() {
		lasted = end.FinishedAt.Sub(started)
	}
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
// the kubelet said of it since the container was started. A container that is
// killed and restarted because it does not start up has had the problem since its
// first start.
func (f finder) probe(p *corev1.Pod, c container, code Code, prefix string, started time.Time) Cause {
	since := waitingSince(p)
	if code != StartupProbe || since.IsZero() {
		since = later(since, started)
	}
	e := latestEvent(f.events.about(Object{"Pod", p.Name}, p.UID, ofContainer(c.spec.Name, "Unhealthy", prefix)))
	if e == nil || lastSeen(e).Before(started) {
		return f.onContainer(p, c, code, "", "", since)
	}
	return f.onContainer(p, c, code, e.Reason, e.Message, since)
}

// failedToStart reports whether a container never ran.
func failedToStart(end *corev1.ContainerStateTerminated) bool {
	return end.Reason == "StartError" || end.Reason == "ContainerCannotRun"
}

// endedBadly reports whether a container failed, whatever its exit code if it was
// OOM-killed.
func endedBadly(end *corev1.ContainerStateTerminated) bool {
	return end.ExitCode != 0 || end.Reason == "OOMKilled"
}

// restartsAlways reports whether a container is always restarted, so that any end
// is a failure; those of a Job are not. A container may have a policy of its own
// (kubernetes: KEP-753, KEP-5307).
func restartsAlways(p *corev1.Pod, c container) bool {
	switch own := c.spec.RestartPolicy; {
	case c.init:
		return false
	case own != nil:
		return *own == corev1.ContainerRestartPolicyAlways
	}
	return p.Spec.RestartPolicy != corev1.RestartPolicyNever && p.Spec.RestartPolicy != corev1.RestartPolicyOnFailure
}

// staysEnded reports whether a container that ended is not started again. An init container that
// was OOM-killed may end with code 0, as if its work were done.
func staysEnded(p *corev1.Pod, c container) bool {
	if c.init && c.status.State.Terminated.ExitCode == 0 {
		return true
	}
	if own := c.spec.RestartPolicy; own != nil {
		return *own == corev1.ContainerRestartPolicyNever
	}
	return p.Spec.RestartPolicy == corev1.RestartPolicyNever || p.Status.Phase == corev1.PodFailed
}

// waitingSince returns since when the pod waits for its current containers: it has
// not been ready, and the init containers before them have ended.
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

// earlier returns the earlier of two times, or the one that is known.
func earlier(a, b time.Time) time.Time {
	if compareTimes(a, b) < 0 {
		return a
	}
	return b
}

// crashes returns the containers that run again after they failed. They block
// nothing now.
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
