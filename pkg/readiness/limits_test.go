// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"math"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Texts are as long as may be, or cut.
func TestLengthsOfTexts(t *testing.T) {
	for _, tt := range []struct {
		in   string
		most int
		want string
	}{
		{"abc", 3, "abc"}, {"abcd", 3, "abc…"}, {"äbc", 3, "äbc"}, {"äbcd", 3, "äbc…"}, {"", 3, ""},
		{" abc ", 9, "abc"}, {"a  b", 9, "a b"}, {"a b", 9, "a b"}, {"a\nb", 9, "a b"}, {"a\x7fb", 9, "ab"}, {"~", 9, "~"}, {"a\x1fb", 9, "ab"}, {"ä b", 3, "ä b"}, {"ä bc", 3, "ä b…"},
		{"ab c", 3, "ab…"}, {"äb c", 3, "äb…"}, {"ab cd", 3, "ab…"}, {"ab ", 2, "ab"}, {"äb  ", 2, "äb"}, {"ab\x00", 2, "ab"}, {"a b c", 4, "a b…"}, {"abc d", 4, "abc…"}, {"abc d", 5, "abc d"},
	} {
		if got := cleanTo(tt.in, tt.most); got != tt.want {
			t.Errorf("cleanTo(%q, %d) = %q, want %q", tt.in, tt.most, got, tt.want)
		}
	}
	for text, want := range map[string]bool{"abc": true, "a b": true, "": true, "~": true, "abcd": true, "abcde": false, " a": false, "a ": false, "a  b": false, "\x7f": false, "\x1f": false, "ä": false} {
		if got := isClean(text, 4); got != want {
			t.Errorf("isClean(%q) = %v", text, got)
		}
	}
	for text, want := range map[string]string{"abcdefghij": "abcdefghij", "abcdefghijk": "abcdef … k", "äbcdefghijkl": "äbcdef … l", "abc   ghijklm": "abc … m"} {
		if got := middleCut(text, 10); got != want {
			t.Errorf("middleCut(%q) = %q, want %q", text, got, want)
		}
	}
}

// Ids and names of pods are left out of texts, where they are whole.
func TestWhatDiffersBetweenPods(t *testing.T) {
	id, uid := strings.Repeat("0123456789abcdef", 4), "01234567-89ab-cdef-0123-456789abcdef"
	for text, want := range map[string]string{
		id: "…", id + " x": "… x", "x " + id: "x …", id + "0": id + "0", id[1:]: id[1:], id + "-" + id: "…-…", "sha256:" + id: "sha256:…",
		"(" + uid + ")": "", "a (" + uid + ") b": "a  b", "(" + uid: "(" + uid, "(" + uid[1:] + "x)": "(" + uid[1:] + "x)", uid + " " + uid: uid + " " + uid,
		"g" + id: "g…", "/" + id: "/…", ":" + id: ":…", "`" + id: "`…", strings.Repeat("x", 40): strings.Repeat("x", 40), "short": "short",
	} {
		if got := withoutIDs(text); got != want {
			t.Errorf("withoutIDs(%q) = %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"twa-0": "*", "pod twa-0 fails": "pod * fails", "data-twa-0": "data-*", "twa-0.": "*.", "twa-0.svc": "*.svc", "Ztwa-0": "Z*", "{twa-0}": "{*}", "twa-0 twa-0": "* *", "`twa-0/": "`*/", ":twa-0@": ":*@",
		"atwa-0": "atwa-0", "ztwa-0": "ztwa-0", "gtwa-0": "gtwa-0", "0twa-0": "0twa-0", ".twa-0": ".twa-0", "twa-0z": "twa-0z", "twa-01": "twa-01", "twa-0g": "twa-0g", "twa-0a twa-0": "twa-0a *", "": "",
	} {
		if got := withoutName(text, "twa-0"); got != want {
			t.Errorf("withoutName(%q) = %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"unknown": "unknown", "no such host: unknown": "no such host", "a: a: b": "a: b", "a: b: a": "a: b: a", "rpc error: code = Unknown desc = a: b": "a: b", "Error: ": "",
		`time="x" level=error msg="a \"b\""`: `a "b"`, ` msg="a"`: `msg="a"`, `level=error msg="a`: `"a`,
	} {
		if got := rootError(text); got != want {
			t.Errorf("rootError(%q) = %q, want %q", text, got, want)
		}
	}
	for image, want := range map[string]string{
		"quay.io/a/b": "quay.io", "registry:5000/a": "registry:5000", "localhost/a": "localhost", "library/a": "docker.io", "a:1": "docker.io", "localhost": "docker.io",
	} {
		if got := registry(image); got != want {
			t.Errorf("registry(%q) = %q, want %q", image, got, want)
		}
	}
	for want, list := range map[string][]*corev1.Pod{
		"": nil, "a": {pod("", "", "a")}, "a and b": {pod("", "", "a"), pod("", "", "b")}, "a, b and c": {pod("", "", "a"), pod("", "", "b"), pod("", "", "c")},
		"a, b, c and 1 more": {pod("", "", "a"), pod("", "", "b"), pod("", "", "c"), pod("", "", "d")},
	} {
		if got := names(list); got != want {
			t.Errorf("%d pods: %q, want %q", len(list), got, want)
		}
	}
	for name, want := range map[string]int{"lrc-0": 0, "lrc-12": 12, "lrc": -1, "lrc-x": -1, "lrc--1": 1, "7": 7} {
		if got := ordinal(pod("", "", name)); got != want {
			t.Errorf("ordinal of %s: %d, want %d", name, got, want)
		}
	}
}

// A grace is over when it has passed.
func TestGraces(t *testing.T) {
	for _, tt := range []struct {
		code  Code
		after time.Duration
	}{
		{ConfigRefused, time.Minute}, {StartFailed, 5 * time.Minute}, {CrashLoop, 10 * time.Minute}, {OperatorError, 10 * time.Minute},
	} {
		for _, since := range []time.Duration{tt.after - 1, tt.after} {
			c := Cause{Code: tt.code, Since: now.Add(-since)}.judged(now)
			if want := since == tt.after; c.Permanent != want || c.Grace != tt.after {
				t.Errorf("%s for %s: permanent %v, grace %s", tt.code, since, c.Permanent, c.Grace)
			}
		}
		if (Cause{Code: tt.code}).judged(now).Permanent {
			t.Errorf("%s since an unknown time is permanent", tt.code)
		}
	}
	for code, after := range map[Code]time.Duration{ReadinessProbe: 10 * time.Minute, NotReady: time.Minute} {
		for _, since := range []time.Duration{after - 1, after} {
			if got, want := (Cause{Code: code, Since: now.Add(-since)}).Reportable(now), since == after; got != want {
				t.Errorf("%s for %s: reportable %v", code, since, got)
			}
		}
		if (Cause{Code: code}).Reportable(now) || !code.Starting() || CrashLoop.Starting() || !(Cause{Code: CrashLoop}).Reportable(now) {
			t.Errorf("%s since an unknown time is reportable", code)
		}
	}
	for n, want := range map[int32]string{-1: "", 0: "", 1: ", 1 restart", 2: ", 2 restarts"} {
		if got := (Cause{Code: CrashLoop, Restarts: n}).judged(now).restarts(); got != want {
			t.Errorf("%d restarts: %q", n, got)
		}
	}
}

// The gravest cause comes first, then the one that lasts longest.
func TestTheOrderOfCauses(t *testing.T) {
	old, young := now.Add(-time.Hour), now.Add(-time.Minute)
	causes := []Cause{
		{Code: ReadinessProbe, Pod: "f", Since: old}, {Code: CrashLoop, Pod: "e"}, {Code: CrashLoop, Pod: "d"}, {Code: CrashLoop, Pod: "c", Since: young},
		{Code: CrashLoop, Pod: "b", Since: old}, {Code: ReadinessProbe, Pod: "a", Permanent: true, Since: young},
	}
	got := ""
	for _, c := range gravestFirst(causes) {
		got += c.Pod
	}
	if got != "abcdef" {
		t.Errorf("the order is %s", got)
	}
}

// When a container counts as in a crash loop, and since when.
func TestCrashLoops(t *testing.T) {
	f := newFinder(Objects{}, now)
	of := func(restarts int32, lasted, ranFor time.Duration) container {
		status := corev1.ContainerStatus{RestartCount: restarts}
		status.State.Running = &corev1.ContainerStateRunning{StartedAt: ago(ranFor)}
		status.LastTerminationState.Terminated = &corev1.ContainerStateTerminated{ExitCode: 1, StartedAt: ago(ranFor + lasted), FinishedAt: ago(ranFor)}
		return container{spec: &corev1.Container{Name: "c"}, status: &status}
	}
	for _, tt := range []struct {
		restarts       int32
		lasted, ranFor time.Duration
		want           bool
	}{
		{1, time.Second, time.Second, false}, {2, time.Second, time.Second, true}, {2, time.Second, time.Minute - 1, true}, {2, time.Second, time.Minute, false},
		{2, 3 * time.Minute, 3*time.Minute - time.Second, true}, {2, 3 * time.Minute, 3 * time.Minute, false}, {2, 10*time.Minute - time.Second, time.Second, true}, {2, 10 * time.Minute, time.Second, false},
	} {
		if got := f.betweenCrashes(of(tt.restarts, tt.lasted, tt.ranFor)); got != tt.want {
			t.Errorf("%d restarts, the last after %s, and %s since: %v", tt.restarts, tt.lasted, tt.ranFor, got)
		}
	}
	p := twa(notReady(time.Hour))
	for _, tt := range []struct {
		restarts int32
		lasted   time.Duration
		want     time.Duration
	}{
		{0, time.Minute, 5 * time.Minute}, {1, time.Minute, 6 * time.Minute}, {2, time.Minute, 6 * time.Minute}, {3, time.Minute, time.Hour},
		{3, 10*time.Minute - time.Second, time.Hour}, {3, 10 * time.Minute, 5 * time.Minute},
	} {
		c := of(tt.restarts, tt.lasted, 5*time.Minute)
		if got := f.loopSince(p, c, c.status.LastTerminationState.Terminated); !got.Equal(now.Add(-tt.want)) {
			t.Errorf("%d restarts, the last after %s: since %s ago, want %s", tt.restarts, tt.lasted, now.Sub(got), tt.want)
		}
	}
	for unix, want := range map[int64]bool{-1: true, 0: true, 1: false} {
		if got := startOf(&corev1.ContainerStateTerminated{StartedAt: metav1.Unix(unix, 0)}); got.IsZero() != want {
			t.Errorf("started at second %d: %s", unix, got)
		}
	}
	for _, tt := range []struct {
		restarts int32
		pause    time.Duration
		want     bool
	}{{7, 5 * time.Minute, false}, {8, 5 * time.Minute, true}, {8, 5*time.Minute - time.Second, false}} {
		c := of(tt.restarts, time.Second, 0)
		c.status.State.Running.StartedAt = metav1.NewTime(c.status.LastTerminationState.Terminated.FinishedAt.Add(tt.pause))
		if got := atLongestBackOff(c); got != tt.want {
			t.Errorf("%d restarts, %s apart: %v", tt.restarts, tt.pause, got)
		}
	}
}

// The probe that had a container killed is that of an event from its last run, or of any if it
// ended as the kubelet ends one.
func TestWhichProbeKilled(t *testing.T) {
	for _, tt := range []struct {
		name string
		code int32
		last time.Duration
		want bool
	}{
		{"SIGTERM, an old event", 143, time.Hour, true}, {"SIGKILL, an old event", 137, time.Hour, true}, {"an end by itself, an old event", 0, time.Hour, true},
		{"a crash, an old event", 1, time.Hour, false}, {"a crash, an event as it began", 1, 70 * time.Second, true}, {"a crash, an event before", 1, 70*time.Second + 1, false},
		{"a crash, an event as it ended", 1, time.Minute, true}, {"a crash, an event after", 1, time.Minute - 1, false}, {"another signal", 128 + 14, time.Hour, false}, {"another signal, the other way", 128 - 9, time.Hour, false},
	} {
		end := ended(tt.code, "Error", "", time.Minute)
		p := twa(hasContainer(2*time.Hour, loops(end)))
		e := event(Object{"Pod", "twa-0"}, "twa", "Unhealthy", "Liveness probe failed: x", tt.last, tt.last)
		f := newFinder(Objects{Pods: []*corev1.Pod{p}, Events: []*corev1.Event{e}}, now)
		if got, _ := f.killer(p, containersOf(p)[0], end); (got != nil) != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

// What was said long ago does not hold any more.
func TestOldEvents(t *testing.T) {
	p := twa(unscheduled("Unschedulable", "0/3 nodes are available", time.Hour))
	for last, want := range map[time.Duration]bool{10 * time.Minute: true, 10*time.Minute + 1: false} {
		f := newFinder(Objects{Events: []*corev1.Event{event(Object{"Pod", "twa-0"}, "", "FailedMount", "x", time.Hour, last)}}, now)
		if got := f.current(p, reasons("FailedMount")); (len(got) > 0) != want {
			t.Errorf("%s ago: %v", last, got)
		}
	}
	for last, want := range map[time.Duration]bool{15 * time.Minute: true, 15*time.Minute + 1: false} {
		f := newFinder(Objects{Events: []*corev1.Event{scaling("cluster-autoscaler", "TriggeredScaleUp", "x", last)}}, now)
		if _, got := f.room(p); got != want {
			t.Errorf("a node is to come since %s: %v", last, got)
		}
	}
	for after, want := range map[time.Duration]bool{-time.Minute: true, -time.Minute - time.Second: false, 0: true} {
		lost := twa()
		setCondition(lost, corev1.PodReady, corev1.ConditionFalse, "", "", time.Hour)
		f := newFinder(Objects{Events: []*corev1.Event{event(Object{"Pod", "twa-0"}, "", "NodeNotReady", "x", time.Hour-after, time.Hour-after)}}, now)
		if got := f.nodeLost(lost); got != want {
			t.Errorf("the node was not ready %s after the pod: %v", after, got)
		}
	}
	for since, want := range map[time.Duration]int{time.Minute: 0, time.Minute + 1: 1} {
		if got := newFinder(Objects{}, now).stopping(twa(deletedAgo(since))); len(got) != want {
			t.Errorf("stopping for %s: %v", since, got)
		}
		new := twa(unscheduled("", "", 0))
		new.Status.Conditions, new.CreationTimestamp = nil, ago(since)
		if got := newFinder(Objects{}, now).unscheduled(new); len(got) != want {
			t.Errorf("not scheduled for %s: %v", since, got)
		}
	}
	off := func(p *corev1.Pod) { setCondition(p, corev1.PodReady, corev1.ConditionFalse, "", "", time.Hour) }
	gone := twa(off, deletedAgo(time.Hour))
	if got := newFinder(Objects{Pods: []*corev1.Pod{gone, pod("", "", "a", off)}}, now).stopping(gone)[0].Message; got != "node node-1 does not answer" {
		t.Error(got)
	}
	for since, want := range map[time.Duration]int{10*time.Minute - 1: 0, 10 * time.Minute: 1} {
		if got := newFinder(Objects{}, now).creating(twa(waits("ContainerCreating", "", since))); len(got) != want {
			t.Errorf("not created for %s: %v", since, got)
		}
	}
}

// A node is lost if all of its pods are, and they are more than one.
func TestLostNodes(t *testing.T) {
	off := func(p *corev1.Pod) { setCondition(p, corev1.PodReady, corev1.ConditionFalse, "", "", time.Hour) }
	for want, list := range map[bool][]*corev1.Pod{
		true:  {pod("", "", "a", off), pod("", "", "b", off)},
		false: {pod("", "", "a", off), pod("", "", "b", off), pod("", "", "c")},
	} {
		if got := lostNodes(list)["node-1"]; got != want {
			t.Errorf("%d pods: %v", len(list), got)
		}
	}
	if lostNodes([]*corev1.Pod{pod("", "", "a", off)})["node-1"] {
		t.Error("one pod is no proof")
	}
}

// How long an old pod may take to be ready again, or for the first time.
func TestPodsLeftBehind(t *testing.T) {
	for _, tt := range []struct {
		name           string
		created, since time.Duration
		want           int
	}{
		{"ready before, almost half an hour", 2 * time.Hour, 30*time.Minute - 1, 0}, {"ready before, half an hour", 2 * time.Hour, 30 * time.Minute, 1},
		{"never ready, almost ten minutes", 10*time.Minute - 1, 10*time.Minute - 1, 0}, {"never ready, ten minutes", 10 * time.Minute, 10 * time.Minute, 1},
		{"not ready since a minute after it began", 21 * time.Minute, 20 * time.Minute, 0}, {"not ready since less", 21*time.Minute - time.Second, 20 * time.Minute, 1},
	} {
		p := lrcPod(0, "lrc-old", notReady(tt.since))
		p.CreationTimestamp = ago(tt.created)
		if got := newFinder(Objects{}, now).leftBehind([]*corev1.Pod{p}); len(got) != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

// Which pods of a StatefulSet are surplus, and which are to be replaced.
func TestOrdinals(t *testing.T) {
	s := statefulSet(func(s *appsv1.StatefulSet) {
		s.Spec.Ordinals = &appsv1.StatefulSetOrdinals{Start: 2}
		s.Spec.UpdateStrategy.RollingUpdate.Partition = new(int32(1))
	})
	surplus, replaced := isSurplus(s), isReplaced(s)
	for n, want := range map[int][2]bool{0: {true, false}, 1: {true, false}, 2: {false, false}, 3: {false, true}, 4: {false, true}, 5: {true, true}} {
		if got := [2]bool{surplus(lrcPod(n, "lrc-old")), replaced(lrcPod(n, "lrc-old"))}; got != want {
			t.Errorf("lrc-%d: surplus %v, replaced %v", n, got[0], got[1])
		}
	}
	if surplus(pod("StatefulSet", "lrc", "lrc")) {
		t.Error("a pod without an ordinal is surplus")
	}
	first := statefulSet(func(*appsv1.StatefulSet) {})
	if isSurplus(first)(lrcPod(0, "lrc-new")) || !isReplaced(first)(lrcPod(0, "lrc-old")) {
		t.Error("the first pod is wanted, and to be replaced")
	}
}

// Numbers of custom resources are pods only if they can be.
func TestCounts(t *testing.T) {
	for _, tt := range []struct {
		value any
		want  int32
		ok    bool
	}{
		{int64(0), 0, true}, {int64(3), 3, true}, {int64(math.MaxInt32), math.MaxInt32, true}, {int64(math.MaxInt32 + 1), 0, false}, {int64(-1), 0, false},
		{2.0, 2, true}, {2.5, 0, false}, {"2", 0, false}, {nil, 0, false},
	} {
		got, ok := countAt(custom("x", tree{"n": tt.value}, nil), "spec", "n")
		if got != tt.want || ok != tt.ok {
			t.Errorf("%v: %d, %v", tt.value, got, ok)
		}
	}
	for value, want := range map[float64]bool{1<<53 - 1: true, 1 << 53: false, -(1<<53 - 1): true, -(1 << 53): false} {
		if _, got := toInt(value); got != want {
			t.Errorf("%v is an integer: %v", value, got)
		}
	}
}
