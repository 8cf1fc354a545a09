// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bytes"
	"encoding/json"
	"io"
	"time"
)

// A Watched document is written again whenever it changed.
type Watched interface {
	Document
	at() time.Time                   // when it was observed
	timeless() Watched               // without that, to be compared
	changes(before Watched) []string // what is new, a line each
	state() signal                   // for the title and the taskbar
	redraw(s *screen)                // for a screen that is redrawn
	remarks(v View) string           // what a screen of it leaves to standard error
}

// A Stream writes a document again and again: where it may, an assessment that is
// redrawn in place, elsewhere the first assessment and then a line for each
// change; and in a format for programs a document for each change.
type Stream struct {
	w      io.Writer
	format *Format
	live   *Live
	last   Watched
	text   []byte // of last, as compared
}

// NewStream returns a stream in a format.
func NewStream(w io.Writer, f *Format) *Stream {
	return &Stream{w: w, format: f, live: NewLive(w)}
}

// Show shows a document. Off a terminal nothing is written if nothing but
// the time changed.
func (s *Stream) Show(doc Watched, v View) error {
	if s.format.Screen() && v.Redraw {
		return s.live.update(doc, s.format, v)
	}
	text, err := json.Marshal(doc.timeless())
	if err != nil || bytes.Equal(text, s.text) {
		return err
	}
	before := s.last
	s.last, s.text = doc, text
	switch {
	case s.format.name == "json":
		return writeLine(s.w, doc)
	case s.format.name == "yaml":
		return Write(&prefixed{s.w, "---\n"}, s.format, doc, v)
	case !s.format.Screen():
		return Write(s.w, s.format, doc, v)
	case before == nil:
		_, err := s.w.Write(append(render(doc, s.format, v), doc.remarks(v)...))
		return err
	}
	return writeChanges(s.w, v, doc.at(), doc.changes(before))
}

// End leaves what was drawn on the screen, and a clean line below it: a terminal shows there
// that it was interrupted.
func (s *Stream) End(v View) error {
	if s.live.last == nil {
		return nil
	}
	if err := s.live.Signal(v.Signals, signal{}); err != nil {
		return err
	}
	_, err := io.WriteString(s.w, "\r"+eraseLine)
	return err
}

// redrawn returns a document as it is redrawn on a terminal, whole within its height.
func redrawn(doc Watched, f *Format, v View) string {
	s := screen{view: v.drawn(), format: f}
	doc.redraw(&s)
	return string(v.paint(s.Bytes()))
}

// writeChanges writes what changed, a line each, with the time of day.
func writeChanges(w io.Writer, v View, at time.Time, lines []string) error {
	var b bytes.Buffer
	for _, line := range lines {
		b.WriteString(at.Format(time.TimeOnly) + "  " + v.plain(escape(line)) + "\n")
	}
	_, err := w.Write(b.Bytes())
	return err
}

// writeLine writes a document as one line of JSON.
func writeLine(w io.Writer, doc Document) error {
	var indented, line bytes.Buffer
	if err := writeJSON(&indented, doc); err != nil {
		return err
	}
	if err := json.Compact(&line, indented.Bytes()); err != nil {
		return err
	}
	line.WriteByte('\n')
	_, err := w.Write(line.Bytes())
	return err
}

// prefixed writes something before what is written to it, in the same call.
type prefixed struct {
	w      io.Writer
	prefix string
}

func (p *prefixed) Write(text []byte) (int, error) {
	if _, err := p.w.Write(append([]byte(p.prefix), text...)); err != nil {
		return 0, err
	}
	return len(text), nil
}
