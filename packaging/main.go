// SPDX-License-Identifier: Apache-2.0

// Packaging makes what a release consists of: an archive for each system, their
// checksums, a list of what is inside, and the krew manifest that names them.
//
// The same version of Go makes the same bytes of the same sources, wherever and
// whenever: no time, path, user or commit goes into an archive. So the commit
// that is tagged can hold the checksums of its own archives.
//
//	packaging dist      the archives, into the folder dist
//	packaging parts     what packaging/image makes an image of, into the folder dist
//	packaging manifest  plugins.yaml and plugins/tpe.yaml, from the folder dist
//	packaging check     fails if the manifests are not those of the folder dist
//	packaging notes     what the changelog says of the version, on standard output
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// folder is where archives are made.
const folder = "dist"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "packaging: %v\n", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: packaging dist|parts|manifest|check|notes VERSION")
	}
	switch version := args[1]; args[0] {
	case "dist":
		return dist(".", folder, version)
	case "parts":
		return imageParts(".", folder, version)
	case "manifest":
		return writeManifests(version)
	case "check":
		return checkManifests(version)
	case "notes":
		return printNotes(version)
	default:
		return fmt.Errorf("%q: want dist, parts, manifest, check or notes", args[0])
	}
}

// manifests are the same text in two places: krew's tools want the plugin's
// name as the file's, and an index wants it in a folder plugins.
var manifests = []string{"plugins.yaml", filepath.Join("plugins", "tpe.yaml")}

func writeManifests(version string) error {
	text, err := manifest(folder, version)
	if err != nil {
		return err
	}
	for _, path := range manifests {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func checkManifests(version string) error {
	want, err := manifest(folder, version)
	if err != nil {
		return err
	}
	for _, path := range manifests {
		got, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if string(got) != string(want) {
			return fmt.Errorf("%s is not the manifest of what is in %s: run make manifest", path, folder)
		}
	}
	return nil
}
