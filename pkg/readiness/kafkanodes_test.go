// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"math"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// ofKafka labels a resource of Strimzi's as a part of the cluster.
func ofKafka(u *unstructured.Unstructured, name string) *unstructured.Unstructured {
	u.SetLabels(map[string]string{"strimzi.io/cluster": "kafka-cluster", "strimzi.io/name": name})
	return u
}

func pool(name string, n int64, roles ...any) *unstructured.Unstructured {
	return ofKafka(custom(name, tree{"replicas": n, "roles": roles}, tree{"observedGeneration": int64(4)}), "kafka-cluster-kafka")
}

// podSet lists pods of a role each.
func podSet(name string, roles ...string) *unstructured.Unstructured {
	var pods []any
	for _, role := range roles {
		isBroker := "false"
		if role == "broker" {
			isBroker = "true"
		}
		pods = append(pods, tree{"metadata": tree{"labels": tree{"strimzi.io/broker-role": isBroker}}})
	}
	return ofKafka(custom(name, tree{"pods": pods}, nil), "kafka-cluster-kafka")
}

func controllerNode(name string, edits ...func(*corev1.Pod)) *corev1.Pod {
	return broker(name, append(edits, labelled("strimzi.io/broker-role", "false"))...)
}

func zookeeperNode(name string, edits ...func(*corev1.Pod)) *corev1.Pod {
	return broker(name, append(edits, labelled("strimzi.io/name", "kafka-cluster-zookeeper"))...)
}

func TestKafkaNodes(t *testing.T) {
	pooled := map[string]string{"strimzi.io/node-pools": "enabled"}
	down := notReady(time.Minute)
	two := []*corev1.Pod{broker("k-0"), broker("k-1")}
	kraft := []*corev1.Pod{controllerNode("c-0"), controllerNode("c-1"), controllerNode("c-2"), broker("k-3", down), broker("k-4", down), broker("k-5", down)}
	left := func(n int64) tree { return tree{"kafka": tree{"replicas": n}} }
	ids := func(n int) tree {
		return tree{"kafkaNodePools": []any{tree{"name": "a", "nodeIds": make([]any, n)}}}
	}
	refuses := func(status string) tree {
		return tree{"conditions": []any{is("Ready", "True", "", ""), is("Warning", status, "ScaleDownPreventionCheck", "it has partitions")}}
	}
	tests := []struct {
		name        string
		annotations map[string]string
		spec        tree
		status      tree
		more        Objects
		want, ready int32
		state       State
		reason      string
	}{
		{"a left-over that is larger than the pool", pooled, left(3), nil,
			Objects{Pods: two, KafkaNodePools: resources(pool("kafka", 2, "broker", "controller"))}, 2, 2, Ready, ""},
		{"a left-over that is smaller than the pool", pooled, left(1), nil,
			Objects{Pods: two[:1], KafkaNodePools: resources(pool("kafka", 2, "broker"))}, 2, 1, Progressing, "starting, 1 of 2 brokers ready"},
		{"a left-over, and only the pods are to be seen", pooled, left(1), nil,
			Objects{Pods: two}, 2, 2, Unknown, "cannot tell how many brokers it should have"},
		{"a left-over, and the pools' StrimziPodSets", pooled, left(3), nil,
			Objects{Pods: two, StrimziPodSets: resources(podSet("kafka-cluster-kafka", "broker", "broker"))}, 2, 2, Ready, ""},
		{"the pools exist, no annotation tells", nil, left(1), nil,
			Objects{Pods: two, KafkaNodePools: resources(pool("kafka", 3, "broker"))}, 3, 2, Progressing, "starting, 2 of 3 brokers ready"},
		{"the pools are not used", map[string]string{"strimzi.io/node-pools": "disabled"}, left(2), nil,
			Objects{Pods: two, KafkaNodePools: resources(pool("kafka", 3, "broker"))}, 2, 2, Ready, ""},
		{"pools of another cluster", nil, left(2), nil,
			Objects{Pods: two, KafkaNodePools: resources(func() *unstructured.Unstructured {
				p := pool("kafka", 3, "broker")
				p.SetLabels(map[string]string{"strimzi.io/cluster": "another"})
				return p
			}())}, 2, 2, Ready, ""},
		{"more brokers than asked for", nil, left(1), nil, Objects{Pods: two}, 1, 2, Progressing, "scaling down, 1 broker too many"},

		{"the operator refuses to remove a broker", nil, left(1), refuses("True"), Objects{Pods: two}, 1, 2, Progressing,
			"its operator refuses to remove 1 broker, it has partitions"},
		{"the operator refuses no more", nil, left(1), refuses("False"), Objects{Pods: two}, 1, 2, Progressing, "scaling down, 1 broker too many"},
		{"the operator refused, and the spec asks for them again", nil, left(2), refuses("True"), Objects{Pods: two}, 2, 2, Ready, ""},

		{"KRaft: the controllers serve, the brokers do not", nil, tree{}, nil,
			Objects{Pods: kraft, KafkaNodePools: resources(pool("c", 3, "controller"), pool("k", 3, "broker"))}, 3, 0, Progressing, "starting, 0 of 3 brokers ready"},
		{"KRaft: a controller is gone", nil, tree{}, nil,
			Objects{Pods: append(kraft[1:3:3], two...), KafkaNodePools: resources(pool("c", 3, "controller"), pool("k", 2, "broker"))}, 2, 2, Progressing, "starting, 2 of 3 controllers ready"},
		{"KRaft by StrimziPodSets", nil, tree{}, nil,
			Objects{Pods: kraft, StrimziPodSets: resources(podSet("c", "controller", "controller", "controller"), podSet("k", "broker", "broker", "broker"))}, 3, 0, Progressing, "starting, 0 of 3 brokers ready"},
		{"two pools of brokers", nil, tree{}, nil,
			Objects{Pods: two, KafkaNodePools: resources(pool("a", 1, "broker"), pool("b", 1, "broker"))}, 2, 2, Ready, ""},
		{"the operator has not seen the pool's latest spec", nil, tree{}, nil,
			Objects{Pods: two, KafkaNodePools: resources(func() *unstructured.Unstructured {
				p := pool("a", 2, "broker")
				p.SetGeneration(5)
				return p
			}())}, 2, 2, Progressing, "waiting for its operator to observe the latest spec"},
		{"a pool without a number", nil, tree{}, nil,
			Objects{Pods: two, KafkaNodePools: resources(ofKafka(custom("a", tree{}, nil), ""))}, 2, 2, Unknown, "cannot tell how many brokers it should have"},
		{"pools of more than there are numbers", nil, tree{}, nil,
			Objects{Pods: two, KafkaNodePools: resources(pool("a", math.MaxInt32, "broker"), pool("b", math.MaxInt32, "broker"))}, math.MaxInt32, 2, Progressing, "starting, 2 of 2147483647 brokers ready"},

		{"the node ids of the status, all there", nil, tree{}, ids(2), Objects{Pods: two}, 2, 2, Ready, ""},
		{"the node ids of the status, one is gone", nil, tree{}, ids(3), Objects{Pods: two}, 3, 2, Progressing, "starting, 2 of 3 brokers ready"},
		{"nothing tells", nil, tree{}, nil, Objects{Pods: two[:1]}, 1, 1, Unknown, "cannot tell how many brokers it should have"},

		{"a ZooKeeper node is down", nil, tree{"kafka": tree{"replicas": int64(2)}, "zookeeper": tree{"replicas": int64(3)}}, nil,
			Objects{Pods: append([]*corev1.Pod{zookeeperNode("z-0"), zookeeperNode("z-1"), zookeeperNode("z-2", down)}, two...)}, 2, 2, Progressing, "starting, 2 of 3 ZooKeeper nodes ready"},
		{"a ZooKeeper node is gone", nil, tree{"kafka": tree{"replicas": int64(2)}, "zookeeper": tree{"replicas": int64(3)}}, nil,
			Objects{Pods: append([]*corev1.Pod{zookeeperNode("z-0"), zookeeperNode("z-1")}, two...)}, 2, 2, Progressing, "starting, 2 of 3 ZooKeeper nodes ready"},
		{"ZooKeeper is taken away", map[string]string{"strimzi.io/kraft": "enabled", "strimzi.io/node-pools": "enabled"}, tree{"zookeeper": tree{"replicas": int64(3)}}, nil,
			Objects{Pods: append([]*corev1.Pod{zookeeperNode("z-0")}, two...), KafkaNodePools: resources(pool("a", 2, "broker"))}, 2, 2, Ready, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status := kafkaStatus(4, is("Ready", "True", "", ""))
			for key, value := range tt.status {
				status[key] = value
			}
			k := custom("kafka-cluster", tt.spec, status)
			k.SetAnnotations(tt.annotations)
			w := Kafka(k, tt.more, nil)
			if w.State != tt.state || w.Reason != tt.reason || w.Want != tt.want || w.Ready != tt.ready {
				t.Errorf("got %d/%d %s %q, want %d/%d %s %q", w.Ready, w.Want, w.State, w.Reason, tt.ready, tt.want, tt.state, tt.reason)
			}
		})
	}
}

func resources(items ...*unstructured.Unstructured) []*unstructured.Unstructured { return items }

// A paused cluster is paused, whatever its status is about.
func TestKafkaPaused(t *testing.T) {
	two := tree{"kafka": tree{"replicas": int64(2)}}
	tests := []struct {
		name       string
		annotation string
		generation int64
		condition  string
		want       State
	}{
		{"paused, and then changed", "true", 3, "ReconciliationPaused", Paused},
		{"paused a moment ago", "true", 4, "Ready", Paused},
		{"paused while it is not ready", "true", 4, "NotReady", Paused},
		{"resumed, and the operator has not looked", "false", 4, "ReconciliationPaused", Progressing},
	}
	for _, tt := range tests {
		k := custom("kafka-cluster", two, kafkaStatus(tt.generation, is(tt.condition, "True", "", "")))
		k.SetAnnotations(map[string]string{"strimzi.io/pause-reconciliation": tt.annotation})
		if w := Kafka(k, Objects{Pods: []*corev1.Pod{broker("k-0"), broker("k-1")}}, nil); w.State != tt.want {
			t.Errorf("%s: %s %q, want %s", tt.name, w.State, w.Reason, tt.want)
		}
	}
}

// While all nodes serve, what the operator complained of may be over.
func TestKafkaIsNotDoomedWhileItServes(t *testing.T) {
	long := is("NotReady", "True", "TimeoutException", "no answer")
	long["lastTransitionTime"] = now.Add(-40 * time.Minute).Format(time.RFC3339)
	two := tree{"kafka": tree{"replicas": int64(2)}}
	tests := []struct {
		name   string
		reason string
		pods   []*corev1.Pod
		want   State
	}{
		{"all serve", "TimeoutException", []*corev1.Pod{broker("k-0"), broker("k-1")}, Progressing},
		{"one does not", "TimeoutException", []*corev1.Pod{broker("k-0"), broker("k-1", notReady(time.Minute))}, Failed},
		{"one is gone", "TimeoutException", []*corev1.Pod{broker("k-0")}, Failed},
		{"nobody knows", "TimeoutException", nil, Failed},
		{"the spec is invalid", "InvalidResourceException", []*corev1.Pod{broker("k-0"), broker("k-1")}, Failed},
		{"the version is unknown to the operator", "UnsupportedKafkaVersionException", []*corev1.Pod{broker("k-0"), broker("k-1")}, Failed},
		{"the upgrade is refused", "KafkaUpgradeException", []*corev1.Pod{broker("k-0"), broker("k-1")}, Failed},
	}
	for _, tt := range tests {
		long["reason"] = tt.reason
		w := judged(t, Objects{Kafkas: resources(custom("kafka-cluster", two, kafkaStatus(4, long))), Pods: tt.pods})
		if w.State != tt.want || !w.Since.Equal(now.Add(-40*time.Minute)) {
			t.Errorf("%s: %s %q since %v, want %s since forty minutes", tt.name, w.State, w.Reason, w.Since, tt.want)
		}
	}
}

// The operator that runs now has to have reconciled the cluster.
func TestKafkaOfAnotherOperator(t *testing.T) {
	operator := func(container, image string) *appsv1.Deployment {
		d := deployment(func(d *appsv1.Deployment) { d.Name = "strimzi-cluster-operator" })
		d.Spec.Template.Spec.Containers = []corev1.Container{{Name: container, Image: image}}
		strip(d) // as it is read
		return d
	}
	const main, waiting = "strimzi-cluster-operator", "waiting for its operator 0.44.0, last reconciled by 0.37.0"
	tests := []struct {
		name     string
		last     string
		operator []*appsv1.Deployment
		reason   string
	}{
		{"the same", "0.44.0", []*appsv1.Deployment{operator(main, "repository.thingpark.com/strimzi/operator:0.44.0")}, ""},
		{"the same, a build of the vendor", "0.44.0", []*appsv1.Deployment{operator(main, "repository.thingpark.com/strimzi/operator:0.44.0-2")}, ""},
		{"an older one reconciled it last", "0.37.0", []*appsv1.Deployment{operator(main, "repository.thingpark.com/strimzi/operator:0.44.0")}, waiting},
		{"the image is by digest", "0.37.0", []*appsv1.Deployment{operator(main, "quay.io/strimzi/operator@sha256:0123456789")}, ""},
		{"the tag is no version", "0.37.0", []*appsv1.Deployment{operator(main, "quay.io/strimzi/operator:latest")}, ""},
		{"an image of somebody's own", "0.37.0", []*appsv1.Deployment{operator(main, "registry:5000/kafka-operator:2.2.1")}, ""},
		{"the entity operator is not the operator", "0.37.0", []*appsv1.Deployment{operator("topic-operator", "quay.io/strimzi/operator:0.44.0")}, ""},
		{"no operator here", "0.37.0", nil, ""},
		{"old operators do not note it", "", []*appsv1.Deployment{operator(main, "quay.io/strimzi/operator:0.44.0")}, ""},
		{"two operators", "0.37.0", []*appsv1.Deployment{operator(main, "quay.io/strimzi/operator:0.44.0"), operator(main, "quay.io/strimzi/operator:0.45.0")}, ""},
	}
	for _, tt := range tests {
		status := kafkaStatus(4, is("Ready", "True", "", ""))
		status["operatorLastSuccessfulVersion"] = tt.last
		k := custom("kafka-cluster", tree{"kafka": tree{"replicas": int64(1)}}, status)
		w := Kafka(k, Objects{Deployments: tt.operator, Pods: []*corev1.Pod{broker("k-0")}}, nil)
		if w.Reason != tt.reason || w.Done() != (tt.reason == "") {
			t.Errorf("%s: %s %q, want %q", tt.name, w.State, w.Reason, tt.reason)
		}
	}
}

// The status of a StrimziPodSet may be out of date: its pods are there to look at.
func TestStrimziPodSetAndItsPods(t *testing.T) {
	item := func(name string) tree {
		return tree{"metadata": tree{"name": name, "annotations": tree{revision: "new"}}}
	}
	ready := tree{"observedGeneration": int64(4), "pods": int64(2), "readyPods": int64(2), "currentPods": int64(2)}
	of := func(hash string) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			p.Annotations = map[string]string{revision: hash, "other": "x"}
			strip(p)
		}
	}
	tests := []struct {
		name   string
		pods   []*corev1.Pod
		state  State
		reason string
	}{
		{"well", []*corev1.Pod{broker("k-0", of("new")), broker("k-1", of("new"))}, Ready, ""},
		{"one crashes", []*corev1.Pod{broker("k-0", of("new")), broker("k-1", inLoop(40*time.Minute), of("new"))}, Failed, "starting, twa in a crash loop, exit code 1, 7 restarts"},
		{"one is gone", []*corev1.Pod{broker("k-0", of("new"))}, Progressing, "rolling out, 1 of 2 pods updated"},
		{"all are gone", []*corev1.Pod{}, Progressing, "rolling out, 0 of 2 pods updated"},
		{"one is old", []*corev1.Pod{broker("k-0", of("new")), broker("k-1", of("old"))}, Progressing, "rolling out, 1 of 2 pods updated"},
		{"an old one crashes: the operator replaces it", []*corev1.Pod{broker("k-0", of("new")), broker("k-1", inLoop(40*time.Minute), of("old"))},
			Progressing, "rolling out, twa in a crash loop, exit code 1, 7 restarts"},
		{"one too many", []*corev1.Pod{broker("k-0", of("new")), broker("k-1", of("new")), broker("k-2")}, Progressing, "scaling down, 1 pod too many"},
	}
	for _, tt := range tests {
		s := custom("kafka-cluster-kafka", tree{"pods": []any{item("k-0"), item("k-1")}}, ready)
		w := judged(t, Objects{StrimziPodSets: resources(s), Pods: tt.pods})
		if w.State != tt.state || w.Reason != tt.reason {
			t.Errorf("%s: %s %q, want %s %q", tt.name, w.State, w.Reason, tt.state, tt.reason)
		}
	}
}

func TestMongoDBAsksForItsMembers(t *testing.T) {
	set := func(n int64, arbiter bool) tree {
		return tree{"size": n, "arbiter": tree{"enabled": arbiter, "size": int64(1)}}
	}
	sharding := func(mongos int64) tree {
		return tree{"enabled": true, "configsvrReplSet": set(3, false), "mongos": tree{"size": mongos}}
	}
	status := func(ready, size int64) tree { return tree{"state": "ready", "ready": ready, "size": size} }
	with := func(s tree, key string, value any) tree {
		s[key] = value
		return s
	}
	tests := []struct {
		name         string
		spec, status tree
		want         int32
		state        State
		reason       string
	}{
		{"as asked", tree{"replsets": []any{set(2, true)}}, status(3, 3), 3, Ready, ""},
		{"an arbiter that is not asked for", tree{"replsets": []any{set(2, false)}}, status(2, 2), 2, Ready, ""},
		{"the operator asks for more, for safety", tree{"replsets": []any{set(1, false)}}, status(3, 3), 3, Ready, ""},
		{"an old status, and no generation noted", tree{"replsets": []any{set(5, false)}}, status(3, 3), 5, Progressing, "waiting for its operator to observe the latest spec"},
		{"two shards, and config servers", tree{"replsets": []any{set(3, false), set(3, false)}, "sharding": sharding(0)}, status(9, 9), 9, Ready, ""},
		{"config servers are missing", tree{"replsets": []any{set(3, false)}, "sharding": sharding(0)}, status(3, 3), 6, Progressing, "waiting for its operator to observe the latest spec"},
		{"a mongos is missing", tree{"replsets": []any{set(3, false)}, "sharding": sharding(2)}, with(status(7, 7), "mongos", tree{"size": int64(1), "ready": int64(1)}), 7, Progressing, "starting, 1 of 2 mongos ready"},
		{"all mongos are there", tree{"replsets": []any{set(3, false)}, "sharding": sharding(1)}, with(status(7, 7), "mongos", tree{"size": int64(1), "ready": int64(1)}), 7, Ready, ""},
		{"to be paused", tree{"pause": true, "replsets": []any{set(2, false)}}, with(status(2, 2), "observedGeneration", int64(3)), 2, Paused, "paused, 2 of 2 pods ready"},
		{"paused", tree{"pause": true, "replsets": []any{set(2, false)}}, with(status(0, 2), "state", "paused"), 2, Paused, "paused, 0 of 2 pods ready"},
		{"resumed", tree{"pause": false, "replsets": []any{set(2, false)}}, with(status(0, 2), "state", "paused"), 2, Progressing, "starting after a pause, 0 of 2 pods ready"},
		{"damaged", tree{"replsets": []any{nil, "x", tree{"size": int64(-3), "arbiter": true}}, "sharding": tree{"enabled": true, "configsvrReplSet": "x"}}, status(2, 2), 2, Ready, ""},
	}
	for _, tt := range tests {
		w := judged(t, Objects{MongoDBs: resources(custom("mongo-replicaset", tt.spec, tt.status))})
		if w.State != tt.state || w.Reason != tt.reason || w.Want != tt.want {
			t.Errorf("%s: %d %s %q, want %d %s %q", tt.name, w.Want, w.State, w.Reason, tt.want, tt.state, tt.reason)
		}
	}
}

// The status stays as it was while the operator does not run: what the StatefulSets say counts, too.
func TestMongoDBAndItsStatefulSets(t *testing.T) {
	set := func(name string, ready int32) *appsv1.StatefulSet {
		return statefulSet(func(s *appsv1.StatefulSet) { s.Name, s.Status.ReadyReplicas = name, ready })
	}
	sets := func(list ...*appsv1.StatefulSet) Objects {
		return Objects{StatefulSets: append([]*appsv1.StatefulSet{}, list...), Deployments: []*appsv1.Deployment{}}
	}
	routers := func(o Objects, name string) Objects {
		o.Deployments = append(o.Deployments, deployment(func(d *appsv1.Deployment) { d.Name = name }))
		return o
	}
	rs := func(size int64) tree { return tree{"replsets": []any{tree{"name": "rs0", "size": size}}} }
	sharded := func(enabled bool, mongos int64) tree {
		s := rs(3)
		s["sharding"] = tree{"enabled": enabled, "configsvrReplSet": tree{"size": int64(3)}, "mongos": tree{"size": mongos}}
		return s
	}
	says := func(state string, n, mongos int64) tree {
		return tree{"state": state, "ready": n, "size": n, "observedGeneration": int64(4), "mongos": tree{"ready": mongos}, "conditions": []any{is(state, "True", "", "")}}
	}
	unread := sets(set("m-rs0", 3), set("m-cfg", 3))
	unread.Deployments = nil
	tests := []struct {
		name         string
		spec, status tree
		o            Objects
		reason       string
		since        time.Duration
	}{
		{"not read", rs(3), says("ready", 3, 0), Objects{}, "", 0},
		{"all serve", rs(3), says("ready", 3, 0), sets(set("m-rs0", 3)), "", 0},
		{"a member does not", rs(3), says("ready", 3, 0), sets(set("m-rs0", 2)), "starting, 2 of 3 pods ready", 0},
		{"a member does not, others do", rs(3), says("ready", 3, 0), sets(set("twa", 3), set("m-rs0", 2), set("m-rs01", 3)), "starting, 2 of 3 pods ready", 0},
		{"an arbiter counts", rs(3), says("ready", 4, 0), sets(set("m-rs0", 3), set("m-rs0-arbiter", 1)), "", 0},
		{"the operator knows of fewer", rs(3), says("initializing", 2, 0), sets(set("m-rs0", 3)), "initializing, 2 of 3 pods ready", 3 * time.Minute},
		{"as many as the operator says", rs(3), says("initializing", 2, 0), sets(set("m-rs0", 2)), "initializing, 2 of 3 pods ready", 3 * time.Minute},
		{"the members are missing", rs(3), says("ready", 3, 0), sets(), "starting, 0 of 3 pods ready, StatefulSet m-rs0 is missing", 0},
		{"the members are missing, not their arbiter", rs(3), says("ready", 4, 0), sets(set("m-rs0-arbiter", 1)), "starting, 1 of 4 pods ready, StatefulSet m-rs0 is missing", 0},
		{"no members are wanted", rs(0), says("ready", 3, 0), sets(), "starting, 0 of 3 pods ready", 0},

		{"all shards serve", sharded(true, 1), says("ready", 7, 1), sets(set("m-rs0", 3), set("m-cfg", 3), set("m-mongos", 1)), "", 0},
		{"the config servers are missing, too", sharded(true, 1), says("ready", 7, 1), sets(set("m-mongos", 1)), "starting, 1 of 7 pods ready, StatefulSets m-rs0, m-cfg are missing", 0},
		{"a router does not serve", sharded(true, 2), says("ready", 8, 2), sets(set("m-rs0", 3), set("m-cfg", 3), set("m-mongos", 1)), "starting, 7 of 8 pods ready", 0},
		{"the routers are missing", sharded(true, 1), says("ready", 7, 1), sets(set("m-rs0", 3), set("m-cfg", 3)), "starting, 6 of 7 pods ready, StatefulSet m-mongos is missing", 0},
		{"the routers are missing, Deployments are others", sharded(true, 1), says("ready", 7, 1), routers(sets(set("m-rs0", 3), set("m-cfg", 3)), "twa"), "starting, 6 of 7 pods ready, StatefulSet m-mongos is missing", 0},
		{"the routers are a Deployment", sharded(true, 1), says("ready", 7, 1), routers(sets(set("m-rs0", 3), set("m-cfg", 3)), "m-mongos"), "", 0},
		{"the routers may be a Deployment", sharded(true, 1), says("ready", 7, 1), unread, "", 0},
		{"no routers are wanted", sharded(true, 0), says("initializing", 6, 0), sets(set("m-rs0", 3), set("m-cfg", 3)), "initializing, 6 of 6 pods ready", 3 * time.Minute},
		{"no sharding", sharded(false, 1), says("initializing", 3, 0), sets(set("m-rs0", 3)), "initializing, 3 of 3 pods ready", 3 * time.Minute},
	}
	for _, tt := range tests {
		w := PerconaServerMongoDB(custom("m", tt.spec, tt.status), tt.o, nil)
		var since time.Time
		if tt.since > 0 {
			since = now.Add(-tt.since)
		}
		if w.Reason != tt.reason || w.Done() != (tt.reason == "") || tt.since > 0 && !w.Since.Equal(since) {
			t.Errorf("%s: %s %q since %v, want %q since %v", tt.name, w.State, w.Reason, w.Since, tt.reason, since)
		}
	}
}
