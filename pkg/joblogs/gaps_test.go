// SPDX-License-Identifier: Apache-2.0

package joblogs

import (
	"context"
	"math"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kubejob"
)

// A connection is cut inside a line, and the node rotates its file.
func TestALineThatIsCutOffIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		node := newNode()
		pod := node.start("a", corev1.RestartPolicyNever)
		log := node.log(pod)
		log.write("one\n", "deleting 1000 rows left\n")
		node.budget = func(connection int) int {
			if connection == 1 {
				return len("2000-01-01T00:00:00.000000000Z one\n2000-01-01T00:00:00.000000000Z deleting 10")
			}
			return 1 << 20
		}
		go func() {
			time.Sleep(10 * time.Millisecond)
			node.change(func() { node.err = errCut })
			time.Sleep(5 * time.Second)
			node.change(func() { log.write("00 rows left\n"); log.rotated, node.err = 2, nil })
			time.Sleep(5 * time.Second)
			node.change(func() { node.exit(pod, 0); node.finish(batchv1.JobComplete) })
		}()
		sink := node.follow(t)
		got := strings.Join(sink.script, "\n")
		if !strings.Contains(got, "the line of 2000-01-01T00:00:00Z is cut off\n00 rows left") || strings.Contains(got, "1000 rows") {
			t.Errorf("a line that was cut is not said to be, or goes on with another one:\n%s", got)
		}
	})
}

// pieceAt is a whole line, or its beginning, that was written at a second.
func pieceAt(second int64, text string) Piece {
	at := time.Unix(second, 0).UTC()
	return Piece{Stamp: []byte("x"), Time: at, Text: []byte(text)}
}

// Lines of the same time are told apart by their text: the one that was read
// last may be in the file that a node put aside.
func TestLinesOfTheSameTimeAreToldApart(t *testing.T) {
	tests := []struct {
		name  string
		read  []Piece
		again []Piece
		want  []lineAge
	}{
		{"all there", []Piece{pieceAt(1, "a\n"), pieceAt(1, "b\n")},
			[]Piece{pieceAt(1, "a\n"), pieceAt(1, "b\n"), pieceAt(1, "c\n")}, []lineAge{old, old, fresh}},
		{"what was read is not there any more", []Piece{pieceAt(1, "a\n")},
			[]Piece{pieceAt(1, "b\n"), pieceAt(2, "c\n")}, []lineAge{old, missing}},
		{"read from the middle of them", []Piece{pieceAt(1, "b\n")},
			[]Piece{pieceAt(1, "a\n"), pieceAt(1, "b\n"), pieceAt(1, "c\n")}, []lineAge{old, old, fresh}},
		{"half a line, and it is there", []Piece{pieceAt(1, "deleting 10")},
			[]Piece{pieceAt(1, "deleting 1000 rows left\n")}, []lineAge{fresh}},
		{"half a line, and another one of its time", []Piece{pieceAt(1, "deleting 10")},
			[]Piece{pieceAt(1, "00 rows left, and so on\n")}, []lineAge{missing}},
		{"half a line, and a shorter one of its time", []Piece{pieceAt(1, "deleting 10")},
			[]Piece{pieceAt(1, "del\n")}, []lineAge{missing}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var m mark
			for _, p := range tt.read {
				m.advance(p)
			}
			f := newFinder(&m)
			var got []lineAge
			for _, p := range tt.again {
				_, age := f.classify(p)
				got = append(got, age)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

// Who asks for no line that is there loses none that comes, whatever becomes
// of the connection.
func TestWhatIsWrittenBetweenConnectionsIsRead(t *testing.T) {
	for name, tt := range map[string]struct {
		tail  int64
		there []string
		want  string
	}{
		"none of those that are there": {0, []string{"old\n", "older\n"}, "one\ntwo\nthree\n"},
		"none, and none is there":      {0, nil, "one\ntwo\nthree\n"},
		"the last, and none is there":  {1, nil, "one\ntwo\nthree\n"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				node := newNode()
				pod := node.start("a", corev1.RestartPolicyNever)
				log := node.log(pod)
				log.write(tt.there...)
				go func() {
					time.Sleep(20 * time.Second)
					node.change(func() { node.err = errCut })
					time.Sleep(time.Second)
					node.change(func() { log.write("one\n", "two\n", "three\n") })
					time.Sleep(time.Second)
					node.change(func() { node.err = nil })
					time.Sleep(5 * time.Second)
					node.change(func() { node.exit(pod, 0); node.finish(batchv1.JobComplete) })
				}()
				reader, sink := node.reader(Options{Follow: true, Tail: tt.tail})
				if _, err := reader.Read(t.Context()); err != nil {
					t.Fatal(err)
				}
				wantText(t, sink.lines.String(), tt.want)
			})
		})
	}
}

// An interrupted reader's positions are where another one goes on: nothing is
// repeated, and nothing left out, wherever the first one is interrupted.
func TestGoesOnBehindPositions(t *testing.T) {
	for name, at := range stamps {
		for millis := range 40 {
			if testing.Short() && millis%6 != 0 {
				continue
			}
			t.Run(name+", after "+strconv.Itoa(millis*50)+"ms", func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					node := newNode()
					start := time.Now()
					go func() {
						for attempt, pod := range []string{"a", "b"} {
							p := (*corev1.Pod)(nil)
							node.change(func() { p = node.start(pod, corev1.RestartPolicyNever) })
							for i, text := range numbered(100) {
								i += attempt * 100
								node.change(func() { node.log(p).lines = append(node.log(p).lines, line{at(i, start), pod + text}) })
								time.Sleep(7 * time.Millisecond)
							}
							node.change(func() { node.exit(p, int32(1-attempt)) })
						}
						node.change(func() { node.finish(batchv1.JobComplete) })
					}()
					reader, sink := node.reader(Options{Follow: true, Tail: -1})
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(millis)*50*time.Millisecond)
					defer cancel()
					_, err := reader.Read(ctx)
					got := sink.lines.String()
					if err != nil {
						var after []Position
						for _, p := range reader.Positions() {
							parsed, err := ParsePosition(p.String())
							if err != nil {
								t.Fatal(err)
							}
							after = append(after, parsed)
						}
						reader, sink = node.reader(Options{Follow: true, Tail: -1, After: after})
						if _, err := reader.Read(t.Context()); err != nil {
							t.Fatal(err)
						}
						got += sink.lines.String()
					}
					want := ""
					for _, pod := range node.pods {
						want += node.log(pod).text()
					}
					wantText(t, got, want)
				})
			})
		}
	}
}

// As long as an attempt has written nothing, the place to go on from is the end of the one
// before: without it, what that wrote would be read again.
func TestPositionsOfAnAttemptThatWroteNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		node := newNode()
		first := node.start("a", corev1.RestartPolicyNever)
		node.log(first).write("only\n")
		node.exit(first, 1)
		second := node.start("b", corev1.RestartPolicyNever)
		reader, sink := node.reader(Options{Follow: true, Tail: -1})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := reader.Read(ctx); err == nil {
			t.Fatal("the reader was not interrupted")
		}
		after := reader.Positions()
		if len(after) != 1 || after[0].Pod != "a" || after[0].Time.IsZero() {
			t.Errorf("positions = %v, want one behind the line of pod a", after)
		}
		node.change(func() {
			node.log(second).write("next\n")
			node.exit(second, 0)
			node.finish(batchv1.JobComplete)
		})
		got := sink.lines.String()
		reader, sink = node.reader(Options{Follow: true, Tail: -1, After: after})
		if _, err := reader.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantText(t, got+sink.lines.String(), "only\nnext\n")
	})
}

// Another reader's position in the first log is gone on from there, and nothing is said to be gone.
// Where the pod of the position is gone, what it wrote is; times tell the rest.
func TestGoesOnBehindAPosition(t *testing.T) {
	whole := []string{"begin 1 a Ended", "new", "end Ended 0"}
	gone := []string{"say pod a is gone: what it wrote after 2000-01-01T00:00:00Z is no longer available", "begin 1 b Ended", "new", "end Ended 0"}
	for _, tt := range []struct {
		pod   string
		later time.Duration
		want  []string
	}{{"a", time.Second, whole}, {"b", time.Minute, gone}} {
		synctest.Test(t, func(t *testing.T) {
			node := newNode()
			pod := node.start(tt.pod, corev1.RestartPolicyNever)
			node.log(pod).write("old\n")
			last := time.Now()
			time.Sleep(tt.later)
			node.log(pod).write("new\n")
			node.exit(pod, 0)
			node.finish(batchv1.JobComplete)
			reader, sink := node.reader(Options{Tail: -1, After: []Position{{Pod: "a", Container: "pum-process", Time: last, Lines: 1, Latest: last}}})
			if _, err := reader.Read(t.Context()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, sink.script); diff != "" {
				t.Errorf("pod %s (-want +got):\n%s", tt.pod, diff)
			}
		})
	}
}

func TestPositionsThatAreNone(t *testing.T) {
	for _, text := range []string{"", "a", "a/b", "a/b/x", "a/b/-1", "/b/0", "a//0", "a/b/0@", "a/b/0@yesterday+1", "a/b/0@2026-01-31T10:00:00Z", "a/b/0@2026-01-31T10:00:00Z+0", "a/b/0@2026-01-31T10:00:00Z+1+x"} {
		if p, err := ParsePosition(text); err == nil {
			t.Errorf("%q is read as %+v", text, p)
		}
	}
}

// A job that is removed the moment it ends ends what follows it, with what is
// known of its end.
func TestAJobThatIsRemovedEndsAFollow(t *testing.T) {
	event := func(uid, reason string) corev1.Event {
		e := corev1.Event{Reason: reason}
		e.InvolvedObject.UID = types.UID(uid)
		return e
	}
	tests := []struct {
		name   string
		remove func(n *node)
		state  kubejob.State
	}{
		{"nothing tells", func(n *node) {}, kubejob.Running},
		{"an event tells", func(n *node) { n.change(func() { n.events = []corev1.Event{event("1", "Completed")} }) }, kubejob.Complete},
		{"an event tells that it failed", func(n *node) { n.change(func() { n.events = []corev1.Event{event("1", "BackoffLimitExceeded")} }) }, kubejob.Failed},
		{"an event of another job tells nothing", func(n *node) { n.change(func() { n.events = []corev1.Event{event("0", "Completed")} }) }, kubejob.Running},
		{"its pod was seen to succeed", func(n *node) { n.change(func() { n.exit(n.pods[0], 0) }); time.Sleep(time.Second) }, kubejob.Complete},
		{"its pod was seen to fail", func(n *node) { n.change(func() { n.exit(n.pods[0], 1) }); time.Sleep(time.Second) }, kubejob.Running},
		{"its end was decided", func(n *node) {
			n.change(func() { n.finish(batchv1.JobSuccessCriteriaMet) })
			time.Sleep(10 * time.Second)
		}, kubejob.Complete},
	}
	for _, follow := range []bool{true, false} {
		for _, tt := range tests {
			t.Run(tt.name+", followed "+strconv.FormatBool(follow), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					node := newNode()
					pod := node.start("a", corev1.RestartPolicyNever)
					node.log(pod).write("one\n")
					go func() {
						time.Sleep(3 * time.Second)
						tt.remove(node)
						node.change(func() { node.job, node.pods = nil, nil })
					}()
					reader, sink := node.reader(Options{Follow: true, Tail: -1})
					if !follow {
						reader.API = &slowJob{node: node}
						reader.Follow = false
					}
					started := time.Now()
					history, err := reader.Read(t.Context())
					if err != nil || !history.Removed || history.Job != "pum-process" || history.State != tt.state && follow {
						t.Errorf("job %+v, error %v, want %s", history, err, tt.state)
					}
					if took := time.Since(started); took > time.Minute {
						t.Errorf("took %s", took)
					}
					wantText(t, sink.lines.String(), "one\n")
				})
			})
		}
	}
}

// A slowJob takes a minute to answer a second time.
type slowJob struct {
	*node
	asked bool
}

func (s *slowJob) Job(ctx context.Context) (*batchv1.Job, error) {
	if s.asked {
		time.Sleep(30 * time.Second)
	}
	s.asked = true
	return s.node.Job(ctx)
}

// A job that is replaced moments after it was removed is followed, whatever
// attempts of the one before are gone.
func TestAJobThatIsReplacedIsFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		node := newNode()
		node.job.Status.Failed = 1
		go func() {
			node.attempt("a", 0, "old\n")
			node.change(func() { node.job, node.pods = nil, nil })
			time.Sleep(3 * time.Second)
			node.change(func() { node.create("2"); node.job.Status.Failed = 1 })
			node.attempt("b", 0, "new\n")
			node.change(func() { node.job.Status.Failed = 1; node.finish(batchv1.JobComplete) })
		}()
		sink := node.follow(t)
		got := strings.Join(sink.script, "\n")
		want := "begin 1  Gone\nbegin 2 b Running\nnew\nend Ended 0"
		if !strings.HasSuffix(got, want) || strings.Count(got, "begin 1  Gone") != 2 {
			t.Errorf("history:\n%s\nwant at its end:\n%s", got, want)
		}
	})
}

// Pods that run at once are followed at once.
func TestParallelPodsAreFollowedTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		node := newNode()
		node.job.Spec.Parallelism, node.job.Spec.Completions = new(int32(3)), new(int32(3))
		go func() {
			var pods []*corev1.Pod
			for _, name := range []string{"a", "b", "c"} {
				node.change(func() { pods = append(pods, node.start(name, corev1.RestartPolicyNever)) })
			}
			for i := range 10 {
				for _, p := range pods {
					node.change(func() { node.log(p).write(p.Name + strconv.Itoa(i) + "\n") })
				}
				time.Sleep(time.Second)
			}
			node.change(func() {
				for _, p := range pods {
					node.exit(p, 0)
				}
				node.finish(batchv1.JobComplete)
			})
		}()
		reader, sink := node.reader(Options{Follow: true, Tail: -1})
		if _, err := reader.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := sink.lines.String()
		for _, line := range []string{"a0", "c0", "a9", "b9", "c9"} {
			if strings.Count(got, line+"\n") != 1 {
				t.Errorf("line %s is there %d times", line, strings.Count(got, line+"\n"))
			}
		}
		if strings.Index(got, "c5\n") > strings.Index(got, "a9\n") {
			t.Errorf("the pods were read one after the other:\n%s", got)
		}
	})
}

// A pod on a node that was lost seems to run for ever. The one that takes its
// place is followed all the same, to the end of the job.
func TestAPodThatSeemsToRunForEverHoldsNothingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		node := newNode()
		node.change(func() { node.log(node.start("a", corev1.RestartPolicyNever)).write("one\n") })
		go func() {
			time.Sleep(10 * time.Second)
			node.attempt("b", 0, "two\n")
			node.change(func() { node.finish(batchv1.JobComplete) })
		}()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		reader, sink := node.reader(Options{Follow: true, Tail: -1})
		if history, err := reader.Read(ctx); err != nil || history.State != kubejob.Complete {
			t.Errorf("job %s, error %v", history.State, err)
		}
		wantText(t, sink.lines.String(), "one\ntwo\n")
	})
}

// The proxy of a mesh is a pod's first container and does not end.
func TestSidecarsAreLeftOut(t *testing.T) {
	mesh := func(n *node) *corev1.Pod {
		pod := n.start("a", corev1.RestartPolicyNever)
		n.job.Spec.Template.Spec.Containers = []corev1.Container{{Name: "pum-process"}}
		pod.Spec.Containers = []corev1.Container{{Name: "mesh"}, {Name: "pum-process"}}
		pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, corev1.ContainerStatus{
			Name: "mesh", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}},
		})
		proxy := &file{}
		proxy.write("proxy\n")
		n.files[fileKey(pod, "mesh", 0)] = proxy
		return pod
	}
	follow := func(t *testing.T, o Options, end func(n *node, pod *corev1.Pod)) (JobHistory, []string) {
		node := newNode()
		pod := mesh(node)
		go func() {
			time.Sleep(3 * time.Second)
			node.change(func() { node.log(pod).write("one\n") })
			time.Sleep(3 * time.Second)
			node.change(func() { node.exit(pod, 0); pod.Status.Phase = corev1.PodRunning })
			time.Sleep(10 * time.Second)
			node.change(func() { end(node, pod) })
		}()
		o.Follow, o.Tail = true, -1
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		reader, sink := node.reader(o)
		history, err := reader.Read(ctx)
		if err != nil {
			t.Errorf("error %v", err)
		}
		return history, sink.script
	}
	t.Run("by default", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			_, script := follow(t, Options{}, func(n *node, _ *corev1.Pod) { n.finish(batchv1.JobComplete) })
			want := []string{
				"say sidecars are left out: mesh; -c NAME shows one",
				"begin 1 a Running", "one", "end Ended 0",
				"say waiting: container pum-process ended with exit code 0, but mesh keeps the pod running",
			}
			if diff := cmp.Diff(want, script); diff != "" {
				t.Errorf("history (-want +got):\n%s", diff)
			}
		})
	})
	t.Run("asked for", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			_, script := follow(t, Options{Container: "mesh"}, func(n *node, pod *corev1.Pod) {
				pod.Status.ContainerStatuses[1].State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{}}
				n.finish(batchv1.JobComplete)
			})
			if diff := cmp.Diff([]string{"begin 1 a Running", "proxy", "end Ended 0"}, script); diff != "" {
				t.Errorf("history (-want +got):\n%s", diff)
			}
		})
	})
}

// Numbers that cannot be exhaust nothing, and many attempts of which nothing
// is left are one line.
func TestAttemptsThatAreGoneAreBounded(t *testing.T) {
	node := newNode()
	pod := node.start("a", corev1.RestartPolicyOnFailure)
	pod.Status.ContainerStatuses[0].RestartCount = math.MaxInt32
	pod.Status.ContainerStatuses[0].LastTerminationState.Terminated = &corev1.ContainerStateTerminated{ExitCode: 1}
	node.job.Status.Failed, node.job.Status.Active = 1000, math.MaxInt32
	pods, _ := node.Pods(t.Context(), "")
	runs := Describe(node.job, pods, []corev1.Event{made("1", "x", 1)}).Runs
	if len(runs) != 5 || runs[0].To != math.MaxInt32-1 || runs[1].Pod != "x" || runs[2].To == 0 || runs[4].State != Running {
		t.Errorf("%d runs: %+v", len(runs), runs)
	}
}

// Of attempts that are told as one, those are left out that were read.
func TestAttemptsThatWereReadAreNotSaidToBeGone(t *testing.T) {
	r := &Reader{last: math.MaxInt}
	r.forget()
	r.markRead(Run{Attempt: 3, Pod: "a", Container: "c", restart: 2})
	gone := Run{Attempt: 1, To: 20, Pod: "a", Container: "c", State: Gone, restart: 19}
	if run, unread := r.unread(gone); !unread || run.Attempt != 4 || run.To != 20 {
		t.Errorf("%+v, unread %t", run, unread)
	}
	r.markRead(gone)
	if run, unread := r.unread(gone); unread {
		t.Errorf("%+v is unread", run)
	}
}

// A node that rotated a log and began no line of the next file answers as if nothing had ever
// been written.
func TestALogThatWasRotatedAwayIsNotSaidToBeWhole(t *testing.T) {
	const empty = "say the log of pod a is empty: the container pum-process wrote nothing, or the node rotated what it wrote"
	const after = "say the log of pod a was rotated before all of it was read: lines may be missing after "
	tests := []struct {
		name    string
		options Options
		read    bool // the first line was read before
		rotated int  // of two lines
		want    string
	}{
		{"all of it", Options{Tail: -1}, false, 2, empty},
		{"all of it, the last lines", Options{Tail: 5}, false, 2, empty},
		{"all of it, followed", Options{Tail: -1, Follow: true}, false, 2, empty},
		{"all of it, none wanted", Options{Tail: 0}, false, 2, ""},
		{"all of it, only what is new", Options{Tail: -1, Since: time.Second}, false, 2, ""},
		{"all of it, behind a position", Options{Tail: -1}, true, 2, after},
		{"none of it", Options{Tail: -1}, false, 0, ""},
		{"none of it, behind a position", Options{Tail: -1}, true, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				node := newNode()
				pod := node.start("a", corev1.RestartPolicyNever)
				log := node.log(pod)
				log.write("one\n")
				if tt.read {
					reader, _ := node.reader(Options{Tail: -1})
					if _, err := reader.Read(t.Context()); err != nil {
						t.Fatal(err)
					}
					tt.options.After = reader.Positions()
				}
				time.Sleep(time.Minute)
				log.write("two\n")
				log.rotated = tt.rotated
				node.exit(pod, 0)
				node.finish(batchv1.JobComplete)
				reader, sink := node.reader(tt.options)
				if _, err := reader.Read(t.Context()); err != nil {
					t.Fatal(err)
				}
				told := strings.Join(sink.script, "\n")
				if said := strings.Count(told, "say "); said > 1 || (said == 1) != (tt.want != "") || !strings.Contains(told, tt.want) {
					t.Errorf("want %q:\n%s", tt.want, told)
				}
			})
		})
	}
}
