// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
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

// Who does not answer is named, with how far the request came.
func TestSilentServers(t *testing.T) {
	end := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-end }))
	defer server.Close()
	defer close(end)
	silent := silentListener(t)
	hangs := func(string, string, syscall.RawConn) error { <-end; return nil }
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }}
	for name, tt := range map[string]struct {
		transport      *http.Transport
		url, by, stage string
	}{
		"name":    {&http.Transport{DialContext: (&net.Dialer{Resolver: resolver}).DialContext}, "https://api.invalid:6443", "", "the name api.invalid was not resolved"},
		"connect": {&http.Transport{DialContext: (&net.Dialer{Control: hangs}).DialContext}, "https://" + silent, "", "no connection to " + silent + " was made"},
		"TLS":     {&http.Transport{}, "https://" + silent, "", "it took the connection, and the TLS handshake did not end"},
		"answer":  {&http.Transport{}, server.URL, "", "it took the connection, and did not answer the request"},
		"proxy":   {&http.Transport{}, "https://api.invalid:6443", "http://me:pa55@" + silent, "the proxy took the connection, and opened none to the API server"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &silence{patience: patience{noted: time.Millisecond, limit: 300 * time.Millisecond}}
			from := tt.url
			if tt.by != "" {
				proxy, err := url.Parse(tt.by)
				if err != nil {
					t.Fatal(err)
				}
				s.proxy = http.ProxyURL(proxy)
				tt.transport.Proxy = s.proxy
				from += " through the proxy http://" + silent
			}
			client := &http.Client{Transport: s.wrap(tt.transport)}
			_, err := client.Get(tt.url) //nolint:bodyclose // there is none
			if want := "no answer from " + from + " within 300ms: " + tt.stage; err == nil || !strings.HasSuffix(err.Error(), want) {
				t.Errorf("%v, want %s", err, want)
			}
			if got, want := s.waiting(), "an answer from "+from+": "+tt.stage; got != want {
				t.Errorf("waits for %s, want %s", got, want)
			}
		})
	}
}

// The limits are those of the documentation.
func TestDocumentedPatience(t *testing.T) {
	text := readFile(t, docs+"/troubleshooting.md")
	for _, says := range []string{
		fmt.Sprintf("`no answer from … within %s`", defaultPatience.limit), fmt.Sprintf("after %.0f s who does not answer", defaultPatience.noted.Seconds()),
		fmt.Sprintf("The request ends after %.0f s", defaultPatience.limit.Seconds()),
	} {
		if !strings.Contains(text, says) {
			t.Errorf("docs/troubleshooting.md does not say %q", says)
		}
	}
	if most := defaultPatience.limit + 10*time.Second; observeTimeout > most || releasesTimeout > most {
		t.Errorf("a look takes %s, the releases %s, which is more than %s", observeTimeout, releasesTimeout, most)
	}
}

// A deadline that ends a request leaves word of who did not answer, and stays one.
func TestADeadlineNamesWhoIsSilent(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+silentListener(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: (&silence{patience: patience{limit: time.Minute}}).wrap(&http.Transport{})}
	_, err = client.Do(request) //nolint:bodyclose // there is none
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "no answer from "+request.URL.String()+" within 200ms: ") {
		t.Error(err)
	}
}

// A container that prints nothing has a log without a first byte.
func TestASilentLogIsWaitedFor(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { time.Sleep(100 * time.Millisecond) }))
	defer server.Close()
	client := &http.Client{Transport: (&silence{patience: patience{limit: 10 * time.Millisecond}}).wrap(&http.Transport{})}
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
	s := &silence{patience: patience{noted: 150 * time.Millisecond, limit: 200 * time.Millisecond}}
	s.tell(func(text string) { t.Error("said", text) })
	response, err := (&http.Client{Transport: s.wrap(&http.Transport{})}).Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if text, err := io.ReadAll(response.Body); err != nil || string(text) != "xxxx" {
		t.Errorf("%q, %v", text, err)
	}
}

// A credential plugin that hangs is named before anything is asked.
func TestAHangingCredentialPluginIsNamed(t *testing.T) {
	said := make(chan string, 1)
	s := &silence{patience: patience{noted: time.Millisecond}, plugin: "aws"}
	s.tell(func(text string) { said <- text })
	if text := <-said; text != "waiting for the credential plugin aws of this context" {
		t.Errorf("said %q", text)
	}
}
