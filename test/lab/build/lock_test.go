// SPDX-License-Identifier: Apache-2.0

package build

import (
	"path/filepath"
	"testing"
)

func TestLockWaitsForItsHolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := lock(path, func() { t.Error("the first to lock waits") })
	if err != nil {
		t.Fatal(err)
	}
	waits, locked := make(chan bool, 1), make(chan error, 1)
	go func() {
		unlock, err := lock(path, func() { waits <- true })
		if err == nil {
			unlock()
		}
		locked <- err
	}()
	<-waits
	select {
	case err := <-locked:
		t.Fatalf("a second lock was had beside the first: %v", err)
	default:
	}
	unlock()
	if err := <-locked; err != nil {
		t.Error(err)
	}
}
