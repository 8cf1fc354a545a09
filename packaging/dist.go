// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// A target is a system that the plugin is built for.
type target struct{ system, machine string }

var targets = []target{
	{"linux", "amd64"}, {"linux", "arm64"},
	{"darwin", "amd64"}, {"darwin", "arm64"},
	{"windows", "amd64"}, {"windows", "arm64"},
}

// program is the name of the executable.
func (t target) program() string {
	if t.system == "windows" {
		return "kubectl-tpe.exe"
	}
	return "kubectl-tpe"
}

// archive is the name of the archive: people on Windows can open a zip.
func (t target) archive(version string) string {
	suffix := ".tar.gz"
	if t.system == "windows" {
		suffix = ".zip"
	}
	return fmt.Sprintf("kubectl-tpe_%s_%s_%s%s", version, t.system, t.machine, suffix)
}

// dist makes the archives of a version from the sources in a folder, the list of what they
// are made of, and the checksums of all that.
func dist(sources, out, version string) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	for i, t := range targets {
		program := filepath.Join(out, t.system+"-"+t.machine, t.program())
		fmt.Fprintf(os.Stderr, "building for %s/%s, %d of %d\n", t.system, t.machine, i+1, len(targets))
		if err := build(sources, program, version, t); err != nil {
			return err
		}
		archive, err := t.pack(sources, program, version)
		if err != nil {
			return fmt.Errorf("pack for %s/%s: %w", t.system, t.machine, err)
		}
		if err := os.WriteFile(filepath.Join(out, t.archive(version)), archive, 0o644); err != nil {
			return err
		}
	}
	if err := writeBillOfMaterials(out, version, targets, filepath.Join(out, billOfMaterialsName(version))); err != nil {
		return err
	}
	return writeChecksums(out, summed(version))
}

// summed are the files of a version that have a checksum: all that it is made of.
func summed(version string) []string {
	names := []string{billOfMaterialsName(version)}
	for _, t := range targets {
		names = append(names, t.archive(version))
	}
	return names
}

// imageParts makes what packaging/image makes an image of: the programs for Linux, and beside
// them the licenses and the list of components.
func imageParts(sources, out, version string) error {
	parts := filepath.Join(out, "image-parts")
	if err := os.MkdirAll(parts, 0o755); err != nil {
		return err
	}
	var linux []target
	for _, t := range targets {
		if t.system == "linux" {
			linux = append(linux, t)
		}
	}
	program := ""
	for i, t := range linux {
		program = filepath.Join(out, t.system+"-"+t.machine, t.program())
		fmt.Fprintf(os.Stderr, "building for %s/%s, %d of %d\n", t.system, t.machine, i+1, len(linux))
		if err := build(sources, program, version, t); err != nil {
			return err
		}
	}
	license, err := os.ReadFile(filepath.Join(sources, "LICENSE"))
	if err != nil {
		return err
	}
	notices, err := thirdPartyNotices(sources, program)
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{"LICENSE": license, "THIRD_PARTY_NOTICES.txt": notices} {
		if err := os.WriteFile(filepath.Join(parts, name), content, 0o644); err != nil {
			return err
		}
	}
	return writeBillOfMaterials(out, version, linux, filepath.Join(parts, "components.cdx.json"))
}

// writeChecksums writes a file that sha256sum --check reads.
func writeChecksums(out string, names []string) error {
	var sums strings.Builder
	for _, name := range names {
		content, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(content), name)
	}
	return os.WriteFile(filepath.Join(out, "checksums.txt"), []byte(sums.String()), 0o644)
}

// build compiles the plugin as the Makefile does, for one target.
func build(sources, program, version string, t target) error {
	program, err := filepath.Abs(program)
	if err != nil {
		return err
	}
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false",
		"-ldflags=-s -w -X main.stamped="+version, "-o", program, "./cmd/kubectl-tpe")
	cmd.Dir = sources
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off", "GOAMD64=v1", "GOARM64=v8.0",
		"GOOS="+t.system, "GOARCH="+t.machine)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("build for %s/%s: %w", t.system, t.machine, err)
	}
	return nil
}

// pack returns the archive of a program. The manual stays out of the folder of the program:
// in a folder on PATH kubectl would take it for a plugin.
func (t target) pack(sources, program, version string) ([]byte, error) {
	files := []file{
		{name: t.program(), mode: 0o755}, {name: "LICENSE", mode: 0o644},
		{name: "README.md", mode: 0o644}, {name: "THIRD_PARTY_NOTICES.txt", mode: 0o644},
	}
	var err error
	for i, read := range []func() ([]byte, error){
		func() ([]byte, error) { return os.ReadFile(program) },
		func() ([]byte, error) { return os.ReadFile(filepath.Join(sources, "LICENSE")) },
		func() ([]byte, error) { return readme(sources, version) },
		func() ([]byte, error) { return thirdPartyNotices(sources, program) },
	} {
		if files[i].content, err = read(); err != nil {
			return nil, err
		}
	}
	pages, err := manPages(sources)
	if err != nil {
		return nil, err
	}
	if files = append(files, pages...); t.system == "windows" {
		return zipped(files)
	}
	return tarred(files)
}

// inRepository are links of a page of ours to others, which an archive does not hold.
var inRepository = regexp.MustCompile(`(\]\(|src(?:set)?=")([A-Za-z][^:)"]*)([)"])`)

// readme returns the README, with links that lead to the version's pages from anywhere.
func readme(sources, version string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(sources, "README.md"))
	return inRepository.ReplaceAll(text, []byte("${1}"+home+"/blob/"+version+"/${2}${3}")), err
}

func manPages(sources string) ([]file, error) {
	paths, err := filepath.Glob(filepath.Join(sources, "docs", "man", "*.1"))
	if err == nil && len(paths) == 0 {
		err = errors.New("there is no man page in docs/man")
	}
	var files []file
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		files = append(files, file{"man/man1/" + filepath.Base(path), 0o644, content})
	}
	return files, err
}
