// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// StrimziPodSet assesses a StrimziPodSet, given the pods that it owns and the causes
// found for it: the spec is observed, and as many pods as it lists exist, have the current
// revision, and are ready (Strimzi: StrimziPodSetController).
//
// The operator writes the status, and may have stopped doing so
// (strimzi-kafka-operator#8450, #7290): the pods themselves have to be ready,
// too. Pods are nil if they could not be read.
func StrimziPodSet(s *unstructured.Unstructured, owned []*corev1.Pod, causes []Cause) Workload {
	w := Workload{Kind: "StrimziPodSet", Name: s.GetName()}
	list, ok := itemsAt(s, "spec", "pods")
	w.Want = int32(len(list))
	w.Ready, _ = countAt(s, "status", "readyPods")
	w.Updated, _ = countAt(s, "status", "currentPods")
	count, _ := countAt(s, "status", "pods")
	if owned != nil {
		w.Ready = min(w.Ready, int32(len(filter(owned, serves))))
		w.Updated = min(w.Updated, int32(len(filter(owned, listedBy(s)))))
		count = max(count, int32(len(owned)))
	}
	if !ok {
		return w.at(step{state: Unknown, doing: "its spec lists no pods"}, nil)
	}
	if step, ok := observed(s); !ok {
		return w.at(step, nil)
	}
	switch {
	case count > w.Want:
		return w.at(progress("scaling down", "%s too many", pods(count-w.Want)), causes)
	case w.Updated < w.Want:
		return w.at(progress("rolling out", "%d of %s updated", w.Updated, pods(w.Want)).from(unreadySince(owned)), causes)
	case w.Ready < w.Want:
		return w.at(progress("starting", "%d of %s ready", w.Ready, pods(w.Want)).from(unreadySince(owned)), causes)
	}
	return w.at(finished(w.Want), nil)
}

// revision is the annotation with a pod's revision (Strimzi: PodRevision).
const revision = "strimzi.io/revision"

// listedBy accepts the pods of the revision that their StrimziPodSet lists, or of
// which one of the two revisions is unknown. The operator replaces the others even
// if they do not start (Strimzi: KafkaRoller, POD_HAS_OLD_REVISION).
func listedBy(s *unstructured.Unstructured) func(*corev1.Pod) bool {
	wanted := map[string]string{}
	list, _ := itemsAt(s, "spec", "pods")
	for _, p := range list {
		wanted[stringAt(p, "metadata", "name")] = stringAt(p, "metadata", "annotations", revision)
	}
	return func(p *corev1.Pod) bool {
		want, has := wanted[p.Name], p.Annotations[revision]
		return want == "" || has == "" || want == has
	}
}
