// SPDX-License-Identifier: Apache-2.0

// Package krew tests the plugin's life with the real krew, which is a tool of this module
// and none of the plugin's.
package krew

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

const root = "../.."

// TestKrew installs, upgrades and uninstalls the plugin from an index that is served here.
func TestKrew(t *testing.T) {
	programs := t.TempDir()
	run(t, "go", "build", "-o", programs, "tool")
	run(t, "go", "-C", root, "build", "-buildvcs=false", "-o", filepath.Join(programs, "plugin"), "./cmd/kubectl-tpe")
	archive := archived(t, filepath.Join(programs, "plugin"))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(archive) }))
	t.Cleanup(server.Close)
	manifest := servedFrom(t, server.URL, archive)
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Setenv("KREW_ROOT", filepath.Join(e.WorkDir, "krew"))
			e.Setenv("KREW_NO_UPGRADE_CHECK", "1")
			e.Setenv("HOME", filepath.Join(e.WorkDir, "home"))
			path := []string{filepath.Join(e.WorkDir, "krew", "bin"), filepath.Join(e.WorkDir, "home", "bin"), programs, e.Getenv("PATH")}
			e.Setenv("PATH", strings.Join(path, string(filepath.ListSeparator)))
			for _, folder := range []string{"home/bin", "published"} {
				if err := os.MkdirAll(filepath.Join(e.WorkDir, folder), 0o755); err != nil {
					return err
				}
			}
			if err := os.WriteFile(filepath.Join(e.WorkDir, "published", "tpe.yaml"), []byte(published(t)), 0o644); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(e.WorkDir, "tpe.yaml"), []byte(manifest), 0o644)
		},
	})
}

func run(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%q: %v\n%s", args, err, out)
	}
}

// archived returns an archive of the plugin, as a release has it.
func archived(t *testing.T, program string) []byte {
	t.Helper()
	content, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	compressed := gzip.NewWriter(&out)
	archive := tar.NewWriter(compressed)
	for name, content := range map[string][]byte{"kubectl-tpe": content, "LICENSE": []byte("text")} {
		if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := compressed.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// published returns the manifest of the repository.
func published(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "plugins.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// servedFrom returns the manifest of the repository, in which the archive of this system
// is another.
func servedFrom(t *testing.T, url string, archive []byte) string {
	t.Helper()
	of := regexp.MustCompile(`uri: https://\S+_` + runtime.GOOS + "_" + runtime.GOARCH + `\.\S+\n    sha256: [0-9a-f]+`)
	text := published(t)
	changed := of.ReplaceAllString(text, fmt.Sprintf("uri: %s/plugin.tar.gz\n    sha256: %x", url, sha256.Sum256(archive)))
	if changed == text {
		t.Fatal("plugins.yaml has no archive of this system")
	}
	return changed
}
