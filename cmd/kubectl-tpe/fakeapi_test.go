// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// An api answers requests as far as a test says. The first path of answers that is part of
// a request's counts; what none is about is not found.
type api struct {
	answers []answer

	lock  sync.Mutex // of the calls
	calls []string
}

type answer struct {
	path string
	code int
	text string
}

func (s *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.lock.Lock()
	s.calls = append(s.calls, r.Method+" "+r.URL.Path)
	s.lock.Unlock()
	for _, a := range s.answers {
		if !strings.Contains(r.URL.Path, a.path) {
			continue
		}
		text := a.text
		if text == "" {
			text = statusOf(a.code)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(a.code)
		for part := range strings.SplitAfterSeq(text, "\n") { // chunked
			_, _ = io.WriteString(w, part) // a client that has gone needs none
			w.(http.Flusher).Flush()
		}
		return
	}
	http.Error(w, statusOf(http.StatusNotFound), http.StatusNotFound)
}

// statusOf is how an API server says that it does not answer.
func statusOf(code int) string {
	reason := map[int]string{401: "Unauthorized", 403: "Forbidden", 404: "NotFound"}[code]
	return fmt.Sprintf(`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":%q,"code":%d,"message":"it says %s"}`, reason, code, reason)
}

// A user is how an account logs in, as a kubeconfig has it.
type user string

const withToken user = "{token: t0ken-of-mine}"

// runWith runs the plugin against an API server, as a user.
func runWith(t *testing.T, handler http.Handler, as user, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of clients that have gone
	server.StartTLS()                                   // without TLS nobody logs in
	defer server.Close()
	file := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf("{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c, user: u, namespace: tpe}}],"+
		" clusters: [{name: c, cluster: {server: %q, insecure-skip-tls-verify: true}}, {name: below, cluster: {server: %q, insecure-skip-tls-verify: true}}], users: [{name: u, user: %s}]}", server.URL, server.URL+"/wrong", as)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errOut bytes.Buffer
	a := &app{IOStreams: genericiooptions.IOStreams{In: strings.NewReader(""), Out: &out, ErrOut: &errOut}, now: time.Now}
	code = run(append(args, "--kubeconfig="+file), a)
	return code, out.String(), errOut.String()
}

// secretOf returns a secret of Helm's and its list, with a password in it.
func secretOf(release, chart, version string) string {
	payload := fmt.Sprintf(`{"info":{"status":"deployed"},"chart":{"metadata":{"name":%q,"version":%q}},"config":{"password":"s3cr3t"}}`, chart, version)
	data := base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte(payload))))
	return fmt.Sprintf(`{"kind":"Secret","apiVersion":"v1","metadata":{"name":"sh.helm.release.v1.%s.v1","namespace":"tpe","labels":{"owner":"helm","status":"deployed"}},
"data":{"release":%q}}`, release, data)
}

func TestNoLevelLogsWhatAnswersHold(t *testing.T) {
	secret := secretOf("tpe", "thingpark-enterprise", "2.0.0")
	body := secret[strings.Index(secret, `"release":"`)+11:][:30]
	answers := []answer{
		{"secrets/", 200, secret},
		{"secrets", 200, `{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","items":[` + secret[:strings.Index(secret, "\n")-1] + "}]}"},
	}
	for _, level := range []string{"6", "7", "8", "9", "10", "99", "2147483647"} {
		for _, answers := range [][]answer{answers, {{"secrets/", 500, secret}, answers[1]}, {{"", 500, secret}}} {
			code, stdout, stderr := runWith(t, &api{answers: answers}, withToken, "releases", "-v="+level)
			for _, secret := range []string{body, "s3cr3t", "t0ken-of-mine", "|"} {
				if strings.Contains(stdout+stderr, secret) {
					t.Errorf("-v=%s, exit code %d: %q is logged:\n%s", level, code, secret, stderr)
				}
			}
			if !strings.Contains(stderr, "/secrets") {
				t.Errorf("-v=%s: no request is logged:\n%s", level, stderr)
			}
		}
	}
	if _, _, stderr := runWith(t, &api{answers: answers}, withToken, "releases"); stderr != "" {
		t.Errorf("without -v: %s", stderr)
	}
	if code, _, stderr := runWith(t, &api{}, withToken, "releases", "-v=much"); code != int(verdict.ExitUsage) {
		t.Errorf("-v=much: %d, %s", code, stderr)
	}
}

// The log is text of others, too.
func TestTheLogIsEscaped(t *testing.T) {
	var b bytes.Buffer
	w := &logWriter{&b, output.Safe}
	record := "I0101 err=\"\x1b[2J\u202e\" url=\"https://me:pa55@host/x?y=a@b\" proxy=socks5://me@p\n"
	if n, err := w.Write([]byte(record)); n != len(record) || err != nil {
		t.Fatal(n, err)
	}
	if want := `I0101 err="\x1b[2J\u202e" url="https://***@host/x?y=a@b" proxy=socks5://***@p` + "\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}
