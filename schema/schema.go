// SPDX-License-Identifier: Apache-2.0

// Package schema holds the JSON Schemas of all documents, a file a kind. They
// are made from the types of pkg/output by its tests, and say what every
// version from this one on keeps: fields are added, never renamed or removed.
package schema

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed *.json
var files embed.FS

// Kinds returns the kinds of documents, as Of takes them.
func Kinds() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		panic(err) // what is embedded can be read
	}
	var kinds []string
	for _, e := range entries {
		kinds = append(kinds, strings.TrimSuffix(e.Name(), ".json"))
	}
	return kinds
}

// Of returns the schema of a kind, whose case does not matter.
func Of(kind string) ([]byte, error) {
	text, err := files.ReadFile(strings.ToLower(kind) + ".json")
	if err != nil {
		return nil, fmt.Errorf("there is no kind %q: want one of %s", kind, strings.Join(Kinds(), ", "))
	}
	return text, nil
}
