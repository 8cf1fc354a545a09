// SPDX-License-Identifier: Apache-2.0

//go:build linux

package e2e

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/recording"
)

// TestRecordedUpgrade records an upgrade from its beginning to its end while every command that
// reads is asked again and again. At ten of these moments, the recording gives the same answers.
func TestRecordedUpgrade(t *testing.T) {
	t.Parallel()
	s := openSuite(t)
	s.whole.RLock()
	defer s.whole.RUnlock()
	r := &recorded{suite: s, namespace: "e2e-recorded", dir: t.TempDir()}
	s.loaded(t, "upgrade", r.namespace)
	ended := make(chan said)
	go func() { ended <- r.run("record", r.file(), "--logs", "--poll-interval=500ms", "-n", r.namespace) }()
	var moments []answers
	for over := false; !over; {
		select {
		case end := <-ended:
			if over = true; end.exit != 0 {
				t.Fatalf("record ended with %d:\n%s%s", end.exit, end.stdout, end.stderr)
			}
		case <-time.After(time.Second / 2): // on a busy machine the commands take several, and the upgrade a minute
			if r.begun() {
				moments = append(moments, r.ask())
			}
		}
	}
	const want = 10
	same := 0
	for i := 0; i < len(moments) && same < want; i++ {
		if r.compareAll(t, moments, i) {
			same++
		}
	}
	if same < want {
		t.Errorf("%d of %d moments of %d commands, want %d", same, len(moments), len(commands), want)
	}
	r.compareEnd(t)
}

// compareAll reports whether the recording says at a moment what all commands said. It is an error
// if it does not, unless a command said something else right before or after: it reads kind after
// kind, so that what it says while things change may have been so at no time.
func (r *recorded) compareAll(t *testing.T, moments []answers, i int) bool {
	t.Helper()
	same := true
	for command := range commands {
		diff := r.compare(t, &moments[i], command)
		if diff == "" {
			continue
		}
		same = false
		report := t.Logf
		if quiet(moments, i, command) {
			report = t.Errorf
		}
		report("kubectl tpe %s, from %s to %s (- live, + from the recording):\n%s", command, moments[i].began.Format(time.StampMilli), moments[i].ended.Format(time.StampMilli), diff)
	}
	return same
}

// quiet reports whether a command said the same before a moment, at it and after it.
func quiet(moments []answers, i int, command string) bool {
	if i == 0 || i == len(moments)-1 {
		return false
	}
	said := func(i int) string { return commands[command](moments[i].said[command]) }
	return said(i-1) == said(i) && said(i) == said(i+1)
}

// commands are those that read, with what of their output is the same from a recording.
var commands = map[string]func(said) string{
	"status -o json":           document,
	"wait --timeout=0 -o json": document,
	"pum status -o json":       document,
	"releases -o json":         document,
	"rollback-plan -o json":    document,
	"logs":                     func(s said) string { return s.stdout },
}

// A recorded upgrade is a namespace, and the recording of what happens in it.
type recorded struct {
	*suite
	namespace, dir string
}

// Answers are what commands said at a time.
type answers struct {
	began, ended time.Time
	said         map[string]said
}

// said is what a command wrote, and how it ended.
type said struct {
	stdout, stderr string
	exit           int
}

func (r *recorded) file() string { return filepath.Join(r.dir, "upgrade.jsonl.gz") }

// begun reports whether the recording has a moment by now: a busy recorder begins late.
func (r *recorded) begun() bool {
	found := false
	_, _ = recording.Each(r.file(), func(l *recording.Line) error { // it is being written
		found = found || l.Moment != nil
		return nil
	})
	return found
}

// ask runs all commands at the same time.
func (r *recorded) ask() answers {
	m := answers{began: time.Now(), said: map[string]said{}}
	var lock sync.Mutex
	var parts sync.WaitGroup
	for command := range commands {
		parts.Go(func() {
			answer := r.run(append(strings.Fields(command), "-n", r.namespace)...)
			lock.Lock()
			defer lock.Unlock()
			m.said[command] = answer
		})
	}
	parts.Wait()
	m.ended = time.Now()
	return m
}

func (r *recorded) run(args ...string) said {
	cmd := exec.CommandContext(context.Background(), filepath.Join(r.plugin, "kubectl-tpe"), args...)
	cmd.Env = []string{"HOME=" + r.dir, "KUBECONFIG=" + r.node.Kubeconfig(), "PATH=" + os.Getenv("PATH")}
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	answer := said{}
	var exit *exec.ExitError
	if err := cmd.Run(); errors.As(err, &exit) {
		answer.exit = exit.ExitCode()
	} else if err != nil {
		answer.exit = -1
	}
	answer.stdout, answer.stderr = out.String(), errOut.String()
	return answer
}

// compare wants of a recording what a command said. It took a while, in which things changed:
// there must be a moment of that time, or of shortly after, when the recorder asked PUM again, at
// which the recording has the same. status reads objects and PUM one after the other, so that of
// a document that is at no moment, each part must be at one. It returns how they differ.
func (r *recorded) compare(t *testing.T, a *answers, command string) (diff string) {
	t.Helper()
	live := a.said[command]
	want := commands[command](live)
	const none = "no moment of the recording is of that time"
	diff = none
	left := parts(want)
	for _, at := range r.moments(t, a) {
		kept := r.run(append(strings.Fields(command), "--from", r.file(), "--at", at.Format(time.RFC3339Nano))...)
		have := commands[command](kept)
		if have == want && live.exit == kept.exit {
			return r.explained(command, kept, at)
		}
		for name, part := range parts(have) {
			if left[name] == part && live.exit == kept.exit {
				delete(left, name)
			}
		}
		if len(left) == 0 {
			t.Logf("kubectl tpe %s changed while it read, from %s to %s", command, a.began.Format(time.StampMilli), a.ended.Format(time.StampMilli))
			return ""
		}
		if diff != none { // that of the most likely moment tells most
			continue
		}
		diff = fmt.Sprintf("exit codes %d and %d\n%s\nstderr:\n%s\n%s", live.exit, kept.exit, gocmp.Diff(want, have), live.stderr, kept.stderr)
	}
	return diff
}

// explained compares the findings of a document with those that explain tells of the same moment.
func (r *recorded) explained(command string, document said, at time.Time) (diff string) {
	codesIn := func(pattern, text string) []string {
		var codes []string
		for _, found := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			codes = append(codes, found[1])
		}
		slices.Sort(codes)
		return slices.Compact(codes)
	}
	if command != "status -o json" {
		return ""
	}
	kept := r.run("explain", "--from", r.file(), "--at", at.Format(time.RFC3339Nano))
	return gocmp.Diff(codesIn(`"code": "(TPE\d+)"`, document.stdout), codesIn(`(?m)^(TPE\d+) \(finding\)`, kept.stdout))
}

// parts are what of a document of status is read by one question; of all else, it is whole.
func parts(text string) map[string]string {
	var fields map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &fields) != nil || fields["workloads"] == nil {
		return map[string]string{"": text}
	}
	objects := ""
	for _, key := range []string{"workloads", "jobs", "impact"} {
		objects += string(fields[key])
	}
	return map[string]string{"objects": objects, "entries": string(fields["entries"]), "releases": string(fields["releases"])}
}

// moments are the times of the recording at which a command that was asked may have seen what it
// said, those first that are likely.
func (r *recorded) moments(t *testing.T, a *answers) []time.Time {
	t.Helper()
	const late = 10 * time.Second // on a busy machine
	var before time.Time
	var times []time.Time
	_, err := recording.Each(r.file(), func(l *recording.Line) error {
		switch {
		case l.Moment == nil && l.Log == nil:
		case l.At.Before(a.began):
			before = l.At
		case l.At.Before(a.ended.Add(late)):
			times = append(times, l.At)
		}
		return nil
	})
	check(t, err)
	if !before.IsZero() {
		times = append(times, before)
	}
	distance := func(at time.Time) time.Duration { return a.ended.Add(-100 * time.Millisecond).Sub(at).Abs() }
	slices.SortFunc(times, func(x, y time.Time) int { return cmp.Compare(distance(x), distance(y)) })
	return times
}

// compareEnd compares the end, at which nothing changes any more.
func (r *recorded) compareEnd(t *testing.T) {
	t.Helper()
	for command, same := range commands {
		live := r.run(append(strings.Fields(command), "-n", r.namespace)...)
		kept := r.run(append(strings.Fields(command), "--from", r.file(), "--at", "100%")...)
		if diff := gocmp.Diff(same(live), same(kept)); diff != "" || live.exit != kept.exit {
			t.Errorf("kubectl tpe %s at the end: exit codes %d and %d (- live, + from the recording):\n%s%s", command, live.exit, kept.exit, diff, kept.stderr)
		}
	}
}

// document is a document without when and of what it is.
func document(s said) string {
	var fields map[string]any
	if err := json.Unmarshal([]byte(s.stdout), &fields); err != nil {
		return s.stdout
	}
	for _, key := range []string{"observedAt", "from"} {
		delete(fields, key)
	}
	text, err := json.MarshalIndent(fields, "", "  ")
	if err != nil {
		return err.Error()
	}
	return ofEvents.ReplaceAllString(string(text), "")
}

// ofEvents are what only events tell, of probes that just began to fail. Whoever follows the
// workloads reads events every five seconds, status now.
var ofEvents = regexp.MustCompile(`(?m)^ +"(?:message": "Readiness probe failed|reason": "Unhealthy).*\n|, probe: HTTP 503|readiness probe: (?:HTTP 503|has not passed yet)`)
