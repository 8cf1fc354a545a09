// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A Hook is a hook of Helm that is at work: a Job, or a Pod without a controller. Helm waits
// for it (helm.sh/helm: pkg/kube, WatchUntilReady).
type Hook struct {
	Object
	Release   string // the Helm release that it belongs to, if known
	CreatedAt time.Time
}

// isHook is the annotation of what Helm runs before or after it installs, upgrades or deletes
// (helm.sh/helm: pkg/release/v1/hook.go).
const isHook = "helm.sh/hook"

// Hooks returns the hooks that are at work, and may succeed.
func (a *Assessment) Hooks() []Hook {
	found := a.HookPods
	for _, j := range a.Jobs {
		if j.Origin.Hook && !j.State.Final() && !j.CannotRecover() {
			found = append(found[:len(found):len(found)], Hook{j.Object(), j.Release, j.CreatedAt})
		}
	}
	return found
}

// hookPods returns the hooks among the pods.
func (a assessor) hookPods() []Hook {
	var found []Hook
	for _, p := range a.Pods {
		if _, ok := p.Annotations[isHook]; ok && metav1.GetControllerOf(p) == nil && !hasEnded(p) && !anyPermanent(a.find.onPod(p)) {
			found = append(found, Hook{Object{"Pod", p.Name}, helmRelease(p), p.CreationTimestamp.Time})
		}
	}
	return found
}
