// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// completed returns what a shell is offered for words, with a kubeconfig.
func completed(t *testing.T, server, user string, words ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "kubeconfig")
	text := "{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c, user: u, namespace: tpe}}]," +
		" clusters: [{name: c, cluster: {server: '" + server + "'}}], users: [{name: u, user: " + user + "}]}"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBECONFIG", file)
	var out, errOut bytes.Buffer
	a := &app{IOStreams: genericiooptions.IOStreams{In: strings.NewReader(""), Out: &out, ErrOut: &errOut}, now: time.Now}
	if code := run(arguments(completer, words), a); code != 0 {
		t.Errorf("exit code %d: %s", code, errOut.String())
	}
	return out.String()
}

// Whatever hangs, a shell is not kept waiting: neither by the API server nor by a credential plugin.
func TestCompletionEndsInTime(t *testing.T) {
	end := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-end }))
	defer silent.Close()
	defer close(end)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	plugin := "{exec: {apiVersion: client.authentication.k8s.io/v1, command: '" + self + "', env: [{name: " + hanging + ", value: 'yes'}], interactiveMode: Never}}"
	for _, user := range []string{"{token: x}", plugin} {
		start := time.Now()
		completed(t, silent.URL, user, "status", "-n", "")
		if took := time.Since(start); took > 4*time.Second {
			t.Errorf("%s: a completion took %s", user, took)
		}
	}
}

// Revisions are those that Helm keeps, alone or with the one before.
func TestCompletionOfRevisions(t *testing.T) {
	items := `{"metadata":{"name":"sh.helm.release.v1.tpe.v2"}},{"metadata":{"name":"sh.helm.release.v1.tpe.v10"}},` +
		`{"metadata":{"name":"sh.helm.release.v1.tpe.v4"}},{"metadata":{"name":"sh.helm.release.v1.tpe-data.v7"}}`
	server := httptest.NewServer(&api{answers: []answer{{"secrets", 200, `{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","items":[` + items + "]}"}}})
	defer server.Close()
	for flag, want := range map[string]string{"--revision": "10\n4\n2\n:36\n", "--diff": "4..10\n2..4\n:36\n"} {
		if got := completed(t, server.URL, "{token: x}", "values", "tpe", flag, ""); got != want {
			t.Errorf("%s: %q, want %q", flag, got, want)
		}
	}
}

// kubectl on Windows looks for a program beside a plugin's, which no script can be.
func TestCompletionThroughKubectlIsRefusedOnWindows(t *testing.T) {
	_, err := linkCompleter("windows")
	if err == nil || !strings.Contains(err.Error(), "kubectl-tpe completion powershell") {
		t.Errorf("got %v, want what to use there", err)
	}
}
