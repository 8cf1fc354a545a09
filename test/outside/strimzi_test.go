// SPDX-License-Identifier: Apache-2.0

package outside

import (
	"bytes"
	"compress/gzip"
	"io"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
)

// strimziReleases are the release of Strimzi that ThingPark Enterprise 8.0 comes with, and the
// newest. testdata/strimzi has their packaging/examples/kafka and packaging/install/cluster-operator, as they
// are in github.com/strimzi/strimzi-kafka-operator (Apache-2.0), which is no Go module.
var strimziReleases = []string{"0.44.0", "1.2.0"}

// Strimzi's examples, with a status as its operator writes it and its definitions keep it.
func TestStrimzi(t *testing.T) {
	for _, release := range strimziReleases {
		packed, err := gzip.NewReader(bytes.NewReader(read(t, "testdata/strimzi", release+"-crds.yaml.gz")))
		if err != nil {
			t.Fatal(err)
		}
		definitions, err := io.ReadAll(packed)
		if err != nil {
			t.Fatal(err)
		}
		kinds := map[string]definition{}
		for _, kind := range []string{"Kafka", "KafkaNodePool"} {
			kinds[kind] = definitionOf(t, definitions, kind)
		}
		text, header := string(read(t, "testdata/strimzi", release+".txtar")), regexp.MustCompile(`(?m)^-- (\S+) --\n`)
		names := header.FindAllStringSubmatch(text, -1)
		if len(names) < 3 {
			t.Fatalf("%d examples", len(names))
		}
		for i, example := range header.Split(text, -1)[1:] {
			for name, tt := range strimziCases() {
				t.Run(release+"/"+names[i][1]+"/"+name, func(t *testing.T) {
					kafka, pools := parts(t, example)
					tt.edit(reconciled(kafka, pools, release), pools)
					all := append(pools, kafka)
					for _, object := range all {
						kept(t, kinds[object["kind"].(string)], object)
					}
					w := judgeKafka(t, all)
					if want := wantedBrokers(kafka, pools); w.Want != want {
						t.Errorf("%d brokers are wanted, of %d", w.Want, want)
					}
					if got := grades[w.State]; got != tt.grade || !strings.Contains(w.Reason, tt.says) {
						t.Errorf("%s (%s), want %s (%s)", got, w.Reason, tt.grade, tt.says)
					}
				})
			}
		}
	}
}

// A strimziCase changes a cluster that is ready, and the status of its node pools.
type strimziCase struct {
	edit  func(kafka tree, pools []tree)
	grade grade
	says  string
}

func strimziCases() map[string]strimziCase {
	condition := func(kind, reason string) func(tree, []tree) {
		return func(kafka tree, _ []tree) {
			at := time.Now().Add(-24 * time.Hour).UTC().Format(time.RFC3339)
			kafka["status"].(tree)["conditions"] = []any{tree{"type": kind, "status": "True", "reason": reason, "message": "x", "lastTransitionTime": at}}
		}
	}
	return map[string]strimziCase{
		"ready":        {func(tree, []tree) {}, good, ""},
		"applied":      {func(kafka tree, _ []tree) { delete(kafka, "status") }, waiting, ""},
		"old spec":     {func(kafka tree, _ []tree) { kafka["status"].(tree)["observedGeneration"] = int64(3) }, waiting, "latest spec"},
		"creating":     {condition("NotReady", "Creating"), waiting, "Creating"},
		"refused":      {condition("NotReady", "InvalidResourceException"), bad, "InvalidResourceException"},
		"no condition": {condition("Warning", "DeprecatedFields"), waiting, "not ready"},
		"upgrading":    {func(kafka tree, _ []tree) { kafka["status"].(tree)["kafkaVersion"] = "3.5.1" }, waiting, "waiting for Kafka"},
		"paused": {func(kafka tree, _ []tree) {
			annotate(kafka, "strimzi.io/pause-reconciliation", "true")
		}, waiting, "paused"},
	}
}

func annotations(object tree) map[string]string {
	return (&unstructured.Unstructured{Object: object}).GetAnnotations()
}

func annotate(object tree, key, value string) {
	all := annotations(object)
	if all == nil {
		all = map[string]string{}
	}
	all[key] = value
	(&unstructured.Unstructured{Object: object}).SetAnnotations(all)
}

// parts returns the cluster of an example, and its node pools.
func parts(t *testing.T, example string) (kafka tree, pools []tree) {
	t.Helper()
	for _, document := range regexp.MustCompile(`(?m)^---\n`).Split(example, -1) {
		object := tree{}
		if err := yaml.Unmarshal([]byte(document), &object); err != nil {
			t.Fatal(err)
		}
		switch object["kind"] {
		case "Kafka":
			kafka = object
		case "KafkaNodePool":
			pools = append(pools, object)
		default:
			t.Fatalf("a %s in the example", object["kind"])
		}
		object["metadata"].(tree)["generation"] = int64(4)
	}
	return kafka, pools
}

// reconciled gives a cluster the status of one that is ready (Strimzi: KafkaReconciler, updateKafkaStatus),
// and returns it.
func reconciled(kafka tree, pools []tree, operator string) tree {
	spec := kafka["spec"].(tree)
	state, names := "ZooKeeper", []any{}
	if spec["zookeeper"] == nil || annotations(kafka)["strimzi.io/kraft"] == "enabled" {
		state = "KRaft"
	}
	for _, pool := range pools {
		names = append(names, tree{"name": pool["metadata"].(tree)["name"]})
		pool["status"] = tree{"observedGeneration": int64(4), "replicas": pool["spec"].(tree)["replicas"], "roles": pool["spec"].(tree)["roles"]}
	}
	kafka["status"] = tree{
		"observedGeneration": int64(4), "kafkaVersion": spec["kafka"].(tree)["version"], "kafkaMetadataState": state, "kafkaNodePools": names,
		"operatorLastSuccessfulVersion": operator,
		"conditions":                    []any{tree{"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}},
	}
	if kafka["apiVersion"] == "kafka.strimzi.io/v1" { // there is no ZooKeeper any more
		delete(kafka["status"].(tree), "kafkaMetadataState")
	}
	return kafka
}

// kept wants that a definition keeps all of an object.
func kept(t *testing.T, d definition, object tree) {
	t.Helper()
	schema := d.schema(t, object)
	written := (&unstructured.Unstructured{Object: object}).DeepCopy().Object
	for _, part := range []string{"spec", "status"} {
		if object[part] != nil {
			prune(object[part], schema[part].(tree))
		}
	}
	if !reflect.DeepEqual(object, written) {
		t.Errorf("the definition does not keep all of the %s and its status", object["kind"])
	}
}

// wantedBrokers is how many brokers an example asks for.
func wantedBrokers(kafka tree, pools []tree) int32 {
	if len(pools) == 0 {
		return int32(kafka["spec"].(tree)["kafka"].(tree)["replicas"].(float64))
	}
	n := int32(0)
	for _, pool := range pools {
		spec := pool["spec"].(tree)
		for _, role := range spec["roles"].([]any) {
			if role == "broker" {
				n += int32(spec["replicas"].(float64))
			}
		}
	}
	return n
}

// judgeKafka returns what the plugin says of a cluster that is alone in its namespace, with nothing
// read but these objects.
func judgeKafka(t *testing.T, objects []tree) readiness.Workload {
	t.Helper()
	var o readiness.Objects
	all := map[string][]metav1.Object{}
	for _, object := range objects {
		kind := object["kind"].(string)
		all[kind] = append(all[kind], &unstructured.Unstructured{Object: object})
	}
	for name, objects := range all {
		readiness.KeptKind(readiness.KeptKinds(), name).Set(&o, objects)
	}
	for _, w := range readiness.Assess(o, time.Now()).Workloads {
		if w.Kind == "Kafka" {
			return w
		}
	}
	t.Fatal("nothing is said of the cluster")
	return readiness.Workload{}
}
