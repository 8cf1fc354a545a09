// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
	"github.com/kubectl-tpe/kubectl-tpe/schema/schematest"
)

// changed returns a snapshot of a settled installation with a change.
func changed(change func(*verdict.Snapshot)) verdict.Snapshot {
	s := snapshots()["done"]
	s.ObservedAt = now
	// lrc has a pod, so that there are images and restarts
	set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: "lrc", UID: "u-lrc"}}
	s.Assessment.Objects.StatefulSets = []*appsv1.StatefulSet{set}
	s.Assessment.Objects.Pods = []*corev1.Pod{lrcPod("registry/lrc:1", 3)}
	if change != nil {
		change(&s)
	}
	return s
}

func lrcPod(image string, restarts int32) *corev1.Pod {
	controller := true
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "lrc-0", UID: "u-lrc-0", OwnerReferences: []metav1.OwnerReference{{Kind: "StatefulSet", Name: "lrc", UID: "u-lrc", Controller: &controller}}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "lrc", Image: image}}},
		Status:     corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{Name: "lrc", RestartCount: restarts}}},
	}
}

func statusOf(s verdict.Snapshot, namespace string) *Status {
	return NewStatus(Place{Namespace: namespace}, s, verdict.Judge(s))
}

// differences says what differs, a line each, without findings.
func differences(d *SnapshotDiff) []string {
	var lines []string
	for _, i := range d.Items {
		if i.Group == "findings" {
			continue
		}
		line := fmt.Sprintf("%s %s %s", i.Group, i.Name, i.Change)
		for _, f := range i.Fields {
			line += fmt.Sprintf(" [%s: %s -> %s]", f.Name, f.Before, f.After)
		}
		lines = append(lines, line)
	}
	return lines
}

func gap(kind string) func(*verdict.Snapshot) {
	return func(s *verdict.Snapshot) {
		s.Assessment.Gaps = []readiness.Gap{{Kind: kind, Resource: strings.ToLower(kind) + "s", Verb: "list", Reason: readiness.NotKept, Err: errors.New("not kept")}}
		switch kind {
		case "Pod":
			s.Assessment.Objects.Pods = nil
		case "Job":
			s.Assessment.Jobs = nil
		case "StatefulSet":
			s.Assessment.Workloads, s.Assessment.Objects.StatefulSets = s.Assessment.Workloads[:2], nil
		}
	}
}

func TestSnapshotDiff(t *testing.T) {
	tests := []struct {
		name          string
		before, after func(*verdict.Snapshot)
		want          []string
		unknown       []string
	}{
		{name: "the same"},
		{name: "another order", after: func(s *verdict.Snapshot) {
			slices.Reverse(s.Assessment.Workloads)
			slices.Reverse(s.Answer.Entries)
			slices.Reverse(s.Releases.Items)
		}},
		{name: "a state", after: func(s *verdict.Snapshot) {
			w := workload("StatefulSet", "lrc", 1, 2, 2, readiness.Progressing, "1 of 2 are ready")
			s.Assessment.Workloads[2] = w
		}, want: []string{"workloads statefulset/lrc changed [state: Ready -> Progressing] [ready: 2/2 -> 1/2]"}},
		{name: "an image and restarts", after: func(s *verdict.Snapshot) {
			s.Assessment.Objects.Pods = []*corev1.Pod{lrcPod("registry/lrc:2", 0)}
		}, want: []string{"workloads statefulset/lrc changed [images: registry/lrc:1 -> registry/lrc:2] [restarts: 3 -> 0]"}},
		{name: "a workload that came", before: withoutPUM,
			want: []string{"workloads deployment/pum new [state:  -> Ready] [ready:  -> 1/1]"}},
		{name: "a workload that went", after: withoutPUM,
			want: []string{"workloads deployment/pum gone [state: Ready -> ] [ready: 1/1 -> ]"}},
		{name: "pods that could not be read ran nothing else", after: gap("Pod"), unknown: []string{"Pod"}},
		{name: "nor did they before", before: gap("Pod"), unknown: []string{"Pod"}},
		{name: "a kind that could not be read is not gone", after: gap("StatefulSet"), unknown: []string{"StatefulSet"}},
		{name: "jobs that could not be read are not gone", after: gap("Job"), unknown: []string{"jobs"}},
		{name: "nor new", before: gap("Job"), unknown: []string{"jobs"}},
		{name: "a job that came", before: func(s *verdict.Snapshot) { s.Assessment.Jobs = nil },
			want: []string{"jobs job/pum-process new [state:  -> Complete] [attempts:  -> 1]"}},
		{name: "entries nobody knows", after: func(s *verdict.Snapshot) { s.Answer, s.AnswerErr = nil, pum.ErrNoAnswer }, unknown: []string{"entries"}},
		{name: "an entry that failed, one that came", before: func(s *verdict.Snapshot) { s.Answer = list(s.Answer.Entries[0]) }, after: func(s *verdict.Snapshot) {
			s.Answer = list(entry(2, pum.StateAborted, "RDTP-7689-bs-certificate-migration", time.Hour), s.Answer.Entries[1])
		}, want: []string{
			"entries 2 changed [state: PROCESSED -> ABORTED]",
			"entries 4 new [request:  -> RDTP-18480-alarm-email] [state:  -> SKIPPED]",
		}},
		{name: "workloads nobody knows", after: func(s *verdict.Snapshot) { s.Assessment, s.AssessmentErr = nil, pum.ErrNoAnswer }, unknown: []string{"workloads", "jobs"}},
		{name: "releases nobody knows", after: func(s *verdict.Snapshot) { s.Releases = nil }, unknown: []string{"releases"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := NewSnapshotDiff(now, statusOf(changed(tt.before), "tpe"), statusOf(changed(tt.after), "tpe"))
			if diff := cmp.Diff(tt.want, differences(d)); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.unknown, d.Unknown); diff != "" {
				t.Errorf("unknown (-want +got):\n%s", diff)
			}
			var b bytes.Buffer
			if err := Write(&b, parse(t, "json"), d, View{Now: now}); err != nil {
				t.Fatal(err)
			}
			if err := schematest.Validate(b.Bytes()); err != nil {
				t.Error(err)
			}
		})
	}
}

func withoutPUM(s *verdict.Snapshot) { s.Assessment.Workloads = s.Assessment.Workloads[1:] }

// Two installations have the same names for their workloads: which is which is on the screen.
func TestSnapshotDiffNamesItsNamespaces(t *testing.T) {
	before, after := statusOf(changed(nil), "tpe-old"), statusOf(changed(nil), "tpe-new")
	before.From = &From{Path: "a.jsonl", Kind: "recording"}
	var b bytes.Buffer
	if err := Write(&b, parse(t, "table"), NewSnapshotDiff(now, before, after), View{Now: now}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"tpe-old", "tpe-new"} {
		if !strings.Contains(b.String(), name) {
			t.Errorf("%s is not named:\n%s", name, b.String())
		}
	}
}

// What became worse of a finding is shown with what it was.
func TestSnapshotDiffShowsLevels(t *testing.T) {
	before, after := statusOf(changed(nil), "tpe"), statusOf(changed(nil), "tpe")
	before.Findings = []verdict.Finding{{Code: verdict.CodeEntryAborted, Level: verdict.LevelWarning, Summary: "entry 4 aborted"}}
	after.Findings = []verdict.Finding{{Code: verdict.CodeEntryAborted, Level: verdict.LevelError, Summary: "entry 4 aborted"}}
	var b bytes.Buffer
	if err := Write(&b, parse(t, "table"), NewSnapshotDiff(now, before, after), View{Now: now}); err != nil {
		t.Fatal(err)
	}
	if text := b.String(); !strings.Contains(text, "warning") || !strings.Contains(text, "error") {
		t.Errorf("the levels are not shown:\n%s", text)
	}
}

// Jobs that differ alike share a row, which says how many they are; the wide screen has each.
func TestSnapshotDiffFoldsWhatIsAlike(t *testing.T) {
	before, after := statusOf(changed(nil), "tpe"), statusOf(changed(nil), "tpe")
	before.Jobs, after.Jobs = nil, nil
	for i := range 12 {
		name := fmt.Sprintf("migration-%d", i)
		before.Jobs = append(before.Jobs, readiness.Job{Name: name, State: readiness.JobRunning})
		after.Jobs = append(after.Jobs, readiness.Job{Name: name, State: readiness.JobComplete})
	}
	after.Jobs[7].State = readiness.JobFailed
	doc := NewSnapshotDiff(now, before, after)
	shown := func(format string) string {
		var b bytes.Buffer
		if err := Write(&b, parse(t, format), doc, View{Now: now}); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	want := `JOBS
NAME                                          WHAT   BEFORE   AFTER
11 jobs: migration-0, migration-1 and 9 more  state  Running  Complete
job/migration-7                               state  Running  Failed

What differs alike shares a row; -o wide has a row for each.
`
	if _, jobs, _ := strings.Cut(shown("table"), "\n\n"); jobs != want {
		t.Errorf("the screen has\n%s\nwant\n%s", jobs, want)
	}
	wide := shown("wide")
	for _, item := range doc.Items {
		if strings.Count(wide, item.Name+" ") != len(item.Fields) {
			t.Errorf("the wide screen lacks a row of %s:\n%s", item.Name, wide)
		}
	}
	if strings.Contains(wide, "shares a row") {
		t.Errorf("no row of the wide screen is shared:\n%s", wide)
	}
}
