// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"cmp"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A finder searches for causes on pods, events and claims.
type finder struct {
	events eventsByObject
	claims map[string]*corev1.PersistentVolumeClaim // nil if they were not read
	warned map[string]warnings                      // what was found about claims already
	lost   map[string]bool                          // the nodes that do not answer, judging by their pods
	now    time.Time
}

func newFinder(o Objects, now time.Time) finder {
	return finder{events: groupByObject(o.Events), claims: byName(o.Claims), warned: map[string]warnings{}, lost: lostNodes(o.Pods), now: now}
}

// onPods returns the causes found on the pods that do not serve. Those of old pods
// are never permanent: the controller is about to replace them.
func (f finder) onPods(pods []*corev1.Pod, isLatest func(*corev1.Pod) bool) []Cause {
	var causes []Cause
	isHistory := history(pods)
	for _, p := range pods {
		if serves(p) || p.Status.Phase == corev1.PodSucceeded || isHistory(p) {
			continue
		}
		for _, c := range f.onPod(p) {
			c.Permanent = c.Permanent && isLatest(p)
			causes = append(causes, c)
		}
	}
	if len(causes) == 0 {
		return f.evicted(pods, isLatest)
	}
	return causes
}

// evicted returns the cause of the last pod that its node evicted or refused, if that was a short
// while ago and no younger pod serves: it is why another is starting, which may end so, too.
func (f finder) evicted(pods []*corev1.Pod, isLatest func(*corev1.Pod) bool) []Cause {
	failed := filter(pods, func(p *corev1.Pod) bool {
		return hasFailed(p) && p.Status.Reason != "" && p.Status.Reason != "DeadlineExceeded" && isLatest(p)
	})
	at := newest(failed)
	younger := filter(pods, func(p *corev1.Pod) bool { return p.CreationTimestamp.After(at) })
	for _, p := range failed {
		// Without a condition it is known that the pod had failed when the next one was created.
		since := cmp.Or(notReadySince(p), earliest(younger, func(p *corev1.Pod) time.Time { return p.CreationTimestamp.Time }))
		if p.CreationTimestamp.Time.Equal(at) && !slices.ContainsFunc(younger, serves) && !since.IsZero() && f.now.Sub(since) <= long {
			return []Cause{f.cause(p, Evicted, p.Status.Reason, p.Status.Message, since)}
		}
	}
	return nil
}

// history accepts the failed pods that another pod has replaced. The last failed pod
// of a Job is not among them: it shows why there is another.
func history(pods []*corev1.Pod) func(*corev1.Pod) bool {
	failed := newest(filter(pods, hasFailed))
	all := newest(pods)
	return func(p *corev1.Pod) bool {
		if c := metav1.GetControllerOf(p); c != nil && c.Kind == "Job" {
			return hasFailed(p) && p.CreationTimestamp.Time.Before(failed)
		}
		return hasFailed(p) && p.CreationTimestamp.Time.Before(all)
	}
}

func hasFailed(p *corev1.Pod) bool { return p.Status.Phase == corev1.PodFailed }

// onPod returns the causes found on one pod, at the step that it has reached: a
// node, volumes and a sandbox, init containers, containers, readiness.
func (f finder) onPod(p *corev1.Pod) []Cause {
	switch {
	case isStopping(p):
		return f.stopping(p)
	case hasFailed(p):
		return f.ended(p)
	case p.Spec.NodeName == "":
		return f.unscheduled(p)
	case f.nodeLost(p):
		return []Cause{f.cause(p, NodeLost, "NodeNotReady", "node "+p.Spec.NodeName+" does not answer", notReadySince(p))}
	}
	if causes := f.onContainers(p); len(causes) > 0 {
		return causes
	}
	if causes := f.beforeContainers(p); len(causes) > 0 {
		return causes
	}
	if causes := f.afterContainers(p); len(causes) > 0 {
		return causes
	}
	return f.creating(p)
}

// cause returns a cause found on a pod itself.
func (f finder) cause(p *corev1.Pod, code Code, reason, message string, since time.Time) Cause {
	return podCause(p, code, reason, message, since).judged(f.now)
}

func podCause(p *corev1.Pod, code Code, reason, message string, since time.Time) Cause {
	return Cause{Code: code, Object: Object{"Pod", p.Name}, Pod: p.Name, Reason: reason, Message: message, Since: since}
}

// stopping returns the causes of a pod that is being deleted. Its deletion timestamp
// includes its grace period.
func (f finder) stopping(p *corev1.Pod) []Cause {
	if f.now.Sub(p.DeletionTimestamp.Time) > time.Minute {
		message := "its containers do not stop, or its node does not answer"
		switch {
		case len(p.Finalizers) > 0:
			message = "held by " + strings.Join(p.Finalizers, ", ")
		case f.nodeLost(p):
			message = "node " + p.Spec.NodeName + " does not answer"
		}
		return []Cause{f.cause(p, StuckStopping, "Terminating", message, p.DeletionTimestamp.Time)}
	}
	if c := podCondition(p, corev1.DisruptionTarget); c != nil && c.Status == corev1.ConditionTrue {
		return []Cause{f.cause(p, Evicted, c.Reason, c.Message, c.LastTransitionTime.Time)}
	}
	return nil
}

// ended returns the causes of a pod that failed permanently. Its controller creates
// another.
func (f finder) ended(p *corev1.Pod) []Cause {
	if p.Status.Reason != "" && p.Status.Reason != "DeadlineExceeded" {
		return []Cause{f.cause(p, Evicted, p.Status.Reason, p.Status.Message, notReadySince(p))}
	}
	var causes []Cause
	for _, c := range containersOf(p) {
		if end := c.status.State.Terminated; end != nil && endedBadly(end) {
			causes = append(causes, f.crash(p, c, ContainerFailed, end, end.FinishedAt.Time))
		}
	}
	if len(causes) == 0 {
		causes = append(causes, f.cause(p, ContainerFailed, p.Status.Reason, p.Status.Message, notReadySince(p)))
	}
	return causes
}

// unscheduled returns the causes of a pod that has no node.
func (f finder) unscheduled(p *corev1.Pod) []Cause {
	causes := f.onClaims(p)
	c := podCondition(p, corev1.PodScheduled)
	if c == nil && len(causes) == 0 && f.now.Sub(p.CreationTimestamp.Time) > time.Minute {
		cause := podCause(p, Unschedulable, "", "no scheduler has tried to place the pod", p.CreationTimestamp.Time)
		cause.Grace = never
		return []Cause{cause.judged(f.now)}
	}
	if c == nil || c.Status != corev1.ConditionFalse {
		return causes
	}
	if len(causes) > 0 && strings.Contains(strings.ToLower(c.Message), "persistentvolumeclaim") {
		return causes // the scheduler says the same in less detail
	}
	cause := podCause(p, Unschedulable, c.Reason, c.Message, c.LastTransitionTime.Time)
	cause.Brief = briefSchedule(clean(c.Message))
	switch words, comes := f.room(p); {
	case comes:
		cause.Grace, cause.Brief = never, joined(words, cause.Brief)
	case f.events == nil && cause.grace() != never: // unknown whether a node is being added
		cause.Grace = provision + minutes
	default:
		cause.Brief = joinedBy("; ", cause.Brief, words)
	}
	return append(causes, cause.judged(f.now))
}

// beforeContainers returns the causes of a pod none of whose containers could be
// created yet.
func (f finder) beforeContainers(p *corev1.Pod) []Cause {
	if c := podCondition(p, corev1.PodReadyToStartContainers); c != nil && c.Status == corev1.ConditionTrue {
		return nil
	}
	for _, c := range containersOf(p) {
		if c.status.State.Waiting == nil {
			return nil
		}
	}
	events := f.current(p, reasons("FailedMount", "FailedAttachVolume", "FailedMapVolume", "FailedCreatePodSandBox"))
	e := latestEvent(slices.DeleteFunc(slices.Clone(events), isSummary))
	if e == nil {
		e = latestEvent(events)
	}
	if e == nil {
		return nil
	}
	code := MountFailed
	switch {
	case e.Reason == "FailedCreatePodSandBox":
		code = StartFailed
	case missesConfig(e.Message):
		code = ConfigMissing
	}
	return []Cause{f.cause(p, code, e.Reason, e.Message, later(notReadySince(p), firstOf(events)))}
}

// creating returns the cause of a pod with a container that has not been created for
// long, while nothing says why: a large image, a runtime that hangs, or events that
// the account cannot read.
func (f finder) creating(p *corev1.Pod) []Cause {
	for _, c := range containersOf(p) {
		w, since := c.status.State.Waiting, c.waitingSince(p)
		if w == nil || since.IsZero() || f.now.Sub(since) < long {
			continue
		}
		return []Cause{f.onContainer(p, c, Creating, w.Reason, w.Message, since)}
	}
	return nil
}

// isSummary accepts the kubelet's event that says which volumes are not mounted, but
// not why.
func isSummary(e *corev1.Event) bool {
	return strings.HasPrefix(e.Message, "Unable to attach or mount volumes")
}

// current returns a pod's accepted events, unless all are so old that the problem is
// over: the kubelet retries every few minutes, and its events may be delayed by five.
func (f finder) current(p *corev1.Pod, accept func(*corev1.Event) bool) []*corev1.Event {
	events := f.events.about(Object{"Pod", p.Name}, p.UID, accept)
	if e := latestEvent(events); e == nil || f.now.Sub(lastSeen(e)) > 10*time.Minute {
		return nil
	}
	return events
}

// afterContainers returns the cause of a pod whose containers are all ready. A
// kubelet that does not say why the pod is not ready may be cut off, or have failed
// to update the pod (kubernetes#82346): unknown, so not reported.
func (f finder) afterContainers(p *corev1.Pod) []Cause {
	ready := podCondition(p, corev1.PodReady)
	if !containersReady(p) || ready == nil || ready.Status == corev1.ConditionTrue {
		return nil
	}
	if len(p.Spec.ReadinessGates) > 0 {
		return []Cause{f.cause(p, ReadinessGate, ready.Reason, ready.Message, ready.LastTransitionTime.Time)}
	}
	message := joined("its containers are ready, the pod is not", cmp.Or(ready.Message, ready.Reason, "node "+p.Spec.NodeName+" gives no reason"))
	return []Cause{f.cause(p, NotReady, ready.Reason, message, ready.LastTransitionTime.Time)}
}

// onCreation returns why a controller cannot create pods, if it has failed to since
// it created the last one.
func (f finder) onCreation(kind string, controller metav1.Object, pods []*corev1.Pod) []Cause {
	o, created := Object{kind, controller.GetName()}, newest(pods)
	events := f.events.about(o, controller.GetUID(), func(e *corev1.Event) bool {
		return e.Reason == "FailedCreate" && !lastSeen(e).Before(created)
	})
	e := latestEvent(events)
	if e == nil {
		return nil
	}
	c := Cause{Code: createCode(e.Message), Object: o, Reason: e.Reason, Message: e.Message, Since: later(created, firstOf(events))}
	return []Cause{c.judged(f.now)}
}

// createCode returns the code of the reason that forbids a pod.
func createCode(message string) Code {
	if strings.Contains(message, "exceeded quota") {
		return Quota
	}
	return CreateFailed
}

// missesConfig reports whether a volume cannot be mounted, or a container not be
// created, because a config map, a secret or a key of one does not exist: the kubelet
// has no reason of its own for it.
func missesConfig(message string) bool {
	m := strings.ToLower(message)
	return containsAny(m, "references non-existent", "couldn't find key", "failed to sync secret cache", "failed to sync configmap cache") ||
		strings.Contains(m, "not found") && containsAny(m, "configmap \"", "secret \"", "configmaps \"", "secrets \"")
}
