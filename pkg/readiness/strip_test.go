// SPDX-License-Identifier: Apache-2.0

package readiness_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/test/recorded"
)

// What is dropped from objects changes no assessment of what a cluster held.
func TestStrippedObjectsMakeTheSameAssessment(t *testing.T) {
	names, err := recorded.Names()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			o, at, err := recorded.Objects(name)
			if err != nil {
				t.Fatal(err)
			}
			full := readiness.Assess(o, at)
			for _, object := range slices.Concat(all(o.Deployments), all(o.StatefulSets), all(o.DaemonSets),
				all(o.Jobs), all(o.CronJobs), all(o.Pods), all(o.Kafkas), all(o.KafkaNodePools), all(o.StrimziPodSets), all(o.MongoDBs)) {
				readiness.Slim(object)
			}
			if diff := cmp.Diff(full, readiness.Assess(o, at)); diff != "" {
				t.Errorf("assessment (-of whole objects +of stripped ones):\n%s", diff)
			}
		})
	}
}

func all[T metav1.Object](list []T) []metav1.Object {
	objects := make([]metav1.Object, len(list))
	for i := range list {
		objects[i] = list[i]
	}
	return objects
}
