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
// byte as a container wrote them; a line that it left without a break gets
// one if more follows. On a terminal lines are escaped, with headings between
// them, which elsewhere go to standard error. Its memory does not grow with
// the logs.
type Logs struct {
	out   *bufio.Writer
	err   io.Writer
	style LogStyle
	view  View // of standard output

	run  joblogs.Run // that began last
	at   time.Time   // of the line that is written
	held []byte      // of that line: of an object, or of a character, that is not whole
	open bool        // the line has no end yet
}

// NewLogs returns what writes logs.
func NewLogs(out, errOut io.Writer, style LogStyle, v View) *Logs {
	return &Logs{out: bufio.NewWriterSize(out, 64<<10), err: errOut, style: style, view: v}
}

// Begin writes the heading of a run.
func (l *Logs) Begin(r joblogs.Run) error {
	if err := l.close(); err != nil {
		return err
	}
	l.run = r
	return l.heading("==> %s: %s <==", title(r), fate(r))
}

// Piece writes a line, or a part of one.
func (l *Logs) Piece(_ joblogs.Run, p joblogs.Piece) error {
	if p.Begins() {
		l.at = p.Time
	}
	l.open = !p.Ends()
	if l.style == LogJSON {
		return l.object(p)
	}
	if p.Begins() && l.style == LogStamps {
		_, _ = l.out.Write(p.Stamp)
		_ = l.out.WriteByte(' ')
	}
	text := p.Text
	if l.view.Terminal {
		whole, rest := cutRune(append(l.held, text...))
		text, l.held = []byte(l.view.Safe(string(whole))), append([]byte{}, rest...)
	}
	_, err := l.out.Write(text) // which returns errors of writes before, too
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
func (l *Logs) object(p joblogs.Piece) error {
	l.held = append(l.held, p.Text...)
	if p.Ends() {
		line := l.held[:len(l.held)-1]
		l.held = l.held[:0]
		return l.writeObject(line, "")
	}
	if len(l.held) < longestLine {
		return nil
	}
	whole, rest := cutRune(l.held)
	l.held = append([]byte{}, rest...)
	return l.writeObject(whole, `,"partial":true`)
}

func (l *Logs) writeObject(line []byte, mark string) error {
	b := l.out.AvailableBuffer()
	b = append(b, `{"attempt":`...)
	b = strconv.AppendInt(b, int64(l.run.Attempt), 10)
	b = append(b, `,"pod":`...)
	b = appendQuoted(b, []byte(l.run.Pod))
	b = append(b, `,"container":`...)
	b = appendQuoted(b, []byte(l.run.Container))
	b = append(b, `,"time":"`...)
	b = l.at.UTC().AppendFormat(b, time.RFC3339Nano)
	b = append(b, `","line":`...)
	b = appendQuoted(b, line)
	b = append(b, mark...)
	b = append(b, "}\n"...)
	_, err := l.out.Write(b)
	return err
}

// End says how a run ended that had not when it began.
func (l *Logs) End(r joblogs.Run) error {
	if l.style == LogJSON && len(l.held) > 0 {
		if err := l.writeObject(l.held, ""); err != nil {
			return err
		}
		l.held, l.open = nil, false
	}
	if r.State == l.run.State {
		return l.out.Flush()
	}
	return l.heading("<== attempt %d: %s", r.Attempt, fate(r))
}

// Say writes what happens around the logs, to standard error.
func (l *Logs) Say(text string) error {
	if l.view.Terminal {
		if err := l.close(); err != nil {
			return err
		}
	}
	if err := l.out.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(l.err, l.view.plain(escape(text)))
	return err
}

// Flush writes what waits to be written.
func (l *Logs) Flush() error { return l.out.Flush() }

// Last returns when the last line was written, or no time if there is none.
func (l *Logs) Last() time.Time { return l.at }

// close ends the line that has no end.
func (l *Logs) close() error {
	if !l.open || l.style == LogJSON {
		return nil
	}
	l.open = false
	_, _ = l.out.WriteString(l.view.Safe(string(l.held)))
	l.held = nil
	return l.out.WriteByte('\n')
}

// heading writes a line between the logs.
func (l *Logs) heading(format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	if !l.view.Terminal || l.style == LogJSON {
		return l.Say(text)
	}
	if err := l.close(); err != nil {
		return err
	}
	_, _ = l.out.WriteString(l.view.plain(escape(text)) + "\n")
	return l.out.Flush()
}

// title names a run.
func title(r joblogs.Run) string {
	parts := []string{fmt.Sprintf("attempt %d", r.Attempt)}
	if r.Pod != "" {
		parts = append(parts, "pod "+r.Pod)
	}
	if r.Container != "" {
		parts = append(parts, strings.TrimLeft(string(r.Kind)+" container "+r.Container, " "))
	}
	return strings.Join(parts, ", ")
}

// fate says how far a run is.
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

// JobFate says how a job is.
func JobFate(s joblogs.JobHistory) string {
	switch s.State {
	case joblogs.JobComplete:
		return fmt.Sprintf("job %s completed after %s, with attempt %d", s.Job, duration.HumanDuration(s.EndedAt.Sub(s.StartedAt)), s.Attempts)
	case joblogs.JobFailed:
		return fmt.Sprintf("job %s failed after %s and %d attempts: %s", s.Job, duration.HumanDuration(s.EndedAt.Sub(s.StartedAt)), s.Attempts, s.Reason)
	}
	return fmt.Sprintf("job %s is not over", s.Job)
}

// appendQuoted appends text as a string of JSON. As in documents, what does
// not print is escaped; bytes that are no text become U+FFFD.
func appendQuoted(b, text []byte) []byte {
	b = append(b, '"')
	for len(text) > 0 {
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
