// SPDX-License-Identifier: Apache-2.0

//go:build linux

package fault

import (
	"bytes"
	"testing"
	"time"
)

// A command has the memory of its own processes, not that of the one that started it.
func TestMemoryIsThatOfTheCommand(t *testing.T) {
	const much = 300 << 20
	mine := bytes.Repeat([]byte("x"), much)
	for run, large := range map[string]bool{"sleep 0.2": false, "sh -c 'head -c 400m /dev/zero | tail -c 350m | { sleep 0.2; wc -c; }'": true} {
		c, err := Fault{Run: run}.Start(t.TempDir(), nil)
		if err != nil {
			t.Fatal(err)
		}
		r, err := c.End(t.Context(), time.Minute)
		if err != nil || r.Exit != 0 || r.Memory == 0 || (r.Memory > much) != large {
			t.Errorf("%s: %d bytes, exit code %d: %v\n%s", run, r.Memory, r.Exit, err, r.Stderr)
		}
	}
	if len(mine) != much {
		t.Error("this is here to be kept until here")
	}
}
