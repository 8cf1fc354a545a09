// SPDX-License-Identifier: Apache-2.0

// Package schematest validates documents in tests.
package schematest

import (
	"bytes"
	"encoding/json"
	"fmt"

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
	text, err := schema.Of(kind)
	if err != nil {
		return err
	}
	source, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	seal(source)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(kind, source); err != nil {
		return err
	}
	compiled, err := c.Compile(kind)
	if err != nil {
		return fmt.Errorf("schema of %s: %w", kind, err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return err
	}
	return compiled.Validate(value)
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
