// SPDX-License-Identifier: Apache-2.0

package build

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"time"
)

// progress tells how far something is: as one line that is redrawn on a
// terminal, as a line every few seconds elsewhere.
type progress struct {
	w        io.Writer
	what     string
	terminal bool
	start    time.Time
	shown    time.Time
}

func newProgress(w io.Writer, what string) *progress {
	return &progress{w: w, what: what, terminal: isTerminal(w), start: time.Now()}
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (p *progress) show(format string, args ...any) {
	interval := 10 * time.Second
	if p.terminal {
		interval = 200 * time.Millisecond
	}
	now := time.Now()
	if now.Sub(p.shown) < interval {
		return
	}
	p.shown = now
	line := fmt.Sprintf("%s: %s, %s", p.what, fmt.Sprintf(format, args...), now.Sub(p.start).Round(time.Second))
	if p.terminal {
		fmt.Fprintf(p.w, "\r%s\x1b[K", line)
		return
	}
	fmt.Fprintln(p.w, line)
}

// end leaves an empty line for whoever writes next.
func (p *progress) end() {
	if p.terminal {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

// thousands writes 1934 as "1,934".
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
