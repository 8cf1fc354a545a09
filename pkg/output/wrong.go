// SPDX-License-Identifier: Apache-2.0

package output

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// A kindOfFinding says how findings of a code are counted in the line of the verdict.
type kindOfFinding struct {
	singular string // of what is counted; empty if the findings are not
	words    string // what is wrong with it
	several  string // the same of several; empty if that is in the same words
}

const pod = "pod"

// kindsOfFindings has what the line of a verdict says about errors. Causes count their pods, where they are known.
// What is forbidden is not here: the verdict itself says so.
var kindsOfFindings = map[verdict.Code]kindOfFinding{
	verdict.CodeWorkloadFailed:    {"workload", "failed", ""},
	verdict.CodeNoWorkloads:       {"", "there is no workload", ""},
	verdict.CodeImagePull:         {pod, "cannot pull its image", "cannot pull their image"},
	verdict.CodeConfigMissing:     {pod, "lacks a Secret or ConfigMap", "lack a Secret or ConfigMap"},
	verdict.CodeConfigRefused:     {pod, "has an invalid configuration", "have an invalid configuration"},
	verdict.CodeStartFailed:       {pod, "cannot start", ""},
	verdict.CodeCrashLoop:         {pod, "crash-loops", "crash-loop"},
	verdict.CodeOOMKilled:         {pod, "is OOM-killed", "are OOM-killed"},
	verdict.CodeInitFailed:        {pod, "fails to initialize", "fail to initialize"},
	verdict.CodeContainerFailed:   {pod, "has a failed container", "have a failed container"},
	verdict.CodeLivenessProbe:     {pod, "is restarted by its probe", "are restarted by their probe"},
	verdict.CodeNotReady:          {pod, "is not ready", "are not ready"},
	verdict.CodePodNotReady:       {pod, "is not ready", "are not ready"},
	verdict.CodeOldPod:            {"old pod", "must be deleted", ""},
	verdict.CodeUnschedulable:     {pod, "cannot be scheduled", ""},
	verdict.CodeClaim:             {pod, "lacks its volume", "lack their volume"},
	verdict.CodeMountFailed:       {pod, "cannot mount a volume", ""},
	verdict.CodeQuota:             {"workload", "is over its quota", "are over their quota"},
	verdict.CodeCreateFailed:      {"workload", "cannot create its pods", "cannot create their pods"},
	verdict.CodeNode:              {pod, "has a problem with its node", "have a problem with their node"},
	verdict.CodeProgressDeadline:  {"workload", "makes no progress", "make no progress"},
	verdict.CodeOperatorError:     {"workload", "has an error of its operator", "have an error of their operator"},
	verdict.CodeEntryAborted:      {"entry", "aborted", ""},
	verdict.CodeJobFailed:         {"job", "failed", ""},
	verdict.CodeNoAnswer:          {"", "no answer from PUM", ""},
	verdict.CodeNotUnderstood:     {"", "an answer was not understood", ""},
	verdict.CodeUnreachable:       {"", "API server unreachable", ""},
	verdict.CodeKindNotRead:       {"kind", "of objects is unknown", "of objects are unknown"},
	verdict.CodeNotLoggedIn:       {"", "not authenticated", ""},
	verdict.CodeReleasesMixed:     {"release", "does not match the others", "do not match the others"},
	verdict.CodeReleaseFailed:     {"release", "failed", ""},
	verdict.CodeReleaseMissing:    {"release", "is missing", "are missing"},
	verdict.CodeReleaseStuck:      {"release", "is stuck", "are stuck"},
	verdict.CodeReleaseSwapped:    {"release", "has a wrong chart", "have a wrong chart"},
	verdict.CodeNamespacesUnknown: {"", "namespaces unknown", ""},
	verdict.CodeNoInstallation:    {"", "there is no installation", ""},
	verdict.CodeContextUnusable:   {"", "the context cannot be used", ""},
	verdict.CodeGivenUp:           {"", "no answer in time", ""},
	verdict.CodeUnconfirmed:       {"", "what is shown is not confirmed", ""},
	verdict.CodeNotFound:          {"", "", ""},
	verdict.CodeForbidden:         {"", "", ""},
	verdict.CodeDenied:            {"", "", ""},
	verdict.CodeNotKept:           {"", "", ""},
	verdict.CodeMemberDamaged:     {"", "a file could not be read", ""},
}

// wrong says what is wrong where the verdict is failed or unknown: the errors, counted by what
// they are about, the gravest first.
func wrong(h Head) []string {
	if h.Outcome != verdict.OutcomeFailed && h.Outcome != verdict.OutcomeUnknown {
		return nil
	}
	var order []kindOfFinding
	about := map[kindOfFinding]map[verdict.Object]bool{}
	others := 0
	for _, f := range h.Findings {
		kind, known := kindsOfFindings[f.Code]
		switch {
		case f.Level != verdict.LevelError, known && kind.words == "":
			continue
		case !known:
			others++
			continue
		}
		objects := f.Objects
		if kind.singular == pod {
			kind.singular, objects = podsOf(f)
		}
		if about[kind] == nil {
			order, about[kind] = append(order, kind), map[verdict.Object]bool{}
		}
		if len(objects) == 0 {
			objects = []verdict.Object{{Name: f.Summary}}
		}
		for _, o := range objects {
			about[kind][o] = true
		}
	}
	var parts []string
	for _, kind := range order {
		parts = append(parts, kind.count(len(about[kind])))
	}
	switch {
	case others == 1:
		parts = append(parts, "1 other error")
	case others > 1:
		parts = append(parts, fmt.Sprintf("%d other errors", others))
	}
	return parts
}

// podsOf returns the pods that a finding is about, or those that have them if no pod is known.
func podsOf(f verdict.Finding) (noun string, objects []verdict.Object) {
	for _, o := range f.Objects {
		if o.Kind == "Pod" {
			objects = append(objects, o)
		}
	}
	switch {
	case len(objects) > 0:
		return pod, objects
	case len(f.Objects) > 0 && f.Objects[0].Kind == "Job":
		return "job", f.Objects
	}
	return "workload", f.Objects
}

// count says how many things have what is wrong.
func (k kindOfFinding) count(n int) string {
	switch {
	case k.singular == "":
		return k.words
	case n <= 1:
		return "1 " + k.singular + " " + k.words
	}
	plural := k.singular + "s"
	if k.singular == "entry" {
		plural = "entries"
	}
	words := k.several
	if words == "" {
		words = k.words
	}
	return fmt.Sprintf("%d %s %s", n, plural, words)
}

// room joins the parts of a line that fit a width, those that are wrong before how far
// everything is, which the rest of a screen says, too. Where nothing is wrong, all are there.
func room(wrong, far []string, most int) string {
	all := slices.Concat(wrong, far)
	for n := len(all); n > len(wrong) && len(wrong) > 0; n-- {
		if text := strings.Join(all[:n], ", "); most <= 0 || width(text) <= most {
			return text
		}
	}
	for n := len(wrong); n > 0; n-- {
		text := strings.Join(wrong[:n], ", ")
		if left := len(wrong) - n; left > 0 {
			text += fmt.Sprintf(", %d more", left)
		}
		if width(text) <= most || n == 1 {
			return text
		}
	}
	return strings.Join(far, ", ")
}
