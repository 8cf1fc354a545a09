// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// quotedLines and quotedBytes are how much of a text is quoted.
const (
	quotedLines = 40
	quotedBytes = 8 << 10
)

// WriteQuoted writes what a pod printed, each line of it with a mark, so that none can pass
// for one of ours. Of long texts it writes the end, where a program says how it went.
func WriteQuoted(w io.Writer, mark string, v View, texts ...[]byte) error {
	var b bytes.Buffer
	for _, text := range texts {
		text = bytes.TrimSpace(text)
		if len(text) == 0 {
			continue
		}
		kept := text[max(0, len(text)-quotedBytes):]
		lines := strings.Split(string(kept), "\n")
		lines = lines[max(0, len(lines)-quotedLines):]
		if left := len(text) - len(strings.Join(lines, "\n")); left > 0 {
			fmt.Fprintf(&b, "%s(%d bytes before are not shown)\n", mark, left)
		}
		for _, line := range lines {
			fmt.Fprintf(&b, "%s%s\n", mark, v.Line(strings.TrimRight(line, "\r")))
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}
