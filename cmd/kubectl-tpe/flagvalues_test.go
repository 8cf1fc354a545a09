// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/spf13/pflag"
)

func TestFlagValues(t *testing.T) {
	tests := []struct {
		value pflag.Value
		right map[string]string // what is given, and what comes of it
		wrong []string
	}{
		{new(commandLine), map[string]string{"status": "status", " node  app.js ": "node app.js"}, []string{"", " ", "\t\n"}},
		{new(stateList), map[string]string{"INIT,aborted": "INIT,ABORTED"}, []string{"", "FOO", "INIT,", "INIT,FOO"}},
		{new(objectName), map[string]string{"pum": "pum", " pum": "pum", "a.b-c": "a.b-c"}, []string{"", "  ", "a/b", "../x", "A"}},
		{new(containerName), map[string]string{"pum": "pum", " pum": "pum"}, []string{"", "  ", "a/b", "a.b", "A"}},
		{new(positive), map[string]string{"30s": "30s", "1ms": "1ms"}, []string{"0", "-1s", "", "soon"}},
		{new(byteLimit), map[string]string{"1": "1", "64Mi": "64Mi", "100m": "1", "1Gi": "1Gi"}, []string{"0", "-1", "-64Mi", "", "much", "1025Mi", "9E", "9223372036854775807", "1e40"}},
	}
	for _, tt := range tests {
		for given, want := range tt.right {
			if err := tt.value.Set(given); err != nil || tt.value.String() != want {
				t.Errorf("%T: Set(%q): %v, is %q, want %q", tt.value, given, err, tt.value.String(), want)
			}
		}
		before := tt.value.String()
		for _, given := range tt.wrong {
			if err := tt.value.Set(given); err == nil || tt.value.String() != before {
				t.Errorf("%T: Set(%q): no error, is %q", tt.value, given, tt.value.String())
			}
		}
	}
}
