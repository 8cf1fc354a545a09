// SPDX-License-Identifier: Apache-2.0

package main

import (
	"debug/buildinfo"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
)

func folderWith(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestNotices(t *testing.T) {
	text, err := notices([]moduleFolder{
		{"example.com/a", "v1.0.0", folderWith(t, map[string]string{"LICENSE": "same\n", "forked/COPYING": "other", "NOTICE": "notice of a"})},
		{"example.com/b", "v2.0.0", folderWith(t, map[string]string{"LICENSE.txt": "same", "license.go": "code", "testdata/LICENSE": "not linked"})},
	})
	if err != nil {
		t.Fatal(err)
	}
	for part, want := range map[string]int{
		"\nsame\n": 1, "\nother\n": 1, "\nnotice of a\n": 1, "not linked": 0,
		"example.com/a v1.0.0, LICENSE\nexample.com/b v2.0.0, LICENSE.txt\n": 1,
	} {
		if got := strings.Count(string(text), part); got != want {
			t.Errorf("%q is there %d times, want %d", part, got, want)
		}
	}
}

func TestNoLicenseIsAnError(t *testing.T) {
	_, err := notices([]moduleFolder{{"example.com/a", "v1.0.0", folderWith(t, map[string]string{"README.md": "x"})}})
	if err == nil || !strings.Contains(err.Error(), "example.com/a v1.0.0 has no license") {
		t.Errorf("got %v", err)
	}
}

// The program itself says what must be in its notices.
func checkNotices(t *testing.T, program string) {
	t.Helper()
	text, err := thirdPartyNotices("..", program)
	if err != nil {
		t.Fatal(err)
	}
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	for _, dep := range append(info.Deps, &debug.Module{Path: "Go's standard library", Version: info.GoVersion}) {
		if !strings.Contains(string(text), "\n"+dep.Path+" "+dep.Version+", LICENSE") {
			t.Errorf("the notices lack the license of %s %s", dep.Path, dep.Version)
		}
	}
}
