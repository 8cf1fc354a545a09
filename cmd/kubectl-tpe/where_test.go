// SPDX-License-Identifier: Apache-2.0

package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A command to copy that asks a cluster is made by command.Where, which says which one.
// Help speaks of commands in general.
func TestCommandsToCopyLeadToTheCluster(t *testing.T) {
	asks := regexp.MustCompile(`(^|\W)(kubectl|helm) [a-z]`)
	offline := regexp.MustCompile(`kubectl tpe( [a-z]+)? --help|kubectl tpe explain|completion kubectl`)
	help := []string{"Use", "Short", "Long", "Example", "Annotations"}
	inspect := func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.KeyValueExpr:
			key, _ := n.Key.(*ast.Ident)
			return key == nil || !slices.Contains(help, key.Name)
		case *ast.BasicLit:
			text, _ := strconv.Unquote(n.Value) // numbers have none
			if asks.MatchString(text) && !offline.MatchString(text) {
				t.Errorf("%q does not say which cluster", text)
			}
		}
		return true
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, inspect)
	}
}
