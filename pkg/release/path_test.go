// SPDX-License-Identifier: Apache-2.0

package release

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func version(t *testing.T, text string) Version {
	t.Helper()
	v, err := ParseVersion(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestPath(t *testing.T) {
	tests := []struct{ from, to, want string }{
		{"8.0.0", "8.0.0", ""},
		{"7.3.6", "8.0.0", "7.3.6 to 8.0.0 by the 8.0 upgrade Procedure on 1.26, 1.27"},
		{"7.3.1", "8.0.0", "7.3.1 to 7.3.6 by the Generic procedure on 1.24, 1.25, 1.26, 1.27; 7.3.6 to 8.0.0 by the 8.0 upgrade Procedure on 1.26, 1.27"},
		{"7.3.4c", "8.0.0", "7.3.4c to 7.3.6 by the Generic procedure on 1.24, 1.25, 1.26, 1.27; 7.3.6 to 8.0.0 by the 8.0 upgrade Procedure on 1.26, 1.27"},
		{"7.3.1", "7.3.4", "7.3.1 to 7.3.4 by the Generic procedure on 1.24, 1.25, 1.26, 1.27"},
		{"7.2.2c", "8.0.0", "7.2.2c to 7.3.6 by the 7.3 upgrade Procedure; 7.3.6 to 8.0.0 by the 8.0 upgrade Procedure on 1.26, 1.27"},
		{"7.2.0", "7.3.1", "7.2.0 to 7.2.2c by the Generic procedure; 7.2.2c to 7.3.1 by the 7.3 upgrade Procedure"},
		{"7.1.0", "7.2.2c", "7.1.0 to 7.1.3a by the Generic procedure on 1.21; 7.1.3a to 7.2.2c by the 7.2 upgrade Procedure"},
		// No version of Kubernetes is supported by both.
		{"8.0.0", "8.0.1", "8.0.0 to 8.0.1 by the Generic procedure, no common Kubernetes"},
		{"8.0.1", "8.0.2", "8.0.1 to 8.0.2 by the Generic procedure on 1.30"},
		{"8.0.0", "8.0.2", "8.0.0 to 8.0.1 by the Generic procedure, no common Kubernetes; 8.0.1 to 8.0.2 by the Generic procedure on 1.30"},
		{"7.3.6", "8.0.1", "7.3.6 to 8.0.0 by the 8.0 upgrade Procedure on 1.26, 1.27; 8.0.0 to 8.0.1 by the Generic procedure, no common Kubernetes"},
		{"7.3.6", "8.0.2", "7.3.6 to 8.0.0 by the 8.0 upgrade Procedure on 1.26, 1.27; 8.0.0 to 8.0.1 by the Generic procedure, no common Kubernetes; 8.0.1 to 8.0.2 by the Generic procedure on 1.30"},
		// Releases that are not public.
		{"7.3.9", "8.0.0", "7.3.9 to 8.0.0 by the 8.0 upgrade Procedure on 1.26, 1.27"},
		{"7.3.6", "7.4.0", "7.3.6 to 7.4.0 by the 7.4 upgrade Procedure"},
		{"7.3.4", "7.4.0", "7.3.4 to 7.3.6 by the Generic procedure on 1.24, 1.25, 1.26, 1.27; 7.3.6 to 7.4.0 by the 7.4 upgrade Procedure"},
		{"8.0.2", "8.0.7", "8.0.2 to 8.0.7 by the Generic procedure on 1.30, 1.32, 1.33"},
		{"8.0.0", "9.1.0", "8.0.0 to 8.0.1 by the Generic procedure, no common Kubernetes; 8.0.1 to 8.0.2 by the Generic procedure on 1.30; 8.0.2 to 9.1.0 by the 9.1 upgrade Procedure"},
	}
	for _, tt := range tests {
		steps, err := Path(version(t, tt.from), version(t, tt.to))
		if err != nil {
			t.Errorf("%s to %s: %v", tt.from, tt.to, err)
		}
		var got []string
		for _, s := range steps {
			text := fmt.Sprintf("%s to %s by the %s", s.From, s.To, s.Procedure)
			if s.Gap {
				text += ", no common Kubernetes"
			} else if len(s.Kubernetes) > 0 {
				text += " on " + strings.Join(s.Kubernetes, ", ")
			}
			got = append(got, text)
			if s.Why == "" {
				t.Errorf("%s: no reason", text)
			}
		}
		if text := strings.Join(got, "; "); text != tt.want {
			t.Errorf("%s to %s:\n got %s\nwant %s", tt.from, tt.to, text, tt.want)
		}
	}
}

func TestNoPathBack(t *testing.T) {
	for _, tt := range [][2]string{{"8.0.0", "7.3.6"}, {"7.3.4b", "7.3.4a"}, {"7.3.4a", "7.3.4"}} {
		if steps, err := Path(version(t, tt[0]), version(t, tt[1])); !errors.Is(err, ErrDowngrade) || steps != nil {
			t.Errorf("%v: %v, %v", tt, steps, err)
		}
	}
}

// Every way between two releases, public or not, begins and ends where it should, leads
// forward with each step, and goes beyond its end with none.
func TestEveryPathLeadsForward(t *testing.T) {
	all := Releases()
	for _, text := range []string{"6.9.9", "7.1.9", "7.2.9", "7.3.0", "7.3.9", "7.4.0", "7.4.2", "7.5.0a", "8.0.9", "8.1.0", "9.0.0", "9.1.0"} {
		all = append(all, version(t, text))
	}
	slices.SortFunc(all, Version.Compare)
	all = slices.Compact(all)
	for i, from := range all {
		if testing.Short() && i%7 != 0 {
			continue
		}
		for _, to := range all[i+1:] {
			steps, err := Path(from, to)
			if err != nil || len(steps) == 0 || len(steps) > 8 || steps[0].From != from.String() || steps[len(steps)-1].To != to.String() {
				t.Errorf("%s to %s: %v, %v", from, to, steps, err)
				continue
			}
			at := from
			for _, s := range steps {
				next := version(t, s.To)
				if s.From != at.String() || next.Compare(at) <= 0 || next.Compare(to) > 0 {
					t.Errorf("%s to %s: step from %s to %s", from, to, s.From, s.To)
				}
				at = next
			}
		}
	}
}

func TestSupportOf(t *testing.T) {
	tests := []struct{ release, want string }{
		{"7.1.0", "1.21 and newer of 7.1.0"},
		{"7.1.3a", "1.21 and newer of 7.1.0"},
		{"7.2.2c", ""},
		{"7.3.0", "1.24, 1.25, 1.26 of 7.3.0"},
		{"7.3.6", "1.24, 1.25, 1.26, 1.27 of 7.3.1"},
		{"8.0.0", "1.26, 1.27, 1.28 of 8.0.0"},
		{"8.0.1", "1.29, 1.30, 1.31 of 8.0.1"},
		{"8.0.2", "1.30, 1.32, 1.33 of 8.0.2"},
		{"9.0.0", ""},
	}
	for _, tt := range tests {
		s, known := SupportOf(version(t, tt.release))
		got := ""
		if known {
			got = fmt.Sprintf("%s of %s", s, s.Since)
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.release, got, tt.want)
		}
	}
	old, _ := SupportOf(version(t, "7.1.0"))
	if old.Has(20) || !old.Has(21) || !old.Has(30) {
		t.Error("1.21 and newer is not 1.21 and newer")
	}
}

func TestParseVersionRefuses(t *testing.T) {
	for _, text := range []string{"", "8", "8.0", "8.0.0.1", "8.0.0-rc.1", "8.0.0ab", " 8.0.0", "latest", "12345.0.0"} {
		if v, err := ParseVersion(text); err == nil {
			t.Errorf("%q is read as %s", text, v)
		}
	}
}
