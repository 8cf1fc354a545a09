// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"net"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"
)

// A load balancer whose API servers are gone takes connections and closes them.
// client-go makes a watch of that, in which nothing ever happens.
func TestAWatchWithoutAnAnswerIsNone(t *testing.T) {
	t.Parallel() // client-go tries for ten seconds
	balancer, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = balancer.Close() })
	go func() {
		for {
			c, err := balancer.Accept()
			if err != nil {
				return
			}
			_, _ = c.Read(make([]byte, 4096)) // what is left unread would make it a reset
			_ = c.Close()
		}
	}()
	clients, err := NewClients(&rest.Config{Host: "http://" + balancer.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	events, err := clients.Kube.CoreV1().Pods("tpe").Watch(t.Context(), metav1.ListOptions{})
	for tries := 0; err != nil && tries < 3; tries++ { // a connection that is reset is an error
		events, err = clients.Kube.CoreV1().Pods("tpe").Watch(t.Context(), metav1.ListOptions{})
	}
	if err != nil {
		t.Fatalf("client-go does not hide it any more, and unanswered can go: %v", err)
	}
	if !unanswered(events) {
		t.Errorf("a watch that was never answered is a %T, and taken for one", events)
	}
	if unanswered(watch.NewFake()) {
		t.Error("a watch that is one is taken for none")
	}
}
