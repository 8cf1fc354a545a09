// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/private"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

const planted = "s3cr3t-of-mine"

// What is planted in an object wherever people put secrets is not in a recording.
func TestObjectsArePrivate(t *testing.T) {
	env := []corev1.EnvVar{{Name: "PASSWORD", Value: planted}}
	spec := corev1.PodSpec{
		Containers:     []corev1.Container{{Name: "a", Image: "i", Env: env, Command: []string{planted}, Args: []string{planted}}},
		InitContainers: []corev1.Container{{Name: "b", Env: env}},
		Volumes:        []corev1.Volume{{Name: planted}},
	}
	meta := metav1.ObjectMeta{
		Name: "x", Annotations: map[string]string{corev1.LastAppliedConfigAnnotation: planted, "a/b": planted},
		ManagedFields: []metav1.ManagedFieldsEntry{{Manager: planted}},
	}
	custom := func() *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "x/v1", "kind": "Kafka",
			"metadata": map[string]any{"name": "x", "managedFields": []any{map[string]any{"manager": planted, "time": "2026-01-31T14:05:00Z", "fieldsV1": map[string]any{planted: map[string]any{}}}, planted}, "annotations": map[string]any{"kubectl.kubernetes.io/last-applied-configuration": planted}},
			"spec": map[string]any{
				"kafka": map[string]any{"replicas": int64(2), "config": map[string]any{"name": planted}, "template": planted},
				"pods":  []any{map[string]any{"metadata": map[string]any{"name": "p"}, "spec": map[string]any{"containers": []any{map[string]any{"name": planted}}}}},
			},
			"status": map[string]any{"listeners": planted, "conditions": []any{map[string]any{"message": "password=" + planted}}},
		}}
	}
	for kind, object := range map[string]metav1.Object{
		"Pod":                   &corev1.Pod{ObjectMeta: meta, Spec: spec, Status: corev1.PodStatus{Message: "token: " + planted + "1"}},
		"Deployment":            &appsv1.Deployment{ObjectMeta: meta, Spec: appsv1.DeploymentSpec{Template: corev1.PodTemplateSpec{ObjectMeta: meta, Spec: spec}}},
		"StatefulSet":           &appsv1.StatefulSet{ObjectMeta: meta, Spec: appsv1.StatefulSetSpec{Template: corev1.PodTemplateSpec{ObjectMeta: meta, Spec: spec}}},
		"PersistentVolumeClaim": &corev1.PersistentVolumeClaim{ObjectMeta: meta},
		"Event":                 &corev1.Event{ObjectMeta: meta, Message: "https://u:" + planted + "@host"},
		"Kafka":                 custom(),
	} {
		kinds := readiness.KeptKinds()
		k := readiness.KeptKind(kinds, kind)
		whole, err := newKeeper(true).object(*k, object) // as it is stripped when it comes from an API server
		if err != nil {
			t.Fatal(err)
		}
		stripped, err := k.Decode(whole)
		if err != nil {
			t.Fatal(err)
		}
		data, err := newKeeper(false).object(*k, stripped)
		if err != nil || strings.Contains(string(data), planted) {
			t.Errorf("%s: %v, %s", kind, err, data)
		}
		if !strings.Contains(string(data), `"name":"x"`) || !strings.Contains(string(data), `"kind":"`+kind+`"`) {
			t.Errorf("%s is not whole: %s", kind, data)
		}
	}
}

// The list of what is kept names every pattern and every kind.
func TestWhatIsKeptIsSaid(t *testing.T) {
	text := What(false)
	for _, p := range private.Patterns() {
		if !strings.Contains(text, p.Name) {
			t.Errorf("%q is not said", p.Name)
		}
	}
	for _, k := range readiness.KeptKinds() {
		if !strings.Contains(text, k.Kind) {
			t.Errorf("%s is not said", k.Kind)
		}
	}
	if strings.Contains(What(true), "JSON Web Tokens") {
		t.Error("with values kept it says that they are masked")
	}
}

// A private key that a container prints over several lines is in no log that is kept.
func TestKeysInLogsArePrivate(t *testing.T) {
	key := []string{"loading", "-----BEGIN PRIVATE KEY-----", planted, planted, "-----END PRIVATE KEY-----", "loaded"}
	path := filepath.Join(t.TempDir(), "a.jsonl")
	w, err := Create(path, Head{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range key {
		for _, pod := range []string{"a", "b"} {
			if err := w.AddLog(time.Now(), Log{Pod: pod, Container: "c", Line: line}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.takeCrashLogs(time.Now(), map[readiness.ContainerName][]string{{Pod: "p", Container: "c"}: key}); err != nil {
		t.Fatal(err)
	}
	if err := w.End(time.Now(), verdict.Verdict{}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil || strings.Contains(string(text), planted) || strings.Count(string(text), "loaded") != 3 {
		t.Errorf("%v\n%s", err, text)
	}
}

// A recording that replaces a file that others could read is as private as a new one.
func TestReplacedFilesArePrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.jsonl")
	if err := os.WriteFile(path, []byte("before"), 0o644); err != nil { //nolint:gosec // which is what is tried
		t.Fatal(err)
	}
	w, err := Create(path, Head{}, Options{Overwrite: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.End(time.Now(), verdict.Verdict{}); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}
