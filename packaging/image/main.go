// SPDX-License-Identifier: Apache-2.0

// Image makes an OCI image of the plugin for Linux on amd64 and arm64, without a container
// engine, and pushes it.
//
//	image make VERSION FOLDER        FOLDER/image, an OCI image layout, of what "packaging parts" left in FOLDER
//	image push FOLDER REPOSITORY     push it; REGISTRY_USER and REGISTRY_PASSWORD log in
//
// The same parts make the same bytes wherever and whenever. The image has nothing but the
// program, its license and those of its parts: no shell, no user database, no certificates, for
// the API server's comes with the ServiceAccount.
package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// user is no user of any system, and in no group with rights. Kubernetes' runAsNonRoot wants a
// number.
const user = "65532:65532"

// architectures are those of the image.
var architectures = []string{"amd64", "arm64"}

// cycloneDX is the media type of the list of components.
const cycloneDX = types.MediaType("application/vnd.cyclonedx+json")

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "image: %v\n", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 3 && args[0] == "make":
		return write(args[1], args[2])
	case len(args) == 3 && args[0] == "push":
		return push(args[1], args[2])
	}
	return errors.New("usage: image make VERSION FOLDER, or image push FOLDER REPOSITORY:TAG")
}

// write replaces the layout.
func write(version, folder string) error {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, architecture := range architectures {
		image, err := build(version, folder, architecture)
		if err != nil {
			return fmt.Errorf("image for linux/%s: %w", architecture, err)
		}
		platform := &v1.Platform{OS: "linux", Architecture: architecture}
		if architecture == "arm64" {
			platform.Variant = "v8"
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: platform}})
	}
	index = mutate.Annotations(index, labels(version)).(v1.ImageIndex)
	list, err := components(index, version, folder)
	if err != nil {
		return err
	}
	out := filepath.Join(folder, "image")
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	path, err := layout.Write(out, empty.Index)
	if err != nil {
		return err
	}
	if err := path.AppendIndex(index, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": version})); err != nil {
		return err
	}
	return path.AppendImage(list)
}

// labels are OCI's (https://github.com/opencontainers/image-spec/blob/main/annotations.md).
func labels(version string) map[string]string {
	const home = "https://github.com/kubectl-tpe/kubectl-tpe"
	return map[string]string{
		"org.opencontainers.image.title":         "kubectl-tpe",
		"org.opencontainers.image.description":   "Tells whether an upgrade of ThingPark Enterprise is over and good",
		"org.opencontainers.image.version":       version,
		"org.opencontainers.image.licenses":      "Apache-2.0",
		"org.opencontainers.image.source":        home,
		"org.opencontainers.image.url":           home,
		"org.opencontainers.image.documentation": home + "/blob/" + version + "/docs/pipelines.md",
	}
}

// build makes the image for an architecture.
func build(version, folder, architecture string) (v1.Image, error) {
	text, err := archive([]file{
		{"kubectl-tpe", filepath.Join(folder, "linux-"+architecture, "kubectl-tpe"), 0o755},
		{"licenses/LICENSE", filepath.Join(folder, "image-parts", "LICENSE"), 0o644},
		{"licenses/THIRD_PARTY_NOTICES.txt", filepath.Join(folder, "image-parts", "THIRD_PARTY_NOTICES.txt"), 0o644},
	})
	if err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil },
		tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err = mutate.Append(image, mutate.Addendum{Layer: layer, MediaType: types.OCILayer, History: v1.History{CreatedBy: "make image", Created: v1.Time{Time: time.Unix(0, 0).UTC()}}})
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created = "linux", architecture, v1.Time{Time: time.Unix(0, 0).UTC()}
	if architecture == "arm64" {
		config.Variant = "v8"
	}
	config.Config = v1.Config{User: user, Entrypoint: []string{"/kubectl-tpe"}, WorkingDir: "/", Labels: labels(version)}
	image, err = mutate.ConfigFile(image, config)
	if err != nil {
		return nil, err
	}
	return mutate.Annotations(image, labels(version)).(v1.Image), nil
}

// A file of the image is made of one on disk.
type file struct {
	name, source string
	mode         int64
}

// archive makes a tar archive of the files, which root owns and nobody can change.
func archive(files []file) ([]byte, error) {
	var text bytes.Buffer
	w := tar.NewWriter(&text)
	made := map[string]bool{}
	for _, f := range files {
		if folder, _, ok := strings.Cut(f.name, "/"); ok && !made[folder] {
			made[folder] = true
			if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: folder + "/", Mode: 0o755, ModTime: time.Unix(0, 0), Format: tar.FormatPAX}); err != nil {
				return nil, err
			}
		}
		content, err := os.ReadFile(f.source)
		if err != nil {
			return nil, fmt.Errorf("%w; make image makes it", err)
		}
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: f.name, Mode: f.mode, Size: int64(len(content)), ModTime: time.Unix(0, 0), Format: tar.FormatPAX}); err != nil {
			return nil, err
		}
		if _, err := w.Write(content); err != nil {
			return nil, err
		}
	}
	return text.Bytes(), w.Close()
}

// components makes an artifact of the list of components that refers to the image, as
// registries list it (https://github.com/opencontainers/distribution-spec, Referrers).
func components(index v1.ImageIndex, version, folder string) (v1.Image, error) {
	text, err := os.ReadFile(filepath.Join(folder, "image-parts", "components.cdx.json"))
	if err != nil {
		return nil, fmt.Errorf("%w; make image makes it", err)
	}
	list := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), cycloneDX)
	list, err = mutate.Append(list, mutate.Addendum{
		Layer: static.NewLayer(text, cycloneDX), MediaType: cycloneDX,
		Annotations: map[string]string{"org.opencontainers.image.title": "kubectl-tpe_" + version + ".cdx.json"},
	})
	if err != nil {
		return nil, err
	}
	subject, err := partial.Descriptor(index)
	if err != nil {
		return nil, err
	}
	return mutate.Subject(list, *subject).(v1.Image), nil
}

// push pushes the image and what refers to it.
func push(folder, reference string) error {
	to, err := name.ParseReference(reference, name.StrictValidation)
	if err != nil {
		return err
	}
	login := remote.WithAuth(authn.Anonymous)
	if account := os.Getenv("REGISTRY_USER"); account != "" {
		login = remote.WithAuth(authn.FromConfig(authn.AuthConfig{Username: account, Password: os.Getenv("REGISTRY_PASSWORD")}))
	}
	root, err := layout.ImageIndexFromPath(filepath.Join(folder, "image"))
	if err != nil {
		return err
	}
	manifest, err := root.IndexManifest()
	if err != nil {
		return err
	}
	for _, m := range manifest.Manifests {
		if m.MediaType.IsIndex() {
			index, err := root.ImageIndex(m.Digest)
			if err != nil {
				return err
			}
			if err := remote.WriteIndex(to, index, login); err != nil {
				return err
			}
			fmt.Printf("%s@%s\n", to, m.Digest)
			continue
		}
		image, err := root.Image(m.Digest)
		if err != nil {
			return err
		}
		if err := remote.Write(to.Context().Digest(m.Digest.String()), image, login); err != nil {
			return err
		}
	}
	return nil
}
