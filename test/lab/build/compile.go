// SPDX-License-Identifier: Apache-2.0

package build

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// compile runs go build, with its progress shown, so that all programs of the
// component are in dir when it returns without an error.
func (b *Builder) compile(ctx context.Context, c component, dir string) error {
	p := newProgress(b.Log, "building "+c.String())
	defer p.end()
	total, err := b.stalePackages(ctx, c, p)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	args := append([]string{"build", "-v", "-o", dir + string(os.PathSeparator)}, c.flags...)
	cmd := b.goCommand(ctx, c, append(args, c.targets...)...)
	compiled := 0
	return run(cmd, io.Discard, func(line string) bool {
		if strings.ContainsAny(line, " \t") {
			return false
		}
		compiled++
		p.show("%s of %s packages", thousands(compiled), thousands(max(total, compiled)))
		return true
	})
}

// stalePackages counts the packages that go build will have to compile, and
// downloads the modules that hold them.
func (b *Builder) stalePackages(ctx context.Context, c component, p *progress) (int, error) {
	args := append([]string{"list", "-deps", "-f", "{{if .Stale}}{{.ImportPath}}{{end}}"}, c.flags...)
	cmd := b.goCommand(ctx, c, append(args, c.targets...)...)
	var packages bytes.Buffer
	downloads := 0
	p.show("looking at its packages")
	err := run(cmd, &packages, func(line string) bool {
		if !strings.HasPrefix(line, "go: downloading ") {
			return false
		}
		downloads++
		p.show("%s modules downloaded", thousands(downloads))
		return true
	})
	return bytes.Count(packages.Bytes(), []byte("\n")), err
}

// run runs a command and hands each line of its standard error to progress. The
// lines that progress does not know are the error's explanation.
func run(cmd *exec.Cmd, stdout io.Writer, progress func(line string) bool) error {
	cmd.Stdout = stdout
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	var other []string
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		if !progress(lines.Text()) {
			other = append(other, lines.Text())
		}
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("go %s: %w\n%s", cmd.Args[1], err, strings.Join(other, "\n"))
	}
	return nil
}
