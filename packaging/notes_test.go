// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

const changelog = `# Changelog

## 1.3.0, not released yet

Later.

## 1.2.3, 2026-01-31

Now: [rights](docs/rights.md#by-command), [krew](https://krew.sigs.k8s.io).

### More

- Text.

## 1.2.0

Before.
`

func TestNotes(t *testing.T) {
	for _, tt := range []struct{ version, want, problem string }{
		{"v1.2.3", "Now: [rights](" + home + "/blob/v1.2.3/docs/rights.md#by-command), [krew](https://krew.sigs.k8s.io).\n\n### More\n\n- Text.\n", ""},
		{"v1.2.0", "Before.\n", ""},
		{"v1.2", "", "the changelog has nothing of v1.2"},
		{"v1.3.0", "", "the changelog says that v1.3.0 is not released yet"},
	} {
		got, err := notes(changelog, tt.version)
		if err != nil && err.Error() != tt.problem || err == nil && tt.problem != "" || got != tt.want {
			t.Errorf("%s: %v, want %q\n got %s\nwant %s", tt.version, err, tt.problem, got, tt.want)
		}
	}
}

// The changelog begins with the release that the Makefile makes.
func TestChangelogHasTheRelease(t *testing.T) {
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	release := regexp.MustCompile(`(?m)^RELEASE := v(.+)$`).FindSubmatch(makefile)
	changes, err := os.ReadFile("../CHANGELOG.md")
	if err != nil || release == nil {
		t.Fatalf("release %q, %v", release, err)
	}
	_, first, _ := strings.Cut(string(changes), "\n## ")
	if !regexp.MustCompile(`^` + regexp.QuoteMeta(string(release[1])) + `[,\n]`).MatchString(first) {
		t.Errorf("the changelog begins with %.40q, and the release is %s", first, release[1])
	}
}
