// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// A moment is what a fake cluster looks like from a time on.
type moment struct {
	at       time.Duration
	workload readiness.State
	entry    pum.State
}

// picture is of one workload in a state.
func picture(state readiness.State) *readiness.Picture {
	return &readiness.Picture{Workloads: []readiness.Workload{{Kind: "Deployment", Name: "twa", State: state, Want: 1}}}
}

// play returns an observer of a cluster that goes through the moments.
func play(moments []moment) *observer {
	start := time.Now()
	current := func() moment {
		for i := len(moments) - 1; i >= 0; i-- {
			if time.Since(start) >= moments[i].at {
				return moments[i]
			}
		}
		return moments[0]
	}
	return &observer{
		now: time.Now, interval: time.Second, pum: "pum",
		watch: func(ctx context.Context, see func(readiness.Sighting)) {
			for _, m := range moments {
				time.Sleep(m.at - time.Since(start))
				if ctx.Err() != nil {
					return
				}
				see(readiness.Sighting{Picture: picture(m.workload)})
			}
			<-ctx.Done()
		},
		ask: func(context.Context) (*pum.Answer, error) {
			m := current()
			if m.entry == "" {
				return nil, pum.ErrNoAnswer
			}
			return &pum.Answer{Entries: []pum.Entry{{UID: 4, State: m.entry, Final: m.entry.Final()}}}, nil
		},
	}
}

func TestWait(t *testing.T) {
	const ready, starting, doomed = readiness.Ready, readiness.Progressing, readiness.Failed
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
		{"once, if there is no time", []moment{{0, starting, pum.StateInit}}, waitOptions{timeout: 0}, verdict.ExitPending, 0},
		{"an aborted entry, all ready", []moment{{0, starting, pum.StateAborted}, {40 * time.Second, ready, pum.StateAborted}}, waitOptions{}, verdict.ExitFailed, 40 * time.Second},
		{"an aborted entry, fail fast", []moment{{0, starting, pum.StateAborted}}, waitOptions{failFast: true}, verdict.ExitFailed, 0},
		{"a doomed workload may be mended", []moment{{0, doomed, pum.StateProcessed}, {50 * time.Second, ready, pum.StateProcessed}}, waitOptions{}, verdict.ExitDone, 50 * time.Second},
		{"or not", []moment{{0, doomed, pum.StateProcessed}}, waitOptions{timeout: time.Minute}, verdict.ExitFailed, time.Minute},
		{"a doomed workload, fail fast", []moment{{0, doomed, pum.StateProcessed}}, waitOptions{failFast: true}, verdict.ExitFailed, 0},
		{"well for long enough", []moment{{0, ready, pum.StateProcessed}}, waitOptions{stableFor: 20 * time.Second}, verdict.ExitDone, 20 * time.Second},
		{"well again for long enough", []moment{{0, ready, pum.StateProcessed}, {10 * time.Second, starting, pum.StateProcessed}, {30 * time.Second, ready, pum.StateProcessed}}, waitOptions{stableFor: 20 * time.Second}, verdict.ExitDone, 50 * time.Second},
		{"well, but not for long enough", []moment{{0, ready, pum.StateProcessed}}, waitOptions{stableFor: time.Hour, timeout: time.Minute}, verdict.ExitTimeout, time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if tt.options.timeout == 0 && tt.want != verdict.ExitPending {
					tt.options.timeout = time.Hour
				}
				var out, errOut bytes.Buffer
				a := &app{IOStreams: genericiooptions.IOStreams{Out: &out, ErrOut: &errOut}, now: time.Now}
				w := &waiting{app: a, options: tt.options, start: time.Now(), progress: output.NewWaitProgress(&errOut)}
				ctx, cancel := w.limit(t.Context())
				defer cancel()
				play(tt.moments).run(ctx, w.see)
				took := time.Since(w.start)
				if code := a.report(w.end(t.Context(), &output.Format{})); code != tt.want {
					t.Errorf("exit code = %d, want %d\n%s%s", code, tt.want, errOut.String(), out.String())
				}
				if took < tt.after || took > tt.after+1100*time.Millisecond {
					t.Errorf("took %s, want %s", took, tt.after)
				}
			})
		})
	}
}

// The API server answers lists and refuses watches when the wait begins, or breaks off
// in the middle of each.
func TestWaitThatBeginsWhileTheConnectionIsLostGoesOn(t *testing.T) {
	ready := picture(readiness.Ready)
	for _, begin := range []readiness.Sighting{
		{Picture: ready, Err: errors.New("503")},
		{Err: fmt.Errorf("list pods: %w", io.ErrUnexpectedEOF)},
		{Err: fmt.Errorf("list pods: %w", syscall.ECONNRESET)},
		{Err: fmt.Errorf("list pods: %w", &net.OpError{Op: "write", Err: os.NewSyscallError("write", syscall.EPIPE)})},
	} {
		synctest.Test(t, func(t *testing.T) {
			var out, errOut bytes.Buffer
			a := &app{IOStreams: genericiooptions.IOStreams{Out: &out, ErrOut: &errOut}, now: time.Now}
			w := &waiting{app: a, options: waitOptions{goal: verdict.GoalWorkloads, timeout: time.Hour}, start: time.Now(), progress: output.NewWaitProgress(&errOut)}
			o := &observer{now: time.Now, watch: func(ctx context.Context, see func(readiness.Sighting)) {
				begin.LostAt = time.Now()
				see(begin)
				time.Sleep(time.Minute)
				see(readiness.Sighting{Picture: ready})
				<-ctx.Done()
			}}
			o.run(t.Context(), w.see)
			if code := a.report(w.end(t.Context(), &output.Format{})); code != verdict.ExitDone || time.Since(w.start) != time.Minute {
				t.Errorf("%v: exit code = %d after %s, want %d after a minute\n%s%s", begin.Err, code, time.Since(w.start), verdict.ExitDone, errOut.String(), out.String())
			}
		})
	}
}

// The connection breaks while PUM is asked for the first time.
func TestWaitThatBeginsWithoutPUMGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out, errOut bytes.Buffer
		a := &app{IOStreams: genericiooptions.IOStreams{Out: &out, ErrOut: &errOut}, now: time.Now}
		w := &waiting{app: a, options: waitOptions{timeout: time.Hour}, start: time.Now(), progress: output.NewWaitProgress(&errOut)}
		o := play([]moment{{0, readiness.Ready, pum.StateProcessed}})
		asked, ask := 0, o.ask
		o.ask = func(ctx context.Context) (*pum.Answer, error) {
			if asked++; asked == 1 {
				return nil, errors.New("list pods: connection reset by peer")
			}
			return ask(ctx)
		}
		o.run(t.Context(), w.see)
		if code := a.report(w.end(t.Context(), &output.Format{})); code != verdict.ExitDone || asked < 2 {
			t.Errorf("exit code = %d after %d questions, want %d\n%s%s", code, asked, verdict.ExitDone, errOut.String(), out.String())
		}
	})
}

// A connection is dead, or a proxy holds back what comes on it, and nobody knows: what
// was well when it was last heard of is read anew before it counts as done.
func TestWhatWasLastHeardOfLongAgoIsReadAnew(t *testing.T) {
	for name, tt := range map[string]struct {
		list func(at time.Duration) (*readiness.Picture, error)
		want verdict.ExitCode
		at   time.Duration
	}{
		"it is well": {func(time.Duration) (*readiness.Picture, error) { return picture(readiness.Ready), nil }, verdict.ExitDone, 30 * time.Second},
		"it is not": {func(at time.Duration) (*readiness.Picture, error) {
			if at < 2*time.Minute {
				return picture(readiness.Progressing), nil
			}
			return picture(readiness.Ready), nil
		}, verdict.ExitDone, 30*time.Second + 2*longestQuiet},
		"nobody can be asked": {func(time.Duration) (*readiness.Picture, error) { return nil, errors.New("timeout") }, verdict.ExitError, 3 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				o := play([]moment{{0, readiness.Ready, pum.StateInit}, {30 * time.Second, readiness.Ready, pum.StateProcessed}})
				o.watch = func(ctx context.Context, see func(readiness.Sighting)) {
					see(readiness.Sighting{Picture: picture(readiness.Ready), HeardAt: start})
					<-ctx.Done()
				}
				o.list = func(context.Context) (*readiness.Picture, error) { return tt.list(time.Since(start)) }
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
				defer cancel()
				var v verdict.Verdict
				o.run(ctx, func(_ verdict.Snapshot, judged verdict.Verdict) bool {
					v = judged
					return v.ExitCode != verdict.ExitDone
				})
				if took := time.Since(start); v.ExitCode != tt.want || took < tt.at || took > tt.at+2*time.Second {
					t.Errorf("exit code %d after %s, want %d after %s", v.ExitCode, took, tt.want, tt.at)
				}
			})
		})
	}
}

// Helm was in the middle of its work when its releases were read: they are read anew
// before they end anything. What cannot be read anew is not forgotten.
func TestFailedHelmReleasesAreReadAnewBeforeTheyEndAWait(t *testing.T) {
	mixed := func(at time.Time) *verdict.Releases {
		return &verdict.Releases{
			Consistency: release.Consistency{State: release.Mismatch}, ReadAt: at,
			Items: []release.Release{{Name: "tpe", Status: release.StatusFailed}},
		}
	}
	for name, tt := range map[string]struct {
		read func() (*verdict.Releases, error) // after the first time
		want verdict.ExitCode
	}{
		"Helm is done by then":          {func() (*verdict.Releases, error) { return &verdict.Releases{}, nil }, verdict.ExitDone},
		"it is as before":               {func() (*verdict.Releases, error) { return mixed(time.Now()), nil }, verdict.ExitFailed},
		"they cannot be read any more":  {func() (*verdict.Releases, error) { return nil, errors.New("503") }, verdict.ExitFailed},
		"nobody may read them any more": {func() (*verdict.Releases, error) { return nil, apierrors.NewForbidden(schema.GroupResource{}, "", nil) }, verdict.ExitDone},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				o := play([]moment{{0, readiness.Ready, pum.StateProcessed}})
				o.watch = func(ctx context.Context, see func(readiness.Sighting)) {
					for _, state := range []readiness.State{readiness.Progressing, readiness.Ready} {
						see(readiness.Sighting{Picture: picture(state), HeardAt: time.Now()})
						time.Sleep(o.interval / 2)
					}
					<-ctx.Done()
				}
				reads := 0
				o.releases = func(context.Context) (*verdict.Releases, error) {
					if reads++; reads == 1 {
						return mixed(start), nil
					}
					return tt.read()
				}
				var v verdict.Verdict
				var took time.Duration
				o.run(t.Context(), func(s verdict.Snapshot, judged verdict.Verdict) bool {
					v, took = judged, time.Since(start)
					return !verdict.Over(v, false)
				})
				if v.ExitCode != tt.want || took != o.interval/2 {
					t.Errorf("exit code %d after %s, want %d after %s", v.ExitCode, took, tt.want, o.interval/2)
				}
			})
		})
	}
}

// full is a disk that is full.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestWaitGoesOnWhereNobodyCanReadHow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		a := &app{IOStreams: genericiooptions.IOStreams{Out: &out, ErrOut: full{}}, now: time.Now}
		w := &waiting{app: a, options: waitOptions{timeout: time.Hour}, start: time.Now(), progress: output.NewWaitProgress(full{})}
		play([]moment{{0, readiness.Progressing, pum.StateProcessed}, {time.Minute, readiness.Ready, pum.StateProcessed}}).run(t.Context(), w.see)
		if code := a.report(w.end(t.Context(), &output.Format{})); code != verdict.ExitDone || !strings.Contains(out.String(), "DONE ") {
			t.Errorf("exit code = %d, want %d:\n%s", code, verdict.ExitDone, out.String())
		}
	})
}

func TestInterruptionAtTheQuestionIsNo(t *testing.T) {
	silent, _ := io.Pipe()
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	a := &app{IOStreams: genericiooptions.IOStreams{In: silent, Out: io.Discard}}
	if a.confirms(ctx, output.Place{}) {
		t.Error("an interruption was taken for yes")
	}
}

func TestWaitInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out, errOut bytes.Buffer
		a := &app{IOStreams: genericiooptions.IOStreams{Out: &out, ErrOut: &errOut}, now: time.Now}
		w := &waiting{app: a, options: waitOptions{timeout: time.Hour}, start: time.Now(), progress: output.NewWaitProgress(&errOut)}
		ctx, interrupt := context.WithTimeoutCause(t.Context(), 3*time.Minute+time.Millisecond, errors.New("Ctrl-C"))
		defer interrupt()
		play([]moment{{0, readiness.Progressing, pum.StateInit}}).run(ctx, w.see)
		if code := a.report(w.end(ctx, &output.Format{})); code != verdict.ExitInterrupted {
			t.Errorf("exit code = %d, want %d", code, verdict.ExitInterrupted)
		}
		if !strings.Contains(out.String(), "PENDING  0 of 1 workloads ready, 0 of 1 entries final") {
			t.Errorf("the verdict so far is missing:\n%s", out.String())
		}
		if got := strings.Count(errOut.String(), "still waiting for deployment/twa, 1 entry"); got != 3 {
			t.Errorf("%d heartbeats in three minutes, want one a minute:\n%s", got, errOut.String())
		}
	})
}

func TestPUMIsAskedAtOnceWhenItsPodIsReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var asked []time.Duration
		o := &observer{now: time.Now, interval: time.Hour, pum: "pum"}
		o.ask = func(context.Context) (*pum.Answer, error) {
			asked = append(asked, time.Since(start))
			return nil, pum.ErrNoAnswer
		}
		o.watch = func(ctx context.Context, see func(readiness.Sighting)) {
			for ready := range int32(2) {
				see(readiness.Sighting{Picture: &readiness.Picture{
					Workloads: []readiness.Workload{{Kind: "Deployment", Name: "pum", Ready: ready}},
				}})
				time.Sleep(time.Minute)
			}
			<-ctx.Done()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		o.run(ctx, func(verdict.Snapshot, verdict.Verdict) bool { return true })
		if last := asked[len(asked)-1]; last != time.Minute {
			t.Errorf("PUM was asked at %v, want the last time after a minute", asked)
		}
	})
}

// The job adds entries before it completes. An answer from before that proves
// nothing, however it looks.
func TestAnAnswerFromBeforeTheJobCompletedProvesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		job := func(state readiness.JobState) readiness.Sighting {
			return readiness.Sighting{Picture: &readiness.Picture{
				Workloads: []readiness.Workload{{Kind: "Deployment", Name: "pum", State: readiness.Ready, Ready: 1, Want: 1}},
				Jobs:      []readiness.Job{{Name: pum.ProcessJob, State: state}},
			}}
		}
		o := &observer{
			now: time.Now, interval: time.Minute, pum: "pum",
			watch: func(ctx context.Context, see func(readiness.Sighting)) {
				see(job(readiness.JobRunning))
				time.Sleep(10 * time.Second)
				see(job(readiness.JobComplete))
				<-ctx.Done()
			},
			ask: func(context.Context) (*pum.Answer, error) {
				answer := &pum.Answer{}
				if time.Since(start) >= 10*time.Second {
					time.Sleep(5 * time.Second)
					answer.Entries = []pum.Entry{{UID: 4, State: pum.StateAborted, Final: true}}
				}
				return answer, nil
			},
		}
		var codes []verdict.ExitCode
		o.run(t.Context(), func(_ verdict.Snapshot, v verdict.Verdict) bool {
			if !slices.Contains(codes, v.ExitCode) {
				codes = append(codes, v.ExitCode)
			}
			return v.ExitCode != verdict.ExitDone && v.ExitCode != verdict.ExitFailed
		})
		if want := []verdict.ExitCode{verdict.ExitPending, verdict.ExitFailed}; !slices.Equal(codes, want) {
			t.Errorf("exit codes on the way: %v, want %v", codes, want)
		}
	})
}
