// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/observe"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/private"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// quiet is how long nothing is written if nothing changes. Then a moment says that somebody
// still looked.
const quiet = 10 * time.Second

// Options say how a recording is written.
type Options struct {
	Overwrite bool // an existing file is replaced
	Values    bool // nothing is masked

	// Plan reads the way back, whenever the Helm releases changed; nil if it is not kept.
	Plan func() (*release.Plan, error)
}

// A Writer writes a recording. Each line is whole in the file when a method returns, and a
// file that could not be written to its end keeps what it had. Its methods may be called at
// the same time. After an error it writes nothing more.
type Writer struct {
	options Options
	keep    *keeper
	kinds   []readiness.Kept

	lock    sync.Mutex
	file    *os.File
	size    int64 // of the file, up to the last whole line
	packed  *gzip.Writer
	lines   bytes.Buffer // that are not in the file yet
	buffer  bytes.Buffer // what is to be written to the file
	failure error

	assessment *readiness.Assessment
	objects    map[Ref]written
	crashLogs  map[readiness.ContainerName][]string
	askedAt    time.Time
	answer     *Answer
	releases   []byte
	moment     *Moment
	last       time.Time
	logs       map[readiness.ContainerName]*private.Lines
}

// A written object is what was written last of it.
type written struct {
	object metav1.Object
	data   []byte
}

// Create creates a recording that only its owner can read, and writes its head. A file that is
// there is not overwritten, unless the options say so.
func Create(path string, head Head, options Options) (*Writer, error) {
	if path == Stdin { // which is read with that name
		return nil, errors.New("a recording is written to a file: want a name, not -")
	}
	file, err := private.Create(path)
	if options.Overwrite && errors.Is(err, fs.ErrExist) {
		file, err = replace(path)
	}
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%s already exists; it is not overwritten: use another name, or --overwrite", path)
	}
	if err != nil {
		return nil, fmt.Errorf("create the recording: %w", err)
	}
	w := &Writer{
		options: options, keep: newKeeper(options.Values), kinds: readiness.KeptKinds(), file: file,
		objects: map[Ref]written{}, crashLogs: map[readiness.ContainerName][]string{},
		logs: map[readiness.ContainerName]*private.Lines{},
	}
	if strings.HasSuffix(path, ".gz") {
		w.packed = gzip.NewWriter(&w.buffer)
	}
	head.TypeMeta, head.Values = metav1.TypeMeta{APIVersion: apiVersion, Kind: kind}, options.Values
	if err := w.add(head); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	if err := w.flush(); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return w, nil
}

// replace creates a private file in the place of another one, which others may be able to read. A
// recorder that still writes that one notices. What is not a regular file, such as a pipe, is
// written to.
func replace(path string) (*os.File, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return os.OpenFile(path, os.O_WRONLY, 0)
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return private.Create(path)
}

// Take writes what is new in a report. It returns the error of this or an earlier write.
func (w *Writer) Take(r observe.Report) error {
	w.lock.Lock()
	defer w.lock.Unlock()
	if w.failure != nil {
		return w.failure
	}
	s := &r.Snapshot
	at := s.ObservedAt.UTC()
	steps := []func(time.Time, *verdict.Snapshot) error{w.takeObjects, w.takeAnswer, w.takeReleases}
	for _, step := range steps {
		if err := step(at, s); err != nil {
			return w.fail(err)
		}
	}
	if err := w.takeMoment(at, r); err != nil {
		return w.fail(err)
	}
	return w.flush()
}

// End writes the verdict and closes the file.
func (w *Writer) End(at time.Time, v verdict.Verdict) error {
	w.lock.Lock()
	defer w.lock.Unlock()
	if w.failure == nil {
		findings := make([]verdict.Finding, len(v.Findings))
		for i, f := range v.Findings {
			f.Summary, f.Detail = w.keep.text(f.Summary), w.keep.text(f.Detail)
			findings[i] = f
		}
		if err := w.line(Line{At: at.UTC(), Verdict: &Verdict{v.Outcome, v.ExitCode, findings}}); err == nil {
			_ = w.flush() // its failure is kept
		}
	}
	if w.packed != nil && w.failure == nil {
		if err := w.packed.Close(); err == nil {
			_ = w.write()
		}
	}
	w.missed()
	err := w.file.Close()
	if w.failure != nil {
		return w.failure
	}
	w.failure = errors.New("the recording is closed")
	if err != nil {
		return fmt.Errorf("close the recording: %w", err)
	}
	return nil
}

// missed notes that the file is not where it was created: somebody has removed it, or put
// another one in its place. What is written is lost then.
func (w *Writer) missed() {
	is, err := w.file.Stat()
	there, errThere := os.Stat(w.file.Name())
	if w.failure == nil && err == nil && (errThere != nil || !os.SameFile(is, there)) {
		w.failure = fmt.Errorf("write the recording %s: it was removed or replaced meanwhile", w.file.Name())
	}
}

// takeObjects writes the objects that are new, changed or gone.
func (w *Writer) takeObjects(at time.Time, s *verdict.Snapshot) error {
	if s.Assessment == nil || s.Assessment == w.assessment {
		return nil
	}
	w.assessment = s.Assessment
	for i := range w.kinds {
		if err := w.takeKind(at, &w.kinds[i], &s.Assessment.Objects); err != nil {
			return err
		}
	}
	return w.takeCrashLogs(at, s.Assessment.Objects.Logs)
}

func (w *Writer) takeKind(at time.Time, k *readiness.Kept, o *readiness.Objects) error {
	objects := k.List(o)
	if objects == nil {
		return nil
	}
	there := make(map[string]bool, len(objects))
	for _, object := range objects {
		there[object.GetName()] = true
		ref := Ref{k.Kind, object.GetName()}
		before, known := w.objects[ref]
		if known && same(before.object, object) {
			continue
		}
		data, err := w.keep.object(*k, object)
		if err != nil {
			return err
		}
		w.objects[ref] = written{object, data}
		if known && bytes.Equal(before.data, data) {
			continue
		}
		if err := w.line(Line{At: at, Object: data}); err != nil {
			return err
		}
	}
	for ref := range w.objects {
		if ref.Kind == k.Kind && !there[ref.Name] {
			delete(w.objects, ref)
			if err := w.line(Line{At: at, Gone: &ref}); err != nil {
				return err
			}
		}
	}
	return nil
}

// same reports whether an object is in the version that was written.
func same(a, b metav1.Object) bool {
	return a == b || a.GetResourceVersion() != "" && a.GetUID() == b.GetUID() && a.GetResourceVersion() == b.GetResourceVersion()
}

func (w *Writer) takeCrashLogs(at time.Time, logs map[readiness.ContainerName][]string) error {
	for of, lines := range logs {
		if !slices.Equal(w.crashLogs[of], lines) {
			if err := w.line(Line{At: at, CrashLog: &CrashLog{of.Pod, of.Container, w.keep.texts(lines)}}); err != nil {
				return err
			}
		}
	}
	for of := range w.crashLogs {
		if _, still := logs[of]; !still {
			if err := w.line(Line{At: at, CrashLog: &CrashLog{Pod: of.Pod, Container: of.Container}}); err != nil {
				return err
			}
		}
	}
	w.crashLogs = maps.Clone(logs)
	return nil
}

// takeAnswer writes what PUM said, each time that it was asked.
func (w *Writer) takeAnswer(at time.Time, s *verdict.Snapshot) error {
	if s.AskedAt.IsZero() && s.Answer == nil && s.AnswerErr == nil || s.AskedAt.Equal(w.askedAt) && w.answer != nil {
		return nil
	}
	w.askedAt = s.AskedAt
	a := w.answerOf(s)
	before := w.answer
	w.answer = a
	if before != nil {
		b := *before
		b.AskedAt = a.AskedAt
		if reflect.DeepEqual(&b, a) {
			a = &Answer{AskedAt: a.AskedAt, Same: true}
		}
	}
	return w.line(Line{At: at, Answer: a})
}

// answerOf returns what is kept of PUM's answer. If its text cannot be read any more without
// what may be a secret, or still has some, it is left out.
func (w *Writer) answerOf(s *verdict.Snapshot) *Answer {
	a := &Answer{AskedAt: s.AskedAt.UTC()}
	if s.AnswerErr != nil {
		a.Error = newError(s.AnswerErr, w.keep.text)
		return a
	}
	from := s.Answer.Source
	a.Text, a.Stderr, a.ExitCode = w.keep.text(string(s.Answer.Text)), w.keep.text(string(s.Answer.Stderr)), s.Answer.ExitCode
	a.Pod, a.Container, a.Command = from.Pod, from.Container, w.keep.texts(from.Command)
	again, err := pum.ReadSaved(strings.NewReader(a.Text), max(pum.DefaultLimit, len(a.Text)))
	if err != nil || !w.keptWhole(again.Entries, s.Answer.Entries) {
		return &Answer{AskedAt: a.AskedAt, Error: &Error{
			Message: "PUM's answer was not kept: nothing separates it from what may be a secret; --keep-values keeps it",
			Means:   []meaning{noAnswer},
		}}
	}
	return a
}

// keptWhole reports whether entries are those before, but for what was masked, and nothing
// that may be a secret is in them.
func (w *Writer) keptWhole(now, before []pum.Entry) bool {
	if len(now) != len(before) {
		return false
	}
	for i := range now {
		a, b := &now[i], &before[i]
		if a.UID != b.UID || a.State != b.State || a.Final != b.Final {
			return false
		}
		data, err := json.Marshal(a)
		if err != nil {
			return false
		}
		var value any
		if json.Unmarshal(data, &value) != nil {
			return false
		}
		again, err := json.Marshal(w.keep.value(value))
		if err != nil {
			return false
		}
		_ = json.Unmarshal(data, &value) // which was read before
		if once, _ := json.Marshal(value); !bytes.Equal(again, once) {
			return false
		}
	}
	return true
}

// takeReleases writes the Helm releases, and the way back, if they changed.
func (w *Writer) takeReleases(at time.Time, s *verdict.Snapshot) error {
	if s.Releases == nil && s.ReleasesErr == nil {
		return nil
	}
	r := &Releases{Error: newError(s.ReleasesErr, w.keep.text)}
	if s.Releases != nil {
		for _, item := range s.Releases.Items {
			item.Said, item.Problem = w.keep.text(item.Said), w.keep.text(item.Problem)
			item.Of, item.Want = nil, "" // which are compared again
			r.Items = append(r.Items, Release{item, item.BegunAt, item.LastGood, item.VersionBefore})
		}
	}
	data, err := json.Marshal(r)
	if err != nil || bytes.Equal(data, w.releases) {
		return err
	}
	w.releases = data
	if err := w.line(Line{At: at, Releases: r}); err != nil || w.options.Plan == nil {
		return err
	}
	plan, err := (*release.Plan)(nil), s.ReleasesErr
	if s.Releases != nil {
		plan, err = w.options.Plan()
	}
	for i := 0; plan != nil && i < len(plan.Releases); i++ {
		plan.Releases[i].Reason = w.keep.text(plan.Releases[i].Reason)
	}
	return w.line(Line{At: at, Plan: &WayBack{plan, newError(err, w.keep.text)}})
}

// takeMoment writes that all of it was known together, unless nothing is new.
func (w *Writer) takeMoment(at time.Time, r observe.Report) error {
	s := &r.Snapshot
	m := &Moment{
		HeardAt: s.HeardAt.UTC(), AssessmentError: newError(s.AssessmentErr, w.keep.text),
		LostAt: s.LostAt.UTC(), LostError: newError(s.LostErr, w.keep.text), Unconfirmed: newError(s.UnconfirmedErr, w.keep.text),
		PUMChangedAt: s.PUMChangedAt.UTC(), Polled: s.Movements != nil, Read: r.Read, Over: r.Over,
	}
	if a := s.Assessment; a != nil {
		m.AssessedAt = a.ObservedAt.UTC()
		for i := range w.kinds {
			if w.kinds[i].List(&a.Objects) != nil {
				m.Kinds = append(m.Kinds, w.kinds[i].Kind)
			}
		}
		for _, g := range a.Gaps {
			m.Gaps = append(m.Gaps, Gap{g.Kind, g.Resource, g.Verb, g.Reason, newError(g.Err, w.keep.text), g.Since.UTC(), g.Stale})
		}
	}
	if w.lines.Len() == 0 && w.moment != nil && !m.Over && !m.Read && at.Sub(w.last) < quiet && m.alike(w.moment) {
		return nil
	}
	w.moment, w.last = m, at
	return w.line(Line{At: at, Moment: m})
}

// alike reports whether nothing but times differs that change all the time.
func (m *Moment) alike(other *Moment) bool {
	a, b := *m, *other
	for _, c := range []*Moment{&a, &b} {
		c.AssessedAt, c.HeardAt, c.Read = time.Time{}, time.Time{}, false
	}
	return reflect.DeepEqual(&a, &b)
}

// AddLog writes a line of a container's log.
func (w *Writer) AddLog(at time.Time, l Log) error {
	w.lock.Lock()
	defer w.lock.Unlock()
	if w.failure != nil {
		return w.failure
	}
	if !w.options.Values {
		of := readiness.ContainerName{Pod: l.Pod, Container: l.Container}
		if w.logs[of] == nil {
			w.logs[of] = &private.Lines{}
		}
		l.Line = w.logs[of].Mask(l.Line, l.More)
	}
	if err := w.line(Line{At: at.UTC(), Log: &l}); err != nil {
		return err
	}
	if w.lines.Len() > 64<<10 {
		return w.flush()
	}
	return nil
}

// Flush writes what was added.
func (w *Writer) Flush() error {
	w.lock.Lock()
	defer w.lock.Unlock()
	return w.flush()
}

func (w *Writer) line(l Line) error { return w.add(l) }

// add adds a line to those that are not in the file yet.
func (w *Writer) add(line any) error {
	before := w.lines.Len()
	encoder := json.NewEncoder(&w.lines)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(line); err != nil {
		w.lines.Truncate(before)
		return w.fail(err)
	}
	return nil
}

// flush writes whole lines to the file, at once.
func (w *Writer) flush() error {
	if w.failure != nil || w.lines.Len() == 0 {
		return w.failure
	}
	if w.packed != nil {
		if _, err := w.packed.Write(w.lines.Bytes()); err != nil {
			return w.fail(err)
		}
		if err := w.packed.Flush(); err != nil {
			return w.fail(err)
		}
	} else {
		w.buffer.Write(w.lines.Bytes())
	}
	w.lines.Reset()
	return w.write()
}

// write writes what is to be written. What came only in part, as on a full disk, is taken back.
func (w *Writer) write() error {
	n, err := w.file.Write(w.buffer.Bytes())
	w.buffer.Reset()
	if err != nil {
		_ = w.file.Truncate(w.size) // else a reader stops at the line that is not whole
		return w.fail(err)
	}
	w.size += int64(n)
	return nil
}

// fail notes why nothing more is written.
func (w *Writer) fail(err error) error {
	if w.failure == nil {
		w.failure = fmt.Errorf("write the recording %s: %w; it ends at the last whole line", w.file.Name(), err)
	}
	return w.failure
}
