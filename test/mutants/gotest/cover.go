// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"fmt"
	"go/ast"
	"go/token"
	"os"
	"path"
	"strings"
)

// A block is a line of a coverage profile: from where to where, and whether it ran.
type block struct {
	fromLine, fromColumn, toLine, toColumn int
	ran                                    bool
}

func (b block) has(p token.Position) bool {
	return (p.Line > b.fromLine || p.Line == b.fromLine && p.Column >= b.fromColumn) &&
		(p.Line < b.toLine || p.Line == b.toLine && p.Column <= b.toColumn)
}

// addBlocks adds to a coverage profile what Go's coverage leaves out: the conditions of a
// switch or select that was reached, and the values of the package.
func addBlocks(profile string, p *pkg) error {
	blocks, err := readBlocks(profile)
	if err != nil {
		return err
	}
	out, err := os.OpenFile(profile, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer out.Close()
	w := bufio.NewWriter(out)
	for i, file := range p.files {
		name := path.Join(p.path, p.names[i])
		for _, n := range uncounted(file, func(at token.Pos) bool { return reached(blocks[name], p.set.Position(at)) }) {
			from, to := p.set.Position(n.Pos()), p.set.Position(n.End())
			fmt.Fprintf(w, "%s:%d.%d,%d.%d 1 1\n", name, from.Line, from.Column, to.Line, to.Column)
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return out.Close()
}

func reached(blocks []block, at token.Position) bool {
	for _, b := range blocks {
		if b.ran && b.has(at) {
			return true
		}
	}
	return false
}

// uncounted returns the nodes of a file that have no block.
func uncounted(file *ast.File, reached func(token.Pos) bool) []ast.Node {
	var found []ast.Node
	for _, d := range file.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok != token.IMPORT {
			found = append(found, g)
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		var body *ast.BlockStmt
		switch s := n.(type) {
		case *ast.SwitchStmt:
			body = s.Body
		case *ast.SelectStmt:
			body = s.Body
		}
		if body == nil || !reached(n.Pos()) {
			return true
		}
		for _, c := range body.List {
			switch c := c.(type) {
			case *ast.CaseClause:
				for _, e := range c.List {
					found = append(found, e)
				}
			case *ast.CommClause:
				if c.Comm != nil {
					found = append(found, c.Comm)
				}
			}
		}
		return true
	})
	return found
}

func readBlocks(profile string) (map[string][]block, error) {
	text, err := os.ReadFile(profile)
	if err != nil {
		return nil, err
	}
	blocks := map[string][]block{}
	for line := range strings.Lines(string(text)) {
		name, rest, ok := strings.Cut(line, ".go:")
		if !ok {
			continue // the mode
		}
		var b block
		var statements, count int
		if _, err := fmt.Sscanf(rest, "%d.%d,%d.%d %d %d", &b.fromLine, &b.fromColumn, &b.toLine, &b.toColumn, &statements, &count); err != nil {
			return nil, fmt.Errorf("%s: %q: %w", profile, line, err)
		}
		b.ran = count > 0
		blocks[name+".go"] = append(blocks[name+".go"], b)
	}
	return blocks, nil
}
