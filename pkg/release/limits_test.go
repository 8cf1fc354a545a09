// SPDX-License-Identifier: Apache-2.0

package release

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// What is kept of a release is as large as the limits, and no larger.
func TestLimits(t *testing.T) {
	levels := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	values := func(n int) string { return "[1" + strings.Repeat(",1", n-2) + "]" } // the list is one
	for _, tt := range []struct {
		name, text string
		limit      int
		want       string
	}{
		{"as many bytes", `{"a": [1, 2]}`, len(`{"a":[1,2]}`), ""},
		{"one byte more", `{"a":[1,2]}`, len(`{"a":[1,2]}`) - 1, "it has more than 10 bytes, which no real release has"},
		{"a text of as many bytes", `"abc"`, 5, ""},
		{"a text of one byte more", `"abc"`, 4, "it has more than 4 bytes, which no real release has"},
		{"as many bytes, and then its end", `[1,2`, 4, "unexpected EOF"},
		{"as many levels", levels(depthLimit), 1 << 20, ""},
		{"one level more", levels(depthLimit + 1), 1 << 20, "it has more than 100 levels, which no real release has"},
		{"as many values", values(nodeLimit), 1 << 20, ""},
		{"one value more", values(nodeLimit + 1), 1 << 20, "it has more than 100000 values, which no real release has"},
	} {
		var into any
		err := newScanner(strings.NewReader(tt.text+" ")).decode(tt.limit, &into)
		if err == nil && tt.want != "" || err != nil && err.Error() != tt.want {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
	for n, want := range map[int]string{64<<10 - 2: "", 64<<10 - 1: "it has more than 65536 bytes, which no real release has"} {
		s := newScanner(strings.NewReader(`{"` + strings.Repeat("k", n) + `":1}`))
		err := s.members(func(key string) error {
			if len(key) != n {
				t.Errorf("a key of %d bytes, want %d", len(key), n)
			}
			return s.skip()
		})
		if err == nil && want != "" || err != nil && err.Error() != want {
			t.Errorf("a key of %d bytes: %v, want %q", n, err, want)
		}
	}
	for n, want := range map[int]string{1<<10 - 1: "", 1 << 10: "a number is too long"} {
		err := newScanner(strings.NewReader(strings.Repeat("1", n) + ",")).skip()
		if err == nil && want != "" || err != nil && err.Error() != want {
			t.Errorf("a number of %d digits: %v, want %q", n, err, want)
		}
	}
	for left, want := range map[int]bool{3: true, 2: false} {
		text, err := io.ReadAll(&limited{strings.NewReader("abc"), left})
		if size := (*SizeError)(nil); errors.As(err, &size) == want || want && string(text) != "abc" {
			t.Errorf("three bytes of %d: %q, %v", left, text, err)
		}
	}
}

// What JSON is, as far as it is read over.
func TestScan(t *testing.T) {
	for text, want := range map[string]string{
		`{}`: "", `{"a":1}`: "", `{"a":1,"b":[{}]}`: "", `null`: "", ` { "a" : true } `: "",
		`{"a":1,}`: `want a key, have '}'`, `{,}`: `want a key, have ','`, `{"a":]}`: `want a value, have ']'`, `{"a":,}`: `want a value, have ','`,
		`{"a":"\"`: "unexpected EOF", `{"a":@}`: "invalid character '@' looking for beginning of value", `{"a":1`: "unexpected EOF",
	} {
		s := newScanner(strings.NewReader(text + " "))
		err := s.members(func(string) error { return s.skip() })
		if err == nil && want != "" || err != nil && err.Error() != want {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	const in, out = "azAZ09+-.", "`{@[/:, \"\n"
	for _, c := range []byte(in + out) {
		if got := isLiteral(c); got != strings.ContainsRune(in, rune(c)) {
			t.Errorf("%q in a number or a word: %v", c, got)
		}
	}
}

func TestStuckFor(t *testing.T) {
	now := time.Date(2026, 3, 14, 22, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		status string
		age    time.Duration
		want   bool
	}{
		{StatusPendingUpgrade, time.Hour, false}, {StatusPendingUpgrade, time.Hour + 1, true}, {StatusUninstalling, 2 * time.Hour, true}, {StatusDeployed, 2 * time.Hour, false},
	} {
		for _, r := range []Release{{Status: tt.status, BegunAt: now.Add(-tt.age), UpdatedAt: now}, {Status: tt.status, UpdatedAt: now.Add(-tt.age)}} {
			if got := r.Stuck(now); got != tt.want {
				t.Errorf("%s for %s: %v", tt.status, tt.age, got)
			}
		}
	}
}

func TestSwapped(t *testing.T) {
	for _, tt := range []struct {
		name, chart, problem string
		want                 bool
	}{
		{"tpe", "thingpark-enterprise", "", false}, {"tpe", "thingpark-data-controllers", "", true}, {"tpe-data-controllers", "thingpark-enterprise", "", true},
		{"tpe", "nginx", "", false}, {"prod", "thingpark-data", "", false}, {"tpe", "thingpark-data", "damaged", false},
	} {
		r := Release{Name: tt.name, Chart: tt.chart, Problem: tt.problem}
		if got := r.Swapped(); got != tt.want {
			t.Errorf("%s with chart %s: %v", tt.name, tt.chart, got)
		}
	}
}

// What Helm said is as long as is shown, or says that there was more.
func TestShortened(t *testing.T) {
	for n, more := range map[int]string{4095: "", 4096: "", 4097: "…"} {
		if got := shortened(strings.Repeat("x", n)); got != strings.Repeat("x", min(n, 4096))+more {
			t.Errorf("%d: %d bytes", n, len(got))
		}
	}
}

func TestSecretNames(t *testing.T) {
	for name, want := range map[string]int{
		"sh.helm.release.v1.tpe.v1": 1, "sh.helm.release.v1.tpe.v10": 10, "sh.helm.release.v1.a.v2.v3": 3, "sh.helm.release.v1.t.v1": 1,
		"sh.helm.release.v1.tpe.v0": 0, "sh.helm.release.v1.tpe.v-1": 0, "sh.helm.release.v1..v1": 0, "sh.helm.release.v1.tpe": 0, "tpe.v1": 0, "sh.helm.release.v1.tpe.vx": 0,
	} {
		release, revision, ok := cutSecretName(name)
		if ok != (want > 0) || ok && (revision != want || SecretName(release, revision) != name) {
			t.Errorf("%s: %q %d, %v", name, release, revision, ok)
		}
	}
}

// A secret that is much younger than what Helm says was restored.
func TestWhenHelmBegan(t *testing.T) {
	created := time.Date(2026, 3, 14, 22, 0, 0, 0, time.UTC)
	for ago, want := range map[time.Duration]time.Time{0: created, 24 * time.Hour: created, 24*time.Hour + time.Second: created.Add(-24*time.Hour - time.Second), -time.Hour: created} {
		r := &Revision{BegunAt: created}
		if r.begunBy(created.Add(-ago)); !r.BegunAt.Equal(want) {
			t.Errorf("Helm says %s before: %s, want %s", ago, r.BegunAt, want)
		}
	}
	r, ok := newRevision(metav1.ObjectMeta{Name: "sh.helm.release.v1.tpe.v2", CreationTimestamp: metav1.NewTime(created), Labels: map[string]string{"createdAt": "1000", "modifiedAt": "2000"}})
	if !ok || !r.UpdatedAt.Equal(time.Unix(2000, 0)) || !r.BegunAt.Equal(time.Unix(1000, 0)) {
		t.Errorf("%+v, %v", r, ok)
	}
}

func TestSupportHas(t *testing.T) {
	some, newer := Support{Minors: []int{24, 26}}, Support{Minors: []int{21}, Newer: true}
	for minor, want := range map[int][2]bool{20: {false, false}, 21: {false, true}, 22: {false, true}, 24: {true, true}, 25: {false, true}, 26: {true, true}, 27: {false, true}} {
		if got := [2]bool{some.Has(minor), newer.Has(minor)}; got != want {
			t.Errorf("1.%d: %v, want %v", minor, got, want)
		}
	}
	if got := versionsOf(some.common(newer)); got != "1.24, 1.26" {
		t.Errorf("in common: %s", got)
	}
}
