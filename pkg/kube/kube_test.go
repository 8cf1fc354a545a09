// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// Every kind is asked for where Kubernetes has it.
func TestAddresses(t *testing.T) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.RequestURI())
		w.WriteHeader(http.StatusTeapot)
	}))
	defer server.Close()
	clients, err := NewClients(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	c := clients.Kube
	ctx, all := context.Background(), metav1.ListOptions{}
	_, _ = c.Namespaces().Get(ctx, "x", metav1.GetOptions{}) // only what is asked counts
	_, _ = c.Pods("x").List(ctx, metav1.ListOptions{LabelSelector: "a=b"})
	_, _ = c.Events("x").List(ctx, all)
	_, _ = c.Secrets("x").Get(ctx, "s", metav1.GetOptions{})
	_, _ = c.PersistentVolumeClaims("x").List(ctx, all)
	_, _ = c.Deployments("").List(ctx, all)
	_, _ = c.ReplicaSets("x").List(ctx, all)
	_, _ = c.StatefulSets("x").Watch(ctx, all)
	_, _ = c.DaemonSets("x").List(ctx, all)
	_, _ = c.Jobs("x").List(ctx, all)
	_, _ = c.CronJobs("x").List(ctx, all)
	_, _ = c.May(ctx, &authorizationv1.ResourceAttributes{})
	_, _ = c.User(ctx)
	_, _ = c.Groups(ctx)
	_, _ = c.Log("x", "p", &corev1.PodLogOptions{Container: "c", Previous: true, TailLines: new(int64(5))}).Stream(ctx)
	want := []string{
		"GET /api/v1/namespaces/x",
		"GET /api/v1/namespaces/x/pods?labelSelector=a%3Db",
		"GET /api/v1/namespaces/x/events",
		"GET /api/v1/namespaces/x/secrets/s",
		"GET /api/v1/namespaces/x/persistentvolumeclaims",
		"GET /apis/apps/v1/deployments",
		"GET /apis/apps/v1/namespaces/x/replicasets",
		"GET /apis/apps/v1/namespaces/x/statefulsets?watch=true",
		"GET /apis/apps/v1/namespaces/x/daemonsets",
		"GET /apis/batch/v1/namespaces/x/jobs",
		"GET /apis/batch/v1/namespaces/x/cronjobs",
		"POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
		"POST /apis/authentication.k8s.io/v1/selfsubjectreviews",
		"GET /apis",
		"GET /api/v1/namespaces/x/pods/p/log?container=c&previous=true&tailLines=5",
	}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	exec := c.Exec("x", "p", &corev1.PodExecOptions{Container: "c", Command: []string{"a", "b"}, Stdout: true, Stderr: true})
	if got, want := exec.RequestURI(), "/api/v1/namespaces/x/pods/p/exec?command=a&command=b&container=c&stderr=true&stdout=true"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
