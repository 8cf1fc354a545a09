// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

const version = "v1.2.3"

// archives makes a folder with something for each target.
func archives(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, target := range targets {
		if err := os.WriteFile(filepath.Join(dir, target.archive(version)), []byte(target.archive(version)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestManifest(t *testing.T) {
	text, err := manifest(archives(t), version)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate(text); err != nil {
		t.Errorf("a manifest of ours is refused: %v", err)
	}
	if _, err := manifest(t.TempDir(), version); err == nil {
		t.Error("a manifest was made without archives")
	}
}

// TestMistakes plants one mistake at a time.
func TestMistakes(t *testing.T) {
	good, err := manifest(archives(t), version)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, old, new, want string }{
		{"version of the format", "v1alpha2", "v1", "apiVersion"},
		{"kind", "kind: Plugin", "kind: Plugins", "kind"},
		{"name", "name: tpe", "name: kubectl-tpe", "name"},
		{"version without v", "version: v1.2.3", "version: 1.2.3", "version"},
		{"homepage", "homepage: https", "homepage: http", "homepage"},
		{"long short description", "to the end", "to the very end of them", "shortDescription"},
		{"full stop", "to the end", "to the end.", "full stop"},
		{"examples", "Answers in one", "kubectl tpe wait in one", "examples"},
		{"long line", "Answers in one command", "Answers in one single and very short command line", "80 characters"},
		{"unknown field", "spec:\n", "spec:\n  licence: x\n", "licence"},
		{"selector", "arch: arm64", "arch: arm", "selector"},
		{"twice", "arch: arm64", "arch: amd64", "twice"},
		{"program of Windows", "bin: kubectl-tpe.exe", "bin: kubectl-tpe", "bin"},
		{"address", "_linux_amd64.tar.gz", "_linux.tar.gz", "uri"},
		{"checksum", "sha256: ", "sha256: X", "sha256"},
		{"a platform less", string(good[bytes.LastIndex(good, []byte("  - selector")):]), "", "platforms"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bad := strings.Replace(string(good), tt.old, tt.new, 1)
			if bad == string(good) {
				t.Fatalf("the manifest does not hold %q", tt.old)
			}
			if err := validate([]byte(bad)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one about %s", err, tt.want)
			}
		})
	}
}

// The manifests in the repository may be those of an earlier version, but obey
// the rules and are the same.
func TestManifestsOfTheRepository(t *testing.T) {
	var texts []string
	for _, path := range manifests {
		text, err := os.ReadFile(filepath.Join("..", path))
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(text); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		if info, err := os.Lstat(filepath.Join("..", path)); err != nil || !info.Mode().IsRegular() {
			t.Errorf("%s is no regular file, and would be missing from search", path)
		}
		texts = append(texts, string(text))
	}
	if texts[0] != texts[1] {
		t.Errorf("%s and %s differ", manifests[0], manifests[1])
	}
}

func TestArchives(t *testing.T) {
	files := []file{{"kubectl-tpe", 0o755, []byte("program")}, {"LICENSE", 0o644, []byte("text")}}
	for _, pack := range []func([]file) ([]byte, error){tarred, zipped} {
		first, err := pack(files)
		if err != nil {
			t.Fatal(err)
		}
		second, err := pack(files)
		if err != nil || !bytes.Equal(first, second) {
			t.Errorf("the same files make different archives, error %v", err)
		}
	}
	tarball, err := tarred(files)
	if err != nil {
		t.Fatal(err)
	}
	compressed, err := gzip.NewReader(bytes.NewReader(tarball))
	if err != nil {
		t.Fatal(err)
	}
	header, err := tar.NewReader(compressed).Next()
	if err != nil || header.Name != "kubectl-tpe" || header.FileInfo().Mode() != 0o755 || header.Uid != 0 {
		t.Errorf("tar: %+v, %v", header, err)
	}
	archive, err := openZip(files)
	if err != nil {
		t.Fatal(err)
	}
	if f := archive.File[0]; f.Name != "kubectl-tpe" || f.Mode() != fs.FileMode(0o755) {
		t.Errorf("zip: %s %v", f.Name, f.Mode())
	}
}

func openZip(files []file) (*zip.Reader, error) {
	text, err := zipped(files)
	if err != nil {
		return nil, err
	}
	return zip.NewReader(bytes.NewReader(text), int64(len(text)))
}

var here = target{runtime.GOOS, runtime.GOARCH}

// built returns the program of a release for this system. It is built once for all tests.
func built(t *testing.T) string {
	t.Helper()
	content, err := buildOnce()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), here.program())
	if err := os.WriteFile(program, content, 0o755); err != nil {
		t.Fatal(err)
	}
	return program
}

var buildOnce = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "built")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck
	program := filepath.Join(dir, here.program())
	if err := build("..", program, version, here); err != nil {
		return nil, err
	}
	return os.ReadFile(program)
})

// The same sources make the same program, wherever they lie and whatever the
// environment is like.
func TestSameProgramFromTwoFolders(t *testing.T) {
	first := built(t)
	t.Setenv("GOFLAGS", "-tags=other")
	second := filepath.Join(t.TempDir(), here.program())
	if err := build(copied(t), second, version, here); err != nil {
		t.Fatal(err)
	}
	var programs [][]byte
	for _, program := range []string{first, second} {
		content, err := os.ReadFile(program)
		if err != nil {
			t.Fatal(err)
		}
		programs = append(programs, content)
		out, err := exec.Command(program, "version", "-o", "jsonpath={.version}").Output()
		if err != nil || string(out) != version {
			t.Errorf("the program says that it is %q, error %v, want %s", out, err, version)
		}
	}
	if !bytes.Equal(programs[0], programs[1]) {
		t.Error("two builds of the same sources differ")
	}
}

// copied copies the sources to a folder of their own.
func copied(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"cmd", "pkg", "schema"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join("..", name))); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// What an archive holds beside the program: every page of the manual, the licenses, and a
// README whose links lead somewhere from there.
func TestArchiveHoldsItsDocuments(t *testing.T) {
	program := built(t)
	packed, err := target{"windows", "amd64"}.pack("..", program, version)
	if err != nil {
		t.Fatal(err)
	}
	archive, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"LICENSE", "THIRD_PARTY_NOTICES.txt", "man/man1/kubectl-tpe.1", "man/man1/kubectl-tpe-wait.1"} {
		if _, err := fs.Stat(archive, name); err != nil {
			t.Error(err)
		}
	}
	text, err := fs.ReadFile(archive, "README.md")
	if err != nil {
		t.Fatal(err)
	}
	links := regexp.MustCompile(`\]\(([^)]*)\)`).FindAllSubmatch(text, -1)
	if len(links) == 0 {
		t.Fatal("the README has no links")
	}
	for _, link := range links {
		page, ours := strings.CutPrefix(string(link[1]), home+"/blob/"+version+"/")
		if _, err := os.Stat(filepath.Join("..", page)); ours && err != nil || !ours && !strings.Contains(page, ":") && !strings.HasPrefix(page, "#") {
			t.Errorf("the README of an archive has a link to %s: %v", link[1], err)
		}
	}
}

func TestChecksumsAndComponents(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a"), []byte("abc"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := writeChecksums(dir, []string{"a"}); err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(dir, "checksums.txt"))
	if want := "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a\n"; err != nil || string(sums) != want {
		t.Errorf("%q, %v, want %q", sums, err, want)
	}
	if names := summed(version); len(names) != 1+len(targets) || !slices.Contains(names, billOfMaterialsName(version)) {
		t.Errorf("there are checksums of %q", names)
	}
	if got, want := module("library", "github.com/Masterminds/semver", "v1").PURL, "pkg:golang/github.com/masterminds/semver@v1"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// The list of components is that of the programs themselves, in the names that scanners look up.
func TestBillOfMaterials(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	folder := filepath.Join(dir, here.system+"-"+here.machine)
	if err := errors.Join(os.Mkdir(folder, 0o755), os.WriteFile(filepath.Join(folder, here.program()), text, 0o755)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, billOfMaterialsName(version))
	if err := writeBillOfMaterials(dir, version, []target{here}, path); err != nil {
		t.Fatal(err)
	}
	list, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`"purl": "(.*)"`).FindAllStringSubmatch(string(list), -1)
	if want := "pkg:golang/stdlib@" + strings.TrimPrefix(runtime.Version(), "go"); !strings.Contains(string(list), want) || len(names) < 3 {
		t.Errorf("no %s, or too little, in\n%s", want, list)
	}
	for _, name := range names {
		if name[1] != strings.ToLower(name[1]) {
			t.Errorf("%s is not in lower case", name[1])
		}
	}
}
