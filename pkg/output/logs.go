// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/joblogs"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/kubejob"
)

// A LogStyle says how logs are written.
type LogStyle string

// The styles.
const (
	LogText   LogStyle = ""           // the lines
	LogStamps LogStyle = "timestamps" // the lines, and before each when it was written
	LogJSON   LogStyle = "json"       // an object a line
)

// longestLine is how much of a line is in one object of LogJSON. A longer
// line is in several, of which all but the last are marked as partial.
const longestLine = 1 << 20

// Logs writes the logs of a job. Standard output gets the lines, byte for
// byte as a container wrote them; a line that it left without a break, or of
// which the rest cannot be read, gets one if more follows. While several runs
// are read at once each line begins with its pod and container, as with
// kubectl logs --prefix. On a terminal lines are escaped, with headings
// between them, which elsewhere go to standard error. Its memory does not grow
// with the logs.
type Logs struct {
	out   *bufio.Writer
	err   io.Writer
	style LogStyle
	view  View // of standard output

	runs   map[joblogs.RunKey]*openRun // that began and did not end
	last   *openRun                    // that wrote last
	prefix bool                        // several runs began before one of them ended
}

// An openRun is a run of which pieces may come.
type openRun struct {
	joblogs.Run
	at   time.Time // of the line that is written
	held []byte    // of that line: of an object, or of a character, that is not whole
	open bool      // the line has no end yet
	rest bool      // other lines came between its beginning and what comes next of it
}

// NewLogs returns what writes logs.
func NewLogs(out, errOut io.Writer, style LogStyle, v View) *Logs {
	return &Logs{
		out: bufio.NewWriterSize(out, 64<<10), err: errOut, style: style, view: v,
		runs: map[joblogs.RunKey]*openRun{}, last: &openRun{},
	}
}

// Begin writes the heading of a run.
func (l *Logs) Begin(r joblogs.Run) error {
	l.pause(l.last)
	if r.State == joblogs.Running || r.State == joblogs.Ended {
		l.prefix = l.prefix || len(l.runs) > 0
		l.last = &openRun{Run: r}
		l.runs[r.Key()] = l.last
	}
	return l.heading("==> %s: %s <==", title(r), fate(r))
}

// Piece writes a line, or a part of one, of a run that began.
func (l *Logs) Piece(r joblogs.Run, p joblogs.Piece) error {
	o := l.of(r)
	if p.Begins() {
		if err := l.cut(o); err != nil {
			return err
		}
		o.at = p.Time
	}
	o.open = !p.Ends()
	if l.style == LogJSON {
		return l.object(o, p)
	}
	if p.Begins() || o.rest {
		l.lead(o, p)
	}
	if l.view.Terminal {
		return l.writeSafe(o, p.Text)
	}
	_, err := l.out.Write(p.Text) // which returns errors of writes before, too
	return err
}

// of returns the run that a piece belongs to. If lines of several runs share the output, a line
// that another run began is broken off.
func (l *Logs) of(r joblogs.Run) *openRun {
	if !l.prefix {
		return l.last
	}
	o := l.runs[r.Key()]
	if o == nil {
		return l.last
	}
	if o != l.last {
		l.pause(l.last)
		l.last = o
	}
	return o
}

// lead writes what comes before the text of a line.
func (l *Logs) lead(o *openRun, p joblogs.Piece) {
	o.rest = false
	if l.prefix {
		_, _ = l.out.WriteString(l.view.Safe("[pod/" + o.Pod + "/" + o.Container + "] "))
	}
	if p.Begins() && l.style == LogStamps {
		_, _ = l.out.Write(p.Stamp)
		_ = l.out.WriteByte(' ')
	}
}

// writeSafe writes a part of a line to a terminal. A character that is cut at
// its end waits for the rest.
func (l *Logs) writeSafe(o *openRun, text []byte) error {
	if len(o.held) == 0 && printsAsIs(text) {
		_, err := l.out.Write(text)
		return err
	}
	whole, rest := cutRune(append(o.held, text...))
	text, o.held = []byte(l.view.Safe(string(whole))), append([]byte{}, rest...)
	_, err := l.out.Write(text)
	return err
}

// cutRune cuts text behind its last whole character.
func cutRune(text []byte) (whole, rest []byte) {
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if last := text[len(text)-n:]; utf8.RuneStart(last[0]) {
			if !utf8.FullRune(last) {
				return text[:len(text)-n], last
			}
			break
		}
	}
	return text, nil
}

// object collects a line and writes it as an object.
func (l *Logs) object(o *openRun, p joblogs.Piece) error {
	if p.Ends() && len(o.held) == 0 {
		return l.writeObject(o, p.Text[:len(p.Text)-1], "")
	}
	o.held = append(o.held, p.Text...)
	if p.Ends() {
		line := o.held[:len(o.held)-1]
		o.held = o.held[:0]
		return l.writeObject(o, line, "")
	}
	if len(o.held) < longestLine {
		return nil
	}
	whole, rest := cutRune(o.held)
	o.held = append([]byte{}, rest...)
	return l.writeObject(o, whole, `,"partial":true`)
}

func (l *Logs) writeObject(o *openRun, line []byte, mark string) error {
	b := l.out.AvailableBuffer()
	b = append(b, `{"attempt":`...)
	b = strconv.AppendInt(b, int64(o.Attempt), 10)
	b = append(b, `,"pod":`...)
	b = appendQuoted(b, []byte(o.Pod))
	b = append(b, `,"container":`...)
	b = appendQuoted(b, []byte(o.Container))
	b = append(b, `,"time":"`...)
	b = o.at.UTC().AppendFormat(b, time.RFC3339Nano)
	b = append(b, `","line":`...)
	b = appendQuoted(b, line)
	b = append(b, mark...)
	b = append(b, "}\n"...)
	_, err := l.out.Write(b)
	return err
}

// End says how a run ended, unless Begin has said so.
func (l *Logs) End(r joblogs.Run) error {
	o := l.of(r)
	if err := l.finish(o, r.State); err != nil {
		return err
	}
	delete(l.runs, r.Key())
	l.prefix = l.prefix && len(l.runs) > 0
	if r.State == o.State {
		return l.out.Flush()
	}
	return l.heading("<== %s: %s", short(r, l.prefix), fate(r))
}

// finish ends the last line of a run: a container may leave it without a line break. If the run
// is gone, the rest of the line cannot be read.
func (l *Logs) finish(o *openRun, state joblogs.RunState) error {
	switch {
	case state == joblogs.Gone:
		return l.cut(o)
	case l.style == LogJSON && o.open:
		line := o.held
		o.held, o.open = nil, false
		return l.writeObject(o, line, "")
	}
	return nil
}

// Cut ends the lines that are not whole where nothing more will be read.
func (l *Logs) Cut() error {
	for _, o := range l.runs {
		if err := l.cut(o); err != nil {
			return err
		}
	}
	return l.out.Flush()
}

// cut ends a line of which the rest cannot be read. As an object it is marked.
func (l *Logs) cut(o *openRun) error {
	if !o.open {
		return nil
	}
	if l.style != LogJSON {
		l.pause(o)
		o.open, o.rest = false, false
		return nil
	}
	line := o.held
	o.held, o.open = nil, false
	return l.writeObject(o, line, `,"truncated":true`)
}

// pause breaks off a line on the screen, so that another can follow.
func (l *Logs) pause(o *openRun) {
	if !o.open || o.rest || l.style == LogJSON {
		return
	}
	o.rest = true
	_, _ = l.out.WriteString(l.view.Safe(string(o.held)))
	o.held = nil
	_ = l.out.WriteByte('\n')
}

// Say writes what happens around the logs, to standard error.
func (l *Logs) Say(text string) error {
	if l.view.Terminal {
		l.pause(l.last)
	}
	if err := l.out.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(l.err, l.view.plain(escape(text)))
	return err
}

// Flush writes what waits to be written.
func (l *Logs) Flush() error { return l.out.Flush() }

// heading writes a line between the logs.
func (l *Logs) heading(format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	if !l.view.Terminal || l.style == LogJSON {
		return l.Say(text)
	}
	l.pause(l.last)
	_, _ = l.out.WriteString(l.view.plain(escape(text)) + "\n")
	return l.out.Flush()
}

// short names a run among those that are read at once.
func short(r joblogs.Run, several bool) string {
	if several {
		return title(r)
	}
	return fmt.Sprintf("attempt %d", r.Attempt)
}

// title names a run.
func title(r joblogs.Run) string {
	parts := []string{fmt.Sprintf("attempt %d", r.Attempt)}
	if r.To > r.Attempt {
		parts[0] = fmt.Sprintf("attempts %d to %d", r.Attempt, r.To)
	}
	if r.Pod != "" {
		parts = append(parts, "pod "+r.Pod)
	}
	if r.Container != "" {
		parts = append(parts, strings.TrimLeft(string(r.Kind)+" container "+r.Container, " "))
	}
	return strings.Join(parts, ", ")
}

// fate says what became of a run.
func fate(r joblogs.Run) string {
	switch r.State {
	case joblogs.Waiting:
		return strings.TrimSuffix("has not started: "+r.Reason, ": ")
	case joblogs.Gone:
		return strings.TrimSuffix("no longer available: "+r.Reason, ": ")
	case joblogs.Running:
		return "started " + moment(r.StartedAt) + ", running"
	}
	text := fmt.Sprintf("started %s, ended %s after %s with exit code %d",
		moment(r.StartedAt), moment(r.EndedAt), duration.HumanDuration(r.EndedAt.Sub(r.StartedAt)), r.ExitCode)
	if r.Reason != "" {
		text += ", " + r.Reason
	}
	return text
}

func moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// JobFate says what became of a job.
func JobFate(h joblogs.JobHistory) string {
	text := fmt.Sprintf("job %s is not over", h.Job)
	after, and := "", ""
	if !h.StartedAt.IsZero() && !h.EndedAt.IsZero() {
		after = " after " + duration.HumanDuration(h.EndedAt.Sub(h.StartedAt))
		and = strings.TrimPrefix(after, " after ") + " and "
	}
	switch {
	case h.State == kubejob.Complete:
		text = fmt.Sprintf("job %s completed%s, with attempt %d", h.Job, after, h.Attempts)
	case h.State == kubejob.Failed:
		text = fmt.Sprintf("job %s failed after %s%s: %s", h.Job, and, counted(h.Attempts, "attempt"), h.Reason)
	case h.Removed:
		return fmt.Sprintf("job %s was removed, and how it ended is not known", h.Job)
	case h.Reason != "":
		text += ": " + h.Reason
	}
	if h.Removed {
		text += "; it was removed since"
	}
	return text
}

// appendQuoted appends text as a string of JSON. As in documents, what does not print is escaped;
// bytes that are not UTF-8 become U+FFFD.
func appendQuoted(b, text []byte) []byte {
	b = append(b, '"')
	for len(text) > 0 {
		n := 0
		for n < len(text) && text[n] >= ' ' && text[n] < 0x7f && text[n] != '"' && text[n] != '\\' {
			n++ // most of a log
		}
		b = append(b, text[:n]...)
		if text = text[n:]; len(text) == 0 {
			break
		}
		r, size := rune(text[0]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(text)
		}
		text = text[size:]
		switch high, low := utf16.EncodeRune(r); {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case unicode.IsPrint(r):
			b = utf8.AppendRune(b, r)
		case high != unicode.ReplacementChar:
			b = fmt.Appendf(b, `\u%04x\u%04x`, high, low)
		default:
			b = fmt.Appendf(b, `\u%04x`, r)
		}
	}
	return append(b, '"')
}
