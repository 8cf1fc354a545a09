// SPDX-License-Identifier: Apache-2.0

package build

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A component is one call of go build: programs of one module.
type component struct {
	name    string
	version string   // of what is built, empty for our own programs
	module  string   // folder of the module, below the source
	inputs  []string // files and folders that the result depends on, below the module
	flags   []string // of go build and go list
	targets []string // packages
}

// String is what a person reads: "kubernetes v1.33.13".
func (c component) String() string {
	return strings.TrimSpace(c.name + " " + c.version)
}

// quick are flags that compile in two thirds of the time what is as large as Kubernetes:
// functions are not inlined, and nothing is noted for debuggers. The standard library is as
// everywhere else, so that it is compiled once.
var quick = []string{"-trimpath", "-gcflags=all=-l -dwarf=false", "-gcflags=std="}

// labPrograms are the small programs of our own.
func labPrograms() component {
	return component{
		name:    "lab",
		module:  ".",
		inputs:  []string{"go.mod", "go.sum", "lab-init", "pause"},
		flags:   []string{"-trimpath", "-ldflags=-s -w"},
		targets: []string{"./lab-init", "./pause"},
	}
}

// kubernetes is the control plane and the kubelet. Without the version given to
// the linker every component would call itself v0.0.0-master. Up to 1.30 there are cloud
// providers in it, but for the tag providerless.
func kubernetes(minor, version string) component {
	return component{
		name:    "kubernetes",
		version: version,
		module:  "kubernetes",
		inputs:  []string{"main.go", "go.mod", minor + ".mod", minor + ".sum"},
		flags:   slices.Concat(quick, []string{"-modfile=" + minor + ".mod", "-tags=providerless", "-ldflags=" + versionFlags(minor, version)}),
		targets: []string{"."},
	}
}

func kubectl(minor, version string) component {
	c := kubernetes(minor, version)
	c.name = "kubectl"
	c.inputs = c.inputs[1:]
	c.targets = []string{"k8s.io/kubernetes/cmd/kubectl"}
	return c
}

func versionFlags(minor, version string) string {
	const variable = " -X k8s.io/component-base/version."
	_, number, _ := strings.Cut(minor, ".")
	flags := "-s -w" + variable + "gitVersion=" + version + variable + "gitMajor=1" + variable + "gitMinor=" + number
	return flags + " -X k8s.io/client-go/pkg/version.gitVersion=" + version
}

// containerd builds the container runtime, its shim and its client.
func (b *Builder) containerd(ctx context.Context) (string, error) {
	version, err := required(filepath.Join(b.Source, "containerd", "go.mod"), "github.com/containerd/containerd/v2")
	if err != nil {
		return "", err
	}
	return b.build(ctx, component{
		name:    "containerd",
		version: version,
		module:  "containerd",
		inputs:  []string{"go.mod", "go.sum"},
		flags: slices.Concat(quick, []string{
			"-tags=no_btrfs,no_devmapper,no_rdt,no_systemd,no_tracing,no_zfs",
			"-ldflags=-s -w -X github.com/containerd/containerd/v2/version.Version=" + version,
		}),
		targets: []string{"tool"},
	})
}

// Version is the exact version that stands for a minor version: "v1.33.13".
func (b *Builder) Version(minor string) (string, error) {
	folder := filepath.Join(b.Source, "kubernetes")
	version, err := required(filepath.Join(folder, minor+".mod"), "k8s.io/kubernetes")
	if os.IsNotExist(err) {
		return "", fmt.Errorf("no Kubernetes %q: want one of %s in K8S", minor, strings.Join(minors(folder), ", "))
	}
	return version, err
}

func minors(folder string) []string {
	files, _ := filepath.Glob(filepath.Join(folder, "*.mod")) // the pattern is well-formed
	var names []string
	for _, file := range files {
		if name := strings.TrimSuffix(filepath.Base(file), ".mod"); name != "go" {
			names = append(names, name)
		}
	}
	return names
}

// required is the version of a module that a go.mod requires.
func required(file, module string) (string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	line := regexp.MustCompile(`(?m)^(?:require)?\s+` + regexp.QuoteMeta(module) + ` (v\S+)`)
	match := line.FindSubmatch(data)
	if match == nil {
		return "", fmt.Errorf("%s requires no %s", file, module)
	}
	return string(match[1]), nil
}

// key names the folder of the component's programs.
func (b *Builder) key(ctx context.Context, c component) (string, error) {
	toolchain, err := b.toolchain(ctx, c)
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	fmt.Fprintf(hash, "%q %q\n", c.flags, c.targets)
	for _, input := range c.inputs {
		if err := hashFiles(hash, filepath.Join(b.Source, c.module, input)); err != nil {
			return "", err
		}
	}
	parts := []string{c.name, c.version, toolchain, fmt.Sprintf("%x", hash.Sum(nil)[:6])}
	return strings.Join(strings.Fields(strings.Join(parts, " ")), "-"), nil
}

// hashFiles adds a file, or every file below a folder, to the hash.
func hashFiles(hash io.Writer, path string) error {
	return filepath.WalkDir(path, func(file string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(hash, "%s %x\n", filepath.Base(file), sha256.Sum256(data))
		return err
	})
}
