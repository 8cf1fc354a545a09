// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Cause is why a workload or a job is held up, found on one object.
type Cause struct {
	Code      Code      `json:"code"`
	Object    Object    `json:"object"` // where it was found
	Pod       string    `json:"pod,omitempty"`
	Container string    `json:"container,omitempty"`
	Reason    string    `json:"reason,omitempty"`  // Kubernetes' word, such as ImagePullBackOff
	Message   string    `json:"message,omitempty"` // what Kubernetes says, on one line
	Since     time.Time `json:"since,omitzero"`    // zero if no object tells
	Restarts  int32     `json:"restarts,omitempty"`
	Dooms     bool      `json:"dooms,omitempty"` // it had its time to heal, and will not by itself
	Log       []string  `json:"log,omitempty"`   // what the container wrote last before it ended
	Group     string    `json:"-"`               // the same for causes that are one trouble
}

// An Object names a Kubernetes object of the namespace.
type Object struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

// A Code names a kind of trouble. Codes are stable.
type Code string

const (
	ImagePull        Code = "ImagePull"        // an image cannot be had
	ConfigMissing    Code = "ConfigMissing"    // a config map, secret or key is not there
	StartFailed      Code = "StartFailed"      // the runtime cannot start a container, or its sandbox
	CrashLoop        Code = "CrashLoop"        // a container ends again and again
	OOMKilled        Code = "OOMKilled"        // the same, for it takes more memory than it may
	InitFailed       Code = "InitFailed"       // an init container ends badly again and again
	InitRunning      Code = "InitRunning"      // an init container is at work, or waits for something
	ContainerFailed  Code = "ContainerFailed"  // a container ended badly and is not started again
	ReadinessProbe   Code = "ReadinessProbe"   // a container runs and is not ready
	StartupProbe     Code = "StartupProbe"     // a container runs and has not started up
	LivenessProbe    Code = "LivenessProbe"    // a container is killed for not answering
	ReadinessGate    Code = "ReadinessGate"    // something outside the pod holds it back
	Unschedulable    Code = "Unschedulable"    // no node takes the pod
	ClaimPending     Code = "ClaimPending"     // a volume is not there yet
	ClaimLost        Code = "ClaimLost"        // a volume is gone
	MountFailed      Code = "MountFailed"      // a volume cannot be attached or mounted
	Quota            Code = "Quota"            // a quota does not allow the pod
	CreateFailed     Code = "CreateFailed"     // the pod cannot be created
	Evicted          Code = "Evicted"          // the pod had to leave its node
	NodeLost         Code = "NodeLost"         // the pod's node does not answer
	StuckStopping    Code = "StuckStopping"    // the pod does not go away
	ProgressDeadline Code = "ProgressDeadline" // a Deployment made no progress for long
	OperatorError    Code = "OperatorError"    // an operator says that it cannot go on
	OldRevision      Code = "OldRevision"      // a pod of an old revision that nothing will replace
)

// judged returns the cause with its text made fit to print, its group, and
// whether it dooms now.
func (c Cause) judged(now time.Time) Cause {
	c.Reason, c.Message = clean(c.Reason), clean(c.Message)
	c.Dooms = c.dooms(now)
	c.Group = c.group()
	return c
}

// group names the trouble, leaving out what differs between pods that share
// it: their names, and how often and since when they suffer from it.
func (c Cause) group() string {
	c.Restarts = 0
	text := c.Summary()
	if c.Pod != "" {
		text = strings.ReplaceAll(text, c.Pod, "*")
	}
	return string(c.Code) + ": " + text
}

// Summary says the trouble in a few words, for a line that already names the
// workload.
func (c Cause) Summary() string {
	m := c.Message
	switch c.Code {
	case ImagePull:
		return imageSummary(c.Reason, m)
	case StartFailed:
		return joined("cannot start "+cmp.Or(c.Container, "its sandbox"), lastPart(m))
	case CrashLoop:
		return c.Container + " in a crash loop, " + m + c.restarts()
	case OOMKilled:
		return c.Container + " OOMKilled" + c.restarts()
	case InitFailed:
		return "init container " + c.Container + " fails, " + m + c.restarts()
	case InitRunning:
		return "init container " + c.Container + " is running"
	case ContainerFailed:
		return cmp.Or(c.Container, c.Pod) + " failed, " + cmp.Or(m, c.Reason)
	case ReadinessProbe:
		return joined("readiness probe", cmp.Or(probeSummary(m), "has not passed yet"))
	case StartupProbe:
		return joined("startup probe", cmp.Or(probeSummary(m), "has not passed yet"))
	case LivenessProbe:
		return joined("liveness probe", probeSummary(m)) + c.restarts()
	case ReadinessGate:
		return joined("readiness gate", m)
	case Unschedulable:
		reasons, _, _ := strings.Cut(m, " preemption:")
		return joined("unschedulable", strings.TrimSuffix(reasons, "."))
	case ClaimPending:
		return joined("claim "+c.Object.Name+" pending", m)
	case ClaimLost:
		return "claim " + c.Object.Name + " lost its volume"
	case MountFailed:
		return joined("cannot mount", m)
	case ConfigMissing:
		return lastPart(m)
	case Quota:
		return m[max(0, strings.Index(m, "exceeded quota")):]
	case CreateFailed:
		return joined("cannot create pods", afterAny(m, "is forbidden: ", "failed error: "))
	case Evicted:
		return joined("evicted", cmp.Or(m, c.Reason))
	case StuckStopping:
		return joined(c.Pod+" does not stop", m)
	case ProgressDeadline:
		return "no progress within its deadline"
	}
	return cmp.Or(m, c.Reason)
}

func (c Cause) restarts() string {
	switch c.Restarts {
	case 0:
		return ""
	case 1:
		return ", 1 restart"
	}
	return fmt.Sprintf(", %d restarts", c.Restarts)
}

// gravest sorts causes: those that doom, those that may, then the rest, and
// within them those that have lasted longest. Times nobody told come last.
func gravest(causes []Cause) {
	rank := func(c Cause) int {
		_, may := graces[c.Code]
		switch {
		case c.Dooms:
			return 0
		case may:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(causes, func(a, b Cause) int {
		return cmp.Or(
			cmp.Compare(rank(a), rank(b)),
			compareTimes(a.Since, b.Since),
			cmp.Compare(a.Pod, b.Pod),
			cmp.Compare(a.Container, b.Container),
		)
	})
}

func compareTimes(a, b time.Time) int {
	switch {
	case a.IsZero() && b.IsZero():
		return 0
	case a.IsZero():
		return 1
	case b.IsZero():
		return -1
	}
	return a.Compare(b)
}

// doomed reports whether one of the causes dooms.
func doomed(causes []Cause) bool {
	return slices.ContainsFunc(causes, func(c Cause) bool { return c.Dooms })
}
