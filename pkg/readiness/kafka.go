// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Kafka tells how far a Strimzi Kafka cluster is, given the pods of its
// namespace and the causes found for it. Pods are nil if they could not be
// read.
//
// Ready is what the operator says in the condition Ready, and only if
// status.observedGeneration is the generation: the operator leaves an old
// condition in place until it reconciles. It has no condition Ready that is
// False, but one NotReady that is True (Strimzi: StatusUtils), and it drops
// both while reconciliation is paused.
//
// The brokers are counted on their pods, for the Kafka resource tells no
// numbers, and the StrimziPodSets that do are hidden from the documented
// operator account. A broker that is down keeps the cluster from being ready
// even if the operator has not noticed.
func Kafka(k *unstructured.Unstructured, all []*corev1.Pod, causes []Cause) Workload {
	w := Workload{Kind: "Kafka", Name: k.GetName()}
	brokers := brokers(k, all)
	var told bool
	if w.Want, told = countAt(k, "spec", "kafka", "replicas"); !told {
		w.Want = int32(len(brokers)) // node pools have the numbers
	}
	w.Ready = int32(len(filter(brokers, serves)))

	if step, ok := observed(k); !ok {
		return w.at(step, nil)
	}
	if !told && all != nil && len(brokers) == 0 {
		return w.at(step{state: Unknown, doing: "neither its spec nor any pod tells of a broker"}, causes)
	}
	w.Updated = w.Ready
	conditions := conditions(k)
	ready := conditions["Ready"].status == "True" && conditions["NotReady"].status != "True"
	switch {
	case k.GetAnnotations()["strimzi.io/pause-reconciliation"] == "true" || conditions["ReconciliationPaused"].status == "True":
		return w.at(step{state: Paused, doing: "its operator's reconciliation is paused", since: conditions["ReconciliationPaused"].since}, causes)
	case ready && all == nil:
		w.Ready, w.Updated = w.Want, w.Want // the operator's word
		return w.at(step{state: Ready}, nil)
	case !ready:
		return w.at(kafkaTrouble(conditions), causes)
	case w.Ready < w.Want:
		return w.at(progress("starting", "%d of %s ready", w.Ready, pods(w.Want)).from(unreadySince(brokers)), causes)
	}
	return w.at(step{state: Ready}, nil)
}

func kafkaTrouble(conditions map[string]customCondition) step {
	c, ok := conditions["NotReady"]
	if !ok || c.status != "True" {
		return step{state: Progressing, doing: "not ready", detail: "its operator does not say why", since: conditions["Ready"].since}
	}
	return step{state: Progressing, doing: "not ready", detail: clean(joined(c.reason, c.message)), since: c.since}
}

// brokers returns the pods of a Kafka cluster, but not those of its ZooKeeper.
// Strimzi labels each pod with its cluster and its component's name.
func brokers(k *unstructured.Unstructured, all []*corev1.Pod) []*corev1.Pod {
	return filter(all, func(p *corev1.Pod) bool {
		return p.Labels["strimzi.io/cluster"] == k.GetName() && p.Labels["strimzi.io/name"] == k.GetName()+"-kafka"
	})
}

// kafkaCauses is the cause that the operator's status tells.
func kafkaCauses(k *unstructured.Unstructured, now time.Time) []Cause {
	c := conditions(k)["NotReady"]
	if c.status != "True" || c.reason == "Creating" {
		return nil
	}
	cause := Cause{Code: OperatorError, Object: Object{"Kafka", k.GetName()}, Reason: c.reason, Message: joined(c.reason, c.message), Since: c.since}
	return []Cause{cause.judged(now)}
}

// strimziPods returns all pods of a Kafka cluster that Strimzi's operator keeps.
func strimziPods(k *unstructured.Unstructured, all []*corev1.Pod) []*corev1.Pod {
	return filter(all, func(p *corev1.Pod) bool {
		c := metav1.GetControllerOf(p)
		return c != nil && c.Kind == "StrimziPodSet" && p.Labels["strimzi.io/cluster"] == k.GetName()
	})
}
