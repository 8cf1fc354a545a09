// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"regexp"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/build"
)

// labs is the folder of all labs. It is short, because the paths of sockets are
// limited to 107 characters.
const labs = "/var/lib/kubectl-tpe-lab"

// A Node is a lab: a Kubernetes cluster of one node, running or not.
type Node struct {
	Name       string // of the lab
	MaxLogSize string // at which the kubelet rotates the log of a container, if the lab is made; empty for its default

	dir     string
	minor   string // the wish: "" is whatever the lab has, else the default
	builder *build.Builder
	log     io.Writer
}

// New is the lab of this name. Nothing happens before one of its methods is
// called. The minor version may be empty: it is then the one that the lab has
// already, or build.DefaultMinor.
func New(name, minor string, builder *build.Builder, log io.Writer) (*Node, error) {
	// The name becomes part of folders, cgroups and a network.
	if !regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?$`).MatchString(name) {
		return nil, fmt.Errorf("lab %q: want a name of up to 20 lower-case letters, digits and dashes", name)
	}
	return &Node{Name: name, dir: filepath.Join(labs, name), minor: minor, builder: builder, log: log}, nil
}

// Compile compiles a program of this project; see [build.Builder.Compile].
func (n *Node) Compile(ctx context.Context, folder, program string) error {
	return n.builder.Compile(ctx, folder, program)
}

// CompileTool compiles a program of another module; see [build.Builder.CompileTool].
func (n *Node) CompileTool(ctx context.Context, folder, source, program string) error {
	return n.builder.CompileTool(ctx, folder, source, program)
}

// Dir is the folder of all that the lab keeps.
func (n *Node) Dir() string { return n.dir }

// Kubeconfig is the path of the administrator's kubeconfig. Its context and
// cluster are named lab, and it sets no namespace.
func (n *Node) Kubeconfig() string { return n.path("kubeconfig", "admin") }

// path is a path below the lab's folder.
func (n *Node) path(elements ...string) string {
	return filepath.Join(append([]string{n.dir}, elements...)...)
}

func (n *Node) logf(format string, args ...any) {
	fmt.Fprintf(n.log, format+"\n", args...)
}
