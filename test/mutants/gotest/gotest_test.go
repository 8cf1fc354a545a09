// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const sample = `package sample

import "time"

const limit = 2 * time.Second

func Sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

func Sum(n int) (sum int) {
	for i := 0; i < n; i++ {
		sum = sum + i
	}
	return sum
}

func Name(a string) string { return "x" + a }

func Late(d time.Duration) bool { return d >= limit }

func Unseen(n int) int { return n * 2 }
`

const sampleTest = `package sample

import (
	"testing"
	"time"
)

func TestAll(t *testing.T) {
	if Sign(-3) != -1 || Sign(3) != 1 || Sum(4) != 6 || Name("a") != "xa" || Late(time.Second) || !Late(3*time.Second) {
		t.Error("wrong")
	}
}

func TestSlow(t *testing.T) {
	if !testing.Short() && Sign(0) != 0 {
		t.Error("wrong")
	}
}
`

// A change is killed if a quick test fails or does not end, lives if none does, and is not
// viable if it does not compile, whether all changes were compiled at once or it has to be compiled.
func TestChanges(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	command, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GO", command)
	t.Setenv("GOFLAGS", "")
	t.Setenv("MUTANTS", t.TempDir())
	put := func(dir, name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(dir, "go.mod", "module sample\n\ngo 1.24\n")
	put(dir, "sample.go", sample)
	put(dir, "sample_test.go", sampleTest)
	if c, err := run([]string{"test", "-cover", "-coverprofile", "profile", "./..."}); c != 0 || err != nil {
		t.Fatalf("exit code %d, %v", c, err)
	}
	profile, err := os.ReadFile("profile")
	if err != nil {
		t.Fatal(err)
	}
	for where, want := range map[string]bool{
		"sample/sample.go:5.1,5.30 1 1": true, "sample/sample.go:9.7,9.12 1 1": true, "sample/sample.go:11.7,11.12 1 1": true, "sample/sample.go:28.24,28.40 1 0": true, "sample/sample.go:28.24,28.40 1 1": false,
	} {
		if got := strings.Contains(string(profile), where); got != want {
			t.Errorf("%s: %v in the profile:\n%s", where, got, profile)
		}
	}
	changed := t.TempDir()
	put(changed, "go.mod", "module sample\n\ngo 1.24\n")
	put(changed, "sample_test.go", sampleTest)
	for _, tt := range []struct {
		old, new string
		want     int
	}{
		{"n < 0", "n >= 0", killed}, {"n < 0", "n <= 0", lived}, {"n > 0", "n <= 0", killed},
		{"sum + i", "sum - i", killed}, {"i++", "i--", killed}, {"return -1", "return +1", killed},
		{"2 * time", "2 / time", killed}, {"d >= limit", "d > limit", lived},
		{`"x" + a`, `"x" - a`, notViable}, {"i < n", "i = n", notViable},
	} {
		put(changed, "sample.go", strings.Replace(sample, tt.old, tt.new, 1))
		if got, err := try(changed); got != tt.want || err != nil {
			t.Errorf("%s instead of %s: exit code %d, %v; want %d", tt.new, tt.old, got, err, tt.want)
		}
	}
	put(changed, "sample.go", sample)
	if _, err := try(changed); err == nil {
		t.Error("no change is one")
	}
}
