// SPDX-License-Identifier: Apache-2.0

package joblogs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kubejob"
)

// stamps give lines their times.
var stamps = map[string]func(i int, start time.Time) time.Time{
	"a stamp a line":         func(i int, s time.Time) time.Time { return s.Add(time.Duration(i) * 50 * time.Microsecond) },
	"stamps that repeat":     func(i int, s time.Time) time.Time { return s.Add(time.Duration(i/7) * time.Millisecond) },
	"stamps out of order":    func(i int, s time.Time) time.Time { return s.Add(time.Duration(i^3) * 50 * time.Microsecond) },
	"a clock that goes back": func(i int, s time.Time) time.Time { return s.Add(time.Duration(i%7000) * time.Millisecond) },
}

// A log that is there in full is read over connections that carry fifty lines
// and end as if the log did, or break in the middle of a line.
func TestCutsLoseAndRepeatNothing(t *testing.T) {
	const cut = 50
	for name, at := range stamps {
		n := 3000
		if name == "a stamp a line" {
			n = 3 * manyLines // so far back that one asks for all
			if testing.Short() {
				continue
			}
		}
		for ends, end := range map[string]error{"as an end": io.EOF, "as a break": errCut} {
			for follows, follow := range map[string]bool{"followed": true, "once": false} {
				t.Run(name+", cut "+ends+", "+follows, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						node := newNode()
						pod := node.start("a", corev1.RestartPolicyNever)
						for i, text := range numbered(n) {
							node.log(pod).lines = append(node.log(pod).lines, line{at(i, time.Now()), text})
						}
						want := node.log(pod).text()
						node.exit(pod, 0)
						node.finish(batchv1.JobComplete)
						node.end = end
						node.budget = func(i int) int { return cut*(31+len("000001 still here\n")) + i%40 }
						reader, sink := node.reader(Options{Follow: follow, Tail: -1})
						history, err := reader.Read(t.Context())
						if err != nil || history.State != kubejob.Complete {
							t.Fatalf("job %s, error %v", history.State, err)
						}
						wantText(t, sink.lines.String(), want)
						if most := 4 * n / cut; len(node.opened) > most {
							t.Errorf("%d connections, want at most %d", len(node.opened), most)
						}
					})
				})
			}
		}
	}
}

// A log that grows is followed over connections that break at any byte.
func TestFollowsAGrowingLogOverBrokenConnections(t *testing.T) {
	seeds := uint64(30)
	if testing.Short() {
		seeds = 10
	}
	for seed := range seeds {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			node := newNode()
			pod := node.start("a", corev1.RestartPolicyNever)
			log := node.log(pod)
			budgets := rand.New(rand.NewPCG(seed, 1))
			node.budget = func(int) int { return 300 + budgets.IntN(4000) }
			if seed%2 == 0 {
				node.end = io.EOF
			}
			go func() {
				for _, text := range numbered(2000) {
					node.change(func() { log.write(strings.Repeat(text[:6], random.IntN(9)) + text) })
					time.Sleep(time.Duration(random.IntN(4)) * time.Millisecond)
				}
				node.change(func() {
					log.write("no line break at the end")
					node.exit(pod, 1)
					node.finish(batchv1.JobFailed)
				})
			}()
			reader, sink := node.reader(Options{Follow: true, Tail: -1})
			history, err := reader.Read(t.Context())
			if err != nil || history.State != kubejob.Failed {
				t.Errorf("job %s, error %v", history.State, err)
			}
			wantText(t, sink.lines.String(), log.text())
		})
	}
}

func TestALongLineIsPassedOnInPieces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		node := newNode()
		pod := node.start("a", corev1.RestartPolicyNever)
		node.log(pod).write("first\n", strings.Repeat("x", 3*bufferSize)+"\n", "last\n", strings.Repeat("y", bufferSize))
		node.exit(pod, 0)
		node.finish(batchv1.JobComplete)
		node.budget = func(i int) int { return 5*bufferSize - i*1000 }
		sink := node.follow(t)
		wantText(t, sink.lines.String(), node.log(pod).text())
	})
}

// The history of a job, as its followers see it.
func TestFollowsFromAttemptToAttempt(t *testing.T) {
	tests := []struct {
		name    string
		options Options
		after   time.Duration // when it is followed
		play    func(n *node)
		want    []string
		state   kubejob.State
	}{
		{"waits for the job, its pod, and the next attempt", Options{}, 0, func(n *node) {
			n.job = nil
			time.Sleep(3 * time.Second)
			n.change(func() { n.create("1") })
			time.Sleep(3 * time.Second)
			n.attempt("a", 1, "one\n")
			time.Sleep(5 * time.Second)
			n.attempt("b", 0, "two\n")
			n.change(func() { n.finish(batchv1.JobComplete) })
		}, []string{
			"say waiting: there is no such job", "say waiting: attempt 1 has not started",
			"begin 1 a Running", "one", "end Ended 1",
			"say waiting: attempt 1 ended, and the next one has not started",
			"begin 2 b Running", "two", "end Ended 0",
		}, kubejob.Complete},
		{"a container that is started again", Options{}, 0, func(n *node) {
			var pod *corev1.Pod
			n.change(func() { pod = n.start("a", corev1.RestartPolicyOnFailure) })
			for code := range int32(3) {
				n.change(func() { n.log(pod).write("run " + strconv.Itoa(int(code)) + "\n") })
				time.Sleep(2 * time.Second)
				n.change(func() { n.exit(pod, 2-code) })
				time.Sleep(900 * time.Millisecond)
				if code < 2 {
					n.change(func() { n.begin(pod) })
				}
			}
			n.change(func() { n.finish(batchv1.JobComplete) })
		}, []string{
			"begin 1 a Running", "run 0", "end Ended 2",
			"begin 2 a Running", "run 1", "end Ended 1",
			"begin 3 a Running", "run 2", "end Ended 0",
		}, kubejob.Complete},
		{"replaced in the middle", Options{}, 0, func(n *node) {
			var pod *corev1.Pod
			n.change(func() { pod = n.start("a", corev1.RestartPolicyNever); n.log(pod).write("old\n") })
			time.Sleep(3 * time.Second)
			n.change(func() { n.exit(pod, 137); n.create("2") })
			time.Sleep(2 * time.Second)
			n.attempt("b", 1, "new\n")
			n.change(func() { n.finish(batchv1.JobFailed) })
		}, []string{
			"begin 1 a Running", "old", "end Gone 0",
			"say job pum-process was recreated at 2000-01-01T00:00:03Z",
			"say waiting: attempt 1 has not started",
			"begin 1 b Running", "new", "end Ended 1",
		}, kubejob.Failed},
		{"the job of the last upgrade, which is being deleted", Options{}, 5 * time.Second, func(n *node) {
			n.attempt("a", 0, "old\n")
			n.change(func() { n.finish(batchv1.JobComplete); n.job.DeletionTimestamp = &metav1.Time{Time: time.Now()} })
			time.Sleep(20 * time.Second)
			n.change(func() { n.create("2") })
			n.attempt("b", 1, "new\n")
			n.change(func() { n.finish(batchv1.JobFailed) })
		}, []string{
			"begin 1 a Ended", "old", "end Ended 0",
			"say waiting: the job is over and is being deleted; another may replace it",
			"say job pum-process was recreated at 2000-01-01T00:00:23Z",
			"begin 1 b Running", "new", "end Ended 1",
		}, kubejob.Failed},
		{"is over, and removed after its time to live", Options{}, 5 * time.Second, func(n *node) {
			n.attempt("a", 0, "one\n")
			n.change(func() { n.finish(batchv1.JobComplete); n.job.DeletionTimestamp = &metav1.Time{Time: time.Now()} })
			time.Sleep(4 * time.Second)
			n.change(func() { n.job = nil })
		}, []string{
			"begin 1 a Ended", "one", "end Ended 0",
			"say waiting: the job is over and is being deleted; another may replace it",
			"say waiting: job pum-process was removed, and may be replaced",
		}, kubejob.Complete},
		{"the last attempt, and those that follow", Options{Attempts: Selection{"last"}}, 10 * time.Second, func(n *node) {
			n.attempt("a", 1, "one\n")
			n.attempt("b", 1, "two\n")
			time.Sleep(time.Minute)
			n.attempt("c", 0, "three\n")
			n.change(func() { n.finish(batchv1.JobComplete) })
		}, []string{
			"begin 2 b Ended", "two", "end Ended 1",
			"say waiting: attempt 2 ended, and the next one has not started",
			"begin 3 c Running", "three", "end Ended 0",
		}, kubejob.Complete},
		{"one attempt, and no other", Options{Attempts: Selection{"2"}}, 10 * time.Second, func(n *node) {
			n.attempt("a", 1, "one\n")
			time.Sleep(time.Minute)
			n.attempt("b", 1, "two\n")
			time.Sleep(time.Minute)
		}, []string{
			"say waiting: attempt 1 ended, and the next one has not started",
			"begin 2 b Running", "two", "end Ended 1",
		}, kubejob.Running},
		{"an API server that is away for a while", Options{}, 0, func(n *node) {
			n.attempt("a", 1, "one\n")
			n.change(func() { n.err = errors.New("connection refused") })
			time.Sleep(11 * time.Second)
			n.change(func() { n.err = nil })
			n.attempt("b", 0, "two\n")
			n.change(func() { n.finish(batchv1.JobComplete) })
		}, []string{
			"begin 1 a Running", "one", "end Ended 1",
			"say no answer, asking again: connection refused", "say there is an answer again, after 11s",
			"begin 2 b Running", "two", "end Ended 0",
		}, kubejob.Complete},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				node := newNode()
				var played sync.WaitGroup
				played.Go(func() { tt.play(node) })
				defer played.Wait()
				synctest.Wait()
				time.Sleep(tt.after)
				tt.options.Follow, tt.options.Tail = true, -1
				reader, sink := node.reader(tt.options)
				history, err := reader.Read(t.Context())
				if err != nil || history.State != tt.state {
					t.Errorf("job %s, error %v, want %s", history.State, err, tt.state)
				}
				if diff := cmp.Diff(tt.want, sink.script); diff != "" {
					t.Errorf("history (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// A container that fails at once is started again before the API server knows,
// and the kubelet gives the log of its next run, or of one that wrote nothing yet.
// Whenever one comes, each run is told whole and under its own heading, or it is
// said that its log is gone.
func TestRunsThatTheAPIServerKnowsLateAreToldApart(t *testing.T) {
	step := 1300 * time.Millisecond
	if testing.Short() {
		step *= 6
	}
	const ms = time.Millisecond
	for _, lag := range []time.Duration{50 * ms, 400 * ms, 4000 * ms, 4900 * ms} {
		for _, run := range []flash{
			{0, 10 * ms, 20 * ms}, {0, 300 * ms, 1000 * ms}, {0, 2000 * ms, 20 * ms}, {700 * ms, 900 * ms, 1000 * ms},
			{3000 * ms, 2000 * ms, 20 * ms}, {6000 * ms, 10 * ms, 1000 * ms},
		} {
			for from := time.Duration(0); from < 40*time.Second; from += step {
				t.Run(fmt.Sprintf("lag %s, %v, from %s", lag, run, from), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { run.tell(t, lag, from) })
				})
			}
		}
	}
}

// A kubelet that has removed a log a moment ago answers as if nothing were in it.
func TestALogThatIsRemovedIsSaidToBeGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		node := newNode()
		pod := node.start("a", corev1.RestartPolicyOnFailure)
		first := node.log(pod)
		first.write("one\n")
		node.exit(pod, 1)
		node.begin(pod).write("two\n")
		first.lines = nil
		node.exit(pod, 0)
		node.finish(batchv1.JobComplete)
		sink := node.follow(t)
		want := []string{"begin 1 a Ended", "end Gone 1", "begin 2 a Ended", "two", "end Ended 0"}
		if diff := cmp.Diff(want, sink.script); diff != "" {
			t.Errorf("history (-want +got):\n%s", diff)
		}
	})
}

// A container that is never started again has no run before this one, and the
// kubelet is not asked for its log.
func TestAContainerThatIsNeverStartedAgainIsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		node := newNode()
		pod := node.start("a", corev1.RestartPolicyNever)
		node.exit(pod, 0) // and wrote nothing
		node.finish(batchv1.JobComplete)
		node.follow(t)
		if node.previous > 0 {
			t.Errorf("asked %d times for the log of a run before the only one", node.previous)
		}
	})
}

// A flash is a run of a container that is soon over.
type flash struct{ silent, lives, again time.Duration }

// play has a pod whose container fails twice, as a kubelet starts it again.
func (f flash) play(node *node) {
	time.Sleep(1700 * time.Millisecond)
	var pod *corev1.Pod
	node.change(func() { pod = node.start("a", corev1.RestartPolicyOnFailure) })
	for run := range 3 {
		time.Sleep(f.silent)
		node.change(func() { node.log(pod).write(strconv.Itoa(run+1) + " begins\n") })
		time.Sleep(f.lives)
		node.change(func() { node.log(pod).write(strconv.Itoa(run+1) + " ends\n"); node.exit(pod, int32(2-run)) })
		time.Sleep(f.again)
		switch run {
		case 0:
			node.change(func() { node.begin(pod) })
		case 1:
			node.change(func() { node.backOff(pod) })
			time.Sleep(10 * time.Second)
			node.change(func() { node.begin(pod) })
		}
	}
	time.Sleep(node.lag) // the job's controller knows what the API server knows
	node.change(func() { node.finish(batchv1.JobComplete) })
}

// tell follows that from some time on.
func (f flash) tell(t *testing.T, lag, from time.Duration) {
	node := newNode()
	node.lag = lag
	start := time.Now()
	var played sync.WaitGroup
	defer played.Wait()
	played.Go(func() { f.play(node) })
	time.Sleep(from)
	sink := node.follow(t)
	if late := sink.first.Sub(start.Add(from + f.silent)); from == 0 && lag < time.Second && late > 4*time.Second {
		t.Errorf("the first line was told %s after it came", late)
	}
	told := strings.Join(sink.script, "\n")
	for attempt := range 3 {
		n := attempt + 1
		whole := regexp.MustCompile(fmt.Sprintf(`(?m)^begin %d a \w+\n%[1]d begins\n%[1]d ends\nend Ended`, n))
		gone := regexp.MustCompile(fmt.Sprintf(`(?m)^begin %d a (Gone|\w+\nend Gone)`, n))
		lines := regexp.MustCompile(fmt.Sprintf(`(?m)^%d (begins|ends)$`, n))
		isWhole, isGone := whole.MatchString(told), gone.MatchString(told)
		if got := len(lines.FindAllString(told, -1)); isWhole == isGone || isWhole && got != 2 || isGone && got != 0 {
			t.Errorf("attempt %d is neither whole nor gone:\n%s", n, told)
		}
	}
}

// attempt plays a pod that writes something and ends.
func (n *node) attempt(name string, code int32, text string) {
	var pod *corev1.Pod
	n.change(func() { pod = n.start(name, corev1.RestartPolicyNever) })
	time.Sleep(1500 * time.Millisecond)
	n.change(func() { n.log(pod).write(text) })
	time.Sleep(1500 * time.Millisecond)
	n.change(func() { n.exit(pod, code) })
	time.Sleep(500 * time.Millisecond)
}

// What was rotated away while nobody read cannot be read, and a message says so.
func TestLinesThatWereRotatedAwayAreSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		node := newNode()
		pod := node.start("a", corev1.RestartPolicyNever)
		log := node.log(pod)
		go func() {
			for i, text := range numbered(100) {
				node.change(func() { log.write(text) })
				time.Sleep(100 * time.Millisecond)
				if i == 50 {
					node.change(func() { node.err = errors.New("connection refused") })
				}
				if i == 60 {
					node.change(func() { log.rotated, node.err = 58, nil })
				}
			}
			node.change(func() { node.exit(pod, 0); node.finish(batchv1.JobComplete) })
		}()
		sink := node.follow(t)
		said := slices.ContainsFunc(sink.script, func(s string) bool { return strings.Contains(s, "lines may be missing between") })
		if !said {
			t.Errorf("nothing is said of lines that are missing:\n%s", strings.Join(sink.script, "\n"))
		}
		if got := sink.lines.String(); !strings.Contains(got, "000059 ") || !strings.HasSuffix(got, "000100 still here\n") || strings.Count(got, "\n") >= 100 {
			t.Errorf("lines from 59 on are there, and were not all read:\n%s", got)
		}
	})
}

// Old nodes lose lines when they rotate a log that is followed, and nothing shows it.
func TestLinesThatAnOldNodeMayHaveLostAreSaid(t *testing.T) {
	if testing.Short() {
		t.Skip("reads much")
	}
	const warning = "say the log of pod a grew beyond 10 MiB: lines may be missing if its node rotated it meanwhile and is older than Kubernetes 1.29"
	tests := []struct {
		name           string
		lines          int // of 1 MiB
		running, old   bool
		follow, warned bool
	}{
		{"old, and grew", 11, true, true, true, true},
		{"new, and grew", 11, true, false, true, false},
		{"old, and small", 9, true, true, true, false},
		{"old, and not followed", 11, true, true, false, false},
		{"old, and grew before", 11, false, true, true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				node := newNode()
				pod := node.start("a", corev1.RestartPolicyNever)
				for range tt.lines {
					node.log(pod).write(strings.Repeat("x", 1<<20-1) + "\n")
				}
				end := func() { node.change(func() { node.exit(pod, 0); node.finish(batchv1.JobComplete) }) }
				if tt.running {
					go func() { time.Sleep(time.Minute); end() }()
				} else {
					end()
				}
				reader, sink := node.reader(Options{Follow: tt.follow, Tail: -1})
				reader.OldNodes = func(context.Context) bool { return tt.old }
				if _, err := reader.Read(t.Context()); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute) // to the job's end
				if said := slices.Contains(sink.script, warning); said != tt.warned {
					t.Errorf("said: %t, want %t:\n%.2000s", said, tt.warned, strings.Join(sink.script, "\n"))
				}
			})
		})
	}
}

// A connection that leads nowhere is left, although nobody ended it.
func TestASilentConnectionIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		node := newNode()
		pod := node.start("a", corev1.RestartPolicyNever)
		node.silent = true
		go func() {
			for i, text := range numbered(60) {
				node.change(func() { node.log(pod).write(text); node.silent = i < 5 })
				time.Sleep(time.Second)
			}
			node.change(func() { node.exit(pod, 0); node.finish(batchv1.JobComplete) })
		}()
		sink := node.follow(t)
		wantText(t, sink.lines.String(), node.log(pod).text())
		if after := sink.first.Sub(pod.CreationTimestamp.Time); after > 40*time.Second {
			t.Errorf("the first line came after %s, want it soon", after)
		}
	})
}

func TestErrorsThatEndIt(t *testing.T) {
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "pods/log"}, "a", nil)
	tests := []struct {
		name   string
		follow bool
		err    error
		want   func(error) bool
	}{
		{"forbidden", true, forbidden, apierrors.IsForbidden},
		{"the certificate is refused", true, errCertificate, func(err error) bool { return errors.Is(err, errCertificate) }},
		{"no answer, and not followed", false, errCut, func(err error) bool { return errors.Is(err, errCut) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				node := newNode()
				pod := node.start("a", corev1.RestartPolicyNever)
				node.log(pod).write("one\n")
				reader, _ := node.reader(Options{Follow: tt.follow, Tail: -1})
				reader.API = noLog{node, tt.err}
				if _, err := reader.Read(t.Context()); !tt.want(err) {
					t.Errorf("error %v", err)
				}
			})
		})
	}
}

// noLog answers everything but logs.
type noLog struct {
	*node
	err error
}

func (n noLog) Log(context.Context, string, *corev1.PodLogOptions) (io.ReadCloser, error) {
	return nil, n.err
}

// Text without stamps has no place, so that it cannot be told from what was read.
func TestTextWithoutStampsIsNotRepeated(t *testing.T) {
	for text, want := range map[string]string{
		"unable to retrieve container logs for containerd://1": "begin 1 a Ended; end Gone 0: unable to retrieve container logs for containerd://1",
		"rpc error: no such thing\n":                           "begin 1 a Ended; end Gone 0: the node sent text without timestamps: rpc error: no such thing",
		strings.Repeat("x", 1<<20):                             "begin 1 a Ended; end Gone 0: the node sent text without timestamps: " + strings.Repeat("x", 200) + "...",
	} {
		synctest.Test(t, func(t *testing.T) {
			node := newNode()
			node.exit(node.start("a", corev1.RestartPolicyNever), 0)
			node.finish(batchv1.JobComplete)
			reader, sink := node.reader(Options{Tail: -1})
			reader.API = otherLog{node, text}
			long := time.Hour
			if testing.Short() {
				long = time.Minute
			}
			ctx, cancel := context.WithTimeout(t.Context(), long)
			defer cancel()
			if _, err := reader.Read(ctx); err != nil {
				t.Errorf("%.40q: %v", text, err)
			}
			got := strings.Join(sink.script, "; ")
			if len(reader.started) == 1 {
				got += ": " + reader.started[0].run.Reason
			}
			if got != want {
				t.Errorf("%.40q: %.300s, want %s", text, got, want)
			}
		})
	}
}

// A run that is over and whose log is refused does not keep a reader for ever; one whose
// container runtime restarts is waited for by who follows.
func TestALogThatIsRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		follow bool
		until  time.Duration
		want   string
	}{
		"always":             {false, time.Hour, "begin 1 a Ended; end Gone 0"},
		"always, followed":   {true, time.Hour, "begin 1 a Ended; end Gone 0"},
		"for 10 s, followed": {true, 10 * time.Second, "begin 1 a Ended; one; end Ended 0"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				node := newNode()
				pod := node.start("a", corev1.RestartPolicyNever)
				node.log(pod).write("one\n")
				node.exit(pod, 0)
				node.finish(batchv1.JobComplete)
				reader, sink := node.reader(Options{Follow: tt.follow, Tail: -1})
				reader.API = lateLog{node, time.Now().Add(tt.until)}
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
				defer cancel()
				if _, err := reader.Read(ctx); err != nil {
					t.Error(err)
				}
				if got := strings.Join(sink.script, "; "); got != tt.want {
					t.Errorf("%s, want %s", got, tt.want)
				}
			})
		})
	}
}

// lateLog has no log until a time.
type lateLog struct {
	*node
	until time.Time
}

func (n lateLog) Log(ctx context.Context, pod string, o *corev1.PodLogOptions) (io.ReadCloser, error) {
	if time.Now().Before(n.until) {
		return nil, apierrors.NewBadRequest("container not found")
	}
	return n.node.Log(ctx, pod, o)
}

// Where no connection brings anything new, a reader that does not follow says so.
func TestConnectionsThatAreAlwaysCut(t *testing.T) {
	for _, budget := range []int{0, 10, 45} {
		synctest.Test(t, func(t *testing.T) {
			node := newNode()
			pod := node.start("a", corev1.RestartPolicyNever)
			node.log(pod).write("one\n", "two\n")
			node.exit(pod, 0)
			node.budget = func(int) int { return budget }
			reader, _ := node.reader(Options{Tail: -1})
			long := time.Hour
			if testing.Short() {
				long = time.Minute
			}
			ctx, cancel := context.WithTimeout(t.Context(), long)
			defer cancel()
			if _, err := reader.Read(ctx); !errors.Is(err, errCut) {
				t.Errorf("%d bytes a connection: %v, want %v", budget, err, errCut)
			}
		})
	}
}

// otherLog has the same answer to every question for a log.
type otherLog struct {
	*node
	text string
}

func (n otherLog) Log(context.Context, string, *corev1.PodLogOptions) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(n.text)), nil
}

func TestATimeoutEndsAFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		node := newNode()
		pod := node.start("a", corev1.RestartPolicyNever)
		node.log(pod).write("one\n")
		reader, sink := node.reader(Options{Follow: true, Tail: -1})
		long := time.Hour
		if testing.Short() {
			long = time.Minute
		}
		ctx, cancel := context.WithTimeout(t.Context(), long)
		defer cancel()
		if _, err := reader.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want that the time is over", err)
		}
		wantText(t, sink.lines.String(), "one\n")
	})
}
