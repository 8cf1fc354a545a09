// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Kafka's nodes are what a Kafka cluster runs on: how many there should be, and
// how many there are.
type kafkaNodes struct {
	brokers, controllers, zookeepers tally // controllers are those that are no brokers
	told                             bool  // how many there should be
	pools                            []*unstructured.Unstructured
}

// A tally is how many of a kind of nodes there should be, are there, and serve.
type tally struct {
	want, there, ready int32
	since              time.Time // since when one of them does not serve
}

func (t *tally) add(pods []*corev1.Pod) {
	t.there, t.ready, t.since = int32(len(pods)), int32(len(filter(pods, serves))), unreadySince(pods)
}

// nodesOf counts the nodes of a Kafka cluster. Those that are there are counted
// on their pods. How many there should be is told, the first that is known, by
//   - the KafkaNodePools of the cluster, which say, too, who is a controller,
//   - spec.kafka.replicas, where there are no node pools: where there are it is a
//     left-over that the operator ignores (strimzi-kafka-operator#8770, #10076),
//   - the StrimziPodSets of the cluster,
//   - the node ids in status.kafkaNodePools, of brokers and controllers alike.
//
// What happens to be there tells nothing: a pod that is gone is not missed. Of
// ZooKeeper, though, one has to be seen before others are missed: brokers serve
// with none only where it is kept otherwise.
func nodesOf(k *unstructured.Unstructured, o Objects) kafkaNodes {
	var c kafkaNodes
	nodes := componentPods(k, "kafka", o.Pods)
	c.brokers.add(filter(nodes, isBroker))
	c.controllers.add(filter(nodes, not(isBroker)))
	if zookeepers := componentPods(k, "zookeeper", o.Pods); usesZooKeeper(k) && len(zookeepers) > 0 {
		c.zookeepers.add(zookeepers)
		c.zookeepers.want, _ = countAt(k, "spec", "zookeeper", "replicas")
	}
	pools := ofCluster(k, o.KafkaNodePools)
	pooled := usesPools(k, pools)
	n, replicas := countAt(k, "spec", "kafka", "replicas")
	switch ids, listed := nodeIDs(k); {
	case pooled && len(pools) > 0:
		c.pools = pools
		c.told = c.wantPools()
	case !pooled && replicas:
		c.told, c.brokers.want = true, n
	case c.wantPodSets(ofCluster(k, o.StrimziPodSets)):
		c.told = true
	case listed: // those that are missing may be either
		c.told, c.controllers.want = true, c.controllers.there
		c.brokers.want = max(0, ids-c.controllers.there)
	}
	if !c.told {
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

// sum adds numbers of pods, of which there is no end in a damaged object.
func sum(a, b int32) int32 { return int32(min(int64(a)+int64(b), math.MaxInt32)) }

// wantPodSets counts what the operator keeps, if it keeps nodes of Kafka.
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
	if !c.told {
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
		case kind.there > kind.want:
			return progress("scaling down", "%s too many", counted(kind.there-kind.want, kind.name))
		}
	}
	if c.brokers.want == 0 {
		return step{state: Unknown, doing: "its spec asks for no brokers"}
	}
	return step{state: Ready}
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
// On its way to KRaft, and after it, the ZooKeeper nodes are taken away.
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

// ofCluster returns those resources of Strimzi that are of a Kafka cluster.
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

// isBroker tells the brokers from the controllers among a cluster's nodes. Those
// of older operators are not labelled, and brokers.
func isBroker(p *corev1.Pod) bool { return p.Labels["strimzi.io/broker-role"] != "false" }

// operatorVersion returns the version of Strimzi's operator by its image, or
// nothing where it runs elsewhere, or there are several.
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

// versionIn returns the numbers that a version begins with: a build of the
// vendor may add to them.
func versionIn(version string) string { return versionPattern.FindString(version) }
