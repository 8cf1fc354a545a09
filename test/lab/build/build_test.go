// SPDX-License-Identifier: Apache-2.0

package build

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// newBuilder has a module with one program, tool, as its source.
func newBuilder(t *testing.T, main string) (*Builder, component) {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "source", "tool", "go.mod"), "module example.invalid/tool\n\ngo 1.26\n")
	write(t, filepath.Join(dir, "source", "tool", "main.go"), main)
	b := &Builder{Cache: filepath.Join(dir, "cache"), Source: filepath.Join(dir, "source"), Log: t.Output()}
	return b, component{name: "tool", version: "v1.2.3", module: "tool", inputs: []string{"go.mod", "main.go"}, targets: []string{"."}}
}

const hello = "package main\n\nfunc main() { println(\"hello\") }\n"

func TestBuildMakesPrograms(t *testing.T) {
	b, c := newBuilder(t, hello)
	dir, err := b.build(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(filepath.Join(dir, "tool")).CombinedOutput()
	if err != nil || string(out) != "hello\n" {
		t.Errorf("the program says %q, %v, want hello", out, err)
	}
	if name := filepath.Base(dir); !strings.HasPrefix(name, "tool-v1.2.3-go1.") {
		t.Errorf("built into %q, want its name to begin with tool-v1.2.3-go1.", name)
	}
}

func TestBuildTrustsNothingHalfDone(t *testing.T) {
	b, c := newBuilder(t, hello)
	key, err := b.key(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(b.Cache, key+".partial", "tool"), "half")
	write(t, filepath.Join(b.Cache, key+".partial", "rest"), "rest")
	dir, err := b.build(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "rest")); err == nil {
		t.Error("a file of a build that was killed is in the cache")
	}
	if err := exec.Command(filepath.Join(dir, "tool")).Run(); err != nil {
		t.Errorf("the program does not run: %v", err)
	}
}

func TestBuildThatFailsSaysWhy(t *testing.T) {
	b, c := newBuilder(t, "package main\n\nfunc main() { nothing() }\n")
	_, err := b.build(t.Context(), c)
	if err == nil || !strings.Contains(err.Error(), "undefined: nothing") {
		t.Fatalf("build of a broken program = %v, want what the compiler says", err)
	}
	if built, _ := filepath.Glob(filepath.Join(b.Cache, "tool-*[0-9a-f]")); len(built) > 0 {
		t.Errorf("a build that failed is in the cache: %q", built)
	}
}

func TestKeyFollowsInputs(t *testing.T) {
	b, c := newBuilder(t, hello)
	first, err := b.key(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(b.Source, "tool", "main.go"), hello+"\n")
	source, err := b.key(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	c.flags = []string{"-tags=other"}
	flags, err := b.key(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if first == source || source == flags {
		t.Errorf("keys %q, %q after a change of source, %q of flags: want three", first, source, flags)
	}
}

func TestVersions(t *testing.T) {
	b, err := New(t.Output())
	if err != nil {
		t.Fatal(err)
	}
	for minor, want := range map[string]string{"1.28": "v1.28.15", "1.30": "v1.30.14", "1.33": "v1.33.13", "1.36": "v1.36.3"} {
		if got, err := b.Version(minor); err != nil || got != want {
			t.Errorf("Version(%q) = %q, %v, want %q", minor, got, err, want)
		}
	}
	_, err = b.Version("1.29")
	if want := `no Kubernetes "1.29": want one of 1.28, 1.30, 1.33, 1.36 in K8S`; err == nil || err.Error() != want {
		t.Errorf("Version(1.29) = %v, want %s", err, want)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
