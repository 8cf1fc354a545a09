// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"errors"
	"io"
	"io/fs"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// parts writes what an image is made of, at a time.
func parts(t *testing.T, at time.Time) string {
	t.Helper()
	folder := t.TempDir()
	for path, text := range map[string]string{
		"linux-amd64/kubectl-tpe": "amd64", "linux-arm64/kubectl-tpe": "arm64",
		"image-parts/LICENSE": "license", "image-parts/THIRD_PARTY_NOTICES.txt": "notices", "image-parts/components.cdx.json": "{}",
	} {
		path = filepath.Join(folder, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// contents returns all files below a folder, by path.
func contents(t *testing.T, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(folder, path)
		all[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// The same parts make the same bytes, whenever and wherever they were made, and however often.
func TestReproducible(t *testing.T) {
	first, second := parts(t, time.Unix(1e9, 0)), parts(t, time.Unix(2e9, 0))
	for _, folder := range []string{first, second, second} {
		if err := write("v1.2.3", folder); err != nil {
			t.Fatal(err)
		}
	}
	a, b := contents(t, filepath.Join(first, "image")), contents(t, filepath.Join(second, "image"))
	if len(a) < 10 || !maps.Equal(a, b) {
		t.Errorf("%d files differ from %d", len(a), len(b))
	}
}

// images returns the image of each architecture.
func images(t *testing.T, folder string) (v1.ImageIndex, map[string]v1.Image) {
	t.Helper()
	root, err := layout.ImageIndexFromPath(filepath.Join(folder, "image"))
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := root.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	index, err := root.ImageIndex(manifest.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	if manifest, err = index.IndexManifest(); err != nil {
		t.Fatal(err)
	}
	found := map[string]v1.Image{}
	for _, m := range manifest.Manifests {
		if found[m.Platform.Architecture], err = index.Image(m.Digest); err != nil {
			t.Fatal(err)
		}
	}
	return index, found
}

// The image runs the program of its architecture as nobody, and has nothing else.
func TestImage(t *testing.T) {
	folder := parts(t, time.Now())
	if err := write("v1.2.3", folder); err != nil {
		t.Fatal(err)
	}
	index, all := images(t, folder)
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	if len(all) != 2 {
		t.Fatalf("%d architectures", len(all))
	}
	for architecture, image := range all {
		config, err := image.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		uid, _, _ := strings.Cut(config.Config.User, ":")
		if n, err := strconv.Atoi(uid); err != nil || n == 0 {
			t.Errorf("user %q: want a number other than 0", config.Config.User)
		}
		if config.OS != "linux" || config.Architecture != architecture || !slices.Equal(config.Config.Entrypoint, []string{"/kubectl-tpe"}) ||
			config.Config.Labels["org.opencontainers.image.version"] != "v1.2.3" || config.Created.Unix() != 0 {
			t.Errorf("config %+v", config)
		}
		layers, err := image.Layers()
		if err != nil || len(layers) != 1 {
			t.Fatalf("%d layers, %v", len(layers), err)
		}
		want := []string{"kubectl-tpe -rwxr-xr-x " + architecture, "licenses/ drwxr-xr-x ", "licenses/LICENSE -rw-r--r-- license", "licenses/THIRD_PARTY_NOTICES.txt -rw-r--r-- notices"}
		if got := list(t, layers[0]); !slices.Equal(got, want) {
			t.Errorf("files %q, want %q", got, want)
		}
	}
}

func list(t *testing.T, layer v1.Layer) (files []string) {
	t.Helper()
	r, err := layer.Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for archive := tar.NewReader(r); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.ModTime.Unix() != 0 {
			t.Errorf("%s: %+v", h.Name, h)
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, h.Name+" "+h.FileInfo().Mode().String()+" "+string(text))
	}
}

// What is pushed is what was made, and the registry lists its components.
func TestPush(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.WithReferrersSupport(true)))
	defer server.Close()
	folder := parts(t, time.Now())
	if err := write("v1.2.3", folder); err != nil {
		t.Fatal(err)
	}
	reference := strings.TrimPrefix(server.URL, "http://") + "/kubectl-tpe/kubectl-tpe:v1.2.3"
	if err := push(folder, reference); err != nil {
		t.Fatal(err)
	}
	to, err := name.ParseReference(reference)
	if err != nil {
		t.Fatal(err)
	}
	pushed, err := remote.Index(to)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pushed.Digest()
	if err != nil {
		t.Fatal(err)
	}
	index, _ := images(t, folder)
	if want, err := index.Digest(); err != nil || got != want {
		t.Errorf("%s was pushed, want %s (%v)", got, want, err)
	}
	referrers, err := remote.Referrers(to.Context().Digest(got.String()))
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := referrers.IndexManifest()
	if err != nil || len(manifest.Manifests) != 1 || manifest.Manifests[0].ArtifactType != string(cycloneDX) {
		t.Errorf("referrers %+v, %v", manifest, err)
	}
}

func TestMissingPart(t *testing.T) {
	folder := parts(t, time.Now())
	if err := os.Remove(filepath.Join(folder, "linux-arm64", "kubectl-tpe")); err != nil {
		t.Fatal(err)
	}
	if err := write("v1.2.3", folder); err == nil || !strings.Contains(err.Error(), "linux/arm64") || !strings.Contains(err.Error(), "make image") {
		t.Errorf("error %v", err)
	}
}
