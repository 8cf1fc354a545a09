// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"testing"
)

func TestTemplatesAreCompiled(t *testing.T) {
	files, err := compile("..")
	if err != nil || len(files) == 0 {
		t.Fatal(err, len(files))
	}
	for file, want := range files {
		if have, err := os.ReadFile(file); err != nil || !bytes.Equal(have, want) {
			t.Errorf("%s is not made of its template (%v): make golden", file, err)
		}
	}
}
