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
	"strings"
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
// or break off and watches are cut or held back: each end of a wait is held against what the
// store really had while the wait read it last. And it ends, once all is good and calm.
//
// INTERLEAVINGS says how many, SEED repeats a run as far as the machine's timing allows.
func TestRandomInterleavings(t *testing.T) {
	t.Parallel()
	runs, seed := setting(t, "INTERLEAVINGS", 200), setting(t, "SEED", uint64(time.Now().UnixNano()))
	t.Logf("SEED=%d", seed)
	klog.SetLogger(logr.Discard()) // what client-go says of broken connections
	const inFlight = 60
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

// A workload is one of the world. It is good as the documentation of Kubernetes has it; the
// plugin's rules are not asked.
type workload struct {
	kind, name                     string
	exists                         bool
	generation, observed           int64
	want, updated, ready, replicas int32
}

func (w workload) good() bool {
	return !w.exists || w.observed == w.generation && w.updated == w.want && w.ready == w.want && w.replicas == w.want
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
		"apiVersion": "apps/v1", "kind": w.kind, "metadata": map[string]any{"name": w.name, "namespace": Namespace, "generation": w.generation},
		"spec":   map[string]any{"replicas": int64(w.want), "selector": map[string]any{"matchLabels": labels}, "template": map[string]any{"metadata": map[string]any{"labels": labels}, "spec": map[string]any{}}},
		"status": status,
	}}
}

// A world is what there is at a time.
type world struct {
	at        time.Time // since when, at the latest
	workloads []workload
	job       string // "", running or complete
	made      int    // how often the job was made
	entries   []pum.State
}

func (w world) clone() world {
	w.workloads, w.entries = slices.Clone(w.workloads), slices.Clone(w.entries)
	return w
}

func (w world) good(kind string) bool {
	switch kind {
	case "Job":
		return w.job != "running"
	case "Entry":
		return !slices.ContainsFunc(w.entries, func(s pum.State) bool { return s != pum.StateProcessed })
	}
	return !slices.ContainsFunc(w.workloads, func(o workload) bool { return o.kind == kind && !o.good() })
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
	listed  time.Time // when the last list began
}

// interleave plays one interleaving, and returns how the wait ended.
func interleave(ctx context.Context, random *rand.Rand) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	s := &stage{random: rand.New(rand.NewPCG(random.Uint64(), 2)), faults: rand.New(rand.NewPCG(random.Uint64(), 1))}
	for i, kind := range []string{"Deployment", "Deployment", "StatefulSet"} {
		s.world.workloads = append(s.world.workloads, workload{kind: kind, name: fmt.Sprintf("w-%d", i), exists: true, generation: 1, want: 2})
	}
	s.world.entries, s.world.job, s.world.made = []pum.State{pum.StateProcessed}, "complete", 1
	s.server = &Server{
		Store: NewStore(builtin()), Access: &Access{User: "operator"}, Logs: &Logs{}, token: newToken(),
		options: Options{Version: "v1.33.4", NoStreamingLists: random.IntN(2) == 0},
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
	var not time.Time // when the wait last knew that all was not good
	for r := range source.Follow(ctx, until) {
		last = r
		if code := r.Verdict.ExitCode; code != verdict.ExitDone && code != verdict.ExitError {
			not = time.Now()
		}
	}
	return s.judge(last, not, time.Now(), until.StableFor)
}

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
	clients, err := kube.NewClients(config)
	if err != nil {
		return nil, err
	}
	return &observe.Source{
		Where: command.Where{Namespace: Namespace}, Goal: verdict.GoalAll, PUM: "pum", Interval: 100 * time.Millisecond,
		Watch: func(ctx context.Context) <-chan readiness.Update {
			return readiness.Watch(ctx, clients, Namespace, time.Now)
		},
		List: func(ctx context.Context) (*readiness.Assessment, error) {
			s.lock.Lock()
			s.listed = time.Now()
			s.lock.Unlock()
			p, err := readiness.Observe(ctx, clients, Namespace, time.Now)
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
	late := s.faults.IntN(2) == 0
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
	w.job = "complete"
	if w.made == 0 {
		w.made = 1
	}
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
		w.workloads[i].want = 1 + s.random.Int32N(3)
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

// change changes the world. What was true before is, until it is done; what is true after it
// may be since it began.
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
	began := time.Now()
	var there []*unstructured.Unstructured
	for _, w := range s.world.workloads {
		if w.exists {
			there = append(there, w.object())
		} else {
			_ = s.server.Store.Delete(Namespace, w.kind+"/"+w.name) // it may be gone already
		}
	}
	if s.world.made > 0 {
		there = append(there, s.world.jobObject())
	}
	s.server.Store.Apply(there...)
	next := s.world.clone()
	next.at = began
	s.history = append(s.history, next)
}

func (w world) jobObject() *unstructured.Unstructured {
	status := map[string]any{"active": int64(1)}
	if w.job == "complete" {
		then := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
		status = map[string]any{"succeeded": int64(1), "completionTime": then, "conditions": []any{map[string]any{"type": "Complete", "status": "True", "lastTransitionTime": then}}}
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "batch/v1", "kind": "Job", "status": status, "spec": map[string]any{"template": map[string]any{"spec": map[string]any{}}},
		"metadata": map[string]any{"name": pum.ProcessJob, "namespace": Namespace, "uid": fmt.Sprintf("job-%d", w.made)},
	}}
}

// judge tells how the wait ended, and what was wrong with that.
func (s *stage) judge(last observe.Report, not, end time.Time, stable time.Duration) (string, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if !last.Over || last.Verdict.ExitCode != verdict.ExitDone {
		return "wrong", fmt.Errorf("exit code %d, over %v; %v\n%s", last.Verdict.ExitCode, last.Over, last.Verdict.Findings, s.tell(end))
	}
	if s.listed.Before(not) {
		return "wrong", fmt.Errorf("it ended on what was read %s before it looked so", not.Sub(s.listed))
	}
	const scheduling = 50 * time.Millisecond // between the beginnings of the questions of one reading
	from := s.listed.Add(-scheduling)
	var wrong []string
	for _, kind := range []string{"Deployment", "StatefulSet", "Job"} {
		if !s.was(kind, from, end) {
			wrong = append(wrong, kind)
		}
	}
	if changed := s.jobChanged(); !s.was("Entry", later(from, changed), end) {
		wrong = append(wrong, "Entry")
	}
	if len(wrong) > 0 {
		return "wrong", fmt.Errorf("FALSE SUCCESS: %s, read since %s\n%s", strings.Join(wrong, ", "), s.listed.Sub(end), s.tell(end))
	}
	if s.calm && stable == 0 {
		return "after the last change", nil
	}
	return "when all was good for a while", nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// was reports whether all of a kind was good at some time between two.
func (s *stage) was(kind string, from, to time.Time) bool {
	for i, w := range s.history {
		ended := to
		if i+1 < len(s.history) {
			ended = s.history[i+1].at
		}
		if w.good(kind) && !w.at.After(to) && !ended.Before(from) {
			return true
		}
	}
	return false
}

// jobChanged returns when the job last became what it is.
func (s *stage) jobChanged() (at time.Time) {
	job, made := "", 0
	for _, w := range s.history {
		if w.job != job || w.made != made {
			job, made, at = w.job, w.made, w.at
		}
	}
	return at
}

func (s *stage) tell(end time.Time) string {
	var b strings.Builder
	for _, w := range s.history {
		fmt.Fprintf(&b, "%s: %+v job %s %d entries %v\n", w.at.Sub(end), w.workloads, w.job, w.made, w.entries)
	}
	return b.String()
}

// ServeHTTP answers as the server does, or as a bad connection to it.
func (s *stage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.lock.Lock()
	dice, length := s.faults.IntN(10), time.Duration(s.faults.IntN(200))*time.Millisecond
	calm, writes := s.calm, s.faults.IntN(5)
	s.lock.Unlock()
	watching := isTrue(r.URL.Query().Get("watch"))
	switch {
	case dice == 0 && !calm:
		fail(w, apierrors.NewServiceUnavailable("overloaded"))
	case dice == 1 && !calm && watching: // cut
		s.server.ServeHTTP(&brokenWriter{ResponseWriter: w, writes: writes}, r)
	case dice < 6 && watching: // held back
		s.server.ServeHTTP(&brokenWriter{ResponseWriter: w, writes: -1, hold: length, ctx: r.Context()}, r)
	case watching:
		s.server.ServeHTTP(w, r)
	case dice == 1 && !calm: // cut
		answer := httptest.NewRecorder()
		s.server.ServeHTTP(answer, r)
		w.Header().Set("Content-Type", answer.Header().Get("Content-Type"))
		w.Header().Set("Content-Length", strconv.Itoa(answer.Body.Len()))
		_, _ = w.Write(answer.Body.Bytes()[:answer.Body.Len()/2])
		panic(http.ErrAbortHandler)
	case dice == 2: // late, with what was
		answer := httptest.NewRecorder()
		s.server.ServeHTTP(answer, r)
		time.Sleep(length)
		w.Header().Set("Content-Type", answer.Header().Get("Content-Type"))
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	default:
		s.server.ServeHTTP(w, r)
	}
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
