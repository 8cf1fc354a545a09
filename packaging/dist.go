// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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

// enclosed are files of the sources that go into each archive, and their names
// there. The manual stays out of the folder of the program: in a folder on PATH
// kubectl would take it for a plugin.
var enclosed = []struct{ source, name string }{
	{"LICENSE", "LICENSE"},
	{"README.md", "README.md"},
	{"docs/kubectl-tpe.1", "man/man1/kubectl-tpe.1"},
}

// dist makes the archives of a version from the sources in a folder, their
// checksums and the list of what they are made of.
func dist(sources, out, version string) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	var sums strings.Builder
	for i, t := range targets {
		program := filepath.Join(out, t.system+"-"+t.machine, t.program())
		fmt.Fprintf(os.Stderr, "building for %s/%s, %d of %d\n", t.system, t.machine, i+1, len(targets))
		if err := build(sources, program, version, t); err != nil {
			return err
		}
		archive, err := t.pack(sources, program)
		if err != nil {
			return fmt.Errorf("pack for %s/%s: %w", t.system, t.machine, err)
		}
		if err := os.WriteFile(filepath.Join(out, t.archive(version)), archive, 0o644); err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(archive), t.archive(version))
	}
	if err := os.WriteFile(filepath.Join(out, "checksums.txt"), []byte(sums.String()), 0o644); err != nil {
		return err
	}
	return writeBillOfMaterials(out, version)
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

// pack returns the archive of a program.
func (t target) pack(sources, program string) ([]byte, error) {
	files := []file{{name: t.program(), mode: 0o755}}
	var err error
	if files[0].content, err = os.ReadFile(program); err != nil {
		return nil, err
	}
	for _, e := range enclosed {
		content, err := os.ReadFile(filepath.Join(sources, e.source))
		if err != nil {
			return nil, err
		}
		files = append(files, file{e.name, 0o644, content})
	}
	notices, err := thirdPartyNotices(sources, program)
	if err != nil {
		return nil, err
	}
	files = append(files, file{"THIRD_PARTY_NOTICES.txt", 0o644, notices})
	if t.system == "windows" {
		return zipped(files)
	}
	return tarred(files)
}
