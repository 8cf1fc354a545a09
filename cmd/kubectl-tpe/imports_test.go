// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/kubectl-tpe/kubectl-tpe/"

// Arrows only go down: cmd -> report -> output, observe -> verdict -> pum, readiness, release, joblogs -> podexec -> kube,
// kubejob, command. What a package may import of this module is listed; all else is refused.
func TestArrowsOnlyGoDown(t *testing.T) {
	may := map[string][]string{
		"cmd/kubectl-tpe": {"report", "output", "observe", "verdict", "pum", "readiness", "release", "joblogs", "podexec", "kubejob", "kube", "command", "recording", "private", "console", module + "schema"},
		"schema":          {},
		"pkg/report":      {"private", "output", "verdict", "pum", "readiness", "release"},
		"pkg/output":      {"verdict", "pum", "readiness", "release", "joblogs", "podexec", "kubejob", "command"},
		"pkg/observe":     {"verdict", "pum", "readiness", "release", "podexec", "kube", "command"},
		"pkg/recording":   {"private", "observe", "verdict", "pum", "readiness", "release", "joblogs", "podexec", "kubejob", "command"},
		"pkg/verdict":     {"pum", "readiness", "release", "podexec", "kubejob", "command"},
		"pkg/pum":         {"podexec", "kubejob", "kube"},
		"pkg/readiness":   {"kubejob", "kube"},
		"pkg/release":     {},
		"pkg/joblogs":     {"kubejob", "kube"},
		"pkg/podexec":     {"kube"},
		"pkg/kubejob":     {},
		"pkg/kube":        {},
		"pkg/command":     {},
		"pkg/private":     {},
		"pkg/console":     {},

		"pkg/report/compile": {},
	}
	for _, pkg := range slices.Concat([]string{module + "cmd/kubectl-tpe", module + "schema"}, listed(t, "{{.ImportPath}}", "pkg/...")) {
		allowed, ok := may[strings.TrimPrefix(pkg, module)]
		if !ok {
			t.Errorf("nothing says what %s may import", pkg)
		}
		for _, path := range listed(t, `{{join .Imports "\n"}}`, strings.TrimPrefix(pkg, module)) {
			if strings.HasPrefix(path, module) && !slices.Contains(allowed, strings.TrimPrefix(path, module+"pkg/")) {
				t.Errorf("%s must not import %s", pkg, path)
			}
		}
	}
}

// What a package needs of others' modules shows what it is for.
func TestPackagesKeepToTheirPurpose(t *testing.T) {
	const tables, flags = "github.com/olekukonko/tablewriter", "github.com/spf13/cobra"
	const kubectl, cli, client = "k8s.io/kubectl", "k8s.io/cli-runtime", "k8s.io/client-go"
	never := map[string][]string{
		"cmd/kubectl-tpe": {tables},
		"pkg/output":      {flags},
		"pkg/report":      {flags, tables, cli, kubectl, client},
		"pkg/observe":     {flags, tables, cli, kubectl},
		"pkg/recording":   {flags, tables, cli, kubectl, "os/exec"},
		"pkg/verdict":     {flags, tables, cli, kubectl, client},
		"pkg/pum":         {flags, tables, cli, kubectl, "os/exec"},
		"pkg/readiness":   {flags, tables, cli, kubectl},
		"pkg/release":     {flags, tables, cli, kubectl, "os/exec"},
		"pkg/joblogs":     {flags, tables, cli, kubectl},
		"pkg/podexec":     {flags, tables, cli, "os/exec"},
		"pkg/kubejob":     {flags, tables, cli, kubectl, client},
		"pkg/kube":        {flags, tables, cli, kubectl},
		"pkg/command":     {"k8s.io", "github.com", "os/exec"},
		"pkg/private":     {"k8s.io", "github.com", "os/exec"},
		"pkg/console":     {"k8s.io", "github.com", "os/exec"},
	}
	for pkg, refused := range never {
		for _, path := range listed(t, `{{join .Imports "\n"}}`, pkg) {
			for _, no := range refused {
				if path == no || strings.HasPrefix(path, no+"/") {
					t.Errorf("%s must not import %s", pkg, path)
				}
			}
		}
	}
}

// Only cmd makes clients, with kube.NewClients: what has its own has its own connections, does
// not learn the API server's clock and does not end with the command.
func TestOnlyCmdMakesClients(t *testing.T) {
	makes := regexp.MustCompile(`\b(NewClients|New\w*ForConfig\w*|HTTPClientFor|RESTClientFor\w*|TransportFor)\(`)
	n := 0
	for _, dir := range listed(t, "{{.Dir}}", "pkg/...") {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			found := makes.FindString(string(text))
			switch {
			case filepath.Base(dir) == "kube":
				n += len(found)
			case found != "":
				t.Errorf("%s has %s", file, found)
			}
		}
	}
	if n == 0 {
		t.Error("nothing makes clients")
	}
}

// listed returns what go list says of packages of this module.
func listed(t *testing.T, format, packages string) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", format, module+packages).CombinedOutput()
	if err != nil {
		t.Fatalf("go list %s: %v\n%s", packages, err, out)
	}
	list := strings.Fields(string(out))
	if len(list) == 0 && packages != "pkg/console" { // which needs nothing, but for Windows
		t.Errorf("go list %s lists nothing", packages)
	}
	return list
}
