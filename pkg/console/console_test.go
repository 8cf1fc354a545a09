// SPDX-License-Identifier: Apache-2.0

package console

import (
	"errors"
	"maps"
	"testing"
)

// Consoles understand escape sequences until they are given back, and then have the mode that they
// had. Standard output and standard error may be the same one, or none.
func TestConsolesAreGivenBack(t *testing.T) {
	const stdout, stderr = 7, 11
	for name, tt := range map[string]struct {
		consoles       map[uintptr]string // handle to name
		before, during map[string]uint32
		cannot         bool
	}{
		"one console":         {map[uintptr]string{stdout: "a", stderr: "a"}, map[string]uint32{"a": 3}, map[string]uint32{"a": 7}, false},
		"two":                 {map[uintptr]string{stdout: "a", stderr: "b"}, map[string]uint32{"a": 3, "b": 1}, map[string]uint32{"a": 7, "b": 5}, false},
		"one that understood": {map[uintptr]string{stdout: "a", stderr: "a"}, map[string]uint32{"a": 7}, map[string]uint32{"a": 7}, false},
		"standard error":      {map[uintptr]string{stderr: "a"}, map[string]uint32{"a": 3}, map[string]uint32{"a": 7}, false},
		"none":                {nil, map[string]uint32{}, map[string]uint32{}, false},
		"an old one":          {map[uintptr]string{stdout: "a", stderr: "a"}, map[string]uint32{"a": 3}, map[string]uint32{"a": 3}, true},
	} {
		modes := maps.Clone(tt.before)
		c := console{
			mode: func(handle uintptr) (uint32, error) {
				if tt.consoles[handle] == "" {
					return 0, errors.New("the handle is invalid")
				}
				return modes[tt.consoles[handle]], nil
			},
			setMode: func(handle uintptr, mode uint32) error {
				if tt.cannot {
					return errors.New("the parameter is incorrect")
				}
				modes[tt.consoles[handle]] = mode
				return nil
			},
		}
		restore := c.acceptSequences(c.modes(stdout, stderr))
		if !maps.Equal(modes, tt.during) {
			t.Errorf("%s: the modes are %v, want %v", name, modes, tt.during)
		}
		if restore(); !maps.Equal(modes, tt.before) {
			t.Errorf("%s: at the end the modes are %v, want %v", name, modes, tt.before)
		}
	}
}
