// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"debug/buildinfo"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/test/sources"
)

const (
	// sizeBudget is the most that the stripped program may have, in bytes.
	sizeBudget = 26_000_000

	// startBudget is how much longer than an empty program --help may take.
	startBudget = 20 * time.Millisecond
)

// TestBudget guards what is easily lost by one import too many.
func TestBudget(t *testing.T) {
	program := built(t)
	info, err := os.Stat(program)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > sizeBudget {
		t.Errorf("the program has %d bytes, want %d at most", info.Size(), sizeBudget)
	}
	if added := newModules(t, program); len(added) > 0 {
		t.Errorf("modules that are not in testdata/modules.txt: %q; weigh them, and add them there", added)
	}
	checkNotices(t, program)
	help, nothing, idle := time.Hour, time.Hour, empty(t, t.TempDir())
	for range 5 { // a busy machine needs more tries
		help, nothing = min(help, start(t, program, "--help")), min(nothing, start(t, idle))
		if help-nothing <= startBudget {
			return
		}
	}
	t.Errorf("--help takes %s more than an empty program, want %s at most", help-nothing, startBudget)
}

// newModules are the modules of a program that are not in testdata/modules.txt.
func newModules(t *testing.T, program string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "modules.txt"))
	if err != nil {
		t.Fatal(err)
	}
	known := strings.Fields(string(text))
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	var added []string
	for _, dep := range info.Deps {
		if !slices.Contains(known, dep.Path) {
			added = append(added, dep.Path)
		}
	}
	return added
}

// One reachable use of text/template keeps every method of every type: the
// linker can drop none any more.
func TestNoTemplateIsReachable(t *testing.T) {
	if err := sources.Watch(); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "program")
	cmd := exec.Command("go", "build", "-trimpath", "-o", program, "./cmd/kubectl-tpe")
	cmd.Dir, cmd.Env = "..", append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	symbols, err := exec.Command("go", "tool", "nm", program).Output()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(symbols, []byte("main.newRootCmd")) {
		t.Fatal("the list of symbols is not to be trusted: it lacks main.newRootCmd")
	}
	if bytes.Contains(symbols, []byte("text/template.(*Template)")) {
		t.Error("text/template can be reached")
	}
}

// One import of client-go's clientset, or of what registers its scheme, links every kind of
// every version of Kubernetes: 11 MB.
func TestOnlyFewKindsAreLinked(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", "./cmd/kubectl-tpe")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil || !bytes.Contains(out, []byte("k8s.io/client-go/rest\n")) {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, heavy := range []string{"k8s.io/client-go/kubernetes/scheme", "k8s.io/client-go/discovery", "k8s.io/api/extensions/v1beta1"} {
		if bytes.Contains(out, []byte(heavy+"\n")) {
			t.Errorf("%s is linked; pkg/kube is there instead", heavy)
		}
	}
}

// empty builds a program that does nothing.
func empty(t *testing.T, dir string) string {
	t.Helper()
	source, program := filepath.Join(dir, "empty.go"), filepath.Join(dir, "empty")
	if err := os.WriteFile(source, []byte("package main\n\nfunc main() {}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "build", "-o", program, source).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// start is the time of a program from its start to its end: the least of many,
// for whatever else runs only adds to it.
func start(t *testing.T, args ...string) time.Duration {
	t.Helper()
	least := time.Hour
	for range 40 {
		begin := time.Now()
		if err := exec.Command(args[0], args[1:]...).Run(); err != nil {
			t.Fatal(err)
		}
		least = min(least, time.Since(begin))
	}
	return least
}
