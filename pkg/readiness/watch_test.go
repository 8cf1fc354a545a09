// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kube"
)

// What may not be read is unknown, whatever was read before, and whatever becomes of
// the connection since: it makes no other kind unknown.
func TestRefusedKindIsAGapUntilItIsListed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &watcher{now: time.Now, changed: make(chan struct{}, 1)}
		for _, name := range []string{"Deployment", "StatefulSet"} {
			w.all = append(w.all, &kindStore{watcher: w, kind: kind{Kept: *KeptKind(KeptKinds(), name)}})
		}
		known, tried := w.all[0], w.all[1]
		answer := func(s *kindStore, err error) {
			s.recordResult(t.Context(), err)
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
			if step.lost {
				known.recordResult(t.Context(), step.err)
			} else if known.err != nil {
				known.recordResult(t.Context(), nil)
			}
			update, ok := w.latest()
			if !ok || update.Assessment == nil {
				t.Fatalf("%s: no assessment", step.name)
			}
			if gap := len(update.Assessment.Gaps) > 0; gap != step.gap || (update.Err != nil) != step.lost {
				t.Errorf("%s: gap = %v, lost = %v, want %v and %v", step.name, gap, update.Err, step.gap, step.lost)
			}
			if heard := !update.HeardAt.Before(start); heard != step.heard {
				t.Errorf("%s: heard of the cluster: %v, want %v", step.name, heard, step.heard)
			}
			_ = tried.Add(&appsv1.StatefulSet{}) // of a watch that ends late
		}
	})
}

// What is refused is asked seldom. But after a connection was lost the first refusal says that it
// is back, and is not waited for.
func TestARefusalSaysThatTheConnectionIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &watcher{now: time.Now, changed: make(chan struct{}, 1)}
		s := &kindStore{watcher: w, kind: kind{Kept: Kept{Kind: "Kafka", set: func(*Objects, []metav1.Object) {}}}}
		w.all = []*kindStore{s}
		missing := apierrors.NewNotFound(appsv1.Resource("kafkas"), "")
		refuses := s.observed(&cache.ListWatch{
			ListWithContextFunc:  func(context.Context, metav1.ListOptions) (runtime.Object, error) { return nil, missing },
			WatchFuncWithContext: func(context.Context, metav1.ListOptions) (watch.Interface, error) { return nil, missing },
		})
		ask := func() time.Duration { // as a reflector does
			start := time.Now()
			_, _ = refuses.WatchFuncWithContext(t.Context(), metav1.ListOptions{SendInitialEvents: new(bool)})
			return time.Since(start)
		}
		if took := ask(); took > 0 {
			t.Errorf("the first request waits %s", took)
		}
		s.recordResult(t.Context(), missing)
		if took := ask(); took < evidenceEvery {
			t.Errorf("a refusal is asked for again after %s", took)
		}
		s.recordResult(t.Context(), io.EOF)
		if took := ask(); took > 0 {
			t.Errorf("a connection that is back is noticed %s late", took)
		}
		_ = s.Replace(nil, "")
		if took := ask(); took < evidenceEvery {
			t.Errorf("what may be listed and not watched is asked for again after %s", took)
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
		s := &kindStore{watcher: w, kind: kind{Kept: *KeptKind(KeptKinds(), "StatefulSet")}}
		w.all = []*kindStore{s}
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
			{"over for long", func() { follow().Stop(); time.Sleep(betweenWatches) }, true, true},
			{"listed again", func() { _ = s.Replace(nil, "") }, true, false},
		} {
			step.do()
			synctest.Wait()
			update, ok := w.latest()
			if ok != step.ok || (update.Err != nil) != step.lost {
				t.Errorf("%s: said = %v, lost = %v, want %v and %v", step.name, ok, update.Err, step.ok, step.lost)
			}
		}
		cancel()
		last.Stop()
	})
}

// Watches that all break off every few seconds leave always one that is not followed: that is said
// after a while, and is over when all are followed.
func TestWatchesThatBreakOffAgainAndAgainAreLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &watcher{now: time.Now, changed: make(chan struct{}, 1)}
		for _, name := range []string{"Deployment", "StatefulSet"} {
			w.all = append(w.all, &kindStore{watcher: w, kind: kind{Kept: Kept{Kind: name, set: func(*Objects, []metav1.Object) {}}}})
			_ = w.all[len(w.all)-1].Replace(nil, "")
		}
		start := time.Now()
		for lost := false; !lost; {
			for _, s := range w.all { // in turn
				s.ended(t.Context(), false)
				time.Sleep(time.Second)
				update, ok := w.latest()
				lost = lost || ok && update.Err != nil
				_ = s.Replace(nil, "")
				s.ended(t.Context(), false)
			}
			if time.Since(start) > time.Minute {
				t.Fatal("nothing is said for a minute")
			}
		}
		for _, s := range w.all {
			_ = s.Replace(nil, "")
		}
		if update, ok := w.latest(); !ok || update.Err != nil || !update.LostAt.IsZero() {
			t.Errorf("all are followed again: said %v, lost %v", ok, update.Err)
		}
		time.Sleep(betweenWatches) // for the timers
	})
}

// A load balancer whose API servers are gone takes connections and closes them.
// client-go makes a watch of that, in which nothing ever happens.
func TestAWatchWithoutAnAnswerIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // client-go tries for ten seconds
		clients, err := kube.NewClients(&rest.Config{Host: "http://balancer", Dial: func(context.Context, string, string) (net.Conn, error) {
			connection, balancer := net.Pipe()
			go func() {
				_, _ = balancer.Read(make([]byte, 4096))
				_ = balancer.Close()
			}()
			return connection, nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		events, err := clients.Kube.Pods("tpe").Watch(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatalf("client-go does not hide it any more, and unanswered can go: %v", err)
		}
		if !unanswered(events) {
			t.Errorf("a watch that was never answered is a %T, and taken for one", events)
		}
		if unanswered(watch.NewFake()) {
			t.Error("a watch that is one is taken for none")
		}
	})
}

// What is true must have been so when it was asked: the first lists are not those of a
// watch cache, which client-go would take, and which may be old.
func TestWatchBeginsWithQuorumLists(t *testing.T) {
	for _, only := range [][]string{nil, {"Deployment", "Job", "Pod"}} {
		want := len(only)
		if want == 0 {
			want = 6 + len(customResources())
		}
		versions, update := firstLists(t, only...)
		if len(versions) != want || update.Assessment == nil {
			t.Errorf("%d kinds were listed, want %d; assessment %v", len(versions), want, update.Assessment)
		}
		for path, version := range versions {
			if version != "" {
				t.Errorf("%s was listed at resource version %q", path, version)
			}
		}
	}
}

// firstLists returns the first update, and by path the resource version of the first list of each
// kind. The API server is there for them alone: of a watch that was ended, a request may arrive
// later.
func firstLists(t *testing.T, only ...string) (map[string]string, Update) {
	var lock sync.Mutex
	lists := map[string]string{}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		w.Header().Set("Content-Type", "application/json")
		if q.Get("watch") != "" {
			w.WriteHeader(http.StatusUnprocessableEntity) // lists are not streamed, as before 1.32
			_, _ = io.WriteString(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Invalid","code":422}`)
			return
		}
		lock.Lock()
		if _, ok := lists[r.URL.Path]; !ok {
			lists[r.URL.Path] = q.Get("resourceVersion")
		}
		lock.Unlock()
		_, _ = io.WriteString(w, `{"kind":"List","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[]}`)
	}))
	defer web.Close()
	clients, err := kube.NewClients(&rest.Config{Host: web.URL})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	update := <-Watch(ctx, clients, "tpe", time.Now, only...)
	cancel()
	lock.Lock()
	defer lock.Unlock()
	return maps.Clone(lists), update
}

// Who may list and not watch knows what was listed.
func TestAKindThatMayOnlyBeListedIsNoGap(t *testing.T) {
	if testing.Short() {
		t.Skip("a second")
	}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Query().Get("watch") != "" {
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403}`)
			return
		}
		_, _ = io.WriteString(w, `{"kind":"List","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[]}`)
	}))
	defer web.Close()
	clients, err := kube.NewClients(&rest.Config{Host: web.URL})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	seen := false
	for u := range Watch(ctx, clients, "tpe", time.Now) {
		if u.Err != nil || u.Assessment != nil && len(u.Assessment.Gaps) > 0 {
			t.Errorf("%v, %v", u.Err, u.Assessment)
		}
		if u.Assessment != nil && !seen {
			seen = true
			time.AfterFunc(time.Second, cancel) // nor is there an error or a gap in what follows
		}
	}
	if !seen {
		t.Error("nothing was listed within 20 seconds")
	}
}
