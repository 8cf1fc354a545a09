// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// withKubeconfig runs the plugin with a kubeconfig, as a process of its own: watches end after the
// command that began them.
func withKubeconfig(t *testing.T, kubeconfig string, args ...string) (code int, said string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(file, []byte(kubeconfig), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "kubectl-tpe", append(args, "--kubeconfig="+file)...)
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// Who is anonymous for the API server sent no credentials. A Role for everybody would be no help.
func TestAnonymousIsNotLoggedIn(t *testing.T) {
	nobody := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		_ = json.NewEncoder(w).Encode(map[string]any{ // a client that has gone needs none
			"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403,
			"message": fmt.Sprintf(`pods is forbidden: User "system:anonymous" cannot %s path %q`, strings.ToLower(r.Method), r.URL.Path),
		})
	})
	for _, args := range readers() {
		code, stdout, stderr := runWith(t, nobody, "{}", args...)
		if code != int(verdict.ExitForbidden) || !strings.Contains(stdout+stderr, "log in again") || args[0] != "wait" && !strings.Contains(stdout+stderr, "a request without credentials, and this context has none") {
			t.Errorf("%v: exit code %d\n%s%s", args, code, stdout, stderr)
		}
		if strings.Contains(stdout+stderr, "kind: Role") || strings.Contains(stdout+stderr, "doctor --role") {
			t.Errorf("%v speaks of a Role:\n%s%s", args, stdout, stderr)
		}
	}
}

// What stands before an API server may ask for a client certificate, and end TLS without one.
func TestAServerRefusesTheCertificate(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of the client that it refuses
	server.StartTLS()
	defer server.Close()
	for _, command := range []string{"status", "wait --timeout=20s", "logs", "logs -f --timeout=5s", "pum status", "pum restart --yes", "releases", "doctor"} {
		code, said := withKubeconfig(t, kubeconfigOf(server.URL, "c", "u"), strings.Fields(command)...)
		if code != int(verdict.ExitForbidden) || !strings.Contains(said, "certificate required") || !strings.Contains(said, "log in again") || strings.Contains(said, "timed out") {
			t.Errorf("%s: exit code %d\n%s", command, code, said)
		}
	}
}

// kubeconfigOf returns a kubeconfig of one cluster c and one user u, and a context of those names.
func kubeconfigOf(server, cluster, user string) string {
	return fmt.Sprintf("{apiVersion: v1, kind: Config, current-context: x, contexts: [{name: x, context: {cluster: %s, user: %s}}],"+
		" clusters: [{name: c, cluster: {server: %q, insecure-skip-tls-verify: true}}], users: [{name: u, user: {token: t0ken}}]}", cluster, user, server)
}

// A kubeconfig that does not say where to ask, or as whom, is not read as localhost:8080, or
// as somebody without credentials.
func TestAContextThatLacksSomething(t *testing.T) {
	server := httptest.NewServer(&api{})
	defer server.Close()
	whole := kubeconfigOf(server.URL, "c", "u")
	none := strings.Replace(whole, "current-context: x, ", "", 1)
	for name, tt := range map[string]struct {
		kubeconfig, says string
		args             []string
	}{
		"no current context":                 {none, "no cluster to ask: the kubeconfig has no current context; use --context, it has x\n", nil},
		"no current context, but a cluster":  {none, "", []string{"--cluster=c"}},
		"no current context, but a server":   {none, "", []string{"--server=" + server.URL}},
		"no current context, but it is said": {none, "", []string{"--context=x"}},
		"another cluster":                    {kubeconfigOf(server.URL, "ghost", "u"), `no cluster to ask: context "x" names the cluster "ghost", and the kubeconfig does not have it` + "\n", nil},
		"another cluster, but a server":      {kubeconfigOf(server.URL, "ghost", "u"), "", []string{"--server=" + server.URL}},
		"another user":                       {kubeconfigOf(server.URL, "c", "ghost"), `context "x" names the user "ghost", and the kubeconfig does not have it` + "\n", nil},
		"another user, but a token":          {kubeconfigOf(server.URL, "c", "ghost"), "", []string{"--token=t0ken"}},
		"another user, but one is said":      {kubeconfigOf(server.URL, "c", "ghost"), "", []string{"--user=u"}},
		"no user":                            {kubeconfigOf(server.URL, "c", `""`), "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			code, said := withKubeconfig(t, tt.kubeconfig, append(tt.args, "releases")...)
			if tt.says == "" {
				if code != int(verdict.ExitNotFound) {
					t.Errorf("it was not asked: exit code %d\n%s", code, said)
				}
				return
			}
			if code != int(verdict.ExitError) || said != "error: "+tt.says {
				t.Errorf("exit code %d\n%s", code, said)
			}
		})
	}
}

// A server with TLS that is asked without it answers with a text that client-go does not show.
func TestAnAddressWithoutTLS(t *testing.T) {
	behindTLS := httptest.NewUnstartedServer(&api{})
	behindTLS.Config.ErrorLog = log.New(io.Discard, "", 0) // of the client that it refuses
	behindTLS.StartTLS()
	defer behindTLS.Close()
	nginx := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte("<html><center>The plain HTTP request was sent to HTTPS port</center></html>")) // a client that has gone needs none
	}))
	defer nginx.Close()
	other := httptest.NewServer(&api{answers: []answer{{"", 400, ""}}})
	defer other.Close()
	for address, want := range map[string]bool{strings.Replace(behindTLS.URL, "https:", "http:", 1): true, nginx.URL: true, other.URL: false} {
		for _, command := range []string{"status", "pum status", "logs", "doctor"} {
			code, said := withKubeconfig(t, kubeconfigOf(address, "c", "u"), strings.Fields(command)...)
			if code != int(verdict.ExitError) || strings.Contains(said, "is an HTTPS server") != want {
				t.Errorf("%s: exit code %d, want an HTTPS server: %t\n%s", command, code, want, said)
			}
		}
	}
}

// What answers every request with a 404 that is no Status is no API server, or one below another
// path. Nothing is missing there: PUM and the namespace may be elsewhere.
func TestAnotherServerAnswers(t *testing.T) {
	index := func(w http.ResponseWriter, _ *http.Request) { // as an API server does for a path that it does not know
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"paths": ["/apis", "/version"]}`)) // a client that has gone needs none
	}
	for name, handler := range map[string]http.HandlerFunc{"no page": http.NotFound, "an index": index} {
		for _, args := range append(readers(), []string{"logs", "-f", "--timeout=3s"}, []string{"status", "-A"}) {
			code, stdout, stderr := runWith(t, handler, withToken, append(args, "--cluster=below")...)
			want := verdict.ExitError
			if slices.Contains(args, "-f") {
				want = verdict.ExitTimeout // it asks again, as of a server that does not answer
			}
			if code != int(want) || !strings.Contains(stdout+stderr, "/wrong does not answer as a Kubernetes API server (404 Not Found): check its address") {
				t.Errorf("%s, %v: exit code %d\n%s%s", name, args, code, stdout, stderr)
			}
			if strings.Contains(stdout+stderr, "another namespace") || strings.Contains(stdout+stderr, "--all-namespaces") {
				t.Errorf("%s, %v sends to another namespace:\n%s%s", name, args, stdout, stderr)
			}
		}
	}
}
