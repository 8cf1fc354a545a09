// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// custom returns a custom resource of generation 4.
func custom(name string, spec, status tree) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: tree{
		"metadata": tree{"name": name, "uid": name + "-uid", "generation": int64(4)}, "spec": spec, "status": status,
	}}
}

func is(kind, status, reason, message string) tree {
	return tree{"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": now.Add(-3 * time.Minute).Format(time.RFC3339)}
}

func kafkaStatus(generation int64, conditions ...any) tree {
	return tree{"observedGeneration": generation, "conditions": conditions}
}

func broker(name string, edits ...func(*corev1.Pod)) *corev1.Pod {
	labels := func(p *corev1.Pod) {
		p.Labels["strimzi.io/cluster"], p.Labels["strimzi.io/name"] = "kafka-cluster", "kafka-cluster-kafka"
	}
	return pod("StrimziPodSet", "kafka-cluster-kafka", name, slices.Insert(edits, 0, labels)...)
}

func TestKafka(t *testing.T) {
	ready := is("Ready", "True", "", "")
	two := tree{"kafka": tree{"replicas": int64(2)}}
	of := func(version string) tree { return tree{"kafka": tree{"replicas": int64(2), "version": version}} }
	ran := func(version string, conditions ...any) tree {
		s := kafkaStatus(4, conditions...)
		s["kafkaVersion"] = version
		return s
	}
	serve := []*corev1.Pod{broker("kafka-cluster-kafka-0"), broker("kafka-cluster-kafka-1")}
	oneDown := []*corev1.Pod{broker("kafka-cluster-kafka-0"), broker("kafka-cluster-kafka-1", notReady(time.Minute))}
	tests := []struct {
		name         string
		spec, status tree
		pods         []*corev1.Pod
		want, ready  int32
		state        State
		reason       string
	}{
		{"ready", two, kafkaStatus(4, ready), serve, 2, 2, Ready, ""},
		{"ready, pods not read", two, kafkaStatus(4, ready), nil, 2, 2, Ready, ""},
		{"ready, says the operator, but no broker is there", two, kafkaStatus(4, ready), []*corev1.Pod{}, 2, 0, Progressing, "starting, 0 of 2 brokers ready"},
		{"ready, says the operator, but a broker is down", two, kafkaStatus(4, ready), oneDown, 2, 1, Progressing, "starting, 1 of 2 brokers ready"},
		{"ready, of an old spec", two, kafkaStatus(3, ready), serve, 2, 2, Progressing, "waiting for its operator to observe the latest spec"},
		{"ready, of a later spec", two, kafkaStatus(5, ready), serve, 2, 2, Unknown, "its status is for a newer generation than its spec"},
		{"ready, of no spec", two, tree{"conditions": []any{ready}}, serve, 2, 2, Unknown, "its operator reports no observedGeneration"},
		{"no status at all", two, nil, serve, 2, 2, Progressing, "waiting for its operator to reconcile it"},
		{"an empty status", two, tree{}, serve, 2, 2, Progressing, "waiting for its operator to reconcile it"},
		{"being made", two, kafkaStatus(4, is("NotReady", "True", "Creating", "Kafka cluster is being deployed")), oneDown, 2, 1,
			Progressing, "not ready, Creating: Kafka cluster is being deployed"},
		{"ready, and its brokers run another version", of("3.9.0"), ran("3.8.1", ready), serve, 2, 2, Progressing, "waiting for Kafka 3.9.0, its brokers ran 3.8.1 when its operator last finished"},
		{"ready, of the wanted version", of("3.9.0"), ran("3.9.0", ready), serve, 2, 2, Ready, ""},
		{"ready, of the operator's version", two, ran("3.8.1", ready), serve, 2, 2, Ready, ""},
		{"ready, of an operator that notes no version", of("3.9.0"), kafkaStatus(4, ready), serve, 2, 2, Ready, ""},
		{"being made, for the first time", two, kafkaStatus(0, is("NotReady", "True", "Creating", "Kafka cluster is being deployed")), oneDown, 2, 1,
			Progressing, "not ready, Creating: Kafka cluster is being deployed"},
		{"no word", two, kafkaStatus(4), serve, 2, 2, Progressing, "not ready, its operator gives no reason"},
		{"Ready is not true", two, kafkaStatus(4, is("Ready", "False", "", "")), serve, 2, 2, Progressing, "not ready, its operator gives no reason"},
		{"Ready and NotReady", two, kafkaStatus(4, ready, is("NotReady", "True", "", "")), serve, 2, 2, Progressing, "not ready"},
		{"nothing tells how many there should be", tree{}, kafkaStatus(4, ready), serve, 2, 2, Unknown, "cannot tell how many brokers it should have"},
		{"paused", two, kafkaStatus(4, is("ReconciliationPaused", "True", "", "")), serve, 2, 2, Paused, "its operator's reconciliation is paused"},
		{"pods of ZooKeeper do not count", two, kafkaStatus(4, ready), append([]*corev1.Pod{broker("kafka-cluster-zookeeper-0", func(p *corev1.Pod) {
			p.Labels["strimzi.io/name"] = "kafka-cluster-zookeeper"
		})}, oneDown...), 2, 1, Progressing, "starting, 1 of 2 brokers ready"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := custom("kafka-cluster", tt.spec, tt.status)
			w := Kafka(k, Objects{Pods: tt.pods}, nil)
			if w.State != tt.state || w.Reason != tt.reason || w.Want != tt.want || w.Ready != tt.ready {
				t.Errorf("got %d/%d %s %q, want %d/%d %s %q", w.Ready, w.Want, w.State, w.Reason, tt.ready, tt.want, tt.state, tt.reason)
			}
		})
	}
}

func TestKafkaIsDoomedByAnInvalidSpecOnly(t *testing.T) {
	for reason, want := range map[string]State{"InvalidResourceException": Failed, "UnsupportedKafkaVersionException": Progressing, "TimeoutException": Progressing, "Creating": Progressing} {
		k := custom("kafka-cluster", tree{}, kafkaStatus(4, is("NotReady", "True", reason, "…")))
		w := Assess(Objects{Kafkas: []*unstructured.Unstructured{k}}, now).Workloads[0]
		if w.State != want || !w.Since.Equal(now.Add(-3*time.Minute)) {
			t.Errorf("%s: %s since %v, want %s since three minutes", reason, w.State, w.Since, want)
		}
	}
}

// The Deployment of the entity operator is there if the spec asks for one of its two. Nothing is said of
// it before the brokers are ready, nor where Deployments were not read.
func TestKafkaLacksItsEntityOperator(t *testing.T) {
	of := func(names ...string) []*appsv1.Deployment {
		list := []*appsv1.Deployment{}
		for _, name := range names {
			list = append(list, deployment(func(d *appsv1.Deployment) { d.Name = name }))
		}
		return list
	}
	const missing, starting = "waiting for its entity operator, Deployment kafka-cluster-entity-operator is missing", "starting, 1 of 2 brokers ready"
	topics, users := tree{"topicOperator": tree{}}, tree{"userOperator": tree{}}
	for _, tt := range []struct {
		name        string
		wanted      tree
		deployments []*appsv1.Deployment
		broken      bool
		reason      string
	}{
		{"there", topics, of("twa", "kafka-cluster-entity-operator"), false, ""}, {"missing", topics, of(), false, missing}, {"missing, for users", users, of(), false, missing},
		{"of another cluster", topics, of("other-entity-operator"), false, missing}, {"not asked for", tree{}, of(), false, ""}, {"not read", topics, nil, false, ""},
		{"missing, and a broker is down", topics, of(), true, starting}, {"there, and a broker is down", topics, of("kafka-cluster-entity-operator"), true, starting},
	} {
		k := custom("kafka-cluster", tree{"kafka": tree{"replicas": int64(2)}, "entityOperator": tt.wanted}, kafkaStatus(4, is("Ready", "True", "", "")))
		pods := []*corev1.Pod{broker("k-0"), broker("k-1")}
		if tt.broken {
			notReady(time.Minute)(pods[1])
		}
		if w := Kafka(k, Objects{Deployments: tt.deployments, Pods: pods}, nil); w.Reason != tt.reason || w.Done() != (tt.reason == "") {
			t.Errorf("%s: %s %q, want %q", tt.name, w.State, w.Reason, tt.reason)
		}
	}
}

// Of a spec that the operator has not seen yet only what is wrong with pods is known, and it may end.
func TestKafkaOfAnOlderSpec(t *testing.T) {
	k := custom("kafka-cluster", tree{"kafka": tree{"replicas": int64(2)}}, kafkaStatus(3, is("Ready", "True", "", "")))
	causes := []Cause{{Code: OperatorError, Permanent: true}, {Code: ImagePull, Pod: "k-0", Permanent: true}}
	if w := Kafka(k, Objects{}, causes); w.State != Progressing || len(w.Causes) != 1 || w.Causes[0].Pod != "k-0" || w.Causes[0].Permanent {
		t.Errorf("%s, %+v", w.State, w.Causes)
	}
}

func TestStrimziPodSet(t *testing.T) {
	two := tree{"pods": []any{tree{}, tree{}}}
	counts := func(pods, ready, current int64) tree {
		return tree{"observedGeneration": int64(4), "pods": pods, "readyPods": ready, "currentPods": current}
	}
	tests := []struct {
		name         string
		spec, status tree
		state        State
		reason       string
	}{
		{"ready", two, counts(2, 2, 2), Ready, ""},
		{"a pod of an old revision", two, counts(2, 2, 1), Progressing, "rolling out, 1 of 2 pods updated"},
		{"a pod not ready", two, counts(2, 1, 2), Progressing, "starting, 1 of 2 pods ready"},
		{"a pod not there", two, counts(1, 1, 1), Progressing, "rolling out, 1 of 2 pods updated"},
		{"a surplus pod", two, counts(3, 3, 3), Progressing, "scaling down, 1 pod too many"},
		{"none wanted", tree{"pods": []any{}}, counts(0, 0, 0), ScaledToZero, "scaled to zero"},
		{"spec not observed", two, tree{"observedGeneration": int64(3), "pods": int64(2), "readyPods": int64(2), "currentPods": int64(2)},
			Progressing, "waiting for its operator to observe the latest spec"},
		{"no generation noted", two, tree{"pods": int64(2), "readyPods": int64(2), "currentPods": int64(2)},
			Unknown, "its operator reports no observedGeneration"},
		{"no status at all", two, nil, Progressing, "waiting for its operator to reconcile it"},
		{"no list of pods", tree{}, counts(0, 0, 0), Unknown, "its spec lists no pods"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := StrimziPodSet(custom("kafka-cluster-kafka", tt.spec, tt.status), nil, nil)
			if w.State != tt.state || w.Reason != tt.reason {
				t.Errorf("got %s %q, want %s %q", w.State, w.Reason, tt.state, tt.reason)
			}
		})
	}
}

func TestPerconaServerMongoDB(t *testing.T) {
	says := func(state string, ready, size int64, more ...any) tree {
		s := tree{"state": state, "ready": ready, "size": size, "observedGeneration": int64(4), "conditions": []any{is(state, "True", "", "")}}
		for i := 0; i < len(more); i += 2 {
			s[more[i].(string)] = more[i+1]
		}
		return s
	}
	tests := []struct {
		name   string
		status tree
		state  State
		reason string
		since  time.Duration
	}{
		{"ready", says("ready", 3, 3), Ready, "", 0},
		{"ready, old operator without a generation", tree{"state": "ready", "ready": int64(3), "size": int64(3)}, Ready, "", 0},
		{"ready, of an old spec", says("ready", 3, 3, "observedGeneration", int64(3)), Progressing, "waiting for its operator to observe the latest spec", 0},
		{"ready, but not all members", says("ready", 2, 3), Progressing, "starting, 2 of 3 pods ready", 3 * time.Minute},
		{"ready, but of no members", says("ready", 0, 0), Unknown, "its operator reports ready, but no members", 0},
		{"initializing", says("initializing", 1, 3), Progressing, "initializing, 1 of 3 pods ready", 3 * time.Minute},
		{"stopping", says("stopping", 1, 3), Progressing, "stopping, 1 of 3 pods ready", 3 * time.Minute},
		{"paused", says("paused", 0, 3), Progressing, "starting after a pause, 0 of 3 pods ready", 3 * time.Minute},
		{"error", says("error", 2, 3, "message", "rs0: handleReplsetInit:\nno mongod containers"), Progressing, "error, rs0: handleReplsetInit: no mongod containers", 3 * time.Minute},
		{"an error of the latest spec", says("error", 2, 3, "observedGeneration", int64(3), "message", "Error: wrong psmdb options: size"), Progressing,
			"error, Error: wrong psmdb options: size", 3 * time.Minute},
		{"an error of a later spec", says("error", 2, 3, "observedGeneration", int64(5)), Unknown, "its status is for a newer generation than its spec", 0},
		{"not the first error", says("error", 2, 3, "conditions", []any{is("error", "True", "", ""), is("ready", "True", "", "")}), Progressing, "error, since when is unknown without its managedFields", 0},
		{"not looked at", tree{}, Progressing, "waiting for its operator to reconcile it", 0},
		{"a state not known", says("reshaping\x1b[2J", 3, 3), Unknown, `its operator reports "reshaping[2J", an unknown state`, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := custom("mongo-replicaset", tree{}, tt.status)
			w := Assess(Objects{MongoDBs: []*unstructured.Unstructured{m}}, now).Workloads[0]
			var since time.Time
			if tt.since > 0 {
				since = now.Add(-tt.since)
			}
			if w.State != tt.state || w.Reason != tt.reason || !w.Since.Equal(since) {
				t.Errorf("got %s %q since %v, want %s %q since %v", w.State, w.Reason, w.Since, tt.state, tt.reason, since)
			}
		})
	}
}

// An error of MongoDB is permanent after its grace. From 1.19 on Percona's operator gives it the
// time of the first error that there ever was, and all versions leave observedGeneration as it was.
func TestSinceWhenMongoDBHasItsError(t *testing.T) {
	var (
		first  = tree{"type": "error", "status": "True", "lastTransitionTime": now.Add(-24 * time.Hour).Format(time.RFC3339)}
		before = tree{"type": "ready", "status": "True", "lastTransitionTime": now.Add(-48 * time.Hour).Format(time.RFC3339)}
	)
	change := func(ago time.Duration) tree { return tree{"time": now.Add(-ago).Format(time.RFC3339)} }
	tests := []struct {
		name       string
		seen       int64
		conditions []any
		changes    []any
		state      State
		since      time.Duration // 0 if it is not known
	}{
		{"appended, and not changed since", 4, []any{before, first}, []any{change(24 * time.Hour)}, Failed, 24 * time.Hour},
		{"nobody says when it was changed", 4, []any{before, first}, nil, Failed, 24 * time.Hour},
		{"again, a minute ago", 4, []any{before, first}, []any{change(48 * time.Hour), change(time.Minute), change(time.Hour)}, Progressing, time.Minute},
		{"again, an hour ago", 4, []any{first, before}, []any{change(48 * time.Hour), change(time.Hour)}, Failed, time.Hour},
		{"again, nobody knows when", 4, []any{first, before}, nil, Progressing, 0},
		{"of the latest spec, an hour ago", 3, []any{before, first}, []any{change(time.Hour)}, Failed, time.Hour},
		{"maybe of an older spec: it was changed a minute ago", 3, []any{before, first}, []any{change(time.Minute)}, Progressing, time.Minute},
		{"changes that are none", 4, []any{before, first}, []any{"x", nil, tree{"time": int64(4)}, tree{"time": "yesterday"}}, Failed, 24 * time.Hour},
	}
	for _, tt := range tests {
		for _, stripped := range []bool{false, true} {
			m := custom("mongo-replicaset", tree{}, tree{"state": "error", "observedGeneration": tt.seen, "ready": int64(2), "size": int64(3), "conditions": tt.conditions, "message": "Error: x"})
			if tt.changes != nil {
				m.Object["metadata"].(tree)["managedFields"] = tt.changes
			}
			if stripped {
				strip(m)
			}
			w := Assess(Objects{MongoDBs: resources(m)}, now).Workloads[0]
			var since time.Time
			if tt.since > 0 {
				since = now.Add(-tt.since)
			}
			if w.State != tt.state || !w.Since.Equal(since) {
				t.Errorf("%s (stripped: %t): %s since %v, want %s since %v", tt.name, stripped, w.State, w.Since, tt.state, since)
			}
		}
	}
}

// Strimzi goes from ZooKeeper to KRaft by itself, as far as the annotation says, and is Ready
// between two steps.
func TestKafkaMigratesItsMetadata(t *testing.T) {
	serve := []*corev1.Pod{broker("kafka-cluster-kafka-0"), broker("kafka-cluster-kafka-1")}
	for _, tt := range []struct {
		asked, metadata string
		state           State
	}{
		{"", "", Ready}, {"", "ZooKeeper", Ready}, {"disabled", "ZooKeeper", Ready}, {"enabled", "KRaft", Ready}, {"", "KRaft", Ready},
		{"migration", "", Ready}, // an operator that knows no migration
		{"migration", "ZooKeeper", Progressing}, {"migration", "KRaftMigration", Progressing}, {"migration", "KRaftDualWriting", Progressing},
		{"migration", "KRaftPostMigration", Ready}, // until somebody decides
		{"enabled", "KRaftPostMigration", Progressing}, {"rollback", "KRaftPostMigration", Progressing},
		{"disabled", "KRaftDualWriting", Progressing}, {"enabled", "PreKRaft", Progressing},
	} {
		for _, pods := range [][]*corev1.Pod{serve, nil} {
			k := custom("kafka-cluster", tree{"kafka": tree{"replicas": int64(2)}}, kafkaStatus(4, is("Ready", "True", "", "")))
			k.Object["status"].(tree)["kafkaMetadataState"] = tt.metadata
			if tt.asked != "" {
				k.SetAnnotations(map[string]string{"strimzi.io/kraft": tt.asked})
			}
			w := Kafka(k, Objects{Pods: pods}, nil)
			if w.State != tt.state || w.State == Progressing && w.Reason != "migrating its metadata, "+tt.metadata {
				t.Errorf("asked %q, is %q: %s %q, want %s", tt.asked, tt.metadata, w.State, w.Reason, tt.state)
			}
		}
	}
}

// Whatever is in a custom resource, the rules neither panic nor find it done
// when kstatus does not: damage proves nothing.
func TestDamagedCustomResources(t *testing.T) {
	random := seeded(t)
	done := 0
	for range rounds(20_000) {
		good := []tree{
			custom("x", tree{"kafka": tree{"replicas": int64(1)}}, kafkaStatus(4, is("Ready", "True", "", ""))).Object,
			custom("x", tree{"pods": []any{tree{}}}, tree{"observedGeneration": int64(4), "pods": int64(1), "readyPods": int64(1), "currentPods": int64(1)}).Object,
			custom("x", tree{}, tree{"observedGeneration": int64(4), "state": "ready", "ready": int64(1), "size": int64(1)}).Object,
		}
		for i, object := range good {
			damage(random, object, 0)
			u := &unstructured.Unstructured{Object: object}
			o := Objects{}
			*[]*[]*unstructured.Unstructured{&o.Kafkas, &o.StrimziPodSets, &o.MongoDBs}[i] = []*unstructured.Unstructured{u}
			w := Assess(o, now).Workloads[0]
			if !w.Done() {
				if w.Reason == "" {
					t.Fatalf("%s without a reason: %s", w.State, brief(t, object))
				}
				continue
			}
			done++
			if second, err := status.Compute(u); err == nil && second.Status != status.CurrentStatus {
				t.Fatalf("%s is %s, kstatus says %s (%s)", brief(t, object), w.State, second.Status, second.Message)
			}
		}
	}
	if done == 0 {
		t.Error("nothing was done: every object was damaged beyond use")
	}
}

// damage puts anything anywhere into a tree of JSON.
func damage(random *rand.Rand, object tree, depth int) {
	keys := make([]string, 0, len(object))
	for key := range object {
		keys = append(keys, key)
	}
	slices.Sort(keys) // the same damage for the same seed
	anything := []any{nil, true, int64(-1), int64(1) << 40, 1.5, 4.0, "", "True", []any{}, []any{nil, "x", tree{"type": int64(1)}}, tree{}, tree{"kafka": []any{}}}
	for _, key := range keys {
		if key == "metadata" || random.IntN(8) > 0 {
			if inner, ok := object[key].(tree); ok && key != "metadata" && depth < 5 {
				damage(random, inner, depth+1)
			}
			continue
		}
		if random.IntN(3) == 0 {
			delete(object, key)
			continue
		}
		object[key] = anything[random.IntN(len(anything))]
	}
}
