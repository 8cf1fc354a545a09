// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

func TestClockLearnsTheServersTime(t *testing.T) {
	type answer struct{ at, took, ahead time.Duration }
	start := time.Date(2026, 1, 1, 0, 0, 0, 700e6, time.UTC)
	for name, tt := range map[string]struct {
		answers   []answer
		want, off time.Duration
	}{
		"nothing said":                     {nil, 0, 0},
		"the same time":                    {[]answer{{0, time.Millisecond, 0}, {time.Second, time.Millisecond, 0}}, 0, 0},
		"a little slow":                    {[]answer{{0, time.Millisecond, -200 * time.Millisecond}}, 0, 0},
		"5 min behind":                     {[]answer{{0, time.Millisecond, -5 * time.Minute}}, -5 * time.Minute, time.Second},
		"2 h ahead":                        {[]answer{{0, time.Millisecond, 2 * time.Hour}}, 2 * time.Hour, time.Second},
		"over a slow link":                 {[]answer{{0, 6 * time.Second, 2 * time.Hour}}, 2 * time.Hour, 4 * time.Second},
		"more answers tell it better":      {[]answer{{0, 6 * time.Second, time.Hour}, {7300 * time.Millisecond, time.Millisecond, time.Hour}, {9200 * time.Millisecond, time.Millisecond, time.Hour}}, time.Hour, 300 * time.Millisecond},
		"and a slow one does not spoil it": {[]answer{{300 * time.Millisecond, time.Millisecond, time.Hour}, {time.Minute, 30 * time.Second, time.Hour}}, time.Hour, time.Second},
		"a clock was set":                  {[]answer{{0, time.Millisecond, 0}, {time.Minute, time.Millisecond, time.Hour}}, time.Hour, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			var c Clock
			for _, a := range tt.answers {
				sent := start.Add(a.at)
				dated := sent.Add(a.took / 2).Add(a.ahead).Truncate(time.Second)
				c.learn(dated, sent, sent.Add(a.took))
			}
			if got := c.Ahead(); (got - tt.want).Abs() > tt.off {
				t.Errorf("ahead by %s, want %s to within %s", got, tt.want, tt.off)
			}
		})
	}
}

// Answers are read at the same time, and the time is asked meanwhile.
func TestClockAtTheSameTime(t *testing.T) {
	var c Clock
	var all sync.WaitGroup
	sent := time.Now()
	for range 4 {
		all.Go(func() {
			c.learn(sent.Add(time.Hour), sent, sent)
			_ = c.Now()
		})
	}
	all.Wait()
	if off := c.Ahead() - time.Hour; off.Abs() > time.Second {
		t.Errorf("the API server is %s ahead, want 1h", c.Ahead())
	}
}

// The answer to a command in a pod is the node's, by the node's clock, as far as the API server
// hands on connections (before Kubernetes 1.30).
func TestANodesClockIsNotTheServers(t *testing.T) {
	var c Clock
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", time.Now().Add(2*time.Hour).UTC().Format(http.TimeFormat))
		w.WriteHeader(http.StatusSwitchingProtocols)
	}))
	defer server.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := c.Wrap(http.DefaultTransport).RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if c.Ahead() != 0 {
		t.Errorf("ahead by %s", c.Ahead())
	}
}

// The clock learns from what clients ask, whatever they ask for.
func TestClockOfAClient(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", time.Now().Add(2*time.Hour).UTC().Format(http.TimeFormat))
		w.WriteHeader(http.StatusForbidden)
	}))
	defer server.Close()
	var c Clock
	config := &rest.Config{Host: server.URL}
	config.Wrap(c.Wrap)
	clients, err := NewClients(config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := clients.Kube.Pods("tpe").List(t.Context(), metav1.ListOptions{}); err == nil {
		t.Error("want a refusal")
	}
	if off := c.Now().Sub(time.Now().Add(2 * time.Hour)); off.Abs() > 2*time.Second {
		t.Errorf("off by %s", off)
	}
	var none *Clock
	if none.Ahead() != 0 {
		t.Error("no clock has a difference")
	}
}
