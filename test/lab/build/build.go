// SPDX-License-Identifier: Apache-2.0

// Package build turns Go modules into the programs of a lab, once: into a cache
// folder, from which every later lab takes them.
//
//	CACHE/kubernetes-v1.33.13-go1.26.8-5f0c…/kubernetes
//	CACHE/containerd-v2.4.2-go1.26.8-91ab…/containerd, containerd-shim-runc-v2, ctr
//	CACHE/lab-go1.26.8-07d2…/lab-init, pause
//
// A folder's name holds all that its content depends on: the version, the Go
// toolchain and a hash of what we give to the build. A build happens under a
// temporary name, so a folder that is there is whole. Nothing is ever removed:
// the cache may be deleted at any time while no lab is up.
//
// Everything comes through the Go module proxy; what does not exist there is
// taken from Debian's packages.
package build

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// DefaultMinor is the newest Kubernetes that ThingPark Enterprise 8.0.2 supports.
const DefaultMinor = "1.33"

// A Builder builds programs into a cache.
type Builder struct {
	Cache  string    // where finished programs are kept
	Source string    // the folder of the module test/lab
	Log    io.Writer // is told what is being built, and how far it is
}

// Programs are the paths of everything that a node runs.
type Programs struct {
	Kubernetes string // etcd, control plane and kubelet in one, see test/lab/kubernetes
	Containerd string
	Shim       string // containerd-shim-runc-v2
	Ctr        string
	Init       string
	Pause      string
}

// New returns a builder over the source in the folder that one works in and the
// user's cache folder, or the one named by KUBECTL_TPE_LAB_CACHE.
func New(log io.Writer) (*Builder, error) {
	source, err := sourceFolder()
	if err != nil {
		return nil, err
	}
	cache := os.Getenv("KUBECTL_TPE_LAB_CACHE")
	if cache == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("find a cache folder: %w; set KUBECTL_TPE_LAB_CACHE", err)
		}
		cache = filepath.Join(user, "kubectl-tpe-lab")
	}
	if cache, err = filepath.Abs(cache); err != nil {
		return nil, err
	}
	return &Builder{Cache: cache, Source: source, Log: log}, nil
}

// Module is the path of the module test/lab.
const Module = "github.com/kubectl-tpe/kubectl-tpe/test/lab"

// sourceFolder is the folder test/lab in the checkout that one works in.
func sourceFolder() (string, error) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", Module).Output()
	if err != nil {
		return "", fmt.Errorf("find the source of the lab, %s: %w; run it in its folder: go run -C test/lab . COMMAND", Module, err)
	}
	return strings.TrimSpace(string(dir)), nil
}

// Programs builds and installs what a node of this minor version needs and is not
// there yet.
func (b *Builder) Programs(ctx context.Context, minor string) (Programs, error) {
	if err := b.packages(ctx); err != nil {
		return Programs{}, err
	}
	version, err := b.Version(minor)
	if err != nil {
		return Programs{}, err
	}
	lab, err := b.build(ctx, labPrograms())
	if err != nil {
		return Programs{}, err
	}
	containerd, err := b.containerd(ctx)
	if err != nil {
		return Programs{}, err
	}
	kubernetes, err := b.build(ctx, kubernetes(minor, version))
	if err != nil {
		return Programs{}, err
	}
	return Programs{
		Kubernetes: filepath.Join(kubernetes, "kubernetes"),
		Containerd: filepath.Join(containerd, "containerd"),
		Shim:       filepath.Join(containerd, "containerd-shim-runc-v2"),
		Ctr:        filepath.Join(containerd, "ctr"),
		Init:       filepath.Join(lab, "lab-init"),
		Pause:      filepath.Join(lab, "pause"),
	}, nil
}

// Kubectl is the kubectl on PATH, else one built from the modules of this minor
// version.
func (b *Builder) Kubectl(ctx context.Context, minor string) (string, error) {
	if path, err := exec.LookPath("kubectl"); err == nil {
		return path, nil
	}
	return b.PlainKubectl(ctx, minor)
}

// PlainKubectl is a kubectl built from the modules of this minor version. The
// one on PATH may be of another, or a program that starts the one it takes for
// the right one.
func (b *Builder) PlainKubectl(ctx context.Context, minor string) (string, error) {
	version, err := b.Version(minor)
	if err != nil {
		return "", err
	}
	dir, err := b.build(ctx, kubectl(minor, version))
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "kubectl"), nil
}

// build returns the folder with the component's programs, and makes it first
// if it is not there.
func (b *Builder) build(ctx context.Context, c component) (string, error) {
	key, err := b.key(ctx, c)
	if err != nil {
		return "", fmt.Errorf("build %s: %w", c, err)
	}
	dir := filepath.Join(b.Cache, key)
	if complete(dir) {
		return dir, nil
	}
	if err := os.MkdirAll(b.Cache, 0o755); err != nil {
		return "", fmt.Errorf("build %s: %w", c, err)
	}
	unlock, err := lock(dir+".lock", func() { fmt.Fprintf(b.Log, "waiting for another build of %s\n", c) })
	if err != nil {
		return "", fmt.Errorf("build %s: %w", c, err)
	}
	defer unlock()
	if complete(dir) { // by whoever held the lock before us
		return dir, nil
	}
	partial := dir + ".partial"
	if err := os.RemoveAll(partial); err != nil {
		return "", fmt.Errorf("build %s: %w", c, err)
	}
	start := time.Now()
	if err := b.compile(ctx, c, partial); err != nil {
		return "", fmt.Errorf("build %s: %w", c, err)
	}
	if err := os.Rename(partial, dir); err != nil {
		return "", fmt.Errorf("build %s: %w", c, err)
	}
	fmt.Fprintf(b.Log, "built %s in %s\n", c, time.Since(start).Round(time.Second))
	return dir, nil
}

func complete(dir string) bool {
	_, err := os.Stat(dir)
	return err == nil
}

// goCommand is a go command in the component's module, on which the user's own
// settings for builds have no influence.
func (b *Builder) goCommand(ctx context.Context, c component, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = filepath.Join(b.Source, c.module)
	cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off", "GOOS=linux", "GOARCH="+runtime.GOARCH)
	return cmd
}

// Compile compiles the program whose source is in a folder, as seen from test/lab, on
// which the user's own settings for builds have no influence either.
func (b *Builder) Compile(ctx context.Context, folder, program string) error {
	return b.CompileTool(ctx, folder, ".", program)
}

// CompileTool does so with a program of a module that the one in the folder requires.
func (b *Builder) CompileTool(ctx context.Context, folder, source, program string) error {
	cmd := b.goCommand(ctx, component{module: folder}, "build", "-buildvcs=false", "-trimpath", "-ldflags=-s -w", "-o", program, source)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s in %s: %w\n%s", source, folder, err, out)
	}
	return nil
}

// toolchain is the version of the Go toolchain that compiles the component.
func (b *Builder) toolchain(ctx context.Context, c component) (string, error) {
	out, err := b.goCommand(ctx, c, "env", "GOVERSION").Output()
	if errors.Is(err, exec.ErrNotFound) {
		return "", fmt.Errorf("%w: the lab is compiled from source", err)
	}
	if err != nil {
		return "", fmt.Errorf("go env GOVERSION: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}
