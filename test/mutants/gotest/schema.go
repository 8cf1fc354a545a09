// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// others are the operators that gremlins puts in the place of one, of the mutations that are on by default
// (github.com/go-gremlins/gremlins/internal/engine/mappings.go).
var others = map[token.Token][]token.Token{
	token.ADD: {token.SUB},
	token.SUB: {token.ADD},
	token.MUL: {token.QUO},
	token.QUO: {token.MUL},
	token.REM: {token.MUL},
	token.INC: {token.DEC},
	token.DEC: {token.INC},
	token.EQL: {token.NEQ},
	token.NEQ: {token.EQL},
	token.LSS: {token.LEQ, token.GEQ},
	token.LEQ: {token.LSS, token.GTR},
	token.GTR: {token.GEQ, token.LEQ},
	token.GEQ: {token.GTR, token.LSS},
}

// helpers are what the rewritten files call.
const helpers = `package %s

import (
	mutantOS "os"
	mutantNumber "strconv"
)

var mutantOn = func() int { n, _ := mutantNumber.Atoi(mutantOS.Getenv("MUTANT")); return n }()

type mutantInt interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr
}

type mutantNum interface{ mutantInt | ~float32 | ~float64 }

func mutantADD[T mutantNum](n int, x, y T) T { if mutantOn == n { return x - y }; return x + y }
func mutantSUB[T mutantNum](n int, x, y T) T { if mutantOn == n { return x + y }; return x - y }
func mutantMUL[T mutantNum](n int, x, y T) T { if mutantOn == n { return x / y }; return x * y }
func mutantQUO[T mutantNum](n int, x, y T) T { if mutantOn == n { return x * y }; return x / y }
func mutantREM[T mutantInt](n int, x, y T) T { if mutantOn == n { return x * y }; return x %% y }
func mutantNEG[T mutantNum](n int, x T) T { if mutantOn == n { return +x }; return -x }
func mutantONE[T mutantNum](n int, _ T) T { one := T(1); if mutantOn == n { return -one }; return one }
`

var helper = map[token.Token]string{
	token.ADD: "mutantADD", token.SUB: "mutantSUB", token.MUL: "mutantMUL", token.QUO: "mutantQUO", token.REM: "mutantREM",
}

// A rewriter writes a file again, with all changes in it, of which the environment variable
// MUTANT switches on one.
type rewriter struct {
	*pkg
	name    string
	file    *ast.File
	source  string
	changes *[]change
}

func (r *rewriter) rewrite() string {
	start := r.offset(r.file.Pos())
	return r.source[:start] + r.children(r.file) + r.source[r.offset(r.file.End()):]
}

func (r *rewriter) offset(p token.Pos) int { return r.set.Position(p).Offset }

// text returns a node, rewritten.
func (r *rewriter) text(n ast.Node) string {
	if s, ok := r.mutate(n); ok {
		return s
	}
	return r.children(n)
}

func (r *rewriter) children(n ast.Node) string {
	var b strings.Builder
	at := r.offset(n.Pos())
	ast.Inspect(n, func(c ast.Node) bool {
		if c == nil || c == n {
			return c != nil
		}
		s, ok := r.mutate(c)
		if !ok {
			return true
		}
		b.WriteString(r.source[at:r.offset(c.Pos())])
		b.WriteString(s)
		at = r.offset(c.End())
		return false
	})
	b.WriteString(r.source[at:r.offset(n.End())])
	return b.String()
}

// mutate returns a node with its changes, if it can have some.
func (r *rewriter) mutate(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.GenDecl:
		if n.Tok == token.CONST { // must stay constant
			return r.source[r.offset(n.Pos()):r.offset(n.End())], true
		}
	case *ast.ArrayType: // so must its length
		return r.source[r.offset(n.Pos()):r.offset(n.End())], true
	case *ast.IncDecStmt:
		x := r.text(n.X)
		return fmt.Sprintf("%s %c= mutantONE(%d, %s)", x, n.Tok.String()[0], r.add(n.TokPos, others[n.Tok][0]), x), true
	case *ast.UnaryExpr:
		if t, ok := r.typeOf(n); ok && n.Op == token.SUB {
			return fmt.Sprintf("mutantNEG[%s](%d, %s)", t, r.add(n.OpPos, token.ADD), r.text(n.X)), true
		}
	case *ast.BinaryExpr:
		if n.Op.Precedence() == token.EQL.Precedence() {
			return r.comparison(n)
		}
		return r.arithmetic(n)
	}
	return "", false
}

func (r *rewriter) comparison(n *ast.BinaryExpr) (string, bool) {
	t := r.info.Types[n]
	if b, ok := t.Type.(*types.Basic); !ok || b.Info()&types.IsBoolean == 0 || t.Value != nil {
		return "", false
	}
	x, y := r.text(n.X), r.text(n.Y)
	var b strings.Builder
	b.WriteString("func() bool { switch mutantOn {")
	for _, op := range others[n.Op] {
		fmt.Fprintf(&b, "case %d: return (%s) %s (%s);", r.add(n.OpPos, op), x, op, y)
	}
	fmt.Fprintf(&b, "}; return (%s) %s (%s) }()", x, n.Op, y)
	return b.String(), true
}

func (r *rewriter) arithmetic(n *ast.BinaryExpr) (string, bool) {
	if helper[n.Op] == "" {
		return "", false
	}
	if b, ok := r.info.Types[n].Type.Underlying().(*types.Basic); ok && b.Info()&types.IsString != 0 {
		*r.changes = append(*r.changes, change{r.name, r.offset(n.OpPos), token.SUB.String(), true})
		return "", false
	}
	t, ok := r.typeOf(n)
	if !ok {
		return "", false
	}
	x, y := r.text(n.X), r.text(n.Y)
	return fmt.Sprintf("%s[%s](%d, %s, %s)", helper[n.Op], t, r.add(n.OpPos, others[n.Op][0]), x, y), true
}

// add registers a change and returns its number.
func (r *rewriter) add(at token.Pos, to token.Token) int {
	*r.changes = append(*r.changes, change{File: r.name, Offset: r.offset(at), To: to.String()})
	return len(*r.changes)
}

// typeOf returns the name of an expression's type in this file, if it is a number and has one.
func (r *rewriter) typeOf(e ast.Expr) (string, bool) {
	t := r.info.Types[e].Type
	b, ok := t.Underlying().(*types.Basic)
	if !ok || b.Info()&types.IsNumeric == 0 || b.Info()&types.IsUntyped != 0 {
		return "", false
	}
	known := true
	name := types.TypeString(t, func(p *types.Package) string {
		if p.Path() == r.path {
			return ""
		}
		for _, i := range r.file.Imports {
			if i.Path.Value == `"`+p.Path()+`"` {
				if i.Name != nil {
					return i.Name.Name
				}
				return p.Name()
			}
		}
		known = false
		return ""
	})
	return name, known
}
