// SPDX-License-Identifier: Apache-2.0

package build

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// CNIFolder is where Debian's package containernetworking-plugins puts them.
const CNIFolder = "/usr/lib/cni"

// debian maps files that a lab needs to the Debian packages that hold them.
// runc is not built from its module because it needs libseccomp, in C.
var debian = []struct{ file, pkg string }{
	{"/usr/sbin/runc", "runc"},
	{CNIFolder + "/ptp", "containernetworking-plugins"},
	{"/usr/bin/nsenter", "util-linux"},
}

// Packages installs the Debian packages that a lab needs and that are missing.
func (b *Builder) Packages(ctx context.Context) error {
	var missing []string
	for _, need := range debian {
		if _, err := os.Stat(need.file); err != nil {
			missing = append(missing, need.pkg)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("%w: install %s", err, strings.Join(missing, ", "))
	}
	fmt.Fprintf(b.Log, "installing the Debian packages %s\n", strings.Join(missing, ", "))
	install := append([]string{"install", "--quiet", "--yes", "--no-install-recommends"}, missing...)
	for _, args := range [][]string{{"update", "--quiet"}, install} {
		cmd := exec.CommandContext(ctx, "apt-get", args...)
		cmd.Env = append(cmd.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("apt-get %s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	return nil
}
