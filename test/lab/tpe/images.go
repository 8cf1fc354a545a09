// SPDX-License-Identifier: Apache-2.0

package tpe

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/build"
	"github.com/kubectl-tpe/kubectl-tpe/test/lab/image"
)

// An Importer is the lab's node.
type Importer interface {
	// Import makes images known to the node's container runtime.
	Import(ctx context.Context, images ...image.Image) error
	// Dir is a folder on the node that goes with the lab.
	Dir() string
}

// programs are the programs of the stand-in, compiled.
type programs struct {
	standin   []byte
	operators []byte
}

// compile builds the programs into a folder. What is
// there and up to date is left as it is.
func compile(ctx context.Context, dir string) (programs, error) {
	standin, err := compileOne(ctx, filepath.Join(dir, "standin"), build.Module+"/standin")
	if err != nil {
		return programs{}, err
	}
	operators, err := compileOne(ctx, filepath.Join(dir, "operators"), build.Module+"/standin/operators")
	return programs{standin, operators}, err
}

func compileOne(ctx context.Context, program, pkg string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, pkg)
	cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off", "GOOS=linux", "GOARCH="+runtime.GOARCH)
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	return os.ReadFile(program)
}

// images are all images of the stand-in. Those of the workloads hold the same
// program under the names it is called by; PUM's of 8.0 has no other program
// than Node.js, as the distroless image it is made from.
func images(p programs, inventory Inventory) []image.Image {
	standin := image.File{Path: "/standin", Mode: 0o755, Content: p.standin}
	link := func(path string) image.File { return image.File{Path: path, Link: "/standin"} }
	path := []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	return []image.Image{
		{
			Names: inventory.images(func(w Workload, _ string) bool { return w.Program == "" }),
			Files: []image.File{standin}, Config: image.Config{Entrypoint: []string{"/standin"}, Cmd: []string{"idle"}, Env: path},
		},
		{
			Names:  inventory.images(func(w Workload, release string) bool { return w.Program == programPUM && !distroless(release) }),
			Files:  []image.File{standin, link("/usr/local/bin/status"), link("/usr/local/bin/restart")},
			Config: image.Config{Entrypoint: []string{"/standin"}, Cmd: []string{"pum-server"}, Env: path},
		},
		{
			Names: inventory.images(func(w Workload, release string) bool { return w.Program == programPUM && distroless(release) }),
			Files: []image.File{standin, link("/nodejs/bin/node"), {Path: "/app/app.js", Content: []byte("// PUM, played by the program node\n")}},
			Config: image.Config{
				Entrypoint: []string{"/nodejs/bin/node"}, Cmd: []string{"app.js"}, Env: path, WorkingDir: "/app",
			},
		},
		{
			Names:  inventory.images(func(w Workload, _ string) bool { return w.Program == programController }),
			Files:  []image.File{standin, link("/usr/local/bin/list-backups"), link("/usr/local/bin/get-backup-metadatas")},
			Config: image.Config{Entrypoint: []string{"/standin"}, Cmd: []string{"idle"}, Env: path},
		},
		{
			Names: []string{p.operatorsImage()}, Files: []image.File{{Path: "/operators", Mode: 0o755, Content: p.operators}},
			Config: image.Config{Entrypoint: []string{"/operators"}},
		},
	}
}

// images are the sorted names of the images of some workloads in some releases.
func (i Inventory) images(take func(w Workload, release string) bool) []string {
	names := map[string]bool{}
	for _, w := range i.Workloads {
		for release := range i.Releases[0].Versions {
			if take(w, release) {
				names[w.Image(release)] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}
