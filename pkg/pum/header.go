// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A header is the line that announces the number of entries.
type header struct {
	declared int
	end      int // offset of the line after it
}

// findHeader finds the header. Other lines may stand before it: warnings of
// Node.js, for instance. One of them may even look like a header; the last
// that does so before the first entry is the header.
func findHeader(text string) (header, *fault) {
	found := header{declared: -1}
	for start := 0; start < len(text); {
		end := start + strings.IndexByte(text[start:], '\n') + 1
		if end == start {
			end = len(text)
		}
		line := text[start:end]
		if found.declared >= 0 && beginsEntry(line) {
			break
		}
		if n, ok := parseHeader(line); ok {
			if n == 0 && found.declared > 0 {
				return header{}, &fault{at: start, err: fmt.Errorf("want %d entries, as a line before announces", found.declared)}
			}
			found = header{declared: n, end: end}
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

// parseHeader reads a line such as "2 entrie(s)", as PUM spells it today.
func parseHeader(line string) (int, bool) {
	s := scanner{text: strings.TrimPrefix(line, "\ufeff")}
	s.skipBlanks()
	line = strings.TrimRight(s.text[s.pos:], " \t\r\n")
	digits, word, _ := strings.Cut(line, " ")
	switch word {
	case "entrie(s)", "entries", "entry":
		n, err := strconv.ParseUint(digits, 10, 31)
		return int(n), err == nil
	}
	return 0, false
}

// beginsEntry reports whether the line can be the first one of an entry, in
// any layout.
func beginsEntry(line string) bool {
	rest, ok := strings.CutPrefix(strings.TrimLeft(line, " \t-[{'\""), keys[keyUID])
	return ok && strings.HasPrefix(strings.TrimLeft(rest, "'\""), ":")
}
