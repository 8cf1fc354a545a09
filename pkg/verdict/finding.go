// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"slices"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
)

// A Code names a kind of finding. Codes are stable: a script may look for
// one, and a code is never used again for something else.
type Code string

// The codes: TPE1xx are about workloads and their pods, TPE2xx about entries,
// TPE3xx about jobs, TPE4xx about access and connection, TPE5xx about Helm
// releases, TPE6xx about the file that a snapshot was read from, TPE70x about what runs beside
// ThingPark Enterprise, TPE71x about several installations. What each means is in explain.yaml.
const (
	CodeWorkloadFailed   Code = "TPE101"
	CodeAwaitingRestart  Code = "TPE102"
	CodeNoWorkloads      Code = "TPE103"
	CodeHeldUp           Code = "TPE104"
	CodePaused           Code = "TPE105"
	CodeOldPod           Code = "TPE106"
	CodeHeldBack         Code = "TPE107"
	CodeLingering        Code = "TPE108"
	CodeScaledToZero     Code = "TPE109"
	CodeImagePull        Code = "TPE111"
	CodeConfigMissing    Code = "TPE112"
	CodeStartFailed      Code = "TPE113"
	CodeCrashLoop        Code = "TPE114"
	CodeOOMKilled        Code = "TPE115"
	CodeInitFailed       Code = "TPE116"
	CodeContainerFailed  Code = "TPE117"
	CodeLivenessProbe    Code = "TPE118"
	CodeNotReady         Code = "TPE119"
	CodePodNotReady      Code = "TPE120"
	CodeUnschedulable    Code = "TPE121"
	CodeClaim            Code = "TPE122"
	CodeMountFailed      Code = "TPE123"
	CodeQuota            Code = "TPE124"
	CodeCreateFailed     Code = "TPE125"
	CodeNode             Code = "TPE126"
	CodeProgressDeadline Code = "TPE127"
	CodeOperatorError    Code = "TPE128"
	CodeCrashed          Code = "TPE131"
	CodeOutOfMemory      Code = "TPE132"
	CodeConfigRefused    Code = "TPE133"
	CodeCreating         Code = "TPE134"
	CodeStateUnclear     Code = "TPE135"
	CodeStatusBehind     Code = "TPE136"
	CodeEntryAborted     Code = "TPE201"
	CodeUnknownState     Code = "TPE202"
	CodeNoEntries        Code = "TPE203"
	CodeEntryStalled     Code = "TPE204"
	CodePUMComplains     Code = "TPE205"
	CodeTextIgnored      Code = "TPE206"
	CodeUIDRepeated      Code = "TPE207"
	CodeJobFailed        Code = "TPE301"
	CodeJobSuspended     Code = "TPE302"
	CodeCronJobFailed    Code = "TPE303"
	CodeCronJobStuck     Code = "TPE304"
	CodeJobFormerly      Code = "TPE305"
	CodeProcessUnseen    Code = "TPE306"
	CodeSidecarHolds     Code = "TPE307"
	CodeJobGone          Code = "TPE308"
	CodeForbidden        Code = "TPE401"
	CodeNoAnswer         Code = "TPE402"
	CodeNotFound         Code = "TPE403"
	CodeNotUnderstood    Code = "TPE404"
	CodeUnreachable      Code = "TPE405"
	CodeKindNotRead      Code = "TPE406"
	CodeDenied           Code = "TPE407"
	CodeUnconfirmed      Code = "TPE408"
	CodePUMRolling       Code = "TPE409"
	CodeNotLoggedIn      Code = "TPE410"
	CodeReleasesMixed    Code = "TPE501"
	CodeReleaseFailed    Code = "TPE502"
	CodeReleasePending   Code = "TPE503"
	CodeReleaseMissing   Code = "TPE504"
	CodeReleaseUnclear   Code = "TPE505"
	CodeReleasesUnknown  Code = "TPE506"
	CodeRolledBack       Code = "TPE507"
	CodeReleaseStuck     Code = "TPE508"
	CodeReleaseSwapped   Code = "TPE509"
	CodeNotKept          Code = "TPE601"
	CodeEndsEarly        Code = "TPE602"
	CodeTimeUnsure       Code = "TPE603"
	CodeMemberDamaged    Code = "TPE604"
	CodeMemberRepeated   Code = "TPE605"
	CodeOwnJob           Code = "TPE701"
	CodeOwnRelease       Code = "TPE702"
	CodeOtherJobFailed   Code = "TPE703"
	CodeOtherJob         Code = "TPE704"

	CodeNamespacesUnknown Code = "TPE711"
	CodeNoInstallation    Code = "TPE712"
	CodeContextUnusable   Code = "TPE713"
	CodeGivenUp           Code = "TPE714"
)

// A Level says how much a finding matters.
type Level string

// The levels.
const (
	LevelError   Level = "error"   // the upgrade is not good, or whether it is good is unknown
	LevelWarning Level = "warning" // needs attention, even if the upgrade is over
	LevelInfo    Level = "info"    // explains what is shown
)

// A Finding is a fact that needs a human's attention. Only Since, Objects and Impact
// may be absent: every finding has a detail and a next command.
type Finding struct {
	Code    Code      `json:"code"`
	Level   Level     `json:"level"`
	Since   time.Time `json:"since,omitzero"` // since when it holds, or when it happened; absent if unknown
	Summary string    `json:"summary"`        // one line
	Detail  string    `json:"detail"`         // what was seen, in the words of its source
	Objects []Object  `json:"objects,omitempty"`
	Impact  string    `json:"impact,omitempty"` // the services affected now, of those in impact
	Next    []string  `json:"next"`             // commands to copy
}

// An Object is what a finding is about. Its kind is as Kubernetes spells it,
// or Entry, whose name is its uid, or Release, which is Helm's.
type Object = readiness.Object

// Past reports whether findings of this code tell what happened, and not what
// still goes on.
func (c Code) Past() bool {
	switch c {
	case CodeEntryAborted, CodeJobFailed, CodeJobFormerly, CodeJobGone, CodeOtherJobFailed, CodeCronJobFailed, CodeCrashed, CodeOutOfMemory, CodeRolledBack:
		return true
	}
	return false
}

// rank orders the levels, the gravest first.
func (l Level) rank() int { return slices.Index([]Level{LevelError, LevelWarning, LevelInfo}, l) }
