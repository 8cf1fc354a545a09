// SPDX-License-Identifier: Apache-2.0

package tpe

import (
	"cmp"
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

//go:embed inventory.yaml
var inventoryYAML []byte

// An Inventory is what a namespace of ThingPark Enterprise holds.
type Inventory struct {
	Releases  []Release  `json:"releases"`
	Workloads []Workload `json:"workloads"`
}

// A Release is a Helm release, with its chart's version in each release of
// ThingPark Enterprise.
type Release struct {
	Name     string            `json:"name"`
	Chart    string            `json:"chart"`
	Versions map[string]string `json:"versions"`
}

// A Workload is one object that runs pods, or whose operator does.
type Workload struct {
	Kind       string            `json:"kind"`
	Name       string            `json:"name"`
	Release    string            `json:"release"` // of Helm
	Owner      string            `json:"owner"`   // KIND/NAME
	Replicas   int32             `json:"replicas"`
	Set        string            `json:"set"`        // the smallest that has it, SetFull if none is said
	Update     string            `json:"update"`     // a StatefulSet's strategy, if not the default
	Program    string            `json:"program"`    // of its pods, if they do not just idle
	Containers []string          `json:"containers"` // one of the workload's name if there are none
	Claims     map[string]string `json:"claims"`     // sizes by name of the volume
	Images     map[string]string `json:"images"`     // by release of ThingPark Enterprise
	Source     string            `json:"source"`
}

// ReadInventory returns the inventory of this project.
func ReadInventory() (Inventory, error) {
	var inventory Inventory
	if err := yaml.UnmarshalStrict(inventoryYAML, &inventory); err != nil {
		return Inventory{}, fmt.Errorf("inventory.yaml: %w", err)
	}
	for i, w := range inventory.Workloads {
		inventory.Workloads[i].Set = cmp.Or(w.Set, SetFull)
	}
	return inventory, nil
}

// Select returns the workloads of a set, and those of these names. Outside the full
// set a pod has its main container only: what starts pods is what takes time.
func (i Inventory) Select(set string, also ...string) []Workload {
	var selected []Workload
	for _, w := range i.Workloads {
		if slices.Index(sets, w.Set) <= slices.Index(sets, set) || slices.Contains(also, w.Name) {
			if set != SetFull {
				w.Containers = w.Containers[:min(1, len(w.Containers))]
			}
			selected = append(selected, w)
		}
	}
	return selected
}

// The sets of workloads: PUM and what it is about, enough to tell kinds of workloads
// apart, and all that is known. Each is part of the next.
const (
	SetPUM   = "pum"
	SetSmall = "small"
	SetFull  = "full"
)

var sets = []string{SetPUM, SetSmall, SetFull}

// Image is the full name of the workload's image in a release of ThingPark
// Enterprise.
func (w Workload) Image(release string) string {
	image := w.Images[release]
	switch {
	case image == "":
		return "lab.invalid/" + w.Name + ":" + release
	case strings.Contains(image, "/"):
		return image
	default:
		return "repository.thingpark.com/thingpark-kubernetes/" + image
	}
}

// owner splits the owner, which may be none.
func (w Workload) owner() (kind, name string) {
	kind, name, _ = strings.Cut(w.Owner, "/")
	return kind, name
}

// containers are the names of the workload's containers, the main one first.
func (w Workload) containers() []string {
	if len(w.Containers) == 0 {
		return []string{w.Name}
	}
	return w.Containers
}
