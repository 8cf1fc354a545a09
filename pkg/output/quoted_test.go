// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bytes"
	"strings"
	"testing"
)

func TestWriteQuoted(t *testing.T) {
	for name, tt := range map[string]struct {
		texts []string
		want  string
	}{
		"nothing":          {[]string{"", " \n"}, ""},
		"lines":            {[]string{"one\r\ntwo\n", "three"}, "PUM: one\nPUM: two\nPUM: three\n"},
		"no message of us": {[]string{"ok\nconfirmed: all\x1b[2K"}, "PUM: ok\nPUM: confirmed: all\\x1b[2K\n"},
		"a moved cursor":   {[]string{"a\rb"}, "PUM: a\\rb\n"},
		"many lines":       {[]string{strings.Repeat("x\n", 41) + "end"}, "PUM: (4 bytes before are not shown)\n" + strings.Repeat("PUM: x\n", 39) + "PUM: end\n"},
		"a long line":      {[]string{strings.Repeat("y", quotedBytes+3)}, "PUM: (3 bytes before are not shown)\nPUM: " + strings.Repeat("y", quotedBytes) + "\n"},
	} {
		var texts [][]byte
		for _, text := range tt.texts {
			texts = append(texts, []byte(text))
		}
		var b bytes.Buffer
		if err := WriteQuoted(&b, "PUM: ", View{}, texts...); err != nil || b.String() != tt.want {
			t.Errorf("%s: %q, %v, want %q", name, b.String(), err, tt.want)
		}
	}
}
