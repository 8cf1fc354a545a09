// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"context"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// What may not be read is unknown, whatever was read before, and whatever becomes of
// the connection since: it makes no other kind unknown.
func TestRefusedKindIsAGapUntilItIsListed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &watcher{now: time.Now, changed: make(chan struct{}, 1)}
		for _, kind := range []string{"Deployment", "StatefulSet"} {
			w.all = append(w.all, &shelf{watcher: w, kind: kind, keep: func(*Objects, []any) {}})
		}
		known, tried := w.all[0], w.all[1]
		answer := func(s *shelf, err error) {
			s.asked(t.Context(), err)
			if err == nil {
				_ = s.Replace(nil, "")
			}
		}
		forbidden := apierrors.NewForbidden(appsv1.Resource("statefulsets"), "", nil)
		answer(known, nil)
		for _, step := range []struct {
			name  string
			err   error
			gap   bool
			lost  bool
			heard bool // something new
		}{
			{"listed", nil, false, false, true},
			{"rights taken away", forbidden, true, false, true},
			{"connection lost", io.EOF, true, true, false},
			{"still no right", forbidden, true, false, false},
			{"right given", nil, false, false, true},
			{"connection lost again", io.EOF, false, true, false},
		} {
			time.Sleep(time.Second)
			start := time.Now()
			answer(tried, step.err)
			sighting, ok := w.look()
			if !ok || sighting.Picture == nil {
				t.Fatalf("%s: no picture", step.name)
			}
			if gap := len(sighting.Picture.Gaps) > 0; gap != step.gap || (sighting.Err != nil) != step.lost {
				t.Errorf("%s: gap = %v, lost = %v, want %v and %v", step.name, gap, sighting.Err, step.gap, step.lost)
			}
			if heard := !sighting.HeardAt.Before(start); heard != step.heard {
				t.Errorf("%s: heard of the cluster: %v, want %v", step.name, heard, step.heard)
			}
			_ = tried.Add(&appsv1.StatefulSet{}) // of a watch that ends late
		}
	})
}

// Between two watches of a kind nothing is said of the others, for a while: together
// they would show what never was.
func TestNothingIsSaidBetweenTwoWatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		w := &watcher{now: time.Now, changed: make(chan struct{}, 1)}
		s := &shelf{watcher: w, kind: "StatefulSet", keep: func(*Objects, []any) {}}
		w.all = []*shelf{s}
		var next watch.Interface
		var last *watch.FakeWatcher
		source := s.observed(&cache.ListWatch{WatchFuncWithContext: func(context.Context, metav1.ListOptions) (watch.Interface, error) { return next, nil }})
		follow := func() *watch.FakeWatcher {
			fake := watch.NewFake()
			next = fake
			if _, err := source.WatchFuncWithContext(ctx, metav1.ListOptions{}); err != nil {
				t.Fatal(err)
			}
			return fake
		}
		_ = s.Replace(nil, "")
		for _, step := range []struct {
			name     string
			do       func()
			ok, lost bool
		}{
			{"over", func() { follow().Stop() }, false, false},
			{"followed again", func() { last = follow() }, true, false},
			{"over for long", func() { follow().Stop(); time.Sleep(patience) }, true, true},
			{"listed again", func() { _ = s.Replace(nil, "") }, true, false},
		} {
			step.do()
			synctest.Wait()
			sighting, ok := w.look()
			if ok != step.ok || (sighting.Err != nil) != step.lost {
				t.Errorf("%s: said = %v, lost = %v, want %v and %v", step.name, ok, sighting.Err, step.ok, step.lost)
			}
		}
		cancel()
		last.Stop()
	})
}

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
	events, err := clients.Kube.Pods("tpe").Watch(t.Context(), metav1.ListOptions{})
	for tries := 0; err != nil && tries < 3; tries++ { // a connection that is reset is an error
		events, err = clients.Kube.Pods("tpe").Watch(t.Context(), metav1.ListOptions{})
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
