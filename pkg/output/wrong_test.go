// SPDX-License-Identifier: Apache-2.0

package output

import (
	"testing"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// The line of a verdict says what is wrong before how far everything is, as much as fits.
func TestTheVerdictSaysWhatIsWrong(t *testing.T) {
	find := func(level verdict.Level, code verdict.Code, objects ...verdict.Object) verdict.Finding {
		return verdict.Finding{Code: code, Level: level, Objects: objects}
	}
	entry := func(uid string) verdict.Object { return verdict.Object{Kind: "Entry", Name: uid} }
	pod := func(name string) verdict.Object { return verdict.Object{Kind: "Pod", Name: name} }
	twa := verdict.Object{Kind: "Deployment", Name: "twa"}
	release := verdict.Object{Kind: "Release", Name: "tpe"}
	all := []verdict.Finding{
		find(verdict.LevelError, verdict.CodeEntryAborted, entry("4")),
		find(verdict.LevelError, verdict.CodeReleaseFailed, release),
		find(verdict.LevelError, verdict.CodeImagePull, twa, pod("twa-a"), pod("twa-b")),
		find(verdict.LevelError, verdict.CodeImagePull, twa, pod("twa-b"), pod("twa-c")), // one of them again
		find(verdict.LevelWarning, verdict.CodeHeldUp, twa),
	}
	const workloads, entries = "41 of 42 workloads ready", "3 of 3 entries final"
	const far = workloads + ", " + entries
	tests := []struct {
		name     string
		outcome  verdict.Outcome
		findings []verdict.Finding
		width    int
		want     string
	}{
		{"all of it", verdict.OutcomeFailed, all, 0, "1 entry aborted, 1 release failed, 3 pods cannot pull their image, " + far},
		{"no room for how far", verdict.OutcomeFailed, all, 71, "1 entry aborted, 1 release failed, 3 pods cannot pull their image"},
		{"some room for how far", verdict.OutcomeFailed, all[:1], 50, "1 entry aborted, " + workloads},
		{"less room", verdict.OutcomeFailed, all, 51, "1 entry aborted, 1 release failed, 1 more"},
		{"several", verdict.OutcomeFailed, []verdict.Finding{find(verdict.LevelError, verdict.CodeEntryAborted, entry("4")), find(verdict.LevelError, verdict.CodeEntryAborted, entry("5"))}, 0, "2 entries aborted, " + far},
		{"no pod is known", verdict.OutcomeFailed, []verdict.Finding{find(verdict.LevelError, verdict.CodeImagePull, twa)}, 0, "1 workload cannot pull its image, " + far},
		{"of a job", verdict.OutcomeFailed, []verdict.Finding{find(verdict.LevelError, verdict.CodeImagePull, verdict.Object{Kind: "Job", Name: "j"})}, 0, "1 job cannot pull its image, " + far},
		{"nobody answers", verdict.OutcomeUnknown, []verdict.Finding{find(verdict.LevelError, verdict.CodeNoAnswer)}, 0, "no answer from PUM, " + far},
		{"a code without words", verdict.OutcomeFailed, []verdict.Finding{find(verdict.LevelError, "TPE999"), find(verdict.LevelError, "TPE998")}, 0, "2 other errors, " + far},
		{"pending", verdict.OutcomePending, all, 0, far},
	}
	for _, tt := range tests {
		h := Head{Judged: Judged{Outcome: tt.outcome}, Findings: tt.findings}
		if got := room(wrong(h), []string{workloads, entries}, tt.width); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
