// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"cmp"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// kafkaNodes counts the nodes of a Kafka cluster: how many there should be, and how
// many there are.
type kafkaNodes struct {
	brokers, controllers, zookeepers tally  // controllers are those that are not brokers, too
	known                            bool   // whether it is known how many there should be
	refused                          string // why the operator removes none of those too many, in its words; empty if it does not refuse
	pools                            []*unstructured.Unstructured
}

// A tally is how many nodes of a kind are wanted, exist, and are ready.
type tally struct {
	want, there, ready int32
	since              time.Time // since when one of them is not ready
}

func (t *tally) add(pods []*corev1.Pod) {
	t.there, t.ready, t.since = int32(len(pods)), int32(len(filter(pods, serves))), unreadySince(pods)
}

// nodesOf counts the nodes of a Kafka cluster. Those that exist are counted by their
// pods. How many there should be is known from the first of these:
//   - the KafkaNodePools of the cluster, which also say who is a controller,
//   - spec.kafka.replicas, without node pools: with them it is a leftover that the
//     operator ignores (strimzi-kafka-operator#8770, #10076),
//   - the StrimziPodSets of the cluster,
//   - the node ids in status.kafkaNodePools, of brokers and controllers alike.
//
// The pods prove nothing about that: one that is gone would not be missed. ZooKeeper
// nodes, though, are wanted only if there is one, or if the operator says that the metadata is
// in ZooKeeper, as it does since 0.40: brokers that are ready without any may have it elsewhere.
func nodesOf(k *unstructured.Unstructured, o Objects) kafkaNodes {
	c := kafkaNodes{refused: scaleDownRefused(k)}
	nodes := componentPods(k, "kafka", o.Pods)
	c.brokers.add(filter(nodes, isBroker))
	c.controllers.add(filter(nodes, not(isBroker)))
	if zookeepers := componentPods(k, "zookeeper", o.Pods); usesZooKeeper(k) && (len(zookeepers) > 0 || stringAt(k, "status", "kafkaMetadataState") == "ZooKeeper") {
		c.zookeepers.add(zookeepers)
		c.zookeepers.want, _ = countAt(k, "spec", "zookeeper", "replicas")
	}
	pools := ofCluster(k, o.KafkaNodePools)
	pooled := usesPools(k, pools)
	n, replicas := countAt(k, "spec", "kafka", "replicas")
	switch ids, listed := nodeIDs(k); {
	case pooled && len(pools) > 0:
		c.pools = pools
		c.known = c.wantPools()
	case !pooled && replicas:
		c.known, c.brokers.want = true, n
	case c.wantPodSets(ofCluster(k, o.StrimziPodSets)):
		c.known = true
	case listed: // those that are missing may be either
		c.known, c.controllers.want = true, c.controllers.there
		c.brokers.want = max(0, ids-c.controllers.there)
	}
	if !c.known {
		c.brokers.want = c.brokers.there
	}
	return c
}

// wantPools counts what the node pools ask for.
func (c *kafkaNodes) wantPools() bool {
	for _, pool := range c.pools {
		n, ok := countAt(pool, "spec", "replicas")
		if !ok {
			return false
		}
		roles, _ := field(pool, "spec", "roles").([]any)
		if len(roles) == 0 || slices.Contains(roles, any("broker")) {
			c.brokers.want = sum(c.brokers.want, n)
		} else {
			c.controllers.want = sum(c.controllers.want, n)
		}
	}
	return true
}

// sum adds numbers of pods without overflow: a damaged object may have any.
func sum(a, b int32) int32 { return int32(min(int64(a)+int64(b), math.MaxInt32)) }

// wantPodSets counts what the cluster's StrimziPodSets ask for, if there are any.
func (c *kafkaNodes) wantPodSets(sets []*unstructured.Unstructured) bool {
	found := false
	for _, set := range sets {
		if labels := set.GetLabels(); labels["strimzi.io/name"] != labels["strimzi.io/cluster"]+"-kafka" {
			continue
		}
		list, ok := itemsAt(set, "spec", "pods")
		if !ok {
			return false
		}
		found = true
		for _, pod := range list {
			if stringAt(pod, "metadata", "labels", "strimzi.io/broker-role") == "false" {
				c.controllers.want++
			} else {
				c.brokers.want++
			}
		}
	}
	return found
}

// step says how far the nodes are.
func (c *kafkaNodes) step() step {
	if !c.known {
		return step{state: Unknown, doing: "cannot tell how many brokers it should have"}
	}
	kinds := []struct {
		tally
		name string
	}{{c.brokers, "broker"}, {c.controllers, "controller"}, {c.zookeepers, "ZooKeeper node"}}
	for _, kind := range kinds {
		switch {
		case kind.ready < kind.want:
			return progress("starting", "%d of %s ready", kind.ready, counted(kind.want, kind.name)).from(kind.since)
		case kind.there > kind.want && c.refused != "":
			return step{state: Progressing, doing: "its operator refuses to remove " + counted(kind.there-kind.want, kind.name), detail: clean(c.refused)}
		case kind.there > kind.want:
			return progress("scaling down", "%s too many", counted(kind.there-kind.want, kind.name))
		}
	}
	if c.brokers.want == 0 {
		return step{state: Unknown, doing: "its spec asks for no brokers"}
	}
	return step{state: Ready}
}

// scaleDownRefused returns why the operator does not remove nodes: they hold partitions. It says
// so in a warning, and continues as if the spec had not changed (Strimzi: KafkaClusterCreator,
// revertScaleDown).
func scaleDownRefused(k *unstructured.Unstructured) string {
	message, _ := warningOf(k, "ScaleDownPreventionCheck")
	return message
}

// warningOf returns what a warning of the operator with a reason says. There may be several warnings.
func warningOf(k *unstructured.Unstructured, reason string) (string, bool) {
	list, _ := itemsAt(k, "status", "conditions")
	for _, c := range list {
		if stringAt(c, "reason") == reason && stringAt(c, "status") == "True" {
			return cmp.Or(stringAt(c, "message"), reason), true
		}
	}
	return "", false
}

// usesPools reports whether a Kafka cluster consists of node pools. From 0.46 on
// every one does; before, the annotation says so.
func usesPools(k *unstructured.Unstructured, pools []*unstructured.Unstructured) bool {
	switch k.GetAnnotations()["strimzi.io/node-pools"] {
	case "enabled":
		return true
	case "disabled":
		return false
	}
	_, replicas := countAt(k, "spec", "kafka", "replicas")
	_, listed := nodeIDs(k)
	return !replicas || listed || len(pools) > 0
}

// usesZooKeeper reports whether a Kafka cluster keeps its metadata in ZooKeeper.
// During a migration to KRaft and after it, the ZooKeeper nodes are removed.
func usesZooKeeper(k *unstructured.Unstructured) bool {
	state, kraft := stringAt(k, "status", "kafkaMetadataState"), k.GetAnnotations()["strimzi.io/kraft"]
	return (state == "" || state == "ZooKeeper") && (kraft == "" || kraft == "disabled")
}

// nodeIDs counts the nodes that the operator's status lists.
func nodeIDs(k *unstructured.Unstructured) (int32, bool) {
	pools, _ := itemsAt(k, "status", "kafkaNodePools")
	var n int32
	for _, pool := range pools {
		ids, _ := field(pool, "nodeIds").([]any)
		n += int32(len(ids))
	}
	return n, n > 0
}

// ofCluster returns those of Strimzi's resources that belong to a Kafka cluster.
func ofCluster(k *unstructured.Unstructured, all []*unstructured.Unstructured) []*unstructured.Unstructured {
	return filter(all, func(u *unstructured.Unstructured) bool { return u.GetLabels()["strimzi.io/cluster"] == k.GetName() })
}

// componentPods returns the pods of a part of a Kafka cluster. Strimzi labels
// each pod with its cluster and its component's name.
func componentPods(k *unstructured.Unstructured, component string, all []*corev1.Pod) []*corev1.Pod {
	return filter(all, func(p *corev1.Pod) bool {
		return p.Labels["strimzi.io/cluster"] == k.GetName() && p.Labels["strimzi.io/name"] == k.GetName()+"-"+component
	})
}

// isBroker accepts the brokers among a cluster's nodes; the others are controllers.
// Nodes of older operators have no such label, and are brokers.
func isBroker(p *corev1.Pod) bool { return p.Labels["strimzi.io/broker-role"] != "false" }

// operatorVersion returns the version of Strimzi's operator by its image, or
// nothing if it runs elsewhere, or there are several versions.
func operatorVersion(deployments []*appsv1.Deployment) string {
	found := ""
	for _, d := range deployments {
		for _, c := range d.Spec.Template.Spec.Containers {
			if c.Name != "strimzi-cluster-operator" || !strings.Contains(c.Image, "strimzi/") {
				continue
			}
			version := versionIn(c.Image[strings.LastIndexByte(c.Image, ':')+1:])
			if found != "" && version != found {
				return ""
			}
			found = version
		}
	}
	return found
}

var versionPattern = regexp.MustCompile(`^\d+\.\d+\.\d+`)

// versionIn returns the numbers that a version begins with: a vendor's build may
// have a suffix.
func versionIn(version string) string { return versionPattern.FindString(version) }
