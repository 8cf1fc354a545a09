// SPDX-License-Identifier: Apache-2.0

package readiness

import "time"

// waiting maps the kubelet's reasons for a container that waits to a trouble
// (kubernetes: pkg/kubelet/images/types.go, pkg/kubelet/container/
// sync_result.go, pkg/kubelet/kuberuntime). Reasons that are not here, such as
// ContainerCreating and PodInitializing, are none.
var waiting = map[string]Code{
	"ErrImagePull":               ImagePull,
	"ImagePullBackOff":           ImagePull,
	"ErrImageNeverPull":          ImagePull,
	"ImageInspectError":          ImagePull,
	"InvalidImageName":           ImagePull,
	"RegistryUnavailable":        ImagePull,
	"SignatureValidationFailed":  ImagePull,
	"CreateContainerConfigError": ConfigMissing,
	"CreateContainerError":       StartFailed,
	"RunContainerError":          StartFailed,
	"PreCreateHookError":         StartFailed,
	"PreStartHookError":          StartFailed,
	"PostStartHookError":         StartFailed,
	"CrashLoopBackOff":           CrashLoop,
}

// graces say how long a trouble may last before it dooms. They leave room for
// what heals by itself: a registry that refuses for a moment, a cluster
// autoscaler (minutes), a volume whose node died (attached elsewhere after six
// minutes), applications that crash until the database they need is there (the
// kubelet's back-off grows to five minutes). A code that is not here never
// dooms: it may heal however long it takes.
var graces = map[Code]time.Duration{
	ImagePull:     time.Minute,
	ConfigMissing: time.Minute,
	Unschedulable: 5 * time.Minute,
	ClaimPending:  5 * time.Minute,
	Quota:         5 * time.Minute,
	CreateFailed:  5 * time.Minute,
	StartFailed:   5 * time.Minute,
	MountFailed:   10 * time.Minute,
	CrashLoop:     10 * time.Minute,
	OOMKilled:     10 * time.Minute,
	InitFailed:    10 * time.Minute,
	LivenessProbe: 10 * time.Minute,
	OperatorError: 10 * time.Minute,
}

// never is the grace of what dooms not at all.
const never time.Duration = 1<<63 - 1

// exceptions are reasons with a grace of their own.
var exceptions = map[string]time.Duration{
	"InvalidImageName":         0,     // only a change of the spec helps
	"Lost":                     0,     // a claim whose volume is gone
	"InvalidResourceException": 0,     // the same, in Strimzi's words
	"SchedulingGated":          never, // someone holds the pod back on purpose
}

// dooms reports whether the cause has had its time to heal. Without a time to
// count from, only what is hopeless from the start dooms.
func (c Cause) dooms(now time.Time) bool {
	grace, ok := exceptions[c.Reason]
	if !ok {
		grace, ok = graces[c.Code]
	}
	switch {
	case !ok || grace == never:
		return false
	case grace == 0:
		return true
	}
	return !c.Since.IsZero() && now.Sub(c.Since) >= grace
}
