// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/util/exec"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kube"
)

// start starts a server with pods of these names, and a client that asks for protobuf.
func start(t *testing.T, options Options, names ...string) (*Server, *kube.Client, *rest.Config) {
	t.Helper()
	s, err := Start(t.TempDir(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	for _, name := range names {
		apply(t, s, name, "0")
	}
	config, err := clientcmd.BuildConfigFromFlags("", s.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	config.ContentType = mediaProtobuf
	config.AcceptContentTypes = mediaProtobuf + "," + mediaJSON
	clients, err := kube.NewClients(config)
	if err != nil {
		t.Fatal(err)
	}
	return s, clients.Kube, config
}

// apply puts a pod into the store, with its number in a label.
func apply(t *testing.T, s *Server, name, n string) {
	t.Helper()
	objects, err := Objects(fmt.Sprintf(`
apiVersion: v1
kind: Pod
metadata: {name: %s, labels: {number: "%s"}}
spec: {nodeName: node-%s, containers: [{name: c, image: x}]}
status: {phase: Running, containerStatuses: [{name: c, ready: true, restartCount: 0, image: x, imageID: x, state: {running: {startedAt: '{{ago "1h"}}'}}}]}
`, name, n, n), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s.Store.Apply(objects...)
}

func namesOf(list *corev1.PodList) string {
	var names []string
	for _, p := range list.Items {
		names = append(names, p.Name)
	}
	return strings.Join(names, " ")
}

func TestLists(t *testing.T) {
	s, client, _ := start(t, Options{}, "a", "b", "c")
	pods := client.Pods(Namespace)
	all, err := pods.List(t.Context(), metav1.ListOptions{})
	if err != nil || namesOf(all) != "a b c" {
		t.Fatalf("%s, %v", namesOf(all), err)
	}
	page, err := pods.List(t.Context(), metav1.ListOptions{Limit: 2})
	if err != nil || namesOf(page) != "a b" || page.Continue == "" || *page.RemainingItemCount != 1 {
		t.Fatalf("first page: %s, %v", namesOf(page), err)
	}
	apply(t, s, "d", "1")
	for _, test := range []struct {
		options metav1.ListOptions
		want    string
	}{
		{metav1.ListOptions{Limit: 2, Continue: page.Continue}, "c"}, // as it was when the first page was read
		{metav1.ListOptions{ResourceVersion: all.ResourceVersion, ResourceVersionMatch: metav1.ResourceVersionMatchExact}, "a b c"},
		{metav1.ListOptions{ResourceVersion: all.ResourceVersion}, "a b c d"},
		{metav1.ListOptions{LabelSelector: "number in (1,2)"}, "d"},
		{metav1.ListOptions{FieldSelector: "spec.nodeName=node-0,metadata.name!=a"}, "b c"},
	} {
		if got, err := pods.List(t.Context(), test.options); err != nil || namesOf(got) != test.want {
			t.Errorf("%+v: %s, %v, want %s", test.options, namesOf(got), err, test.want)
		}
	}
	if _, err := pods.List(t.Context(), metav1.ListOptions{FieldSelector: "spec.color=red"}); !apierrors.IsBadRequest(err) {
		t.Errorf("a field that cannot be selected: %v", err)
	}
	if _, err := pods.List(t.Context(), metav1.ListOptions{ResourceVersion: "999999"}); !apierrors.HasStatusCause(err, metav1.CauseTypeResourceVersionTooLarge) {
		t.Errorf("a revision of the future: %v", err)
	}
	s.Store.Compact()
	if _, err := pods.List(t.Context(), metav1.ListOptions{Continue: page.Continue}); !apierrors.IsResourceExpired(err) {
		t.Errorf("a token of a revision that is forgotten: %v", err)
	}
	s.Store.FallBehind()
	apply(t, s, "e", "1")
	for version, want := range map[string]string{"": "a b c d e", "0": "a b c d"} {
		if got, err := pods.List(t.Context(), metav1.ListOptions{ResourceVersion: version}); err != nil || namesOf(got) != want {
			t.Errorf("behind, resourceVersion=%q: %s, %v, want %s", version, namesOf(got), err, want)
		}
	}
}

// events returns the next events of a watch, as far as they come.
func events(t *testing.T, w watch.Interface, n int) string {
	t.Helper()
	var all []string
	for range n {
		select {
		case e, ok := <-w.ResultChan():
			if p, isPod := e.Object.(*corev1.Pod); ok && isPod {
				all = append(all, string(e.Type)+" "+p.Name+strings.Repeat(" end", len(p.Annotations)))
			} else {
				all = append(all, string(e.Type)+" "+string(apierrors.ReasonForError(apierrors.FromObject(e.Object))))
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("after %q nothing comes", all)
		}
	}
	return strings.Join(all, ", ")
}

func TestWatches(t *testing.T) {
	s, client, _ := start(t, Options{}, "a")
	pods := client.Pods(Namespace)
	list, err := pods.List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	follow := func(options metav1.ListOptions) watch.Interface {
		t.Helper()
		w, err := pods.Watch(t.Context(), options)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(w.Stop)
		return w
	}
	plain := follow(metav1.ListOptions{ResourceVersion: list.ResourceVersion})
	selective := follow(metav1.ListOptions{ResourceVersion: list.ResourceVersion, LabelSelector: "number=1"})
	apply(t, s, "b", "0")
	apply(t, s, "b", "1")
	apply(t, s, "b", "2")
	if err := s.Store.Delete(Namespace, "Pod/a"); err != nil {
		t.Fatal(err)
	}
	if got, want := events(t, plain, 4), "ADDED b, MODIFIED b, MODIFIED b, DELETED a"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := events(t, selective, 2), "ADDED b, DELETED b"; got != want {
		t.Errorf("with a selector: %s, want %s", got, want)
	}
	streaming := metav1.ListOptions{SendInitialEvents: new(true), AllowWatchBookmarks: true, ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan}
	if got, want := events(t, follow(streaming), 2), "ADDED b, BOOKMARK  end"; got != want {
		t.Errorf("a streaming list: %s, want %s", got, want)
	}
	s.Store.Compact()
	if got, want := events(t, follow(metav1.ListOptions{ResourceVersion: list.ResourceVersion}), 1), "ERROR Expired"; got != want {
		t.Errorf("from a revision that is forgotten: %s, want %s", got, want)
	}
	_, old, _ := start(t, Options{NoStreamingLists: true})
	if _, err := old.Pods(Namespace).Watch(t.Context(), streaming); !apierrors.IsInvalid(err) {
		t.Errorf("a streaming list before 1.32: %v", err)
	}
}

func TestMetadata(t *testing.T) {
	_, _, config := start(t, Options{}, "a")
	client, err := metadata.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	list, err := client.Resource(corev1.SchemeGroupVersion.WithResource("pods")).Namespace(Namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil || len(list.Items) != 1 || list.Items[0].Labels["number"] != "0" {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestAccess(t *testing.T) {
	s, client, _ := start(t, Options{}, "a")
	s.Access.Allow([]rbacv1.PolicyRule{{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"pods"}}})
	if _, err := client.Pods(Namespace).Get(t.Context(), "a", metav1.GetOptions{}); err != nil {
		t.Error(err)
	}
	_, err := client.Pods(Namespace).List(t.Context(), metav1.ListOptions{})
	if want := `pods is forbidden: User "operator" cannot list resource "pods" in API group "" in the namespace "thingpark-enterprise"`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	_, err = client.Log(Namespace, "a", &corev1.PodLogOptions{}).Stream(t.Context())
	if want := `pods "a" is forbidden: User "operator" cannot get resource "pods/log" in API group "" in the namespace "thingpark-enterprise"`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	s.Access.Unauthorize(true)
	if _, err := client.Pods(Namespace).Get(t.Context(), "a", metav1.GetOptions{}); !apierrors.IsUnauthorized(err) {
		t.Errorf("%v, want 401", err)
	}
}

// What a command prints and how it ends arrives, by each protocol.
func TestExec(t *testing.T) {
	large := strings.Repeat("0123456789abcdef", 1<<14)
	_, client, config := start(t, Options{Exec: func(c Command) Result {
		switch c.Args[0] {
		case "large":
			return Result{Stdout: large}
		case "fails":
			return Result{Stdout: "out", Stderr: "err", Exit: 3}
		case "lost":
			return Result{Stdout: "out", Lost: true}
		}
		return NotFound("containerd", c.Args)
	}}, "a")
	for _, test := range []struct{ command, out, err string }{
		{"large", large, "<nil>"},
		{"fails", "out", "command terminated with exit code 3"},
		{"missing", "", "executable file not found in $PATH"},
		{"lost", "out", "error"},
	} {
		for _, protocol := range []string{"WebSocket", "SPDY"} {
			url := client.Exec(Namespace, "a", &corev1.PodExecOptions{Container: "c", Command: []string{test.command}, Stdout: true, Stderr: true})
			executor, err := remotecommand.NewSPDYExecutor(config, http.MethodPost, url)
			if protocol == "WebSocket" {
				executor, err = remotecommand.NewWebSocketExecutor(config, http.MethodGet, url.String())
			}
			if err != nil {
				t.Fatal(err)
			}
			var stdout, stderr bytes.Buffer
			err = executor.StreamWithContext(t.Context(), remotecommand.StreamOptions{Stdout: &stdout, Stderr: &stderr})
			if test.command != "lost" && (stdout.String() != test.out || !strings.Contains(fmt.Sprint(err), test.err)) {
				t.Errorf("%s over %s: %d bytes, %v, want %d bytes, %s", test.command, protocol, stdout.Len(), err, len(test.out), test.err)
			}
			if exit := (exec.CodeExitError{}); test.command == "lost" && errors.As(err, &exit) {
				t.Errorf("%s over %s: %v", test.command, protocol, err)
			}
		}
	}
}

func TestLogs(t *testing.T) {
	s, client, _ := start(t, Options{}, "a")
	now := time.Now().Truncate(time.Second)
	of := LogOf{Pod: "a", Container: "c"}
	for i := range 4 {
		s.Logs.Append(of, now.Add(time.Duration(i-10)*time.Minute), fmt.Sprintf("line %d\n", i))
	}
	stamp := now.Add(-7 * time.Minute).UTC().Format("2006-01-02T15:04:05.000000000Z07:00")
	for _, test := range []struct {
		options corev1.PodLogOptions
		want    string
	}{
		{corev1.PodLogOptions{}, "line 0\nline 1\nline 2\nline 3\n"},
		{corev1.PodLogOptions{TailLines: new(int64(1)), Timestamps: true}, stamp + " line 3\n"},
		{corev1.PodLogOptions{SinceSeconds: new(int64(510))}, "line 2\nline 3\n"},
		{corev1.PodLogOptions{LimitBytes: new(int64(9))}, "line 0\nli"},
	} {
		got, err := client.Log(Namespace, "a", &test.options).DoRaw(t.Context())
		if err != nil || string(got) != test.want {
			t.Errorf("%+v: %q, %v, want %q", test.options, got, err, test.want)
		}
	}
	if _, err := client.Log(Namespace, "a", &corev1.PodLogOptions{Previous: true}).DoRaw(t.Context()); !apierrors.IsBadRequest(err) {
		t.Errorf("a log of a run that was not: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	stream, err := client.Log(Namespace, "a", &corev1.PodLogOptions{Follow: true, TailLines: new(int64(0))}).Stream(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	s.Logs.Append(of, now, "more\n")
	got := make([]byte, 5)
	if _, err := io.ReadFull(stream, got); err != nil || string(got) != "more\n" {
		t.Errorf("while it is followed: %q, %v", got, err)
	}
}

// A mistake in a case is no other case.
func TestMistakesInCases(t *testing.T) {
	const good = "name: a\nargs: [status]\nwant: [0]\n"
	file := filepath.Join(t.TempDir(), "case.yaml")
	for text, ok := range map[string]bool{
		"": true, "steps: [{after: 1s, pum: {exit: 1}}]\n": true,
		"color: red\n": false, "steps: [{after: 1s, pum: {color: red}}]\n": false, "name: b\n": false, "says: ['(']\n": false,
	} {
		if err := os.WriteFile(file, []byte(good+text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(file); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, text := range []string{"kind: Pod\napiVersion: v1\nmetadata: {name: a}\nspec: {conteners: []}", "kind: Pod\nkind: Pod"} {
		if objects, err := Objects(text, time.Now()); err == nil {
			t.Errorf("%q: %v", text, objects)
		}
	}
}
