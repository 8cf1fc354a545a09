// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// eventsByObject finds the events about an object. It is nil if they were not
// read.
type eventsByObject map[Object][]*corev1.Event

func groupByObject(events []*corev1.Event) eventsByObject {
	if events == nil {
		return nil
	}
	g := eventsByObject{}
	for _, e := range events {
		o := Object{e.InvolvedObject.Kind, e.InvolvedObject.Name}
		g[o] = append(g[o], e)
	}
	return g
}

// about returns the accepted events about an object. Those about an earlier
// object of the same name are not about this one.
func (g eventsByObject) about(o Object, uid types.UID, accept func(*corev1.Event) bool) []*corev1.Event {
	return filter(g[o], func(e *corev1.Event) bool {
		id := e.InvolvedObject.UID
		return (id == "" || id == uid) && accept(e)
	})
}

// latestEvent returns the event that was seen last, or nil.
func latestEvent(events []*corev1.Event) *corev1.Event {
	var latest *corev1.Event
	for _, e := range events {
		if latest == nil || lastSeen(e).After(lastSeen(latest)) {
			latest = e
		}
	}
	return latest
}

// firstOf returns when the first of the events was seen first.
func firstOf(events []*corev1.Event) time.Time { return earliest(events, firstSeen) }

// firstSeen returns when an event was seen first. Events of the older API have
// a first and a last time, those of the newer one a time and a series.
func firstSeen(e *corev1.Event) time.Time {
	if !e.FirstTimestamp.IsZero() {
		return e.FirstTimestamp.Time
	}
	return e.EventTime.Time
}

func lastSeen(e *corev1.Event) time.Time {
	switch {
	case e.Series != nil && !e.Series.LastObservedTime.IsZero():
		return e.Series.LastObservedTime.Time
	case !e.LastTimestamp.IsZero():
		return e.LastTimestamp.Time
	}
	return firstSeen(e)
}

// reasons accepts events with one of the reasons.
func reasons(list ...string) func(*corev1.Event) bool {
	return func(e *corev1.Event) bool { return slices.Contains(list, e.Reason) }
}

// ofContainer accepts a container's events with the reason, whose message has the
// prefix: the kubelet uses one reason for several things.
func ofContainer(name, reason, prefix string) func(*corev1.Event) bool {
	return func(e *corev1.Event) bool {
		return e.Reason == reason && strings.HasPrefix(e.Message, prefix) &&
			strings.HasSuffix(e.InvolvedObject.FieldPath, "{"+name+"}")
	}
}
