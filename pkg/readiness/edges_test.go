// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Whatever is there, the assessment is not empty.
func TestEmpty(t *testing.T) {
	for _, tt := range []struct {
		workloads, jobs, cronJobs int
		want                      bool
	}{
		{0, 0, 0, true}, {1, 0, 0, false}, {0, 1, 0, false}, {0, 0, 1, false}, {1, 1, 0, false}, {1, 0, 1, false}, {0, 1, 1, false}, {2, 1, 1, false},
	} {
		a := Assessment{Workloads: make([]Workload, tt.workloads), Jobs: make([]Job, tt.jobs), CronJobs: make([]CronJob, tt.cronJobs)}
		if got := a.empty(); got != tt.want {
			t.Errorf("%d workloads, %d jobs, %d CronJobs: empty %v", tt.workloads, tt.jobs, tt.cronJobs, got)
		}
	}
}

func TestBeingDeleted(t *testing.T) {
	p := twa()
	if got := beingDeleted(p); got != "being deleted" {
		t.Error(got)
	}
	p.Finalizers = []string{"a/b", "c"}
	if got := beingDeleted(p); got != "being deleted, waiting for a/b, c" {
		t.Error(got)
	}
}

// What is normal while a pod starts is nothing that a status hides.
func TestBroken(t *testing.T) {
	probed := runs(time.Hour, func(s *corev1.ContainerStatus) {})
	for name, tt := range map[string]struct {
		pod  *corev1.Pod
		want int
	}{
		"a probe":  {twa(notReady(time.Hour), hasContainer(time.Hour, probed)), 0},
		"an image": {twa(notReady(time.Hour), pullFails("ImagePullBackOff", time.Hour)), 1},
	} {
		f := newFinder(Objects{Pods: []*corev1.Pod{tt.pod}}, now)
		if all := f.onContainers(tt.pod); len(all) != 1 {
			t.Errorf("%s: %+v", name, all)
		}
		if got := f.broken([]*corev1.Pod{tt.pod}); len(got) != tt.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// How the last run ended is said of one that was restarted.
func TestStartupSummary(t *testing.T) {
	for restarts, want := range map[int32]string{0: "startup probe: has not passed yet", 1: "startup probe: has not passed yet, 1 restart, last exit code 1"} {
		c := Cause{Code: StartupProbe, Restarts: restarts, LastExit: "last exit code 1"}
		if got := c.startupSummary(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// The warnings of a claim, which many pods may share, are searched for once.
func TestWarningsAreSearchedForOnce(t *testing.T) {
	c := claim("data", corev1.ClaimPending)
	f := newFinder(Objects{Claims: []*corev1.PersistentVolumeClaim{c}}, now)
	f.warningsOf(c)
	if _, ok := f.warned["data"]; !ok {
		t.Error("what was found is forgotten")
	}
}

// An eviction explains why another pod starts, until ten minutes later.
func TestEvictedUntil(t *testing.T) {
	for since, want := range map[time.Duration]int{long: 1, long + 1: 0} {
		p := twa(notReady(since), func(p *corev1.Pod) { p.Status.Phase, p.Status.Reason = corev1.PodFailed, "Evicted" })
		if got := newFinder(Objects{}, now).evicted([]*corev1.Pod{p}, every); len(got) != want {
			t.Errorf("%s ago: %+v", since, got)
		}
	}
}
