// SPDX-License-Identifier: Apache-2.0

package outside

import (
	"encoding/json"
	"errors"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"k8s.io/kube-openapi/pkg/validation/strfmt"
	"k8s.io/kube-openapi/pkg/validation/validate"
	"sigs.k8s.io/yaml"
)

// tektonTask returns the block for Tekton in docs/pipelines.md.
func tektonTask(t *testing.T) []byte {
	t.Helper()
	block := regexp.MustCompile("(?s)<!-- pipeline tekton -->\n```yaml\n(.*?)```\n").FindSubmatch(read(t, "../../docs/pipelines.md"))
	if block == nil {
		t.Fatal("docs/pipelines.md has no block for Tekton")
	}
	return block[1]
}

// What we say to Tekton and to Flux is what they define, and nothing of it is lost there.
func TestPipelinesAreAsDefined(t *testing.T) {
	tekton := module(t, "github.com/tektoncd/pipeline@v1.6.0", "h1:A+D+jzOVl2QNl/yiNT7csVgBUy2wpz6K6+/D4q5lfss=")
	flux := module(t, "github.com/fluxcd/kustomize-controller@v1.9.0", "h1:WfM+bQUGUGW2qyrrTgh2bIVSZSPmc3JC7234K8NiTWQ=")
	for name, tt := range map[string]struct {
		definition definition
		object     []byte
		was, wrong string // a mistake that must be noticed
	}{
		"Tekton, a key":   {definitionIn(t, read(t, tekton, "config/300-crds/300-task.yaml"), "Task"), tektonTask(t), "timeout: 70m", "timeOut: 70m"},
		"Tekton, a type":  {definitionIn(t, read(t, tekton, "config/300-crds/300-task.yaml"), "Task"), tektonTask(t), "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: yes please"},
		"Flux, a key":     {definitionIn(t, read(t, flux, "config/crd/bases/kustomize.toolkit.fluxcd.io_kustomizations.yaml"), "Kustomization"), read(t, "../../packaging/kubernetes/flux.yaml"), "healthChecks:", "healthcheck:"},
		"Flux, a pattern": {definitionIn(t, read(t, flux, "config/crd/bases/kustomize.toolkit.fluxcd.io_kustomizations.yaml"), "Kustomization"), read(t, "../../packaging/kubernetes/flux.yaml"), "timeout: 70m", "timeout: 70 minutes"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := tt.definition.takes(t, tt.object); err != nil {
				t.Error(err)
			}
			mistake := strings.Replace(string(tt.object), tt.was, tt.wrong, 1)
			if err := tt.definition.takes(t, []byte(mistake)); err == nil || mistake == string(tt.object) {
				t.Errorf("%q passes", tt.wrong)
			}
		})
	}
}

// takes returns why a definition does not take the whole of an object.
func (d definition) takes(t *testing.T, text []byte) error {
	t.Helper()
	object := tree{}
	if err := yaml.Unmarshal(text, &object); err != nil {
		t.Fatal(err)
	}
	definition := d.schema(t, object)["spec"].(tree)
	encoded, err := json.Marshal(definition)
	if err != nil {
		t.Fatal(err)
	}
	var schema spec.Schema
	if err := json.Unmarshal(encoded, &schema); err != nil {
		t.Fatal(err)
	}
	written := (&unstructured.Unstructured{Object: object}).DeepCopy().Object
	prune(object["spec"], definition)
	if !reflect.DeepEqual(object, written) {
		return errors.New("it has keys that the definition does not have")
	}
	return validate.NewSchemaValidator(&schema, nil, "spec", strfmt.Default).Validate(object["spec"]).AsError()
}

// The annotations of the hook are those that Argo CD reads.
func TestTheHookOfArgoCD(t *testing.T) {
	dir := module(t, "github.com/argoproj/gitops-engine@v0.7.3", "h1:0ZlRTReAJG5Y1PviQ8ZIJq/+VowxWe2uFwoXqYcbtXU=")
	source := string(read(t, dir, "pkg/sync/common/types.go"))
	hook := read(t, "../../packaging/kubernetes/argocd-hook.yaml")
	annotations := regexp.MustCompile(`(?m)^    (argocd\.argoproj\.io/\S+): (\S+)$`).FindAllSubmatch(hook, -1)
	if len(annotations) != 2 {
		t.Errorf("%d annotations: %q", len(annotations), annotations)
	}
	for _, a := range annotations {
		of := map[string]string{"argocd.argoproj.io/hook": "HookType", "argocd.argoproj.io/hook-delete-policy": "HookDeletePolicy"}[string(a[1])]
		key, value := regexp.QuoteMeta(string(a[1])), regexp.QuoteMeta(string(a[2]))
		if of == "" || !regexp.MustCompile(`(?m)^\tAnnotationKey\w+ = "`+key+`"$`).MatchString(source) || !regexp.MustCompile(`(?m)^\t\w+ `+of+` = "`+value+`"$`).MatchString(source) {
			t.Errorf("Argo CD does not know %s: %s", a[1], a[2])
		}
	}
}
