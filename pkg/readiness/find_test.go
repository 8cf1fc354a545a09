// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The pods below are as kubelet and scheduler leave them.

// waits makes a pod whose container twa waits for a reason.
func waits(reason, message string, since time.Duration) func(*corev1.Pod) {
	return hasContainer(since, corev1.ContainerStatus{
		State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}},
	})
}

func pullFails(reason string, since time.Duration) func(*corev1.Pod) { return waits(reason, "", since) }

// hasContainer makes a pod that has not been ready, for its container twa.
func hasContainer(since time.Duration, status corev1.ContainerStatus) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		notReady(since)(p)
		status.Name = "twa"
		p.Spec.Containers = []corev1.Container{{
			Name: "twa", Image: "repository.thingpark.com/twa:18.36.8",
			ReadinessProbe: &corev1.Probe{}, StartupProbe: &corev1.Probe{},
		}}
		p.Status.ContainerStatuses = []corev1.ContainerStatus{status}
	}
}

// asInit turns the pod's containers into init containers.
func asInit(p *corev1.Pod) {
	p.Spec.InitContainers, p.Spec.Containers = p.Spec.Containers, nil
	p.Status.InitContainerStatuses, p.Status.ContainerStatuses = p.Status.ContainerStatuses, nil
}

// asSidecar turns the pod's containers into init containers that go on.
func asSidecar(p *corev1.Pod) {
	asInit(p)
	p.Spec.InitContainers[0].RestartPolicy = new(corev1.ContainerRestartPolicyAlways)
}

func ended(code int32, reason, message string, since time.Duration) *corev1.ContainerStateTerminated {
	return &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason, Message: message, StartedAt: ago(since + 10*time.Second), FinishedAt: ago(since)}
}

// neverStarted is what a kubelet writes of a container that the runtime could not start.
func neverStarted(message string, since time.Duration) *corev1.ContainerStateTerminated {
	end := ended(128, "StartError", message, since)
	end.StartedAt = metav1.Unix(0, 0)
	return end
}

// loops makes a container that crashed and backs off.
func loops(end *corev1.ContainerStateTerminated) corev1.ContainerStatus {
	return corev1.ContainerStatus{
		RestartCount:         7,
		State:                corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: "back-off 5m0s restarting failed container=twa"}},
		LastTerminationState: corev1.ContainerState{Terminated: end},
	}
}

func runs(since time.Duration, edit func(*corev1.ContainerStatus)) corev1.ContainerStatus {
	s := corev1.ContainerStatus{State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: ago(since)}}, Started: new(true)}
	edit(&s)
	return s
}

func unscheduled(reason, message string, since time.Duration) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.NodeName, p.Status.Phase, p.Status.Conditions = "", corev1.PodPending, nil
		setCondition(p, corev1.PodScheduled, corev1.ConditionFalse, reason, message, since)
	}
}

func usesClaim(name string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.Volumes = []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name},
		}}}
	}
}

func all(edits ...func(*corev1.Pod)) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		for _, edit := range edits {
			edit(p)
		}
	}
}

// event returns a warning about an object, or about a container of it.
func event(o Object, container, reason, message string, first, last time.Duration) *corev1.Event {
	e := &corev1.Event{Type: corev1.EventTypeWarning, Reason: reason, Message: message, FirstTimestamp: ago(first), LastTimestamp: ago(last)}
	e.InvolvedObject = corev1.ObjectReference{Kind: o.Kind, Name: o.Name}
	if container != "" {
		e.InvolvedObject.FieldPath = "spec.containers{" + container + "}"
	}
	return e
}

func claim(name string, phase corev1.PersistentVolumeClaimPhase, edits ...func(*corev1.PersistentVolumeClaim)) *corev1.PersistentVolumeClaim {
	c := &corev1.PersistentVolumeClaim{ObjectMeta: meta(name, 0)}
	c.CreationTimestamp = ago(7 * time.Minute)
	c.Status.Phase = phase
	for _, edit := range edits {
		edit(c)
	}
	return c
}

func TestCauses(t *testing.T) {
	const minute = time.Minute
	thePod := Object{"Pod", "twa-0"}
	theClaim := Object{"PersistentVolumeClaim", "data-twa-0"}
	unbound := "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."
	pullError := `Failed to pull image "repository.thingpark.com/twa:18.36.8": rpc error: code = Unknown desc = failed to pull and unpack image: failed to resolve reference "repository.thingpark.com/twa:18.36.8": pull access denied: 401 Unauthorized`
	tests := []struct {
		name   string
		pod    func(*corev1.Pod)
		events []*corev1.Event
		claims []*corev1.PersistentVolumeClaim
		want   []Cause // message is compared as Summary
		says   []string
	}{
		{
			"image pull, young kubelet", waits("ImagePullBackOff", `Back-off pulling image "repository.thingpark.com/twa:18.36.8": ErrImagePull: failed to resolve reference: 401 Unauthorized`, 18*minute), nil, nil,
			[]Cause{{Code: ImagePull, Reason: "ImagePullBackOff", Since: ago(18 * minute).Time, Permanent: true}},
			[]string{"ImagePullBackOff repository.thingpark.com/twa:18.36.8: 401 Unauthorized"},
		},
		{
			"image pull, old kubelet: the event has the message and the time", waits("ImagePullBackOff", `Back-off pulling image "repository.thingpark.com/twa:18.36.8"`, 18*minute),
			[]*corev1.Event{
				event(thePod, "twa", "Failed", pullError, 40*time.Second, 10*time.Second),
				event(thePod, "twa", "Failed", "Error: ImagePullBackOff", 17*minute, 0),
				event(thePod, "other", "Failed", pullError, 16*minute, 0),
			},
			nil,
			[]Cause{{Code: ImagePull, Reason: "ImagePullBackOff", Since: ago(40 * time.Second).Time}},
			[]string{"ImagePullBackOff repository.thingpark.com/twa:18.36.8: pull access denied: 401 Unauthorized"},
		},
		{
			"crash loop, healed in between: that the kubelet backed off is long ago", hasContainer(10*time.Second, loops(ended(1, "Error", "", 20*time.Second))),
			[]*corev1.Event{event(thePod, "twa", "BackOff", "Back-off restarting failed container twa in pod twa-0", 50*minute, 40*minute)}, nil,
			[]Cause{{Code: CrashLoop, Container: "twa", Reason: "Error", Since: ago(20 * time.Second).Time, Restarts: 7}},
			[]string{"twa in a crash loop, exit code 1, 7 restarts"},
		},
		{
			"image pull, an event of an earlier failure does not count", waits("ErrImagePull", "no such host", 30*time.Second),
			[]*corev1.Event{event(thePod, "twa", "Failed", pullError, 50*minute, 45*minute)}, nil,
			[]Cause{{Code: ImagePull, Reason: "ErrImagePull", Since: ago(30 * time.Second).Time}},
			[]string{"ImagePullBackOff repository.thingpark.com/twa:18.36.8: no such host"},
		},
		{
			"image pull, the same failure as before a restart", waits("ErrImagePull", "no such host", 30*time.Second),
			[]*corev1.Event{event(thePod, "twa", "Failed", pullError, 50*minute, 0)}, nil,
			[]Cause{{Code: ImagePull, Reason: "ErrImagePull", Since: ago(30 * time.Second).Time}},
			[]string{"ImagePullBackOff repository.thingpark.com/twa:18.36.8: no such host"},
		},
		{
			"image pull, no word of the registry", waits("ImagePullBackOff", `Back-off pulling image "repository.thingpark.com/twa:18.36.8"`, 30*time.Second), nil, nil,
			[]Cause{{Code: ImagePull, Reason: "ImagePullBackOff", Since: ago(30 * time.Second).Time}},
			[]string{"ImagePullBackOff repository.thingpark.com/twa:18.36.8"},
		},
		{
			"invalid image name", waits("InvalidImageName", "couldn't parse image name: invalid reference format", 0), nil, nil,
			[]Cause{{Code: ImagePull, Reason: "InvalidImageName", Since: now, Permanent: true}},
			[]string{"InvalidImageName repository.thingpark.com/twa:18.36.8: couldn't parse image name: invalid reference format"},
		},
		{
			"crash loop, since the kubelet backs off", hasContainer(10*time.Second, loops(ended(1, "Error", "", 20*time.Second))),
			[]*corev1.Event{event(thePod, "twa", "BackOff", "Back-off restarting failed container twa in pod twa-0", 12*minute, 0)}, nil,
			[]Cause{{Code: CrashLoop, Container: "twa", Reason: "Error", Since: ago(12 * minute).Time, Restarts: 7, Permanent: true}},
			[]string{"twa in a crash loop, exit code 1, 7 restarts"},
		},
		{
			"crash loop, without events", hasContainer(10*time.Second, loops(ended(1, "Error", "cannot connect\n to mariadb\x1b[31m", 20*time.Second))), nil, nil,
			[]Cause{{Code: CrashLoop, Reason: "Error", Since: ago(20 * time.Second).Time, Restarts: 7}},
			[]string{"twa in a crash loop, exit code 1: cannot connect to mariadb[31m, 7 restarts"},
		},
		{
			"crash loop, running between two crashes", hasContainer(10*time.Second, runs(5*time.Second, func(s *corev1.ContainerStatus) {
				s.RestartCount, s.LastTerminationState.Terminated = 2, ended(1, "Error", "", 30*time.Second)
			})), nil, nil,
			[]Cause{{Code: CrashLoop, Reason: "Error", Since: ago(30 * time.Second).Time, Restarts: 2}},
			[]string{"twa in a crash loop, exit code 1, 2 restarts"},
		},
		{
			"the container of a Job ended well", all(hasContainer(time.Minute, corev1.ContainerStatus{State: corev1.ContainerState{Terminated: ended(0, "Completed", "", time.Second)}}), func(p *corev1.Pod) {
				p.Spec.RestartPolicy = corev1.RestartPolicyOnFailure
			}), nil, nil,
			nil, nil,
		},
		{
			"a crash, not restarted yet", hasContainer(10*time.Second, corev1.ContainerStatus{State: corev1.ContainerState{Terminated: ended(2, "Error", "", 1*time.Second)}}), nil, nil,
			[]Cause{{Code: CrashLoop, Reason: "Error", Since: ago(1 * time.Second).Time}},
			[]string{"twa in a crash loop, exit code 2"},
		},
		{
			"OOM kill", hasContainer(10*time.Second, loops(ended(137, "OOMKilled", "", 20*time.Second))), nil, nil,
			[]Cause{{Code: OOMKilled, Reason: "OOMKilled", Since: ago(20 * time.Second).Time, Restarts: 7}},
			[]string{"twa OOMKilled, 7 restarts"},
		},
		{
			"killed by its liveness probe", hasContainer(10*time.Second, loops(ended(137, "Error", "", 20*time.Second))),
			[]*corev1.Event{event(thePod, "twa", "Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 500", 5*minute, 25*time.Second)}, nil,
			[]Cause{{Code: LivenessProbe, Reason: "Unhealthy", Since: ago(20 * time.Second).Time, Restarts: 7}},
			[]string{"liveness probe: HTTP 500, 7 restarts"},
		},
		{
			"killed by its liveness probe, whose later events were held back", hasContainer(10*time.Second, loops(ended(0, "Completed", "", 20*time.Second))),
			[]*corev1.Event{event(thePod, "twa", "Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 500", 5*minute, 4*minute)}, nil,
			[]Cause{{Code: LivenessProbe, Reason: "Unhealthy", Since: ago(20 * time.Second).Time, Restarts: 7}},
			[]string{"liveness probe: HTTP 500, 7 restarts"},
		},
		{
			"a liveness probe that failed in an earlier life is not to blame", hasContainer(10*time.Second, loops(ended(1, "Error", "", 20*time.Second))),
			[]*corev1.Event{event(thePod, "twa", "Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 500", 5*minute, 4*minute)}, nil,
			[]Cause{{Code: CrashLoop, Reason: "Error", Since: ago(20 * time.Second).Time, Restarts: 7}},
			[]string{"twa in a crash loop, exit code 1, 7 restarts"},
		},
		{
			"no such program", hasContainer(10*time.Second, loops(ended(128, "StartError", `failed to create containerd task: exec: "twa": executable file not found in $PATH`, 20*time.Second))), nil, nil,
			[]Cause{{Code: StartFailed, Reason: "StartError", Since: ago(20 * time.Second).Time, Restarts: 7}},
			[]string{`cannot start twa: exec: "twa": executable file not found in $PATH`},
		},
		{
			"never started", hasContainer(40*minute, loops(neverStarted(`exec: "/start.sh": permission denied`, 2*minute))), nil, nil,
			[]Cause{{Code: StartFailed, Reason: "StartError", Permanent: true, Since: ago(40 * minute).Time, Restarts: 7}},
			[]string{`cannot start twa: exec: "/start.sh": permission denied`},
		},
		{
			"its postStart hook fails each time", hasContainer(40*minute, func() corev1.ContainerStatus {
				s := loops(ended(137, "Error", "", minute))
				s.State.Waiting.Reason, s.State.Waiting.Message = "PostStartHookError", `Exec lifecycle hook ([/init.sh]) for Container "twa" failed - error: command '/init.sh' exited with 1`
				return s
			}()), nil, nil,
			[]Cause{{Code: StartFailed, Reason: "PostStartHookError", Permanent: true, Since: ago(40 * minute).Time, Restarts: 7}},
			[]string{`cannot start twa: Exec lifecycle hook ([/init.sh]) for Container "twa" failed - error: command '/init.sh' exited with 1`},
		},
		{
			"init container fails", all(hasContainer(3*minute, loops(ended(1, "Error", "", 20*time.Second))), asInit), nil, nil,
			[]Cause{{Code: InitFailed, Reason: "Error", Since: ago(3 * minute).Time, Restarts: 7}},
			[]string{"init container twa fails, exit code 1, 7 restarts"},
		},
		{
			"init container waits", all(hasContainer(3*minute, runs(2*minute, func(*corev1.ContainerStatus) {})), asInit), nil, nil,
			[]Cause{{Code: InitRunning, Since: ago(2 * minute).Time}},
			[]string{"init container twa is running"},
		},
		{
			"init container has done its work", all(hasContainer(3*minute, corev1.ContainerStatus{State: corev1.ContainerState{Terminated: ended(0, "Completed", "", minute)}}), asInit), nil, nil,
			nil, nil,
		},
		{
			"crash loop, after an init container that took its time", all(hasContainer(time.Hour, loops(ended(1, "Error", "", 20*time.Second))), func(p *corev1.Pod) {
				p.Spec.InitContainers = []corev1.Container{{Name: "wait-db"}}
				p.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "wait-db", State: corev1.ContainerState{Terminated: ended(0, "Completed", "", minute)}}}
			}), nil, nil,
			[]Cause{{Code: CrashLoop, Reason: "Error", Since: ago(minute).Time, Restarts: 7}},
			[]string{"twa in a crash loop, exit code 1, 7 restarts"},
		},
		{
			"crash loop, never ready: most events were held back", hasContainer(time.Hour, loops(ended(1, "Error", "", 20*time.Second))), nil, nil,
			[]Cause{{Code: CrashLoop, Reason: "Error", Since: ago(time.Hour).Time, Restarts: 7, Permanent: true}},
			[]string{"twa in a crash loop, exit code 1, 7 restarts"},
		},
		{
			"sidecar crashes", all(hasContainer(3*minute, loops(ended(1, "Error", "", 20*time.Second))), asSidecar), nil, nil,
			[]Cause{{Code: CrashLoop, Reason: "Error", Since: ago(3 * minute).Time, Restarts: 7}},
			[]string{"sidecar twa in a crash loop, exit code 1, 7 restarts"},
		},
		{
			"sidecar runs", all(hasContainer(3*minute, runs(2*minute, func(s *corev1.ContainerStatus) { s.Ready = true })), asSidecar), nil, nil,
			nil, nil,
		},
		{
			"missing config map", waits("CreateContainerConfigError", `configmap "twa-config" not found`, 5*minute), nil, nil,
			[]Cause{{Code: ConfigMissing, Reason: "CreateContainerConfigError", Since: ago(5 * minute).Time, Permanent: true}},
			[]string{`configmap "twa-config" not found`},
		},
		{
			"missing secret, as a volume", waits("ContainerCreating", "", 2*minute),
			[]*corev1.Event{
				event(thePod, "", "FailedMount", `MountVolume.SetUp failed for volume "tls" : secret "twa-tls" not found`, 90*time.Second, 30*time.Second),
				event(thePod, "", "FailedMount", `Unable to attach or mount volumes: unmounted volumes=[tls]: timed out waiting for the condition`, 20*time.Second, 0),
			},
			nil,
			[]Cause{{Code: ConfigMissing, Reason: "FailedMount", Since: ago(90 * time.Second).Time}},
			[]string{`secret "twa-tls" not found`},
		},
		{
			"volume cannot be attached", waits("ContainerCreating", "", 12*minute),
			[]*corev1.Event{event(thePod, "", "FailedAttachVolume", `Multi-Attach error for volume "pvc-1": Volume is already used by pod(s) twa-1`, 11*minute, minute)}, nil,
			[]Cause{{Code: MountFailed, Reason: "FailedAttachVolume", Since: ago(11 * minute).Time, Permanent: true}},
			[]string{`cannot mount: Multi-Attach error for volume "pvc-1": Volume is already used by pod(s) twa-1`},
		},
		{
			"volume could not be mounted once, long ago", waits("ContainerCreating", "", 30*minute),
			[]*corev1.Event{event(thePod, "", "FailedMount", "MountVolume.SetUp failed", 29*minute, 28*minute)}, nil,
			[]Cause{{Code: Creating, Reason: "ContainerCreating", Since: ago(30 * minute).Time}},
			[]string{"twa is not created yet: ContainerCreating"},
		},
		{
			"volumes are mounted: their earlier failure is over", all(waits("ContainerCreating", "", 2*minute), func(p *corev1.Pod) {
				setCondition(p, corev1.PodReadyToStartContainers, corev1.ConditionTrue, "", "", minute)
			}),
			[]*corev1.Event{event(thePod, "", "FailedMount", "MountVolume.SetUp failed", 2*minute, 2*minute)}, nil, nil, nil,
		},
		{
			"no sandbox", waits("ContainerCreating", "", 2*minute),
			[]*corev1.Event{event(thePod, "", "FailedCreatePodSandBox", "Failed to create pod sandbox: rpc error: plugin type=\"flannel\" failed (add): no IP addresses available", 2*minute, 0)}, nil,
			[]Cause{{Code: StartFailed, Reason: "FailedCreatePodSandBox", Since: ago(2 * minute).Time}},
			[]string{`cannot start its sandbox: plugin type="flannel" failed (add): no IP addresses available`},
		},
		{
			"an event of the newer API", waits("ContainerCreating", "", 20*minute),
			[]*corev1.Event{func() *corev1.Event {
				e := event(thePod, "", "FailedMount", "no", 0, 0)
				e.FirstTimestamp, e.LastTimestamp = metav1.Time{}, metav1.Time{}
				e.EventTime = metav1.NewMicroTime(ago(15 * minute).Time)
				e.Series = &corev1.EventSeries{LastObservedTime: metav1.NewMicroTime(ago(minute).Time)}
				return e
			}()}, nil,
			[]Cause{{Code: MountFailed, Reason: "FailedMount", Since: ago(15 * minute).Time, Permanent: true}},
			[]string{"cannot mount: no"},
		},
		{
			"an event about another pod of that name", waits("ContainerCreating", "", 2*minute),
			[]*corev1.Event{func() *corev1.Event {
				e := event(thePod, "", "FailedMount", "MountVolume.SetUp failed", 2*minute, 0)
				e.InvolvedObject.UID = "gone"
				return e
			}()}, nil, nil, nil,
		},
		{
			"readiness probe fails", hasContainer(4*minute, runs(5*minute, func(*corev1.ContainerStatus) {})),
			[]*corev1.Event{event(thePod, "twa", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", 4*minute, 0)}, nil,
			[]Cause{{Code: ReadinessProbe, Reason: "Unhealthy", Since: ago(4 * minute).Time}},
			[]string{"readiness probe: HTTP 503"},
		},
		{
			"readiness probe cannot connect", hasContainer(4*minute, runs(minute, func(*corev1.ContainerStatus) {})),
			[]*corev1.Event{event(thePod, "twa", "Unhealthy", `Readiness probe failed: Get "http://10.244.0.7:8080/health": dial tcp 10.244.0.7:8080: connect: connection refused`, 4*minute, 0)}, nil,
			[]Cause{{Code: ReadinessProbe, Reason: "Unhealthy", Since: ago(minute).Time}},
			[]string{"readiness probe: connection refused"},
		},
		{
			"readiness probe has not run, and failed in an earlier life", hasContainer(4*minute, runs(minute, func(*corev1.ContainerStatus) {})),
			[]*corev1.Event{event(thePod, "twa", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", 4*minute, 2*minute)}, nil,
			[]Cause{{Code: ReadinessProbe, Since: ago(minute).Time}},
			[]string{"readiness probe: has not passed yet"},
		},
		{
			"startup probe fails", hasContainer(4*minute, runs(minute, func(s *corev1.ContainerStatus) { s.Started = new(false) })),
			[]*corev1.Event{event(thePod, "twa", "Unhealthy", "Startup probe failed: cat: /tmp/up: No such file", 50*time.Second, 0)}, nil,
			[]Cause{{Code: StartupProbe, Reason: "Unhealthy", Since: ago(4 * minute).Time}},
			[]string{"startup probe: cat: /tmp/up: No such file"},
		},
		{
			"no node", unscheduled("Unschedulable", "0/3 nodes are available: 3 Insufficient memory. preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod.", 6*minute), nil, nil,
			[]Cause{{Code: Unschedulable, Reason: "Unschedulable", Since: ago(6 * minute).Time, Permanent: true}},
			[]string{"unschedulable: 0/3 nodes are available: 3 Insufficient memory"},
		},
		{
			"held back on purpose", unscheduled("SchedulingGated", "Scheduling is blocked due to non-empty scheduling gates", time.Hour), nil, nil,
			[]Cause{{Code: Unschedulable, Reason: "SchedulingGated", Since: ago(time.Hour).Time}},
			[]string{"unschedulable: Scheduling is blocked due to non-empty scheduling gates"},
		},
		{
			"claim pending: the scheduler says the same with fewer words", all(unscheduled("Unschedulable", unbound, 6*minute), usesClaim("data-twa-0")),
			[]*corev1.Event{
				event(theClaim, "", "ProvisioningFailed", "request 7: try again", 6*minute, 5*minute),
				event(theClaim, "", "ProvisioningFailed", `storageclass.storage.k8s.io "thingpark-csi-gp3-xfs" not found`, 5*minute, 0),
			},
			[]*corev1.PersistentVolumeClaim{claim("data-twa-0", corev1.ClaimPending)},
			[]Cause{{Code: ClaimPending, Object: theClaim, Reason: "ProvisioningFailed", Since: ago(6 * minute).Time, Permanent: true}},
			[]string{`claim data-twa-0 pending: storageclass.storage.k8s.io "thingpark-csi-gp3-xfs" not found`},
		},
		{
			"claim waits for its pod, which finds no node", all(unscheduled("Unschedulable", "0/3 nodes are available: 3 Insufficient cpu.", minute), usesClaim("data-twa-0")), nil,
			[]*corev1.PersistentVolumeClaim{claim("data-twa-0", corev1.ClaimPending)},
			[]Cause{{Code: Unschedulable, Reason: "Unschedulable", Since: ago(minute).Time}},
			[]string{"unschedulable: 0/3 nodes are available: 3 Insufficient cpu"},
		},
		{
			"claim pending, provisioner silent", all(func(p *corev1.Pod) { p.Spec.NodeName, p.Status.Conditions = "", nil }, usesClaim("data-twa-0")), nil,
			[]*corev1.PersistentVolumeClaim{claim("data-twa-0", corev1.ClaimPending, func(c *corev1.PersistentVolumeClaim) {
				c.Annotations = map[string]string{"volume.kubernetes.io/selected-node": "node-1"}
			})},
			[]Cause{{Code: ClaimPending, Object: theClaim, Reason: "Pending"}},
			[]string{"claim data-twa-0 pending"},
		},
		{
			"claim pending, the scheduler blames it", all(unscheduled("Unschedulable", unbound, minute), usesClaim("data-twa-0")), nil,
			[]*corev1.PersistentVolumeClaim{claim("data-twa-0", corev1.ClaimPending)},
			[]Cause{{Code: ClaimPending, Object: theClaim, Reason: "Pending", Since: ago(7 * minute).Time, Permanent: true}},
			[]string{"claim data-twa-0 pending"},
		},
		{
			"claim not there", all(unscheduled("Unschedulable", `0/3 nodes are available: persistentvolumeclaim "data-twa-0" not found.`, minute), usesClaim("data-twa-0")), nil,
			[]*corev1.PersistentVolumeClaim{},
			[]Cause{{Code: ClaimPending, Object: theClaim, Reason: "NotFound", Since: ago(minute).Time}},
			[]string{"claim data-twa-0 pending: it does not exist"},
		},
		{
			"claims not read", all(unscheduled("Unschedulable", unbound, minute), usesClaim("data-twa-0")), nil, nil,
			[]Cause{{Code: Unschedulable, Reason: "Unschedulable", Since: ago(minute).Time}},
			[]string{"unschedulable: 0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims"},
		},
		{
			"claim lost, of an ephemeral volume", all(unscheduled("Unschedulable", "persistentvolumeclaim lost", minute), func(p *corev1.Pod) {
				p.Spec.Volumes = []corev1.Volume{{Name: "tmp", VolumeSource: corev1.VolumeSource{Ephemeral: &corev1.EphemeralVolumeSource{}}}}
			}), nil,
			[]*corev1.PersistentVolumeClaim{claim("twa-0-tmp", corev1.ClaimLost)},
			[]Cause{{Code: ClaimLost, Object: Object{"PersistentVolumeClaim", "twa-0-tmp"}, Reason: "Lost", Permanent: true}},
			[]string{"claim twa-0-tmp lost its volume"},
		},
		{
			"claim bound", all(unscheduled("Unschedulable", "0/3 nodes are available: 3 Insufficient cpu.", minute), usesClaim("data-twa-0")), nil,
			[]*corev1.PersistentVolumeClaim{claim("data-twa-0", corev1.ClaimBound)},
			[]Cause{{Code: Unschedulable, Reason: "Unschedulable", Since: ago(minute).Time}},
			[]string{"unschedulable: 0/3 nodes are available: 3 Insufficient cpu"},
		},
		{
			"evicted", func(p *corev1.Pod) {
				notReady(2 * minute)(p)
				p.Status.Phase, p.Status.Reason, p.Status.Message = corev1.PodFailed, "Evicted", "The node was low on resource: memory."
			}, nil, nil,
			[]Cause{{Code: Evicted, Reason: "Evicted", Since: ago(2 * minute).Time}},
			[]string{"evicted: The node was low on resource: memory."},
		},
		{
			"being evicted", func(p *corev1.Pod) {
				deletedAgo(-20 * time.Second)(p)
				setCondition(p, corev1.DisruptionTarget, corev1.ConditionTrue, "EvictionByEvictionAPI", "Eviction API: evicting", 10*time.Second)
			}, nil, nil,
			[]Cause{{Code: Evicted, Reason: "EvictionByEvictionAPI", Since: ago(10 * time.Second).Time}},
			[]string{"evicted: Eviction API: evicting"},
		},
		{"stopping, in its time", deletedAgo(30 * time.Second), nil, nil, nil, nil},
		{
			"does not stop", deletedAgo(2 * minute), nil, nil,
			[]Cause{{Code: StuckStopping, Reason: "Terminating", Since: ago(2 * minute).Time}},
			[]string{"twa-0 does not stop: its containers do not stop, or its node does not answer"},
		},
		{
			"held by a finalizer", all(deletedAgo(2*minute), func(p *corev1.Pod) { p.Finalizers = []string{"example.com/keep"} }), nil, nil,
			[]Cause{{Code: StuckStopping, Reason: "Terminating", Since: ago(2 * minute).Time}},
			[]string{"twa-0 does not stop: held by example.com/keep"},
		},
		{
			"not ready, for no reason that is told", func(p *corev1.Pod) {
				setCondition(p, corev1.PodReady, corev1.ConditionFalse, "", "", minute)
			}, nil, nil,
			[]Cause{{Code: NotReady, Since: ago(minute).Time}},
			[]string{"its containers are ready, the pod is not: node node-1 gives no reason"},
		},
		{
			"node lost, as the node controller says", func(p *corev1.Pod) {
				setCondition(p, corev1.PodReady, corev1.ConditionFalse, "", "", minute)
			},
			[]*corev1.Event{event(thePod, "", "NodeNotReady", "Node is not ready", minute, minute)}, nil,
			[]Cause{{Code: NodeLost, Reason: "NodeNotReady", Since: ago(minute).Time}},
			[]string{"node node-1 does not answer"},
		},
		{
			"node lost in an earlier life", func(p *corev1.Pod) {
				setCondition(p, corev1.PodReady, corev1.ConditionFalse, "", "", minute)
			},
			[]*corev1.Event{event(thePod, "", "NodeNotReady", "Node is not ready", 30*minute, 20*minute)}, nil,
			[]Cause{{Code: NotReady, Since: ago(minute).Time}},
			[]string{"its containers are ready, the pod is not: node node-1 gives no reason"},
		},
		{
			"node lost, as the pod's own condition says, without the containers'", func(p *corev1.Pod) {
				p.Status.Conditions = nil
				setCondition(p, corev1.PodReady, corev1.ConditionFalse, "NodeLost", "", 30*minute)
				p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "twa", Ready: true}}
			}, nil, nil,
			[]Cause{{Code: NodeLost, Reason: "NodeNotReady", Since: ago(30 * minute).Time}},
			[]string{"node node-1 does not answer"},
		},
		{
			"readiness gate", func(p *corev1.Pod) {
				p.Spec.ReadinessGates = []corev1.PodReadinessGate{{ConditionType: "target-health"}}
				setCondition(p, corev1.PodReady, corev1.ConditionFalse, "ReadinessGatesNotReady", `corresponding condition of pod readiness gate "target-health" does not exist.`, minute)
			}, nil, nil,
			[]Cause{{Code: ReadinessGate, Reason: "ReadinessGatesNotReady", Since: ago(minute).Time}},
			[]string{`readiness gate: corresponding condition of pod readiness gate "target-health" does not exist.`},
		},
		{
			"failed permanently", all(hasContainer(minute, corev1.ContainerStatus{State: corev1.ContainerState{Terminated: ended(3, "Error", "", minute)}}), func(p *corev1.Pod) {
				p.Status.Phase = corev1.PodFailed
			}), nil, nil,
			[]Cause{{Code: ContainerFailed, Reason: "Error", Since: ago(minute).Time}},
			[]string{"twa failed, exit code 3"},
		},
		{
			"never started, and never will", all(hasContainer(minute, corev1.ContainerStatus{State: corev1.ContainerState{Terminated: ended(128, "StartError", `failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "/run": permission denied: unknown`, minute)}}), func(p *corev1.Pod) {
				p.Status.Phase = corev1.PodFailed
			}), nil, nil,
			[]Cause{{Code: ContainerFailed, Reason: "StartError", Since: ago(minute).Time}},
			[]string{`twa failed, cannot start: exec: "/run": permission denied`},
		},
		{
			"out of time", all(notReady(minute), func(p *corev1.Pod) {
				p.Status.Phase, p.Status.Reason, p.Status.Message = corev1.PodFailed, "DeadlineExceeded", "Pod was active on the node longer than the specified deadline"
			}), nil, nil,
			[]Cause{{Code: ContainerFailed, Reason: "DeadlineExceeded", Since: ago(minute).Time}},
			[]string{"twa-0 failed, Pod was active on the node longer than the specified deadline"},
		},
		{"succeeded", func(p *corev1.Pod) { notReady(minute)(p); p.Status.Phase = corev1.PodSucceeded }, nil, nil, nil, nil},
		{"ready", func(*corev1.Pod) {}, nil, nil, nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFinder(Objects{Events: append([]*corev1.Event{}, tt.events...), Claims: tt.claims}, now)
			got := f.onPods([]*corev1.Pod{pod("StatefulSet", "twa", "twa-0", tt.pod)}, func(*corev1.Pod) bool { return true })
			for i := range tt.want {
				tt.want[i].Pod = "twa-0"
				if tt.want[i].Object == (Object{}) {
					tt.want[i].Object = thePod
				}
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreFields(Cause{}, "Message", "Group", "Container", "Image", "Brief", "Role", "LastExit", "Grace", "LogsOf")); diff != "" {
				t.Errorf("causes (-want +got):\n%s", diff)
			}
			var says []string
			for _, c := range got {
				says = append(says, c.Summary())
			}
			if diff := cmp.Diff(tt.says, says); diff != "" {
				t.Errorf("summaries (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAControllerThatCannotCreatePods(t *testing.T) {
	lrc := Object{"StatefulSet", "lrc"}
	message := `create Pod lrc-0 in StatefulSet lrc failed error: pods "lrc-0" is forbidden: exceeded quota: tpe, requested: pods=1, used: pods=10, limited: pods=10`
	failure := event(lrc, "", "FailedCreate", message, 6*time.Minute, time.Minute)
	missing := statefulSet(func(s *appsv1.StatefulSet) { s.Status.Replicas, s.Status.ReadyReplicas = 2, 2 })
	assess := func(pods ...*corev1.Pod) Workload {
		return Assess(Objects{StatefulSets: []*appsv1.StatefulSet{missing}, Events: []*corev1.Event{failure}, Pods: pods}, now).Workloads[0]
	}
	if w := assess(lrcPod(0, "lrc-new")); w.State != Failed || w.Reason != "starting, exceeded quota: tpe, requested: pods=1, used: pods=10, limited: pods=10" {
		t.Errorf("a quota for six minutes: %s %q", w.State, w.Reason)
	}
	young := lrcPod(0, "lrc-new", func(p *corev1.Pod) { p.CreationTimestamp = ago(0) })
	if w := assess(young); w.State != Progressing || w.Reason != "starting, 2 of 3 pods ready" {
		t.Errorf("a pod was created since: %s %q", w.State, w.Reason)
	}
}

// Failed pods stay behind. Where another was made, they are history.
func TestReplacedPods(t *testing.T) {
	failed := func(created time.Duration) func(*corev1.Pod) {
		return all(hasContainer(created, corev1.ContainerStatus{State: corev1.ContainerState{Terminated: ended(1, "Error", "", created)}}), func(p *corev1.Pod) {
			p.Status.Phase, p.CreationTimestamp = corev1.PodFailed, ago(created)
		})
	}
	young := func(p *corev1.Pod) { p.CreationTimestamp = ago(time.Minute) }
	tests := []struct{ name, kind, want string }{
		{"of a ReplicaSet: all are", "ReplicaSet", ""},
		{"of a Job: the last", "Job", "b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pods := []*corev1.Pod{
				pod(tt.kind, "x", "a", failed(time.Hour)), pod(tt.kind, "x", "b", failed(time.Hour/2)), pod(tt.kind, "x", "c", young),
			}
			var got string
			for _, c := range (finder{now: now}).onPods(pods, func(*corev1.Pod) bool { return true }) {
				got += c.Pod
			}
			if got != tt.want {
				t.Errorf("causes on %q, want %q", got, tt.want)
			}
		})
	}
}

// An eviction explains why another pod starts, for a while.
func TestEvictedBefore(t *testing.T) {
	evicted := func(created, since time.Duration) *corev1.Pod {
		return pod("ReplicaSet", "x", "old", func(p *corev1.Pod) {
			p.CreationTimestamp, p.Status.Phase, p.Status.Reason, p.Status.Message = ago(created), corev1.PodFailed, "Evicted", "low on memory"
			if p.Status.Conditions = nil; since > 0 {
				notReady(since)(p)
			}
		})
	}
	next := func(created time.Duration, edits ...func(*corev1.Pod)) *corev1.Pod {
		return pod("ReplicaSet", "x", "next", append(edits, func(p *corev1.Pod) { p.CreationTimestamp = ago(created) })...)
	}
	starting := waits("ContainerCreating", "", 30*time.Second)
	for _, tt := range []struct {
		name   string
		latest bool
		pods   []*corev1.Pod
		want   string
		since  time.Duration
	}{
		{"another starts", true, []*corev1.Pod{evicted(time.Hour, time.Minute), next(30*time.Second, starting)}, "evicted: low on memory", time.Minute},
		{"another starts, and nothing says since when", true, []*corev1.Pod{evicted(time.Hour, 0), next(30*time.Second, starting)}, "evicted: low on memory", 30 * time.Second},
		{"there is no other, and nothing says since when", true, []*corev1.Pod{evicted(time.Hour, 0)}, "evicted: low on memory", 0},
		{"another serves", true, []*corev1.Pod{evicted(time.Hour, time.Minute), next(30 * time.Second)}, "", 0},
		{"long ago", true, []*corev1.Pod{evicted(time.Hour, 11*time.Minute), next(30*time.Second, starting)}, "", 0},
		{"of an old revision", false, []*corev1.Pod{evicted(time.Hour, time.Minute), next(30*time.Second, starting)}, "", 0},
		{"the other has a problem of its own", true, []*corev1.Pod{evicted(time.Hour, time.Minute), next(time.Minute, waits("ErrImagePull", "no such host", 30*time.Second))}, "ImagePullBackOff", 30 * time.Second},
	} {
		causes := (finder{now: now}).onPods(tt.pods, func(*corev1.Pod) bool { return tt.latest })
		switch {
		case tt.want == "" && len(causes) == 0:
		case len(causes) != 1 || !strings.HasPrefix(causes[0].Summary(), tt.want) || tt.since > 0 && !causes[0].Since.Equal(ago(tt.since).Time):
			t.Errorf("%s: %v, want %q since %s", tt.name, causes, tt.want, tt.since)
		}
	}
}

// Pods that have the same cause share its group, whatever else differs.
func TestGroup(t *testing.T) {
	f := finder{now: now}
	group := func(name string, edit func(*corev1.Pod)) string {
		causes := f.onPod(pod("StatefulSet", "twa", name, edit))
		if len(causes) != 1 {
			t.Fatalf("%s has %d causes", name, len(causes))
		}
		return causes[0].Group
	}
	refused := "failed to resolve reference: 401 Unauthorized"
	image := func(name string) func(*corev1.Pod) {
		return func(p *corev1.Pod) { p.Spec.Containers[0].Image = name }
	}
	tests := []struct {
		name string
		a, b func(*corev1.Pod)
		same bool
	}{
		{"two images of a registry", waits("ImagePullBackOff", refused, time.Hour), all(waits("ErrImagePull", refused, time.Minute), image("repository.thingpark.com/lrc:2")), true},
		{"two registries", waits("ImagePullBackOff", refused, time.Hour), all(waits("ImagePullBackOff", refused, time.Minute), image("quay.io/strimzi/kafka:0.44.0")), false},
		{"two reasons", waits("ImagePullBackOff", refused, time.Hour), waits("ImagePullBackOff", "no such host", time.Hour), false},
		{"two crash loops", hasContainer(0, loops(ended(1, "Error", "", time.Minute))), func(p *corev1.Pod) {
			hasContainer(0, loops(ended(1, "Error", "", time.Hour)))(p)
			p.Status.ContainerStatuses[0].RestartCount = 99
		}, true},
		{"two exit codes", hasContainer(0, loops(ended(1, "Error", "", 0))), hasContainer(0, loops(ended(2, "Error", "", 0))), false},
		{"names of pods", deletedAgo(time.Hour), deletedAgo(2 * time.Hour), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, b := group("twa-0", tt.a), group("twa-1", tt.b)
			if (a == b) != tt.same {
				t.Errorf("groups %q and %q: same %v, want %v", a, b, a == b, tt.same)
			}
		})
	}
}

func TestGravestFirst(t *testing.T) {
	causes := []Cause{
		{Code: ReadinessProbe, Pod: "e", Since: ago(time.Hour).Time},
		{Code: ImagePull, Pod: "d"},
		{Code: ImagePull, Pod: "c", Since: ago(time.Second).Time},
		{Code: CrashLoop, Pod: "b", Since: ago(time.Minute).Time},
		{Code: ImagePull, Pod: "a", Since: ago(time.Minute).Time, Permanent: true},
	}
	gravestFirst(causes)
	var order []string
	for _, c := range causes {
		order = append(order, c.Pod)
	}
	if got := strings.Join(order, ""); got != "abcde" {
		t.Errorf("order %s, want abcde", got)
	}
}

// An image that cannot be pulled for a moment fails nobody: only from its
// grace on is it permanent, and the workload Failed.
func TestGrace(t *testing.T) {
	for _, code := range Codes() {
		at := func(since time.Duration) Cause { return Cause{Code: code, Since: now.Add(-since)}.judged(now) }
		unknown := Cause{Code: code}.judged(now)
		switch grace := at(0).Grace; grace {
		case 0:
			if at(24 * time.Hour).Permanent {
				t.Errorf("%s is permanent, though it has no grace", code)
			}
		case atOnce:
			if !unknown.Permanent {
				t.Errorf("%s is not permanent at once", code)
			}
		default:
			if at(grace-time.Second).Permanent || !at(grace).Permanent {
				t.Errorf("%s is permanent before its grace of %v is over, or not after", code, grace)
			}
			if unknown.Permanent {
				t.Errorf("%s is permanent, though nobody knows since when it lasts", code)
			}
		}
	}
	missing := statefulSet(func(s *appsv1.StatefulSet) { s.Status.ReadyReplicas = 2 })
	for since, want := range map[time.Duration]State{20 * time.Second: Progressing, 90 * time.Second: Failed} {
		p := lrcPod(0, "lrc-new", waits("ErrImagePull", "401 Unauthorized", since))
		w := Assess(Objects{StatefulSets: []*appsv1.StatefulSet{missing}, Pods: []*corev1.Pod{p}}, now).Workloads[0]
		if w.State != want || !w.Since.Equal(now.Add(-since)) {
			t.Errorf("no image for %v: %s since %v, want %s", since, w.State, w.Since, want)
		}
	}
}

// A container without a probe is ready as soon as it runs. That is no proof if
// it has crashed again and again.
func TestReadyBetweenCrashes(t *testing.T) {
	serving := func(restarts int32, lasted, running time.Duration, probe *corev1.Probe) *corev1.Pod {
		end := ended(1, "Error", "", running+time.Second)
		end.StartedAt = ago(running + time.Second + lasted)
		status := runs(running, func(s *corev1.ContainerStatus) {
			s.Ready, s.RestartCount, s.LastTerminationState.Terminated = true, restarts, end
		})
		return lrcPod(0, "lrc-new", hasContainer(time.Hour, status), func(p *corev1.Pod) {
			setCondition(p, corev1.ContainersReady, corev1.ConditionTrue, "", "", running)
			setCondition(p, corev1.PodReady, corev1.ConditionTrue, "", "", running)
			p.Spec.Containers[0].ReadinessProbe = probe
		})
	}
	const second = time.Second
	tests := []struct {
		name   string
		pod    *corev1.Pod
		state  State
		reason string
	}{
		{"third start, just now", serving(2, second, 3*second, nil), Progressing, "ready between crashes, twa in a crash loop, exit code 1, 2 restarts"},
		{"runs for a minute", serving(2, second, 60*second, nil), Ready, ""},
		{"runs not as long as last time", serving(2, 300*second, 60*second, nil), Progressing, "ready between crashes, twa in a crash loop, exit code 1, 2 restarts"},
		{"ends well, again and again", func() *corev1.Pod {
			p := serving(2, second, 3*second, nil)
			p.Status.ContainerStatuses[0].LastTerminationState.Terminated.ExitCode = 0
			return p
		}(), Progressing, "ready between crashes, twa in a crash loop, exit code 0, 2 restarts"},
		{"the last run was no loop", serving(9, 600*second, 3*second, nil), Ready, ""},
		{"crashed once", serving(1, second, 3*second, nil), Ready, ""},
		{"a probe vouches for it", serving(2, second, 3*second, &corev1.Probe{}), Ready, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := statefulSet(func(s *appsv1.StatefulSet) {
				s.Spec.Replicas = new(int32(1))
				s.Status.Replicas, s.Status.ReadyReplicas, s.Status.UpdatedReplicas = 1, 1, 1
			})
			w := Assess(Objects{StatefulSets: []*appsv1.StatefulSet{s}, Pods: []*corev1.Pod{tt.pod}}, now).Workloads[0]
			if w.State != tt.state || w.Reason != tt.reason {
				t.Errorf("got %s %q, want %s %q", w.State, w.Reason, tt.state, tt.reason)
			}
		})
	}
}

// Without events nothing tells how long a container without a probe has been
// crashing, but for the kubelet's back-off.
func TestLongestBackOffDooms(t *testing.T) {
	end := ended(1, "Error", "", 301*time.Second)
	waiting := func(restarts int32, message string) corev1.ContainerStatus {
		s := loops(end)
		s.RestartCount, s.State.Waiting.Message = restarts, message
		return s
	}
	running := func(restarts int32, since time.Duration) corev1.ContainerStatus {
		return runs(since, func(s *corev1.ContainerStatus) {
			s.RestartCount, s.LastTerminationState.Terminated = restarts, end
		})
	}
	tests := []struct {
		name   string
		status corev1.ContainerStatus
		want   bool
	}{
		{"waiting, again", waiting(8, "back-off 5m0s restarting failed container=twa"), true},
		{"waiting, for the first time", waiting(7, "back-off 5m0s restarting failed container=twa"), false},
		{"waiting for less: an old pod in a young loop", waiting(99, "back-off 20s restarting failed container=twa"), false},
		{"running, after a long wait", running(8, time.Second), true},
		{"running, after a shorter wait", running(8, 3*time.Second), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			causes := (finder{now: now}).onPod(pod("StatefulSet", "twa", "twa-0", hasContainer(time.Minute, tt.status)))
			if len(causes) != 1 || causes[0].Code != CrashLoop || causes[0].Permanent != tt.want {
				t.Errorf("causes %+v, want a crash loop, permanent: %v", causes, tt.want)
			}
		})
	}
}

// A container that is not started again has the log of its end as its own. One that is has it as the
// one before, from a moment later on.
func TestWhichLog(t *testing.T) {
	over := func(end *corev1.ContainerStateTerminated) corev1.ContainerStatus {
		return corev1.ContainerStatus{State: corev1.ContainerState{Terminated: end}}
	}
	again := func(end *corev1.ContainerStateTerminated) corev1.ContainerStatus {
		return runs(time.Second, func(s *corev1.ContainerStatus) { s.RestartCount, s.LastTerminationState.Terminated = 7, end })
	}
	never := func(p *corev1.Pod) { p.Spec.RestartPolicy = corev1.RestartPolicyNever }
	crashed, killed := ended(1, "Error", "", time.Minute), ended(137, "OOMKilled", "", time.Minute)
	for _, tt := range []struct {
		name string
		pod  func(*corev1.Pod)
		want Logs
	}{
		{"OOM-killed, and starts again", hasContainer(time.Minute, over(killed)), PreviousLogs},
		{"OOM-killed, and over", all(hasContainer(time.Minute, over(killed)), never), CurrentLogs},
		{"OOM-killed, and the pod failed", all(hasContainer(time.Minute, over(killed)), func(p *corev1.Pod) { p.Status.Phase = corev1.PodFailed }), CurrentLogs},
		{"OOM-killed, and backs off", hasContainer(time.Minute, loops(killed)), PreviousLogs},
		{"crashed, and over", all(hasContainer(time.Minute, over(crashed)), never), CurrentLogs},
		{"crashed, and runs again", hasContainer(time.Minute, again(crashed)), PreviousLogs},
		{"an init container that crashed, and backs off", all(hasContainer(time.Minute, loops(crashed)), asInit), CurrentLogs},
		{"an init container that crashed, and runs again", all(hasContainer(time.Minute, again(crashed)), asInit), PreviousLogs},
		{"an init container that runs", all(hasContainer(time.Minute, runs(time.Minute, func(*corev1.ContainerStatus) {})), asInit), CurrentLogs},
	} {
		causes := (finder{now: now}).onPod(pod("StatefulSet", "twa", "twa-0", tt.pod))
		if len(causes) != 1 || causes[0].Logs() != tt.want {
			t.Errorf("%s: %+v, want the %s log", tt.name, causes, tt.want)
		}
	}
}

func TestCrashes(t *testing.T) {
	killed := all(hasContainer(0, runs(time.Hour, func(s *corev1.ContainerStatus) {
		s.Ready, s.RestartCount, s.LastTerminationState.Terminated = true, 1, ended(137, "OOMKilled", "", time.Hour)
	})), func(p *corev1.Pod) { setCondition(p, corev1.PodReady, corev1.ConditionTrue, "", "", time.Hour) })
	well := hasContainer(0, runs(time.Hour, func(s *corev1.ContainerStatus) {
		s.RestartCount, s.LastTerminationState.Terminated = 1, ended(0, "Completed", "", time.Hour)
	}))
	down := hasContainer(0, loops(ended(1, "Error", "", 0)))
	p := Assess(Objects{Pods: []*corev1.Pod{pod("StatefulSet", "x", "z", killed), pod("StatefulSet", "x", "y", well), pod("StatefulSet", "x", "w", down)}}, now)
	want := []Cause{{
		Code: OOMKilled, Object: Object{"Pod", "z"}, Pod: "z", Container: "twa", Reason: "OOMKilled",
		Message: "exit code 137", Since: ago(time.Hour).Time, Restarts: 1, Group: "twa OOMKilled",
	}}
	if diff := cmp.Diff(want, p.Crashes, cmpopts.IgnoreFields(Cause{}, "Brief", "Grace", "LogsOf")); diff != "" {
		t.Errorf("crashes (-want +got):\n%s", diff)
	}
}

// The root of a long chain of errors is at its end, beyond what a message may be.
func TestLongWords(t *testing.T) {
	c := Cause{Code: StartFailed, Container: "twa", Message: "cannot prepare " + strings.Repeat("the root of ", 200) + ": no space left on device"}.judged(now)
	says := c.Summary()
	if !strings.HasPrefix(says, "cannot start twa: cannot prepare the root of") || !strings.HasSuffix(says, ": no space left on device") || len(says) > 300 {
		t.Errorf("%d bytes: %q", len(says), says)
	}
}

func TestClean(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"lines", " a\r\n\tb  c ", "a b c"},
		{"terminal codes", "\x1b]0;x\x07red\u202etxet", "]0;xredtxet"},
		{"not UTF-8", "a\xff\xfeb", "a\ufffd\ufffdb"},
		{"long", strings.Repeat("é", 1001), strings.Repeat("é", 1000) + "…"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := clean(tt.in); got != tt.want {
				t.Errorf("clean(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

// Whatever is being deleted is not ready, and a job that is does not count as ended: its
// status is that of before.
func TestWhatIsBeingDeletedIsNotDone(t *testing.T) {
	gone := func(o metav1.Object) {
		o.SetDeletionTimestamp(new(ago(time.Minute)))
		o.SetFinalizers([]string{"foregroundDeletion"})
	}
	d := deployment(func(*appsv1.Deployment) {})
	j := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: "pum-process"}, Status: batchv1.JobStatus{Conditions: []batchv1.JobCondition{jobIs(batchv1.JobComplete, "", "")}}}
	o := Objects{Deployments: []*appsv1.Deployment{d}, Jobs: []*batchv1.Job{j}}
	if a := Assess(o, now); a.Workloads[0].State != Ready || a.Jobs[0].State != JobComplete {
		t.Fatalf("before: %+v", a)
	}
	gone(d)
	gone(j)
	a := Assess(o, now)
	const want = "being deleted, waiting for foregroundDeletion"
	if w := a.Workloads[0]; w.State != Progressing || w.Reason != want || !w.Since.Equal(now.Add(-time.Minute)) {
		t.Errorf("the workload: %+v", w)
	}
	if j := a.Jobs[0]; j.State != JobFinishing || j.Reason != want || !j.FinishedAt.IsZero() {
		t.Errorf("the job: %+v", j)
	}
}
