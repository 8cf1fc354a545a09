// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
)

func watcherOf(names ...string) *watcher {
	w := &watcher{now: time.Now, changed: make(chan struct{}, 1)}
	for _, name := range names {
		w.all = append(w.all, &kindStore{watcher: w, kind: kind{Kept: *KeptKind(KeptKinds(), name)}})
	}
	return w
}

// One kind that fails for longer than between two watches is a gap, with what was known of it, and
// the others are followed. Only when all fail is the API server lost.
func TestAKindThatFailsHidesNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watcherOf("Deployment", "StatefulSet")
		followed, failing := w.all[0], w.all[1]
		unavailable := errors.New("503")
		_ = followed.Replace(nil, "")
		failing.recordResult(t.Context(), unavailable)
		since := time.Now()
		if _, ok := w.latest(); ok {
			t.Error("something is said before it has failed for long")
		}
		time.Sleep(betweenWatches)
		update, ok := w.latest()
		if !ok || update.Err != nil || !update.BlindAt.Equal(since) || len(update.Assessment.Gaps) != 1 {
			t.Fatalf("never read: said %v: %+v", ok, update)
		}
		if g := update.Assessment.Gaps[0]; g.Kind != "StatefulSet" || g.Reason != ReadFailed || !g.Since.Equal(since) || g.Stale || Shown(update.Assessment.Gaps, "StatefulSet") || !Shown(update.Assessment.Gaps, "Deployment") {
			t.Errorf("never read: %+v", g)
		}

		_ = failing.Replace([]any{&appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: "lrc"}}}, "")
		if update, ok := w.latest(); !ok || !update.BlindAt.IsZero() || len(update.Assessment.Gaps) > 0 {
			t.Errorf("read at last: said %v: %+v", ok, update)
		}

		failing.ended(t.Context(), false)
		since = time.Now()
		time.Sleep(betweenWatches)
		_ = followed.Add(&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "twa"}})
		update, ok = w.latest()
		if !ok || update.Err != nil || len(update.Assessment.Workloads) != 2 || len(update.Assessment.Gaps) != 1 {
			t.Fatalf("known before: said %v: %+v", ok, update)
		}
		if g := update.Assessment.Gaps[0]; !g.Stale || !g.Since.Equal(since) || !errors.Is(g.Err, errEnded) || Shown(nil, "Job") != true || !Shown(update.Assessment.Gaps, "StatefulSet") {
			t.Errorf("known before: %+v", g)
		}

		followed.recordResult(t.Context(), unavailable)
		if update, ok := w.latest(); !ok || update.Err == nil || len(update.Assessment.Gaps) > 0 {
			t.Errorf("all fail: said %v: %+v", ok, update)
		}
		time.Sleep(betweenWatches) // for the timer
	})
}

// A watch that says nothing for longer than bookmarks take is ended. Its kind is a gap until the
// next says something.
func TestASilentWatchIsEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watcherOf("Deployment", "StatefulSet")
		s := w.all[1]
		for _, s := range w.all {
			_ = s.Replace(nil, "")
		}
		var next *watch.FakeWatcher
		source := s.observed(&cache.ListWatch{WatchFuncWithContext: func(context.Context, metav1.ListOptions) (watch.Interface, error) {
			next = watch.NewFake()
			return next, nil
		}})
		follow := func() watch.Interface {
			events, err := source.WatchFuncWithContext(t.Context(), metav1.ListOptions{})
			if err != nil {
				t.Fatal(err)
			}
			return events
		}
		gap := func() bool {
			update, ok := w.latest()
			return ok && len(update.Assessment.Gaps) == 1
		}
		events := follow()
		for range 3 { // bookmarks
			time.Sleep(time.Minute)
			next.Action(watch.Bookmark, &appsv1.StatefulSet{})
			<-events.ResultChan()
		}
		if gap() {
			t.Error("bookmarks are no sign of life")
		}
		start := time.Now()
		if _, open := <-events.ResultChan(); open || time.Since(start) != longestSilence {
			t.Errorf("it ended: %v, after %s", !open, time.Since(start))
		}
		events = follow()
		time.Sleep(betweenWatches)
		if !gap() {
			t.Error("another watch that said nothing yet counts")
		}
		next.Action(watch.Bookmark, &appsv1.StatefulSet{})
		<-events.ResultChan()
		if gap() {
			t.Error("it says something again, and is a gap")
		}
		events.Stop()
		synctest.Wait()
		time.Sleep(betweenWatches) // for the timers
	})
}

// What was known of a kind stands in where it cannot be read, unless that was refused.
func TestKeepingWhatWasKnown(t *testing.T) {
	then, now := time.Unix(1e9, 0), time.Unix(1e9+60, 0)
	known := Objects{StatefulSets: []*appsv1.StatefulSet{{ObjectMeta: metav1.ObjectMeta{Name: "lrc"}}}}
	gap := func(reason GapReason, since time.Time) []Gap {
		return []Gap{{Kind: "StatefulSet", Reason: reason, Err: errors.New("500"), Since: since}}
	}
	for name, tt := range map[string]struct {
		before Objects
		gaps   []Gap
		stale  bool
		since  time.Time
	}{
		"known":               {known, gap(ReadFailed, time.Time{}), true, now},
		"failed before":       {Objects{StatefulSets: known.StatefulSets, Gaps: gap(ReadFailed, then)}, gap(ReadFailed, time.Time{}), true, then},
		"never known":         {Objects{Gaps: gap(ReadFailed, then)}, gap(ReadFailed, time.Time{}), false, then},
		"refused":             {known, gap(Forbidden, time.Time{}), false, time.Time{}},
		"refused, then fails": {Objects{Gaps: gap(Forbidden, time.Time{})}, gap(ReadFailed, time.Time{}), false, now},
	} {
		before, a := Assess(tt.before, then), Assess(Objects{Gaps: tt.gaps}, now)
		kept := a.Keeping(&before)
		if g := kept.Gaps[0]; g.Stale != tt.stale || !g.Since.Equal(tt.since) || len(kept.Workloads) > 0 != tt.stale {
			t.Errorf("%s: %+v, %d workloads", name, g, len(kept.Workloads))
		}
	}
}

// A watch that begins with what there is may take some seconds for it, and no minutes.
func TestAListThatIsStreamedMayTakeAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := watcherOf("StatefulSet").all[0]
		fake := watch.NewFake()
		source := s.observed(&cache.ListWatch{WatchFuncWithContext: func(context.Context, metav1.ListOptions) (watch.Interface, error) { return fake, nil }})
		start := time.Now()
		events, err := source.WatchFuncWithContext(t.Context(), metav1.ListOptions{SendInitialEvents: new(true)})
		if err != nil {
			t.Fatal(err)
		}
		if _, open := <-events.ResultChan(); open || time.Since(start) < 10*time.Second || time.Since(start) > time.Minute {
			t.Errorf("it ended: %v, after %s", !open, time.Since(start))
		}
		time.Sleep(betweenWatches) // for the timer
	})
}

// A watch without an answer is a request that failed.
func TestAWatchWithoutAnAnswerIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := watcherOf("StatefulSet").all[0]
		_ = s.Replace(nil, "")
		source := s.observed(&cache.ListWatch{WatchFuncWithContext: func(context.Context, metav1.ListOptions) (watch.Interface, error) {
			return watch.NewEmptyWatch(), nil
		}})
		if _, err := source.WatchFuncWithContext(t.Context(), metav1.ListOptions{}); err != nil || !errors.Is(s.err, errUnanswered) {
			t.Errorf("%v, %v, want %v", err, s.err, errUnanswered)
		}
		synctest.Wait()
		time.Sleep(betweenWatches) // for the timer
	})
}

// Kinds without any answer are gaps after a while: neither one that was listed nor one that was refused.
func TestAKindThatIsNeverAnsweredIsAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watcherOf("Deployment", "Job", "StatefulSet")
		_ = w.all[0].Replace(nil, "")
		w.all[1].recordResult(t.Context(), apierrors.NewForbidden(appsv1.Resource("jobs"), "", nil))
		if _, ok := w.latest(); ok {
			t.Error("something is said at once")
		}
		w.unanswered(t.Context())
		update, ok := w.latest()
		if !ok || update.Err != nil || len(update.Assessment.Gaps) != 2 || update.Assessment.Gaps[1].Kind != "StatefulSet" {
			t.Fatalf("said %v: %+v", ok, update)
		}
		if !w.all[0].brokenAt.IsZero() || !w.all[1].brokenAt.IsZero() {
			t.Error("an answer is none")
		}
	})
}

// Of a kind it is known whether it is followed once it was tried.
func TestKindsThatAreFollowed(t *testing.T) {
	for name, tt := range map[string]struct {
		s    kindStore
		want bool
	}{
		"not tried": {kindStore{}, true}, "listed": {kindStore{objects: map[string]metav1.Object{}}, true}, "refused": {kindStore{refusal: errors.New("403")}, false},
		"broken": {kindStore{objects: map[string]metav1.Object{}, brokenAt: time.Now()}, false},
	} {
		if got := tt.s.isAlive(); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Without a login nothing is followed, whichever kind was told first.
func TestALoginIsNoMatterOfOneKind(t *testing.T) {
	for i := range 2 {
		synctest.Test(t, func(t *testing.T) {
			w := watcherOf("Deployment", "StatefulSet")
			for _, s := range w.all {
				_ = s.Replace(nil, "")
			}
			w.all[i].recordResult(t.Context(), apierrors.NewUnauthorized("expired"))
			if update, ok := w.latest(); !ok || !apierrors.IsUnauthorized(update.Err) {
				t.Errorf("%s: said %v, lost %v", w.all[i].Kind, ok, update.Err)
			}
		})
	}
}

// Watches that break off in turn for long are as good as lost.
func TestHowLongWatchesMayBreakOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for ago, want := range map[time.Duration]error{2*betweenWatches - 1: nil, 2 * betweenWatches: errBreaking} {
			w := watcherOf("Deployment", "StatefulSet")
			for _, s := range w.all {
				_ = s.Replace(nil, "")
			}
			w.all[0].ended(t.Context(), false)
			w.behindAt = time.Now().Add(-ago)
			if update, ok := w.latest(); ok != (want != nil) || !errors.Is(update.Err, want) {
				t.Errorf("for %s: said %v, lost %v", ago, ok, update.Err)
			}
		}
		time.Sleep(betweenWatches) // for the timers
	})
}

// A status may come before its pods do: they are waited for, for a moment.
func TestPodsThatAStatusCountsAreWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watcherOf("StatefulSet", "Pod")
		_ = w.all[0].Replace([]any{statefulSet(func(*appsv1.StatefulSet) {})}, "")
		_ = w.all[1].Replace(nil, "")
		for range 2 {
			if update, ok := w.latest(); ok {
				t.Fatalf("something is said without the pods: %+v", update)
			}
			time.Sleep(betweenKinds / 2)
		}
		if update, ok := w.latest(); !ok || update.Assessment.Workloads[0].Done() {
			t.Errorf("there are none: said %v, %+v", ok, update)
		}
		var pods []any
		for n := range 3 {
			pods = append(pods, lrcPod(n, "lrc-new"))
		}
		_ = w.all[1].Replace(pods, "")
		if update, ok := w.latest(); !ok || !update.Assessment.Workloads[0].Done() || !w.lackAt.IsZero() {
			t.Errorf("they come: said %v, %+v", ok, update)
		}
	})
}

// Causes are searched for while something is not done and there is somebody to ask.
func TestHeldUp(t *testing.T) {
	for state, want := range map[State]bool{Ready: false, Progressing: true} {
		u := Update{Assessment: &Assessment{Workloads: []Workload{{State: state}}}}
		if got := u.heldUp(); got != want {
			t.Errorf("%s: %v", state, got)
		}
		if u.Err = errBreaking; u.heldUp() {
			t.Errorf("%s: there is nobody to ask", state)
		}
	}
}

// However often something changes, there are some updates in a second; and what failed is asked
// for again soon, and not all the time.
func TestUpdatesAndRetriesAreNotTooManyNorTooFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		w := watcherOf("Deployment")
		updates := make(chan Update)
		go w.run(ctx, updates)
		start := time.Now()
		for range 11 {
			_ = w.all[0].Replace(nil, "")
			<-updates
		}
		if took := time.Since(start); took < 100*time.Millisecond || took > time.Second {
			t.Errorf("eleven updates take %s", took)
		}
		cancel()
	})
	b := backoff()
	for range 50 {
		if pause := b.Step(); pause < 100*time.Millisecond || pause > 3*time.Second {
			t.Errorf("a retry after %s", pause)
		}
	}
}
