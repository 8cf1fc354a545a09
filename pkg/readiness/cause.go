// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// A Cause is what blocks a workload or a job, found on one object.
type Cause struct {
	Code      Code      `json:"code"`
	Object    Object    `json:"object"` // where it was found
	Pod       string    `json:"pod,omitempty"`
	Container string    `json:"container,omitempty"`
	Image     string    `json:"image,omitempty"`   // the one that cannot be pulled
	Reason    string    `json:"reason,omitempty"`  // Kubernetes' word, such as ImagePullBackOff
	Message   string    `json:"message,omitempty"` // what Kubernetes says, on one line
	Since     time.Time `json:"since,omitzero"`    // zero if unknown
	Restarts  int32     `json:"restarts,omitempty"`
	Permanent bool      `json:"permanent,omitempty"` // its grace is over: the workload or job will not recover by itself
	Log       []string  `json:"log,omitempty"`       // the last lines of the container that ended

	// What follows is derived from the above, once, when the cause is found.
	Brief    string        `json:"-"` // the message, shortened to the words that a person would search for
	Role     Role          `json:"-"` // of the container among the pod's
	LastExit string        `json:"-"` // how the last run of a container that has not started up ended
	Grace    time.Duration `json:"-"` // how long it may last before it is permanent; 0 for the default of its code
	LogsOf   Logs          `json:"-"` // which log of the container has more; empty for the one of its code
	Group    string        `json:"-"` // the summary for all pods that share the problem; causes of one code and group are one problem
}

// An Object names a Kubernetes object of the namespace.
type Object struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

// String names the object as sentences do: Pod lrc-0.
func (o Object) String() string { return o.Kind + " " + o.Name }

// A Code names a kind of problem. Codes are stable.
type Code string

const (
	ImagePull        Code = "ImagePull"        // an image cannot be pulled
	ConfigMissing    Code = "ConfigMissing"    // a config map, secret or key does not exist
	ConfigRefused    Code = "ConfigRefused"    // a container's settings cannot be applied, such as runAsNonRoot
	Creating         Code = "Creating"         // a container has not been created for long, and nothing says why
	StartFailed      Code = "StartFailed"      // the runtime cannot start a container, or its sandbox
	CrashLoop        Code = "CrashLoop"        // a container crashes repeatedly
	OOMKilled        Code = "OOMKilled"        // the same, because it exceeds its memory limit
	InitFailed       Code = "InitFailed"       // an init container fails repeatedly
	InitRunning      Code = "InitRunning"      // an init container is running, perhaps waiting for something
	ContainerFailed  Code = "ContainerFailed"  // a container failed and is not restarted
	ReadinessProbe   Code = "ReadinessProbe"   // a container runs and is not ready
	StartupProbe     Code = "StartupProbe"     // a container runs and has not started up
	StartupKilled    Code = "StartupKilled"    // a container is killed because it does not start up in time
	LivenessProbe    Code = "LivenessProbe"    // a container is killed because its liveness probe fails
	ReadinessGate    Code = "ReadinessGate"    // a readiness gate of the pod is not met
	NotReady         Code = "NotReady"         // the pod is not ready, its containers are, and nothing says why
	Unschedulable    Code = "Unschedulable"    // no node is suitable for the pod
	ClaimPending     Code = "ClaimPending"     // a volume is not provisioned yet
	ClaimLost        Code = "ClaimLost"        // a volume is gone
	MountFailed      Code = "MountFailed"      // a volume cannot be attached or mounted
	Quota            Code = "Quota"            // a quota does not allow the pod
	CreateFailed     Code = "CreateFailed"     // the pod cannot be created
	Evicted          Code = "Evicted"          // the pod was evicted from its node, or not admitted
	NodeLost         Code = "NodeLost"         // the pod's node does not answer
	StuckStopping    Code = "StuckStopping"    // the pod does not terminate
	ProgressDeadline Code = "ProgressDeadline" // a Deployment exceeded its progress deadline
	OperatorError    Code = "OperatorError"    // an operator reports an error
	StatusBehind     Code = "StatusBehind"     // a status counts pods as ready or active that are not
	OldRevision      Code = "OldRevision"      // a pod of an old revision that nothing will replace
	SidecarHolds     Code = "SidecarHolds"     // a sidecar keeps a finished job from completing
)

// A Role is what a container is among those of its pod.
type Role string

const (
	Alone        Role = ""          // the name can be omitted
	OneOfSeveral Role = "container" // beside others, and not the one that the pod is named after
	Sidecar      Role = "sidecar"   // an init container with restartPolicy Always: those after it wait until it has started
)

// A causeKind is all that is known of a code.
type causeKind struct {
	quiet   time.Duration // for how long it makes none, because it is normal while a pod starts
	grace   time.Duration // how long it may last before it is permanent; 0 if it never is
	crashed bool          // a container ran and ended: its last lines may say why
	logs    Logs          // which log has more
	brief   func(message string) string
	summary func(c Cause) string
}

// Logs says which log of a container has more about a problem.
type Logs string

const (
	NoLogs       Logs = ""
	CurrentLogs  Logs = "current"  // of the container that is there
	PreviousLogs Logs = "previous" // of the one before it
)

// causeKinds is all there is to know about codes, in one place.
var causeKinds = map[Code]causeKind{
	ImagePull:        {grace: minutes, brief: rootError, summary: Cause.pullSummary},
	ConfigMissing:    {grace: minutes, brief: briefConfig},
	ConfigRefused:    {grace: soon, brief: briefConfig, summary: Cause.createSummary},
	Creating:         {quiet: long, brief: rootError, summary: Cause.creatingSummary},
	StartFailed:      {grace: minutes, brief: rootError, summary: Cause.startSummary},
	CrashLoop:        {grace: long, crashed: true, logs: PreviousLogs, brief: rootError, summary: Cause.loopSummary},
	OOMKilled:        {grace: long, crashed: true, logs: PreviousLogs, summary: Cause.memorySummary},
	InitFailed:       {grace: long, crashed: true, logs: CurrentLogs, summary: Cause.initSummary},
	InitRunning:      {quiet: long, logs: CurrentLogs, summary: Cause.initSummary},
	ContainerFailed:  {crashed: true, logs: CurrentLogs, summary: Cause.failedSummary},
	ReadinessProbe:   {quiet: long, logs: CurrentLogs, brief: briefProbe, summary: Cause.readinessSummary},
	StartupProbe:     {quiet: long, logs: CurrentLogs, brief: briefProbe, summary: Cause.startupSummary},
	StartupKilled:    {grace: long, logs: PreviousLogs, brief: briefProbe, summary: Cause.startupSummary},
	LivenessProbe:    {grace: long, logs: PreviousLogs, brief: briefProbe, summary: Cause.livenessSummary},
	ReadinessGate:    {summary: after("readiness gate")},
	NotReady:         {quiet: time.Minute},
	Unschedulable:    {grace: minutes, brief: briefSchedule, summary: after("unschedulable")},
	ClaimPending:     {grace: minutes, brief: rootError, summary: Cause.claimSummary},
	ClaimLost:        {grace: atOnce, summary: Cause.claimSummary},
	MountFailed:      {grace: long, brief: briefMount, summary: after("cannot mount")},
	Quota:            {grace: minutes, brief: briefQuota},
	CreateFailed:     {grace: minutes, brief: briefCreate, summary: after("cannot create pods")},
	Evicted:          {summary: Cause.evictedSummary},
	NodeLost:         {},
	StuckStopping:    {summary: Cause.stoppingSummary},
	ProgressDeadline: {summary: func(Cause) string { return "no progress within its deadline" }},
	OperatorError:    {grace: long},
	StatusBehind:     {summary: Cause.behindSummary},
	OldRevision:      {summary: Cause.oldSummary},
	SidecarHolds:     {},
}

// Codes returns all codes.
func Codes() []Code { return slices.Sorted(maps.Keys(causeKinds)) }

// Logs returns which log of the container has more.
func (c Cause) Logs() Logs { return cmp.Or(c.LogsOf, causeKinds[c.Code].logs) }

// Starting reports whether the problem is normal for a while when a pod starts.
func (c Code) Starting() bool { return causeKinds[c].quiet > 0 }

// Reportable reports whether the cause is worth a finding of its own: what is normal
// while a pod starts is only once it lasts.
func (c Cause) Reportable(now time.Time) bool {
	quiet := causeKinds[c.Code].quiet
	return quiet == 0 || !c.Since.IsZero() && now.Sub(c.Since) >= quiet
}

// judged returns the cause with clean texts, its grace and group, and whether it is
// permanent now.
func (c Cause) judged(now time.Time) Cause {
	c.Object = Object{cleanTo(c.Object.Kind, longestName), cleanTo(c.Object.Name, longestName)}
	c.Pod, c.Container, c.Image = cleanTo(c.Pod, longestName), cleanTo(c.Container, longestName), cleanTo(c.Image, longestName)
	whole := cleanTo(c.Message, longestText)
	c.Reason, c.Message = cleanTo(c.Reason, longestName), clean(c.Message)
	c.Restarts = max(c.Restarts, 0)
	if shorten := causeKinds[c.Code].brief; shorten == nil {
		c.Brief = cmp.Or(c.Brief, whole)
	} else if c.Brief == "" {
		c.Brief = shorten(whole)
	}
	if c.Image != "" {
		c.Brief = strings.TrimPrefix(c.Brief, c.Image+": ")
	}
	c.Grace = cmp.Or(c.Grace, c.grace())
	c.Brief = middleCut(cleanTo(c.Brief, longestText), longestBrief)
	c.Permanent = c.isPermanent(now)
	c.Group = c.group()
	return c
}

// group is the summary without what differs between pods that share the
// problem: their names, and how often they restarted. Images that a registry
// refuses to serve share the registry.
func (c Cause) group() string {
	name := c.Pod
	c.Pod, c.Restarts, c.LastExit = "", 0, ""
	if c.Code == ImagePull && !containsAny(c.Brief, "not found", "manifest", "platform") {
		c.Image = registry(c.Image)
	}
	return strings.TrimPrefix(withoutName(c.Summary(), name), "* ")
}

// Summary describes the problem in a few words, for a line that already names the
// workload.
func (c Cause) Summary() string {
	if summary := causeKinds[c.Code].summary; summary != nil {
		return summary(c)
	}
	return c.words()
}

// words is the shortest message there is, or the reason.
func (c Cause) words() string { return cmp.Or(c.Brief, c.Message, c.Reason) }

// after makes a summary that begins with the words.
func after(words string) func(Cause) string {
	return func(c Cause) string { return joined(words, c.words()) }
}

// container names the container.
func (c Cause) container() string {
	if c.Role == Sidecar {
		return "sidecar " + c.Container
	}
	return c.Container
}

// pullSummary names the image and what the registry says. A kubelet alternates
// between ErrImagePull and ImagePullBackOff.
func (c Cause) pullSummary() string {
	reason := c.Reason
	if reason == "ErrImagePull" {
		reason = "ImagePullBackOff"
	}
	return joined(strings.TrimSpace(reason+" "+c.Image), c.Brief)
}

func (c Cause) createSummary() string { return joined("cannot create "+c.container(), c.words()) }

func (c Cause) creatingSummary() string {
	return joined(c.container()+" is not created yet", c.words())
}

func (c Cause) startSummary() string {
	return joined("cannot start "+cmp.Or(c.container(), "its sandbox"), c.Brief)
}

func (c Cause) loopSummary() string {
	return sentence(c.container()+" in a crash loop", c.words()) + c.restarts()
}

func (c Cause) memorySummary() string { return c.container() + " OOMKilled" + c.restarts() }

func (c Cause) initSummary() string {
	if c.Code == InitRunning {
		return "init container " + c.Container + " is running"
	}
	return sentence("init container "+c.Container+" fails", c.words()) + c.restarts()
}

func (c Cause) failedSummary() string {
	return sentence(cmp.Or(c.container(), c.Pod, "pod")+" failed", c.words())
}

func (c Cause) readinessSummary() string { return c.probe("readiness probe", "has not passed yet") }

func (c Cause) livenessSummary() string { return c.probe("liveness probe", "") + c.restarts() }

// startupSummary says that the containers after a sidecar wait for it.
func (c Cause) startupSummary() string {
	text := c.probe("startup probe", "has not passed yet") + c.restarts()
	if c.Restarts > 0 {
		text = sentence(text, c.LastExit)
	}
	if c.Role == Sidecar {
		return "waiting for " + c.container() + " to start: " + text
	}
	return text
}

// probe says what a probe found, and of which container, if there are several.
func (c Cause) probe(name, silent string) string {
	if c.Role != "" && c.Code != StartupProbe || c.Role == OneOfSeveral {
		name += " of " + c.container()
	}
	return joined(name, cmp.Or(c.Brief, silent))
}

func (c Cause) claimSummary() string {
	if c.Code == ClaimLost {
		return "claim " + c.Object.Name + " lost its volume"
	}
	return joined("claim "+c.Object.Name+" pending", cmp.Or(c.Brief, c.Message))
}

func (c Cause) stoppingSummary() string {
	return joined(cmp.Or(c.Pod, "pod")+" does not stop", c.words())
}

func (c Cause) behindSummary() string {
	if c.Object.Kind == "Job" {
		return "the status counts pods as active that are not"
	}
	return "the status counts pods as ready that are not"
}

func (c Cause) oldSummary() string {
	if c.Pod == "" {
		return "their old revision blocks the rollout"
	}
	return c.Pod + " of an old revision blocks the rollout"
}

// evictedSummary: a kubelet may also refuse a pod that the scheduler gave it.
func (c Cause) evictedSummary() string {
	switch c.Reason {
	case "OutOfcpu", "OutOfmemory", "OutOfpods", "OutOfephemeral-storage", "NodeAffinity", "NodePorts", "TaintToleration",
		"UnexpectedAdmissionError", "TopologyAffinityError", "AppArmor", "UnknownReason":
		return joined("refused by its node", joined(c.Reason, c.words()))
	}
	return joined("evicted", c.words())
}

func (c Cause) restarts() string {
	if c.Restarts == 0 {
		return ""
	}
	return ", " + counted(c.Restarts, "restart")
}

// gravestFirst sorts causes: the permanent ones, those that may become permanent, then the
// rest, each by how long they have lasted. Unknown times come last.
func gravestFirst(causes []Cause) []Cause {
	rank := func(c Cause) int {
		switch {
		case c.Permanent:
			return 0
		case causeKinds[c.Code].grace > 0:
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
	return causes
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

// anyPermanent reports whether one of the causes is permanent.
func anyPermanent(causes []Cause) bool {
	return slices.ContainsFunc(causes, func(c Cause) bool { return c.Permanent })
}
