// SPDX-License-Identifier: Apache-2.0

// Compile writes the Go code of the templates in a folder, the current one if none is named. In
// the plugin nothing interprets a template.
package main

import (
	"bytes"
	"fmt"
	"go/format"
	"os"
	"path/filepath"
	"strings"

	"github.com/a-h/templ/generator"
	"github.com/a-h/templ/parser/v2"
)

func main() {
	dir := "."
	if len(os.Args) > 1 {
		dir = os.Args[1]
	}
	files, err := compile(dir)
	for file, code := range files {
		if err == nil {
			err = os.WriteFile(file, code, 0o644)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// compile returns the code of each template, by the file that it belongs into.
func compile(dir string) (map[string][]byte, error) {
	templates, err := filepath.Glob(filepath.Join(dir, "*.templ"))
	if err != nil {
		return nil, err
	}
	code := map[string][]byte{}
	for _, file := range templates {
		parsed, err := parser.Parse(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		var b bytes.Buffer
		if _, err := generator.Generate(parsed, &b, generator.WithFileName(filepath.Base(file))); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if code[strings.TrimSuffix(file, ".templ")+"_templ.go"], err = format.Source(b.Bytes()); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	return code, nil
}
