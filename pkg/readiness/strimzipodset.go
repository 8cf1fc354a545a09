// SPDX-License-Identifier: Apache-2.0

package readiness

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

// StrimziPodSet tells how far a set of pods of Strimzi is, given the causes
// found for it: the spec is observed, and as many pods as are listed there
// exist, are of the current revision, and are ready (Strimzi:
// StrimziPodSetStatus).
func StrimziPodSet(s *unstructured.Unstructured, causes []Cause) Workload {
	w := Workload{Kind: "StrimziPodSet", Name: s.GetName()}
	list, ok := field(s, "spec", "pods").([]any)
	w.Want = int32(len(list))
	w.Ready, _ = countAt(s, "status", "readyPods")
	w.Updated, _ = countAt(s, "status", "currentPods")
	count, _ := countAt(s, "status", "pods")
	if !ok {
		return w.at(step{state: Unknown, doing: "its spec lists no pods"}, nil)
	}
	if step, ok := observed(s); !ok {
		return w.at(step, nil)
	}
	switch {
	case count > w.Want:
		return w.at(progress("scaling down", "%s left to stop", pods(count-w.Want)), causes)
	case w.Updated < w.Want:
		return w.at(progress("rolling", "%d of %s updated", w.Updated, pods(w.Want)), causes)
	case w.Ready < w.Want:
		return w.at(progress("starting", "%d of %s ready", w.Ready, pods(w.Want)), causes)
	}
	return w.at(finished(w.Want), nil)
}
