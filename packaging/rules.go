// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// A plugin is a krew manifest (pkg/index/types.go of kubernetes-sigs/krew).
type plugin struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		Version          string     `json:"version"`
		Homepage         string     `json:"homepage"`
		ShortDescription string     `json:"shortDescription"`
		Description      string     `json:"description"`
		Caveats          string     `json:"caveats"`
		Platforms        []download `json:"platforms"`
	} `json:"spec"`
}

type download struct {
	Selector metav1.LabelSelector `json:"selector"`
	URI      string               `json:"uri"`
	SHA256   string               `json:"sha256"`
	Bin      string               `json:"bin"`
}

var (
	semver = regexp.MustCompile(`^v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$`)
	digest = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// validate holds a manifest to the rules of krew's validator
// (cmd/validate-krew-manifest) and of the review of its index
// (krew.sigs.k8s.io/docs/developer-guide/develop/naming-guide and
// best-practices). All that is wrong is in the error.
func validate(text []byte) error {
	var p plugin
	if err := yaml.UnmarshalStrict(text, &p); err != nil {
		return err
	}
	var wrong []error
	want := func(ok bool, format string, args ...any) {
		if !ok {
			wrong = append(wrong, fmt.Errorf(format, args...))
		}
	}
	want(p.APIVersion == "krew.googlecontainertools.github.com/v1alpha2", "apiVersion %q", p.APIVersion)
	want(p.Kind == "Plugin", "kind %q", p.Kind)
	want(p.Metadata.Name == "tpe", "name %q: want tpe, as the file is called in an index", p.Metadata.Name)
	want(semver.MatchString(p.Spec.Version), "version %q: want a semantic version with v", p.Spec.Version)
	want(strings.HasPrefix(p.Spec.Homepage, "https://"), "homepage %q", p.Spec.Homepage)
	short := p.Spec.ShortDescription
	want(short != "" && len(short) <= 50 && !strings.Contains(short, "\n"), "shortDescription %q: want one line of at most 50 characters", short)
	want(!strings.HasSuffix(short, "."), "shortDescription %q ends with a full stop", short)
	want(p.Spec.Description != "" && !strings.Contains(p.Spec.Description, "kubectl tpe "), "description: want some text, and no examples")
	for line := range strings.Lines(p.Spec.Description + p.Spec.Caveats) {
		want(len(strings.TrimRight(line, "\n")) <= 80, "line of more than 80 characters: %q", line)
	}
	wrong = append(wrong, validatePlatforms(p)...)
	return errors.Join(wrong...)
}

func validatePlatforms(p plugin) []error {
	var wrong []error
	var seen []target
	for _, d := range p.Spec.Platforms {
		labels := d.Selector.MatchLabels
		t := target{labels["os"], labels["arch"]}
		switch {
		case len(labels) != 2 || len(d.Selector.MatchExpressions) > 0 || !slices.Contains(targets, t):
			wrong = append(wrong, fmt.Errorf("selector %v: want os and arch of a target", labels))
		case slices.Contains(seen, t):
			wrong = append(wrong, fmt.Errorf("selector %v matches twice", labels))
		case d.Bin != t.program():
			wrong = append(wrong, fmt.Errorf("bin %q for %v, want %q", d.Bin, labels, t.program()))
		case !strings.HasPrefix(d.URI, "https://") || !strings.HasSuffix(d.URI, "/"+p.Spec.Version+"/"+t.archive(p.Spec.Version)):
			wrong = append(wrong, fmt.Errorf("uri %q: want that of %s", d.URI, t.archive(p.Spec.Version)))
		case !digest.MatchString(d.SHA256):
			wrong = append(wrong, fmt.Errorf("sha256 %q: want 64 hexadecimal digits in lower case", d.SHA256))
		}
		seen = append(seen, t)
	}
	if len(seen) < len(targets) {
		wrong = append(wrong, fmt.Errorf("%d platforms, want %d", len(seen), len(targets)))
	}
	return wrong
}
