// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os/exec"
	"strings"
	"testing"
)

// Arrows only go down: cmd -> output, observe -> verdict -> pum, readiness, release, joblogs -> podexec, kubejob, kube -> client-go.
func TestArrowsOnlyGoDown(t *testing.T) {
	const module = "github.com/kubectl-tpe/kubectl-tpe/"
	const tables, flags, clients = "github.com/olekukonko/tablewriter", "github.com/spf13/cobra", module + "pkg/kube"
	never := map[string][]string{
		"cmd/kubectl-tpe": {tables},
		"pkg/output":      {flags, clients, module + "pkg/observe"},
		"pkg/verdict":     {flags, clients, tables, module + "pkg/output", module + "pkg/observe"},
		"pkg/observe":     {flags, tables, module + "pkg/output", module + "pkg/joblogs", "k8s.io/cli-runtime", "k8s.io/kubectl"},
		"pkg/pum":         {flags, tables, module + "pkg/output", module + "pkg/verdict", module + "pkg/readiness", module + "pkg/release", module + "pkg/joblogs", "k8s.io/cli-runtime", "os/exec"},
		"pkg/readiness":   {flags, tables, module + "pkg/output", module + "pkg/verdict", module + "pkg/pum", module + "pkg/release", module + "pkg/joblogs", "k8s.io/cli-runtime", "k8s.io/kubectl"},
		"pkg/release":     {flags, tables, module + "pkg/output", module + "pkg/verdict", module + "pkg/pum", module + "pkg/readiness", module + "pkg/joblogs", "k8s.io/cli-runtime", "os/exec"},
		"pkg/joblogs":     {flags, tables, module + "pkg/output", module + "pkg/verdict", module + "pkg/pum", module + "pkg/readiness", module + "pkg/release", "k8s.io/cli-runtime", "k8s.io/kubectl"},
		"pkg/command":     {flags, tables, module + "pkg", "k8s.io"},
		"pkg/kubejob":     {flags, tables, module + "pkg", "k8s.io/cli-runtime", "k8s.io/kubectl", "k8s.io/client-go"},
		"pkg/podexec":     {flags, tables, module + "pkg/kubejob", module + "pkg/output", module + "pkg/verdict", module + "pkg/pum", module + "pkg/readiness", module + "pkg/release", module + "pkg/joblogs", "k8s.io/cli-runtime", "os/exec"},
		"pkg/kube":        {flags, tables, module + "pkg", "k8s.io/cli-runtime", "k8s.io/kubectl"},
	}
	for pkg, refused := range never {
		out, err := exec.Command("go", "list", "-f", `{{join .Imports "\n"}}`, module+pkg).CombinedOutput()
		if err != nil {
			t.Fatalf("go list %s: %v\n%s", pkg, err, out)
		}
		imports := strings.Fields(string(out))
		if len(imports) == 0 {
			t.Errorf("%s imports nothing", pkg)
		}
		for _, path := range imports {
			for _, no := range refused {
				if path == no || strings.HasPrefix(path, no+"/") {
					t.Errorf("%s must not import %s", pkg, path)
				}
			}
		}
	}
}
