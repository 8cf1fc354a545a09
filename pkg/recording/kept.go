// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/command"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/observe"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// A Kept is what a file keeps of a cluster, at one of its moments.
type Kept struct {
	Path      string
	Kind      string // what the file is: one of the words below
	Namespace string
	Context   string
	Server    string    // the version of Kubernetes; empty if it is not known
	Written   string    // the version of kubectl tpe that wrote it; empty if none did
	At        time.Time // the moment
	Begins    time.Time // the first moment of a recording
	Ends      time.Time // its last

	state *state
	given bool // the moment was asked for
	logs  bool // there are lines of logs
	notes []verdict.Finding
}

// What a file can be.
const (
	KindRecording = "recording"
	KindAudit     = "audit archive"
	KindDump      = "cluster-info dump"
	KindLists     = "lists"
)

// Stdin is the path that stands for standard input.
const Stdin = "-"

// errOnce is the error that a file cannot be read a second time.
var errOnce = errors.New("it is no file, and can be read only once: save it in one")

// Open reads what a file, a folder or standard input keeps. Of a recording that is the last
// moment, or the one that is asked for: see [At]. Of several namespaces the given one counts,
// else the one that has PUM.
//
// The error says what is wrong with the file. What is damaged in a part, is said by the verdict.
func Open(path, namespace string, at At) (*Kept, error) {
	k, err := open(path, namespace, at)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, withoutPath(err))
	}
	return k, nil
}

// withoutPath returns an error without the path that is said already.
func withoutPath(err error) error {
	if pathError := (*os.PathError)(nil); errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}

func open(path, namespace string, at At) (*Kept, error) {
	k := &Kept{Path: path, state: newState(path), given: at.Given()}
	file := os.Stdin
	if path != Stdin {
		var err error
		if file, err = os.Open(path); err != nil {
			return nil, err
		}
		defer file.Close()
	}
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		err := at.refuse()
		if err == nil {
			err = k.openFolder(namespace)
		}
		return k, err
	}
	text, err := plain(file)
	if err != nil {
		return nil, err
	}
	begin, err := text.Peek(sniffed)
	if err != nil && len(begin) == 0 {
		if errors.Is(err, io.EOF) {
			err = errors.New("it is empty")
		}
		return nil, err
	}
	if err := otherFormat(begin); err != nil {
		return nil, err
	}
	switch {
	case isRecording(begin):
		return k, k.openRecording(text, at)
	case at.Given():
		return k, at.refuse()
	case isTar(begin):
		return k, k.openTar(text, namespace)
	default:
		return k, k.openList(text, info, namespace)
	}
}

const sniffed = 1024

// isRecording reports whether a file begins as a recording does.
func isRecording(begin []byte) bool {
	first, _, _ := strings.Cut(string(begin), "\n")
	return strings.HasPrefix(first, "{") && strings.Contains(strings.ReplaceAll(first, " ", ""), `"kind":"`+kind+`"`)
}

// otherFormat refuses what would be read in part, or not at all, and says what it is.
func otherFormat(begin []byte) error {
	for _, other := range []struct{ begins, is string }{
		{"PK\x03\x04", "a zip file: unpack it, and give the folder"}, // what is stored in it looks like a list
		{"PK\x05\x06", "an empty zip file"},
		{"Rar!\x1a\x07", "a rar file: unpack it, and give the folder"},
		{"\x1f\x8b", "compressed twice: decompress it with gzip -d"},
		{"\x04\x22\x4d\x18", "compressed by lz4: decompress it with lz4 -d"},
		{"7z\xbc\xaf\x27\x1c", "a 7z file: unpack it, and give the folder"},
		{"\xfd7zXZ\x00", "compressed by xz: decompress it with xz -d"},
		{"\x28\xb5\x2f\xfd", "compressed by zstd: decompress it with zstd -d"},
		{"BZh", "compressed by bzip2: decompress it with bzip2 -d"},
	} {
		if bytes.HasPrefix(begin, []byte(other.begins)) {
			return errors.New("it is " + other.is)
		}
	}
	return nil
}

// isTar reports whether a file begins with the header of a tar archive: it has a magic since
// POSIX.1-1988, and always a sum of its bytes, in octal.
func isTar(begin []byte) bool {
	const size, from, to = 512, 148, 156
	if len(begin) >= 262 && string(begin[257:262]) == "ustar" {
		return true
	}
	if len(begin) < size {
		return false
	}
	sum := int64(' ') * (to - from) // the sum itself counts as blanks
	for i, b := range begin[:size] {
		if i < from || i >= to {
			sum += int64(b)
		}
	}
	want, err := strconv.ParseInt(strings.Trim(string(begin[from:to]), " \x00"), 8, 64)
	return err == nil && sum == want
}

// openRecording reads a recording up to a moment.
func (k *Kept) openRecording(text *bufio.Reader, at At) error {
	k.Kind = KindRecording
	l := &lines{r: text}
	if err := k.readHead(l); err != nil {
		return err
	}
	until, err := k.moment(at)
	if err != nil {
		return err
	}
	if err := k.readUntil(l, until); err != nil {
		return err
	}
	if k.state.moment == nil {
		err := errors.New("no moment is whole in it")
		if l.cut != nil {
			err = fmt.Errorf("%w: %w", err, l.cut)
		}
		return err
	}
	if k.At = k.state.at; !until.IsZero() {
		k.At = until
	}
	k.noteEnd(l.cut)
	return nil
}

// moment returns the time that was asked for, zero for the end.
func (k *Kept) moment(at At) (time.Time, error) {
	if !at.Given() {
		return time.Time{}, nil
	}
	begins, ends, err := k.span()
	if err != nil {
		return time.Time{}, err
	}
	return at.in(begins, ends)
}

// readUntil reads the moments up to a time, or to the end, and when the recording ends.
func (k *Kept) readUntil(l *lines, until time.Time) error {
	var pending []*Line
	return l.each(func(line *Line) (bool, error) {
		if k.Ends = line.At; line.Verdict != nil {
			return true, k.state.apply(line)
		}
		if k.logs = k.logs || line.Log != nil; line.Log != nil || !until.IsZero() && line.At.After(until) {
			return true, nil // the rest says when it ends
		}
		if pending = append(pending, line); line.Moment == nil {
			return true, nil
		}
		if k.Begins.IsZero() {
			k.Begins = line.At
		}
		for _, p := range pending {
			if err := k.state.apply(p); err != nil {
				return false, fmt.Errorf("line %d: %w", l.n, err)
			}
		}
		pending = pending[:0]
		return true, nil
	})
}

func (k *Kept) readHead(l *lines) error {
	h, err := l.readHead()
	if err != nil {
		return err
	}
	k.state.head = h
	k.Namespace, k.Context, k.Server, k.Written = h.Namespace, h.Context, h.Server, h.Written
	return nil
}

// span reads when a recording begins and ends.
func (k *Kept) span() (begins, ends time.Time, err error) {
	l, done, err := k.lines()
	if err != nil {
		return begins, ends, err
	}
	defer done()
	err = l.each(func(line *Line) (bool, error) {
		if line.Moment != nil {
			if ends = line.At; begins.IsZero() {
				begins = line.At
			}
		}
		return true, nil
	})
	if err == nil && begins.IsZero() {
		err = errors.New("no moment is whole in it")
	}
	return begins, ends, err
}

// Again returns why the file cannot be read again, which playing a recording needs.
func (k *Kept) Again() error {
	if k.Kind != KindRecording {
		return nil
	}
	_, done, err := k.lines()
	if err != nil {
		return fmt.Errorf("read %s again: %w", k.Path, withoutPath(err))
	}
	done()
	return nil
}

// lines opens the recording again, behind its head.
func (k *Kept) lines() (*lines, func(), error) {
	if info, err := os.Stat(k.Path); k.Path == Stdin || err == nil && !info.Mode().IsRegular() {
		return nil, nil, errOnce
	}
	file, err := os.Open(k.Path)
	if err != nil {
		return nil, nil, err
	}
	done := func() { _ = file.Close() }
	text, err := plain(file)
	if err == nil {
		l := &lines{r: text}
		if l.head, err = l.readHead(); err == nil {
			return l, done, nil
		}
	}
	done()
	return nil, nil, err
}

// noteEnd notes that a recording ends before its verdict.
func (k *Kept) noteEnd(cut error) {
	if cut == nil && k.state.verdict != nil {
		return
	}
	f := verdict.Finding{
		Code: verdict.CodeEndsEarly, Level: verdict.LevelWarning, Since: k.Ends,
		Summary: "the recording ends early, and has no verdict",
		Detail:  "it is read up to its last whole moment, " + k.state.at.UTC().Format(time.RFC3339) + "; the command that wrote it was interrupted, or could not write any more",
	}
	switch {
	case cut != nil && k.state.verdict != nil:
		f.Summary, f.Detail = "the file was not read to its end", cut.Error()
	case cut != nil:
		f.Detail += ": " + cut.Error()
	}
	k.notes = append(k.notes, f)
}

// Start returns the moment from which a recording is played: the one that was asked for, else
// its first.
func (k *Kept) Start() time.Time {
	if k.given || k.Begins.IsZero() {
		return k.At
	}
	return k.Begins
}

// Where returns where a command to copy looks: at the moment of the file, where it can.
func (k *Kept) Where(moment time.Time) command.Where {
	w := command.Where{Namespace: k.Namespace, From: k.Path}
	if moment.Before(k.Ends) {
		w.At = moment.UTC().Format(time.RFC3339Nano)
	}
	return w
}

// Snapshot returns what was known at the moment.
func (k *Kept) Snapshot(goal verdict.Goal) (verdict.Snapshot, error) {
	s, err := k.state.snapshot(k.At, goal, k.Where(k.At), false)
	s.Kept = append([]verdict.Finding{}, k.notes...)
	return s, err
}

// Releases returns the Helm releases.
func (k *Kept) Releases() ([]release.Release, error) {
	var s verdict.Snapshot
	if k.state.addReleases(&s, k.At); s.ReleasesErr != nil {
		return nil, s.ReleasesErr
	}
	return s.Releases.Items, nil
}

// Plan returns the way back, as it was computed when the releases were read. It is nil if there
// is no Helm release of the application.
func (k *Kept) Plan() (*release.Plan, error) {
	switch p := k.state.plan; {
	case p == nil:
		return nil, &verdict.NotKeptError{What: "history of the Helm releases", File: k.state.file, Tells: "kubectl tpe record, by an account that may read Helm's secrets,"}
	case p.Error != nil:
		return nil, p.Error.err()
	default:
		return p.Plan, nil
	}
}

// An Observer observes what a file keeps, as if it were a cluster.
type Observer struct {
	*Kept
	Goal  verdict.Goal
	Speed float64         // how many times faster than it was; 0 for at once
	Limit time.Duration   // after which playing ends; 0 for never
	Whole bool            // play up to the end of the file, whatever looked like an end before
	Tick  func(time.Time) // is called with the time of what is reported next; may be nil
}

// Once returns what was known at the moment.
func (o *Observer) Once(context.Context) verdict.Snapshot {
	s, _ := o.Snapshot(o.Goal) // whose error is in it
	return s
}

// Follow plays a recording from the moment that was asked for, else from its beginning. It ends with a report that is over, as it would
// have been; where the recording ends, the last report is what was known then, and over: nothing
// in a file changes any more. Other files have one report.
func (o *Observer) Follow(ctx context.Context, until observe.Until) iter.Seq[observe.Report] {
	return func(yield func(observe.Report) bool) {
		if o.Kind != KindRecording {
			s := o.Once(ctx)
			yield(observe.Report{Snapshot: s, Verdict: verdict.Judge(s), Over: true, Read: true})
			return
		}
		p := player{Observer: o, until: until, yield: yield}
		p.play(ctx)
	}
}

// Each calls a function with each line of a recording, until that returns an error. The last
// line that can be read is the end.
func Each(path string, take func(*Line) error) (Head, error) {
	k := &Kept{Path: path}
	l, done, err := k.lines()
	if err != nil {
		return Head{}, fmt.Errorf("read %s: %w", path, withoutPath(err))
	}
	defer done()
	return l.head, l.each(func(line *Line) (bool, error) { return true, take(line) })
}
