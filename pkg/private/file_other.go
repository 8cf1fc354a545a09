// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package private

import "os"

// Create creates a file that nobody but this user can open. It is an error if there is a
// file already.
func Create(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
}

// Is reports whether nobody but this user can open a file. A file system without modes,
// such as FAT, creates files as if there were none.
func Is(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode().Perm()&0o077 == 0
}
