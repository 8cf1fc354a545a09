// SPDX-License-Identifier: Apache-2.0

//go:build browser

package report

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestPages writes pages to the folder REPORT_PAGES, for test/browser.
func TestPages(t *testing.T) {
	folder := os.Getenv("REPORT_PAGES")
	must(t, os.MkdirAll(folder, 0o700))
	pages := map[string]Input{"many": many(5000)}
	for i, x := range hostile() {
		pages[fmt.Sprintf("hostile-%d", i)] = hostileInput(x)
	}
	for name, in := range pages {
		must(t, os.WriteFile(filepath.Join(folder, name+".html"), []byte(written(t, New(in), HTML)), 0o600))
	}
}
