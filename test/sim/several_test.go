// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-tpe/kubectl-tpe/schema/schematest"
)

// late is how late the slow ones answer each question.
const late = 3 * time.Second

// ten are ten installations: the context of each, what it is, and its exit code.
func ten(t *testing.T) map[string]*Case {
	t.Helper()
	load := func(name string) *Case {
		c, err := Load(filepath.Join("cases", name+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	yes := true
	return map[string]*Case{
		"01-done": {}, "02-done": {}, "03-done": {},
		"04-slow":      {Delay: metav1.Duration{Duration: late}},
		"05-pull":      load("pull-401"),
		"06-stuck":     load("helm-stuck"),
		"07-rolling":   load("pum-rolling"),
		"08-forbidden": {State: State{Deny: []string{"list pods", "list secrets"}}},
		"09-login":     {State: State{Unauthorized: &yes}},
		"10-slow":      {Delay: metav1.Duration{Duration: late}},
	}
}

var codesOfTen = map[string]int{
	"01-done": 0, "02-done": 0, "03-done": 0, "04-slow": 0, "05-pull": 3, "06-stuck": 3, "07-rolling": 8, "08-forbidden": 4, "09-login": 4, "10-slow": 0,
}

// broken ends, by the kubeconfig of several cases, when one of them cannot be played on.
var broken sync.Map

// several plays cases, and returns the environment in which they are contexts of one
// kubeconfig. One that is nil is not reachable.
func several(t *testing.T, cases map[string]*Case) []string {
	t.Helper()
	dir := t.TempDir()
	kubeconfigs := map[string]string{}
	alive, breaks := context.WithCancel(t.Context())
	t.Cleanup(breaks)
	for name, c := range cases {
		home := filepath.Join(dir, name)
		if err := os.Mkdir(home, 0o700); err != nil {
			t.Fatal(err)
		}
		gone := c == nil
		if gone {
			c = &Case{}
		}
		p, err := c.Play(home)
		if err != nil {
			t.Fatal(err)
		}
		if gone {
			_ = p.Close()
		} else {
			context.AfterFunc(p.Broken(), breaks) // and Close says why
			t.Cleanup(func() {
				if err := p.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		kubeconfigs[name] = p.Kubeconfig()
	}
	file := filepath.Join(dir, "kubeconfig")
	if err := Merge(file, kubeconfigs); err != nil {
		t.Fatal(err)
	}
	broken.Store("KUBECONFIG="+file, alive)
	return append(os.Environ(), "KUBECONFIG="+file, "HOME="+dir, "NO_COLOR=1")
}

// An answer is what the plugin wrote, and how it ended.
type pluginAnswer struct {
	stdout, stderr string
	code           int
	took           time.Duration
}

// ask runs the plugin, no longer than what is played can be played.
func ask(t *testing.T, environment []string, args ...string) pluginAnswer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for _, variable := range environment {
		if alive, ok := broken.Load(variable); ok {
			context.AfterFunc(alive.(context.Context), cancel)
		}
	}
	cmd := exec.CommandContext(ctx, plugin, args...)
	cmd.Env = environment
	var stderr bytes.Buffer
	cmd.Stderr, cmd.WaitDelay = &stderr, untilClosed() // a credential plugin may have it, and live on
	began := time.Now()
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Error(err)
		return pluginAnswer{code: -1}
	}
	stdout, err := io.ReadAll(out)
	if failed := cmd.Wait(); err != nil || failed != nil && !errors.As(failed, new(*exec.ExitError)) {
		t.Error(err, failed)
	}
	return pluginAnswer{string(stdout), stderr.String(), cmd.ProcessState.ExitCode(), time.Since(began)}
}

// meanwhile runs the plugin beside others. What it returns waits for the answer.
func meanwhile(t *testing.T, environment []string, args ...string) func() pluginAnswer {
	t.Helper()
	answer := make(chan pluginAnswer, 1)
	go func() { answer <- ask(t, environment, args...) }()
	return func() pluginAnswer { return <-answer }
}

// codes reads a list and returns the exit code of each installation.
func codes(t *testing.T, a pluginAnswer) map[string]int {
	t.Helper()
	if err := schematest.Validate([]byte(a.stdout)); err != nil {
		t.Fatalf("%v\n%s%s", err, a.stdout, a.stderr)
	}
	var list struct {
		Kind     string
		ExitCode int
		Summary  struct{ Total int }
		Items    []struct {
			Kind, Context, Namespace string
			ExitCode                 int
		}
	}
	if err := json.Unmarshal([]byte(a.stdout), &list); err != nil {
		t.Fatal(err)
	}
	if list.Kind != "StatusList" || list.ExitCode != a.code || list.Summary.Total != len(list.Items) {
		t.Errorf("%s with exit code %d of %d; the plugin ended with %d", list.Kind, list.ExitCode, list.Summary.Total, a.code)
	}
	found := map[string]int{}
	for _, item := range list.Items {
		found[item.Context+item.Namespace] = item.ExitCode
	}
	return found
}

// with adds to each name.
func with(codes map[string]int, namespace string) map[string]int {
	all := map[string]int{}
	for name, code := range codes {
		all[name+namespace] = code
	}
	return all
}

// Ten installations are one picture: each has its own exit code, the gravest is the plugin's,
// and it takes as long as the slowest alone.
func TestTenInstallations(t *testing.T) {
	t.Parallel()
	environment := several(t, ten(t))
	contexts := strings.Join(slices.Sorted(maps.Keys(codesOfTen)), ",")
	picture := meanwhile(t, environment, "status", "--contexts="+contexts)
	alone := ask(t, environment, "status", "--context=10-slow")
	screen := picture()
	if alone.code != 0 || alone.took < late {
		t.Fatalf("the slow one alone: exit code %d after %s\n%s%s", alone.code, alone.took, alone.stdout, alone.stderr)
	}
	a := ask(t, environment, "status", "--contexts="+contexts, "-o", "json")
	if diff := cmp.Diff(with(codesOfTen, Namespace), codes(t, a)); diff != "" || a.code != 4 {
		t.Errorf("exit code %d, each (-want +got):\n%s", a.code, diff)
	}
	if limit := alone.took + late; a.took > limit {
		t.Errorf("it took %s, and the slowest alone %s", a.took, alone.took)
	}
	for name, code := range codesOfTen {
		word := map[int]string{0: "DONE", 3: "FAILED", 8: "PENDING", 4: "FORBIDDEN"}[code]
		if !strings.Contains(screen.stdout, fmt.Sprintf("\n%-9s  %s ", word, name)) {
			t.Errorf("%s is not shown as %s:\n%s", name, word, screen.stdout)
		}
	}
	if !strings.Contains(screen.stdout, "2 failed, 2 forbidden, 1 pending, 5 done") || screen.code != 4 {
		t.Errorf("exit code %d:\n%s", screen.code, screen.stdout)
	}
}

// A report of ten has all of them, as the list has them, and takes as long as the slowest alone.
func TestReportOfTenInstallations(t *testing.T) {
	t.Parallel()
	environment := several(t, ten(t))
	contexts := "--contexts=" + strings.Join(slices.Sorted(maps.Keys(codesOfTen)), ",")
	markdown := meanwhile(t, environment, "report", contexts, "-o", "markdown")
	junit := meanwhile(t, environment, "report", contexts, "-o", "junit")
	alone := ask(t, environment, "report", "--context=10-slow")
	sheet, suites := markdown(), junit()
	a := ask(t, environment, "report", contexts)
	if limit := alone.took + late; a.code != 4 || a.took > limit {
		t.Errorf("exit code %d after %s, and the slowest alone took %s\n%s", a.code, a.took, alone.took, a.stderr)
	}
	for name, code := range codesOfTen {
		word := map[int]string{0: "✅ DONE", 3: "❌ FAILED", 8: "⏳ PENDING", 4: "❔ FORBIDDEN"}[code]
		if row := fmt.Sprintf("\n| %s | %s |", name, word); !strings.Contains(sheet.stdout, row) {
			t.Errorf("markdown: no %q in\n%s", row, sheet.stdout)
		}
		if !strings.Contains(a.stdout, name+": ThingPark Enterprise") {
			t.Errorf("html: %s is missing", name)
		}
		suite := regexp.MustCompile(`<testsuite name="` + name + `: verdict" tests="1" failures="(\d)" errors="(\d)"`).FindStringSubmatch(suites.stdout)
		if suite == nil || (suite[1]+suite[2] == "00") != (code == 0) {
			t.Errorf("junit: the verdict of %s is %q", name, suite)
		}
	}
	if sheet.code != 4 || suites.code != 4 || !strings.Contains(sheet.stdout, "2 failed, 2 forbidden, 1 pending, 5 done") {
		t.Errorf("exit codes %d and %d:\n%s", sheet.code, suites.code, sheet.stdout)
	}
}

// A wait ends when each is over or out of time, and says which was not.
func TestWaitForTenInstallations(t *testing.T) {
	t.Parallel()
	environment := several(t, ten(t))
	contexts := strings.Join(slices.Sorted(maps.Keys(codesOfTen)), ",")
	want := maps.Clone(codesOfTen)
	want["07-rolling"] = 124
	a := ask(t, environment, "wait", "--contexts="+contexts, "--timeout=15s", "-o", "json")
	if diff := cmp.Diff(with(want, Namespace), codes(t, a)); diff != "" || a.code != 4 {
		t.Errorf("exit code %d, each (-want +got):\n%s", a.code, diff)
	}
	if a.took > 20*time.Second {
		t.Errorf("it took %s", a.took)
	}
	for _, says := range []string{"05-pull: failed: ", "; 07-rolling: timed out after 15s, waiting for deployment/pum, PUM's answer\n"} {
		if !strings.Contains(a.stderr, says) {
			t.Errorf("it does not say %q:\n%s", says, a.stderr)
		}
	}
	if strings.Contains(a.stderr, "06-stuck: timed out") {
		t.Errorf("what was over is out of time:\n%s", a.stderr)
	}
}

// What becomes done is waited for in each; with --fail-fast the first failure is enough.
func TestWaitForInstallations(t *testing.T) {
	t.Parallel()
	upgrade := &Case{
		State: State{Objects: strings.ReplaceAll(usual, "readyReplicas: 1, availableReplicas: 1", "readyReplicas: 0, availableReplicas: 0, unavailableReplicas: 1")},
		Steps: []Step{{After: metav1.Duration{Duration: 3 * time.Second}, State: State{Objects: usual}}},
	}
	failed, err := Load("cases/pull-401.yaml")
	if err != nil {
		t.Fatal(err)
	}
	stays, err := Load("cases/pum-rolling.yaml")
	if err != nil {
		t.Fatal(err)
	}
	environment := several(t, map[string]*Case{"done": {}, "becomes": upgrade, "failed": failed, "stays": stays})
	a := ask(t, environment, "wait", "--contexts=becomes,done", "--timeout=1m", "-o", "json", "--poll-interval=1s")
	if diff := cmp.Diff(with(map[string]int{"done": 0, "becomes": 0}, Namespace), codes(t, a)); diff != "" || a.code != 0 {
		t.Errorf("exit code %d, each (-want +got):\n%s\n%s", a.code, diff, a.stderr)
	}
	a = ask(t, environment, "wait", "--contexts=stays,failed", "--timeout=1m", "--fail-fast", "-o", "json")
	if diff := cmp.Diff(with(map[string]int{"stays": 8, "failed": 3}, Namespace), codes(t, a)); diff != "" || a.code != 3 || a.took > 30*time.Second {
		t.Errorf("--fail-fast: exit code %d after %s, each (-want +got):\n%s\n%s", a.code, a.took, diff, a.stderr)
	}
}

// One that is not reachable hides none of the others.
func TestUnreachableInstallation(t *testing.T) {
	t.Parallel()
	environment := several(t, map[string]*Case{"done": {}, "gone": nil})
	if a := ask(t, environment, "status", "--contexts=done,nosuch"); a.code != 2 || !strings.Contains(a.stderr, "the kubeconfig does not have \"nosuch\": it has done, gone\n") {
		t.Errorf("an unknown context: exit code %d: %s", a.code, a.stderr)
	}
	for _, command := range []string{"status", "wait"} {
		a := ask(t, environment, command, "--contexts=gone,done", "-o", "json")
		if diff := cmp.Diff(with(map[string]int{"done": 0, "gone": 1}, Namespace), codes(t, a)); diff != "" || a.code != 1 || a.took > 20*time.Second {
			t.Errorf("%s: exit code %d after %s (-want +got):\n%s\n%s", command, a.code, a.took, diff, a.stderr)
		}
	}
	if a := ask(t, environment, "report", "--contexts=gone,done", "-o", "markdown"); a.code != 1 || !strings.Contains(a.stdout, "\n| gone | ❔ UNKNOWN |") || !strings.Contains(a.stdout, "\n| done | ✅ DONE |") {
		t.Errorf("report: exit code %d\n%s\n%s", a.code, a.stdout, a.stderr)
	}
}

// hang makes the test program wait, as a credential plugin that waits for somebody to log in.
const hang = "TEST_SIM_HANG"

// Nor does one whose credential plugin waits for somebody to log in, or one whose plugin is
// not installed. The former knows no deadline, and is given up.
func TestInstallationWithoutLogin(t *testing.T) {
	t.Parallel()
	hangs, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	environment := several(t, map[string]*Case{"done": {}, "hangs": {}, "missing": {}})
	i := slices.IndexFunc(environment, func(v string) bool { return strings.HasPrefix(v, "KUBECONFIG="+os.TempDir()) })
	file := strings.TrimPrefix(environment[i], "KUBECONFIG=")
	config, err := clientcmd.LoadFromFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, program := range map[string]string{"hangs": hangs, "missing": "no-such-plugin"} {
		config.AuthInfos[name] = &clientcmdapi.AuthInfo{Exec: &clientcmdapi.ExecConfig{
			Command: program, Env: []clientcmdapi.ExecEnvVar{{Name: hang, Value: "yes"}}, APIVersion: "client.authentication.k8s.io/v1", InteractiveMode: clientcmdapi.NeverExecInteractiveMode,
		}}
	}
	if err := clientcmd.WriteToFile(*config, file); err != nil {
		t.Fatal(err)
	}
	wait := meanwhile(t, environment, "wait", "--contexts=hangs,done", "--timeout=3s", "-o", "json")
	a := ask(t, environment, "status", "--contexts=missing,hangs,done", "-o", "json")
	want := map[string]int{"done" + Namespace: 0, "hangs" + Namespace: 1, "missing": 1}
	if diff := cmp.Diff(want, codes(t, a)); diff != "" || a.code != 1 || a.took > 50*time.Second {
		t.Errorf("exit code %d after %s (-want +got):\n%s\n%s", a.code, a.took, diff, a.stderr)
	}
	for _, code := range []string{"TPE713", "TPE714"} {
		if !strings.Contains(a.stdout, code) {
			t.Errorf("%s is missing:\n%s", code, a.stdout)
		}
	}
	a = wait()
	if diff := cmp.Diff(map[string]int{"done" + Namespace: 0, "hangs" + Namespace: 124}, codes(t, a)); diff != "" || a.code != 124 || a.took > 20*time.Second {
		t.Errorf("wait: exit code %d after %s (-want +got):\n%s\n%s", a.code, a.took, diff, a.stderr)
	}
}

// others adds an installation in another namespace, as good as the usual one.
func others(t *testing.T, namespaces ...string) string {
	t.Helper()
	text := ""
	for _, namespace := range namespaces {
		for document := range strings.SplitSeq("\n"+usual+"---\n"+usualPUM, "\n---") {
			text += strings.Replace("\n---"+document, "metadata: {", "metadata: {namespace: "+namespace+", ", 1)
		}
	}
	return strings.TrimPrefix(text, "\n---")
}

// With -A those namespaces are asked that have a PUM, and who may not see them is told so.
func TestAllNamespaces(t *testing.T) {
	t.Parallel()
	second := others(t, "tpe-2")
	const without = "\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: other, namespace: elsewhere}\n"
	environment := several(t, map[string]*Case{
		"two":    {State: State{Objects: second + without}},
		"one":    {},
		"none":   {State: State{PUM: &PUM{None: true}}},
		"denied": {State: State{Deny: []string{"list deployments in all namespaces"}}},
	})
	tests := []struct {
		name string
		args []string
		want map[string]int
		code int
		says string
	}{
		{"two of one cluster", []string{"-A", "--context=two"}, map[string]int{"two" + Namespace: 0, "twotpe-2": 0}, 0, ""},
		{"of several clusters", []string{"-A", "--contexts=two,one"}, map[string]int{"two" + Namespace: 0, "twotpe-2": 0, "one" + Namespace: 0}, 0, ""},
		{"none is not success", []string{"-A", "--context=none"}, map[string]int{"none": 6}, 6, ""},
		{"not allowed", []string{"-A", "--context=denied"}, map[string]int{"denied": 4}, 4, "kubectl create clusterrole tpe-namespaces --verb=list --resource=deployments.apps --resource-name=pum --context=denied\n"},
		{"not allowed in one of two", []string{"-A", "--contexts=one,denied"}, map[string]int{"denied": 4, "one" + Namespace: 0}, 4, "--user=operator --context=denied\n"},
		{"another name of PUM", []string{"-A", "--context=one", "--pum-deployment=twa"}, map[string]int{"one" + Namespace: 5}, 5, ""},
	}
	for _, tt := range tests {
		for _, command := range [][]string{{"status"}, {"wait", "--timeout=0"}} {
			a := ask(t, environment, slices.Concat(command, tt.args, []string{"-o", "json"})...)
			if diff := cmp.Diff(tt.want, codes(t, a)); diff != "" || a.code != tt.code {
				t.Errorf("%s: %s: exit code %d (-want +got):\n%s\n%s", tt.name, command, a.code, diff, a.stderr)
			}
			if !strings.Contains(a.stderr, tt.says) {
				t.Errorf("%s: %s does not say %q:\n%s", tt.name, command, tt.says, a.stderr)
			}
		}
		a := ask(t, environment, slices.Concat([]string{"report", "-o", "junit"}, tt.args)...)
		if n := strings.Count(a.stdout, `: verdict" tests="1"`); n != len(tt.want) || a.code != tt.code || !strings.Contains(a.stderr, tt.says) {
			t.Errorf("%s: report: exit code %d, %d installations:\n%s", tt.name, a.code, n, a.stderr)
		}
	}
}
