// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	appsv1 "k8s.io/api/apps/v1"
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
		if g := update.Assessment.Gaps[0]; g.Kind != "StatefulSet" || g.Reason != ReadFailed || !g.Since.Equal(since) || g.Stale {
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
