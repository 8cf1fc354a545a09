// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// A header is the line that announces the number of entries.
type header struct {
	declared int
	end      int // offset of the line after it
}

// findHeader finds the header. Other lines may stand before it: warnings of
// Node.js, a prompt, what kubectl says. One of them may even look like a header; the last
// that does so before the first entry is the header. Entries are no such lines: a header
// behind them, of 0 most of all, contradicts them.
func findHeader(text string) (header, *fault) {
	found := header{declared: -1}
	var before uint16 // a bit for each of the twelve keys that begins a line before the header
	first := 0        // where the first of those lines begins
	for start := 0; start < len(text); {
		end := start + strings.IndexByte(text[start:], '\n') + 1
		if end == start {
			end = len(text)
		}
		line := text[start:end]
		key := leadingKey(line)
		if found.declared >= 0 && key == keyUID {
			break
		}
		if n, ok := parseHeader(line); ok {
			switch {
			case n == 0 && found.declared > 0:
				return header{}, &fault{at: start, err: fmt.Errorf("want %d entries, as a line before announces", found.declared)}
			case bits.OnesCount16(before) > 1: // one alone may belong to a warning
				return header{}, &fault{at: first, err: errors.New("want the number of entries before the first of them")}
			}
			found = header{declared: n, end: end}
		}
		if key >= 0 {
			if before == 0 {
				first = start
			}
			before |= 1 << key
		}
		start = end
	}
	switch {
	case found.declared < 0:
		return header{}, noHeader(text)
	case text[found.end-1] != '\n':
		return header{}, &fault{cut: true, err: errors.New("the text ends inside its header")}
	}
	return found, nil
}

// noHeader says why there is none.
func noHeader(text string) *fault {
	if strings.TrimSpace(text) == "" {
		return &fault{cut: true, err: errors.New("the text is empty")}
	}
	if !strings.HasSuffix(text, "\n") {
		return &fault{cut: true, err: errors.New("the text ends before its header")}
	}
	first := len(text) - len(strings.TrimLeft(text, " \t\r\n"))
	return &fault{at: first, err: errors.New(`want the number of entries, for instance "2 entrie(s)"`)}
}

// parseHeader reads a line such as "2 entrie(s)", as PUM spells it today. Node.js colors the
// number, if console.log gets it as one.
func parseHeader(line string) (int, bool) {
	line = strings.Trim(printed(strings.TrimPrefix(line, "\ufeff")), " \t\r\n")
	digits, word, _ := strings.Cut(line, " ")
	switch word {
	case "entrie(s)", "entries", "entry":
		n, err := strconv.ParseUint(digits, 10, 31)
		return int(n), err == nil
	}
	return 0, false
}

// leadingKey returns which of the twelve keys begins a line, in any layout, or -1.
func leadingKey(line string) int {
	s := scanner{text: line}
	for s.skipBlanks(); !s.eof() && strings.IndexByte("-[{'\"", s.peek()) >= 0; s.skipBlanks() {
		s.pos++
	}
	rest := s.text[s.pos:]
	for n, key := range keys {
		if after, ok := strings.CutPrefix(rest, key); ok && strings.HasPrefix(strings.TrimLeft(after, "'\""), ":") {
			return n
		}
	}
	return -1
}
