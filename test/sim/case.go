// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"bytes"
	_ "embed" // what is usual
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
	Env    []string         `json:"env"`
	Want   []int            `json:"want"`
	Says   []string         `json:"says"`
	Never  []string         `json:"never"`
	Within *metav1.Duration `json:"within"`

	State
	Kubernetes string          `json:"kubernetes"`
	Version    int             `json:"version"`
	Stale      string          `json:"stale"`
	Streaming  *bool           `json:"streaming"`
	Delay      metav1.Duration `json:"delay"`
	Steps      []Step          `json:"steps"`
	OnRestart  []Step          `json:"onRestart"`
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
	Faults       map[string]string `json:"faults"`
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
	for _, text := range slices.Concat(c.Says, c.Never) {
		if _, err := regexp.Compile(text); err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(file), err)
		}
	}
	return c, nil
}

// KnownWrong is the file among the cases that lists those that are answered wrongly.
const KnownWrong = "known-wrong.yaml"

// LoadAll reads the cases in a folder, by their names without the extension.
func LoadAll(dir string) (map[string]*Case, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, err
	}
	cases := map[string]*Case{}
	for _, file := range files {
		if filepath.Base(file) == KnownWrong {
			continue
		}
		if cases[strings.TrimSuffix(filepath.Base(file), ".yaml")], err = Load(file); err != nil {
			return nil, err
		}
	}
	return cases, nil
}

// Arguments returns the command line behind kubectl tpe, given the folder of the cases.
func (c *Case) Arguments(dir string) []string {
	var args []string
	for _, arg := range c.Args {
		args = append(args, strings.ReplaceAll(arg, "CASEDIR", dir))
	}
	return args
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

//go:embed usual.yaml
var usual string

//go:embed usual-pum.yaml
var usualPUM string
