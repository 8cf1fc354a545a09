// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/kubectl-tpe/kubectl-tpe/test/sources"
)

// BuildPlugin builds the plugin into a folder, as make build does but for its version, and
// returns its path. What make has compiled is not compiled again.
func BuildPlugin(dir string) (string, error) {
	if err := sources.Watch(); err != nil {
		return "", err
	}
	plugin := filepath.Join(dir, "kubectl-tpe")
	if runtime.GOOS == "windows" {
		plugin += ".exe"
	}
	cmd := exec.Command("go", "build", "-buildvcs=false", "-trimpath", "-ldflags=-s -w", "-o", plugin, "github.com/kubectl-tpe/kubectl-tpe/cmd/kubectl-tpe")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the plugin: %w\n%s", err, out)
	}
	return plugin, nil
}
