// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A pkg is a package with its types.
type pkg struct {
	path, dir string
	names     []string // of its files
	set       *token.FileSet
	files     []*ast.File
	info      types.Info
}

// prepare compiles a package with all its changes, and measures its tests.
func prepare(pattern, profile string) error {
	p, err := read(strings.TrimSuffix(pattern, "/..."))
	if err != nil {
		return err
	}
	if err := addBlocks(profile, p); err != nil {
		return err
	}
	s := &state{Dir: p.dir, Files: p.names}
	if err := compile(p, s); err != nil {
		return err
	}
	if err := s.measure(); err != nil {
		return err
	}
	return s.save()
}

// read parses a package, and checks its types with what the compiler knows of its imports.
func read(dir string) (*pkg, error) {
	cmd := goCommand("", "list", "-export", "-deps", "-json=ImportPath,Dir,GoFiles,Export", dir)
	cmd.Stdout = nil
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list %s: %w", dir, err)
	}
	var listed struct {
		ImportPath, Dir, Export string
		GoFiles                 []string
	}
	exports := map[string]string{}
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		listed.GoFiles = nil
		if err := d.Decode(&listed); err != nil {
			return nil, err
		}
		exports[listed.ImportPath] = listed.Export
	}
	// The package itself comes last.
	p := &pkg{path: listed.ImportPath, dir: listed.Dir, names: listed.GoFiles, set: token.NewFileSet()}
	for _, name := range p.names {
		f, err := parser.ParseFile(p.set, filepath.Join(p.dir, name), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		p.files = append(p.files, f)
	}
	p.info.Types = map[ast.Expr]types.TypeAndValue{}
	conf := types.Config{Importer: importer.ForCompiler(p.set, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })}
	_, err = conf.Check(p.path, p.set, p.files, &p.info)
	return p, err
}

// compile writes the package again, and builds its tests with it.
func compile(p *pkg, s *state) error {
	replace := map[string]string{}
	put := func(name, text string) error {
		to := kept(name)
		replace[filepath.Join(p.dir, name)] = to
		return os.WriteFile(to, []byte(text), 0o600)
	}
	for i, name := range p.names {
		source, err := os.ReadFile(filepath.Join(p.dir, name))
		if err != nil {
			return err
		}
		r := rewriter{pkg: p, name: name, file: p.files[i], source: string(source), changes: &s.Changes}
		if err := put(name, r.rewrite()); err != nil {
			return err
		}
	}
	if err := put("mutants.go", fmt.Sprintf(helpers, p.files[0].Name.Name)); err != nil {
		return err
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return err
	}
	if err := os.WriteFile(kept("overlay.json"), overlay, 0o600); err != nil {
		return err
	}
	cmd := goCommand(p.dir, "test", "-c", "-vet=off", "-ldflags=-s -w", "-overlay", kept("overlay.json"), "-o", kept("test"))
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("with all changes in it, %s does not compile: %w", p.path, err)
	}
	return nil
}

// measure runs the tests without any change, for how long they take.
func (s *state) measure() error {
	began := time.Now()
	cmd := binary(kept("test"), s.Dir, 0, time.Hour, "-test.short")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("the tests fail without any change: %w\n%s", err, out)
	}
	s.Took, s.Used = time.Since(began), cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()
	return nil
}
