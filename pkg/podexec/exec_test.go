// SPDX-License-Identifier: Apache-2.0

package podexec

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/exec"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kube"
)

func TestEndOfACommand(t *testing.T) {
	pods := schema.GroupResource{Resource: "pods"}
	exit := func(code int) error { return exec.CodeExitError{Err: errors.New("command terminated"), Code: code} }
	containerd := func(text string) error {
		return errors.New("error executing command in container: failed to exec in container: " + text)
	}
	const notInPath = `exec: "status": executable file not found in $PATH: unknown`
	var missing *NotRunError
	var lost *LostError
	tests := []struct {
		name           string
		command        string
		stdout, stderr string
		err            error
		ran            Ran
		code           int
		as             any // where the error must fit, or nil for none
	}{
		{name: "success", stdout: "1 entrie(s)\n", ran: RanYes},
		{name: "success, and nothing printed: a runtime may have died"},
		{name: "its own failure", err: exit(3), stdout: "1 entrie(s)\n", ran: RanYes, code: 3},
		{name: "its own failure, silent", err: exit(3), code: 3},
		{name: "runc by containerd", err: containerd(`failed to start exec "c1": OCI runtime exec failed: ` + notInPath), ran: RanNot, as: &missing},
		{name: "runc by containerd, no such path", command: "/nodejs/bin/node", err: containerd(`exec: "/nodejs/bin/node": stat /nodejs/bin/node: no such file or directory`), ran: RanNot, as: &missing},
		{name: "runc by docker", err: exit(126), stdout: "OCI runtime exec failed: exec failed: " + notInPath + "\r\n", ran: RanNot, code: 126},
		{name: "runc by docker, on standard error", err: exit(126), stderr: "OCI runtime exec failed: " + notInPath, ran: RanNot, code: 126},
		{name: "runc by CRI-O", err: exit(255), stderr: `time="2026-01-01T00:00:00Z" level=error msg="exec failed: unable to start container process: exec: \"status\": executable file not found in $PATH"` + "\n", ran: RanNot, code: 255},
		{name: "crun", err: exit(1), stderr: "executable file `status` not found in $PATH: No such file or directory", ran: RanNot, code: 1},
		{name: "crun, 127", err: exit(127), stderr: "exec failed: executable file `status` not found in $PATH", ran: RanNot, code: 127},
		{name: "krun says 0", stderr: "Couldn't execute 'status' inside the vm: No such file or directory"},
		{name: "kata", command: "/nodejs/bin/node", err: containerd(`failed to start exec "c1": Others("exec process: rpc status: code: INTERNAL message: \"the file /nodejs/bin/node was not found\"")`), ran: RanNot, as: &missing},
		{name: "gVisor", err: containerd(`failed to start exec "c1": OCI runtime exec failed: error finding executable "status" in PATH [/bin]: no such file or directory: unknown`), ran: RanNot, as: &missing},
		{name: "gVisor's lost pid, which says nothing of the command", err: containerd(`failed to start exec "c1": open /run/c1-internal.pid: no such file or directory: unknown`), as: &lost},
		{name: "youki", err: exit(255), stderr: "executable 'status' for container process not found in PATH", ran: RanNot, code: 255},
		{name: "a word is no name", err: containerd(`setns process caused: exit status 22: no such file or directory`), as: &lost},
		{name: "a failure that only talks of a file", err: exit(1), stderr: "exec: no such file or directory", code: 1},
		{name: "a program that talks of its own name", err: exit(1), stderr: "reading\n\"status\" not found", code: 1},
		{name: "a program that printed before", err: exit(1), stdout: "working\n", stderr: `"status" not found`, ran: RanYes, code: 1},
		{name: "a path of which the name is a part", command: "/bin/node", err: containerd("stat /nodejs/bin/node: no such file or directory"), as: &lost},
		{name: "shell's code without words", err: exit(127), code: 127},
		{name: "kubelet away", err: apierrors.NewInternalError(errors.New("error dialing backend: connection refused")), as: &lost},
		{name: "pod gone", err: apierrors.NewNotFound(pods, "pum-x"), ran: RanNot, as: &lost},
		{name: "refused for now", err: apierrors.NewTooManyRequests("come back in a second", 1), ran: RanNot, as: &lost},
		{name: "no connection", err: &net.OpError{Op: "dial", Err: errors.New("connection refused")}, ran: RanNot, as: &lost},
		{name: "connection cut", err: errors.New("websocket: close 1006"), as: &lost},
		{name: "connection cut after some output", stdout: "1 ent", err: errors.New("websocket: close 1006"), ran: RanYes, as: &lost},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			command := []string{cmp.Or(tt.command, "status")}
			out, err := resultOf(Output{Pod: "pum-x", Command: command, Stdout: []byte(tt.stdout), Stderr: []byte(tt.stderr)}, tt.err)
			if tt.as == nil && err != nil || tt.as != nil && !errors.As(err, tt.as) {
				t.Errorf("error = %v, want %T", err, tt.as)
			}
			if out.ExitCode != tt.code || out.Ran != tt.ran {
				t.Errorf("exit code %d, ran %q, want %d, %q", out.ExitCode, out.Ran, tt.code, tt.ran)
			}
			if err != nil && tt.as == &lost && strings.HasPrefix(err.Error(), "connection lost while the command ran: ") != (tt.ran != RanNot) {
				t.Errorf("ran %q, and yet it says %v", out.Ran, err)
			}
		})
	}
	out, err := resultOf(Output{}, apierrors.NewForbidden(pods, "pum-x", errors.New("no")))
	if !apierrors.IsForbidden(err) || errors.As(err, &lost) || out.Ran != RanNot {
		t.Errorf("a refused command = %v, ran %q, want forbidden, not lost, not run", err, out.Ran)
	}
	out, err = resultOf(Output{}, &net.OpError{Op: "remote error", Err: errors.New("tls: expired certificate")})
	if !kube.NotLoggedIn(err) || errors.As(err, &lost) || out.Ran != RanNot {
		t.Errorf("a refused certificate = %v, ran %q, want not logged in, not lost, not run", err, out.Ran)
	}
}

// Kata lets a command that is not there hang for a minute.
func TestACommandThatHangsDoesNotHoldUpTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		var came []string
		hung := false
		tryEach(t.Context(), [][]string{{"hangs"}, {"answers"}}, func(ctx context.Context, command []string) (Output, error) {
			if command[0] == "hangs" {
				<-ctx.Done()
				hung = true
			}
			return Output{Command: command}, ctx.Err()
		}, func(out Output, _ error) bool {
			came = append(came, out.Command[0])
			return out.Command[0] == "answers"
		})
		synctest.Wait()
		if took := time.Since(begun); took != nextAfter || strings.Join(came, " ") != "answers" || !hung {
			t.Errorf("took %s, came %q, left alone: %v; want %s, answers, true", took, came, hung, nextAfter)
		}
	})
}

// An apiServer answers requests to run a command, and questions for rights.
type apiServer struct {
	rights   string            // verbs of this account on pods/exec
	checks   map[string]string // by protocol, the verb that the server wants
	policy   *metav1.Status    // that denies
	mu       sync.Mutex
	upgrades []string
}

// reviews returns what reads access reviews, which clients send as protobuf.
func reviews() serializer.CodecFactory {
	scheme := runtime.NewScheme()
	_ = authorizationv1.AddToScheme(scheme) // it always can
	return serializer.NewCodecFactory(scheme)
}

func (s *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	protocol := r.Header.Get("Upgrade")
	if protocol == "" {
		body, _ := io.ReadAll(r.Body)
		var review authorizationv1.SelfSubjectAccessReview
		if _, _, err := reviews().UniversalDeserializer().Decode(body, nil, &review); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		review.APIVersion, review.Kind = "authorization.k8s.io/v1", "SelfSubjectAccessReview"
		review.Status.Allowed = strings.Contains(s.rights, review.Spec.ResourceAttributes.Verb)
		_ = json.NewEncoder(w).Encode(review)
		return
	}
	s.upgrades = append(s.upgrades, protocol)
	verb := s.checks[protocol]
	status := metav1.Status{Code: 502, Message: "proxy"}
	switch {
	case protocol == "websocket" && verb == "create" && s.rights == "get": // kube-apiserver 1.36 gives no reason
		status = apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "pum", errors.New("")).ErrStatus
	case !strings.Contains(s.rights, verb):
		status = apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "pum", fmt.Errorf(`User "u" cannot %s resource "pods/exec"`, verb)).ErrStatus
	case s.policy != nil:
		status = *s.policy
	}
	status.Kind, status.APIVersion = "Status", "v1"
	w.WriteHeader(int(status.Code))
	_ = json.NewEncoder(w).Encode(status)
}

func TestWhoRefuses(t *testing.T) {
	before, since := map[string]string{"websocket": "get", "SPDY/3.1": "create"}, map[string]string{"websocket": "create", "SPDY/3.1": "create"}
	deny := func(code int32, reason metav1.StatusReason) *metav1.Status {
		return &metav1.Status{Code: code, Reason: reason, Message: `admission webhook "w" denied the request: exec needs a ticket`}
	}
	tests := []struct {
		name     string
		rights   string
		checks   map[string]string
		policy   *metav1.Status
		want     string // who refuses: policy, RBAC, login or nobody
		upgrades string
	}{
		{"a webhook, 403", "get create", before, deny(403, metav1.StatusReasonForbidden), "policy", "websocket"},
		{"a webhook's default, 400", "get create", since, deny(400, ""), "policy", "websocket"},
		{"a ValidatingAdmissionPolicy's default, 422", "get create", since, deny(422, metav1.StatusReasonInvalid), "policy", "websocket"},
		{"a policy that says 401", "get create", since, deny(401, metav1.StatusReasonUnauthorized), "policy", "websocket"},
		{"a policy, of an account with create alone", "create", before, deny(403, metav1.StatusReasonForbidden), "policy", "websocket SPDY/3.1"},
		{"a policy, of an account with get alone", "get", before, deny(403, metav1.StatusReasonForbidden), "policy", "websocket"},
		{"RBAC, no verb", "", before, nil, "RBAC", "websocket SPDY/3.1"},
		{"RBAC, get where create is wanted", "get", since, nil, "RBAC", "websocket SPDY/3.1"},
		{"create alone goes by SPDY", "create", before, nil, "nobody", "websocket SPDY/3.1"},
		{"get alone goes by WebSocket", "get", before, nil, "RBAC", "websocket SPDY/3.1"}, // this proxy upgrades nothing
		{"a login that is over", "", map[string]string{}, deny(401, metav1.StatusReasonUnauthorized), "login", "websocket"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &apiServer{rights: tt.rights, checks: tt.checks, policy: tt.policy}
			server := httptest.NewServer(s)
			defer server.Close()
			config := &rest.Config{Host: server.URL}
			clients, err := kube.NewClients(config)
			if err != nil {
				t.Fatal(err)
			}
			out, err := (&Runner{Client: clients.Kube, Config: config}).exec(t.Context(), target{pod: "pum", container: "pum"}, []string{"status"})
			var policy *PolicyError
			got := "nobody"
			switch {
			case errors.As(err, &policy):
				got = "policy"
				if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "exec needs a ticket") {
					t.Errorf("error = %v, want forbidden, with the policy's words", err)
				}
			case apierrors.IsForbidden(err):
				got = "RBAC"
				if !strings.Contains(err.Error(), ` resource "pods/exec"`) {
					t.Errorf("error = %v, want what is missing", err)
				}
			case apierrors.IsUnauthorized(err):
				got = "login"
			}
			if got != tt.want || (out.Ran == RanNot) != (got != "nobody") {
				t.Errorf("refused by %s, ran %q: %v; want %s", got, out.Ran, err, tt.want)
			}
			if upgrades := strings.Join(s.upgrades, " "); upgrades != tt.upgrades {
				t.Errorf("asked by %s, want %s", upgrades, tt.upgrades)
			}
		})
	}
}

func TestBoundedBuffer(t *testing.T) {
	full := 0
	b := &boundedBuffer{limit: 5, full: func() { full++ }}
	for _, text := range []string{"abc", "de"} {
		if n, err := b.Write([]byte(text)); n != len(text) || err != nil {
			t.Fatalf("Write(%q) = %d, %v", text, n, err)
		}
	}
	if full != 0 {
		t.Errorf("full after %d bytes of 5", len(b.data))
	}
	if n, err := b.Write([]byte("fgh")); n != 3 || err != nil || full != 1 {
		t.Errorf("Write over the limit = %d, %v, full %d times, want 3, nil, once", n, err, full)
	}
	if got := string(b.close()); got != "abcde" {
		t.Errorf("kept %q, want the first five bytes", got)
	}
	if _, err := b.Write([]byte("late")); err != nil || string(b.data) != "abcde" {
		t.Errorf("a late write changed what was returned: %q, %v", b.data, err)
	}
}

// A command that was given up may still write: what was taken of it stays as it is.
func TestBoundedBufferIsClosedWhileItIsWritten(t *testing.T) {
	b := &boundedBuffer{limit: 1 << 20, full: func() {}}
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for range 100 {
				_, _ = b.Write([]byte("xyz")) // it never fails
			}
		})
	}
	taken := b.close()
	before := len(taken)
	writers.Wait()
	if n := len(b.data); n != before || n%3 != 0 {
		t.Errorf("%d bytes were taken, and %d are there now", before, n)
	}
}

// silent is a server that takes connections and never answers.
func silent(t *testing.T) *rest.Config {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return &rest.Config{Host: "http://" + listener.Addr().String()}
}

func TestACommandThatIsNeverAnsweredIsLeftAlone(t *testing.T) {
	for _, transport := range []Transport{"", WebSocket, SPDY} {
		config := silent(t)
		clients, err := kube.NewClients(config)
		if err != nil {
			t.Fatal(err)
		}
		r := &Runner{Client: clients.Kube, Config: config, Transport: transport}
		ctx, interrupt := context.WithCancel(t.Context()) // without a deadline, as by Ctrl-C
		time.AfterFunc(50*time.Millisecond, interrupt)
		early := startPreconnect(ctx, config, clients.Kube.URL())
		ended := make(chan error, 1)
		go func() {
			_, err := r.exec(ctx, target{"pum", "pum", early}, []string{"status"})
			ended <- err
		}()
		select {
		case err := <-ended:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("transport %q: error %v, want %v", transport, err, context.Canceled)
			}
		case <-time.After(10 * time.Second):
			t.Errorf("transport %q: it hangs", transport)
		}
	}
}

// A proxy lets WebSocket through and answers that it did not.
func TestARestartIsNotSentByOneProtocolAfterTheOther(t *testing.T) {
	var upgrades []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		upgrades = append(upgrades, r.Header.Get("Upgrade"))
		w.WriteHeader(http.StatusBadGateway)
	}))
	defer proxy.Close()
	config := &rest.Config{Host: proxy.URL}
	clients, err := kube.NewClients(config)
	if err != nil {
		t.Fatal(err)
	}
	r := &Runner{Client: clients.Kube, Config: config}
	exec := func(r *Runner) string {
		upgrades = nil
		early := startPreconnect(t.Context(), config, clients.Kube.URL())
		defer early.drop()
		_, _ = r.exec(t.Context(), target{"pum", "pum", early}, []string{"restart"}) // it fails, of course
		return strings.Trim(strings.Join(upgrades, " "), " ")
	}
	if got := exec(r.Proven()); got != "websocket" {
		t.Errorf("sent by %s, want websocket alone", got)
	}
	if got := exec(r); got != "websocket SPDY/3.1" {
		t.Errorf("read by %s, want both, one after the other", got)
	}
	if got := exec(r.Proven()); got != "SPDY/3.1" {
		t.Errorf("sent by %s, want SPDY/3.1 alone: the last read came that far", got)
	}
}
