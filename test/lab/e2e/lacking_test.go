// SPDX-License-Identifier: Apache-2.0

//go:build linux

package e2e

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sync/errgroup"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// lacking runs commands as users who have a Role but for one right each.
func lacking(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: lacking ROLE TABLE")
	}
	rules, err := rulesIn(ts.ReadFile(args[0]))
	ts.Check(err)
	rights := rightsOf(rules)
	ts.Check(giveAllBut(ts, rights))
	var trials []trial
	for line := range strings.Lines(ts.ReadFile(args[1])) {
		if strings.Contains(line, " | ") {
			trials = append(trials, newTrial(ts, line))
		}
	}
	for _, right := range rights {
		if !slices.ContainsFunc(trials, func(t trial) bool { return t.right == right.name }) {
			ts.Fatalf("no line is about the right to %s", right.name)
		}
	}
	threeAtOnce(len(trials), func(i int) { trials[i].run() })
	for _, t := range trials {
		if t.problem != "" {
			ts.Logf("without %s, %s: %s:\n%s", t.right, t.command, t.problem, t.output)
		}
	}
	if n := len(trials) - len(slices.DeleteFunc(trials, func(t trial) bool { return t.problem != "" })); n > 0 {
		ts.Fatalf("%d commands did not say what their account lacks", n)
	}
}

// threeAtOnce does something n times, three at a time.
func threeAtOnce(n int, do func(i int)) {
	var all errgroup.Group
	all.SetLimit(3)
	for i := range n {
		all.Go(func() error { do(i); return nil })
	}
	_ = all.Wait() // nothing fails
}

// A right is one right, and a rule for it.
type right struct {
	name string // VERB RESOURCE.GROUP/SUBRESOURCE
	rule rbacv1.PolicyRule
}

// user is who has all rights but this one.
func (r right) user() string {
	return "without-" + strings.NewReplacer(" ", "-", "/", "-").Replace(r.name)
}

func rightsOf(rules []rbacv1.PolicyRule) []right {
	var rights []right
	for _, rule := range rules {
		group := rule.APIGroups[0]
		for _, resource := range rule.Resources {
			name, sub, _ := strings.Cut(resource, "/")
			name = strings.TrimSuffix(strings.TrimSuffix(name+"."+group, ".")+"/"+sub, "/")
			for _, verb := range rule.Verbs {
				one := rbacv1.PolicyRule{APIGroups: rule.APIGroups, Resources: []string{resource}, Verbs: []string{verb}}
				rights = append(rights, right{verb + " " + name, one})
			}
		}
	}
	return rights
}

// giveAllBut makes, for each right, a Role without it and gives that to its user.
func giveAllBut(ts *testscript.TestScript, rights []right) error {
	var items []any
	for i, lost := range rights {
		meta := metav1.ObjectMeta{Name: lost.user(), Namespace: ts.Getenv("NS")}
		role := rbacv1.Role{TypeMeta: metav1.TypeMeta{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "Role"}, ObjectMeta: meta}
		for j, kept := range rights {
			if i != j {
				role.Rules = append(role.Rules, kept.rule)
			}
		}
		items = append(items, role, rbacv1.RoleBinding{
			TypeMeta: metav1.TypeMeta{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "RoleBinding"}, ObjectMeta: meta,
			RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: meta.Name},
			Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: lost.user()}},
		})
	}
	list, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "List", "items": items})
	if err != nil {
		return err
	}
	cmd := command(ts, "kubectl create -f -")
	cmd.Stdin = strings.NewReader(string(list))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("give rights: %w\n%s", err, out)
	}
	return nil
}

// command makes a command in a script's environment, for several to run at once.
func command(ts *testscript.TestScript, line string) *exec.Cmd {
	cmd := exec.Command("sh", "-c", line)
	for _, name := range []string{"PATH", "HOME", "NS", "KUBECONFIG"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	return cmd
}

// A trial is a command that is run without a right.
type trial struct {
	right, codes, command string // any of the codes will do
	pattern               *regexp.Regexp
	cmd                   *exec.Cmd
	output, problem       string
}

func newTrial(ts *testscript.TestScript, line string) trial {
	columns := strings.SplitN(strings.TrimSpace(line), " | ", 4)
	if len(columns) != 4 {
		ts.Fatalf("%s: want VERB RESOURCE | CODES | COMMAND | PATTERN", line)
	}
	pattern, err := regexp.Compile("(?m)" + columns[3])
	ts.Check(err)
	t := trial{right: columns[0], codes: columns[1], command: columns[2], pattern: pattern}
	t.cmd = command(ts, t.command+" -n $NS --as="+right{name: t.right}.user())
	return t
}

// named is how the API server says what an account may not do.
var named = regexp.MustCompile(`cannot (\w+) resource "([a-z/]+)" in API group "([a-z.]*)"`)

// run runs the command and notes what is not as expected: no other right may be named.
func (t *trial) run() {
	out, _ := t.cmd.CombinedOutput() // the exit code tells
	t.output = string(out)
	code := fmt.Sprint(t.cmd.ProcessState.ExitCode())
	switch {
	case !slices.Contains(strings.Fields(t.codes), code):
		t.problem = "exit code " + code + ", want " + t.codes
	case !t.pattern.MatchString(t.output):
		t.problem = "no match for " + t.pattern.String()
	}
	for _, m := range named.FindAllStringSubmatch(t.output, -1) {
		rule := rbacv1.PolicyRule{APIGroups: []string{m[3]}, Resources: []string{m[2]}, Verbs: []string{m[1]}}
		if name := rightsOf([]rbacv1.PolicyRule{rule})[0].name; name != t.right {
			t.problem = "it names the right to " + name
		}
	}
}
