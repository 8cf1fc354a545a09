// SPDX-License-Identifier: Apache-2.0

// Package schematest validates documents in tests.
package schematest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kubectl-tpe/kubectl-tpe/schema"
)

// Validate checks a document against the schema of its kind, and that it has
// no field that the schema does not have.
func Validate(document []byte) error {
	var head struct{ Kind string }
	if err := json.Unmarshal(document, &head); err != nil {
		return err
	}
	return ValidateAs(head.Kind, document)
}

// ValidateAs checks a document against the schema of a kind.
func ValidateAs(kind string, document []byte) error {
	s, err := compile(kind)
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return err
	}
	return s.Validate(value)
}

// compiled has the schemas that were compiled, by kind: tests validate thousands of documents.
var compiled sync.Map

func compile(kind string) (*jsonschema.Schema, error) {
	if known, ok := compiled.Load(kind); ok {
		return known.(*jsonschema.Schema), nil
	}
	text, err := schema.Of(kind)
	if err != nil {
		return nil, err
	}
	source, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	seal(source)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(kind, source); err != nil {
		return nil, err
	}
	made, err := c.Compile(kind)
	if err != nil {
		return nil, fmt.Errorf("schema of %s: %w", kind, err)
	}
	compiled.Store(kind, made)
	return made, nil
}

// seal forbids fields that a schema does not name. The published schema leaves
// room for those of later versions.
func seal(node any) {
	switch node := node.(type) {
	case []any:
		for _, child := range node {
			seal(child)
		}
	case map[string]any:
		if _, ok := node["properties"].(map[string]any); ok && node["type"] == "object" {
			node["additionalProperties"] = false
		}
		for _, child := range node {
			seal(child)
		}
	}
}
