// SPDX-License-Identifier: Apache-2.0

package outside

import (
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
)

type tree = map[string]any

// perconaReleases are the releases of Percona's operator that the module proxy has, of those that ThingPark
// Enterprise came with since 7.3, and the newest.
var perconaReleases = map[string]string{
	"v1.14.0": "h1:m0Vjr8cnXWT/Wq0AeQ9RjtRNJQQ0qOc1a0V7ycAv+R0=",
	"v1.17.0": "h1:DyTX62+bLX50ZW63MRSSwhxrPfXrQKV64L48Jeui7yc=",
	"v1.22.0": "h1:7iLJkmwa6AHSDTSY9q+g6/E53KrMF8p4uc/2NHrcN2g=",
}

// Percona's examples, with a status as its operator writes it and its definition keeps it.
func TestPerconaServerMongoDB(t *testing.T) {
	for release, sum := range perconaReleases {
		dir := module(t, "github.com/percona/percona-server-mongodb-operator@"+release, sum)
		definition := definitionOf(t, read(t, dir, "deploy/crd.yaml"), "PerconaServerMongoDB")
		states := appStates(t, read(t, dir, "pkg/apis/psmdb/v1/psmdb_types.go"))
		for _, example := range []string{"cr.yaml", "cr-minimal.yaml"} {
			for name, want := range perconaCases(states) {
				t.Run(release+"/"+example+"/"+name, func(t *testing.T) {
					cluster := tree{}
					if err := yaml.Unmarshal(read(t, dir, "deploy", example), &cluster); err != nil {
						t.Fatal(err)
					}
					schema := definition.schema(t, cluster)
					spec := cluster["spec"].(tree)
					cluster["metadata"].(tree)["generation"] = int64(4)
					cluster["status"] = perconaStatus(t, spec)
					want.edit(spec, cluster["status"].(tree))
					written := (&unstructured.Unstructured{Object: cluster}).DeepCopy().Object
					prune(cluster["spec"], schema["spec"].(tree))
					prune(cluster["status"], schema["status"].(tree))
					if !reflect.DeepEqual(cluster, written) {
						t.Error("the definition does not keep all of the example and its status")
					}
					text, err := yaml.Marshal(cluster)
					if err != nil {
						t.Fatal(err)
					}
					got, reason := judge(t, text)
					if got != want.grade || strings.Contains(reason, "unknown") || !strings.Contains(reason, want.says) {
						t.Errorf("%s (%s), want %s (%s)", got, reason, want.grade, want.says)
					}
				})
			}
		}
	}
}

// A perconaCase changes a cluster that is ready.
type perconaCase struct {
	edit  func(spec, status tree)
	grade grade
	says  string
}

// perconaCases are one for each state, and what the state alone does not say.
func perconaCases(states []string) map[string]perconaCase {
	cases := map[string]perconaCase{
		"of an old spec":     {func(_, status tree) { status["observedGeneration"] = int64(3) }, waiting, "latest spec"},
		"a member is down":   {func(_, status tree) { status["ready"] = status["ready"].(int64) - 1 }, waiting, "pods ready"},
		"pause asked":        {func(spec, _ tree) { spec["pause"] = true }, waiting, "paused"},
		"rejects the latest": {func(_, status tree) { enter(status, "error"); status["observedGeneration"] = int64(3) }, bad, "Error: x"},
	}
	grades := map[string]grade{"ready": good, "error": bad}
	for _, state := range states {
		want := grades[state]
		if want == "" {
			want = waiting
		}
		cases["state "+state] = perconaCase{func(_, status tree) { enter(status, state) }, want, ""}
	}
	return cases
}

// enter puts a status in a state for a day.
func enter(status tree, state string) {
	at := time.Now().Add(-24 * time.Hour).UTC().Format(time.RFC3339)
	status["state"] = state
	status["conditions"] = append(status["conditions"].([]any), tree{"type": state, "status": "True", "lastTransitionTime": at})
	if state == "error" {
		status["message"] = "Error: x"
	}
}

// perconaStatus returns the status of a cluster that is ready (updateStatus in its status.go).
func perconaStatus(t *testing.T, spec tree) tree {
	t.Helper()
	replsets, size := tree{}, int64(0)
	count := func(name string, set tree) {
		n := int64(set["size"].(float64))
		for _, more := range []string{"arbiter", "nonvoting", "hidden"} {
			if members, ok := set[more].(tree); ok && members["enabled"] == true {
				n += int64(members["size"].(float64))
			}
		}
		replsets[name] = tree{"initialized": true, "size": n, "ready": n, "status": "ready"}
		size += n
	}
	for _, set := range spec["replsets"].([]any) {
		count(set.(tree)["name"].(string), set.(tree))
	}
	status := tree{
		"state": "ready", "observedGeneration": int64(4), "host": "x", "mongoImage": "i", "mongoVersion": "7.0", "replsets": replsets,
		"conditions": []any{tree{"type": "ready", "status": "True", "reason": "RSReady", "message": "rs0: ready", "lastTransitionTime": "2026-01-01T00:00:00Z"}},
	}
	sharding, ok := spec["sharding"].(tree)
	if ok && sharding["enabled"] == true {
		count("cfg", sharding["configsvrReplSet"].(tree))
		mongos := int64(sharding["mongos"].(tree)["size"].(float64))
		status["mongos"] = tree{"size": mongos, "ready": mongos, "status": "ready"}
		size += mongos
	}
	status["size"], status["ready"] = size, size
	return status
}

// appStates returns the states that the operator's source has. sharding is but a condition.
func appStates(t *testing.T, source []byte) []string {
	t.Helper()
	states := map[string]bool{}
	for _, found := range regexp.MustCompile(`(?m)^\s*AppState\w+\s+AppState\s*=\s*"(\w*)"`).FindAllSubmatch(source, -1) {
		states[string(found[1])] = true
	}
	delete(states, "sharding")
	if len(states) < 5 {
		t.Fatalf("states %v", states)
	}
	return slices.Sorted(maps.Keys(states))
}

// A definition is a CustomResourceDefinition.
type definition struct {
	Metadata metav1.ObjectMeta
	Spec     struct {
		Group, Scope string
		Names        struct{ Kind, Plural string }
		Conversion   struct{ Strategy string }
		Versions     []struct {
			Name   string
			Served bool
			Schema struct{ OpenAPIV3Schema tree }
		}
	}
}

// definitionOf returns the definition of a kind, in which the plugin reads it.
func definitionOf(t *testing.T, text []byte, kind string) definition {
	t.Helper()
	d := definitionIn(t, text, kind)
	if read := readiness.KeptKind(readiness.KeptKinds(), kind).Resource; read != d.Metadata.Name || read != d.Spec.Names.Plural+"."+d.Spec.Group || d.Spec.Scope != "Namespaced" {
		t.Errorf("%s is read as %s, and it is %s", kind, read, d.Metadata.Name)
	}
	if d.Spec.Conversion.Strategy == "Webhook" {
		t.Errorf("a webhook converts %s: nothing here knows what it makes", kind)
	}
	return d
}

// definitionIn returns the definition of a kind in a file.
func definitionIn(t *testing.T, text []byte, kind string) definition {
	t.Helper()
	for _, document := range strings.Split(string(text), "\n---\n") {
		var d definition
		if err := yaml.Unmarshal([]byte(document), &d); err != nil {
			t.Fatal(err)
		}
		if d.Spec.Names.Kind == kind {
			return d
		}
	}
	t.Fatalf("there is no definition of %s", kind)
	return definition{}
}

// schema returns the schema of an object's version, which is served.
func (d definition) schema(t *testing.T, object tree) tree {
	t.Helper()
	for _, v := range d.Spec.Versions {
		if v.Served && object["apiVersion"] == d.Spec.Group+"/"+v.Name {
			return v.Schema.OpenAPIV3Schema["properties"].(tree)
		}
	}
	t.Fatalf("%s is not served", object["apiVersion"])
	return nil
}

// prune removes what a structural schema does not have, as the API server does
// (kubernetes.io: Custom resources, field pruning).
func prune(value any, schema tree) {
	switch value := value.(type) {
	case []any:
		items, _ := schema["items"].(tree)
		for i := range value {
			prune(value[i], items)
		}
	case tree:
		properties, _ := schema["properties"].(tree)
		more, _ := schema["additionalProperties"].(tree)
		for key := range value {
			switch inner, known := properties[key].(tree); {
			case known:
				prune(value[key], inner)
			case more != nil:
				prune(value[key], more)
			case schema["x-kubernetes-preserve-unknown-fields"] != true:
				delete(value, key)
			}
		}
	}
}
