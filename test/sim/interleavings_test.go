// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/command"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/kube"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/observe"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// Random changes of workloads, the job pum-process and entries, while lists fail, come late
// or break off, caches are behind, and watches are cut or held back: each end of a wait is
// held against what it read last, and against what the store has at that moment; see oracle.
// And it ends, once all is good and calm.
//
// INTERLEAVINGS says how many, SEED repeats a run as far as the machine's timing allows.
func TestRandomInterleavings(t *testing.T) {
	t.Parallel()
	runs, seed := setting(t, "INTERLEAVINGS", 60), setting(t, "SEED", uint64(time.Now().UnixNano()))
	t.Logf("SEED=%d", seed)
	klog.SetLogger(logr.Discard()) // what client-go says of broken connections
	const inFlight = 30
	turns := make(chan uint64)
	var all sync.WaitGroup
	var lock sync.Mutex
	ends := map[string]int{}
	for range inFlight {
		all.Go(func() {
			for n := range turns {
				end, err := interleave(t.Context(), rand.New(rand.NewPCG(seed, n)))
				if err != nil {
					t.Errorf("interleaving %d of SEED=%d: %v", n, seed, err)
				}
				lock.Lock()
				ends[end]++
				lock.Unlock()
			}
		})
	}
	for n := range runs {
		turns <- n
	}
	close(turns)
	all.Wait()
	t.Logf("%d interleavings ended so: %v", runs, ends)
}

func setting(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A workload is one of the world.
type workload struct {
	kind, name                     string
	exists                         bool
	generation, observed           int64
	want, updated, ready, replicas int32
}

func (w workload) object() *unstructured.Unstructured {
	labels := map[string]any{"app": w.name}
	status := map[string]any{
		"observedGeneration": w.observed, "replicas": int64(w.replicas), "updatedReplicas": int64(w.updated), "readyReplicas": int64(w.ready),
		"availableReplicas": int64(w.ready), "currentReplicas": int64(w.updated), "currentRevision": "r", "updateRevision": "r",
	}
	if w.kind == "Deployment" {
		delete(status, "currentReplicas")
		delete(status, "currentRevision")
		delete(status, "updateRevision")
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apps/v1", "kind": w.kind, "metadata": map[string]any{"name": w.name, "namespace": Namespace, "uid": "u-" + w.name, "generation": w.generation},
		"spec":   map[string]any{"replicas": int64(w.want), "selector": map[string]any{"matchLabels": labels}, "template": map[string]any{"metadata": map[string]any{"labels": labels}, "spec": map[string]any{}}},
		"status": status,
	}}
}

// pod returns the ready pod of a workload with a number.
func (w workload) pod(i int32) *unstructured.Unstructured {
	owner := map[string]any{"apiVersion": "apps/v1", "kind": w.kind, "name": w.name, "uid": "u-" + w.name, "controller": true}
	if w.kind == "Deployment" {
		owner["kind"], owner["name"] = "ReplicaSet", w.name+"-r"
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{
			"name": fmt.Sprintf("%s-%d", w.name, i), "namespace": Namespace, "ownerReferences": []any{owner},
			"labels": map[string]any{"pod-template-hash": "r", "controller-revision-hash": "r"},
		},
		"status": map[string]any{"phase": "Running", "conditions": []any{map[string]any{"type": "Ready", "status": "True"}}},
	}}
}

// mostWanted is how many pods a workload wants at most.
const mostWanted = 3

// A world is what there is at a time.
type world struct {
	workloads []workload
	job       string    // "", running or complete
	made      int       // how often the job was made
	completed time.Time // when it was complete, if it is
	entries   []pum.State
}

func (w world) clone() world {
	w.workloads, w.entries = slices.Clone(w.workloads), slices.Clone(w.entries)
	return w
}

// A stage is a world that changes, with its history.
type stage struct {
	lock    sync.Mutex
	random  *rand.Rand // of the changes
	faults  *rand.Rand
	calm    bool
	world   world
	history []world
	server  *Server
	caches  map[string]cached // what lists from a cache get, by path
	oracle  oracle
}

// A cached answer is an old one.
type cached struct {
	code   int
	header http.Header
	body   []byte
}

// interleave plays one interleaving, and returns how the wait ended.
func interleave(ctx context.Context, random *rand.Rand) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, hung)
	defer cancel()
	s := &stage{random: rand.New(rand.NewPCG(random.Uint64(), 2)), faults: rand.New(rand.NewPCG(random.Uint64(), 1)), caches: map[string]cached{}}
	for i, kind := range []string{"Deployment", "Deployment", "StatefulSet"} {
		s.world.workloads = append(s.world.workloads, workload{kind: kind, name: fmt.Sprintf("w-%d", i), exists: true, generation: 1, want: 2})
	}
	s.world.entries, s.world.job, s.world.made, s.world.completed = []pum.State{pum.StateProcessed}, "complete", 1, time.Now().Add(-time.Hour)
	s.server = &Server{
		Store: NewStore(builtin()), Access: &Access{User: "operator"}, Logs: &Logs{}, token: newToken(),
		options: Options{Version: "v1.33.4", NoStreamingLists: random.IntN(2) == 0}, listed: s.oracle.listed,
	}
	web := httptest.NewServer(s)
	defer web.Close()
	defer web.CloseClientConnections()
	defer cancel()
	s.apply()
	source, err := s.source(&rest.Config{Host: web.URL, BearerToken: s.server.token})
	if err != nil {
		return "", err
	}
	played := make(chan struct{})
	go func() {
		defer close(played)
		s.play(ctx)
	}()
	var last observe.Report
	var until observe.Until
	if random.IntN(4) == 0 {
		until.StableFor = 300 * time.Millisecond
	}
	for r := range source.Follow(ctx, until) {
		last = r
		s.oracle.reported(r)
	}
	return s.judge(last, until.StableFor)
}

// hung is after how long a wait does not end any more, however busy the machine is.
const hung = 5 * time.Minute

func builtin() []Kind {
	var kinds []Kind
	for _, k := range Kinds() {
		if k.builtin {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// source returns what the wait observes: the server, and a PUM that is in the same world.
func (s *stage) source(config *rest.Config) (*observe.Source, error) {
	watching, err := kube.NewClients(config)
	if err != nil {
		return nil, err
	}
	listing := rest.CopyConfig(config)
	listing.Wrap(func(next http.RoundTripper) http.RoundTripper { return labeled{next} })
	lists, err := kube.NewClients(listing)
	if err != nil {
		return nil, err
	}
	return &observe.Source{
		Where: command.Where{Namespace: Namespace}, Goal: verdict.GoalAll, PUM: "pum", Interval: 100 * time.Millisecond,
		Watch: func(ctx context.Context) <-chan readiness.Update {
			return readiness.Watch(ctx, watching, Namespace, time.Now)
		},
		List: func(ctx context.Context) (*readiness.Assessment, error) {
			ctx, r := s.oracle.begin(ctx)
			p, err := readiness.Observe(ctx, lists, Namespace, time.Now)
			s.oracle.end(r, &p)
			return &p, err
		},
		Ask: s.ask,
	}, nil
}

// ask answers as PUM: with its entries at the beginning of the question, or at the end.
func (s *stage) ask(_ context.Context, found func()) (*pum.Answer, error) {
	found()
	s.lock.Lock()
	before, pause, silent := s.world.clone(), time.Duration(s.faults.IntN(60))*time.Millisecond, !s.calm && s.faults.IntN(10) == 0
	late, began := s.faults.IntN(2) == 0, len(s.history)-1
	s.lock.Unlock()
	time.Sleep(pause)
	if silent {
		return nil, fmt.Errorf("%w: %w", pum.ErrNoAnswer, errors.New("cut"))
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	if late {
		before = s.world
	}
	answer := &pum.Answer{Entries: []pum.Entry{}}
	for i, state := range before.entries {
		answer.Entries = append(answer.Entries, pum.Entry{UID: int64(i), State: state, Final: state.Final()})
	}
	s.oracle.answered(answer, began)
	return answer, nil
}

// play changes the world, until all is good and calm.
func (s *stage) play(ctx context.Context) {
	for range 4 + s.random.IntN(10) {
		s.pause(ctx)
		s.change(func(w *world) { s.somehow(w) })
	}
	s.pause(ctx)
	s.change(func(w *world) {
		for i := range w.workloads {
			w.workloads[i] = w.workloads[i].settled()
		}
		w.workloads[0].exists = true
	})
	s.pause(ctx)
	s.change(func(w *world) { // the job's last word
		if w.job == "running" || slices.ContainsFunc(w.entries, func(s pum.State) bool { return s != pum.StateProcessed }) {
			w.complete()
		}
	})
	s.lock.Lock()
	s.calm = true
	s.lock.Unlock()
}

func (s *stage) pause(ctx context.Context) {
	pause := time.Duration(s.random.IntN(40)) * time.Millisecond
	if s.random.IntN(5) == 0 {
		pause = time.Duration(s.random.IntN(700)) * time.Millisecond
	}
	select {
	case <-ctx.Done():
	case <-time.After(pause):
	}
}

func (w *world) complete() {
	w.job, w.completed = "complete", time.Now()
	for i := range w.entries {
		w.entries[i] = pum.StateProcessed
	}
}

func (w workload) settled() workload {
	w.observed, w.updated, w.ready, w.replicas = w.generation, w.want, w.want, w.want
	return w
}

// somehow makes a change that may happen. Entries only change while the job is at work.
func (s *stage) somehow(w *world) {
	switch i := s.random.IntN(len(w.workloads)); s.random.IntN(9) {
	case 0: // a new template
		w.workloads[i].generation++
	case 1: // scaled
		w.workloads[i].generation++
		w.workloads[i].want = 1 + s.random.Int32N(mostWanted)
	case 2: // on its way
		o := &w.workloads[i]
		o.observed, o.updated, o.ready = o.generation, s.random.Int32N(o.want+1), s.random.Int32N(o.want+1)
		o.replicas = max(o.updated, o.ready)
	case 3:
		w.workloads[i] = workload{kind: w.workloads[i].kind, name: w.workloads[i].name, exists: !w.workloads[i].exists, generation: 1, want: 1}
	case 4, 5:
		w.workloads[i] = w.workloads[i].settled()
	case 6:
		w.job = "running"
		w.made++
	case 7:
		if w.job == "running" {
			w.entries = append(w.entries, pum.StateInit)
		}
	case 8:
		if w.job == "running" {
			w.complete()
		}
	}
}

// change changes the world.
func (s *stage) change(apply func(*world)) {
	s.lock.Lock()
	defer s.lock.Unlock()
	apply(&s.world)
	s.applyLocked()
}

func (s *stage) apply() {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.applyLocked()
}

func (s *stage) applyLocked() {
	var there []*unstructured.Unstructured
	for _, w := range s.world.workloads {
		if w.exists {
			there = append(there, w.object())
		} else {
			_ = s.server.Store.Delete(Namespace, w.kind+"/"+w.name) // it may be gone already
		}
		for i := range int32(mostWanted) {
			if pod := w.pod(i); w.exists && i < w.ready {
				there = append(there, pod)
			} else {
				_ = s.server.Store.Delete(Namespace, "Pod/"+pod.GetName())
			}
		}
	}
	namespace := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": Namespace}}}
	s.server.Store.Apply(append(there, s.world.jobObject(), namespace)...)
	s.history = append(s.history, s.world.clone())
}

func (w world) jobObject() *unstructured.Unstructured {
	status := map[string]any{"active": int64(1)}
	if w.job == "complete" {
		then := w.completed.UTC().Format(time.RFC3339)
		status = map[string]any{"succeeded": int64(1), "completionTime": then, "conditions": []any{map[string]any{"type": "Complete", "status": "True", "lastTransitionTime": then}}}
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "batch/v1", "kind": "Job", "status": status, "spec": map[string]any{"template": map[string]any{"spec": map[string]any{}}},
		"metadata": map[string]any{"name": pum.ProcessJob, "namespace": Namespace, "uid": fmt.Sprintf("job-%d", w.made)},
	}}
}

// ServeHTTP answers as the server does, or as a bad connection to it.
func (s *stage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.lock.Lock()
	dice, length := s.faults.IntN(10), time.Duration(s.faults.IntN(200))*time.Millisecond
	calm, writes := s.calm, s.faults.IntN(5)
	old, stale := s.caches[r.URL.Path]
	s.lock.Unlock()
	watching := isTrue(r.URL.Query().Get("watch"))
	switch {
	case stale && !watching && r.URL.Query().Get("resourceVersion") != "":
		old.write(w, len(old.body))
	case dice == 0 && !calm:
		fail(w, apierrors.NewServiceUnavailable("overloaded"))
	case dice == 1 && !calm && watching: // cut
		s.server.ServeHTTP(&brokenWriter{ResponseWriter: w, writes: writes}, r)
	case dice < 6 && watching: // held back
		s.server.ServeHTTP(&brokenWriter{ResponseWriter: w, writes: -1, hold: length, ctx: r.Context()}, r)
	case watching:
		s.server.ServeHTTP(w, r)
	case dice == 1 && !calm: // cut
		answer := s.answer(r)
		answer.write(w, len(answer.body)/2)
		panic(http.ErrAbortHandler)
	case dice == 2: // late, with what was
		answer := s.answer(r)
		time.Sleep(length)
		answer.write(w, len(answer.body))
	case dice == 3: // late, with what is
		time.Sleep(length)
		s.server.ServeHTTP(w, r)
	default:
		answer := s.answer(r)
		answer.write(w, len(answer.body))
	}
}

// answer has the server answer. Caches have the first answer that there was, for ever.
func (s *stage) answer(r *http.Request) cached {
	recorder := httptest.NewRecorder()
	s.server.ServeHTTP(recorder, r)
	answer := cached{recorder.Code, recorder.Header(), recorder.Body.Bytes()}
	s.lock.Lock()
	defer s.lock.Unlock()
	if _, there := s.caches[r.URL.Path]; !there && answer.code == http.StatusOK {
		s.caches[r.URL.Path] = answer
	}
	return answer
}

// write writes so many bytes of an answer.
func (c cached) write(w http.ResponseWriter, bytes int) {
	w.Header().Set("Content-Type", c.header.Get("Content-Type"))
	w.Header().Set("Content-Length", strconv.Itoa(len(c.body)))
	w.WriteHeader(c.code)
	_, _ = w.Write(c.body[:bytes])
}

// A brokenWriter holds back what is written, or breaks off.
type brokenWriter struct {
	http.ResponseWriter
	writes int // until it breaks off; less than 0 never
	hold   time.Duration
	ctx    context.Context
}

func (b *brokenWriter) Write(p []byte) (int, error) {
	if b.writes == 0 {
		panic(http.ErrAbortHandler)
	}
	b.writes--
	if b.hold > 0 {
		select {
		case <-b.ctx.Done():
		case <-time.After(b.hold):
		}
	}
	return b.ResponseWriter.Write(p)
}

func (b *brokenWriter) Flush() { b.ResponseWriter.(http.Flusher).Flush() }
