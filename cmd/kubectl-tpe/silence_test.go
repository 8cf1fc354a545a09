// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// silentListener takes connections and says nothing.
func silentListener(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() }) // nobody reads from it
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = connection.Close() })
		}
	}()
	return listener.Addr().String()
}

func TestSilentServers(t *testing.T) {
	end := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-end }))
	defer server.Close()
	defer close(end)
	for name, tt := range map[string]struct{ url, stage string }{
		"before TLS": {"https://" + silentListener(t), "it took the connection and said nothing more"},
		"after it":   {server.URL, "it did not answer the request"},
	} {
		var said atomic.Pointer[string]
		s := &silence{say: func(text string) { said.Store(&text) }, noted: time.Millisecond, limit: 200 * time.Millisecond}
		client := &http.Client{Transport: s.wrap(&http.Transport{})}
		_, err := client.Get(tt.url) //nolint:bodyclose // there is none
		silent := (*SilentError)(nil)
		if !errors.As(err, &silent) || silent.Stage != tt.stage || !strings.Contains(err.Error(), "no answer from "+tt.url+" within 200ms: ") {
			t.Errorf("%s: %v", name, err)
		}
		if text := said.Load(); text == nil || *text != "waiting for an answer from "+tt.url {
			t.Errorf("%s: said %v", name, text)
		}
	}
}

// A container that prints nothing has a log without a first byte.
func TestASilentLogIsWaitedFor(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { time.Sleep(100 * time.Millisecond) }))
	defer server.Close()
	client := &http.Client{Transport: (&silence{limit: 10 * time.Millisecond}).wrap(&http.Transport{})}
	response, err := client.Get(server.URL + "/api/v1/namespaces/tpe/pods/p/log")
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close() // there is nothing in it
	if response, err := client.Get(server.URL + "/api/v1/namespaces/tpe/pods"); err == nil {
		t.Error("a list is waited for")
		_ = response.Body.Close() // there is nothing in it
	}
}

// An answer that takes long once it has begun is no silence: a watch, a log.
func TestASlowAnswerIsNoSilence(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for range 4 {
			_, _ = io.WriteString(w, "x") // a client that has gone needs none
			w.(http.Flusher).Flush()
			time.Sleep(100 * time.Millisecond)
		}
	}))
	defer server.Close()
	s := &silence{say: func(text string) { t.Error("said", text) }, noted: 150 * time.Millisecond, limit: 200 * time.Millisecond}
	response, err := (&http.Client{Transport: s.wrap(&http.Transport{})}).Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if text, err := io.ReadAll(response.Body); err != nil || string(text) != "xxxx" {
		t.Errorf("%q, %v", text, err)
	}
}
