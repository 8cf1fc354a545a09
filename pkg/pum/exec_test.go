// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/exec"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kube"
)

func TestEndOfACommand(t *testing.T) {
	pods := schema.GroupResource{Resource: "pods"}
	exit := func(code int) error { return exec.CodeExitError{Err: errors.New("command terminated"), Code: code} }
	const notInPath = `exec: "status": executable file not found in $PATH: unknown`
	var missing *MissingCommandError
	var lost *LostError
	tests := []struct {
		name   string
		stderr string
		err    error
		code   int
		as     any // where the error must fit, or nil for none
	}{
		{name: "success"},
		{name: "its own failure", err: exit(3), code: 3},
		{name: "containerd, no such command", err: apierrors.NewInternalError(errors.New(notInPath)), as: &missing},
		{name: "docker, no such command", err: exit(126), stderr: "OCI runtime exec failed: " + notInPath, as: &missing},
		{name: "no such path", err: apierrors.NewInternalError(errors.New(`exec: "/nodejs/bin/node": stat /nodejs/bin/node: no such file or directory`)), as: &missing},
		{name: "a failure that only talks of a file", err: exit(1), stderr: "exec: no such file or directory", code: 1},
		{name: "kubelet away", err: apierrors.NewInternalError(errors.New("error dialing backend: connection refused")), as: &lost},
		{name: "pod gone", err: apierrors.NewNotFound(pods, "pum-x"), as: &lost},
		{name: "connection cut", err: errors.New("websocket: close 1006"), as: &lost},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, err := ended(Output{Pod: "pum-x", Stderr: []byte(tt.stderr)}, []string{"status"}, tt.err)
			if tt.as == nil && err != nil || tt.as != nil && !errors.As(err, tt.as) {
				t.Errorf("error = %v, want %T", err, tt.as)
			}
			if out.ExitCode != tt.code {
				t.Errorf("exit code = %d, want %d", out.ExitCode, tt.code)
			}
		})
	}
	_, err := ended(Output{}, nil, apierrors.NewForbidden(pods, "pum-x", errors.New("no")))
	if !apierrors.IsForbidden(err) || errors.As(err, &lost) {
		t.Errorf("a refused command = %v, want forbidden and not lost", err)
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
		client, err := kube.New(config)
		if err != nil {
			t.Fatal(err)
		}
		r := &PodRunner{Client: client, Config: config, Transport: transport}
		ctx, interrupt := context.WithCancel(t.Context()) // without a deadline, as by Ctrl-C
		time.AfterFunc(50*time.Millisecond, interrupt)
		early := openAhead(ctx, config, client.URL())
		ended := make(chan error, 1)
		go func() {
			_, err := r.exec(ctx, early, "pum", "pum", []string{"status"})
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
	client, err := kube.New(config)
	if err != nil {
		t.Fatal(err)
	}
	r := &PodRunner{Client: client, Config: config}
	exec := func(r *PodRunner) string {
		upgrades = nil
		early := openAhead(t.Context(), config, client.URL())
		defer early.drop()
		_, _ = r.exec(t.Context(), early, "pum", "pum", []string{"restart"}) // it fails, of course
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
