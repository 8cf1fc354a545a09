// SPDX-License-Identifier: Apache-2.0

// Package screen shows what the plugin writes as a terminal shows it: as text, to be compared
// and read, and as pictures for the documentation.
package screen

import (
	"fmt"
	"html"
	"strings"

	"github.com/hinshun/vt10x"
)

// A Screen is an emulated terminal. It is an io.Writer.
type Screen struct {
	terminal      vt10x.Terminal
	width, height int
}

// New returns an empty one.
func New(width, height int) *Screen {
	return &Screen{vt10x.New(vt10x.WithSize(width, height)), width, height}
}

// Resize gives it another size. Lines that are too long are cut, as most terminals do.
func (s *Screen) Resize(width, height int) {
	s.terminal.Resize(width, height)
	s.width, s.height = width, height
}

// Write shows a text as a terminal does: the end of a line is a carriage return, too.
func (s *Screen) Write(text []byte) (int, error) {
	_, err := s.terminal.Write([]byte(strings.ReplaceAll(string(text), "\n", "\r\n")))
	return len(text), err
}

// String returns what is on it, without blanks at the ends of lines.
func (s *Screen) String() string {
	var b strings.Builder
	for y := range s.height {
		line := ""
		for x := range s.width {
			line += string(max(' ', s.terminal.Cell(x, y).Char))
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// The modes of a cell of vt10x, which does not export them.
const (
	bold    = 1 << 2
	wrapped = 1 << 6
)

// Wrapped returns the lines that go on in the next one because they were too wide.
func (s *Screen) Wrapped() (lines []int) {
	for y := range s.height {
		if s.terminal.Cell(s.width-1, y).Mode&wrapped != 0 {
			lines = append(lines, y)
		}
	}
	return lines
}

// Title is that of the window.
func (s *Screen) Title() string { return s.terminal.Title() }

// A Theme is the colors of a terminal.
type Theme struct {
	Background, Text string
	Colors           [8]string
}

// Themes are those of the pictures, by name. Their colors are GitHub's.
func Themes() map[string]Theme {
	return map[string]Theme{
		"dark":  {"#0d1117", "#e6edf3", [8]string{"#484f58", "#ff7b72", "#3fb950", "#d29922", "#58a6ff", "#bc8cff", "#39c5cf", "#b1bac4"}},
		"light": {"#ffffff", "#1f2328", [8]string{"#24292f", "#cf222e", "#116329", "#9a6700", "#0969da", "#8250df", "#1b7c83", "#6e7781"}},
	}
}

// The size of a cell in a picture.
const (
	cellWidth  = 8
	cellHeight = 17
	margin     = 12
)

// Picture returns what is on the screen as the lines of an SVG.
func (s *Screen) Picture(t Theme) string {
	var b strings.Builder
	for y := range s.height {
		for x := 0; x < s.width; {
			first := s.terminal.Cell(x, y)
			text := ""
			at := x
			for ; x < s.width; x++ {
				c := s.terminal.Cell(x, y)
				if c.FG != first.FG || c.Mode&bold != first.Mode&bold {
					break
				}
				text += string(max(' ', c.Char))
			}
			lead := len(text) - len(strings.TrimLeft(text, " "))
			if text = strings.Trim(text, " "); text == "" {
				continue
			}
			style := ""
			if first.FG < 16 {
				style = fmt.Sprintf(` fill="%s"`, t.Colors[first.FG%8])
			}
			if first.Mode&bold != 0 {
				style += ` font-weight="bold"`
			}
			n := len([]rune(text))
			fmt.Fprintf(&b, `<text x="%d" y="%d" textLength="%d"%s>%s</text>`+"\n", margin+(at+lead)*cellWidth, margin+y*cellHeight+13, n*cellWidth, style, html.EscapeString(text))
		}
	}
	return b.String()
}

// SVG returns a picture with frames, each of which is seen for so many seconds; a single one
// stays.
func (s *Screen) SVG(t Theme, title string, seconds float64, frames ...string) string {
	width, height := 2*margin+s.width*cellWidth, 2*margin+s.height*cellHeight
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="13" fill="%s" xml:space="preserve">`+"\n", width, height, width, height, t.Text)
	fmt.Fprintf(&b, "<title>%s</title>\n"+`<rect width="100%%" height="100%%" rx="6" fill="%s"/>`+"\n", html.EscapeString(title), t.Background)
	for i, frame := range frames {
		if len(frames) == 1 {
			b.WriteString(frame)
			break
		}
		shown := make([]string, len(frames))
		for j := range shown {
			shown[j] = "hidden"
		}
		shown[i] = "visible"
		visible := "hidden"
		if i == len(frames)-1 {
			visible = "visible" // where nothing moves, the end
		}
		fmt.Fprintf(&b, `<g visibility="%s"><animate attributeName="visibility" calcMode="discrete" dur="%.1fs" repeatCount="indefinite" values="%s"/>`+"\n%s</g>\n", visible, seconds*float64(len(frames)), strings.Join(shown, ";"), frame)
	}
	return b.String() + "</svg>\n"
}
