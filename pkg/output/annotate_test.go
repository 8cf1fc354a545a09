// SPDX-License-Identifier: Apache-2.0

package output

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

func annotated(a Annotations, doc *Status) string {
	var b strings.Builder
	_ = a.Status(&b, doc) // a Builder takes everything
	return b.String()
}

func statusWith(code verdict.ExitCode, findings ...verdict.Finding) *Status {
	return &Status{Head: Head{Judged: Judged{Outcome: verdict.OutcomePending, ExitCode: code}, Findings: findings}, asked: verdict.GoalEntries}
}

func TestAnnotations(t *testing.T) {
	findings := []verdict.Finding{
		{Code: "TPE301", Level: verdict.LevelError, Summary: "job a failed", Detail: "50% done", Next: []string{"kubectl tpe logs"}},
		{Code: "TPE109", Level: verdict.LevelWarning, Summary: "b", Detail: "c"},
		{Code: "TPE704", Level: verdict.LevelInfo, Summary: "d", Detail: "e"},
	}
	for name, tt := range map[string]struct {
		system Annotations
		doc    *Status
		want   string
	}{
		"GitHub": {GitHubAnnotations, statusWith(verdict.ExitFailed, findings...),
			"::error title=kubectl tpe TPE301::job a failed%0A50%25 done%0Akubectl tpe logs\n::warning title=kubectl tpe TPE109::b%0Ac\n::notice title=kubectl tpe TPE704::d%0Ae\n"},
		"GitLab": {GitLabAnnotations, statusWith(verdict.ExitFailed, findings...),
			"\x1b[31;1mERROR: kubectl tpe TPE301: job a failed\x1b[0;m\n\x1b[0;33mWARNING: kubectl tpe TPE109: b\x1b[0;m\n\x1b[0;36mINFO: kubectl tpe TPE704: d\x1b[0;m\n"},
		"pending without a finding":      {GitHubAnnotations, statusWith(verdict.ExitPending), "::error title=kubectl tpe::PENDING: entries unknown\n"},
		"pending with a warning":         {GitHubAnnotations, statusWith(verdict.ExitPending, findings[1]), "::warning title=kubectl tpe TPE109::b%0Ac\n::error title=kubectl tpe::PENDING: entries unknown\n"},
		"done":                           {GitHubAnnotations, statusWith(verdict.ExitDone), ""},
		"out of time: its error says so": {GitHubAnnotations, statusWith(verdict.ExitTimeout), ""},
		"nobody asked for any":           {"", statusWith(verdict.ExitFailed, findings...), ""},
	} {
		if got := annotated(tt.system, tt.doc); got != tt.want {
			t.Errorf("%s:\n%q, want\n%q", name, got, tt.want)
		}
	}
}

// hostile is text of a pod that wants the runner to do something.
var hostile = []string{
	"::set-output name=x::y", "\n::stop-commands::x", "\r::error::x", "\r\n::add-mask::a", "  ::warning::x", "\t::debug::x", "a\n \n::set-env name=PATH::/tmp",
	"##[set-output name=x]y", "text ##[error]x", "###[group]x", "%0A::error::x", "::", "a\u2028::error::x", "\x1b[0m::error::x", ",title=x::y", "x\x1b[0Ksection_start:1:a\r",
	"\ufeff::error::x", "\u00a0::error::x",
}

// commandOf is what GitHub's runner takes for a command in a line.
var commandOf = regexp.MustCompile(`^\s*::|##\[`)

// No text of a pod begins a command or ends the one it is in.
func TestHostileAnnotations(t *testing.T) {
	for _, text := range hostile {
		f := verdict.Finding{Code: "TPE301", Level: verdict.LevelError, Summary: text, Detail: text, Next: []string{text}}
		got := annotated(GitHubAnnotations, statusWith(verdict.ExitFailed, f))
		if strings.Count(got, "\n") != 1 || strings.ContainsAny(got, "\r\x1b") || strings.Contains(got, "##[") || !strings.HasPrefix(got, "::error title=kubectl tpe TPE301::") {
			t.Errorf("%q makes %q", text, got)
		}
		got = annotated(GitLabAnnotations, statusWith(verdict.ExitFailed, f))
		if strings.Count(got, "\n") != 1 || strings.Count(got, "\x1b") != 2 || strings.Contains(got, "\r") {
			t.Errorf("%q makes %q", text, got)
		}
		if got := githubProperty(text); strings.ContainsAny(got, ":,\n\r") {
			t.Errorf("the property %q is %q", text, got)
		}
	}
}

// Whatever is written, in however many pieces, the runner finds no command in it.
func TestInert(t *testing.T) {
	for _, text := range hostile {
		for size := 1; size <= len(text); size++ {
			var b strings.Builder
			w := Inert(&b)
			for rest := text; rest != ""; {
				piece := rest[:min(size, len(rest))]
				if n, err := io.WriteString(w, piece); n != len(piece) || err != nil {
					t.Fatal(n, err)
				}
				rest = rest[len(piece):]
			}
			for _, line := range regexp.MustCompile(`\r\n|[\r\n]`).Split(b.String(), -1) {
				if commandOf.MatchString(line) || strings.HasPrefix(strings.TrimLeft(line, "\x1b[0m"), "::") {
					t.Errorf("%q in pieces of %d: %q is a command", text, size, line)
				}
			}
		}
	}
	const harmless = "NAME  READY\ntwa: 1/2 [a] #1 ## x :: y\n  -> ok\n"
	var b strings.Builder
	if fmt.Fprint(Inert(&b), harmless); b.String() != harmless {
		t.Errorf("%q, want %q", b.String(), harmless)
	}
}

// A document stays what it is.
func TestInertDocument(t *testing.T) {
	want := map[string]any{"summary": "x ##[error]y", "detail": "::error::z"}
	var b strings.Builder
	if err := json.NewEncoder(Inert(&b)).Encode(want); err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(b.String()), &got); err != nil || fmt.Sprint(got) != fmt.Sprint(want) || strings.Contains(b.String(), "##[") {
		t.Errorf("%s is %v (%v), want %v", b.String(), got, err, want)
	}
}
