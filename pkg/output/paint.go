// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bytes"
	"regexp"
	"strings"
)

// The colors of a screen, as terminals know them.
const (
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	bold   = "\x1b[1m"
	reset  = "\x1b[m"
)

// hue returns the color of a line's first word. It only repeats what the word says: color
// carries no information of its own.
func hue(word string) string {
	switch word {
	case "DONE":
		return green
	case "FAILED", "ERROR":
		return red
	case "PENDING", "UNKNOWN", "FORBIDDEN", "WARNING", "IMPACT":
		return yellow
	}
	if word != "" && strings.ToUpper(word) == word && strings.ToLower(word) != word {
		return bold // a title
	}
	return ""
}

// paint colors the first words of a screen's lines. Those are always words of this package:
// other text stands further right, or is the name of an object, which has no capitals.
func (v View) paint(screen []byte) []byte {
	if !v.Color {
		return screen
	}
	var b bytes.Buffer
	for line := range strings.Lines(string(screen)) {
		word, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if color := hue(word); color != "" {
			line = color + word + reset + strings.TrimPrefix(line, word)
		}
		b.WriteString(line)
	}
	return b.Bytes()
}

// colors are what paint adds.
var colors = regexp.MustCompile("\x1b\\[[0-9]*m")

// unpainted returns a line without its colors.
func unpainted(line string) string {
	if !strings.ContainsRune(line, '\x1b') {
		return line
	}
	return colors.ReplaceAllString(line, "")
}
