// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/private"
)

// listing returns the names in a folder.
func listing(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return "no folder"
	}
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

// save writes files of these names, as values --dir does.
func save(dir string, write func(io.Writer) error, names ...string) error {
	files := newFiles{dir: dir}
	for _, name := range names {
		if _, err := files.add(name, write); err != nil {
			return errors.Join(err, files.discard())
		}
	}
	return files.keep()
}

func TestFilesAreWrittenAllOrNone(t *testing.T) {
	hello := func(w io.Writer) error { _, err := io.WriteString(w, "hello"); return err }
	full := errors.New("disk full")
	tests := []struct {
		name   string
		before []string
		write  func(io.Writer) error
		fails  string
		after  string
	}{
		{"into a folder that is not there", nil, hello, "", "a b c"},
		{"into an empty one", []string{}, hello, "", "a b c"},
		{"beside others", []string{"x"}, hello, "", "a b c x"},
		{"the first exists", []string{"a"}, hello, "a already exists", "a"},
		{"the last exists", []string{"c"}, hello, "c already exists", "c"},
		{"an error while writing", nil, func(io.Writer) error { return full }, "disk full", "no folder"},
		{"an error while writing, into one that is there", []string{"x"}, func(io.Writer) error { return full }, "disk full", "x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "d")
			if tt.before != nil {
				if err := os.Mkdir(dir, 0o700); err != nil {
					t.Fatal(err)
				}
			}
			for _, name := range tt.before {
				if err := os.WriteFile(filepath.Join(dir, name), []byte("mine"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			err := save(dir, tt.write, "a", "b", "c")
			if (err == nil) != (tt.fails == "") || err != nil && !strings.Contains(err.Error(), tt.fails) {
				t.Errorf("error %v, want %q", err, tt.fails)
			}
			if got := listing(t, dir); got != tt.after {
				t.Errorf("there is %s, want %s", got, tt.after)
			}
			for _, name := range tt.before {
				if text, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(text) != "mine" {
					t.Errorf("%s was overwritten: %q, %v", name, text, err)
				}
			}
		})
	}
}

// A file that comes to be between the look and the end is not overwritten either.
func TestFilesThatAppearMeanwhileStay(t *testing.T) {
	dir := t.TempDir()
	last := filepath.Join(dir, "b")
	files := newFiles{dir: dir}
	for _, name := range []string{"a", "b"} {
		if _, err := files.add(name, func(w io.Writer) error { _, err := io.WriteString(w, "new"); return err }); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(last, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := files.keep(); err == nil {
		t.Error("no error")
	}
	text, err := os.ReadFile(last)
	if got := listing(t, dir); got != "b" || err != nil || string(text) != "mine" {
		t.Errorf("there is %s, %q, %v", got, text, err)
	}
}

// Values are read by nobody else.
func TestFilesAreReadByTheirOwnerAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	if err := save(dir, func(w io.Writer) error { return nil }, "a"); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(dir, "a"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if !private.Is(f) {
		t.Error("others can read it")
	}
	// Any other file is, so that the question has two answers: of a mode, or of a folder that all
	// may read.
	other := filepath.Join(dir, "b")
	if err := os.WriteFile(other, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	g, err := os.Open(other)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	if err := openToAll(other); err != nil {
		t.Fatal(err)
	}
	if private.Is(g) {
		t.Error("a file that all can read counts as private")
	}
	if _, err := private.Create(other); !errors.Is(err, os.ErrExist) {
		t.Errorf("over a file: %v", err)
	}
}
