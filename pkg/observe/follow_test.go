// SPDX-License-Identifier: Apache-2.0

package observe

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

const ready, starting = readiness.Ready, readiness.Progressing

// assessment is of one workload in a state, and of jobs.
func assessment(state readiness.State, jobs ...readiness.Job) *readiness.Assessment {
	return &readiness.Assessment{Workloads: []readiness.Workload{{Kind: "Deployment", Name: "twa", State: state, Want: 1}}, Jobs: jobs}
}

func process(state readiness.JobState) readiness.Job {
	return readiness.Job{Name: pum.ProcessJob, State: state}
}

// A moment is what a watch tells at a time.
type moment struct {
	at     time.Duration
	update readiness.Update
}

// watching returns a watch that tells some things and is silent then.
func watching(moments ...moment) func(context.Context) <-chan readiness.Update {
	start := time.Now()
	return func(ctx context.Context) <-chan readiness.Update {
		updates := make(chan readiness.Update)
		go func() {
			defer close(updates)
			for _, m := range moments {
				time.Sleep(m.at - time.Since(start))
				if m.update.HeardAt.IsZero() {
					m.update.HeardAt = time.Now()
				}
				if m.update.Err != nil {
					m.update.LostAt = time.Now()
				}
				select {
				case <-ctx.Done():
					return
				case updates <- m.update:
				}
			}
			<-ctx.Done()
		}()
		return updates
	}
}

// breaking returns moments, and others for two minutes at which the connection is lost for a
// second after a second.
func breaking(first moment, err error, others ...moment) []moment {
	all := append([]moment{first}, others...)
	for at := first.at + time.Second; at < 2*time.Minute; at += 2 * time.Second {
		all = append(all, moment{at, readiness.Update{Err: err}})
		if !slices.ContainsFunc(others, func(m moment) bool { return m.at == at+time.Second }) {
			all = append(all, moment{at + time.Second, readiness.Update{Assessment: first.update.Assessment}})
		}
	}
	slices.SortStableFunc(all, func(a, b moment) int { return cmp.Compare(a.at, b.at) })
	return all
}

// stuck returns moments at which a watch tells the same again and again.
func stuck(p *readiness.Assessment) (all []moment) {
	for at := 300 * time.Millisecond; at < 10*time.Minute; at += 300 * time.Millisecond {
		all = append(all, moment{at, readiness.Update{Assessment: p}})
	}
	return all
}

// says returns a PUM with one entry.
func says(state pum.State) func(context.Context, func()) (*pum.Answer, error) {
	return func(_ context.Context, found func()) (*pum.Answer, error) {
		found()
		return &pum.Answer{Entries: []pum.Entry{{UID: 4, State: state, Final: state.Final()}}}, nil
	}
}

// follow follows a source to its end, or for so long, and returns the last report and when
// it came.
func follow(t *testing.T, s *Source, until Until, most time.Duration) (last Report, took time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), most)
	defer cancel()
	start := time.Now()
	if s.Interval == 0 {
		s.Interval = 5 * time.Second
	}
	for r := range s.Follow(ctx, until) {
		last, took = r, time.Since(start)
	}
	return last, took
}

func within(t *testing.T, what string, got, least, most time.Duration) {
	t.Helper()
	if got < least || got > most {
		t.Errorf("%s took %s, want %s to %s", what, got, least, most)
	}
}

// Whatever would end a wait is read again first, and only what is read then ends it.
func TestAnEndIsReadAgain(t *testing.T) {
	unavailable, slow := apierrors.NewServiceUnavailable("503"), context.DeadlineExceeded
	unauthorized := apierrors.NewUnauthorized("who?")
	failed := assessment(ready, readiness.Job{Name: "twa-seed", State: readiness.JobFailed})
	holey := assessment(ready)
	holey.Gaps = []readiness.Gap{{Kind: "Kafka", Reason: readiness.ReadFailed, Err: unavailable}}
	at := func(d time.Duration, p *readiness.Assessment) moment {
		return moment{d, readiness.Update{Assessment: p}}
	}
	for _, tt := range []struct {
		name     string
		watch    []moment
		list     func(ctx context.Context, at time.Duration, n int) (*readiness.Assessment, error)
		until    Until
		want     verdict.ExitCode
		from, to time.Duration
	}{
		{"the first reading is enough", nil, func(context.Context, time.Duration, int) (*readiness.Assessment, error) {
			return assessment(ready), nil
		}, Until{}, verdict.ExitDone, 0, time.Second},
		{
			"the watch is behind", []moment{at(4*time.Second, assessment(ready))},
			func(_ context.Context, at time.Duration, _ int) (*readiness.Assessment, error) {
				if at < 40*time.Second {
					return assessment(starting), nil
				}
				return assessment(ready), nil
			}, Until{}, verdict.ExitDone, 40 * time.Second, 100 * time.Second,
		},
		{
			"the watch says failed, and it is not", []moment{at(4*time.Second, failed)},
			func(_ context.Context, at time.Duration, n int) (*readiness.Assessment, error) {
				if n == 1 {
					return assessment(starting), nil
				}
				return assessment(ready, readiness.Job{Name: "twa-seed", State: readiness.JobComplete}), nil
			}, Until{FailFast: true}, verdict.ExitDone, 4 * time.Second, 7 * time.Second,
		},
		{
			"lists fail for a while, the watch lives", []moment{at(4*time.Second, assessment(ready))},
			func(_ context.Context, at time.Duration, n int) (*readiness.Assessment, error) {
				switch {
				case n == 1:
					return assessment(starting), nil
				case at < 10*time.Second:
					return nil, unavailable
				}
				return assessment(ready), nil
			}, Until{}, verdict.ExitDone, 10 * time.Second, 15 * time.Second,
		},
		{
			"one kind cannot be read for a while", []moment{at(4*time.Second, assessment(ready))},
			func(_ context.Context, at time.Duration, n int) (*readiness.Assessment, error) {
				switch {
				case n == 1:
					return assessment(starting), nil
				case at < 10*time.Second:
					return holey, nil
				}
				return assessment(ready), nil
			}, Until{}, verdict.ExitDone, 10 * time.Second, 15 * time.Second,
		},
		{
			"a list takes longer than its deadline", nil,
			func(ctx context.Context, _ time.Duration, _ int) (*readiness.Assessment, error) {
				select {
				case <-ctx.Done():
					return nil, slow
				case <-time.After(50 * time.Second):
					return assessment(ready), nil
				}
			}, Until{}, verdict.ExitDone, 95 * time.Second, 100 * time.Second,
		},
		{
			"one kind takes longer than its share of the deadline", nil,
			func(ctx context.Context, _ time.Duration, _ int) (*readiness.Assessment, error) {
				end, _ := ctx.Deadline()
				if share := time.Until(end) * 5 / 6; share < 20*time.Second {
					time.Sleep(share) // which readiness.Observe leaves to each kind
					late := assessment(ready)
					late.Gaps = []readiness.Gap{{Kind: "Kafka", Reason: readiness.ReadFailed, Err: slow}}
					return late, nil
				}
				time.Sleep(20 * time.Second)
				return assessment(ready), nil
			}, Until{}, verdict.ExitDone, 53 * time.Second, 55 * time.Second,
		},
		{
			"lists fail at first, and a watch tells what is newer than the next", []moment{at(11*time.Second, assessment(starting))},
			func(_ context.Context, at time.Duration, n int) (*readiness.Assessment, error) {
				switch {
				case n == 1:
					return holey, nil
				case n == 2:
					time.Sleep(20 * time.Second)
				case at < 40*time.Second:
					return assessment(starting), nil
				}
				return assessment(ready), nil
			}, Until{}, verdict.ExitDone, 40 * time.Second, 110 * time.Second,
		},
		{
			"lists always fail", []moment{at(4*time.Second, assessment(ready))},
			func(_ context.Context, at time.Duration, n int) (*readiness.Assessment, error) {
				if n == 1 {
					return assessment(starting), nil
				}
				return nil, unavailable
			}, Until{}, verdict.ExitError, 0, 0,
		},
		{
			"a job is deleted and recreated", []moment{at(4*time.Second, assessment(ready)), at(9*time.Second, assessment(ready, process(readiness.JobRunning))), at(30*time.Second, assessment(ready, process(readiness.JobComplete)))},
			func(_ context.Context, at time.Duration, _ int) (*readiness.Assessment, error) {
				switch {
				case at < 4*time.Second, at >= 9*time.Second && at < 30*time.Second:
					return assessment(ready, process(readiness.JobRunning)), nil
				case at < 9*time.Second:
					return assessment(ready), nil
				}
				return assessment(ready, process(readiness.JobComplete)), nil
			}, Until{}, verdict.ExitDone, 30 * time.Second, 32 * time.Second,
		},
		{
			"a job is deleted and stays away", []moment{at(4*time.Second, assessment(ready))},
			func(_ context.Context, at time.Duration, _ int) (*readiness.Assessment, error) {
				if at < 4*time.Second {
					return assessment(ready, process(readiness.JobRunning)), nil
				}
				return assessment(ready), nil
			}, Until{}, verdict.ExitDone, 14 * time.Second, 17 * time.Second,
		},
		{
			"a login is refused once", []moment{{4 * time.Second, readiness.Update{Err: unauthorized}}, at(20*time.Second, assessment(ready))},
			func(_ context.Context, at time.Duration, n int) (*readiness.Assessment, error) {
				if at < 20*time.Second {
					return assessment(starting), nil
				}
				return assessment(ready), nil
			}, Until{}, verdict.ExitDone, 20 * time.Second, 21 * time.Second,
		},
		{
			"the connection breaks more often than all can be read", breaking(at(4*time.Second, assessment(ready)), unavailable),
			func(_ context.Context, _ time.Duration, n int) (*readiness.Assessment, error) {
				if n == 1 {
					return assessment(starting), nil
				}
				time.Sleep(8 * time.Second)
				return assessment(ready), nil
			}, Until{}, verdict.ExitDone, 12 * time.Second, 13 * time.Second,
		},
		{
			"it breaks, and what comes meanwhile is not done", breaking(at(4*time.Second, assessment(ready)), unavailable, at(10*time.Second, assessment(starting)), at(11*time.Second, assessment(ready))),
			func(_ context.Context, now time.Duration, n int) (*readiness.Assessment, error) {
				if n == 1 {
					return assessment(starting), nil
				}
				time.Sleep(8 * time.Second)
				return assessment(ready), nil
			}, Until{}, verdict.ExitDone, 20 * time.Second, 24 * time.Second,
		},
		{
			"a login is lost", []moment{{4 * time.Second, readiness.Update{Err: unauthorized}}},
			func(_ context.Context, at time.Duration, n int) (*readiness.Assessment, error) {
				if n == 1 {
					return assessment(starting), nil
				}
				return nil, unauthorized
			}, Until{}, verdict.ExitForbidden, 4 * time.Second, 5 * time.Second,
		},
		{
			"there never was a login", nil,
			func(context.Context, time.Duration, int) (*readiness.Assessment, error) { return nil, unauthorized }, Until{}, verdict.ExitForbidden, time.Second, 2 * time.Second,
		},
		{
			"stable", nil,
			func(context.Context, time.Duration, int) (*readiness.Assessment, error) {
				return assessment(ready), nil
			},
			Until{StableFor: 20 * time.Second}, verdict.ExitDone, 20 * time.Second, 21 * time.Second,
		},
		{
			"not stable, and only the reading at the end tells", nil,
			func(_ context.Context, at time.Duration, _ int) (*readiness.Assessment, error) {
				if at > 10*time.Second && at < 30*time.Second {
					return assessment(starting), nil
				}
				return assessment(ready), nil
			}, Until{StableFor: 20 * time.Second}, verdict.ExitDone, 50 * time.Second, 70 * time.Second,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start, n := time.Now(), 0
				s := &Source{Goal: verdict.GoalWorkloads, Watch: watching(tt.watch...)}
				s.List = func(ctx context.Context) (*readiness.Assessment, error) {
					n++
					time.Sleep(10 * time.Millisecond)
					return tt.list(ctx, time.Since(start), n)
				}
				last, took := follow(t, s, tt.until, max(3*time.Minute, tt.to))
				if last.Verdict.ExitCode != tt.want || last.Over != (tt.want != verdict.ExitError) {
					t.Fatalf("exit code %d, over %v, want %d: %v", last.Verdict.ExitCode, last.Over, tt.want, last.Verdict.Findings)
				}
				if last.Over {
					within(t, "it", took, tt.from, tt.to)
				}
				if most := 4 + int(took/time.Second)/4; n > most {
					t.Errorf("all was read %d times, want %d at most", n, most)
				}
			})
		})
	}
}

// A watch that stays stuck, while others continue, begins again.
func TestAStuckWatchBeginsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, n := time.Now(), 0
		s := &Source{Goal: verdict.GoalWorkloads, List: func(context.Context) (*readiness.Assessment, error) {
			time.Sleep(10 * time.Millisecond)
			if time.Since(start) < 10*time.Second {
				return assessment(starting), nil
			}
			return assessment(ready), nil
		}}
		s.Watch = func(ctx context.Context) <-chan readiness.Update {
			if n++; n == 1 {
				return watching(stuck(assessment(starting))...)(ctx)
			}
			return watching(moment{time.Second, readiness.Update{Assessment: assessment(ready)}})(ctx)
		}
		last, took := follow(t, s, Until{}, time.Hour)
		if last.Verdict.ExitCode != verdict.ExitDone || !last.Over {
			t.Errorf("exit code %d, over %v", last.Verdict.ExitCode, last.Over)
		}
		within(t, "it", took, longestUnread, longestUnread+5*time.Second)
	})
}

// What cannot be confirmed is said to be so, and nothing else: the API server is there.
func TestWhatCannotBeConfirmedIsSaidWhileItIsSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, n := time.Now(), 0
		s := &Source{Goal: verdict.GoalWorkloads, Interval: time.Second, Watch: watching(
			moment{4 * time.Second, readiness.Update{Assessment: assessment(ready)}},
			moment{10 * time.Second, readiness.Update{Assessment: assessment(starting)}},
		)}
		s.List = func(context.Context) (*readiness.Assessment, error) {
			if n++; n == 1 {
				return assessment(starting), nil
			}
			return nil, apierrors.NewServiceUnavailable("503")
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		for r := range s.Follow(ctx, Until{}) {
			var codes []verdict.Code
			for _, f := range r.Verdict.Findings {
				codes = append(codes, f.Code)
			}
			at := time.Since(start)
			if unsure := slices.Contains(codes, verdict.CodeUnconfirmed); unsure != (at > 4*time.Second && at < 10*time.Second) && at.Truncate(time.Second) != 4*time.Second && at.Truncate(time.Second) != 10*time.Second {
				t.Errorf("after %s: %v", at, codes)
			}
			if slices.Contains(codes, verdict.CodeUnreachable) {
				t.Errorf("after %s: unreachable", at)
			}
		}
	})
}

// A kind that never can be read is unknown; the others are kept up to date all the same, and
// one that was known stays so.
func TestWhatIsKnownOfAKindStays(t *testing.T) {
	holey := func(state readiness.State) *readiness.Assessment {
		p := assessment(state)
		p.Gaps = []readiness.Gap{{Kind: "Kafka", Reason: readiness.ReadFailed, Err: errors.New("500")}}
		return p
	}
	for name, tt := range map[string]struct{ before, now, want *readiness.Assessment }{
		"known, and read":         {assessment(starting), assessment(ready), assessment(ready)},
		"known, and not read now": {assessment(starting), holey(ready), assessment(starting)},
		"never read":              {holey(starting), holey(ready), holey(ready)},
		"read for the first time": {holey(starting), assessment(ready), assessment(ready)},
		"nothing known":           {nil, holey(ready), holey(ready)},
	} {
		s := &Source{List: func(context.Context) (*readiness.Assessment, error) { return tt.now, nil }}
		st := state{}
		st.Assessment = tt.before
		s.read(t.Context(), 0).apply(&st, true)
		if st.Assessment.Workloads[0].State != tt.want.Workloads[0].State || len(st.Assessment.Gaps) != len(tt.want.Gaps) {
			t.Errorf("%s: %+v, want %+v", name, st.Assessment, tt.want)
		}
	}
}

// However long PUM's pod takes to be found, the lists have their whole time from then on: they would
// else end before they are asked for, and nobody could say who does not answer.
func TestTheTimeOfTheListsBeginsWithThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Source{Goal: verdict.GoalAll}
		s.Ask = func(ctx context.Context, _ func()) (*pum.Answer, error) {
			time.Sleep(2 * firstDeadline)
			return nil, pum.ErrNoAnswer
		}
		start := time.Now()
		var began, left time.Duration
		s.List = func(ctx context.Context) (*readiness.Assessment, error) {
			end, _ := ctx.Deadline()
			began, left = time.Since(start), time.Until(end)
			<-ctx.Done()
			return nil, ctx.Err()
		}
		if err := s.read(t.Context(), firstDeadline).failed(); left != firstDeadline || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the lists have %s of %s, then %v", left, firstDeadline, err)
		}
		within(t, "what comes before the lists", began, 0, headStart) // nobody may answer at all
	})
}

// An answer that is applied late does not take the place of a newer one.
func TestNewerAnswerOfPUMStays(t *testing.T) {
	st, now := state{}, time.Now()
	answer{Answer: &pum.Answer{Entries: []pum.Entry{{UID: 2}}}, at: now}.apply(&st)
	answer{Answer: &pum.Answer{Entries: []pum.Entry{{UID: 1}}}, at: now.Add(-time.Second)}.apply(&st)
	if st.Answer.Entries[0].UID != 2 || !st.AskedAt.Equal(now) {
		t.Errorf("%+v of %s", st.Answer, st.AskedAt)
	}
}

// A connection is dead, or a proxy holds back what comes on it, and nobody knows.
func TestWhatWasLastHeardOfLongAgoIsReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		s := &Source{Goal: verdict.GoalAll, Watch: watching(), Ask: says(pum.StateProcessed)}
		s.List = func(context.Context) (*readiness.Assessment, error) {
			if time.Since(start) < 30*time.Second {
				return assessment(starting), nil
			}
			return assessment(ready), nil
		}
		last, took := follow(t, s, Until{}, time.Hour)
		if last.Verdict.ExitCode != verdict.ExitDone {
			t.Errorf("exit code %d", last.Verdict.ExitCode)
		}
		within(t, "it", took, longestQuiet, longestQuiet+3*time.Second)
	})
}

// A watch stays lost, as through a proxy that cuts each, and lists are answered: they are
// read at every interval, and count alone. A list that fails is said.
func TestWhereAWatchIsLostListsCount(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fails time.Duration // until when lists fail
		want  time.Duration
	}{
		{"lists are answered", 0, 30 * time.Second},
		{"lists fail for a while", 40 * time.Second, 40 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				s := &Source{Goal: verdict.GoalAll, Ask: says(pum.StateProcessed)}
				s.List = func(context.Context) (*readiness.Assessment, error) {
					switch since := time.Since(start); {
					case since > time.Second && since < tt.fails:
						return nil, io.ErrUnexpectedEOF
					case since < 30*time.Second:
						return assessment(starting), nil
					}
					return assessment(ready), nil
				}
				moments := []moment{{2 * time.Second, readiness.Update{Err: io.EOF}}}
				for at := 3 * time.Second; at < time.Hour; at += time.Second {
					// another watch goes on beside the one that was lost at first
					moments = append(moments, moment{at, readiness.Update{Err: io.EOF, Assessment: assessment(starting)}})
				}
				s.Watch = func(ctx context.Context) <-chan readiness.Update {
					lost := start.Add(2 * time.Second)
					updates := make(chan readiness.Update)
					go func() {
						defer close(updates)
						for u := range watching(moments...)(ctx) {
							u.LostAt = lost
							select {
							case updates <- u:
							case <-ctx.Done():
							}
						}
					}()
					return updates
				}
				said := map[bool]bool{} // whether it is said that nobody answers, and from when on that is not so
				var last Report
				var took time.Duration
				s.Interval = 5 * time.Second
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
				defer cancel()
				for r := range s.Follow(ctx, Until{}) {
					last, took = r, time.Since(start)
					if took > 20*time.Second {
						said[!r.Snapshot.LostAt.IsZero()] = true
					}
				}
				if last.Verdict.ExitCode != verdict.ExitDone || said[true] != (tt.fails > 0) {
					t.Errorf("exit code %d, lost and not lost: %v", last.Verdict.ExitCode, said)
				}
				within(t, "it", took, tt.want, tt.want+20*time.Second)
			})
		})
	}
}

// Helm was in the middle of its work when its releases were read: they are read again
// before they end anything. What cannot be read again is not forgotten.
func TestFailedHelmReleasesAreReadAgainBeforeTheyEndAWait(t *testing.T) {
	failed := []release.Release{{Name: "tpe", Status: release.StatusFailed}, {Name: "b", Status: release.StatusMissing}}
	for name, tt := range map[string]struct {
		read func(at time.Duration) ([]release.Release, error) // after the first time
		want verdict.ExitCode
		at   time.Duration
	}{
		"Helm is done by then": {func(time.Duration) ([]release.Release, error) { return nil, nil }, verdict.ExitDone, 5 * time.Second},
		"it is as before":      {func(time.Duration) ([]release.Release, error) { return failed, nil }, verdict.ExitFailed, 5 * time.Second},
		"they cannot be read for a while": {func(at time.Duration) ([]release.Release, error) {
			if at < 20*time.Second {
				return nil, errors.New("503")
			}
			return nil, nil
		}, verdict.ExitDone, 20 * time.Second},
		"nobody may read them any more": {func(time.Duration) ([]release.Release, error) {
			return nil, apierrors.NewForbidden(schema.GroupResource{}, "", nil)
		}, verdict.ExitDone, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start, reads := time.Now(), 0
				now := func() *readiness.Assessment {
					if time.Since(start) < 5*time.Second {
						return assessment(starting)
					}
					return assessment(ready)
				}
				s := &Source{Goal: verdict.GoalAll, Interval: time.Hour, Ask: says(pum.StateProcessed), Watch: watching(moment{5 * time.Second, readiness.Update{Assessment: assessment(ready)}})}
				s.List = func(context.Context) (*readiness.Assessment, error) { return now(), nil }
				s.Releases = func(context.Context) ([]release.Release, error) {
					if reads++; reads == 1 {
						return failed, nil
					}
					return tt.read(time.Since(start))
				}
				last, took := follow(t, s, Until{}, time.Hour)
				if last.Verdict.ExitCode != tt.want {
					t.Errorf("exit code %d, want %d: %v", last.Verdict.ExitCode, tt.want, last.Verdict.Findings)
				}
				within(t, "it", took, tt.at, tt.at+16*time.Second)
			})
		})
	}
}

func TestPUMIsAskedAtOnceWhenItsPodIsReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var asked []time.Duration
		at := func(ready int32) *readiness.Assessment {
			return &readiness.Assessment{Workloads: []readiness.Workload{{Kind: "Deployment", Name: "pum", State: starting, Ready: ready}}}
		}
		s := &Source{Goal: verdict.GoalAll, Interval: time.Hour, PUM: "pum", Watch: watching(moment{time.Second, readiness.Update{Assessment: at(0)}}, moment{time.Minute, readiness.Update{Assessment: at(1)}})}
		s.List = func(context.Context) (*readiness.Assessment, error) { return at(0), nil }
		s.Ask = func(_ context.Context, found func()) (*pum.Answer, error) {
			found()
			asked = append(asked, time.Since(start))
			return nil, pum.ErrNoAnswer
		}
		follow(t, s, Until{}, 61*time.Second)
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
		s := &Source{Goal: verdict.GoalAll, Interval: time.Minute, PUM: "pum", Watch: watching(
			moment{time.Second, readiness.Update{Assessment: assessment(ready, process(readiness.JobRunning))}},
			moment{10 * time.Second, readiness.Update{Assessment: assessment(ready, process(readiness.JobComplete))}},
		)}
		s.List = func(context.Context) (*readiness.Assessment, error) {
			state := readiness.JobRunning
			if time.Since(start) >= 10*time.Second {
				state = readiness.JobComplete
			}
			return assessment(ready, process(state)), nil
		}
		s.Ask = func(_ context.Context, found func()) (*pum.Answer, error) {
			found()
			answer := &pum.Answer{}
			if time.Since(start) >= 10*time.Second {
				time.Sleep(5 * time.Second)
				answer.Entries = []pum.Entry{{UID: 4, State: pum.StateAborted, Final: true}}
			}
			return answer, nil
		}
		var codes []verdict.ExitCode
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		for r := range s.Follow(ctx, Until{}) {
			if !slices.Contains(codes, r.Verdict.ExitCode) {
				codes = append(codes, r.Verdict.ExitCode)
			}
		}
		if want := []verdict.ExitCode{verdict.ExitPending, verdict.ExitFailed}; !slices.Equal(codes, want) {
			t.Errorf("exit codes on the way: %v, want %v", codes, want)
		}
	})
}

// One look has the same order in time: PUM is asked again if its job ended while it was.
func TestOnceAsksPUMAgainIfItsJobEndedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		s := &Source{Goal: verdict.GoalAll, PUM: "pum"}
		s.List = func(context.Context) (*readiness.Assessment, error) {
			time.Sleep(3 * time.Second)
			job := process(readiness.JobComplete)
			job.FinishedAt = time.Now().Add(-time.Second)
			return assessment(ready, job), nil
		}
		s.Ask = func(_ context.Context, found func()) (*pum.Answer, error) {
			found()
			asked++
			return &pum.Answer{Entries: []pum.Entry{{UID: 4, State: pum.StateProcessed, Final: true}}}, nil
		}
		snapshot := s.Once(t.Context())
		if asked != 2 {
			t.Errorf("PUM was asked %d times, want twice", asked)
		}
		if v := verdict.Judge(snapshot); v.ExitCode != verdict.ExitDone {
			t.Errorf("exit code %d, want done: the second answer came after the end of the job", v.ExitCode)
		}
	})
}
