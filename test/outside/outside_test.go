// SPDX-License-Identifier: Apache-2.0

// Package outside judges the test data of other projects: what they expect of an object, and
// what the plugin says of it. A difference is an error, or stands in a table with its reason.
// What we write for other projects is held against what they define.
package outside

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
)

// A grade is what two projects can both say of an object.
type grade string

const (
	good    grade = "good"    // nothing to wait for
	waiting grade = "waiting" // not yet, or nobody knows
	bad     grade = "bad"     // it will not become good by itself
)

// differences are the objects of which the plugin says something else, and why.
var differences = map[string]struct {
	grade grade
	why   string
}{
	"stsOK":             {waiting, "it has no updatedReplicas, which API servers count since Kubernetes 1.7"},
	"dsBadStatus":       {good, "desiredNumberScheduled is always sent; that it is not there cannot be told from 0, no eligible node"},
	"dsLessReady":       {good, "more available than ready pods is a status that no controller writes; kubectl rollout status agrees"},
	"depNotProgressing": {good, "all pods are updated and available: the controller sets the condition again with the same status; kubectl rollout status agrees"},
	"depNotAvailable":   {good, "the controller derives the condition from the counts, which say otherwise; kubectl rollout status agrees"},
	"jobInProgress":     {waiting, "kstatus is content with a job that was started; an upgrade waits for its end"},

	"deployment-degraded":  {waiting, "rollouts do complete after their progress deadline (kubernetes#49637); what makes its pods fail is found on them"},
	"statefulset":          {waiting, "with OnDelete old pods run until somebody deletes them; Argo CD does not look at them"},
	"statefulset-ondelete": {waiting, "as above"},
	"daemonset-ondelete":   {waiting, "as above"},

	"Kafka-degraded":             {waiting, "Strimzi reconciles again two minutes after a TimeoutException"},
	"PerconaServerMongoDB-error": {waiting, "Percona's operator tries again after an error; the error is permanent after a grace, and this one has no date"},
}

func compare(t *testing.T, name string, want grade, text []byte) {
	t.Run(name, func(t *testing.T) {
		got, reason := judge(t, text)
		if d, ok := differences[name]; ok {
			if d.grade == want {
				t.Fatalf("there is no difference any more, and one is listed")
			}
			want = d.grade
		}
		if got != want {
			t.Errorf("%s (%s), want %s", got, reason, want)
		}
	})
}

// judge returns what the plugin says of an object that is alone in its namespace.
func judge(t *testing.T, text []byte) (grade, string) {
	t.Helper()
	text, err := yaml.YAMLToJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	var named struct{ Kind string }
	if err := yaml.Unmarshal(text, &named); err != nil {
		t.Fatal(err)
	}
	kind := readiness.KeptKind(readiness.KeptKinds(), named.Kind)
	if kind == nil {
		t.Fatalf("a %s", named.Kind)
	}
	object, err := kind.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	if object.GetGeneration() == 0 {
		object.SetGeneration(1) // as every API server does, and as the objects' status says
	}
	var o readiness.Objects
	kind.Set(&o, []metav1.Object{object})
	a := readiness.Assess(o, time.Now())
	for _, w := range a.Workloads {
		return grades[w.State], string(w.State) + " " + w.Reason
	}
	for _, j := range a.Jobs {
		return jobGrades[j.State], string(j.State)
	}
	t.Fatalf("nothing is said of a %s", named.Kind)
	return "", ""
}

var grades = map[readiness.State]grade{
	readiness.Ready: good, readiness.ScaledToZero: good, readiness.Failed: bad,
	readiness.Progressing: waiting, readiness.AwaitingRestart: waiting, readiness.Paused: waiting, readiness.Unknown: waiting,
}

var jobGrades = map[readiness.JobState]grade{
	readiness.JobComplete: good, readiness.JobFailed: bad,
	readiness.JobPending: waiting, readiness.JobRunning: waiting, readiness.JobFinishing: waiting, readiness.JobSuspended: waiting,
}

// module returns the folder of a module, which is downloaded first if it is not there. Its
// hash is the one that was seen when this was written.
func module(t *testing.T, at, sum string) string {
	t.Helper()
	cmd := exec.Command("go", "mod", "download", "-json", at)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod")
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("download %s: %v\n%s", at, err, text)
	}
	var m struct{ Dir, Sum string }
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	if m.Sum != sum {
		t.Fatalf("%s has the hash %s, want %s", at, m.Sum, sum)
	}
	return m.Dir
}

func read(t *testing.T, path ...string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// kstatus is what kubectl apply --wait of kpt, Flux and Helm 4 ask.
func TestKstatus(t *testing.T) {
	dir := module(t, "sigs.k8s.io/cli-utils@v0.37.2", "h1:GOfKw5RV2HDQZDJlru5KkfLO1tbxqMoyn1IYUxqBpNg=")
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, "pkg/kstatus/status/status_compute_test.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]grade{"CurrentStatus": good, "InProgressStatus": waiting, "FailedStatus": bad, "TerminatingStatus": waiting}
	texts := variables(t, file)
	compared := 0
	for _, function := range []string{"TestStsStatus", "TestDaemonsetStatus", "TestDeploymentStatus", "TestJobStatus"} {
		for spec, status := range kstatusCases(t, file, function) {
			compared++
			compare(t, spec, want[status], []byte(texts[spec]))
		}
	}
	if compared != 21 {
		t.Errorf("%d cases were found, want 21", compared)
	}
}

// variables returns the texts that a file has in variables.
func variables(t *testing.T, file *ast.File) map[string]string {
	texts := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == 1 {
			if text, ok := v.Values[0].(*ast.BasicLit); ok && text.Kind == token.STRING {
				var err error
				if texts[v.Names[0].Name], err = strconv.Unquote(text.Value); err != nil {
					t.Fatal(err)
				}
			}
		}
		return true
	})
	return texts
}

// kstatusCases returns the names of the objects that a test has, and what it expects.
func kstatusCases(t *testing.T, file *ast.File, function string) map[string]string {
	cases := map[string]string{}
	ast.Inspect(file.Scope.Lookup(function).Decl.(ast.Node), func(n ast.Node) bool {
		fields := map[string]string{}
		if literal, ok := n.(*ast.CompositeLit); ok {
			for _, e := range literal.Elts {
				if field, ok := e.(*ast.KeyValueExpr); ok {
					fields[fmt.Sprint(field.Key)] = fmt.Sprint(field.Value)
				}
			}
		}
		if spec, ok := fields["spec"]; ok {
			cases[spec] = fields["expectedStatus"]
		}
		return true
	})
	if len(cases) == 0 {
		t.Fatalf("%s has no case", function)
	}
	return cases
}

// Argo CD's health of built-in kinds.
func TestArgoCD(t *testing.T) {
	dir := module(t, "github.com/argoproj/gitops-engine@v0.7.3", "h1:0ZlRTReAJG5Y1PviQ8ZIJq/+VowxWe2uFwoXqYcbtXU=")
	for name, want := range map[string]grade{
		"deployment-progressing": waiting, "deployment-suspended": waiting, "deployment-degraded": bad,
		"statefulset": good, "statefulset-ondelete": good, "daemonset-ondelete": good,
		"job-running": waiting, "job-failed": bad, "job-succeeded": good,
	} {
		compare(t, name, want, read(t, dir, "pkg/health/testdata", name+".yaml"))
	}
}

// Argo CD's health of the operators' kinds.
func TestArgoCDCustomizations(t *testing.T) {
	dir := module(t, "github.com/argoproj/argo-cd/v3@v3.1.0", "h1:2+gPskQKCyPC9DzRSWQ1AvmS3WiIlRR7bKz/FO3DozI=")
	want := map[string]grade{"Healthy": good, "Progressing": waiting, "Suspended": waiting, "Degraded": bad, "Unknown": waiting}
	for _, kind := range []string{"kafka.strimzi.io/Kafka", "psmdb.percona.com/PerconaServerMongoDB"} {
		folder := filepath.Join(dir, "resource_customizations", kind)
		var tests struct {
			Tests []struct {
				HealthStatus struct{ Status string }
				InputPath    string
			}
		}
		if err := yaml.Unmarshal(read(t, folder, "health_test.yaml"), &tests); err != nil || len(tests.Tests) == 0 {
			t.Fatalf("%d tests of %s: %v", len(tests.Tests), kind, err)
		}
		for _, test := range tests.Tests {
			name := filepath.Base(kind) + "-" + strings.TrimSuffix(filepath.Base(test.InputPath), ".yaml")
			compare(t, name, want[test.HealthStatus.Status], read(t, folder, test.InputPath))
		}
	}
}
