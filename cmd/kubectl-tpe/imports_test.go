// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
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
		"pkg/verdict":     {"pum", "readiness", "release", "podexec", "kubejob", "kube", "command"},
		"pkg/pum":         {"podexec", "kubejob", "kube"},
		"pkg/readiness":   {"kubejob", "kube"},
		"pkg/release":     {},
		"pkg/joblogs":     {"kubejob", "kube"},
		"pkg/podexec":     {"kubejob", "kube"},
		"pkg/kubejob":     {},
		"pkg/kube":        {},
		"pkg/command":     {},
		"pkg/private":     {},
		"pkg/console":     {},

		"pkg/report/compile": {},
	}
	for _, pkg := range listed(t) {
		allowed, ok := may[pkg.path]
		if !ok {
			t.Errorf("nothing says what %s may import", pkg.path)
		}
		for _, path := range pkg.imports {
			if strings.HasPrefix(path, module) && !slices.Contains(allowed, strings.TrimPrefix(path, module+"pkg/")) {
				t.Errorf("%s must not import %s", pkg.path, path)
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
	found := 0
	for _, pkg := range listed(t) {
		refused, ok := never[pkg.path]
		if ok {
			found++
		}
		for _, path := range pkg.imports {
			for _, no := range refused {
				if path == no || strings.HasPrefix(path, no+"/") {
					t.Errorf("%s must not import %s", pkg.path, path)
				}
			}
		}
	}
	if found != len(never) {
		t.Errorf("of %d packages, %d are there", len(never), found)
	}
}

// Only cmd makes clients, with kube.NewClients: what has its own has its own connections, does
// not learn the API server's clock and does not end with the command.
func TestOnlyCmdMakesClients(t *testing.T) {
	makes := regexp.MustCompile(`\b(NewClients|New\w*ForConfig\w*|HTTPClientFor|RESTClientFor\w*|TransportFor)\(`)
	n := 0
	for _, pkg := range listed(t) {
		if !strings.HasPrefix(pkg.path, "pkg/") {
			continue
		}
		files, err := filepath.Glob(filepath.Join(pkg.dir, "*.go"))
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
			case pkg.path == "pkg/kube":
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

// A listedPackage is one of the product, as go list knows it. Its path is that in this module.
type listedPackage struct {
	path, dir string
	imports   []string
}

// listed returns the packages of the product.
func listed(t *testing.T) []listedPackage {
	t.Helper()
	all, err := list()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// list asks go list, once for all tests.
var list = sync.OnceValues(func() (all []listedPackage, err error) {
	cmd := exec.Command("go", "list", "-f", "{{.ImportPath}}\t{{.Dir}}\t{{join .Imports \" \"}}", module+"cmd/kubectl-tpe", module+"schema", module+"pkg/...")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", cmd, err, &stderr)
	}
	for line := range strings.Lines(string(out)) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		all = append(all, listedPackage{strings.TrimPrefix(fields[0], module), fields[1], strings.Fields(fields[2])})
	}
	return all, nil
})
