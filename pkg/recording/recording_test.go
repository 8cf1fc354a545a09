// SPDX-License-Identifier: Apache-2.0

package recording_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/command"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/observe"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/private"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/recording"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/report"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
	"github.com/kubectl-tpe/kubectl-tpe/schema/schematest"
	"github.com/kubectl-tpe/kubectl-tpe/test/recorded"
)

// record writes snapshots into a new recording.
func record(t *testing.T, name string, options recording.Options, reports ...observe.Report) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	first := reports[0].Snapshot
	w, err := recording.Create(path, recording.Head{StartedAt: first.ObservedAt, Namespace: first.Namespace, PUM: "pum", Goal: verdict.GoalAll}, options)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range reports {
		if err := w.Take(r); err != nil {
			t.Fatal(err)
		}
	}
	last := reports[len(reports)-1]
	if err := w.End(last.Snapshot.ObservedAt, last.Verdict); err != nil {
		t.Fatal(err)
	}
	return path
}

func reportOf(s verdict.Snapshot) observe.Report {
	v := verdict.Judge(s)
	return observe.Report{Snapshot: s, Verdict: v, Read: true, Over: verdict.Over(v, false)}
}

func document(t *testing.T, s verdict.Snapshot) string {
	t.Helper()
	s.Where, s.Kept = command.Where{Namespace: s.Namespace}, nil
	var f output.Format
	if err := f.Set("json"); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := output.Write(&b, &f, output.NewStatus(output.Place{Namespace: s.Namespace}, s, verdict.Judge(s)), output.View{Now: s.ObservedAt}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// What every scenario of the lab looks like is the same from a recording, and each line of
// that is as the schema says.
func TestRoundTrip(t *testing.T) {
	names, err := recorded.Names()
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range names {
		if testing.Short() && i%5 != 0 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			s, err := recorded.Snapshot(name)
			if err != nil {
				t.Fatal(err)
			}
			path := record(t, []string{"a.jsonl", "a.jsonl.gz"}[i%2], recording.Options{}, reportOf(s))
			k, err := recording.Open(path, "", recording.At{})
			if err != nil {
				t.Fatal(err)
			}
			again, err := k.Snapshot("")
			if err != nil || len(again.Kept) > 0 {
				t.Fatalf("%v, %v", err, again.Kept)
			}
			if diff := cmp.Diff(document(t, s), document(t, again)); diff != "" {
				t.Errorf("document (-before +from the recording):\n%s", diff)
			}
			if strings.HasSuffix(path, ".gz") {
				return
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for line := range bytes.Lines(text) {
				if err := schematest.ValidateAs("recording", line); err != nil {
					t.Fatalf("%.200s: %v", line, err)
				}
			}
		})
	}
}

// What only the verdict needs of Helm is kept, too: which version of its chart the application had before.
func TestTheVersionBeforeIsKept(t *testing.T) {
	s, err := recorded.Snapshot("healthy")
	if err != nil {
		t.Fatal(err)
	}
	tpe := &s.Releases.Items[len(s.Releases.Items)-1]
	tpe.BegunAt, tpe.VersionBefore = s.ObservedAt.Add(-time.Second), "0"
	k, err := recording.Open(record(t, "a.jsonl", recording.Options{}, reportOf(s)), "", recording.At{})
	if err != nil {
		t.Fatal(err)
	}
	again, err := k.Snapshot("")
	if v := verdict.Judge(again); err != nil || v.ExitCode != verdict.ExitPending || v.Findings[0].Code != verdict.CodeProcessUnseen {
		t.Errorf("%v: %d, %v", err, v.ExitCode, v.Findings)
	}
}

// at returns a snapshot with one workload, some time later than another.
func after(t *testing.T, d time.Duration, change func(*readiness.Objects), state pum.State) verdict.Snapshot {
	t.Helper()
	s, err := recorded.Snapshot("controller")
	if err != nil {
		t.Fatal(err)
	}
	s.ObservedAt = s.ObservedAt.Add(d)
	o := s.Assessment.Objects
	if change != nil {
		change(&o)
	}
	a := readiness.Assess(o, s.ObservedAt)
	s.Assessment, s.AskedAt = &a, s.ObservedAt.Add(-time.Second/2)
	text := bytes.ReplaceAll(s.Answer.Text, []byte("PROCESSED"), []byte(state))
	answer, err := pum.ReadSaved(bytes.NewReader(text), pum.DefaultLimit)
	if err != nil {
		t.Fatal(err)
	}
	answer.Text = text
	s.Answer = &answer
	s.Movements = map[int64]pum.Movement{}
	return s
}

func without(name string) func(*readiness.Objects) {
	return func(o *readiness.Objects) {
		for i, d := range o.Deployments {
			if d.Name == name {
				o.Deployments = append(o.Deployments[:i:i], o.Deployments[i+1:]...)
				return
			}
		}
	}
}

// Logs are added while moments are written: nothing is lost, and each log keeps its order.
func TestWritesAtTheSameTime(t *testing.T) {
	reports := []observe.Report{reportOf(after(t, 0, without("pum"), "INIT")), reportOf(after(t, time.Minute, nil, "INIT")), reportOf(after(t, time.Hour, nil, "PROCESSED"))}
	first, last := reports[0].Snapshot, reports[2]
	path := filepath.Join(t.TempDir(), "a.jsonl.gz")
	w, err := recording.Create(path, recording.Head{StartedAt: first.ObservedAt, Namespace: first.Namespace, PUM: "pum", Goal: verdict.GoalAll}, recording.Options{})
	if err != nil {
		t.Fatal(err)
	}
	const lines = 1000
	var writers sync.WaitGroup
	for _, pod := range []string{"a", "b"} {
		writers.Go(func() {
			for i := range lines {
				if err := w.AddLog(first.ObservedAt, recording.Log{Pod: pod, Line: strconv.Itoa(i)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Go(func() {
		for _, r := range reports {
			if err := errors.Join(w.Take(r), w.Flush()); err != nil {
				t.Error(err)
			}
		}
	})
	writers.Wait()
	if err := w.End(last.Snapshot.ObservedAt, last.Verdict); err != nil {
		t.Fatal(err)
	}
	moments, next := 0, map[string]int{}
	_, err = recording.Each(path, func(l *recording.Line) error {
		if l.Moment != nil {
			moments++
		}
		if l.Log != nil {
			if l.Log.Line != strconv.Itoa(next[l.Log.Pod]) {
				t.Errorf("line %q of %s, want %d", l.Log.Line, l.Log.Pod, next[l.Log.Pod])
			}
			next[l.Log.Pod]++
		}
		return nil
	})
	if err != nil || moments != len(reports) || next["a"] != lines || next["b"] != lines {
		t.Errorf("%d moments and %v lines: %v", moments, next, err)
	}
}

// At each moment a recording shows what was known then, and playing it ends where it was over.
func TestMoments(t *testing.T) {
	begin := after(t, 0, without("pum"), "INIT")
	middle := after(t, 10*time.Minute, nil, "INIT")
	end := after(t, 20*time.Minute, nil, "PROCESSED")
	path := record(t, "a.jsonl.gz", recording.Options{}, reportOf(begin), reportOf(middle), reportOf(end))
	for at, want := range map[string]verdict.Snapshot{
		"": end, "0%": begin, "5m": begin, "50%": middle, "599s": begin, "10m": middle, "100%": end, "19m59s": middle,
		end.ObservedAt.Format(time.RFC3339): end,
	} {
		var moment recording.At
		if at != "" {
			if err := moment.Set(at); err != nil {
				t.Fatal(err)
			}
		}
		k, err := recording.Open(path, "", moment)
		if err != nil {
			t.Fatal(err)
		}
		s, err := k.Snapshot("")
		if err != nil {
			t.Fatal(err)
		}
		got, wanted := verdict.Judge(s), verdict.Judge(want)
		if got.ExitCode != wanted.ExitCode || len(s.Assessment.Workloads) != len(want.Assessment.Workloads) {
			t.Errorf("at %q: exit code %d and %d workloads, want %d and %d", at, got.ExitCode, len(s.Assessment.Workloads), wanted.ExitCode, len(want.Assessment.Workloads))
		}
	}
	k, err := recording.Open(path, "", recording.At{})
	if err != nil {
		t.Fatal(err)
	}
	var codes []verdict.ExitCode
	n := 0
	var last observe.Report
	for r := range (&recording.Observer{Kept: k, Goal: verdict.GoalAll}).Follow(context.Background(), observe.Until{}) {
		if n++; len(codes) == 0 || codes[len(codes)-1] != r.Verdict.ExitCode {
			codes = append(codes, r.Verdict.ExitCode)
		}
		last = r
	}
	if !last.Over || n < 1200 || codes[len(codes)-1] != verdict.Judge(end).ExitCode {
		t.Errorf("%d reports with codes %v, over %v", n, codes, last.Over)
	}
	for _, wrong := range []string{"25:00", "-3m", "101%", "yesterday", ""} {
		if err := new(recording.At).Set(wrong); err == nil {
			t.Errorf("--at %q is taken", wrong)
		}
	}
	var late recording.At
	_ = late.Set("21m")
	if _, err := recording.Open(path, "", late); err == nil || !strings.Contains(err.Error(), "outside of the recording") {
		t.Errorf("21m of 20m: %v", err)
	}
}

// PUM's answer has no secret that its bodies and responses had, and its entries stay what they
// were.
func TestAnswersArePrivate(t *testing.T) {
	s := after(t, 0, nil, "PROCESSED")
	s.Answer.Text = bytes.Replace(s.Answer.Text, []byte(`{ "max" : `), []byte(`{ "password" : "s3cr3t-of-mine", "url":"https://u:s3cr3t-of-mine@h/?token=s3cr3t-of-mine", "max" : `), 1)
	answer, err := pum.ReadSaved(bytes.NewReader(s.Answer.Text), pum.DefaultLimit)
	if err != nil || !bytes.Contains(s.Answer.Text, []byte("s3cr3t-of-mine")) {
		t.Fatal(err)
	}
	answer.Text = s.Answer.Text
	s.Answer = &answer
	for _, values := range []bool{false, true} {
		path := record(t, "a.jsonl", recording.Options{Values: values}, reportOf(s))
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte("s3cr3t-of-mine")) != values {
			t.Errorf("with values %v the secret is in it: %v", values, !values)
		}
		k, err := recording.Open(path, "", recording.At{})
		if err != nil {
			t.Fatal(err)
		}
		again, err := k.Snapshot("")
		if err != nil || again.AnswerErr != nil || len(again.Answer.Entries) != len(answer.Entries) {
			t.Errorf("%v, %v", err, again.AnswerErr)
		}
	}
}

// A file that is there is kept, and only its owner can read a new one.
func TestCreate(t *testing.T) {
	s := after(t, 0, nil, "PROCESSED")
	path := record(t, "a.jsonl", recording.Options{}, reportOf(s))
	if _, err := recording.Create(path, recording.Head{}, recording.Options{}); err == nil || !strings.Contains(err.Error(), "already exists") {
		t.Errorf("it is overwritten: %v", err)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if !private.Is(f) || f.Close() != nil {
		t.Error("others can read it, or nobody")
	}
	w, err := recording.Create(path, recording.Head{}, recording.Options{Overwrite: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.End(s.ObservedAt, verdict.Verdict{}); err != nil {
		t.Fatal(err)
	}
	if _, err := recording.Create(filepath.Join(t.TempDir(), "none", "a"), recording.Head{}, recording.Options{}); err == nil {
		t.Error("a folder is made")
	}
	if _, err := recording.Create(recording.Stdin, recording.Head{}, recording.Options{}); err == nil {
		t.Error("- is taken for the name of a file")
	}
	if err := w.Take(reportOf(s)); err == nil {
		t.Error("it is written to although it is closed")
	}
}

// On a full disk what was written stays, and is said to be all.
func TestFullDisk(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Log("there is no /dev/full here; Linux has it")
		return
	}
	if _, err := recording.Create("/dev/full", recording.Head{}, recording.Options{Overwrite: true}); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("%v", err)
	}
}

// A recording that ends with what looks done, but was not read again or had not stayed so for
// long enough, is no end of a wait: nobody knows how it went on. A report of it is whole.
func TestARecordingEndsBeforeItsEndIsConfirmed(t *testing.T) {
	read := func(d time.Duration, change func(*readiness.Objects), state pum.State) observe.Report {
		s := after(t, d, change, state)
		s.HeardAt = s.ObservedAt.Add(-time.Second) // when the reading began
		return reportOf(s)
	}
	pending, done := read(0, without("pum"), "INIT"), read(time.Minute, nil, "PROCESSED")
	heard := done
	heard.Read, heard.Over = false, false
	again := read(time.Minute+29*time.Second, nil, "PROCESSED") // by a clock of whole seconds
	much := read(10*time.Minute, nil, "PROCESSED")
	much.Over = false
	for _, tt := range []struct {
		name  string
		then  []observe.Report
		until observe.Until
		whole bool
		over  bool
	}{
		{"read again", []observe.Report{done}, observe.Until{}, false, true},
		{"heard", []observe.Report{heard}, observe.Until{}, false, false},
		{"not for long enough", []observe.Report{done}, observe.Until{StableFor: time.Hour}, false, false},
		{"for long enough", []observe.Report{done, much}, observe.Until{StableFor: 8 * time.Minute}, false, true},
		{"for as long as it was recorded", []observe.Report{done, again}, observe.Until{StableFor: 30 * time.Second}, false, true},
		{"nobody looked in between, nor at the end", []observe.Report{done, later(heard, 8*time.Minute)}, observe.Until{StableFor: 5 * time.Minute}, false, false},
		{"not over", []observe.Report{pending}, observe.Until{}, false, true},
		{"heard, for a report", []observe.Report{heard}, observe.Until{}, true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := record(t, "a.jsonl", recording.Options{}, append([]observe.Report{pending}, tt.then...)...)
			want := tt.then[len(tt.then)-1].Verdict.ExitCode
			k, err := recording.Open(path, "", recording.At{})
			if err != nil {
				t.Fatal(err)
			}
			var last observe.Report
			for r := range (&recording.Observer{Kept: k, Goal: verdict.GoalAll, Whole: tt.whole}).Follow(t.Context(), tt.until) {
				last = r
			}
			if last.Over != tt.over || !last.Over && !last.Last || last.Verdict.ExitCode != want {
				t.Errorf("over %v, last %v, exit code %d; want over %v, exit code %d", last.Over, last.Last, last.Verdict.ExitCode, tt.over, want)
			}
		})
	}
}

// later is a report as it is some time later.
func later(r observe.Report, d time.Duration) observe.Report {
	r.Snapshot.ObservedAt = r.Snapshot.ObservedAt.Add(d)
	return r
}

// A recording that is not there any more when it is played is not known.
func TestARecordingGoesBeforeItIsPlayed(t *testing.T) {
	path := record(t, "a.jsonl", recording.Options{}, reportOf(after(t, 0, nil, "PROCESSED")))
	k, err := recording.Open(path, "", recording.At{})
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Again(); err != nil {
		t.Error(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := k.Again(); err == nil || !strings.Contains(err.Error(), "no such file") && runtime.GOOS != "windows" {
		t.Errorf("it can be read again: %v", err)
	}
	n := 0
	for r := range (&recording.Observer{Kept: k, Goal: verdict.GoalAll}).Follow(t.Context(), observe.Until{}) {
		if n++; !r.Over || r.Verdict.ExitCode != verdict.ExitError {
			t.Errorf("over %v, exit code %d", r.Over, r.Verdict.ExitCode)
		}
	}
	if n != 1 {
		t.Errorf("%d reports, want 1", n)
	}
}

// Whoever removes a recording while it is written, or puts another in its place, is told that it
// is lost. Windows lets nobody.
func TestARecordingIsRemovedWhileItIsWritten(t *testing.T) {
	if runtime.GOOS == "windows" {
		return
	}
	s := after(t, 0, nil, "PROCESSED")
	for name, meddle := range map[string]func(path string) error{
		"nothing": nil,
		"removed": os.Remove,
		"replaced": func(path string) error {
			return errors.Join(os.Remove(path), os.WriteFile(path, nil, 0o600))
		},
	} {
		path := filepath.Join(t.TempDir(), "a.jsonl")
		w, err := recording.Create(path, recording.Head{}, recording.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if meddle != nil {
			if err := meddle(path); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Take(reportOf(s)); err != nil {
			t.Error(err)
		}
		if err := w.End(s.ObservedAt, verdict.Verdict{}); (err != nil) != (meddle != nil) || err != nil && !strings.Contains(err.Error(), "removed or replaced") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Errors mean the same when they come from a recording.
func TestErrorsKeepTheirMeaning(t *testing.T) {
	for _, name := range []string{"forbidden", "pum-not-ready", "cut-answer"} {
		s, err := recorded.Snapshot(name)
		if err != nil {
			t.Fatal(err)
		}
		path := record(t, "a.jsonl", recording.Options{}, reportOf(s))
		k, err := recording.Open(path, "", recording.At{})
		if err != nil {
			t.Fatal(err)
		}
		again, _ := k.Snapshot("")
		if verdict.Classify(s.AnswerErr) != verdict.Classify(again.AnswerErr) || s.AnswerErr == nil {
			t.Errorf("%s: %v, and %v from the recording", name, s.AnswerErr, again.AnswerErr)
		}
	}
}

// reported wants nothing of a secret in the reports of a snapshot.
func reported(t *testing.T, name string, s verdict.Snapshot, said, secret string) {
	t.Helper()
	timeline := &report.Timeline{}
	timeline.Add(s, verdict.Judge(s))
	later := s
	later.ObservedAt = s.ObservedAt.Add(time.Minute)
	v := verdict.Judge(later)
	timeline.Add(later, v)
	page := report.New(report.Input{Place: output.Place{Namespace: s.Namespace, Context: said}, Snapshot: later, Verdict: v, Timeline: timeline, Account: said, Server: said, Ended: said})
	for _, format := range report.Formats() {
		var b bytes.Buffer
		if err := page.Write(&b, report.Format(format)); err != nil {
			t.Fatal(err)
		}
		if i := bytes.Index(b.Bytes(), []byte(secret)); i >= 0 || !strings.Contains(strings.ReplaceAll(b.String(), `\`, ""), "***") {
			t.Errorf("%s: the report as %s: %.300s", name, format, b.Bytes()[max(0, i-200):])
		}
	}
}

// What is planted in messages, logs, events, Helm's words and PUM's errors is not in a recording
// of any scenario, nor in a report.
func TestNoScenarioLeaks(t *testing.T) {
	if testing.Short() {
		t.Skip("much to read")
	}
	names, err := recorded.Names()
	if err != nil {
		t.Fatal(err)
	}
	const secret, said = "pl4nted-s3cret", "login failed: password=pl4nted-s3cret at https://u:pl4nted-s3cret@h"
	for _, name := range names {
		s, err := recorded.Snapshot(name)
		if err != nil {
			t.Fatal(err)
		}
		o := s.Assessment.Objects
		for _, p := range o.Pods {
			p.Status.Message, p.Annotations = said, map[string]string{"a": secret}
			for i := range p.Status.ContainerStatuses {
				if w := p.Status.ContainerStatuses[i].State.Waiting; w != nil {
					w.Message = said
				}
				if e := p.Status.ContainerStatuses[i].LastTerminationState.Terminated; e != nil {
					e.Message = said
				}
			}
		}
		for _, d := range o.Deployments {
			for i := range d.Status.Conditions {
				d.Status.Conditions[i].Message = said
			}
		}
		for _, e := range o.Events {
			e.Message, e.Annotations = said, map[string]string{"a": secret}
		}
		for _, c := range o.Claims {
			c.Annotations = map[string]string{"a": secret}
		}
		o.Logs = map[readiness.ContainerName][]string{{Pod: "p", Container: "c"}: {said}}
		a := readiness.Assess(o, s.ObservedAt)
		a.Gaps = append(a.Gaps, readiness.Gap{Kind: "Kafka", Reason: readiness.Forbidden, Err: errors.New(said)})
		s.Assessment = &a
		for i := range s.Releases.Items {
			s.Releases.Items[i].Said, s.Releases.Items[i].Problem = said, said
		}
		if s.Answer != nil {
			s.Answer.Stderr = []byte(said)
		} else {
			s.AnswerErr = errors.New(said)
		}
		if s.Answer != nil {
			for i := range s.Answer.Entries {
				s.Answer.Entries[i].LastResponse = new(said)
				s.Answer.Entries[i].Response = nil
			}
		}
		s.LostErr, s.LostAt = errors.New(said), s.ObservedAt
		reported(t, name, s, said, secret)
		text, err := os.ReadFile(record(t, "a.jsonl", recording.Options{}, reportOf(s)))
		if err != nil || bytes.Contains(text, []byte(secret)) || !bytes.Contains(text, []byte("login failed: password=***")) {
			i := max(0, bytes.Index(text, []byte(secret)))
			t.Errorf("%s: %v: %.300s", name, err, text[max(0, i-200):])
		}
	}
}

// Where the Helm releases cannot be read, the way back is not asked for as well: nobody may answer.
func TestThePlanOfUnreadReleases(t *testing.T) {
	s := after(t, 0, nil, "PROCESSED")
	s.Releases, s.ReleasesErr = nil, errors.New("nobody answers")
	asked := recording.Options{Plan: func() (*release.Plan, error) {
		t.Error("the way back is asked for")
		return nil, nil
	}}
	k, err := recording.Open(record(t, "a.jsonl", asked, reportOf(s)), "", recording.At{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Plan(); err == nil || err.Error() != "nobody answers" {
		t.Error(err)
	}
}

// Standard input is read once: a recording in it can be shown, and not played.
func TestStandardInput(t *testing.T) {
	for name, path := range map[string]string{
		recording.KindRecording: record(t, "a.jsonl.gz", recording.Options{}, reportOf(after(t, 0, nil, "PROCESSED"))),
		recording.KindLists:     write(t, "a.yaml", []byte(lists()["deployments.yaml"])),
	} {
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		before := os.Stdin
		os.Stdin = file
		k, err := recording.Open(recording.Stdin, "", recording.At{})
		os.Stdin = before
		if err != nil || k.Kind != name {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := k.Plan(); name == recording.KindLists && (err == nil || !strings.HasPrefix(err.Error(), "stdin has no history")) {
			t.Errorf("what has no history: %v", err)
		}
		if err := k.Again(); (err != nil) != (name == recording.KindRecording) {
			t.Errorf("%s: read again: %v", name, err)
		}
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	}
}
