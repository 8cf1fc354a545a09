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
	stocking.Lock()
	defer stocking.Unlock()
	done := filepath.Join(dir, "imported")
	imported, _ := os.ReadFile(done) // there is none at first
	if s := stocks[dir]; s.sum == "" || s.sum != string(imported) {
		if stocks[dir], err = l.stock(ctx, dir, string(imported)); err != nil {
			return err
		}
		if err := os.WriteFile(done, []byte(stocks[dir].sum), 0o644); err != nil {
			return err
		}
	}
	return l.serve(ctx, stocks[dir].operatorsImage, l.dir)
}

// A stock is the images that a lab has.
type stock struct {
	sum            string // over all of them
	operatorsImage string // the name of one of them
}

// stocks are those of the labs that this process has loaded something into, by
// folder: the source of their programs does not change while it runs.
var (
	stocks   = map[string]stock{}
	stocking sync.Mutex // of stocks
)

// stock makes the images in a folder of the lab, and imports them unless they are there.
func (l loader) stock(ctx context.Context, dir, imported string) (stock, error) {
	programs, err := compile(ctx, filepath.Join(dir, "programs"))
	if err != nil {
		return stock{}, err
	}
	all, hash := images(programs, l.inventory), sha256.New()
	for _, img := range all {
		if err := img.Write(hash); err != nil {
			return stock{}, err
		}
	}
	sum := hex.EncodeToString(hash.Sum(nil))
	if imported != sum {
		l.logf("importing the images of the stand-in")
		err = l.Importer.Import(ctx, all...)
	}
	return stock{sum, programs.operatorsImage()}, err
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
