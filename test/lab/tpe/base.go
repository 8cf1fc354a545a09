// SPDX-License-Identifier: Apache-2.0

package tpe

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/image"
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
	s, err := l.stock(ctx, dir)
	if err != nil {
		return err
	}
	done := filepath.Join(dir, "imported")
	if before, err := os.ReadFile(done); err != nil || string(before) != s.sum {
		l.logf("importing the images of the stand-in")
		if err := l.Importer.Import(ctx, s.images...); err != nil {
			return err
		}
		if err := os.WriteFile(done, []byte(s.sum), 0o644); err != nil {
			return err
		}
	}
	return l.serve(ctx, s.operatorsImage, l.dir)
}

// A stock is the images that a lab must have.
type stock struct {
	images         []image.Image
	sum            string // over all of them
	operatorsImage string // the name of one of them
}

// stocks are those of the labs that this process has loaded something into, by
// folder: the source of their programs does not change while it runs.
var (
	stocks   = map[string]stock{}
	stocking sync.Mutex // of stocks
)

// stock compiles what the images hold into a folder of the lab, which is locked.
func (l loader) stock(ctx context.Context, dir string) (stock, error) {
	stocking.Lock()
	defer stocking.Unlock()
	if s, ok := stocks[dir]; ok {
		return s, nil
	}
	programs, err := compile(ctx, filepath.Join(dir, "programs"))
	if err != nil {
		return stock{}, err
	}
	s, hash := stock{images: images(programs, l.inventory), operatorsImage: programs.operatorsImage()}, sha256.New()
	for _, img := range s.images {
		if err := img.Write(hash); err != nil {
			return stock{}, err
		}
	}
	s.sum = hex.EncodeToString(hash.Sum(nil))
	stocks[dir] = s
	return s, nil
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
