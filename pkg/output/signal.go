// SPDX-License-Identifier: Apache-2.0

package output

import (
	"fmt"
	"io"
	"strings"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// Signals are the sequences that a terminal understands besides text. Terminals that do not know
// a sequence may print it, so each is sent only where it is known.
type Signals struct {
	Title   bool         // of its window, with xterm's stack of titles
	Taskbar bool         // a progress: ConEmu's OSC 9;4
	Notify  Notification // how it notifies the user
}

// A Notification is the sequence with which a terminal notifies the user.
type Notification int

// The ways to notify. All ring the bell, too.
const (
	NotifyBell Notification = iota // nothing else is known to work
	NotifyOSC9                     // iTerm2's
	NotifyRXVT                     // OSC 777, urxvt's
)

// A signal is what a terminal shows besides text. The zero value clears it.
type signal struct {
	title   string
	percent int
	outcome verdict.Outcome
}

func (doc *Status) state() signal {
	over, total := doc.overOf()
	return signalOf(doc.Outcome, over, total)
}

func (l *EntryList) state() signal {
	if l.Summary == nil {
		return signalOf(l.Outcome, 0, 0)
	}
	return signalOf(l.Outcome, l.Summary.Final, l.Summary.Total)
}

func signalOf(outcome verdict.Outcome, over, total int) signal {
	s := signal{title: "tpe: " + string(outcome), outcome: outcome}
	if total > 0 {
		s.percent = 100 * over / total
		s.title += fmt.Sprintf(", %d of %d", over, total)
	}
	return s
}

// Signal sends a signal, unless it is the one that was sent last. The first time the terminal
// saves its title, which the zero signal restores.
func (l *Live) Signal(known Signals, s signal) error {
	if s == l.sent {
		return nil
	}
	var b strings.Builder
	if known.Title {
		switch {
		case s.title == "":
			b.WriteString("\x1b[23;2t")
		case l.sent.title == "":
			b.WriteString("\x1b[22;2t")
			fallthrough
		default:
			b.WriteString("\x1b]2;" + s.title + "\a")
		}
	}
	if known.Taskbar {
		state := map[verdict.Outcome]int{"": 0, verdict.OutcomeFailed: 2, verdict.OutcomeUnknown: 3}
		n, ok := state[s.outcome]
		if !ok {
			n = 1
		}
		fmt.Fprintf(&b, "\x1b]9;4;%d;%d\a", n, s.percent)
	}
	l.sent = s
	_, err := io.WriteString(l.w, b.String())
	return err
}

// Notify notifies the user of a terminal.
func Notify(w io.Writer, v View, text string) error {
	text = strings.Map(func(r rune) rune {
		if r == ';' || unprintable(r) {
			return ','
		}
		return r
	}, text)
	switch v.Signals.Notify {
	case NotifyOSC9:
		text = "\a\x1b]9;" + text + "\a"
	case NotifyRXVT:
		text = "\a\x1b]777;notify;kubectl tpe;" + text + "\a"
	default:
		text = "\a"
	}
	_, err := io.WriteString(w, text)
	return err
}

// Summary says in one line what the verdict is, without any text of a pod.
func (doc *Status) Summary() string { return string(doc.Outcome) + ": " + headline(doc) }
