// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
	"github.com/kubectl-tpe/kubectl-tpe/schema/schematest"
)

// documents are one of each kind.
func documents() []Document {
	return []Document{&Status{}, &EntryList{}, &ReleaseList{}, &Preflight{}, &Doctor{}, &RollbackPlan{}, &SavedValues{}, &ValuesDiff{}, &Version{}}
}

// The published schemas are those of the types. With -update they are written.
func TestSchemas(t *testing.T) {
	comments := comments(t, ".", "../verdict", "../readiness", "../pum", "../release")
	for _, doc := range documents() {
		typ := reflect.TypeOf(doc).Elem()
		g := generator{comments: comments, defs: map[string]any{}}
		var got bytes.Buffer
		encoder := json.NewEncoder(&got)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(g.document(typ)); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("..", "..", "schema", strings.ToLower(typ.Name())+".json")
		if *update {
			if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got.String()); diff != "" {
			t.Errorf("%s (-file +types); make golden rewrites it:\n%s", file, diff)
		}
	}
}

// Every type that -o json can write has a schema.
func TestEveryDocumentHasASchema(t *testing.T) {
	var want, got []string
	parsed := sources(t, ".")
	for _, file := range parsed {
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == "show" {
				want = append(want, f.Recv.List[0].Type.(*ast.StarExpr).X.(*ast.Ident).Name)
			}
		}
	}
	for _, doc := range documents() {
		got = append(got, reflect.TypeOf(doc).Elem().Name())
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("documents (-in the source +with a schema):\n%s", diff)
	}
}

// A generator makes a schema from types.
type generator struct {
	comments map[string]string
	defs     map[string]any
}

type object = map[string]any

// document returns the schema of a document, with all types it refers to.
func (g *generator) document(t reflect.Type) object {
	s := g.object(t)
	properties := s["properties"].(object)
	properties["apiVersion"] = object{"const": apiVersion}
	properties["kind"] = object{"const": t.Name()}
	s["required"] = append([]string{"apiVersion", "kind"}, s["required"].([]string)...)
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = t.Name()
	s["$defs"] = g.defs
	return s
}

// object returns the schema of a struct.
func (g *generator) object(t reflect.Type) object {
	properties, required := object{}, []string{}
	g.fields(t, properties, &required)
	s := object{"type": "object", "properties": properties, "required": required}
	return g.described(s, typeName(t))
}

func (g *generator) described(s object, name string) object {
	if comment := g.comments[name]; comment != "" {
		s["description"] = comment
	}
	return s
}

func (g *generator) fields(t reflect.Type, properties object, required *[]string) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			g.fields(f.Type, properties, required)
			continue
		case !f.IsExported() || name == "-":
			continue
		}
		optional := strings.Contains(options, "omit")
		s := g.value(f.Type, optional)
		properties[name] = g.described(s, typeName(t)+"."+f.Name)
		if !optional {
			*required = append(*required, name)
		}
	}
}

// words are the values of types whose lists are closed: a new word would be
// a new version of the documents. Other words, such as PUM's, may come.
var words = map[reflect.Type][]any{
	reflect.TypeFor[verdict.Outcome]():     {verdict.OutcomeDone, verdict.OutcomeFailed, verdict.OutcomePending, verdict.OutcomeUnknown},
	reflect.TypeFor[verdict.Level]():       {verdict.LevelError, verdict.LevelWarning, verdict.LevelInfo},
	reflect.TypeFor[verdict.ImpactState](): {verdict.Degraded, verdict.Down},
}

// value returns the schema of a field's value.
func (g *generator) value(t reflect.Type, optional bool) object {
	switch {
	case words[t] != nil:
		return object{"enum": words[t]}
	case t == reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case t == reflect.TypeFor[json.RawMessage]():
		return object{}
	case t == reflect.TypeFor[pum.State]():
		return object{"type": []string{"string", "null"}}
	}
	switch t.Kind() {
	case reflect.Pointer:
		s := g.value(t.Elem(), false)
		if kind, ok := s["type"].(string); ok && !optional {
			s["type"] = []string{kind, "null"}
		}
		return s
	case reflect.Slice:
		return object{"type": "array", "items": g.value(t.Elem(), false)}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": g.value(t.Elem(), false)}
	case reflect.Struct:
		if g.defs[t.Name()] == nil {
			g.defs[t.Name()] = object{} // for types that refer to themselves
			g.defs[t.Name()] = g.object(t)
		}
		return object{"$ref": "#/$defs/" + t.Name()}
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int32, reflect.Int64:
		return object{"type": "integer"}
	}
	panic(fmt.Sprint("no schema for ", t))
}

// typeName names a type with its package, because several packages have a Doctor.
func typeName(t reflect.Type) string { return path.Base(t.PkgPath()) + "." + t.Name() }

// comments returns what the source says of types and their fields, by package.Type and
// package.Type.Field.
func comments(t *testing.T, dirs ...string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, dir := range dirs {
		for _, file := range sources(t, dir) {
			for _, d := range file.Decls {
				if decl, ok := d.(*ast.GenDecl); ok {
					for _, spec := range decl.Specs {
						if typ, ok := spec.(*ast.TypeSpec); ok {
							maps.Copy(found, commentsOf(file.Name.Name, typ, decl.Doc))
						}
					}
				}
			}
		}
	}
	return found
}

func commentsOf(pkg string, typ *ast.TypeSpec, doc *ast.CommentGroup) map[string]string {
	found := map[string]string{}
	fields, ok := typ.Type.(*ast.StructType)
	if !ok {
		return found
	}
	found[pkg+"."+typ.Name.Name] = oneLine(doc)
	for _, f := range fields.Fields.List {
		for _, name := range f.Names {
			found[pkg+"."+typ.Name.Name+"."+name.Name] = oneLine(f.Doc) + oneLine(f.Comment)
		}
	}
	return found
}

func oneLine(c *ast.CommentGroup) string { return strings.Join(strings.Fields(c.Text()), " ") }

// sources returns the files of a package, without its tests.
func sources(t *testing.T, dir string) []*ast.File {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no source in %s: %v", dir, err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// Every document that a test writes is as its schema says.
func TestDocumentsAreValid(t *testing.T) {
	for name, s := range snapshots() {
		s.ObservedAt, s.Namespace = now, place.Namespace
		v := verdict.Judge(s)
		for _, doc := range []Document{NewStatus(place, s, v), NewEntryList(place, s, v)} {
			var b bytes.Buffer
			if err := Write(&b, parse(t, "json"), doc, View{Now: now}); err != nil {
				t.Fatal(err)
			}
			if err := schematest.Validate(b.Bytes()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
