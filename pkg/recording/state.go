// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/command"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// A state is what is known at a moment.
type state struct {
	file    string // for errors
	head    Head
	kinds   []readiness.Kept
	objects map[Ref]*object
	bytes   int // of the objects

	crashLogs map[readiness.ContainerName][]string
	answer    *Answer // nil if PUM was not asked
	releases  *Releases
	plan      *WayBack
	moment    *Moment // nil as long as nothing is known
	at        time.Time
	verdict   *Verdict

	progress  pum.Progress
	movements map[int64]pum.Movement

	answerErr   error                       // why the file has no answer
	releasesErr error                       // why it has no releases
	tells       func(readiness.Kept) string // which file would have the objects of a kind
	parts       bool                        // the objects of a kind are shown even if there may be others
}

// An object is one as it came, and as it was read when it was first needed.
type object struct {
	data []byte
	read metav1.Object
	from string // the file of an archive
}

func newState(file string) *state {
	if file == Stdin {
		file = "stdin"
	}
	return &state{
		file: file, kinds: readiness.KeptKinds(), objects: map[Ref]*object{}, crashLogs: map[readiness.ContainerName][]string{},
		answerErr:   &verdict.NotKeptError{What: "entries", File: file, Tells: "a recording of PUM"},
		releasesErr: &verdict.NotKeptError{What: "Helm releases", File: file, Tells: "a recording by an account that may read them"},
		tells:       func(readiness.Kept) string { return "a recording of status" },
	}
}

// put puts an object where the one before was.
func (s *state) put(ref Ref, data []byte) error {
	if before := s.objects[ref]; before != nil {
		s.bytes -= len(before.data)
	}
	s.bytes += len(data)
	if s.bytes > mostKept || len(s.objects) >= mostObjects {
		return fmt.Errorf("its objects: %w", errTooLarge)
	}
	s.objects[ref] = &object{data: data}
	return nil
}

// apply applies a line.
func (s *state) apply(l *Line) error {
	switch {
	case l.Object != nil:
		var named struct {
			Kind     string
			Metadata struct{ Name string }
		}
		if err := json.Unmarshal(l.Object, &named); err != nil {
			return err
		}
		return s.put(Ref{named.Kind, named.Metadata.Name}, l.Object)
	case l.Gone != nil:
		if before := s.objects[*l.Gone]; before != nil {
			s.bytes -= len(before.data)
			delete(s.objects, *l.Gone)
		}
	case l.CrashLog != nil:
		of := readiness.ContainerName{Pod: l.CrashLog.Pod, Container: l.CrashLog.Container}
		if delete(s.crashLogs, of); len(l.CrashLog.Lines) > 0 && len(s.crashLogs) < mostObjects {
			s.crashLogs[of] = l.CrashLog.Lines
		}
	case l.Answer != nil:
		s.applyAnswer(l.Answer)
	case l.Releases != nil:
		s.releases = l.Releases
	case l.Plan != nil:
		s.plan = l.Plan
	case l.Moment != nil:
		s.moment, s.at = l.Moment, l.At
	case l.Verdict != nil:
		s.verdict = l.Verdict
	}
	return nil
}

// applyAnswer applies what PUM said, and follows how its entries move.
func (s *state) applyAnswer(a *Answer) {
	if a.Same && s.answer != nil {
		again := *s.answer
		again.AskedAt = a.AskedAt
		a = &again
	}
	s.answer = a
	s.movements = map[int64]pum.Movement{}
	answer, err := a.read()
	if err != nil {
		return
	}
	s.progress.Observe(a.AskedAt, answer.Entries)
	for _, e := range answer.Entries {
		s.movements[e.UID] = s.progress.Of(e.UID)
	}
}

// read reads the answer as it was read when it came.
func (a *Answer) read() (*pum.Answer, error) {
	if a.Error != nil {
		return nil, a.Error.err()
	}
	answer, err := pum.ReadSaved(strings.NewReader(a.Text), max(pum.DefaultLimit, len(a.Text)))
	if err != nil {
		return nil, err
	}
	answer.Source.Pod, answer.Source.Container, answer.Source.Command = a.Pod, a.Container, a.Command
	answer.Stderr, answer.ExitCode, answer.Text = []byte(a.Stderr), a.ExitCode, []byte(a.Text)
	if a.Stderr == "" {
		answer.Stderr = nil
	}
	return &answer, nil
}

// snapshot returns what was known at a time, with how the entries moved if that is watched.
// The error is that of the snapshot's assessment, and is in it, too: the rest is there.
func (s *state) snapshot(at time.Time, goal verdict.Goal, where command.Where, watched bool) (v verdict.Snapshot, err error) {
	v = verdict.Snapshot{ObservedAt: at, Where: where, Goal: goal, PUM: s.head.PUM, Self: verdict.Self{Pod: s.head.Pod}}
	m := s.moment
	v.HeardAt, v.LostAt, v.PUMChangedAt = m.HeardAt, m.LostAt, m.PUMChangedAt
	v.LostErr, v.UnconfirmedErr = m.LostError.err(), m.Unconfirmed.err()
	switch {
	case m.AssessmentError != nil:
		v.AssessmentErr = m.AssessmentError.err()
	case len(m.Kinds) == 0 && len(m.Gaps) == 0 && (!s.parts || len(s.objects) == 0):
		v.AssessmentErr = &verdict.NotKeptError{What: "workloads", File: s.file, Tells: "a recording of status"}
	default:
		var objects readiness.Objects
		if objects, err = s.read(); err != nil {
			v.AssessmentErr = &verdict.DamagedError{Err: err}
			break
		}
		a := readiness.Assess(objects, at)
		v.Assessment = &a
	}
	s.addAnswer(&v, watched)
	s.addReleases(&v, at)
	return v, err
}

func (s *state) addAnswer(v *verdict.Snapshot, watched bool) {
	if s.answer == nil {
		v.AnswerErr = s.answerErr
		return
	}
	v.AskedAt = s.answer.AskedAt
	v.Answer, v.AnswerErr = s.answer.read()
	if watched && s.moment.Polled {
		v.Movements = s.movements
	}
}

func (s *state) addReleases(v *verdict.Snapshot, at time.Time) {
	switch {
	case s.releases == nil:
		v.ReleasesErr = s.releasesErr
	case s.releases.Error != nil:
		v.ReleasesErr = s.releases.Error.err()
	default:
		v.Releases = &verdict.Releases{Items: s.releases.items()}
		if len(v.Releases.Items) > 0 {
			v.Releases.Consistency = release.Compare(v.Releases.Items, nil, at)
		}
	}
}

// items returns the releases as they were read from Helm.
func (r *Releases) items() []release.Release {
	var items []release.Release
	for _, kept := range r.Items {
		item := kept.Release
		item.BegunAt, item.LastGood, item.VersionBefore = kept.BegunAt, kept.LastGood, kept.VersionBefore
		items = append(items, item)
	}
	return items
}

// read returns the objects, and gaps for the kinds that the file does not have.
func (s *state) read() (readiness.Objects, error) {
	o := readiness.Objects{Logs: s.crashLogs}
	by, err := s.byKind()
	if err != nil {
		return o, err
	}
	for i := range s.kinds {
		k := &s.kinds[i]
		if s.parts && len(by[k.Kind]) > 0 && k.Kind != "Pod" { // with some pods, others would be missed
			k.Set(&o, by[k.Kind])
		}
		g := slices.IndexFunc(s.moment.Gaps, func(g Gap) bool { return g.Kind == k.Kind })
		read := slices.Contains(s.moment.Kinds, k.Kind)
		if read {
			k.Set(&o, by[k.Kind])
		}
		switch {
		case g >= 0 && (!read || s.moment.Gaps[g].Stale):
			gap := s.moment.Gaps[g]
			if gap.Error == nil { // which no recording of ours has
				gap.Error = &Error{Message: "the recording does not say why"}
			}
			o.Gaps = append(o.Gaps, readiness.Gap{Kind: k.Kind, Resource: gap.Resource, Verb: gap.Verb, Reason: gap.Reason, Err: gap.Error.err(), Since: gap.Since, Stale: gap.Stale})
		case !read && !k.Evidence:
			o.Gaps = append(o.Gaps, k.NotKeptGap(&verdict.NotKeptError{What: k.Kind + " objects", File: s.file, Tells: s.tells(*k), Resource: k.Resource}))
		}
	}
	return o, nil
}

// byKind reads the objects, by kind and in the order of their names.
func (s *state) byKind() (map[string][]metav1.Object, error) {
	by := map[string][]metav1.Object{}
	refs := slices.SortedFunc(maps.Keys(s.objects), func(a, b Ref) int { return strings.Compare(a.Name, b.Name) })
	for _, ref := range refs {
		o := s.objects[ref]
		if o.read == nil {
			k := readiness.KeptKind(s.kinds, ref.Kind)
			if k == nil {
				continue // of a later version
			}
			var err error
			if o.read, err = k.Decode(o.data); err != nil {
				return nil, fmt.Errorf("%s %s: %w", ref.Kind, ref.Name, err)
			}
		}
		by[ref.Kind] = append(by[ref.Kind], o.read)
	}
	return by, nil
}
