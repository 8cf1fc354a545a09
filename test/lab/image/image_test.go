// SPDX-License-Identifier: Apache-2.0

package image

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var tool = Image{
	Names: []string{"lab.invalid/tool:1", "lab.invalid/tool:2"},
	Files: []File{
		{Path: "/usr/local/bin/tool", Mode: 0o755, Content: []byte("program")},
		{Path: "/usr/local/bin/alias", Link: "tool"},
		{Path: "/app/app.js", Content: []byte("// text")},
		{Path: "../../etc/outside", Content: []byte("no")},
	},
	Config: Config{Entrypoint: []string{"/usr/local/bin/tool"}, User: "1000:1000"},
}

func TestLayerHoldsFoldersBeforeFiles(t *testing.T) {
	archive := entries(t, write(t, tool))
	got := list(t, archive["layer.tar"])
	want := []string{
		"app/ 0755",
		"etc/ 0755",
		"tmp/ 01777",
		"usr/ 0755",
		"usr/local/ 0755",
		"usr/local/bin/ 0755",
		"etc/outside 0644 no",
		"app/app.js 0644 // text",
		"usr/local/bin/alias 0777 -> tool",
		"usr/local/bin/tool 0755 program",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("layer (-want +got):\n%s", diff)
	}
}

func TestManifestNamesConfigAndLayer(t *testing.T) {
	archive := entries(t, write(t, tool))
	var manifest []struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	decode(t, archive["manifest.json"], &manifest)
	if len(manifest) != 1 || len(manifest[0].Layers) != 1 {
		t.Fatalf("manifest %s, want one image of one layer", archive["manifest.json"])
	}
	if diff := cmp.Diff(tool.Names, manifest[0].RepoTags); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}

	var config struct {
		OS     string
		Config Config
		RootFS struct {
			DiffIDs []string `json:"diff_ids"`
		}
	}
	decode(t, archive[manifest[0].Config], &config)
	digest := fmt.Sprintf("sha256:%x", sha256.Sum256(archive[manifest[0].Layers[0]]))
	if diff := cmp.Diff([]string{digest}, config.RootFS.DiffIDs); diff != "" {
		t.Errorf("layer's digest (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(tool.Config, config.Config); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
}

func TestSameImageSameBytes(t *testing.T) {
	if !bytes.Equal(write(t, tool), write(t, tool)) {
		t.Error("two archives of one image differ")
	}
}

func TestImageWithoutNameIsRefused(t *testing.T) {
	if err := (Image{}).Write(io.Discard); err == nil {
		t.Error("Write of an image without names = nil, want an error")
	}
}

func TestWriteReportsAFullDisk(t *testing.T) {
	full := errors.New("no space left on device")
	if err := tool.Write(failing{full}); !errors.Is(err, full) {
		t.Errorf("Write to a full disk = %v, want %v", err, full)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func write(t *testing.T, img Image) []byte {
	t.Helper()
	var archive bytes.Buffer
	if err := img.Write(&archive); err != nil {
		t.Fatal(err)
	}
	return archive.Bytes()
}

// entries reads a tar into a map from name to content.
func entries(t *testing.T, archive []byte) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	each(t, archive, func(h *tar.Header, content []byte) { files[h.Name] = content })
	return files
}

// list reads a tar into one line for each of its entries.
func list(t *testing.T, archive []byte) []string {
	t.Helper()
	var lines []string
	each(t, archive, func(h *tar.Header, content []byte) {
		line := fmt.Sprintf("%s %#o", h.Name, h.Mode)
		switch {
		case h.Linkname != "":
			line += " -> " + h.Linkname
		case h.Typeflag == tar.TypeReg:
			line += " " + string(content)
		}
		lines = append(lines, line)
	})
	return lines
}

func each(t *testing.T, archive []byte, visit func(*tar.Header, []byte)) {
	t.Helper()
	for tr := tar.NewReader(bytes.NewReader(archive)); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(tr)
		if err != nil {
			t.Fatal(err)
		}
		visit(h, content)
	}
}

func decode(t *testing.T, data []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("decode %s: %v", data, err)
	}
}
