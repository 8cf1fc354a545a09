// SPDX-License-Identifier: Apache-2.0

//go:build linux

package e2e

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"
)

// diagnosed runs doctor as users who have a Role but for one right each.
func (s *suite) diagnosed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: diagnosed ROLE DOC")
	}
	rules, err := rulesIn(ts.ReadFile(args[0]))
	ts.Check(err)
	rights := rightsOf(rules)
	want := diagnoses(ts.ReadFile(args[1]), minorNumber(s.node.Minor()))
	ts.Check(giveAllBut(ts, rights))
	got := make([]diagnosis, len(rights))
	threeAtOnce(len(rights), func(i int) { got[i] = diagnose(ts, rights[i]) })
	wrong := 0
	for i, r := range rights {
		if diff := cmp.Diff(want[r.name], got[i]); diff != "" {
			ts.Logf("without %s, doctor (-want +got):\n%s", r.name, diff)
			wrong++
		}
	}
	if wrong > 0 || len(want) != len(rights) {
		ts.Fatalf("%d rights of %d, and of %d in the table, are not diagnosed", wrong, len(rights), len(want))
	}
}

// minorNumber returns 33 for "1.33".
func minorNumber(minor string) int {
	_, number, _ := strings.Cut(minor, ".")
	n, _ := strconv.Atoi(number) // the versions of the lab are numbers
	return n
}

// A diagnosis is what doctor says of the rights of an account.
type diagnosis struct {
	ExitCode int
	Checks   []string // of rights, which are not ok
	Role     []string // the rights that it would add
}

// diagnoses are what doctor has to say without each right in a document's table, with this
// minor version of Kubernetes: commands in pods need
// create for both protocols since 1.35, and there is SPDY alone before 1.30.
func diagnoses(doc string, minor int) map[string]diagnosis {
	all := map[string]diagnosis{}
	var commands []string
	for line := range strings.Lines(doc) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.Trim(cells[i], " `")
		}
		switch {
		case cells[0] == "right":
			commands = cells
		case len(commands) == 0 || len(cells) != len(commands) || strings.HasPrefix(cells[0], "-"):
		default:
			d := diagnosis{Role: cells[:1]}
			all[cells[0]] = d
			if cells[0] == "get pods/exec" || cells[0] == "create pods/exec" && minor >= 30 && minor < 35 {
				continue // the other verb is enough for one of the two protocols, and PUM answers
			}
			for i, word := range cells {
				switch word {
				case "needs":
					d.ExitCode = 4
					d.Checks = append(d.Checks, "failed rights: "+commands[i]+": this account cannot "+cells[0])
				case "uses":
					d.Checks = append(d.Checks, "warning rights: "+commands[i]+": this account cannot "+cells[0]+": that stays unknown")
				}
			}
			all[cells[0]] = d
		}
	}
	return all
}

// diagnose asks doctor.
func diagnose(ts *testscript.TestScript, lost right) diagnosis {
	as := " -n $NS --as=" + lost.user()
	cmd := command(ts, "kubectl tpe doctor -o json"+as)
	text, _ := cmd.Output() // the exit code tells
	var doc struct {
		Checks []struct{ Name, Result, Summary string }
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		return diagnosis{Checks: []string{err.Error(), string(text)}}
	}
	d := diagnosis{ExitCode: cmd.ProcessState.ExitCode()}
	for _, c := range doc.Checks {
		if strings.HasPrefix(c.Name, "rights: ") && c.Result != "ok" {
			d.Checks = append(d.Checks, c.Result+" "+c.Name+": "+c.Summary)
		}
	}
	role, _ := command(ts, "kubectl tpe doctor --role"+as).Output() // without one there is none
	rules, err := rulesIn(string(role))
	if err != nil {
		d.Role = []string{err.Error()}
	}
	for _, r := range rightsOf(rules) {
		d.Role = append(d.Role, r.name)
	}
	return d
}

// rulesIn returns the rules of the Role that begins a text.
func rulesIn(text string) ([]rbacv1.PolicyRule, error) {
	var role rbacv1.Role
	err := yaml.Unmarshal([]byte(strings.Split(text, "\n---\n")[0]), &role)
	return role.Rules, err
}
