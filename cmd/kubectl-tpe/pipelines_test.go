// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

const manifestFolder = "../../packaging/kubernetes"

// manifest reads the objects of a file, as Helm would render it.
func manifest(t *testing.T, name string) []string {
	t.Helper()
	text := readFile(t, filepath.Join(manifestFolder, name))
	text = strings.NewReplacer("{{ .Release.Namespace }}", defaultNamespace, "{{ .Release.Name }}", "tpe").Replace(text)
	if strings.Contains(text, "{{") {
		t.Fatalf("%s: a template that this test does not know", name)
	}
	return strings.Split(text, "---\n")
}

// strict decodes an object and wants every field to be one of its kind.
func strict[T any](t *testing.T, text string) *T {
	t.Helper()
	object := new(T)
	if err := yaml.UnmarshalStrict([]byte(text), object); err != nil {
		t.Fatal(err)
	}
	return object
}

// The manifests have the Role that doctor prints, and a Job with which the plugin works: the
// least rights, no root, its own pod's name, and time-outs in the right order.
func TestKubernetesManifests(t *testing.T) {
	_, printed, _ := runWith(t, http.NotFoundHandler(), withToken, "doctor", "--role", "--service-account=kubectl-tpe", "--namespace="+defaultNamespace)
	want := strings.Split(printed, "---\n")
	if len(want) != 3 {
		t.Fatalf("%d objects: %s", len(want), printed)
	}
	for _, file := range []string{"job.yaml", "helm-hook.yaml", "argocd-hook.yaml"} {
		got := manifest(t, file)
		if len(got) != 4 {
			t.Fatalf("%s: %d objects, want 4", file, len(got))
		}
		if diff := cmp.Diff(strict[corev1.ServiceAccount](t, want[0]), strict[corev1.ServiceAccount](t, got[0])); diff != "" {
			t.Errorf("%s (-doctor +file):\n%s", file, diff)
		}
		if diff := cmp.Diff(strict[rbacv1.Role](t, want[1]), strict[rbacv1.Role](t, got[1])); diff != "" {
			t.Errorf("%s: kubectl tpe doctor --role --service-account=kubectl-tpe prints another Role (-doctor +file):\n%s", file, diff)
		}
		if diff := cmp.Diff(strict[rbacv1.RoleBinding](t, want[2]), strict[rbacv1.RoleBinding](t, got[2])); diff != "" {
			t.Errorf("%s (-doctor +file):\n%s", file, diff)
		}
		checkJob(t, file, strict[batchv1.Job](t, got[3]))
	}
}

func checkJob(t *testing.T, file string, j *batchv1.Job) {
	t.Helper()
	pod := j.Spec.Template.Spec
	c := pod.Containers[0]
	cmd := newRootCmd(&app{})
	found, args, err := cmd.Find(c.Args)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if err := found.ParseFlags(args); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	timeout, err := found.Flags().GetDuration("timeout")
	if err != nil || j.Spec.ActiveDeadlineSeconds == nil || time.Duration(*j.Spec.ActiveDeadlineSeconds)*time.Second < timeout+2*time.Minute {
		t.Errorf("%s: the Job may end before --timeout=%s", file, timeout)
	}
	for name, ok := range map[string]bool{
		"apiVersion and kind":           j.APIVersion == "batch/v1" && j.Kind == "Job",
		"the label of this plugin":      j.Labels["app.kubernetes.io/name"] == verdict.PluginName,
		"one attempt":                   j.Spec.BackoffLimit != nil && *j.Spec.BackoffLimit == 0 && pod.RestartPolicy == corev1.RestartPolicyNever,
		"the ServiceAccount":            pod.ServiceAccountName == "kubectl-tpe" && j.Namespace == defaultNamespace,
		"no root":                       pod.SecurityContext.RunAsNonRoot != nil && *pod.SecurityContext.RunAsNonRoot && *pod.SecurityContext.RunAsUser > 0,
		"the profile restricted":        pod.SecurityContext.SeccompProfile.Type == corev1.SeccompProfileTypeRuntimeDefault && !*c.SecurityContext.AllowPrivilegeEscalation && slices.Equal(c.SecurityContext.Capabilities.Drop, []corev1.Capability{"ALL"}),
		"a root that cannot be written": *c.SecurityContext.ReadOnlyRootFilesystem,
		"the pod's name":                c.Env[0].Name == "POD_NAME" && c.Env[0].ValueFrom.FieldRef.FieldPath == "metadata.name",
		"the pod's namespace":           c.Env[1].Name == "POD_NAMESPACE" && c.Env[1].ValueFrom.FieldRef.FieldPath == "metadata.namespace",
		"no sidecars":                   j.Spec.Template.Annotations["sidecar.istio.io/inject"] == "false",
		"the image of this release":     c.Image == imageOfRelease(t),
	} {
		if !ok {
			t.Errorf("%s: want %s", file, name)
		}
	}
	if file == "helm-hook.yaml" && (j.Labels["app.kubernetes.io/instance"] != "tpe" || !strings.Contains(j.Annotations["helm.sh/hook"], "post-upgrade")) {
		t.Errorf("%s: it does not say of which release it is a hook", file)
	}
}

// imageOfRelease is what make image-push pushes.
func imageOfRelease(t *testing.T) string {
	t.Helper()
	release := regexp.MustCompile(`(?m)^RELEASE := (\S+)$`).FindStringSubmatch(readFile(t, "../../Makefile"))
	return "ghcr.io/kubectl-tpe/kubectl-tpe:" + release[1]
}

// A gitlabJob has the keywords that we use of GitLab's
// (https://docs.gitlab.com/ci/yaml/).
type gitlabJob struct {
	Image         string   `json:"image"`
	Timeout       string   `json:"timeout"`
	ResourceGroup string   `json:"resource_group"`
	Script        []string `json:"script"`
	Retry         struct {
		Max       int `json:"max"` // at most 2
		ExitCodes int `json:"exit_codes"`
	} `json:"retry"`
	AllowFailure struct {
		ExitCodes int `json:"exit_codes"`
	} `json:"allow_failure"`
	Artifacts struct {
		When     string            `json:"when"`
		ExpireIn string            `json:"expire_in"`
		Reports  map[string]string `json:"reports"`
	} `json:"artifacts"`
}

// A tektonTask has the fields that we use of tekton.dev/v1
// (https://tekton.dev/docs/pipelines/pipeline-api/).
type tektonTask struct {
	metav1.TypeMeta `json:",inline"`
	Metadata        metav1.ObjectMeta `json:"metadata"`
	Spec            struct {
		Params []struct{ Name, Type, Default string } `json:"params"`
		Steps  []struct {
			Name            string                  `json:"name"`
			Image           string                  `json:"image"`
			Command         []string                `json:"command"`
			Args            []string                `json:"args"`
			Timeout         metav1.Duration         `json:"timeout"`
			SecurityContext *corev1.SecurityContext `json:"securityContext"`
		} `json:"steps"`
	} `json:"spec"`
}

// A fluxKustomization has the fields that we use of kustomize.toolkit.fluxcd.io/v1
// (https://fluxcd.io/flux/components/kustomize/kustomizations/).
type fluxKustomization struct {
	metav1.TypeMeta `json:",inline"`
	Metadata        metav1.ObjectMeta `json:"metadata"`
	Spec            struct {
		DependsOn     []struct{ Name string }     `json:"dependsOn"`
		Interval      metav1.Duration             `json:"interval"`
		RetryInterval metav1.Duration             `json:"retryInterval"`
		Timeout       metav1.Duration             `json:"timeout"`
		Path          string                      `json:"path"`
		Prune         bool                        `json:"prune"`
		Force         bool                        `json:"force"`
		SourceRef     struct{ Kind, Name string } `json:"sourceRef"`
		HealthChecks  []struct {
			APIVersion string `json:"apiVersion"`
			Kind       string `json:"kind"`
			Name       string `json:"name"`
			Namespace  string `json:"namespace"`
		} `json:"healthChecks"`
	} `json:"spec"`
}

// pipelineBlock returns a block of docs/pipelines.md.
func pipelineBlock(t *testing.T, name string) string {
	t.Helper()
	block := regexp.MustCompile("(?s)<!-- pipeline " + name + " -->\n```[a-z]*\n(.*?)```\n").FindStringSubmatch(readFile(t, docs+"/pipelines.md"))
	if block == nil {
		t.Fatalf("docs/pipelines.md has no block %q", name)
	}
	return block[1]
}

// The blocks for each system have fields that we know, and the pipeline gives wait more time
// than wait takes. packaging/pipelines lints those for GitHub, GitLab and Jenkins, test/outside holds
// those for Tekton, Flux and Argo CD against their definitions, and test/sim runs the scripts.
func TestPipelines(t *testing.T) {
	job := strict[map[string]gitlabJob](t, pipelineBlock(t, "gitlab"))
	upgrade := (*job)["upgrade"]
	if upgrade.Retry.Max > 2 || upgrade.Retry.ExitCodes != int(verdict.ExitTimeout) || upgrade.AllowFailure.ExitCodes != int(verdict.ExitWarnings) ||
		upgrade.Artifacts.When != "always" || upgrade.Timeout != "75 minutes" || upgrade.Artifacts.Reports["junit"] != "upgrade.xml" {
		t.Errorf("GitLab: %+v", upgrade)
	}
	task := strict[tektonTask](t, pipelineBlock(t, "tekton"))
	if step := task.Spec.Steps[0]; task.APIVersion != "tekton.dev/v1" || task.Kind != "Task" || step.Image != imageOfRelease(t) || step.Timeout.Duration <= time.Hour {
		t.Errorf("Tekton: %+v", task)
	}
	flux := strict[fluxKustomization](t, manifest(t, "flux.yaml")[0])
	wait := strict[batchv1.Job](t, manifest(t, "job.yaml")[3])
	if check := flux.Spec.HealthChecks[0]; check.Name != wait.Name || check.Namespace != wait.Namespace || check.Kind != "Job" || check.APIVersion != "batch/v1" ||
		flux.Spec.Timeout.Duration < time.Duration(*wait.Spec.ActiveDeadlineSeconds)*time.Second || !flux.Spec.Force {
		t.Errorf("Flux: %+v", flux)
	}
	for name, file := range map[string]string{"helm": "helm-hook.yaml", "argocd": "argocd-hook.yaml", "flux": "flux.yaml"} {
		if !strings.Contains(readFile(t, filepath.Join(manifestFolder, file)), pipelineBlock(t, name)) {
			t.Errorf("%s has not the lines of the block %q", file, name)
		}
	}
	text := readFile(t, docs+"/pipelines.md")
	for _, code := range []string{"0", "1", "2", "3", "4", "5", "6", "9", "124", "130"} { // those of wait
		if !regexp.MustCompile(`(?m)^\| [^|]*\b` + code + `\b[^|]* \|`).MatchString(text) {
			t.Errorf("docs/pipelines.md does not say what to do after exit code %s", code)
		}
	}
}

// A Role is granted to the ServiceAccount that was named, under a name of its own.
func TestRoleOfServiceAccount(t *testing.T) {
	for account, want := range map[string]struct {
		name    string
		subject rbacv1.Subject
		objects int
	}{
		"kubectl-tpe": {"kubectl-tpe", rbacv1.Subject{Kind: "ServiceAccount", Namespace: "tpe", Name: "kubectl-tpe"}, 3},
		"runner":      {"kubectl-tpe:runner", rbacv1.Subject{Kind: "ServiceAccount", Namespace: "tpe", Name: "runner"}, 3},
		"tpe:runner":  {"kubectl-tpe:runner", rbacv1.Subject{Kind: "ServiceAccount", Namespace: "tpe", Name: "runner"}, 3},
		"ci:runner":   {"kubectl-tpe:ci:runner", rbacv1.Subject{Kind: "ServiceAccount", Namespace: "ci", Name: "runner"}, 2},
	} {
		code, stdout, stderr := runWith(t, http.NotFoundHandler(), withToken, "doctor", "--role", "--service-account="+account)
		objects := strings.Split(stdout, "---\n")
		if code != 0 || len(objects) != want.objects {
			t.Fatalf("%s: exit code %d, %d objects: %s", account, code, len(objects), stderr)
		}
		role := strict[rbacv1.Role](t, objects[len(objects)-2])
		binding := strict[rbacv1.RoleBinding](t, objects[len(objects)-1])
		if role.Name != want.name || binding.RoleRef.Name != want.name || !slices.Equal(binding.Subjects, []rbacv1.Subject{want.subject}) {
			t.Errorf("%s: Role %s, subjects %v", account, role.Name, binding.Subjects)
		}
	}
	for _, args := range [][]string{{"doctor", "--service-account=a"}, {"doctor", "--role", "--service-account=A_b"}, {"doctor", "--role", "--service-account=:a"}, {"doctor", "--role", "--service-account=a:"}, {"doctor", "--role", "--service-account="}} {
		if code, stdout, _ := runWith(t, http.NotFoundHandler(), withToken, args...); code != 2 || stdout != "" {
			t.Errorf("%q: exit code %d: %s", args, code, stdout)
		}
	}
}

// What docs/rights.md shows is the Role of a ServiceAccount, too.
func TestOneRole(t *testing.T) {
	text, err := os.ReadFile(docs + "/rights.md")
	if err != nil {
		t.Fatal(err)
	}
	role := regexp.MustCompile("(?s)```yaml\n(.*?)---\n").FindSubmatch(text)
	if diff := cmp.Diff(strict[rbacv1.Role](t, string(role[1])).Rules, strict[rbacv1.Role](t, manifest(t, "job.yaml")[1]).Rules); diff != "" {
		t.Errorf("(-docs/rights.md +job.yaml):\n%s", diff)
	}
}
