// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/image"
)

// Import makes images known to the node's container runtime under their names.
// Pods use them with imagePullPolicy: Never.
func (n *Node) Import(ctx context.Context, images ...image.Image) error {
	m, err := n.machine(ctx)
	if err != nil {
		return err
	}
	for _, img := range images {
		if err := m.importImage(ctx, img); err != nil {
			return err
		}
	}
	return nil
}

func (m *machine) importImage(ctx context.Context, img image.Image) error {
	var archive bytes.Buffer
	if err := img.Write(&archive); err != nil {
		return err
	}
	cmd := m.ctr(ctx, "images", "import", "-")
	cmd.Stdin = &archive
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("import image %s: %w: %s", strings.Join(img.Names, ", "), err, out)
	}
	return nil
}

// ctr is a command to the container runtime, about what the kubelet sees of it.
func (m *machine) ctr(ctx context.Context, args ...string) *exec.Cmd {
	return m.enter(ctx, append([]string{m.programs.Ctr, "--namespace=k8s.io"}, args...)...)
}

// importPause waits for the container runtime and gives it the image that every
// pod needs.
func (m *machine) importPause(ctx context.Context) error {
	var images []byte
	err := m.wait(ctx, "the container runtime", func() bool {
		var err error
		images, err = m.ctr(ctx, "images", "list", "--quiet").Output()
		return err == nil
	}, m.containerd())
	if err != nil || slices.Contains(strings.Fields(string(images)), pauseImage) {
		return err
	}
	program, err := os.ReadFile(m.programs.Pause)
	if err != nil {
		return err
	}
	return m.importImage(ctx, image.Image{
		Names:  []string{pauseImage},
		Files:  []image.File{{Path: "/pause", Mode: 0o755, Content: program}},
		Config: image.Config{Entrypoint: []string{"/pause"}},
	})
}
