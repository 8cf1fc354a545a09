// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"math"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
)

// only returns the only cause found on a pod, and what it says.
func only(t *testing.T, o Objects) (Cause, string) {
	t.Helper()
	causes := newFinder(o, now).onPod(o.Pods[0])
	if len(causes) != 1 {
		t.Fatalf("%d causes, want one: %+v", len(causes), causes)
	}
	return causes[0], causes[0].Summary()
}

func twa(edits ...func(*corev1.Pod)) *corev1.Pod { return pod("StatefulSet", "twa", "twa-0", edits...) }

// scaling is what an autoscaler says of the pod.
func scaling(component, reason, message string, last time.Duration) *corev1.Event {
	e := event(Object{"Pod", "twa-0"}, "", reason, message, last, last)
	e.Type, e.Source.Component = corev1.EventTypeNormal, component
	return e
}

func TestANodeToCome(t *testing.T) {
	const hour, minute = time.Hour, time.Minute
	full := "0/3 nodes are available: 3 Insufficient memory. preemption: 0/3 nodes are available."
	triggered := func(last time.Duration) *corev1.Event {
		return scaling("cluster-autoscaler", "TriggeredScaleUp", "pod triggered scale-up: [{ng-1 3->4 (max: 8)}]", last)
	}
	tests := []struct {
		name   string
		events []*corev1.Event
		edit   func(*corev1.Pod)
		want   string // "" where nothing is to come
		not    string // why
	}{
		{"nobody says so", nil, nil, "", ""},
		{"the cluster autoscaler does", []*corev1.Event{triggered(8 * minute)}, nil, "the cluster autoscaler adds a node", ""},
		{"it did, and the node did not come", []*corev1.Event{triggered(20 * minute)}, nil, "", ""},
		{"it does again", []*corev1.Event{triggered(20 * minute), triggered(2 * minute)}, nil, "the cluster autoscaler adds a node", ""},
		{"it does not any more", []*corev1.Event{triggered(8 * minute), scaling("cluster-autoscaler", "NotTriggerScaleUp", "pod didn't trigger scale-up: 1 max node group size reached", 2*minute)}, nil, "", "; no node is added: 1 max node group size reached"},
		{"it failed to", []*corev1.Event{triggered(8 * minute), scaling("cluster-autoscaler", "FailedScaleUp", "GCE quota exceeded", 2*minute)}, nil, "", "; no node is added: GCE quota exceeded"},
		{"it never did", []*corev1.Event{scaling("cluster-autoscaler", "NotTriggerScaleUp", "pod didn't trigger scale-up", minute)}, nil, "", "; no node is added: pod didn't trigger scale-up"},
		{"Karpenter does", []*corev1.Event{scaling("karpenter", "Nominated", "Pod should schedule on: nodeclaim/default-f72cc", 3*minute)}, nil, "Karpenter adds a node", ""},
		{"the scheduler still says no", []*corev1.Event{triggered(8 * minute), scaling("default-scheduler", "FailedScheduling", full, 0)}, nil, "the cluster autoscaler adds a node", ""},
		{"Karpenter gave up", []*corev1.Event{
			scaling("karpenter", "Nominated", "Pod should schedule on: nodeclaim/default-f72cc", 3*minute),
			scaling("karpenter", "FailedScheduling", "Failed to schedule pod, incompatible with nodepool", minute),
		}, nil, "", "; no node is added: incompatible with nodepool"},
		{"the scheduler preempts", nil, func(p *corev1.Pod) { p.Status.NominatedNodeName = "node-7" }, "the scheduler preempts other pods on node node-7", ""},
		{"of another pod of that name", []*corev1.Event{func() *corev1.Event {
			e := triggered(minute)
			e.InvolvedObject.UID = "gone"
			return e
		}()}, nil, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := twa(unscheduled("Unschedulable", full, hour))
			if tt.edit != nil {
				tt.edit(p)
			}
			c, says := only(t, Objects{Pods: []*corev1.Pod{p}, Events: append([]*corev1.Event{}, tt.events...)})
			want := "unschedulable: 0/3 nodes are available: 3 Insufficient memory" + tt.not
			if tt.want != "" {
				want = strings.Replace(want, "unschedulable: ", "unschedulable: "+tt.want+": ", 1)
			}
			if says != want || c.Permanent != (tt.want == "") {
				t.Errorf("%q, permanent: %v; want %q", says, c.Permanent, want)
			}
		})
	}
}

// As long as events were not read, a node may be to come.
func TestANodeToComeWithoutEvents(t *testing.T) {
	for since, permanent := range map[time.Duration]bool{19 * time.Minute: false, 20 * time.Minute: true} {
		c, says := only(t, Objects{Pods: []*corev1.Pod{twa(unscheduled("Unschedulable", "0/3 nodes are available: 3 Insufficient cpu.", since))}})
		if c.Permanent != permanent || says != "unschedulable: 0/3 nodes are available: 3 Insufficient cpu" {
			t.Errorf("for %v: %q, permanent: %v", since, says, c.Permanent)
		}
	}
	c, _ := only(t, Objects{Pods: []*corev1.Pod{twa(unscheduled("SchedulingGated", "gated", time.Hour))}})
	if c.Permanent {
		t.Error("a pod that is held back on purpose is permanent")
	}
}

// The account may not read nodes: a node is blamed by what is on its pods.
func TestNodesAreBlamedByTheirOwnEvidence(t *testing.T) {
	off := func(node string) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			p.Spec.NodeName = node
			setCondition(p, corev1.PodReady, corev1.ConditionFalse, "", "", time.Hour)
		}
	}
	crashes := all(hasContainer(time.Hour, loops(ended(1, "Error", "", time.Minute))), off("node-1"))
	other := func(edits ...func(*corev1.Pod)) *corev1.Pod { return pod("ReplicaSet", "x-1", "x", edits...) }
	tests := []struct {
		name   string
		others []*corev1.Pod
		want   Code
	}{
		{"alone on its node", nil, NotReady},
		{"others of its node are well", []*corev1.Pod{other(), other(off("node-1"))}, NotReady},
		{"so are all others of its node", []*corev1.Pod{other(off("node-1")), other(func(p *corev1.Pod) { p.Spec.NodeName = "node-2" })}, NodeLost},
		{"others of another node", []*corev1.Pod{other(off("node-2")), other(off("node-2"))}, NotReady},
		{"one that crashes tells nothing", []*corev1.Pod{other(crashes)}, NotReady},
		{"one that has ended tells nothing", []*corev1.Pod{other(off("node-1"), func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded })}, NotReady},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, says := only(t, Objects{Pods: append([]*corev1.Pod{twa(off("node-1"))}, tt.others...)})
			if c.Code != tt.want || c.Permanent {
				t.Errorf("%s %q, permanent: %v; want %s", c.Code, says, c.Permanent, tt.want)
			}
		})
	}
}

// onSidecar gives a pod a native sidecar, for which its container twa waits.
func onSidecar(status corev1.ContainerStatus) func(*corev1.Pod) {
	return all(hasContainer(21*time.Minute, corev1.ContainerStatus{State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "PodInitializing"}}}), func(p *corev1.Pod) {
		status.Name = "log-agent"
		p.Spec.InitContainers = []corev1.Container{{Name: "log-agent", RestartPolicy: new(corev1.ContainerRestartPolicyAlways), StartupProbe: &corev1.Probe{}, ReadinessProbe: &corev1.Probe{}}}
		p.Status.InitContainerStatuses = []corev1.ContainerStatus{status}
	})
}

func TestWhoHasNotStarted(t *testing.T) {
	const minute = time.Minute
	starting := func(restarts int32, since time.Duration) corev1.ContainerStatus {
		return runs(since, func(s *corev1.ContainerStatus) {
			s.Started, s.RestartCount = new(false), restarts
			if restarts > 0 {
				s.LastTerminationState.Terminated = ended(1, "Error", "", since+time.Second)
			}
		})
	}
	second := func(p *corev1.Pod) {
		p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: "proxy"})
		p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, runs(time.Hour, func(s *corev1.ContainerStatus) { s.Name, s.Ready = "proxy", true }))
	}
	tests := []struct {
		name  string
		pod   func(*corev1.Pod)
		code  Code
		want  string
		since time.Duration
	}{
		{"a sidecar that was started again", onSidecar(starting(1, 20*minute)), StartupProbe, "waiting for sidecar log-agent to start: startup probe: has not passed yet, 1 restart, last exit code 1", 21 * minute},
		{"a sidecar that was not", onSidecar(starting(0, 20*minute)), StartupProbe, "waiting for sidecar log-agent to start: startup probe: has not passed yet", 21 * minute},
		{"a sidecar that crashes", onSidecar(loops(ended(1, "Error", "", minute))), CrashLoop, "sidecar log-agent in a crash loop, exit code 1, 7 restarts", 21 * minute},
		{"a sidecar whose image is not there", onSidecar(corev1.ContainerStatus{State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ErrImagePull", Message: "not found"}}}), ImagePull, "ImagePullBackOff : not found", 21 * minute},
		{"a sidecar that is not ready", all(onSidecar(runs(20*minute, func(*corev1.ContainerStatus) {})), func(p *corev1.Pod) {
			p.Status.ContainerStatuses[0] = runs(19*minute, func(s *corev1.ContainerStatus) { s.Name, s.Ready = "twa", true })
		}), ReadinessProbe, "readiness probe of sidecar log-agent: has not passed yet", 20 * minute},
		{"the only container", hasContainer(4*minute, starting(2, 70*time.Second)), StartupProbe, "startup probe: has not passed yet, 2 restarts, last exit code 1", 4 * minute},
		{"the one that the pod is named after", all(hasContainer(4*minute, runs(time.Hour, func(*corev1.ContainerStatus) {})), second), ReadinessProbe, "readiness probe: has not passed yet", 4 * minute},
		{"the other one", all(hasContainer(4*minute, runs(time.Hour, func(s *corev1.ContainerStatus) { s.Ready = true })), second, func(p *corev1.Pod) {
			p.Spec.Containers[1].ReadinessProbe, p.Status.ContainerStatuses[1].Ready = &corev1.Probe{}, false
		}), ReadinessProbe, "readiness probe of proxy: has not passed yet", 4 * minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, says := only(t, Objects{Pods: []*corev1.Pod{twa(tt.pod)}})
			want := strings.Replace(tt.want, "BackOff :", "BackOff:", 1)
			if c.Code != tt.code || says != want || !c.Since.Equal(now.Add(-tt.since)) {
				t.Errorf("%s %q since %v\nwant %s %q since %v", c.Code, says, c.Since, tt.code, want, now.Add(-tt.since))
			}
		})
	}
}

// A container that its startup probe has killed again and again is no crash of
// its own, and will not start up by itself.
func TestKilledByItsStartupProbe(t *testing.T) {
	p := twa(hasContainer(12*time.Minute, loops(ended(137, "Error", "", 20*time.Second))))
	c, says := only(t, Objects{Pods: []*corev1.Pod{p}, Events: []*corev1.Event{
		event(Object{"Pod", "twa-0"}, "twa", "Unhealthy", "Startup probe failed: HTTP probe failed with statuscode: 503", 12*time.Minute, 25*time.Second),
	}})
	if c.Code != StartupKilled || says != "startup probe: HTTP 503, 7 restarts, last exit code 137" || !c.Permanent {
		t.Errorf("%s %q, permanent: %v", c.Code, says, c.Permanent)
	}
}

// What is no cause: containers for debugging, resizes in place, sidecars that
// end with the pod, containers with a restart policy of their own.
func TestNoCause(t *testing.T) {
	done := all(onSidecar(loops(ended(143, "Error", "", time.Second))), func(p *corev1.Pod) {
		p.Spec.RestartPolicy = corev1.RestartPolicyNever
		p.Status.ContainerStatuses[0].State = corev1.ContainerState{Terminated: ended(0, "Completed", "", 2*time.Second)}
	})
	tests := []struct {
		name string
		pod  func(*corev1.Pod)
	}{
		{"a container for debugging has crashed", all(notReady(time.Second), func(p *corev1.Pod) {
			p.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "debug"}}}
			p.Status.EphemeralContainerStatuses = []corev1.ContainerStatus{loops(ended(1, "Error", "", 0))}
		})},
		{"a resize that the node has no room for", func(p *corev1.Pod) {
			setCondition(p, corev1.PodResizePending, corev1.ConditionTrue, corev1.PodReasonInfeasible, "node has no room", time.Hour)
			setCondition(p, corev1.PodResizeInProgress, corev1.ConditionTrue, corev1.PodReasonError, "", time.Hour)
		}},
		{"a sidecar that is told to end with its Job", done},
		{"a container that may end", all(hasContainer(time.Minute, corev1.ContainerStatus{State: corev1.ContainerState{Terminated: ended(0, "Completed", "", time.Second)}}), func(p *corev1.Pod) {
			p.Spec.Containers[0].RestartPolicy = new(corev1.ContainerRestartPolicyNever)
		})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := twa(tt.pod)
			if causes := newFinder(Objects{}, now).onPod(p); len(causes) > 0 {
				t.Errorf("causes %+v", causes)
			}
		})
	}
}

// A grace counts from when the present failure began.
func TestSince(t *testing.T) {
	const minute, second = time.Minute, time.Second
	thePod := Object{"Pod", "twa-0"}
	refused := `Failed to pull image "repository.thingpark.com/twa:18.36.8": 401 Unauthorized`
	crashedOnce := func(lasted time.Duration) corev1.ContainerStatus {
		s := loops(ended(1, "Error", "", 20*second))
		s.RestartCount = 1
		s.LastTerminationState.Terminated.StartedAt = ago(20*second + lasted)
		return s
	}
	tests := []struct {
		name   string
		pod    func(*corev1.Pod)
		events []*corev1.Event
		since  time.Duration
	}{
		{"ErrImagePull after ImagePullBackOff", waits("ErrImagePull", "401 Unauthorized", 40*minute), []*corev1.Event{event(thePod, "twa", "Failed", refused, 12*minute, second)}, 12 * minute},
		{"ImagePullBackOff after ErrImagePull", waits("ImagePullBackOff", "Back-off pulling image", 40*minute), []*corev1.Event{event(thePod, "twa", "Failed", refused, 12*minute, second)}, 12 * minute},
		{"with other words each time", waits("ErrImagePull", "request 7: 401 Unauthorized", 40*minute), []*corev1.Event{
			event(thePod, "twa", "Failed", strings.Replace(refused, "401", "request 6: 401", 1), 12*minute, 11*minute),
			event(thePod, "twa", "Failed", strings.Replace(refused, "401", "request 7: 401", 1), second, second),
		}, 12 * minute},
		{"an image that is needed since a crash, without events", all(waits("ErrImagePull", "401 Unauthorized", 40*minute), func(p *corev1.Pod) {
			p.Status.ContainerStatuses[0].LastTerminationState.Terminated = ended(1, "Error", "", 30*second)
		}), nil, 30 * second},
		{"a first crash, of a pod that took long to start", hasContainer(40*minute, crashedOnce(minute)), nil, 80 * second},
		{"a container that the runtime fails to start, between two back-offs", all(waits("RunContainerError", "no such file", 40*minute), func(p *corev1.Pod) {
			p.Status.ContainerStatuses[0].RestartCount = 6
			p.Status.ContainerStatuses[0].LastTerminationState.Terminated = ended(128, "StartError", "no such file", second)
		}), nil, 40 * minute},
		{"a volume that is needed again since the node was restarted", waits("ContainerCreating", "", 2*minute), []*corev1.Event{
			event(thePod, "", "FailedMount", `MountVolume.SetUp failed for volume "tls" : secret "twa-tls" not found`, 50*minute, second),
		}, 2 * minute},
		{"a crash after a run of ten minutes begins a loop", hasContainer(20*second, crashedOnce(11*minute)), []*corev1.Event{
			event(thePod, "twa", "BackOff", "Back-off restarting failed container twa in pod twa-0", 50*minute, second),
		}, 20 * second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, says := only(t, Objects{Pods: []*corev1.Pod{twa(tt.pod)}, Events: tt.events})
			if got := now.Sub(c.Since); got != tt.since {
				t.Errorf("%q since %v, want %v", says, got, tt.since)
			}
		})
	}
}

// What every pod that starts goes through is worth a word once it lasts.
func TestTells(t *testing.T) {
	for _, code := range Codes() {
		at := func(since time.Duration) bool { return Cause{Code: code, Since: now.Add(-since)}.Reportable(now) }
		if quiet := causeKinds[code].quiet; at(0) != (quiet == 0) || !at(quiet) {
			t.Errorf("%s is quiet for %v, and tells: %v, later %v", code, quiet, at(0), at(quiet))
		}
	}
}

// Whatever an API server says, a cause is lines that a terminal can print, and
// not longer than one can read.
func TestHostileCauses(t *testing.T) {
	const evil = "a\x1b[31m\r\n\x00\u202e\u2028\xff\u200b\u0085z"
	long := strings.Repeat(evil, 10_000)
	for _, text := range []string{evil, long, "", "\n", ": ", `failed for volume "`, ` msg="`, strings.Repeat(": ", 5000), strings.Repeat("[", 5000), strings.Repeat("a", 1<<20), strings.Repeat("(", 5000)} {
		for _, code := range Codes() {
			c := Cause{
				Code: code, Object: Object{text, text}, Pod: text, Container: text, Image: text, Reason: text, Message: text,
				Restarts: math.MinInt32, Role: Sidecar, Since: now,
			}.judged(now)
			for _, got := range []string{c.Summary(), c.Group, c.Message, c.Reason, c.Pod, c.Container, c.Image, c.Object.Kind, c.Object.Name} {
				if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) || utf8.RuneCountInString(got) > 1500 {
					t.Fatalf("%s of %.40q: %.80q, %d runes", code, text, got, utf8.RuneCountInString(got))
				}
			}
		}
	}
	p := twa(hasContainer(time.Minute, loops(ended(math.MinInt32, evil, long, 20*time.Second))))
	p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, p.Status.ContainerStatuses[0])
	p.Status.ContainerStatuses[0].RestartCount = math.MaxInt32
	if len(newFinder(Objects{}, now).onPod(p)) == 0 {
		t.Error("no cause")
	}
}

// The pull secret that is not there is why a registry refuses, and may be made
// later.
func TestPullSecretIsMissing(t *testing.T) {
	secret := event(Object{"Pod", "twa-0"}, "", "FailedToRetrieveImagePullSecret", "Unable to retrieve some image pull secrets (thingpark-image-pull-secret); attempting to pull the image may not succeed.", 3*time.Minute, time.Minute)
	c, says := only(t, Objects{Pods: []*corev1.Pod{twa(waits("ErrImagePull", "401 Unauthorized", 3*time.Minute))}, Events: []*corev1.Event{secret}})
	want := "ImagePullBackOff repository.thingpark.com/twa:18.36.8: 401 Unauthorized: Unable to retrieve some image pull secrets (thingpark-image-pull-secret)"
	if says != want || c.Permanent {
		t.Errorf("%q, permanent: %v; want %q", says, c.Permanent, want)
	}
}

// A pod that nothing happens to is not passed over in silence.
func TestNothingHappens(t *testing.T) {
	const minute = time.Minute
	unseen := func(since time.Duration) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			p.CreationTimestamp, p.Spec.NodeName, p.Status.Conditions = ago(since), "", nil
		}
	}
	tests := []struct {
		name string
		pod  func(*corev1.Pod)
		want string
	}{
		{"no scheduler yet", unseen(50 * time.Second), ""},
		{"no scheduler", unseen(20 * minute), "unschedulable: no scheduler has tried to place the pod"},
		{"creating", waits("ContainerCreating", "", 9*minute), ""},
		{"creating for long", waits("ContainerCreating", "", 11*minute), "twa is not created yet: ContainerCreating"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var says string
			for _, c := range newFinder(Objects{}, now).onPod(twa(tt.pod)) {
				says += c.Summary()
				if c.Permanent || !c.Reportable(now) {
					t.Errorf("%q permanent: %v, tells: %v", says, c.Permanent, c.Reportable(now))
				}
			}
			if says != tt.want {
				t.Errorf("%q, want %q", says, tt.want)
			}
		})
	}
}
