// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// A Case is a situation, and what the plugin must say of it. README.md tells what each
// key means.
type Case struct {
	Name   string           `json:"name"`
	Source string           `json:"source"`
	Args   []string         `json:"args"`
	Stdin  string           `json:"stdin"`
	Want   []int            `json:"want"`
	Says   []string         `json:"says"`
	Never  []string         `json:"never"`
	Within *metav1.Duration `json:"within"`

	State
	Version   int    `json:"version"`
	Stale     string `json:"stale"`
	Streaming *bool  `json:"streaming"`
	Steps     []Step `json:"steps"`
	OnRestart []Step `json:"onRestart"`
}

// A State is what a case says of the cluster. In a step it says what becomes otherwise.
type State struct {
	Objects      string            `json:"objects"`
	Delete       []string          `json:"delete"`
	Helm         []HelmRevision    `json:"helm"`
	PUM          *PUM              `json:"pum"`
	Logs         []Log             `json:"logs"`
	Deny         []string          `json:"deny"`
	DenyMessage  map[string]string `json:"denyMessage"`
	Unauthorized *bool             `json:"unauthorized"`
}

// A Step is a change, some time after the one before.
type Step struct {
	After metav1.Duration `json:"after"`
	State
}

// A Log is what a container printed. Each line has the time at which it is added, or begins
// with a time of its own and a space.
type Log struct {
	Pod       string `json:"pod"`
	Container string `json:"container"`
	Previous  bool   `json:"previous"`
	Text      string `json:"text"`
}

// Load reads a case from a file. A key that no case has is an error.
func Load(file string) (*Case, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	c := &Case{}
	if err := yaml.UnmarshalStrict(text, c); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(file), err)
	}
	if c.Name == "" || len(c.Args) == 0 || len(c.Want) == 0 {
		return nil, fmt.Errorf("%s: a case has a name, args, and the exit codes it wants", filepath.Base(file))
	}
	return c, nil
}

// Judge returns what is wrong with an answer.
func (c *Case) Judge(code int, out string) (problems []string) {
	if !slices.Contains(c.Want, code) {
		problems = append(problems, fmt.Sprintf("exit code %d, want one of %d", code, c.Want))
	}
	for _, says := range c.Says {
		if !regexp.MustCompile("(?is)" + says).MatchString(out) {
			problems = append(problems, fmt.Sprintf("it does not say %q", says))
		}
	}
	for _, never := range c.Never {
		if regexp.MustCompile("(?is)" + never).MatchString(out) {
			problems = append(problems, fmt.Sprintf("it says %q", never))
		}
	}
	return problems
}

// Expand replaces {{ago "40m"}} by the time so long before now, in RFC 3339.
func Expand(text string, now time.Time) (string, error) {
	if !strings.Contains(text, "{{") {
		return text, nil
	}
	ago := func(text string) (string, error) {
		d, err := time.ParseDuration(text)
		return now.Add(-d).UTC().Format(time.RFC3339), err
	}
	t, err := template.New("").Funcs(template.FuncMap{"ago": ago}).Parse(text)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	err = t.Execute(&b, nil)
	return b.String(), err
}

// Objects reads YAML documents. Those of Kubernetes' own kinds may have no key that the kind
// has not; those that say no namespace are in Namespace, if their kind has one.
func Objects(text string, now time.Time) ([]*unstructured.Unstructured, error) {
	text, err := Expand(text, now)
	if err != nil {
		return nil, err
	}
	var objects []*unstructured.Unstructured
	for _, document := range strings.Split("\n"+text, "\n---") {
		if strings.TrimSpace(document) == "" {
			continue
		}
		o := &unstructured.Unstructured{}
		if err := yaml.UnmarshalStrict([]byte(document), &o.Object); err != nil {
			return nil, err
		}
		kind := kindOf(o.GroupVersionKind())
		if kind.builtin {
			typed, err := scheme.New(kind.GroupVersionKind)
			if err == nil {
				err = yaml.UnmarshalStrict([]byte(document), typed)
			}
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", o.GetKind(), o.GetName(), err)
			}
		}
		if !kind.Global && o.GetNamespace() == "" {
			o.SetNamespace(Namespace)
		}
		objects = append(objects, o)
	}
	return objects, nil
}

// usual is what is there besides the objects of a case.
const usual = `
apiVersion: v1
kind: Namespace
metadata: {name: ` + Namespace + `}
status: {phase: Active}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: twa, generation: 1, annotations: {deployment.kubernetes.io/revision: "1"}}
spec: {replicas: 1, selector: {matchLabels: {app: twa}}, template: {metadata: {labels: {app: twa}}, spec: {containers: [{name: twa, image: "repository.thingpark.com/thingpark-kubernetes/twa:1"}]}}}
status: {observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1, conditions: [{type: Available, status: "True"}, {type: Progressing, status: "True", reason: NewReplicaSetAvailable}]}
`

// usualPUM is there unless a case says that there is no PUM.
const usualPUM = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: pum, uid: u-pum, generation: 1, annotations: {deployment.kubernetes.io/revision: "1"}}
spec: {replicas: 1, strategy: {type: Recreate}, selector: {matchLabels: {app.kubernetes.io/name: pum}}, template: {metadata: {labels: {app.kubernetes.io/name: pum}}, spec: {containers: [{name: pum, image: x}]}}}
status: {observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1, conditions: [{type: Available, status: "True"}, {type: Progressing, status: "True", reason: NewReplicaSetAvailable}]}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: pum-1, labels: {app.kubernetes.io/name: pum, pod-template-hash: "1"}, annotations: {deployment.kubernetes.io/revision: "1"}, ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: pum, uid: u-pum, controller: true}]}
spec: {replicas: 1, selector: {matchLabels: {app.kubernetes.io/name: pum, pod-template-hash: "1"}}, template: {metadata: {labels: {app.kubernetes.io/name: pum, pod-template-hash: "1"}}, spec: {containers: [{name: pum, image: x}]}}}
status: {replicas: 1, readyReplicas: 1, availableReplicas: 1}
---
apiVersion: v1
kind: Pod
metadata: {name: pum-1-a, labels: {app.kubernetes.io/name: pum, pod-template-hash: "1"}, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: pum-1, uid: u-ReplicaSet-pum-1, controller: true}]}
spec: {nodeName: node-1, containers: [{name: pum, image: x}]}
status: {phase: Running, startTime: '{{ago "1h"}}', conditions: [{type: PodScheduled, status: "True"}, {type: Ready, status: "True", lastTransitionTime: '{{ago "1h"}}'}, {type: ContainersReady, status: "True"}], containerStatuses: [{name: pum, ready: true, started: true, restartCount: 0, image: x, imageID: x, state: {running: {startedAt: '{{ago "1h"}}'}}}]}
`
