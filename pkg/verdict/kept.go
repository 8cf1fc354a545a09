// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
)

// A NotKeptError says that the file in which a cluster is kept does not have a part of it.
type NotKeptError struct {
	What  string // such as entries
	File  string // that was read
	Tells string // the file that has it elsewhere, such as thingpark/pum-status.txt; empty for what kubectl get writes

	Resource string // of Kubernetes, that kubectl get would have to ask for
}

func (e *NotKeptError) Error() string {
	tells := e.Tells
	if tells == "" {
		tells = "kubectl get " + e.Resource + " -o yaml, in a file beside it,"
	}
	return fmt.Sprintf("%s has no %s; %s would have them", e.File, e.What, tells)
}

// A DamagedError says that a part of a file that keeps a cluster cannot be read.
type DamagedError struct{ Err error }

func (e *DamagedError) Error() string { return e.Err.Error() }
func (e *DamagedError) Unwrap() error { return e.Err }

// notKept judges that a file does not have a part, and reports whether the error says that.
//
// What a file does not have is unknown: nothing is done without it. But what the file does show
// stays true: a failure, or that the upgrade is not over.
func (v *Verdict) notKept(what string, err error) bool {
	if missing := (*NotKeptError)(nil); !errors.As(err, &missing) {
		return false
	}
	code := ExitError
	if what == "entries" {
		code = ExitNoAnswer
	}
	v.unkept = graver(v.unkept, code)
	v.find(ExitDone, Finding{
		Code: CodeNotKept, Level: LevelWarning,
		Summary: what + " unknown: the file does not have them",
		Detail:  err.Error(),
	})
	return true
}

// asides are the kinds that the state of workloads and jobs does not depend on.
var asides = []string{"CronJob", "KafkaNodePool", "Event", "PersistentVolumeClaim"}

// kindsNotKept judges the kinds of objects that a file does not have.
func (v *Verdict) kindsNotKept(gaps []readiness.Gap) {
	f := Finding{Code: CodeNotKept, Level: LevelInfo}
	var names, details []string
	for _, g := range gaps {
		if g.Reason != readiness.NotKept {
			continue
		}
		names = append(names, g.Kind)
		if notAsked(g) == nil {
			details = append(details, g.Err.Error())
		}
		if !slices.Contains(asides, g.Kind) {
			f.Level = LevelWarning
			v.unkept = graver(v.unkept, ExitError)
		}
	}
	if len(names) == 0 {
		return
	}
	details = append(details, askedFor(gaps)...)
	f.Summary = "unknown, because the file does not have them: " + strings.Join(names, ", ")
	f.Detail = strings.Join(details, "; ")
	v.find(ExitDone, f)
}

// notAsked returns the error of a kind that is missing because the lists in the file do not
// include it.
func notAsked(g readiness.Gap) *NotKeptError {
	missing := (*NotKeptError)(nil)
	if g.Reason == readiness.NotKept && errors.As(g.Err, &missing) && missing.Tells == "" {
		return missing
	}
	return nil
}

// askedFor names one command that lists all kinds that are missing from the file.
func askedFor(gaps []readiness.Gap) []string {
	var resources []string
	file := ""
	for _, g := range gaps {
		if missing := notAsked(g); missing != nil {
			resources, file = append(resources, missing.Resource), missing.File
		}
	}
	if len(resources) == 0 {
		return nil
	}
	return []string{(&NotKeptError{What: "list of them", File: file, Resource: strings.Join(resources, ",")}).Error()}
}

// kept judges the file that a snapshot was read from. What is missing in it decides only if
// everything else is done.
func (v *Verdict) kept(s *Snapshot) {
	for _, f := range s.Kept {
		v.find(ExitDone, f)
	}
	if v.ExitCode == ExitDone && v.unkept != ExitDone {
		v.hold(v.unkept)
	}
}
