// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
)

func TestColors(t *testing.T) {
	tests := []struct {
		name string
		env  string // NAME=value,…
		look viewFlags
		pipe bool
		term bool
	}{
		{name: "by default on a terminal only", term: true},
		{name: "not if nobody wants them", env: "NO_COLOR=1"},
		{name: "an empty NO_COLOR says nothing", env: "NO_COLOR=", term: true},
		{name: "forced", env: "FORCE_COLOR=1", pipe: true, term: true},
		{name: "not forced", env: "FORCE_COLOR=0", term: true},
		{name: "unwanted and forced", env: "NO_COLOR=1,FORCE_COLOR=1"},
		{name: "a dumb terminal", env: "TERM=dumb"},
		{name: "a dumb terminal, forced", env: "TERM=dumb,FORCE_COLOR=1", pipe: true, term: true},
		{name: "accessible", look: viewFlags{accessible: true}},
		{name: "accessible and forced", look: viewFlags{accessible: true}, env: "FORCE_COLOR=1"},
		{name: "always", look: viewFlags{color: "always"}, env: "NO_COLOR=1,TERM=dumb", pipe: true, term: true},
		{name: "never", look: viewFlags{color: "never"}, env: "FORCE_COLOR=1"},
		{name: "auto", look: viewFlags{color: "auto"}, term: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, name := range []string{"NO_COLOR", "FORCE_COLOR", "TERM"} {
				t.Setenv(name, "")
			}
			for _, pair := range strings.Split(tt.env, ",") {
				if name, value, ok := strings.Cut(pair, "="); ok {
					t.Setenv(name, value)
				}
			}
			if pipe, term := tt.look.colors(false), tt.look.colors(true); pipe != tt.pipe || term != tt.term {
				t.Errorf("colors in a pipe: %v, on a terminal: %v, want %v, %v", pipe, term, tt.pipe, tt.term)
			}
		})
	}
}

// The first variable that says something decides.
func TestLocale(t *testing.T) {
	for env, want := range map[string]bool{
		"": true, "LANG=en_US.UTF-8": true, "LC_CTYPE=UTF-8": true, "LANG=de_DE.utf8@euro": true, "LANG=C,LC_ALL=C.UTF-8": true,
		"LC_ALL=C": false, "LANG=POSIX": false, "LANG=en_US.ISO-8859-1": false, "LANG=en_US.UTF-8,LC_CTYPE=C": false, "LC_ALL=,LANG=C": false,
	} {
		getenv := func(name string) string {
			for _, pair := range strings.Split(env, ",") {
				if value, ok := strings.CutPrefix(pair, name+"="); ok {
					return value
				}
			}
			return ""
		}
		if got := inUTF8("linux", getenv); got != want {
			t.Errorf("%q: %v, want %v", env, got, want)
		}
		if !inUTF8("windows", getenv) {
			t.Errorf("%q on Windows: a console without UTF-8", env)
		}
	}
}
