// SPDX-License-Identifier: Apache-2.0

package podexec

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	protocol "k8s.io/apimachinery/pkg/util/remotecommand"
	"k8s.io/client-go/rest"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kube"
)

// A node runs each command over SPDY: it writes to standard output and, perhaps, the status.
func node(t *testing.T, status string) *rest.Config {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := httpstream.Handshake(r, w, []string{protocol.StreamProtocolV5Name, protocol.StreamProtocolV4Name}); err != nil {
			return
		}
		streams := make(chan httpstream.Stream, 3)
		connection := spdy.NewResponseUpgrader().UpgradeResponse(w, r, func(s httpstream.Stream, _ <-chan struct{}) error {
			streams <- s
			return nil
		})
		if connection == nil {
			return
		}
		by := map[string]httpstream.Stream{}
		for range cap(streams) {
			s := <-streams
			by[s.Headers().Get(corev1.StreamType)] = s
		}
		_, _ = io.WriteString(by[corev1.StreamTypeStdout], "sent")
		_, _ = io.WriteString(by[corev1.StreamTypeError], status)
		time.Sleep(50 * time.Millisecond) // else what was written may be lost with the connection
		_ = connection.Close()
	}))
	t.Cleanup(server.Close)
	return &rest.Config{Host: server.URL}
}

// A connection that is cut looks like success to client-go. It is none.
func TestTheEndOfACommandOverSPDYMustBeSeen(t *testing.T) {
	for _, tt := range []struct {
		name, status string
		lost         bool
		code         int
	}{
		{"success", `{"metadata":{},"status":"Success"}`, false, 0},
		{"an exit code", `{"metadata":{},"status":"Failure","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"3"}]}}`, false, 3},
		{"a connection that was cut", "", true, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			config := node(t, tt.status)
			clients, err := kube.NewClients(config)
			if err != nil {
				t.Fatal(err)
			}
			r := &Runner{Client: clients.Kube, Config: config, Transport: SPDY, Limit: 100}
			out, err := r.exec(t.Context(), target{"pum", "pum", nil}, []string{"restart"})
			lost := (*LostError)(nil)
			if got := errors.As(err, &lost); got != tt.lost || err != nil && !got || out.ExitCode != tt.code {
				t.Errorf("error %v, exit code %d; want lost %v, %d", err, out.ExitCode, tt.lost, tt.code)
			}
			if string(out.Stdout) != "sent" || out.Ran != RanYes {
				t.Errorf("standard output %q, ran %q", out.Stdout, out.Ran)
			}
		})
	}
}
