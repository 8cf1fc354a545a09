// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"cmp"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Kafka assesses a Strimzi Kafka cluster, given what was read of its namespace and
// the causes found for it.
//
// It is ready if the operator says so in the condition Ready, and
// status.observedGeneration is the generation: the operator leaves an old condition
// in place until it reconciles. It sets no condition Ready to False, but one
// NotReady to True (Strimzi: StatusUtils), and removes both while reconciliation is
// paused. The condition does not count before the operator that runs now has
// reconciled the cluster, nor before all brokers run the wanted version of Kafka
// (status.operatorLastSuccessfulVersion and kafkaVersion, Strimzi proposal 84).
//
// A migration of its metadata goes on by itself, and restarts nodes: see migrating.
//
// Whatever the operator says, all wanted brokers, controllers and ZooKeeper nodes
// have to be ready: see nodesOf. Want and Ready count brokers.
func Kafka(k *unstructured.Unstructured, o Objects, causes []Cause) Workload {
	w := Workload{Kind: "Kafka", Name: k.GetName()}
	c := nodesOf(k, o)
	w.Want, w.Ready = c.brokers.want, c.brokers.ready
	conditions := conditions(k)
	if step, ok := paused(k, conditions); ok {
		return w.at(step, causes)
	}
	if isNew(conditions) {
		w.Updated = w.Ready
		return w.at(notReadyStep(conditions), causes)
	}
	if step, ok := observed(k); !ok {
		return w.at(step, ofOlderSpec(causes))
	}
	if slices.ContainsFunc(c.pools, isUnseen) {
		return w.at(unseen("its operator"), ofOlderSpec(causes))
	}
	w.Updated = w.Ready
	if conditions["Ready"].status != "True" || conditions["NotReady"].status == "True" {
		return w.at(notReadyStep(conditions), causes)
	}
	if step, ok := anotherVersion(k, o); ok {
		return w.at(step, causes)
	}
	s := c.step()
	if o.Pods == nil && c.known {
		w.Ready, w.Updated = w.Want, w.Want // as the operator says
		s = step{state: Ready}
	}
	if s.state == Ready && lacksEntityOperator(k, o) {
		s = step{state: Progressing, doing: "waiting for its entity operator", detail: "Deployment " + k.GetName() + "-entity-operator is missing"}
	}
	if s.state == Ready && migrating(k) {
		s = step{state: Progressing, doing: "migrating its metadata", detail: clean(stringAt(k, "status", "kafkaMetadataState"))}
	}
	return w.at(s, causes)
}

// ofOlderSpec returns the causes that are on pods, none of them permanent: the latest spec, which the
// operator has not seen yet, may remove them. What the operator says belongs to the spec before.
func ofOlderSpec(causes []Cause) []Cause {
	var found []Cause
	for _, c := range causes {
		if c.Pod != "" {
			c.Permanent = false
			found = append(found, c)
		}
	}
	return found
}

// anotherVersion reports whether the condition Ready is of another operator than the one that runs,
// or of brokers of another version than the one that is wanted, or of metadata of another version: the
// operator raises that after the last broker, and tries again in each reconciliation (Strimzi: KRaftMetadataManager).
func anotherVersion(k *unstructured.Unstructured, o Objects) (step, bool) {
	now, last := operatorVersion(o.Deployments), versionIn(stringAt(k, "status", "operatorLastSuccessfulVersion"))
	if now != "" && last != "" && now != last {
		return step{state: Progressing, doing: "waiting for its operator " + now, detail: "last reconciled by " + last}, true
	}
	want, is := stringAt(k, "spec", "kafka", "version"), stringAt(k, "status", "kafkaVersion")
	if want != "" && is != "" && want != is {
		return step{state: Progressing, doing: "waiting for Kafka " + clean(want), detail: "its brokers ran " + clean(is) + " when its operator last finished"}, true
	}
	if c, ok := warningOf(k, "MetadataUpdateFailed"); ok {
		return step{state: Progressing, doing: "its operator will raise the metadata version again", detail: clean(c)}, true
	}
	return step{}, false
}

// lacksEntityOperator reports whether the operator should have deployed the operators of topics and
// users, and has not: both are in one Deployment, which is there if the spec asks for either (Strimzi:
// EntityOperator.fromCrd, KafkaResources.entityOperatorDeploymentName).
func lacksEntityOperator(k *unstructured.Unstructured, o Objects) bool {
	wanted := field(k, "spec", "entityOperator", "topicOperator") != nil || field(k, "spec", "entityOperator", "userOperator") != nil
	return wanted && o.Deployments != nil && !slices.ContainsFunc(o.Deployments, func(d *appsv1.Deployment) bool {
		return d.Name == k.GetName()+"-entity-operator"
	})
}

// migrating reports whether the operator will take a Kafka cluster further between ZooKeeper
// and KRaft. It goes as far as the annotation says, a step in each reconciliation; in
// KRaftPostMigration it waits until the annotation is changed (Strimzi:
// KafkaMetadataStateManager). The annotation is no part of the spec's generation.
func migrating(k *unstructured.Unstructured) bool {
	asked := k.GetAnnotations()["strimzi.io/kraft"]
	switch stringAt(k, "status", "kafkaMetadataState") {
	case "ZooKeeper":
		return asked == "migration"
	case "KRaftMigration", "KRaftDualWriting", "PreKRaft":
		return true
	case "KRaftPostMigration":
		return asked == "enabled" || asked == "rollback"
	}
	return false
}

// paused reports whether the reconciliation of a Kafka cluster is paused by its
// annotation. The operator's condition stays until it reconciles again.
func paused(k *unstructured.Unstructured, conditions map[string]customCondition) (step, bool) {
	c := conditions["ReconciliationPaused"]
	annotation, ok := k.GetAnnotations()["strimzi.io/pause-reconciliation"]
	if annotation == "true" || !ok && c.status == "True" {
		return step{state: Paused, doing: "its operator's reconciliation is paused", since: c.since}, true
	}
	return step{}, false
}

// isNew reports whether the operator is deploying a Kafka cluster for the first time. Until the end of
// its first reconciliation, minutes later, observedGeneration is 0 (Strimzi: initialStatus).
func isNew(conditions map[string]customCondition) bool {
	c := conditions["NotReady"]
	return c.status == "True" && c.reason == "Creating"
}

// isUnseen reports whether the operator has an observedGeneration that is not the
// latest.
func isUnseen(u *unstructured.Unstructured) bool {
	seen, ok := toInt(field(u, "status", "observedGeneration"))
	return ok && seen < u.GetGeneration()
}

func notReadyStep(conditions map[string]customCondition) step {
	c, ok := conditions["NotReady"]
	if !ok || c.status != "True" {
		return step{state: Progressing, doing: "not ready", detail: "its operator gives no reason", since: conditions["Ready"].since}
	}
	return step{state: Progressing, doing: "not ready", detail: clean(joined(c.reason, c.message)), since: c.since}
}

// kafkaCauses returns the cause in the operator's status. While every node serves it
// is not permanent: the condition stays for as long as the operator is at work, which
// may fix it (strimzi-kafka-operator#12575). It cannot fix an invalid spec: see invalidSpec.
func kafkaCauses(k *unstructured.Unstructured, o Objects, now time.Time) []Cause {
	all := conditions(k)
	c := all["NotReady"]
	if c.status != "True" || isNew(all) {
		return nil
	}
	message := cmp.Or(joined(c.reason, c.message), "its operator reports NotReady without a reason")
	cause := Cause{Code: OperatorError, Object: Object{"Kafka", k.GetName()}, Reason: c.reason, Message: message, Since: c.since}.judged(now)
	if nodes := nodesOf(k, o); o.Pods != nil && nodes.step().state == Ready && !slices.Contains(invalidSpec, c.reason) {
		cause.Permanent = false
	}
	return []Cause{cause}
}

// invalidSpec has the operator's exceptions for a spec that it refuses, which are the reasons of its
// conditions: InvalidResourceException and those that extend it (strimzi-kafka-operator:
// KafkaVersion.java, KafkaUpgradeException.java). The last two may be about a version that only a
// newer operator knows, which may be about to be installed.
var invalidSpec = []string{"InvalidResourceException", "UnsupportedKafkaVersionException", "KafkaUpgradeException"}

// strimziPods returns the pods of a Kafka cluster that StrimziPodSets control.
func strimziPods(k *unstructured.Unstructured, all []*corev1.Pod) []*corev1.Pod {
	return filter(all, func(p *corev1.Pod) bool {
		c := metav1.GetControllerOf(p)
		return c != nil && c.Kind == "StrimziPodSet" && p.Labels["strimzi.io/cluster"] == k.GetName()
	})
}
