// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/observe"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// A moment is what a fake cluster looks like from a time on.
type moment struct {
	at       time.Duration
	workload readiness.State
	entry    pum.State
}

// assessment is of one workload in a state.
func assessment(state readiness.State) *readiness.Assessment {
	return &readiness.Assessment{Workloads: []readiness.Workload{{Kind: "Deployment", Name: "twa", State: state, Want: 1}}}
}

// play returns a source of a cluster that goes through the moments.
func play(moments []moment) *observe.Source {
	start := time.Now()
	current := func() moment {
		for i := len(moments) - 1; i >= 0; i-- {
			if time.Since(start) >= moments[i].at {
				return moments[i]
			}
		}
		return moments[0]
	}
	return &observe.Source{
		Goal: verdict.GoalAll, Interval: time.Second, PUM: "pum",
		Watch: func(ctx context.Context) <-chan readiness.Update {
			updates := make(chan readiness.Update)
			go func() {
				defer close(updates)
				for _, m := range moments {
					time.Sleep(m.at - time.Since(start))
					select {
					case <-ctx.Done():
						return
					case updates <- readiness.Update{Assessment: assessment(m.workload), HeardAt: time.Now()}:
					}
				}
				<-ctx.Done()
			}()
			return updates
		},
		List: func(context.Context) (*readiness.Assessment, error) { return assessment(current().workload), nil },
		Ask: func(_ context.Context, found func()) (*pum.Answer, error) {
			found()
			m := current()
			if m.entry == "" {
				return nil, pum.ErrNoAnswer
			}
			return &pum.Answer{Entries: []pum.Entry{{UID: 4, State: m.entry, Final: m.entry.Final()}}}, nil
		},
	}
}

// waited runs a wait, and returns its exit code and what it wrote.
func waited(ctx context.Context, source *observe.Source, options waitOptions, errOut io.Writer) (verdict.ExitCode, string) {
	var out bytes.Buffer
	a := &app{IOStreams: genericiooptions.IOStreams{Out: &out, ErrOut: errOut}, now: time.Now}
	w := &waitRun{app: a, options: options, start: time.Now(), progress: output.NewWaitProgress(errOut)}
	return a.report(newRootCmd(a), w.follow(ctx, source, &output.Format{})), out.String()
}

func TestWait(t *testing.T) {
	const ready, starting, failed = readiness.Ready, readiness.Progressing, readiness.Failed
	tests := []struct {
		name    string
		moments []moment
		options waitOptions
		want    verdict.ExitCode
		after   time.Duration // how long it takes, at most a second more
	}{
		{"done at once", []moment{{0, ready, pum.StateProcessed}}, waitOptions{}, verdict.ExitDone, 0},
		{"until the workload is ready", []moment{{0, starting, pum.StateProcessed}, {90 * time.Second, ready, pum.StateProcessed}}, waitOptions{}, verdict.ExitDone, 90 * time.Second},
		{"until the entry is processed", []moment{{0, ready, pum.StateInit}, {70 * time.Second, ready, pum.StateProcessed}}, waitOptions{}, verdict.ExitDone, 70 * time.Second},
		{"until PUM answers", []moment{{0, ready, ""}, {30 * time.Second, ready, pum.StateProcessed}}, waitOptions{}, verdict.ExitDone, 30 * time.Second},
		{"until the time is over", []moment{{0, starting, pum.StateInit}}, waitOptions{timeout: time.Minute}, verdict.ExitTimeout, time.Minute},
		{"a silent PUM at the end is no answer", []moment{{0, ready, ""}}, waitOptions{timeout: time.Minute}, verdict.ExitNoAnswer, time.Minute},
		{"an aborted entry, all ready", []moment{{0, starting, pum.StateAborted}, {40 * time.Second, ready, pum.StateAborted}}, waitOptions{}, verdict.ExitFailed, 40 * time.Second},
		{"an aborted entry, fail fast", []moment{{0, starting, pum.StateAborted}}, waitOptions{failFast: true}, verdict.ExitFailed, 0},
		{"a workload that cannot recover may be mended", []moment{{0, failed, pum.StateProcessed}, {50 * time.Second, ready, pum.StateProcessed}}, waitOptions{}, verdict.ExitDone, 50 * time.Second},
		{"or not", []moment{{0, failed, pum.StateProcessed}}, waitOptions{timeout: time.Minute}, verdict.ExitFailed, time.Minute},
		{"a workload that cannot recover, fail fast", []moment{{0, failed, pum.StateProcessed}}, waitOptions{failFast: true}, verdict.ExitFailed, 0},
		{"well for long enough", []moment{{0, ready, pum.StateProcessed}}, waitOptions{stableFor: 20 * time.Second}, verdict.ExitDone, 20 * time.Second},
		{"well again for long enough", []moment{{0, ready, pum.StateProcessed}, {10 * time.Second, starting, pum.StateProcessed}, {30 * time.Second, ready, pum.StateProcessed}}, waitOptions{stableFor: 20 * time.Second}, verdict.ExitDone, 50 * time.Second},
		{"well, but not for long enough", []moment{{0, ready, pum.StateProcessed}}, waitOptions{stableFor: time.Hour, timeout: time.Minute}, verdict.ExitTimeout, time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if tt.options.timeout == 0 {
					tt.options.timeout = time.Hour
				}
				var errOut bytes.Buffer
				start := time.Now()
				code, out := waited(t.Context(), play(tt.moments), tt.options, &errOut)
				took := time.Since(start)
				if code != tt.want {
					t.Errorf("exit code = %d, want %d\n%s%s", code, tt.want, errOut.String(), out)
				}
				if took < tt.after || took > tt.after+1100*time.Millisecond {
					t.Errorf("took %s, want %s", took, tt.after)
				}
			})
		})
	}
}

// The connection breaks off in the middle of the first list.
func TestWaitThatBeginsWhileTheConnectionIsLostGoesOn(t *testing.T) {
	ready := assessment(readiness.Ready)
	for _, begin := range []error{
		fmt.Errorf("list pods: %w", io.ErrUnexpectedEOF),
		fmt.Errorf("list pods: %w", errReset),
		errors.New(`list pods: Get "https://x": http2: client conn could not be established`),
		fmt.Errorf("list pods: %w", &net.OpError{Op: "write", Err: os.NewSyscallError("write", errNobodyReads)}),
	} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			source := play([]moment{{0, readiness.Ready, ""}})
			source.Goal, source.Ask = verdict.GoalWorkloads, nil
			source.List = func(context.Context) (*readiness.Assessment, error) {
				if time.Since(start) < time.Minute {
					return nil, begin
				}
				return ready, nil
			}
			source.Watch = func(ctx context.Context) <-chan readiness.Update {
				updates := make(chan readiness.Update)
				go func() {
					defer close(updates)
					updates <- readiness.Update{Err: begin, LostAt: time.Now()}
					<-ctx.Done()
				}()
				return updates
			}
			var errOut bytes.Buffer
			code, out := waited(t.Context(), source, waitOptions{goal: verdict.GoalWorkloads, timeout: time.Hour}, &errOut)
			if took := time.Since(start); code != verdict.ExitDone || took < time.Minute || took > 80*time.Second {
				t.Errorf("%v: exit code = %d after %s, want %d after a minute\n%s%s", begin, code, took, verdict.ExitDone, errOut.String(), out)
			}
		})
	}
}

// Nobody answers: the mistake is more likely ours, and is not waited for.
func TestWaitThatCannotAskAnythingEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := play([]moment{{0, readiness.Ready, ""}})
		source.List = func(context.Context) (*readiness.Assessment, error) { return nil, syscall.ECONNREFUSED }
		source.Ask = func(_ context.Context, found func()) (*pum.Answer, error) { return nil, syscall.ECONNREFUSED }
		var errOut bytes.Buffer
		start := time.Now()
		if code, _ := waited(t.Context(), source, waitOptions{timeout: time.Hour}, &errOut); code != verdict.ExitError || time.Since(start) > time.Second {
			t.Errorf("exit code = %d after %s, want %d at once\n%s", code, time.Since(start), verdict.ExitError, errOut.String())
		}
	})
}

// The API server has answered something, and is lost at the first list: the address is right, and
// the wait goes on.
func TestAWaitIsNotInVainIfTheServerAnswered(t *testing.T) {
	header := http.Header{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for name := range header {
			w.Header().Set(name, header.Get(name))
		}
	}))
	defer server.Close()
	w := &waitRun{cluster: &cluster{silence: &silence{}}}
	w.last.Snapshot.AssessmentErr = syscall.ECONNREFUSED
	w.last.Verdict = verdict.Judge(w.last.Snapshot)
	ask := func() {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := w.cluster.silence.wrap(http.DefaultTransport).RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
	}
	if ask(); !w.vain() {
		t.Error("a login page is taken for an API server")
	}
	header.Set("Audit-Id", "1")
	if ask(); w.vain() {
		t.Error("what was lost after an answer is not waited for")
	}
}

// The API server has taken a request, and broke the connection; then it takes none. One that never
// took any is not waited for, nor one that takes it and says nothing.
func TestAWaitIsNotInVainIfAConnectionBroke(t *testing.T) {
	breaks := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	breaks.EnableHTTP2 = true
	breaks.StartTLS()
	defer breaks.Close()
	end := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-end }))
	defer silent.Close()
	defer close(end)
	for _, tt := range []struct {
		name, url string
		transport http.RoundTripper
		want      bool
	}{
		{"broke", breaks.URL, breaks.Client().Transport, false},
		{"TLS was not agreed upon", breaks.URL, http.DefaultTransport, true},
		{"silent", silent.URL, http.DefaultTransport, true},
		{"refused", "http://" + refusing(t), http.DefaultTransport, true},
	} {
		w := &waitRun{cluster: &cluster{silence: &silence{patience: patience{limit: 300 * time.Millisecond}}}}
		w.last.Snapshot.AssessmentErr = syscall.ECONNREFUSED
		w.last.Verdict = verdict.Judge(w.last.Snapshot)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, tt.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if response, err := w.cluster.silence.wrap(tt.transport).RoundTrip(request); err == nil {
			t.Fatalf("%s: an answer with status %s", tt.name, response.Status)
		}
		if got := w.vain(); got != tt.want {
			t.Errorf("%s: in vain: %v, want %v", tt.name, got, tt.want)
		}
		if says := w.cluster.unanswered(); !strings.HasPrefix(says, "; still waiting for an answer from ") || strings.Contains(says, "the connection broke") == tt.want {
			t.Errorf("%s: %q", tt.name, says)
		}
	}
}

// refusing returns an address at which nothing listens.
func refusing(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck
	return listener.Addr().String()
}

// The connection breaks while PUM is asked for the first time.
func TestWaitThatBeginsWithoutPUMGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := play([]moment{{0, readiness.Ready, pum.StateProcessed}})
		asked, ask := 0, source.Ask
		source.Ask = func(ctx context.Context, found func()) (*pum.Answer, error) {
			if asked++; asked == 1 {
				return nil, errors.New("list pods: connection reset by peer")
			}
			return ask(ctx, found)
		}
		var errOut bytes.Buffer
		if code, out := waited(t.Context(), source, waitOptions{timeout: time.Hour}, &errOut); code != verdict.ExitDone || asked < 2 {
			t.Errorf("exit code = %d after %d questions, want %d\n%s%s", code, asked, verdict.ExitDone, errOut.String(), out)
		}
	})
}

// full is a disk that is full.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestWaitGoesOnWhereNobodyCanReadHow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := play([]moment{{0, readiness.Progressing, pum.StateProcessed}, {time.Minute, readiness.Ready, pum.StateProcessed}})
		if code, out := waited(t.Context(), source, waitOptions{timeout: time.Hour}, full{}); code != verdict.ExitDone || !strings.Contains(out, "DONE ") {
			t.Errorf("exit code = %d, want %d:\n%s", code, verdict.ExitDone, out)
		}
	})
}

// gone is a reader that has seen enough.
type gone struct{}

func (gone) Write([]byte) (int, error) { return 0, errNobodyReads }

// Whoever reads how it goes is gone before the end: what looks done by then is not over.
func TestAReaderGoesBeforeTheEnd(t *testing.T) {
	stays := []moment{{0, readiness.Ready, pum.StateProcessed}}
	for name, tt := range map[string]struct {
		moments []moment
		options waitOptions
		want    verdict.ExitCode
	}{
		"not for long enough yet": {stays, waitOptions{timeout: time.Hour, stableFor: time.Minute}, verdict.ExitPending},
		"over":                    {stays, waitOptions{timeout: time.Hour}, verdict.ExitDone},
		"not over":                {[]moment{{0, readiness.Progressing, pum.StateInit}}, waitOptions{timeout: time.Hour}, verdict.ExitPending},
	} {
		synctest.Test(t, func(t *testing.T) {
			if code, out := waited(t.Context(), play(tt.moments), tt.options, gone{}); code != tt.want {
				t.Errorf("%s: exit code = %d, want %d\n%s", name, code, tt.want, out)
			}
		})
	}
}

// The same for status --watch: it looks done, then the watches say so, and nobody has read it again.
func TestAReaderGoesBeforeAWatchEnds(t *testing.T) {
	done := observe.Report{Verdict: verdict.Verdict{ExitCode: verdict.ExitDone}}
	over := done
	over.Over = true
	for want, reports := range map[verdict.ExitCode][]observe.Report{
		verdict.ExitPending: {done}, verdict.ExitDone: {over}, verdict.ExitError: nil,
	} {
		a := &app{IOStreams: genericiooptions.IOStreams{Out: gone{}, ErrOut: io.Discard}, now: time.Now}
		err := a.watch(t.Context(), reported(reports), &output.Format{}, func(s verdict.Snapshot, v verdict.Verdict) output.Watched {
			return output.NewStatus(output.Place{}, s, v)
		})
		if code := a.report(newRootCmd(a), err); code != want {
			t.Errorf("exit code %d after %d reports, want %d", code, len(reports), want)
		}
	}
}

// reported is an observer that reports what is known before.
type reported []observe.Report

func (r reported) Once(context.Context) verdict.Snapshot { return r[0].Snapshot }

func (r reported) Follow(context.Context, observe.Until) iter.Seq[observe.Report] {
	return slices.Values(r)
}

// And for several installations.
func TestAReaderGoesBeforeSeveralEnd(t *testing.T) {
	f := newFollowing(&app{now: time.Now}, []*installation{{app: &app{now: time.Now}}})
	f.all[0].doc = output.NewStatus(output.Place{}, verdict.Snapshot{}, verdict.Verdict{ExitCode: verdict.ExitDone})
	if code := f.sofar(); code != verdict.ExitPending {
		t.Errorf("before the end the exit code is %d, want %d", code, verdict.ExitPending)
	}
	f.all[0].over = true
	if code := f.sofar(); code != verdict.ExitDone {
		t.Errorf("at the end the exit code is %d, want %d", code, verdict.ExitDone)
	}
}

func TestInterruptionAtTheQuestionIsNo(t *testing.T) {
	silent, _ := io.Pipe()
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	var out, errOut bytes.Buffer
	a := &app{IOStreams: genericiooptions.IOStreams{In: silent, Out: &out, ErrOut: &errOut}}
	if a.confirms(ctx, output.Place{Namespace: "a\nb"}) {
		t.Error("an interruption was taken for yes")
	}
	if want := "Restart the post-upgrade procedure in a\\nb (context )? [y/N] \n"; errOut.String() != want || out.Len() > 0 {
		t.Errorf("asked %q on standard error and %q on standard output, want %q and nothing", errOut.String(), out.String(), want)
	}
}

func TestWaitInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var errOut bytes.Buffer
		ctx, interrupt := context.WithTimeoutCause(t.Context(), 3*time.Minute+time.Millisecond, errors.New("Ctrl-C"))
		defer interrupt()
		code, out := waited(ctx, play([]moment{{0, readiness.Progressing, pum.StateInit}}), waitOptions{timeout: time.Hour}, &errOut)
		if code != verdict.ExitInterrupted {
			t.Errorf("exit code = %d, want %d", code, verdict.ExitInterrupted)
		}
		if !strings.Contains(out, "PENDING  0 of 1 workloads ready, 0 of 1 entries final") {
			t.Errorf("the verdict so far is missing:\n%s", out)
		}
		if got := strings.Count(errOut.String(), "still waiting for deployment/twa, 1 entry"); got != 3 {
			t.Errorf("%d heartbeats in three minutes, want one a minute:\n%s", got, errOut.String())
		}
	})
}
