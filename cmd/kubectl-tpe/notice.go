// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
)

// A notice says on a terminal what is being asked, until there is something else to show. Then
// it is taken away, with what the terminal itself wrote on its line, such as ^C.
type notice struct {
	w io.Writer

	lock  sync.Mutex
	timer *time.Timer
	shown bool
}

// noticeAfter is how long an answer may take without a word. With the time that it takes to
// start, that is less than the 300 ms from which on people wonder whether something happens.
const noticeAfter = 150 * time.Millisecond

// say shows a text on a line of its own in a while, unless it is cleared before. Without redraw
// it stays.
func (n *notice) say(text string, redraw bool) {
	if n == nil {
		return
	}
	n.lock.Lock()
	defer n.lock.Unlock()
	n.timer = time.AfterFunc(noticeAfter, func() {
		n.lock.Lock()
		defer n.lock.Unlock()
		if n.timer == nil {
			return
		}
		n.shown = redraw
		if !redraw {
			text += "\n"
		}
		_, _ = io.WriteString(n.w, text) // it is no answer
	})
}

// instead shows a text at once, in place of what was shown.
func (n *notice) instead(text string) {
	n.clear()
	n.lock.Lock()
	defer n.lock.Unlock()
	n.shown = true
	_, _ = io.WriteString(n.w, text)
}

// clear takes the notice away.
func (n *notice) clear() {
	n.lock.Lock()
	defer n.lock.Unlock()
	if n.timer != nil {
		n.timer.Stop()
		n.timer = nil
	}
	if n.shown {
		n.shown = false
		_, _ = io.WriteString(n.w, "\r\x1b[2K")
	}
}

// A stream is standard output or standard error. What is written to it takes the notice away.
type stream struct {
	*os.File
	notice *notice
}

func (s *stream) Write(text []byte) (int, error) {
	s.notice.clear()
	return s.File.Write(text)
}

// WriteString is as Write; without it, that of the file would be used.
func (s *stream) WriteString(text string) (int, error) { return s.Write([]byte(text)) }

// noticeLine makes a text fit for a notice, with room for the ^C that a terminal writes behind it: on
// the next line it would not be taken away with the notice.
func noticeLine(v output.View, text string) string {
	if v.Width > 0 {
		v.Width = max(1, v.Width-len("^C")-1)
	}
	return v.OneLine(text)
}

// asking says what is asked, and where, if that takes long.
func (a *app) asking(c *cluster) {
	view := a.errView()
	if !view.Terminal {
		return
	}
	text := fmt.Sprintf("asking %s for namespace %s", c.config.Host, c.Namespace)
	if c.Context != "" {
		text += ", context " + c.Context
	}
	a.notice.say(noticeLine(view, text), view.Redraw)
}

// askingSeveral says that several installations are asked, if that takes long.
func (a *app) askingSeveral(contexts []string) {
	view := a.errView()
	if !view.Terminal {
		return
	}
	text := "asking in which namespaces ThingPark Enterprise is installed"
	switch n := len(contexts); n {
	case 0:
	case 1:
		text = "asking context " + contexts[0]
	default:
		text = fmt.Sprintf("asking %d contexts: %s", n, strings.Join(contexts, ", "))
	}
	a.notice.say(noticeLine(view, text), view.Redraw)
}
