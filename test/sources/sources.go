// SPDX-License-Identifier: Apache-2.0

// Package sources is for tests that build the plugin. Go caches the results of tests, and does not
// know what they build: after a change of the plugin such a test would pass as "(cached)".
package sources

import (
	"fmt"
	"io/fs"
	"os/exec"
	"path/filepath"
	"strings"
)

// Watch opens the folders of the plugin's sources. Go runs a test again if what is in a folder
// that it opened has changed (cmd/go, "testlog").
func Watch() error {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return fmt.Errorf("find the sources of the plugin: %w", err)
	}
	for _, part := range []string{"cmd", "pkg", "schema"} {
		dir := filepath.Join(strings.TrimSpace(string(root)), part)
		if err := filepath.WalkDir(dir, func(_ string, _ fs.DirEntry, err error) error { return err }); err != nil {
			return fmt.Errorf("read the sources of the plugin: %w", err)
		}
	}
	return nil
}
