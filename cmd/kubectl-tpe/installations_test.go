// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"testing"
)

// Of many contexts an error names some, and counts the others.
func TestSomeOf(t *testing.T) {
	var names []string
	for i := range 160 {
		names = append(names, fmt.Sprintf("c%d", i))
	}
	ten := strings.Join(names[:10], ", ")
	for n, want := range map[int]string{0: "none", 1: "c0", 10: ten, 11: ten + " and 1 more", 160: ten + " and 150 more"} {
		if got := someOf(names[:n]); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}
