// SPDX-License-Identifier: Apache-2.0

//go:build linux

package e2e

import (
	"bytes"
	"encoding/json"
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
		if !obeys(ts) {
			ts.Fatalf("%s -o json is no document", command)
		}
	}
}

// obeys checks what a command just printed against the schema that the plugin
// publishes for it. It returns false if it is no document of the plugin's.
func obeys(ts *testscript.TestScript) bool {
	text := []byte(ts.ReadFile("stdout"))
	var head struct{ APIVersion, Kind string }
	if json.Unmarshal(text, &head) != nil || !strings.HasPrefix(head.APIVersion, apiVersion) {
		return false
	}
	ts.Check(ts.Exec("kubectl", "tpe", "schema", strings.ToLower(head.Kind)))
	source, err := jsonschema.UnmarshalJSON(strings.NewReader(ts.ReadFile("stdout")))
	ts.Check(err)
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	ts.Check(compiler.AddResource(head.Kind, source))
	schema, err := compiler.Compile(head.Kind)
	ts.Check(err)
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	ts.Check(err)
	if err := schema.Validate(document); err != nil {
		ts.Fatalf("a document that its schema forbids: %v\n%s", err, text)
	}
	return true
}
