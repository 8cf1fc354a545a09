// SPDX-License-Identifier: Apache-2.0

// Prose copies the text that the plugin prints out of its source, for a linter of prose:
// go run ./test/prose FOLDER [PACKAGE]... writes, for every Go file of the packages that is not a test, a
// file FOLDER/PACKAGE/NAME.go.txt with its string literals, each on the line on which it begins in the source.
package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: go run ./test/prose FOLDER PACKAGE...")
		os.Exit(2)
	}
	for _, pkg := range os.Args[2:] {
		if err := extract(os.Args[1], pkg); err != nil {
			fmt.Fprintln(os.Stderr, "prose:", err)
			os.Exit(1)
		}
	}
}

func extract(folder, pkg string) error {
	files, err := filepath.Glob(filepath.Join(pkg, "*.go"))
	if err != nil {
		return err
	}
	n := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := literals(file)
		if err != nil {
			return err
		}
		to := filepath.Join(folder, file+".txt")
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(to, text, 0o644); err != nil {
			return err
		}
		n++
	}
	if n == 0 {
		return fmt.Errorf("no Go files in %s", pkg)
	}
	return nil
}

// literals returns the string literals of a file with at least three words; shorter ones are
// names. Tags of fields and imports are not text.
func literals(file string) ([]byte, error) {
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, file, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	ast.Inspect(parsed, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.Field:
			return false
		case *ast.BasicLit:
			text, err := strconv.Unquote(n.Value)
			if n.Kind != token.STRING || err != nil || len(strings.Fields(text)) < 3 {
				break
			}
			for bytes.Count(b.Bytes(), []byte("\n")) < fset.Position(n.Pos()).Line-1 {
				b.WriteByte('\n')
			}
			fmt.Fprintf(&b, "%s / ", strings.TrimRight(text, "\n"))
		}
		return true
	})
	return b.Bytes(), nil
}
