// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"fmt"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-tpe/kubectl-tpe/test/cost"
)

// The time it takes to find causes grows with the number of pods, whether each has a cause
// of its own or all share that of one claim.
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
		t.Run(name, func(t *testing.T) {
			cost.Linear(t, 500, 10_000, func(n int) func() {
				o := Objects{Claims: []*corev1.PersistentVolumeClaim{claim("data", corev1.ClaimPending)}}
				for i := range n {
					p, e := make(i)
					o.Pods, o.Events = append(o.Pods, p), append(o.Events, e)
				}
				return func() {
					if found := newFinder(o, now).onPods(o.Pods, func(*corev1.Pod) bool { return true }); len(found) != n {
						t.Fatalf("%d causes of %d pods", len(found), n)
					}
				}
			})
		})
	}
}

// The time it takes to assess workloads grows with their number, whether the ReplicaSets are the
// Deployments' own or look adopted.
func TestManyWorkloads(t *testing.T) {
	for name, owner := range map[string]string{"own": "-abc", "adopted": "-by-hand"} {
		t.Run(name, func(t *testing.T) {
			cost.Linear(t, 250, 5000, func(n int) func() {
				var o Objects
				for i := range n {
					name := fmt.Sprintf("twa-%d", i)
					o.Deployments = append(o.Deployments, deployment(func(d *appsv1.Deployment) {
						d.Name, d.Spec.Selector = name, &metav1.LabelSelector{MatchLabels: map[string]string{"app": name, "instance": "tpe"}}
					}))
					for j := range 2 {
						o.Pods = append(o.Pods, pod("ReplicaSet", name+owner, fmt.Sprint(name, "-", j), func(p *corev1.Pod) {
							p.Labels = map[string]string{"app": name, "instance": "tpe", appsv1.DefaultDeploymentUniqueLabelKey: "abc"}
						}))
					}
				}
				return func() {
					for _, w := range Assess(o, now).Workloads {
						if w.State != Ready {
							t.Fatalf("%s is %s: %s", w.Name, w.State, w.Reason)
						}
					}
				}
			})
		})
	}
}
