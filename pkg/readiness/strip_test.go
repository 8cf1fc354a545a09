// SPDX-License-Identifier: Apache-2.0

package readiness_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
)

// What is dropped from objects changes no assessment of what a cluster held.
func TestStrippedObjectsMakeTheSameAssessment(t *testing.T) {
	files, err := filepath.Glob("testdata/whole-*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	at := time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			o := wholeObjects(t, file)
			full := readiness.Assess(o, at)
			for _, object := range slices.Concat(all(o.Deployments), all(o.StatefulSets), all(o.DaemonSets),
				all(o.Jobs), all(o.CronJobs), all(o.Pods), all(o.Kafkas), all(o.KafkaNodePools), all(o.StrimziPodSets), all(o.MongoDBs)) {
				readiness.Slim(object)
			}
			full.Objects = readiness.Objects{}
			stripped := readiness.Assess(o, at)
			stripped.Objects = readiness.Objects{}
			if diff := cmp.Diff(full, stripped); diff != "" {
				t.Errorf("assessment (-of whole objects +of stripped ones):\n%s", diff)
			}
		})
	}
}

// wholeObjects reads objects as an API server had them.
func wholeObjects(t *testing.T, file string) readiness.Objects {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	kinds, by := readiness.KeptKinds(), map[string][]metav1.Object{}
	for line := range strings.Lines(string(text)) {
		var named struct{ Kind string }
		if err := json.Unmarshal([]byte(line), &named); err != nil {
			t.Fatal(err)
		}
		object := readiness.KeptKind(kinds, named.Kind).New()
		if err := json.Unmarshal([]byte(line), object); err != nil {
			t.Fatal(err)
		}
		by[named.Kind] = append(by[named.Kind], object)
	}
	var o readiness.Objects
	for _, k := range kinds {
		k.Set(&o, by[k.Kind])
	}
	return o
}

func all[T metav1.Object](list []T) []metav1.Object {
	objects := make([]metav1.Object, len(list))
	for i := range list {
		objects[i] = list[i]
	}
	return objects
}
