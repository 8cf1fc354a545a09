// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"bufio"
	"io"
	"regexp"
	"time"
)

// shifted is an answer in JSON in which all times are so much later. A time has as
// many bytes as before.
type shifted struct {
	io.Closer
	lines *bufio.Reader
	by    time.Duration
	rest  []byte
	err   error
}

func newShifted(body io.ReadCloser, by time.Duration) *shifted {
	return &shifted{Closer: body, lines: bufio.NewReader(body), by: by}
}

var stamps = regexp.MustCompile(`"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"`)

func (s *shifted) Read(b []byte) (int, error) {
	if len(s.rest) == 0 && s.err == nil {
		s.rest, s.err = s.lines.ReadBytes('\n') // of which a watch has one for each event
		s.rest = stamps.ReplaceAllFunc(s.rest, s.later)
	}
	n := copy(b, s.rest)
	s.rest = s.rest[n:]
	if len(s.rest) > 0 {
		return n, nil
	}
	return n, s.err
}

func (s *shifted) later(stamp []byte) []byte {
	text := string(stamp[1 : len(stamp)-1])
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return stamp
	}
	layout := "2006-01-02T15:04:05" + zeros(text[len("2006-01-02T15:04:05"):])
	return []byte(`"` + at.Add(s.by).UTC().Format(layout) + `"`)
}

// zeros is the layout of a fraction and its Z.
func zeros(fraction string) string {
	return regexp.MustCompile(`\d`).ReplaceAllString(fraction, "0")
}
