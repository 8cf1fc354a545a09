// SPDX-License-Identifier: Apache-2.0

package tpe

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"net/url"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

//go:embed crds.yaml
var crdsYAML string

//go:embed operators.yaml
var operatorsYAML string

// operatorsImage has a name that changes with the program, so that a new
// program makes a new pod.
func (p programs) operatorsImage() string {
	return fmt.Sprintf("lab.invalid/tpe-operators:%.6x", sha256.Sum256(p.operators))
}

// serve makes the cluster able to hold namespaces of ThingPark Enterprise: the
// custom resources, and the pod that plays their operators.
func (c *cluster) serve(ctx context.Context, image, dir string) error {
	definitions, err := documents(crdsYAML)
	if err != nil {
		return err
	}
	operators, err := documents(operatorsYAML)
	if err != nil {
		return err
	}
	if err := c.configure(operators[len(operators)-1], image, dir); err != nil {
		return err
	}
	for _, u := range append(definitions, operators...) {
		if _, err := c.apply(ctx, u); err != nil {
			return err
		}
	}
	return until(ctx, "the custom resources are served", func(ctx context.Context) (bool, error) {
		for _, u := range definitions {
			definition, err := c.resource(u).Get(ctx, u.GetName(), noOptions)
			if err != nil || !condition(definition, "Established") {
				return false, err
			}
		}
		return true, nil
	})
}

// configure tells the pod of the operators where the API server is and where
// the stores of PUM are.
func (c *cluster) configure(deployment *unstructured.Unstructured, image, dir string) error {
	server, err := url.Parse(c.config.Host)
	if err != nil {
		return err
	}
	pod := deployment.Object["spec"].(map[string]any)["template"].(map[string]any)["spec"].(map[string]any)
	container := pod["containers"].([]any)[0].(map[string]any)
	container["image"] = image
	container["env"] = []any{
		map[string]any{"name": "KUBERNETES_SERVICE_HOST", "value": server.Hostname()},
		map[string]any{"name": "KUBERNETES_SERVICE_PORT", "value": server.Port()},
	}
	volume := pod["volumes"].([]any)[0].(map[string]any)
	volume["hostPath"].(map[string]any)["path"] = dir
	return nil
}

// documents are the objects of a file of this package.
func documents(text string) ([]*unstructured.Unstructured, error) {
	var all []*unstructured.Unstructured
	for _, document := range strings.Split(text, "\n---\n") {
		u := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(document), &u.Object); err != nil {
			return nil, err
		}
		all = append(all, u)
	}
	return all, nil
}

// condition reports whether an object has a true condition of this type.
func condition(u *unstructured.Unstructured, name string) bool {
	conditions, _, _ := unstructured.NestedSlice(u.Object, "status", "conditions")
	for _, c := range conditions {
		if c, ok := c.(map[string]any); ok && c["type"] == name && c["status"] == "True" {
			return true
		}
	}
	return false
}
