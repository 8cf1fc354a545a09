// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// upstream stands for an API server: it says what it was asked, at length, and
// echoes what it is sent on an upgraded connection.
func upstream(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" {
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprintf(w, `{"at":"2026-01-02T03:04:05Z","path":%q,"more":"%s"}`, r.URL.Path, strings.Repeat("x", 1000))
			return
		}
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", r.Header.Get("Upgrade"))
		w.WriteHeader(http.StatusSwitchingProtocols)
		connection, both, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_, _ = io.Copy(connection, both)
			_ = connection.Close()
		}
	}))
	t.Cleanup(server.Close)
	kubeconfig := filepath.Join(t.TempDir(), "direct")
	if err := clientcmd.WriteToFile(plain(server.URL), kubeconfig); err != nil {
		t.Fatal(err)
	}
	return kubeconfig
}

// through returns a gate, and a client whose requests go through it.
func through(t *testing.T, faults Faults) (*Gate, *http.Client, string) {
	t.Helper()
	kubeconfig := filepath.Join(t.TempDir(), "through")
	gate, err := Gateway(upstream(t), kubeconfig, faults)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(gate.Close)
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	return gate, client, config.Host
}

// get asks, and returns the status and what came of the body.
func get(t *testing.T, client *http.Client, url string) (string, error) {
	t.Helper()
	response, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return fmt.Sprintf("%d %s", response.StatusCode, text), err
}

func TestGateObeysTheFirstRuleThatIsForARequest(t *testing.T) {
	gate, client, host := through(t, Faults{Rules: []Rule{
		{Of: "^GET /few", First: 1, Times: 2, Every: 2, Status: 503},
		{Of: "^GET /(few|some)", Status: 429, RetryAfter: 1},
		{Of: "never", Status: 500},
	}})
	// A client of Kubernetes asks again after 429: the transport alone does not.
	var got []string
	for _, path := range []string{"/few", "/few", "/few", "/few", "/some", "/other"} {
		answer, err := get(t, client, host+path)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, answer[:3])
	}
	if want := "429 429 503 429 429 200"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
	if n := gate.Asked(regexp.MustCompile("^GET /few$")); n != 4 {
		t.Errorf("asked %d times, want 4", n)
	}
	if idle := gate.Idle(); len(idle) != 1 || idle[0] != "never" {
		t.Errorf("idle rules %q, want the last", idle)
	}
	if err := gate.Rule([]Rule{{Of: "other", Status: 410}}); err != nil {
		t.Fatal(err)
	}
	if answer, err := get(t, client, host+"/other"); err != nil || !strings.HasPrefix(answer, `410 {"kind":"Status"`) {
		t.Errorf("with other rules: %s, error %v", answer, err)
	}
}

func TestGateBreaksConnections(t *testing.T) {
	cut := 100
	_, client, host := through(t, Faults{Rules: []Rule{
		{Of: "/cut", Cut: &cut}, {Of: "/broken", Break: true}, {Of: "/slow", Delay: metav1.Duration{Duration: 100 * time.Millisecond}},
	}})
	if answer, err := get(t, client, host+"/cut"); err == nil || len(answer) > len("200 ")+cut {
		t.Errorf("cut: %d bytes, error %v", len(answer), err)
	}
	if _, err := get(t, client, host+"/broken"); err == nil {
		t.Error("broken: no error")
	}
	start := time.Now()
	if _, err := get(t, client, host+"/slow"); err != nil || time.Since(start) < 100*time.Millisecond {
		t.Errorf("slow: after %s, error %v", time.Since(start), err)
	}
}

// upgrade asks for an upgraded connection, and returns what comes back of a word.
func upgrade(t *testing.T, client *http.Client, host string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, host+"/exec", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Connection", "Upgrade")
	request.Header.Set("Upgrade", "websocket")
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	connection, ok := response.Body.(io.ReadWriter)
	if !ok {
		return response.StatusCode, ""
	}
	if _, err := io.WriteString(connection, "a long word\n"); err != nil {
		t.Fatal(err)
	}
	word, _ := bufio.NewReader(connection).ReadString('\n') // the end comes with an error
	return response.StatusCode, word
}

func TestGateAndUpgradedConnections(t *testing.T) {
	cut := 6
	for _, tt := range []struct {
		name  string
		rules []Rule
		code  int
		word  string
	}{
		{"let through", nil, 101, "a long word\n"},
		{"cut", []Rule{{Of: "^GET /exec websocket$", Cut: &cut}}, 101, "a long"},
		{"stripped", []Rule{{Of: "websocket", Strip: true}}, 200, ""},
		{"lost", []Rule{{Of: "websocket", Lose: true}}, 502, ""},
		{"refused", []Rule{{Of: "websocket", Status: 403}}, 403, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			kubeconfig := filepath.Join(t.TempDir(), "through")
			gate, err := Gateway(upstream(t), kubeconfig, Faults{Rules: tt.rules})
			if err != nil {
				t.Fatal(err)
			}
			defer gate.Close()
			config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
			if err != nil {
				t.Fatal(err)
			}
			config.NextProtos = []string{"http/1.1"}
			client, err := rest.HTTPClientFor(config)
			if err != nil {
				t.Fatal(err)
			}
			if code, word := upgrade(t, client, config.Host); code != tt.code || word != tt.word {
				t.Errorf("got %d and %q, want %d and %q", code, word, tt.code, tt.word)
			}
		})
	}
}

func TestGateTellsAnotherTime(t *testing.T) {
	_, client, host := through(t, Faults{Clock: 2 * time.Hour})
	answer, err := get(t, client, host+"/x")
	if err != nil || !strings.Contains(answer, `"at":"2026-01-02T05:04:05Z"`) {
		t.Errorf("got %.80s, error %v, want a time two hours later", answer, err)
	}
}
