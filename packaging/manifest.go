// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// home is where the releases are.
const home = "https://github.com/kubectl-tpe/kubectl-tpe"

// head is the part of the manifest that people write. The rest names archives.
const head = `apiVersion: krew.googlecontainertools.github.com/v1alpha2
kind: Plugin
metadata:
  name: tpe
spec:
  version: %s
  homepage: %s
  shortDescription: Follow ThingPark Enterprise upgrades to the end
  description: |
    Answers in one command whether an upgrade of ThingPark Enterprise on
    Kubernetes is over, whether it is good, and what to do next if it is not.
    It judges the workloads of every kind that ThingPark Enterprise consists
    of, with the causes of what is not ready, and reads the post-upgrade
    requests of the Post Upgrade Manager (PUM). It waits for both, runs the
    post-upgrade procedure again as a transaction, follows the logs of its job
    over every attempt, and checks what comes before and after an upgrade.
  caveats: |
    For completion in your shell, once:
      kubectl tpe completion kubectl
    It links kubectl_complete-tpe, which kubectl looks for, into a folder of
    PATH, and removes it with --remove.

    What the plugin may do is what your account may do; to see what is
    missing:
      kubectl tpe doctor
  platforms:
`

const platform = `  - selector:
      matchLabels:
        os: %s
        arch: %s
    uri: %s/releases/download/%s/%s
    sha256: %x
    bin: %s
`

// manifest returns the krew manifest of a version whose archives are in a
// folder.
func manifest(dir, version string) ([]byte, error) {
	var text strings.Builder
	fmt.Fprintf(&text, head, version, home)
	for _, t := range targets {
		archive, err := os.ReadFile(filepath.Join(dir, t.archive(version)))
		if err != nil {
			return nil, fmt.Errorf("manifest of %s: %w; make dist makes it", version, err)
		}
		fmt.Fprintf(&text, platform, t.system, t.machine, home, version, t.archive(version), sha256.Sum256(archive), t.program())
	}
	return []byte(text.String()), nil
}
