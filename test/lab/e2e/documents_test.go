// SPDX-License-Identifier: Apache-2.0

//go:build linux

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// apiVersion is that of all documents.
const apiVersion = "kubectl-tpe/"

// documents are what a scenario just loaded is shown as to programs.
func (s *suite) documents(ts *testscript.TestScript) {
	for _, command := range []string{"status", "pum status", "releases"} {
		args := append([]string{"kubectl", "tpe"}, strings.Fields(command)...)
		exitCode(ts, append(args, "-n", ts.Getenv("NS"), "-o", "json", "--kubeconfig", s.node.Kubeconfig()))
		if !s.obeys(ts) {
			ts.Fatalf("%s -o json is no document", command)
		}
	}
}

// obeys checks what a command just printed against the schema that the plugin
// publishes for it. It returns false if it is no document of the plugin's.
func (s *suite) obeys(ts *testscript.TestScript) bool {
	text := []byte(ts.ReadFile("stdout"))
	var head struct{ APIVersion, Kind string }
	if json.Unmarshal(text, &head) != nil || !strings.HasPrefix(head.APIVersion, apiVersion) {
		return false
	}
	schema, err := s.schema(head.Kind)
	ts.Check(err)
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	ts.Check(err)
	if err := schema.Validate(document); err != nil {
		ts.Fatalf("a document that its schema forbids: %v\n%s", err, text)
	}
	return true
}

// schema returns what the plugin publishes for a kind, asked for once.
func (s *suite) schema(kind string) (*jsonschema.Schema, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.schemas[kind] == nil {
		text, err := exec.Command(filepath.Join(s.plugin, "kubectl-tpe"), "schema", strings.ToLower(kind)).Output()
		if err != nil {
			return nil, fmt.Errorf("the schema of %s: %w", kind, err)
		}
		source, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			return nil, err
		}
		compiler := jsonschema.NewCompiler()
		compiler.AssertFormat()
		if err := compiler.AddResource(kind, source); err != nil {
			return nil, err
		}
		if s.schemas[kind], err = compiler.Compile(kind); err != nil {
			return nil, err
		}
	}
	return s.schemas[kind], nil
}
