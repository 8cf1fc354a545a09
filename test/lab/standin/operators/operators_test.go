// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/standin/pum"
)

var (
	podSets = schema.GroupVersionResource{Group: "core.strimzi.io", Version: "v1beta2", Resource: "strimzipodsets"}
	kafkas  = schema.GroupVersionResource{Group: "kafka.strimzi.io", Version: "v1beta2", Resource: "kafkas"}
	mongos  = schema.GroupVersionResource{Group: "psmdb.percona.com", Version: "v1", Resource: "perconaservermongodbs"}
)

func newOperators(t *testing.T, custom []*unstructured.Unstructured, builtin ...runtime.Object) operators {
	t.Helper()
	kinds := map[schema.GroupVersionResource]string{podSets: "StrimziPodSetList", kafkas: "KafkaList", mongos: "PerconaServerMongoDBList"}
	var objects []runtime.Object
	for _, u := range custom {
		objects = append(objects, u)
	}
	return operators{
		typed:   fake.NewClientset(builtin...),
		dynamic: dynamicfake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), kinds, objects...),
		stores:  t.TempDir(),
		now:     func() time.Time { return time.Date(2025, 5, 13, 10, 0, 0, 5, time.UTC) },
	}
}

func object(apiVersion, kind, name string, spec map[string]any) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	u.SetAPIVersion(apiVersion)
	u.SetKind(kind)
	u.SetName(name)
	u.SetNamespace("tpe")
	u.SetUID(types.UID(kind))
	u.SetGeneration(2)
	return u
}

// brokers is a Kafka and its set of two pods of a revision.
func brokers(revision string) []*unstructured.Unstructured {
	kafka := object("kafka.strimzi.io/v1beta2", "Kafka", "kafka-cluster", map[string]any{"kafka": map[string]any{"version": "3.7.1"}})
	var pods []any
	for i := range 2 {
		pods = append(pods, map[string]any{"metadata": map[string]any{
			"name": fmt.Sprintf("kafka-%d", i), "namespace": "tpe",
			"labels": map[string]any{"strimzi.io/name": "kafka"}, "annotations": map[string]any{revisionAnnotation: revision},
		}})
	}
	set := object("core.strimzi.io/v1beta2", "StrimziPodSet", "kafka", map[string]any{
		"selector": map[string]any{"matchLabels": map[string]any{"strimzi.io/name": "kafka"}}, "pods": pods,
	})
	set.SetOwnerReferences([]metav1.OwnerReference{*metav1.NewControllerRef(kafka, kafka.GroupVersionKind())})
	return []*unstructured.Unstructured{kafka, set}
}

func look(t *testing.T, o operators, rounds int) {
	t.Helper()
	for range rounds {
		if err := o.strimzi(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := o.percona(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// makeReady plays the kubelet: every pod becomes ready.
func makeReady(t *testing.T, o operators) {
	t.Helper()
	list, err := o.typed.CoreV1().Pods("tpe").List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, pod := range list.Items {
		pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
		if _, err := o.typed.CoreV1().Pods("tpe").UpdateStatus(t.Context(), &pod, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

func status(t *testing.T, o operators, resource schema.GroupVersionResource, name string) map[string]any {
	t.Helper()
	u, err := o.dynamic.Resource(resource).Namespace("tpe").Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	found, _, _ := unstructured.NestedMap(u.Object, "status")
	return found
}

func pods(t *testing.T, o operators) []string {
	t.Helper()
	list, err := o.typed.CoreV1().Pods("tpe").List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, pod := range list.Items {
		names = append(names, pod.Name+" "+pod.Annotations[revisionAnnotation])
	}
	slices.Sort(names)
	return names
}

func TestPodSetGetsItsPodsAndStatus(t *testing.T) {
	o := newOperators(t, brokers("a"))
	look(t, o, 2)
	if diff := cmp.Diff([]string{"kafka-0 a", "kafka-1 a"}, pods(t, o)); diff != "" {
		t.Errorf("pods (-want +got):\n%s", diff)
	}
	want := map[string]any{"observedGeneration": int64(2), "pods": int64(2), "readyPods": int64(0), "currentPods": int64(2)}
	if diff := cmp.Diff(want, status(t, o, podSets, "kafka")); diff != "" {
		t.Errorf("status before pods are ready (-want +got):\n%s", diff)
	}
	conditions := status(t, o, kafkas, "kafka-cluster")["conditions"].([]any)
	if got := conditions[0].(map[string]any)["type"]; got != "NotReady" {
		t.Errorf("Kafka is %v before its pods are ready, want NotReady", got)
	}
	makeReady(t, o)
	look(t, o, 1)
	want["readyPods"] = int64(2)
	if diff := cmp.Diff(want, status(t, o, podSets, "kafka")); diff != "" {
		t.Errorf("status with ready pods (-want +got):\n%s", diff)
	}
	look(t, o, 1)
	wantKafka := map[string]any{
		"observedGeneration": int64(2), "clusterId": "made-up-by-the-lab", "kafkaVersion": "3.7.1",
		"conditions": []any{map[string]any{"type": "Ready", "status": "True", "lastTransitionTime": "2025-05-13T10:00:00.000000005Z"}},
	}
	if diff := cmp.Diff(wantKafka, status(t, o, kafkas, "kafka-cluster")); diff != "" {
		t.Errorf("status of Kafka (-want +got):\n%s", diff)
	}
}

func TestPodSetRollsOnePodAtATimeAndKafkaStaysStale(t *testing.T) {
	o := newOperators(t, brokers("a"))
	look(t, o, 2)
	makeReady(t, o)
	look(t, o, 2)
	next := brokers("b")
	for i, resource := range []schema.GroupVersionResource{kafkas, podSets} {
		next[i].SetGeneration(3)
		next[i].Object["status"] = status(t, o, resource, next[i].GetName())
		if _, err := o.dynamic.Resource(resource).Namespace("tpe").Update(t.Context(), next[i], metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	look(t, o, 3)
	if diff := cmp.Diff([]string{"kafka-0 a", "kafka-1 b"}, pods(t, o)); diff != "" {
		t.Errorf("pods while the new one is not ready (-want +got):\n%s", diff)
	}
	if got := status(t, o, kafkas, "kafka-cluster")["observedGeneration"]; got != int64(2) {
		t.Errorf("Kafka has observed generation %v during the roll, want 2", got)
	}
	makeReady(t, o)
	look(t, o, 3)
	makeReady(t, o)
	look(t, o, 2)
	if diff := cmp.Diff([]string{"kafka-0 b", "kafka-1 b"}, pods(t, o)); diff != "" {
		t.Errorf("pods at the end (-want +got):\n%s", diff)
	}
	if got := status(t, o, kafkas, "kafka-cluster")["observedGeneration"]; got != int64(3) {
		t.Errorf("Kafka has observed generation %v at the end, want 3", got)
	}
}

// mongo is a cluster with two pods, of which the second is of an old revision.
func mongo(strategy string) ([]*unstructured.Unstructured, []runtime.Object) {
	cluster := object("psmdb.percona.com/v1", "PerconaServerMongoDB", "mongo", map[string]any{"updateStrategy": strategy, "image": "x/mongodb:7.0.16-10"})
	two, labels := int32(2), map[string]string{"app": "mongo"}
	set := &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{
			Name: "mongo-rs0", Namespace: "tpe", Generation: 2,
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(cluster, cluster.GroupVersionKind())},
		},
		Spec:   appsv1.StatefulSetSpec{Replicas: &two, Selector: &metav1.LabelSelector{MatchLabels: labels}},
		Status: appsv1.StatefulSetStatus{ObservedGeneration: 2, ReadyReplicas: 2, UpdatedReplicas: 1, UpdateRevision: "new"},
	}
	objects := []runtime.Object{set}
	for i, revision := range []string{"new", "old"} {
		objects = append(objects, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
			Name: fmt.Sprintf("mongo-rs0-%d", i), Namespace: "tpe",
			Labels: map[string]string{"app": "mongo", appsv1.StatefulSetRevisionLabel: revision},
		}})
	}
	return []*unstructured.Unstructured{cluster}, objects
}

func TestSmartUpdateDeletesOldPodsOnDeleteDoesNot(t *testing.T) {
	tests := []struct {
		strategy, state string
		pods            []string
	}{
		{"SmartUpdate", "initializing", []string{"mongo-rs0-0 "}},
		{"OnDelete", "ready", []string{"mongo-rs0-0 ", "mongo-rs0-1 "}},
	}
	for _, tt := range tests {
		custom, builtin := mongo(tt.strategy)
		o := newOperators(t, custom, builtin...)
		look(t, o, 1)
		if diff := cmp.Diff(tt.pods, pods(t, o)); diff != "" {
			t.Errorf("%s: pods (-want +got):\n%s", tt.strategy, diff)
		}
		want := map[string]any{
			"state": tt.state, "size": int64(2), "ready": int64(2), "observedGeneration": int64(2),
			"host": "mongo-rs0.tpe.svc.cluster.local", "mongoImage": "x/mongodb:7.0.16-10", "mongoVersion": "7.0.16-10",
			"replsets":   map[string]any{"rs0": map[string]any{"initialized": true, "status": tt.state, "size": int64(2), "ready": int64(2)}},
			"conditions": []any{map[string]any{"type": tt.state, "status": "True", "lastTransitionTime": "2025-05-13T10:00:00Z"}},
		}
		if diff := cmp.Diff(want, status(t, o, mongos, "mongo")); diff != "" {
			t.Errorf("%s: status (-want +got):\n%s", tt.strategy, diff)
		}
	}
}

func TestSmartUpdateWaitsUntilAllPodsAreReady(t *testing.T) {
	custom, builtin := mongo("SmartUpdate")
	builtin[0].(*appsv1.StatefulSet).Status.ReadyReplicas = 1
	o := newOperators(t, custom, builtin...)
	look(t, o, 1)
	if got := pods(t, o); len(got) != 2 {
		t.Errorf("pods %q, want both", got)
	}
}

func TestJobRunsAgainOncePerRestart(t *testing.T) {
	o := newOperators(t, nil, &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: "pum-process", Namespace: "tpe", Labels: map[string]string{"run": "old"}}})
	store := pum.Store{Dir: filepath.Join(o.stores, "tpe", "pum")}
	if err := store.Init(pum.State{Run: 1}); err != nil {
		t.Fatal(err)
	}
	job := `{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"pum-process","namespace":"tpe","labels":{"run":"new"}}}`
	if err := os.WriteFile(filepath.Join(store.Dir, "job.json"), []byte(job), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := o.pum(t.Context()); err == nil {
		t.Error("no error while the old job is being deleted")
	}
	for range 2 {
		if err := o.pum(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	created, err := o.typed.BatchV1().Jobs("tpe").Get(t.Context(), "pum-process", metav1.GetOptions{})
	if err != nil || created.Labels["run"] != "new" {
		t.Errorf("job %v, error %v, want the new one", created, err)
	}
	if state, err := store.Read(); err != nil || state.Created != 1 {
		t.Errorf("created %d, error %v, want 1", state.Created, err)
	}
}
