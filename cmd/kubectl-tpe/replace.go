// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/private"
)

// replaceFile writes a file whole or not at all: into another beside it, which then takes its
// place. A new file can be read by its owner only; one that is there keeps its mode. Where a
// link leads to a file, that is replaced. What is no regular file, such as a pipe, is written to.
func replaceFile(path string, write func(io.Writer) error) (err error) {
	path, info, err := replaced(path)
	if err != nil {
		return err
	}
	if info != nil && !info.Mode().IsRegular() {
		return writeTo(path, write)
	}
	f, err := beside(path, info)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if info != nil {
		if err := f.Chmod(info.Mode().Perm()); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	if err := errors.Join(write(f), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// beside creates the file that takes the place of another. Where there is none, nobody else can
// open it; on Windows one that takes a place has the access control list of the folder.
func beside(path string, info fs.FileInfo) (*os.File, error) {
	dir, name := filepath.Dir(path), ".kubectl-tpe-"
	if info != nil {
		return os.CreateTemp(dir, name+"*") // 0600
	}
	return private.Create(filepath.Join(dir, name+strconv.FormatUint(rand.Uint64(), 36)))
}

// mayReplace returns why a file cannot be replaced, as far as that is known before.
func mayReplace(path string) error {
	path, info, err := replaced(path)
	switch {
	case err != nil:
		return err
	case info != nil && info.IsDir():
		return fmt.Errorf("%s is a folder", path)
	case info != nil && !info.Mode().IsRegular():
		return nil
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".kubectl-tpe-*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// sameFile reports whether two paths lead to the same existing file.
func sameFile(a, b string) bool {
	of, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(of, other)
}

// replaced returns what a path leads to; no info if there is nothing yet.
func replaced(path string) (string, fs.FileInfo, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, nil, nil
	}
	if err != nil {
		return path, nil, err
	}
	if !info.Mode().IsRegular() {
		return path, info, nil
	}
	target, err := filepath.EvalSymlinks(path)
	return target, info, err
}

func writeTo(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
