// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
)

// Each pattern masks what it is for, and nothing else of a text.
func TestMasked(t *testing.T) {
	for text, want := range map[string]string{
		"GET https://me:pa55@host/x failed":                                     "GET https://***@host/x failed",
		"dial mongodb://u:p@mongo-0,mongo-1/tpe":                                "dial mongodb://***@mongo-0,mongo-1/tpe",
		"root:hunter2@tcp(mariadb:3306)/twa":                                    "root:***@tcp(mariadb:3306)/twa",
		`{"password":"s3cr3t","max":10}`:                                        `{"password":"***","max":10}`,
		`{"password": "say \"hi\" twice"}`:                                      `{"password": "***"}`,
		`{\"clientSecret\":\"abc\",\"a\":1}`:                                    `{\"clientSecret\":\"***\",\"a\":1}`,
		`{ apiKey: 'k-1' }`:                                                     `{ apiKey: '***' }`,
		"?access_token=abc.def&x=1":                                             "?access_token=***&x=1",
		"MYSQL_PASSWORD=hunter2 started":                                        "MYSQL_PASSWORD=*** started",
		"password: hunter":                                                      "password: ***",
		"X-Auth-Token: 9f8e7d":                                                  "X-Auth-Token: ***",
		"Authorization: Bearer abcdef123456":                                    "Authorization: *** ***",
		"sent Bearer abcdef123456":                                              "sent Bearer ***",
		"mysql --password hunter2 -u root":                                      "mysql --password *** -u root",
		"jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln x":                       "jwt *** x",
		"key AKIAIOSFODNN7EXAMPLE":                                              "key ***",
		"clone with ghp_abcdefghijklmnopqrstuvwx":                               "clone with ***",
		"https://s3/x?X-Amz-Signature=aa11&b=2":                                 "https://s3/x?X-Amz-Signature=***&b=2",
		"-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----\n": "***\n",
		`{"password":12345678915,"max":10}`:                                     `{"password":0,"max":10}`,
		`{"passwords":["a","b"],"max":10}`:                                      `{"passwords":["***"],"max":10}`,
		"dial mongodb://root:PLA/NT@mongo-0/tpe":                                "dial mongodb://***@mongo-0/tpe",
		"dsn user=twa pass=hunter2":                                             "dsn user=twa pass=***",
		"ALTER USER twa passwd 'hunter2'":                                       "ALTER USER twa passwd '***'",
		"login with password hunter2 failed":                                    "login with password *** failed",

		// what Kubernetes says stays as it is
		"failed to fetch anonymous token: unexpected status from GET request to https://repository.thingpark.com/v2/token: 401 Unauthorized": "",
		`secret "thingpark-image-pull-secret" not found`:                                               "",
		"Failed to pull image \"repository/twa:8.0.0@sha256:0123456789abcdef\"":                        "",
		`couldn't find key password in Secret tpe/mongo`:                                               "",
		"Readiness probe failed: Get \"http://10.0.0.1:8080/health\": dial tcp 10.0.0.1:8080: refused": "",
		"0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available":             "",
		"basic auth is required":                             "",
		"Get https://nexus:8443/repo/x@sha256:0123: refused": "",
		"https://nexus:8443/v2/me@example.com":               "",
	} {
		if want == "" {
			want = text
		}
		if got := newKeeper(false).text(text); got != want {
			t.Errorf("%q is masked as %q, want %q", text, got, want)
		}
		if got := newKeeper(true).text(text); got != text {
			t.Errorf("with values kept %q is %q", text, got)
		}
		if once := newKeeper(false).text(text); newKeeper(false).text(once) != once {
			t.Errorf("%q is masked again as %q", once, newKeeper(false).text(once))
		}
	}
}

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
			"metadata": map[string]any{"name": "x", "annotations": map[string]any{"kubectl.kubernetes.io/last-applied-configuration": planted}},
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
		whole, err := (&keeper{}).object(*k, object) // as it is stripped when it comes from an API server
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
	for _, p := range Patterns() {
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
