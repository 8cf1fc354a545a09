// SPDX-License-Identifier: Apache-2.0

//go:build unix

package readiness

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Twenty times as many pods take about twenty times as long, not four hundred: whether
// each has trouble of its own, or all that of one claim.
func TestManyPods(t *testing.T) {
	pulls := func(i int) (*corev1.Pod, *corev1.Event) {
		name := fmt.Sprintf("twa-%d", i)
		p := pod("StatefulSet", "twa", name, waits("ImagePullBackOff", `Back-off pulling image "x": ErrImagePull: failed to authorize: failed to fetch anonymous token: unexpected status: 401 Unauthorized `+name, time.Hour))
		return p, event(Object{"Pod", name}, "twa", "Failed", "Failed to pull image: 401 Unauthorized", time.Hour, 0)
	}
	shares := func(i int) (*corev1.Pod, *corev1.Event) {
		p := pod("StatefulSet", "twa", fmt.Sprintf("twa-%d", i), unscheduled("Unschedulable", "pod has unbound immediate PersistentVolumeClaims", time.Hour), usesClaim("data"))
		return p, event(Object{"PersistentVolumeClaim", "data"}, "", "ProvisioningFailed", fmt.Sprint("request ", i), time.Hour, 0)
	}
	for name, make := range map[string]func(int) (*corev1.Pod, *corev1.Event){"images": pulls, "a claim": shares} {
		took := func(n int) time.Duration {
			o := Objects{Claims: []*corev1.PersistentVolumeClaim{claim("data", corev1.ClaimPending)}}
			for i := range n {
				p, e := make(i)
				o.Pods, o.Events = append(o.Pods, p), append(o.Events, e)
			}
			best := time.Hour
			for range 3 {
				start := cpuTime(t)
				if found := newFinder(o, now).onPods(o.Pods, func(*corev1.Pod) bool { return true }); len(found) != n {
					t.Fatalf("%d causes of %d pods", len(found), n)
				}
				best = min(best, cpuTime(t)-start)
			}
			return best
		}
		if few, many := took(500), took(10_000); many > 100*few {
			t.Errorf("%s: 500 pods take %v, 10000 take %v", name, few, many)
		}
	}
}

// cpuTime is what this process took of the processors: a busy machine makes it
// wait, which is not its own work.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
