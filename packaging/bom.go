// SPDX-License-Identifier: Apache-2.0

package main

import (
	"debug/buildinfo"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A billOfMaterials is the part of CycloneDX 1.6 that says what a program is
// made of (https://cyclonedx.org/docs/1.6/json/).
type billOfMaterials struct {
	BOMFormat   string      `json:"bomFormat"`
	SpecVersion string      `json:"specVersion"`
	Version     int         `json:"version"`
	Metadata    metadata    `json:"metadata"`
	Components  []component `json:"components"`
}

type metadata struct {
	Component component `json:"component"`
}

type component struct {
	Type    string `json:"type"`
	Name    string `json:"name"`
	Version string `json:"version"`
	PURL    string `json:"purl"`
}

// writeBillOfMaterials lists into a file the modules of the programs of some targets, as
// the programs themselves tell them.
func writeBillOfMaterials(out, version string, targets []target, path string) error {
	bom := billOfMaterials{BOMFormat: "CycloneDX", SpecVersion: "1.6", Version: 1}
	for _, t := range targets {
		info, err := buildinfo.ReadFile(filepath.Join(out, t.system+"-"+t.machine, t.program()))
		if err != nil {
			return err
		}
		bom.Metadata.Component = module("application", info.Main.Path, version)
		bom.add(module("library", "stdlib", strings.TrimPrefix(info.GoVersion, "go")))
		for _, dep := range info.Deps {
			if dep.Replace != nil {
				dep = dep.Replace
			}
			bom.add(module("library", dep.Path, dep.Version))
		}
	}
	slices.SortFunc(bom.Components, func(a, b component) int { return strings.Compare(a.PURL, b.PURL) })
	text, err := json.MarshalIndent(bom, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

func billOfMaterialsName(version string) string { return "kubectl-tpe_" + version + ".cdx.json" }

func (b *billOfMaterials) add(c component) {
	if !slices.Contains(b.Components, c) {
		b.Components = append(b.Components, c)
	}
}

// module describes a module. A purl of type golang is in lower case, and Go's own library is
// called stdlib, as scanners look it up (https://github.com/package-url/purl-spec).
func module(kind, path, version string) component {
	return component{Type: kind, Name: path, Version: version, PURL: "pkg:golang/" + strings.ToLower(path) + "@" + version}
}
