// SPDX-License-Identifier: Apache-2.0

package output

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/mattn/go-runewidth"
)

// A Live screen is redrawn in place on a terminal. What was drawn last stays.
type Live struct {
	w    io.Writer
	last []string // the lines on the screen
	size [2]int   // of the screen, when they were drawn
	sent signal   // that was sent last
	lost bool     // whether lines were pushed off the screen, and may come back
}

// NewLive returns a screen that is drawn on a terminal.
func NewLive(w io.Writer) *Live { return &Live{w: w} }

// The sequences for a redrawn screen. All terminals since the VT100 know them, but for those of
// the cursor, which they ignore.
const (
	hideCursor = "\x1b[?25l"
	showCursor = "\x1b[?25h"
	eraseLine  = "\x1b[2K"
	eraseBelow = "\x1b[J"
	home       = "\x1b[H"
)

// Draw draws a text in place of the one before, clipped to the width and the height of the view;
// the lines that do not fit are counted. It is written with one call, so that nothing flickers,
// and the cursor is visible again when it returns. An unchanged text is not drawn again.
func (l *Live) Draw(text string, v View) error {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if room := v.Height - 1; room > 0 && len(lines) > room {
		left := len(lines) - room + 1
		lines = append(lines[:room-1:room-1], fmt.Sprintf("%s %d more lines", v.ellipsis(), left))
	}
	for i, line := range lines {
		if v.Width > 0 && unpainted(line) == line {
			lines[i] = v.cut(line, v.Width)
		}
	}
	size := [2]int{v.Width, v.Height}
	if l.size == size && slices.Equal(l.last, lines) {
		return nil
	}
	var b strings.Builder
	b.WriteString(hideCursor)
	b.WriteString(l.start(size))
	for _, line := range lines {
		b.WriteString(eraseLine + line + "\n")
	}
	b.WriteString(eraseBelow + showCursor)
	l.last, l.size = lines, size
	_, err := io.WriteString(l.w, b.String())
	return err
}

// update redraws a document, and tells the terminal how it goes.
func (l *Live) update(doc Watched, f *Format, v View) error {
	if err := l.Signal(v.Signals, doc.state()); err != nil {
		return err
	}
	return l.Draw(redrawn(doc, f, v), v)
}

// start moves to where the assessment begins. A screen that became too small for
// the last one has pushed a part of it away, and may bring it back when it
// grows again: then all of the screen is the assessment's.
func (l *Live) start(size [2]int) string {
	rows := l.rows(size[0])
	if l.last == nil || l.size == size {
		return up(rows)
	}
	l.lost = l.lost || size[1] > 0 && rows >= size[1]
	if l.lost {
		return home + eraseBelow
	}
	return up(rows)
}

// rows returns how many rows of the screen the last assessment takes: a terminal
// that became narrower has wrapped it.
func (l *Live) rows(width int) int {
	rows := len(l.last)
	for _, line := range l.last {
		if over := runewidth.StringWidth(unpainted(line)) - 1; width > 0 && over > 0 {
			rows += over / width
		}
	}
	return rows
}

// up moves to the first column, so many rows above.
func up(rows int) string {
	if rows == 0 {
		return "\r"
	}
	return "\r\x1b[" + strconv.Itoa(rows) + "A"
}
