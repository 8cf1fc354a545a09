// SPDX-License-Identifier: Apache-2.0

package tpe

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"syscall"
)

// base is what all namespaces share: images, custom resources, operators. Only
// one loader at a time makes it, and only what changed since the last time.
func (l loader) base(ctx context.Context) error {
	dir := filepath.Join(l.Importer.Dir(), "tpe")
	unlock, err := lock(dir)
	if err != nil {
		return err
	}
	defer unlock()
	programs, err := compile(ctx, filepath.Join(dir, "programs"))
	if err != nil {
		return err
	}
	all, hash := images(programs, l.inventory), sha256.New()
	for _, img := range all {
		if err := img.Write(hash); err != nil {
			return err
		}
	}
	done, sum := filepath.Join(dir, "imported"), hex.EncodeToString(hash.Sum(nil))
	if before, err := os.ReadFile(done); err != nil || string(before) != sum {
		l.logf("importing the images of the stand-in")
		if err := l.Importer.Import(ctx, all...); err != nil {
			return err
		}
		if err := os.WriteFile(done, []byte(sum), 0o644); err != nil {
			return err
		}
	}
	return l.serve(ctx, programs.operatorsImage(), l.dir)
}

// lock keeps other loaders of the same lab waiting.
func lock(dir string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		file.Close()
		return nil, err
	}
	return func() { file.Close() }, nil
}
