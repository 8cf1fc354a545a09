// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/private"
)

// A newFiles writes files into a folder that are to be there all or not at all, and that
// only their owner can read. They are written into a folder of their own first. One that is
// there already is never overwritten.
type newFiles struct {
	dir    string
	made   bool // whether dir was not there before
	hidden string
	names  []string
	shared bool // whether others can read a file, on a file system that cannot prevent it
}

// add writes one of the files and returns its size.
func (n *newFiles) add(name string, write func(io.Writer) error) (size int64, err error) {
	if n.hidden == "" {
		if err := n.begin(); err != nil {
			return 0, err
		}
	}
	if _, err := os.Lstat(filepath.Join(n.dir, name)); err == nil {
		return 0, n.already(name)
	}
	f, err := private.Create(filepath.Join(n.hidden, name))
	if err != nil {
		return 0, err
	}
	n.names, n.shared = append(n.names, name), n.shared || !private.Is(f)
	if err := errors.Join(write(f), f.Sync()); err != nil {
		return 0, errors.Join(err, f.Close())
	}
	info, err := f.Stat()
	if err != nil {
		return 0, errors.Join(err, f.Close())
	}
	return info.Size(), f.Close()
}

func (n *newFiles) begin() error {
	_, err := os.Lstat(n.dir)
	n.made = errors.Is(err, fs.ErrNotExist)
	if err := os.MkdirAll(n.dir, 0o700); err != nil {
		return err
	}
	n.hidden, err = os.MkdirTemp(n.dir, ".kubectl-tpe-")
	return err
}

// keep puts the files where they belong. If one of them cannot be, none is.
func (n *newFiles) keep() error {
	var kept []string
	for _, name := range n.names {
		file := filepath.Join(n.dir, name)
		// A link fails where a file came to be in the meantime, which a rename would replace.
		err := os.Link(filepath.Join(n.hidden, name), file)
		if err != nil && !errors.Is(err, fs.ErrExist) { // file systems without links
			err = copyNew(filepath.Join(n.hidden, name), file)
		}
		if err == nil {
			kept = append(kept, file)
			continue
		}
		if errors.Is(err, fs.ErrExist) {
			err = n.already(name)
		}
		errs := []error{err}
		for _, file := range kept {
			errs = append(errs, os.Remove(file))
		}
		return errors.Join(append(errs, n.discard())...)
	}
	return os.RemoveAll(n.hidden)
}

// discard removes what was written, and the folder if there was none.
func (n *newFiles) discard() error {
	var err error
	if n.hidden != "" {
		err = os.RemoveAll(n.hidden)
	}
	if n.made {
		_ = os.Remove(n.dir) // if somebody put something into it, it stays
	}
	return err
}

// already says of a file that is there what to do.
func (n *newFiles) already(name string) error {
	return fmt.Errorf("%s already exists; not overwritten, and no other file was written; use another --dir", filepath.Join(n.dir, name))
}

// copyNew copies a file to where there is none.
func copyNew(from, to string) (err error) {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	f, err := private.Create(to)
	if err != nil {
		return err
	}
	if _, err = f.Write(text); err != nil {
		return errors.Join(err, f.Close(), os.Remove(to))
	}
	return f.Close()
}
