// SPDX-License-Identifier: Apache-2.0

package build

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestProgressOffATerminalIsALineNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		p := newProgress(&log, "building tool v1.2.3")
		for i := 1; i <= 1500; i++ {
			p.show("%s of %s packages", thousands(i), thousands(1934))
			time.Sleep(20 * time.Millisecond)
		}
		p.end()
		want := `building tool v1.2.3: 1 of 1,934 packages, 0s
building tool v1.2.3: 501 of 1,934 packages, 10s
building tool v1.2.3: 1,001 of 1,934 packages, 20s
`
		if diff := cmp.Diff(want, log.String()); diff != "" {
			t.Errorf("progress (-want +got):\n%s", diff)
		}
	})
}

func TestProgressOnATerminalIsOneLine(t *testing.T) {
	var log strings.Builder
	p := newProgress(&log, "building tool")
	p.terminal = true
	p.show("1 of 2 packages")
	p.end()
	if want := "\rbuilding tool: 1 of 2 packages, 0s\x1b[K\r\x1b[K"; log.String() != want {
		t.Errorf("progress %q, want %q", log.String(), want)
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := thousands(n); got != want {
			t.Errorf("thousands(%d) = %q, want %q", n, got, want)
		}
	}
}
