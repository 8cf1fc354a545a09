// SPDX-License-Identifier: Apache-2.0

package output

import (
	"strings"
	"time"

	"github.com/mattn/go-runewidth"
	"k8s.io/apimachinery/pkg/util/duration"
)

// A View is how an answer is shown.
type View struct {
	Now      time.Time // ages are relative to it
	Width    int       // of the screen, in columns; 0 for no limit
	Height   int       // of the screen, in lines; 0 for no limit
	Terminal bool      // whether a terminal reads what is written
	Redraw   bool      // whether a screen may be redrawn in place
	Color    bool      // whether words may have colors
	ASCII    bool      // whether only ASCII may be used

	Continue string // how a command continues on the next line in the user's shell; empty if it must not

	Signals Signals // what the terminal understands besides text

	most int // lines that a redrawn screen may have; 0 for no limit
}

// drawn returns the view of a screen that is redrawn: it fits into the height, minus the line
// of the cursor. See layout.go.
func (v View) drawn() View {
	v.most = max(0, v.Height-1)
	return v
}

// Safe makes whole output fit for this view: see Safe and plain.
func (v View) Safe(text string) string { return v.plain(Safe(text)) }

// Line makes text fit for one line of this view: see Line and plain.
func (v View) Line(text string) string { return v.plain(Line(text)) }

// OneLine is Line, cut to the width.
func (v View) OneLine(text string) string { return v.clip(v.Line(text)) }

// plain writes what is not ASCII as an escape, where only ASCII may be used.
func (v View) plain(text string) string {
	if !v.ASCII {
		return text
	}
	var b strings.Builder
	for _, r := range strings.ReplaceAll(text, "…", "...") {
		if r < 0x80 {
			b.WriteRune(r)
		} else {
			b.WriteString(escaped(r))
		}
	}
	return b.String()
}

// cut cuts text on the right to a width, and says that it did.
func (v View) cut(text string, width int) string {
	if v.ASCII {
		return runewidth.Truncate(text, width, "...")
	}
	return runewidth.Truncate(text, width, "…")
}

// cutMiddle cuts a name to a width in its middle: names differ at the beginning and the end.
func (v View) cutMiddle(text string, most int) string {
	over := width(text) - most
	if over <= 0 {
		return text
	}
	tail := runewidth.TruncateLeft(text, width(text)-most/2, "")
	return v.cut(text, most-width(tail)) + tail
}

// width returns how many columns a text takes.
func width(text string) int {
	for i := range len(text) {
		if text[i] < ' ' || text[i] >= 0x7f {
			return runewidth.StringWidth(text)
		}
	}
	return len(text) // most texts, and much faster
}

// clip cuts a line to the width of the view, and trailing blanks with it.
func (v View) clip(line string) string {
	line = strings.TrimRight(line, " ")
	if v.Width > 0 && width(line) > v.Width {
		return v.cut(line, v.Width)
	}
	return line
}

// breaks reports whether a word is too wide for a line after an indent, and can be broken.
func (v View) breaks(word string, indent int) bool {
	return v.Width-indent >= narrowest && width(word) > v.Width-indent
}

// wrap breaks text between words into lines that fit the view after an
// indent, and words that are wider. A reason is never cut short.
func (v View) wrap(text string, indent int) []string {
	if v.Width <= indent {
		return []string{text}
	}
	var lines []string
	var line strings.Builder
	wide := 0
	for _, word := range strings.Fields(text) {
		for v.breaks(word, indent) {
			part := runewidth.Truncate(word, v.Width-indent, "")
			if line.Len() > 0 {
				lines = append(lines, line.String())
				line.Reset()
				wide = 0
			}
			lines, word = append(lines, part), strings.TrimPrefix(word, part)
		}
		w := width(word)
		if line.Len() > 0 && wide+1+w > v.Width-indent {
			lines = append(lines, line.String())
			line.Reset()
			wide = 0
		}
		if line.Len() > 0 {
			line.WriteByte(' ')
			wide++
		}
		line.WriteString(word)
		wide += w
	}
	return append(lines, line.String())
}

// age returns how long ago something was, in kubectl's short form, or nothing if that is
// unknown. Clocks differ: a time in the future counts as now.
func (v View) age(since time.Time) string {
	if since.IsZero() {
		return ""
	}
	return duration.HumanDuration(max(0, v.Now.Sub(since)))
}
