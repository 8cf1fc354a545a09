// SPDX-License-Identifier: Apache-2.0

package joblogs

import (
	"cmp"
	"context"
	"errors"
	"io"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kubejob"
)

// A clock tells when logs that are followed were asked for.
type clock struct {
	*node
	mu    sync.Mutex
	asked []time.Time
}

func (c *clock) Log(ctx context.Context, pod string, o *corev1.PodLogOptions) (io.ReadCloser, error) {
	if o.Follow {
		c.mu.Lock()
		c.asked = append(c.asked, time.Now())
		c.mu.Unlock()
	}
	return c.node.Log(ctx, pod, o)
}

// A log in which nothing is written is followed over one connection. One that grows while nothing
// comes is asked for again, but not before the new line had time to come.
func TestWhenASilentConnectionIsLeft(t *testing.T) {
	for name, silent := range map[string]bool{"quiet": false, "silent": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				node := newNode()
				pod := node.start("a", corev1.RestartPolicyNever)
				node.log(pod).write("one\n")
				node.silent = silent
				go func() {
					time.Sleep(time.Second)
					node.change(func() { node.silent = false })
					time.Sleep(time.Minute)
					node.change(func() { node.exit(pod, 0); node.finish(batchv1.JobComplete) })
				}()
				reader, sink := node.reader(Options{Follow: true, Tail: -1})
				c := &clock{node: node}
				reader.API = c
				if _, err := reader.Read(t.Context()); err != nil {
					t.Fatal(err)
				}
				wantText(t, sink.lines.String(), "one\n")
				var after time.Duration
				if len(c.asked) > 1 {
					after = c.asked[1].Sub(c.asked[0])
				}
				if want := 20 * time.Second; silent && (after < want || after > want+time.Second) || !silent && len(c.asked) != 1 {
					t.Errorf("asked for %d times, the second time after %s", len(c.asked), after)
				}
			})
		})
	}
}

// The first line of a run is kept back for as long as the API server may take to hear of a restart.
func TestTheFirstLineWaitsForTheRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		node := newNode()
		var pod *corev1.Pod
		node.change(func() { pod = node.start("a", corev1.RestartPolicyOnFailure) })
		own := Piece{Stamp: []byte("x"), Time: time.Now(), Text: []byte("one\n")}
		time.Sleep(2 * time.Second)
		node.change(func() { node.exit(pod, 1); node.begin(pod) })
		node.lag = 400 * time.Millisecond
		r := &runReader{Reader: &Reader{API: node}, run: Run{Pod: "a", Container: "pum-process", State: Running, Kind: kubejob.Main, restarts: true, pod: pod.UID}}
		if r.otherRun(t.Context(), own) || !r.run.previous {
			t.Errorf("a line from before the restart is said to be of the run after it: %+v", r.run)
		}
		own.Time = r.run.EndedAt
		r.run.previous, r.run.State = false, Running
		if !r.otherRun(t.Context(), own) {
			t.Error("a line from after the end is said to be the run's own")
		}
	})
}

// Several pods may run at once only if the job says so; then they are looked for more often.
func TestParallel(t *testing.T) {
	for parallelism, want := range map[*int32]time.Duration{nil: 5 * time.Second, new(int32(1)): 5 * time.Second, new(int32(2)): time.Second} {
		job := newNode().job
		job.Spec.Parallelism = parallelism
		if got := (&Reader{}).checkInterval(Describe(job, nil, nil)); got != want {
			t.Errorf("parallelism %v: looked after %s, want %s", parallelism, got, want)
		}
	}
}

// A brokenSink takes no runs, or no words.
type brokenSink struct {
	*recorder
	begin, say error
}

func (b brokenSink) Begin(run Run) error   { return cmp.Or(b.begin, b.recorder.Begin(run)) }
func (b brokenSink) Say(text string) error { return cmp.Or(b.say, b.recorder.Say(text)) }

func TestASinkThatFailsEndsIt(t *testing.T) {
	runs := func(n *node) { n.start("a", corev1.RestartPolicyNever) }
	gone := func(n *node) { n.job.Status.Failed = 1 }
	missing := func(n *node) { n.job = nil }
	for _, tt := range []struct {
		name   string
		sink   brokenSink
		follow bool
		is     func(*node)
	}{
		{"a run that is followed", brokenSink{begin: errCut}, true, runs}, {"a run", brokenSink{begin: errCut}, false, runs},
		{"a run that is gone", brokenSink{begin: errCut}, false, gone}, {"what is waited for", brokenSink{say: errCut}, true, missing},
	} {
		synctest.Test(t, func(t *testing.T) {
			node := newNode()
			tt.is(node)
			reader, recorder := node.reader(Options{Follow: tt.follow, Tail: -1})
			tt.sink.recorder = recorder
			reader.Sink = tt.sink
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if _, err := reader.Read(ctx); !errors.Is(err, errCut) {
				t.Errorf("%s: %v", tt.name, err)
			}
		})
	}
}

// A slowAPI takes its time to answer, and gives up as soon as nobody waits.
type slowAPI struct {
	*node
	takes time.Duration
}

func (s *slowAPI) Job(ctx context.Context) (*batchv1.Job, error) {
	if err := sleep(ctx, s.takes); err != nil {
		return nil, err
	}
	return s.node.Job(ctx)
}

// A pod may seem to run for half a minute after its job ended, which an API server may tell late.
func TestHowLongAPodMaySeemToRun(t *testing.T) {
	for _, takes := range []time.Duration{0, time.Second} {
		synctest.Test(t, func(t *testing.T) {
			node := newNode()
			node.start("a", corev1.RestartPolicyNever)
			node.finish(batchv1.JobComplete)
			reader, _ := node.reader(Options{Follow: true, Tail: -1})
			reader.API = &slowAPI{node, takes}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
			defer cancel()
			began := time.Now()
			if _, err := reader.Read(ctx); err != nil {
				t.Error(err)
			}
			// It is asked first, seven times while the pod is followed, and last.
			if took, want := time.Since(began), (mostChecks+1)*5*time.Second+3*takes; took != want {
				t.Errorf("with answers after %s followed for %s, want %s", takes, took, want)
			}
		})
	}
}

// With a run all others are read that run, or did meanwhile: of one pod those together that run,
// and one that ended before those behind it.
func TestWhatIsReadTogether(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	run := func(attempt int, pod, container string, state RunState) Run {
		return Run{Attempt: attempt, Pod: pod, pod: types.UID(pod), Container: container, State: state}
	}
	first := run(1, "a", "one", Running)
	for _, tt := range []struct {
		name string
		runs []Run
		want []string
	}{
		{"all that run", []Run{run(2, "b", "one", Running), run(3, "c", "one", Running)}, []string{"begin 2 b Running", "begin 3 c Running"}},
		{"one that ended", []Run{run(2, "b", "one", Ended)}, []string{"begin 2 b Ended"}},
		{"none that waits, or is gone", []Run{run(2, "b", "one", Waiting), run(3, "c", "one", Gone), run(4, "d", "", Gone)}, nil},
		{"containers that run", []Run{run(2, "b", "one", Running), run(2, "b", "two", Running)}, []string{"begin 2 b Running", "begin 2 b Running"}},
		{"a container that ended first", []Run{run(2, "b", "one", Ended), run(2, "b", "two", Running), run(3, "c", "one", Running)}, []string{"begin 2 b Ended", "begin 3 c Running"}},
	} {
		node := newNode()
		reader, sink := node.reader(Options{Follow: true, Tail: -1})
		reader.API, reader.last = noLog{node, errCut}, math.MaxInt
		reader.forget()
		g := group{Reader: reader, active: map[containerKey]*runReader{first.key(): {run: first}}, known: make(chan struct{}), done: make(chan finishedRun, len(tt.runs))}
		close(g.known)
		reader.markRead(first)
		if err := g.startOthers(ctx, JobHistory{Runs: append([]Run{first}, tt.runs...)}); err != nil {
			t.Error(err)
		}
		if diff := gocmp.Diff(tt.want, sink.script); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		for range len(g.active) - 1 {
			<-g.done
		}
	}
}

// A container is refused if none is called so; as long as there is none, it may come.
func TestCheckContainer(t *testing.T) {
	there := JobHistory{Job: "pum-process", Runs: []Run{{Container: "one"}, {Container: "two"}}}
	for _, tt := range []struct {
		container string
		h         JobHistory
		want      string
	}{
		{"", there, ""}, {"two", there, ""}, {"one", JobHistory{}, ""},
		{"three", there, "there is no container three: the pods of job pum-process have one, two"},
	} {
		err := (&Reader{Options: Options{Container: tt.container}}).checkContainer(tt.h)
		if err == nil && tt.want != "" || err != nil && err.Error() != tt.want {
			t.Errorf("%q: %v, want %q", tt.container, err, tt.want)
		}
	}
}

// A job that was removed may be replaced for five seconds.
func TestHowLongAJobMayBeReplaced(t *testing.T) {
	at := time.Unix(1000, 0)
	for after, want := range map[time.Duration]bool{replacedWithin - 1: false, replacedWithin: true} {
		r := &Reader{job: "1", removedAt: at, Now: func() time.Time { return at.Add(after) }, Options: Options{Follow: true}}
		if got := r.wasRemoved(JobHistory{}); got != want {
			t.Errorf("after %s: %v", after, got)
		}
	}
}

// The API server may hear of a restart late; who does not follow waits less for it.
func TestHowLongARestartMayTake(t *testing.T) {
	for _, tt := range []struct {
		follow bool
		lag    time.Duration
		want   bool
		took   time.Duration
	}{
		{false, 1500 * time.Millisecond, true, 1500 * time.Millisecond}, {false, 3 * time.Second, false, 2 * time.Second},
		{true, 14 * time.Second, true, 14 * time.Second}, {true, 16 * time.Second, false, 15 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			node := newNode()
			var pod *corev1.Pod
			node.change(func() { pod = node.start("a", corev1.RestartPolicyOnFailure) })
			time.Sleep(time.Minute)
			node.change(func() { node.exit(pod, 1); node.begin(pod) })
			node.lag = tt.lag
			r := &runReader{
				Reader: &Reader{API: node, Options: Options{Follow: tt.follow}},
				run:    Run{Pod: "a", Container: "pum-process", State: Running, Kind: kubejob.Main, restarts: true, pod: pod.UID},
			}
			began := time.Now()
			err := r.awaitRestart(t.Context())
			if took := time.Since(began); err != nil || r.replaced() != tt.want || took != tt.took {
				t.Errorf("known after %s, followed %v: replaced %v after %s, %v", tt.lag, tt.follow, r.replaced(), took, err)
			}
		})
	}
}

// countedPods counts how often the state of the pods was asked for.
type countedPods struct {
	*node
	asked int
}

func (c *countedPods) Pods(ctx context.Context, selector string) ([]corev1.Pod, error) {
	c.asked++
	return c.node.Pods(ctx, selector)
}

// After a connection that was cut while lines came the next one comes first; after any other, how the run is.
func TestWhenTheStateIsAskedFor(t *testing.T) {
	for _, tt := range []struct {
		name     string
		c        connResult
		restarts bool
		want     int
	}{
		{"new lines, cut", connResult{fresh: 1, cut: errCut}, false, 0}, {"new lines, cut, of a container that is started again", connResult{fresh: 1, cut: errCut}, true, 1},
		{"old lines, cut", connResult{old: 1, cut: errCut}, false, 1}, {"new lines, to the end", connResult{found: true, fresh: 1}, false, 1},
	} {
		api := &countedPods{node: newNode()}
		r := &runReader{Reader: &Reader{API: api}, run: Run{State: Running, restarts: tt.restarts}}
		if err := r.afterConnection(t.Context(), tt.c); err != nil || api.asked != tt.want {
			t.Errorf("%s: asked %d times, %v", tt.name, api.asked, err)
		}
	}
}

// A search that finds nothing new for long pauses now and then.
func TestALongSearchPauses(t *testing.T) {
	for before, want := range map[int]bool{62: false, 63: true, 64: false, 127: true} {
		r := &runReader{Reader: &Reader{Options: Options{Follow: true}}, retry: retry{tries: before}}
		if err := r.planNext(connResult{old: 1, cut: errCut}); err != nil || r.retry.pause > 0 != want {
			t.Errorf("connection %d: pause %s, %v", before+1, r.retry.pause, err)
		}
	}
}

// A warning of missing lines is due if as much was followed as a node keeps in one file.
func TestDoubt(t *testing.T) {
	for followed, want := range map[int]int{rotatesAt - 1: 0, rotatesAt: 1} {
		sink := &recorder{}
		r := &runReader{Reader: &Reader{Sink: sink, OldNodes: func(context.Context) bool { return true }}, followed: followed}
		if err := r.warnOfRotation(t.Context()); err != nil || len(sink.script) != want {
			t.Errorf("%d bytes: %q, %v", followed, sink.script, err)
		}
	}
}
