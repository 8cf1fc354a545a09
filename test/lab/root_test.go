// SPDX-License-Identifier: Apache-2.0

package main

import "testing"

func TestWhereALabCanRun(t *testing.T) {
	tests := []struct {
		system string
		user   int
		want   string // the whole message: it is what the user reads
	}{
		{"linux", 0, ""},
		{"darwin", 0, "needs root on Linux (this is darwin); make check runs everything that needs no cluster"},
		{"linux", 1000, "needs root on Linux (this is user 1000); make check runs everything that needs no cluster"},
	}
	for _, test := range tests {
		got := ""
		if err := supported(test.system, test.user); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("supported(%q, %d) = %q, want %q", test.system, test.user, got, test.want)
		}
	}
}
