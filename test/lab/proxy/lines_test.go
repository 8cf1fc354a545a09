// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
)

func TestLogsAreCutAfterLines(t *testing.T) {
	var cuts atomic.Int64
	text := strings.Repeat("a line of a log that is so long that its break is far away\n", 7)
	line := text[:len(text)/7]
	for _, want := range []struct {
		text string
		err  error
	}{{strings.Repeat(line, 3), nil}, {strings.Repeat(line, 3) + line[:40], io.ErrUnexpectedEOF}} {
		got, err := io.ReadAll(&cut{ReadCloser: io.NopCloser(strings.NewReader(text)), left: 3, cuts: &cuts})
		if string(got) != want.text || !errors.Is(err, want.err) {
			t.Errorf("read %q and error %v, want %q and %v", got, err, want.text, want.err)
		}
	}
	if cuts.Load() != 2 {
		t.Errorf("%d cuts, want 2", cuts.Load())
	}
}
