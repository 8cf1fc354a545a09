// SPDX-License-Identifier: Apache-2.0

package build

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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

// missing are the Debian packages that a lab needs and that are not there.
func missing() []string {
	var packages []string
	for _, need := range debian {
		if _, err := os.Stat(need.file); err != nil {
			packages = append(packages, need.pkg)
		}
	}
	return packages
}

// packages installs the Debian packages that a lab needs and that are missing.
func (b *Builder) packages(ctx context.Context) error {
	if len(missing()) == 0 {
		return nil
	}
	if err := os.MkdirAll(b.Cache, 0o755); err != nil {
		return err
	}
	unlock, err := lock(filepath.Join(b.Cache, "packages.lock"), func() { fmt.Fprintln(b.Log, "waiting for another installation of Debian packages") })
	if err != nil {
		return err
	}
	defer unlock()
	missing := missing()
	if len(missing) == 0 { // any more
		return nil
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("%w: install %s", err, strings.Join(missing, ", "))
	}
	fmt.Fprintf(b.Log, "installing the Debian packages %s\n", strings.Join(missing, ", "))
	install := append([]string{"install", "--quiet", "--yes", "--no-install-recommends", "--option=DPkg::Lock::Timeout=300"}, missing...)
	for _, args := range [][]string{{"update", "--quiet"}, install} {
		cmd := exec.CommandContext(ctx, "apt-get", args...)
		cmd.Env = append(cmd.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("apt-get %s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	return nil
}
